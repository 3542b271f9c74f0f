//! Projections: what lists and searches read, made from the events of a case and nothing else.
//!
//! The same function makes a row after a new event and in a rebuild, and a test compares the two.
//! Basis: design, section 5.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, named_params};
use skranke_domain::case::{Case, CaseState, Recorded};
use skranke_domain::cpr::Purpose;
use skranke_domain::event::{Channel, CitizenRecorded, Event, Tick};
use skranke_domain::ids::{CaseId, Sha256Digest};

use crate::error::StoreError;
use crate::folding;
use crate::tables::kept_count;
use crate::value::{id, millis, number};

/// The day that stands for "never due", so that a page can always go on by day.
pub(crate) const NEVER_DUE: &str = "9999-12-31";

type Rule = dyn Fn(&Case) -> Option<NaiveDate> + Send + Sync;

/// How the caller finds the day a case is due: by rules and a calendar the store does not know.
///
/// It must say the same of the same case every time, or a rebuild would differ.
#[derive(Clone)]
pub struct DueRule(Arc<Rule>);

impl DueRule {
    /// Wraps the rule.
    pub fn new(rule: impl Fn(&Case) -> Option<NaiveDate> + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }

    pub(crate) fn due_on(&self, case: &Case) -> Option<NaiveDate> {
        (self.0)(case)
    }
}

impl Default for DueRule {
    /// Nothing is ever due.
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl fmt::Debug for DueRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DueRule")
    }
}

/// What is projected of one case.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Projected {
    pub(crate) case: CaseId,
    number: String,
    state: CaseState,
    channel: Channel,
    location: String,
    received_on: NaiveDate,
    due_on: Option<NaiveDate>,
    registered_at: Option<DateTime<Utc>>,
    receipt_at: Option<DateTime<Utc>>,
    journalised_at: Option<DateTime<Utc>>,
    due: Vec<Tick>,
    is_exempt: bool,
    conflicts: usize,
    is_read_only: bool,
    updated_at: DateTime<Utc>,
    citizen: Option<ProjectedCitizen>,
    attachments: BTreeSet<Sha256Digest>,
}

#[derive(Clone, PartialEq, Eq)]
struct ProjectedCitizen {
    cpr: String,
    name: String,
    phone: String,
    is_address_protected: bool,
}

/// What there is to show of a case; `None` while its first event has not arrived.
pub(crate) fn of(case: &Case, events: &[Recorded], due_rule: &DueRule) -> Option<Projected> {
    let opened = case.opened.as_ref()?;
    let updated_at = events.iter().map(|event| event.recorded_at).max()?;
    Some(Projected {
        case: case.id,
        number: opened.number.to_string(),
        state: case.state,
        channel: opened.channel,
        location: opened.location.clone(),
        received_on: opened.received_on,
        due_on: due_rule.due_on(case),
        registered_at: case
            .registered
            .as_ref()
            .map(|tick| tick.value.registered_at),
        receipt_at: case.receipt.as_ref().map(|tick| tick.value.given_at),
        journalised_at: case
            .journalised
            .as_ref()
            .map(|tick| tick.value.journalised_at),
        due: case.missing_ticks(),
        is_exempt: case.is_exempt(),
        conflicts: case.conflicts.len(),
        is_read_only: case.holds_unknown_kind,
        updated_at,
        citizen: case
            .citizen
            .as_ref()
            .or_else(|| last_recorded(case, events))
            .map(|citizen| ProjectedCitizen {
                cpr: citizen.cpr.reveal_for(Purpose::Storage),
                name: citizen.name.clone(),
                phone: folding::phone(&citizen.phone),
                is_address_protected: citizen.address_protected,
            }),
        attachments: case
            .attachments
            .iter()
            .map(|attached| attached.value.digest)
            .collect(),
    })
}

/// Where two people recorded the citizen without having seen each other and nothing stood before, the case has no
/// citizen until a person chooses. It must still be found, so the last one recorded is what lists know meanwhile.
fn last_recorded<'e>(case: &Case, events: &'e [Recorded]) -> Option<&'e CitizenRecorded> {
    case.history.iter().rev().find_map(|id| {
        let recorded = events.iter().find(|recorded| recorded.id == *id)?;
        match &recorded.event {
            Some(Event::CitizenRecorded(citizen)) => Some(citizen),
            _ => None,
        }
    })
}

const PUT_CASE: &str = "
    INSERT INTO case_view (case_id, number, state, channel, location, received_on, due_on,
                           registered_at, receipt_at, journalised_at,
                           registered_due, receipt_due, journalised_due,
                           is_exempt, conflicts, is_read_only, updated_at,
                           cpr, name, phone, is_address_protected)
    VALUES (:case_id, :number, :state, :channel, :location, :received_on, :due_on,
            :registered_at, :receipt_at, :journalised_at,
            :registered_due, :receipt_due, :journalised_due,
            :is_exempt, :conflicts, :is_read_only, :updated_at,
            :cpr, :name, :phone, :is_address_protected)
    ON CONFLICT (case_id) DO UPDATE
       SET number = excluded.number, state = excluded.state, channel = excluded.channel,
           location = excluded.location, received_on = excluded.received_on, due_on = excluded.due_on,
           registered_at = excluded.registered_at, receipt_at = excluded.receipt_at,
           journalised_at = excluded.journalised_at, registered_due = excluded.registered_due,
           receipt_due = excluded.receipt_due, journalised_due = excluded.journalised_due,
           is_exempt = excluded.is_exempt, conflicts = excluded.conflicts,
           is_read_only = excluded.is_read_only, updated_at = excluded.updated_at,
           cpr = excluded.cpr, name = excluded.name, phone = excluded.phone,
           is_address_protected = excluded.is_address_protected";

