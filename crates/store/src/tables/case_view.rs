//! Case lists and queues: pages by key, never by offset, and counts that do not walk through the cases.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, Row, named_params};
use skranke_domain::case::CaseState;
use skranke_domain::cpr::Cpr;
use skranke_domain::event::Tick;
use skranke_domain::ids::CaseId;

use super::kept_count::KeptCounts;
use super::outbox::SyncState;
use crate::error::{Damage, StoreError};
use crate::handle::ReadHandle;
use crate::key::{hex_to_vec, to_hex};
use crate::projection::NEVER_DUE;
use crate::value::{id, millis, moment, uuid, word};

/// A case in a list. The channel is left out: it can hint at the ground (practice 13).
#[derive(Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// The citizen's name, empty where there is none yet.
    pub name: String,
    /// The citizen's number.
    pub cpr: Option<Cpr>,
    /// Whether the citizen's address is protected.
    pub is_address_protected: bool,
    /// Where the case stands.
    pub state: CaseState,
    /// Code of the location.
    pub location: String,
    /// The legal day of receipt.
    pub received_on: NaiveDate,
    /// The day it is due, where it is.
    pub due_on: Option<NaiveDate>,
    /// First tick.
    pub registered_at: Option<DateTime<Utc>>,
    /// Second tick.
    pub receipt_at: Option<DateTime<Utc>>,
    /// Third tick.
    pub journalised_at: Option<DateTime<Utc>>,
    /// Ticks that are still to be made.
    pub ticks_due: Vec<Tick>,
    /// Whether an exemption was granted and registered, and has not ended by an event. Whether its term has run out
    /// depends on the day and on rules the store does not know.
    pub is_registered_exemption: bool,
    /// Unresolved conflicts.
    pub conflicts: u32,
    /// Whether it holds something this program does not know.
    pub is_read_only: bool,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// How the central store stands to it.
    pub sync: SyncState,
}

impl fmt::Debug for CaseRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseRow")
            .field("case", &self.case)
            .field("number", &self.number)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Which cases a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseFilter {
    /// All, the last changed first.
    All,
    /// Those where a decision can still be made, the first due first.
    Open,
    /// Those in one state, the first due first.
    InState(CaseState),
    /// Those where a tick is missing, the first due first.
    AnyTickDue,
    /// Those where this tick is missing, the first due first.
    TickDue(Tick),
    /// Those with an unresolved conflict, the first due first.
    InConflict,
}

/// Where a page ends and the next begins. Its text is for handing back, not for reading.
#[derive(Clone, PartialEq, Eq)]
pub struct PageKey {
    pub(crate) sorted_by: String,
    pub(crate) case: CaseId,
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", to_hex(self.sorted_by.as_bytes()), self.case)
    }
}

impl fmt::Debug for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageKey(…)")
    }
}

impl FromStr for PageKey {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let refused = || StoreError::Refused("this is no place in a list");
        let (sorted_by, case) = text.split_once('.').ok_or_else(refused)?;
        let sorted_by = hex_to_vec(sorted_by).and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(Self {
            sorted_by: sorted_by.ok_or_else(refused)?,
            case: case.parse().map_err(|_| refused())?,
        })
    }
}

/// A page of cases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CasePage {
    /// The rows.
    pub rows: Vec<CaseRow>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<PageKey>,
}

/// How many cases there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseCounts {
    /// By state; states without a case are left out.
    pub by_state: Vec<(CaseState, u64)>,
    /// Where the first tick is missing.
    pub registered_due: u64,
    /// Where the second is.
    pub receipt_due: u64,
    /// Where the third is.
    pub journalised_due: u64,
    /// Where any is.
    pub any_tick_due: u64,
    /// With an unresolved conflict.
    pub in_conflict: u64,
}

impl CaseCounts {
    /// All cases.
    pub fn total(&self) -> u64 {
        self.by_state.iter().map(|(_, cases)| cases).sum()
    }

    /// Cases where a decision can still be made.
    pub fn open(&self) -> u64 {
        self.by_state
            .iter()
            .filter(|(state, _)| state.is_open())
            .map(|(_, cases)| cases)
            .sum()
    }
}

