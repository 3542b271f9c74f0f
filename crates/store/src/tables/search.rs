//! Finding a case: by CPR number, birthday, name, case number or phone. Pages go on by key.
//!
//! Every search is a range of an index; none looks at all cases. Basis: issue 2, E; sync-and-speed, section 5.

use rusqlite::{Connection, Row, named_params};
use skranke_domain::cpr::{Cpr, Purpose};
use skranke_domain::ids::CaseId;

use super::case_view::{self, CasePage, PageKey};
use crate::error::{Damage, StoreError};
use crate::folding;
use crate::handle::ReadHandle;
use crate::value::{id, uuid};

/// What was typed into the search field, understood.
#[derive(Clone, PartialEq, Eq)]
pub enum SearchTerm {
    /// A whole CPR number.
    Cpr(Cpr),
    /// The six digits of a birthday.
    Birthday(String),
    /// The beginning of a case number, or all of it.
    CaseNumber(String),
    /// The beginning of a phone number, or all of it.
    Phone(String),
    /// Up to three beginnings of names, folded, the longest first.
    Name(Vec<String>),
}

impl std::fmt::Debug for SearchTerm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

/// More parts of a name than these restrict nothing further.
const MOST_PARTS: usize = 3;
const SHORTEST_PHONE: usize = 4;
/// Between lead and token in a page's key; no folded name holds it.
const LEAD_ENDS: &str = "|";

impl SearchTerm {
    /// Understands what was typed; `None` when there is nothing to search for.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare: String = text
            .chars()
            .filter(|sign| !sign.is_whitespace() && *sign != '-')
            .collect();
        let is_number = bare
            .strip_prefix('+')
            .unwrap_or(&bare)
            .bytes()
            .all(|byte| byte.is_ascii_digit());
        if bare.is_empty() {
            return None;
        }
        if is_number && !looks_like_case_number(text) {
            if bare.len() == 10
                && let Ok(cpr) = Cpr::parse(&bare)
            {
                return Some(Self::Cpr(cpr));
            }
            if bare.len() == 6 {
                return Some(Self::Birthday(bare));
            }
            let phone = folding::phone(&bare);
            return (phone.len() >= SHORTEST_PHONE).then_some(Self::Phone(phone));
        }
        if looks_like_case_number(text) {
            return Some(Self::CaseNumber(text.to_uppercase()));
        }
        let mut parts = folding::tokens(text);
        // The longest restrict most.
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        parts.truncate(MOST_PARTS);
        (!parts.is_empty()).then_some(Self::Name(parts))
    }

    /// What kind of search it is, for the audit log; never what was searched for.
    pub const fn kind(&self) -> &'static str {
        match self {
            SearchTerm::Cpr(_) => "cpr",
            SearchTerm::Birthday(_) => "birthday",
            SearchTerm::CaseNumber(_) => "case_number",
            SearchTerm::Phone(_) => "phone",
            SearchTerm::Name(_) => "name",
        }
    }
}

/// `2026-S3-0147`, whole or its beginning from the second hyphen's left on.
fn looks_like_case_number(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(code)) = (parts.next(), parts.next()) else {
        return false;
    };
    let serial = parts.next();
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = code.len() <= 6 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_serial = serial.is_none_or(|serial| serial.bytes().all(|byte| byte.is_ascii_digit()));
    is_year && is_code && is_serial && parts.next().is_none()
}

pub(crate) const BY_CPR: &str = "
    SELECT cpr AS sorted_by, case_id
      FROM case_view
     WHERE cpr < :until AND (cpr, case_id) > (:sorted_by, :case_id)
     ORDER BY cpr, case_id
     LIMIT :limit";

pub(crate) const BY_PHONE: &str = "
    SELECT phone AS sorted_by, case_id
      FROM case_view
     WHERE phone < :until AND phone <> '' AND (phone, case_id) > (:sorted_by, :case_id)
     ORDER BY phone, case_id
     LIMIT :limit";

pub(crate) const BY_NUMBER: &str = "
    SELECT number AS sorted_by, case_id
      FROM case_view
     WHERE number < :until AND (number, case_id) > (:sorted_by, :case_id)
     ORDER BY number, case_id
     LIMIT :limit";

/// Everyone of whose name a part begins so, in the order of the pages.
pub(crate) const BY_NAME: &str = "
    SELECT token, case_id, tokens
      FROM name_token
     WHERE token < :until AND (token, case_id) > (:sorted_by, :case_id)
     ORDER BY token, case_id";

/// Names looked at for one leading part before it is another's turn.
const NAMES_A_TURN: u32 = 64;

