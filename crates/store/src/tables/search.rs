//! Finding a case: by CPR number, birthday, name, case number or phone. Pages go on by key.
//!
//! Every search is a range of an index; none looks at all cases. Basis: issue 2, E; sync-and-speed, section 5.

use rusqlite::{Connection, named_params};
use skranke_domain::cpr::{Cpr, Purpose};
use skranke_domain::ids::CaseId;

use super::case_view::{self, CasePage, PageKey};
use crate::error::StoreError;
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
      FROM citizen_index
     WHERE cpr < :until AND (cpr, case_id) > (:sorted_by, :case_id)
     ORDER BY cpr, case_id
     LIMIT :limit";

pub(crate) const BY_PHONE: &str = "
    SELECT phone AS sorted_by, case_id
      FROM citizen_index
     WHERE phone < :until AND phone <> '' AND (phone, case_id) > (:sorted_by, :case_id)
     ORDER BY phone, case_id
     LIMIT :limit";

pub(crate) const BY_NUMBER: &str = "
    SELECT number AS sorted_by, case_id
      FROM case_view
     WHERE number < :until AND (number, case_id) > (:sorted_by, :case_id)
     ORDER BY number, case_id
     LIMIT :limit";

pub(crate) const BY_NAME: &str = "
    SELECT n.token AS sorted_by, n.case_id
      FROM name_token n
     WHERE n.token < :until AND (n.token, n.case_id) > (:sorted_by, :case_id)
       AND NOT EXISTS (SELECT 1 FROM name_token s
                        WHERE s.case_id = n.case_id AND s.token >= :from AND s.token < n.token)
       AND (:second IS NULL
            OR EXISTS (SELECT 1 FROM name_token s
                        WHERE s.case_id = n.case_id AND s.token >= :second AND s.token < :second_until))
       AND (:third IS NULL
            OR EXISTS (SELECT 1 FROM name_token s
                        WHERE s.case_id = n.case_id AND s.token >= :third AND s.token < :third_until))
     ORDER BY n.token, n.case_id
     LIMIT :limit";

const FREQUENCY: &str = "
    SELECT count(*) FROM (SELECT 1 FROM name_token WHERE token >= :from AND token < :until LIMIT :most)";
/// How far the names that begin with a part are counted at first, and how much further each time all parts have more.
const COUNTED_FIRST: u32 = 500;
const COUNTED_FURTHER: u32 = 8;

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

    fn by_name(
        &self,
        parts: &[String],
        after: Option<&PageKey>,
        limit: u32,
    ) -> Result<Vec<PageKey>, StoreError> {
        let (lead, token) = match after {
            Some(key) => key
                .sorted_by
                .split_once(LEAD_ENDS)
                .ok_or(StoreError::Refused("this is no place in a list"))?,
            None => {
                let lead = self.rarest(parts)?;
                (lead, lead)
            }
        };
        let mut others = parts
            .iter()
            .map(String::as_str)
            .filter(|part| *part != lead);
        let (second, third) = (others.next(), others.next());
        let found = keys(
            self.connection,
            BY_NAME,
            named_params! {
                ":from": lead,
                ":until": folding::end_of_prefix(lead),
                ":second": second,
                ":second_until": second.map(folding::end_of_prefix),
                ":third": third,
                ":third_until": third.map(folding::end_of_prefix),
                ":sorted_by": token,
                ":case_id": after.map_or([0; 16], |key| id!(key.case)),
                ":limit": limit,
            },
        )?;
        let with_lead = |key: PageKey| PageKey {
            sorted_by: [lead, &key.sorted_by].join(LEAD_ENDS),
            ..key
        };
        Ok(found.into_iter().map(with_lead).collect())
    }

    /// The rarest part leads, so that few names are looked at whose other parts do not fit. The next pages keep the
    /// lead, for the order of the pages hangs on it.
    ///
    /// Counting goes only as far as one part has names, so it costs little more than reading those.
    fn rarest<'p>(&self, parts: &'p [String]) -> Result<&'p str, StoreError> {
        let mut most = COUNTED_FIRST;
        while parts.len() > 1 {
            let mut best = (most, "");
            for part in parts {
                let frequency = self.frequency(part, best.0)?;
                if frequency < best.0 {
                    best = (frequency, part);
                }
            }
            if best.0 < most {
                return Ok(best.1);
            }
            let Some(further) = most.checked_mul(COUNTED_FURTHER) else {
                break;
            };
            most = further;
        }
        Ok(parts.first().map_or("", String::as_str))
    }

    /// How many names begin with this part, counted up to `most`.
    fn frequency(&self, part: &str, most: u32) -> Result<u32, StoreError> {
        Ok(self.connection.prepare_cached(FREQUENCY)?.query_row(
            named_params! {
                ":from": part, ":until": folding::end_of_prefix(part), ":most": most,
            },
            |row| row.get(0),
        )?)
    }
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