/// The columns of a list, with the index they are read from and what restricts and orders it.
macro_rules! case_rows {
    ($index:literal, $rest:literal) => {
        concat!(
            "SELECT v.case_id, v.number, v.state, v.location, v.received_on, v.due_on, v.registered_at,
                    v.receipt_at, v.journalised_at, v.registered_due, v.receipt_due, v.journalised_due,
                    v.is_exempt, v.conflicts, v.is_read_only, v.updated_at,
                    v.cpr, v.name, v.is_address_protected,
                    CASE WHEN o.quarantined > 0 THEN 0 WHEN o.deferred > 0 THEN 1 WHEN o.waiting > 0 THEN 2
                         ELSE 3 END AS sync
               FROM case_view v ",
            $index,
            " LEFT JOIN own_case o ON o.case_id = v.case_id ",
            $rest
        )
    };
    // A list that goes on by the day a case is due. Its index holds all the list shows, so that a page lies in one
    // place; the planner must not choose another.
    (by due day, $index:literal, $restriction:literal) => {
        concat!(
            case_rows!($index, "WHERE "),
            $restriction,
            " AND (v.due_on, v.case_id) > (:sorted_by, :case_id)
             ORDER BY v.due_on, v.case_id
             LIMIT :limit"
        )
    };
}

pub(crate) const ONE: &str = case_rows!("", "WHERE v.case_id = :case_id");

pub(crate) const ALL: &str = case_rows!(
    "INDEXED BY case_view_by_updated_at",
    "WHERE (v.updated_at, v.case_id) < (:sorted_by, :case_id)
     ORDER BY v.updated_at DESC, v.case_id DESC
     LIMIT :limit"
);

pub(crate) const OPEN: &str = case_rows!(by due day,
    "INDEXED BY case_view_open", "v.state IN ('received', 'incomplete', 'ready')");

pub(crate) const IN_STATE: &str = case_rows!(by due day,
    "INDEXED BY case_view_by_state", "v.state = :state");

pub(crate) const ANY_TICK_DUE: &str = case_rows!(by due day,
    "INDEXED BY case_view_tick_due", "v.registered_due + v.receipt_due + v.journalised_due > 0");

pub(crate) const REGISTERED_DUE: &str = case_rows!(by due day,
    "INDEXED BY case_view_registered_due", "v.registered_due = 1");

pub(crate) const RECEIPT_DUE: &str = case_rows!(by due day,
    "INDEXED BY case_view_receipt_due", "v.receipt_due = 1");

pub(crate) const JOURNALISED_DUE: &str = case_rows!(by due day,
    "INDEXED BY case_view_journalised_due", "v.journalised_due = 1");

pub(crate) const IN_CONFLICT: &str = case_rows!(by due day,
    "INDEXED BY case_view_in_conflict", "v.conflicts > 0");

/// How the cases stand that were decided since a moment: those that changed since, and have a decision from then.
pub(crate) const DECIDED_SINCE: &str = "
    SELECT v.state
      FROM case_view v INDEXED BY case_view_by_updated_at
     WHERE v.updated_at >= :since
       AND EXISTS (SELECT 1
                     FROM event e
                    WHERE e.case_id = v.case_id AND e.recorded_at >= :since
                      AND e.kind IN ('granted', 'refused', 'rejected', 'withdrawn', 'helped_instead', 'forwarded'))";