impl ReadHandle<'_> {
    /// A page of the cases that fit; `after` is [`CasePage::next`] of the page before.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn search(
        &self,
        term: &SearchTerm,
        after: Option<&PageKey>,
        limit: u32,
    ) -> Result<CasePage, StoreError> {
        let keys = match term {
            SearchTerm::Cpr(cpr) => {
                self.range(BY_CPR, &cpr.reveal_for(Purpose::LookUp), after, limit)?
            }
            SearchTerm::Birthday(digits) => self.range(BY_CPR, digits, after, limit)?,
            SearchTerm::CaseNumber(start) => self.range(BY_NUMBER, &padded(start), after, limit)?,
            SearchTerm::Phone(digits) => self.range(BY_PHONE, digits, after, limit)?,
            SearchTerm::Name(parts) => self.by_name(parts, after, limit)?,
        };
        let mut page = CasePage::default();
        if keys.len() == limit as usize {
            page.next = keys.last().cloned();
        }
        for key in keys {
            page.rows.extend(case_view::one(self.connection, key.case)?);
        }
        Ok(page)
    }

    /// Cases of the citizen with this number, the newest id last: for "what do we know" and for duplicates.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn cases_of(&self, cpr: &Cpr) -> Result<Vec<case_view::CaseRow>, StoreError> {
        Ok(self.search(&SearchTerm::Cpr(*cpr), None, 200)?.rows)
    }

    fn range(
        &self,
        sql: &str,
        start: &str,
        after: Option<&PageKey>,
        limit: u32,
    ) -> Result<Vec<PageKey>, StoreError> {
        keys(
            self.connection,
            sql,
            named_params! {
                ":until": folding::end_of_prefix(start),
                // Nothing that begins with `start` sorts before it, and no case has the id of noughts.
                ":sorted_by": after.map_or(start, |key| key.sorted_by.as_str()),
                ":case_id": after.map_or([0; 16], |key| id!(key.case)),
                ":limit": limit,
            },
        )
    }

    /// Cases whose names have all parts, in the order of one of them, the lead.
    ///
    /// Each row of a part holds the whole name, so the other parts are looked for where the first was found. Which
    /// lead gets through first is seen by letting them take turns: the rarest one soon has no names left, or the one
    /// whose names mostly fit soon fills a page. The next pages keep the lead, for their order hangs on it.
    fn by_name(
        &self,
        parts: &[String],
        after: Option<&PageKey>,
        limit: u32,
    ) -> Result<Vec<PageKey>, StoreError> {
        let (leads, token, case) = match after {
            Some(key) => {
                let (lead, token) = key
                    .sorted_by
                    .split_once(LEAD_ENDS)
                    .ok_or(StoreError::Refused("this is no place in a list"))?;
                (vec![lead], Some(token), id!(key.case))
            }
            None => (parts.iter().map(String::as_str).collect(), None, [0; 16]),
        };
        let mut statements = Vec::new();
        for _ in &leads {
            statements.push(self.connection.prepare_cached(BY_NAME)?);
        }
        let mut running = Vec::new();
        for (lead, statement) in leads.iter().zip(&mut statements) {
            let names = statement.query(named_params! {
                ":until": folding::end_of_prefix(lead),
                ":sorted_by": token.unwrap_or(lead),
                ":case_id": case,
            })?;
            running.push((*lead, names, Vec::new()));
        }
        while !running.is_empty() {
            for (lead, names, found) in &mut running {
                for _ in 0..NAMES_A_TURN {
                    let fits = match names.next()? {
                        Some(row) => fitting(row, lead, parts)?,
                        None => return Ok(std::mem::take(found)),
                    };
                    found.extend(fits);
                    if found.len() == limit as usize {
                        return Ok(std::mem::take(found));
                    }
                }
            }
        }
        Ok(Vec::new())
    }
}

/// Where the row stands among the pages, if its name has all parts and none of its own before this one is the lead's.
fn fitting(row: &Row<'_>, lead: &str, parts: &[String]) -> Result<Option<PageKey>, StoreError> {
    // By place: looking a column up by its name costs as much as the rest, for each of thousands of rows.
    let text = |column: usize| -> Result<_, StoreError> {
        let value = row.get_ref(column)?.as_str();
        value.map_err(|_| StoreError::Damaged(Damage::Value))
    };
    let (token, tokens) = (text(0)?, text(2)?);
    let with = |part: &str| {
        tokens
            .split(folding::BETWEEN_TOKENS)
            .find(|token| token.starts_with(part))
    };
    // Who has the lead twice, as Bo Bonde has "bo", is found once.
    let fits = with(lead) == Some(token) && parts.iter().all(|part| with(part).is_some());
    if !fits {
        return Ok(None);
    }
    Ok(Some(PageKey {
        sorted_by: [lead, token].join(LEAD_ENDS),
        case: CaseId::from_uuid(uuid(row.get("case_id")?)),
    }))
}

/// `2026-S3-147` finds `2026-S3-0147`.
fn padded(number: &str) -> String {
    number.parse().map_or_else(
        |_| number.to_owned(),
        |number: skranke_domain::ids::CaseNumber| number.to_string(),
    )
}

fn keys(
    connection: &Connection,
    sql: &str,
    values: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Vec<PageKey>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(PageKey {
            sorted_by: row.get("sorted_by")?,
            case: CaseId::from_uuid(uuid(row.get("case_id")?)),
        });
    }
    Ok(found)
}