const NAME_OF: &str = "SELECT name FROM case_view WHERE case_id = :case_id";
const DROP_TOKENS: &str = "DELETE FROM name_token WHERE case_id = :case_id";
const PUT_TOKEN: &str =
    "INSERT INTO name_token (token, case_id, tokens) VALUES (:token, :case_id, :tokens)";
const PUT_ATTACHMENT: &str = "
    INSERT OR IGNORE INTO case_attachment (case_id, attachment_digest) VALUES (:case_id, :digest)";

/// Writes the rows of one case over those that stand.
pub(crate) fn put(connection: &Connection, row: &Projected) -> Result<(), StoreError> {
    let case_id = id!(row.case);
    let text = |day: NaiveDate| day.format("%Y-%m-%d").to_string();
    let citizen = row.citizen.as_ref();
    let name = citizen.map_or("", |citizen| &citizen.name);
    put_tokens(connection, case_id, name)?;
    connection
        .prepare_cached(PUT_CASE)?
        .execute(named_params! {
            ":case_id": case_id,
            ":number": row.number,
            ":state": row.state.code(),
            ":channel": row.channel.code(),
            ":location": row.location,
            ":received_on": text(row.received_on),
            ":due_on": row.due_on.map_or_else(|| NEVER_DUE.to_owned(), text),
            ":registered_at": row.registered_at.map(millis),
            ":receipt_at": row.receipt_at.map(millis),
            ":journalised_at": row.journalised_at.map(millis),
            ":registered_due": row.due.contains(&Tick::Registered),
            ":receipt_due": row.due.contains(&Tick::Receipt),
            ":journalised_due": row.due.contains(&Tick::Journalised),
            ":is_exempt": row.is_exempt,
            ":conflicts": number(row.conflicts as u64)?,
            ":is_read_only": row.is_read_only,
            ":updated_at": millis(row.updated_at),
            ":cpr": citizen.map(|citizen| &citizen.cpr),
            ":name": name,
            ":phone": citizen.map_or("", |citizen| &citizen.phone),
            ":is_address_protected": citizen.is_some_and(|citizen| citizen.is_address_protected),
        })?;
    for digest in &row.attachments {
        connection
            .prepare_cached(PUT_ATTACHMENT)?
            .execute(named_params! { ":case_id": case_id, ":digest": digest.as_bytes() })?;
    }
    Ok(())
}

/// Puts the parts of a name, before the row it is compared with is written.
fn put_tokens(connection: &Connection, case_id: [u8; 16], name: &str) -> Result<(), StoreError> {
    let known: Option<String> = connection
        .prepare_cached(NAME_OF)?
        .query_row(named_params! { ":case_id": case_id }, |row| row.get("name"))
        .optional()?;
    match known {
        // Nine of ten events of a case leave the name as it is.
        Some(known) if known == name => return Ok(()),
        Some(_) => {
            connection
                .prepare_cached(DROP_TOKENS)?
                .execute(named_params! { ":case_id": case_id })?;
        }
        None => {}
    }
    let tokens = folding::tokens(name);
    let together = tokens.join(folding::BETWEEN_TOKENS);
    let mut put = connection.prepare_cached(PUT_TOKEN)?;
    for token in tokens {
        put.execute(named_params! { ":token": token, ":case_id": case_id, ":tokens": together })?;
    }
    Ok(())
}

/// Takes the rows of one case away.
pub(crate) fn remove(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM name_token WHERE case_id = :case_id",
        "DELETE FROM case_attachment WHERE case_id = :case_id",
        "DELETE FROM case_view WHERE case_id = :case_id",
    ] {
        connection
            .prepare_cached(sql)?
            .execute(named_params! { ":case_id": id!(case) })?;
    }
    Ok(())
}

/// The rows of one case as they stand, for comparing.
pub(crate) fn rows(connection: &Connection, case: CaseId) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut found = Vec::new();
    for sql in [
        "SELECT * FROM case_view WHERE case_id = :case_id",
        "SELECT * FROM name_token WHERE case_id = :case_id ORDER BY token",
        "SELECT * FROM case_attachment WHERE case_id = :case_id ORDER BY attachment_digest",
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(named_params! { ":case_id": id!(case) })?;
        while let Some(row) = rows.next()? {
            found.push((0..columns).map(|n| row.get(n)).collect::<Result<_, _>>()?);
        }
    }
    Ok(found)
}

/// Takes all projected rows away.
pub(crate) fn remove_all(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "DELETE FROM name_token; DELETE FROM case_attachment; DELETE FROM case_view;",
    )?;
    kept_count::forget_cases(connection)
}