impl ReadHandle<'_> {
    /// States of the cases in which something was decided since a moment, in no order; open ones are left out: there a
    /// person still has to choose between two decisions.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn decided_since(&self, since: DateTime<Utc>) -> Result<Vec<CaseState>, StoreError> {
        let mut statement = self.connection.prepare_cached(DECIDED_SINCE)?;
        let mut rows = statement.query(named_params! { ":since": millis(since) })?;
        let mut states = Vec::new();
        while let Some(row) = rows.next()? {
            let state = word(&row.get::<_, String>("state")?, CaseState::from_code)?;
            if !state.is_open() {
                states.push(state);
            }
        }
        Ok(states)
    }

    /// A case as a list shows it.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn case_row(&self, case: CaseId) -> Result<Option<CaseRow>, StoreError> {
        one(self.connection, case)
    }

    /// A page of cases; `after` is [`CasePage::next`] of the page before.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn cases(
        &self,
        filter: CaseFilter,
        after: Option<&PageKey>,
        limit: u32,
    ) -> Result<CasePage, StoreError> {
        let sql = match filter {
            CaseFilter::All => return self.all_cases_page(after, limit),
            CaseFilter::Open => OPEN,
            CaseFilter::InState(_) => IN_STATE,
            CaseFilter::AnyTickDue => ANY_TICK_DUE,
            CaseFilter::TickDue(Tick::Registered) => REGISTERED_DUE,
            CaseFilter::TickDue(Tick::Receipt) => RECEIPT_DUE,
            CaseFilter::TickDue(Tick::Journalised) => JOURNALISED_DUE,
            CaseFilter::InConflict => IN_CONFLICT,
        };
        let sorted_by = after.map_or("", |key| key.sorted_by.as_str());
        let case_id = after.map_or([0; 16], |key| id!(key.case));
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = if let CaseFilter::InState(state) = filter {
            statement.query(named_params! {
                ":state": state.code(), ":sorted_by": sorted_by, ":case_id": case_id, ":limit": limit,
            })?
        } else {
            statement.query(named_params! {
                ":sorted_by": sorted_by, ":case_id": case_id, ":limit": limit,
            })?
        };
        let mut page = CasePage::default();
        while let Some(row) = rows.next()? {
            page.rows.push(case_row(row)?);
        }
        let by_due_day = |row: &CaseRow| {
            row.due_on.map_or_else(
                || NEVER_DUE.to_owned(),
                |day| day.format("%Y-%m-%d").to_string(),
            )
        };
        page.next = next_key(&page.rows, limit, by_due_day);
        Ok(page)
    }

    fn all_cases_page(&self, after: Option<&PageKey>, limit: u32) -> Result<CasePage, StoreError> {
        let sorted_by = match after {
            Some(key) => key
                .sorted_by
                .parse()
                .map_err(|_| StoreError::Refused("this is no place in a list"))?,
            None => i64::MAX,
        };
        let case_id = after.map_or([0xff; 16], |key| id!(key.case));
        let mut statement = self.connection.prepare_cached(ALL)?;
        let mut rows = statement.query(named_params! {
            ":sorted_by": sorted_by, ":case_id": case_id, ":limit": limit,
        })?;
        let mut page = CasePage::default();
        while let Some(row) = rows.next()? {
            page.rows.push(case_row(row)?);
        }
        page.next = next_key(&page.rows, limit, |row| {
            row.updated_at.timestamp_millis().to_string()
        });
        Ok(page)
    }

    /// How many cases there are.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn case_counts(&self) -> Result<CaseCounts, StoreError> {
        let counts = KeptCounts::read(self.connection)?;
        let of = |what: &str| counts.of(&["case.", what].concat());
        let mut by_state = Vec::new();
        for state in CaseState::ALL {
            let cases = of(state.code())?;
            if cases > 0 {
                by_state.push((*state, cases));
            }
        }
        Ok(CaseCounts {
            by_state,
            registered_due: of("registered_due")?,
            receipt_due: of("receipt_due")?,
            journalised_due: of("journalised_due")?,
            any_tick_due: of("any_tick_due")?,
            in_conflict: of("in_conflict")?,
        })
    }
}

pub(crate) fn one(connection: &Connection, case: CaseId) -> Result<Option<CaseRow>, StoreError> {
    let mut statement = connection.prepare_cached(ONE)?;
    let mut rows = statement.query(named_params! { ":case_id": id!(case) })?;
    rows.next()?.map(case_row).transpose()
}

fn next_key(
    rows: &[CaseRow],
    limit: u32,
    sorted_by: impl Fn(&CaseRow) -> String,
) -> Option<PageKey> {
    let is_full = rows.len() == limit as usize;
    rows.last().filter(|_| is_full).map(|row| PageKey {
        sorted_by: sorted_by(row),
        case: row.case,
    })
}

fn case_row(row: &Row<'_>) -> Result<CaseRow, StoreError> {
    let at = |column: &str| row.get::<_, Option<i64>>(column)?.map(moment).transpose();
    let day = |column: &str| -> Result<NaiveDate, StoreError> {
        word(&row.get::<_, String>(column)?, |text| text.parse().ok())
    };
    let due_text: String = row.get("due_on")?;
    let mut ticks_due = Vec::new();
    for (column, tick) in [
        ("registered_due", Tick::Registered),
        ("receipt_due", Tick::Receipt),
        ("journalised_due", Tick::Journalised),
    ] {
        if row.get(column)? {
            ticks_due.push(tick);
        }
    }
    let cpr = row
        .get::<_, Option<String>>("cpr")?
        .map(|digits| Cpr::parse(&digits).map_err(|_| StoreError::Damaged(Damage::Value)))
        .transpose()?;
    Ok(CaseRow {
        case: CaseId::from_uuid(uuid(row.get("case_id")?)),
        number: row.get("number")?,
        name: row.get("name")?,
        cpr,
        is_address_protected: row.get("is_address_protected")?,
        state: word(&row.get::<_, String>("state")?, CaseState::from_code)?,
        location: row.get("location")?,
        received_on: day("received_on")?,
        due_on: if due_text == NEVER_DUE {
            None
        } else {
            Some(day("due_on")?)
        },
        registered_at: at("registered_at")?,
        receipt_at: at("receipt_at")?,
        journalised_at: at("journalised_at")?,
        ticks_due,
        is_registered_exemption: row.get("is_exempt")?,
        conflicts: row.get("conflicts")?,
        is_read_only: row.get("is_read_only")?,
        updated_at: moment(row.get("updated_at")?)?,
        sync: match row.get::<_, u8>("sync")? {
            0 => SyncState::Quarantined,
            1 => SyncState::Deferred,
            2 => SyncState::Waiting,
            _ => SyncState::Confirmed,
        },
    })
}
