//! A row of a device's own audit log, as it is linked to the one before, handed over and kept.
//!
//! The device links its rows when it writes them; whoever holds a run of them can follow the links, and finds a row
//! that was changed, taken out or put in. Basis: design, section 6 (device audit rows upload on their own stream).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};

use crate::encoding::{as_text, as_text_option, hex_array};
use crate::instant;

/// Begins every link, so that it can stand for nothing else.
const LINK: &[u8] = b"skranke/store/audit/1\0";
/// What the first row is linked to.
pub const BEFORE_ALL: [u8; 32] = [0; 32];
/// Columns under a link.
pub const COLUMNS: usize = 9;

/// A value under a link, with its type: a text that was made a number is another value.
#[derive(Debug, Clone, Copy)]
pub enum Column<'v> {
    /// None.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; no row is written with one.
    Real(f64),
    /// A text.
    Text(&'v [u8]),
    /// Bytes.
    Blob(&'v [u8]),
}

/// The link of a row with these values, after a row with this link.
pub fn link(before: &[u8; 32], columns: &[Column<'_>; COLUMNS]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(LINK);
    hash.update(before);
    let mut part = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for column in columns {
        match column {
            Column::Null => part(0, &[]),
            Column::Integer(number) => part(1, &number.to_be_bytes()),
            Column::Real(number) => part(2, &number.to_be_bytes()),
            Column::Text(text) => part(3, text),
            Column::Blob(bytes) => part(4, bytes),
        }
    }
    hash.finalize().into()
}

/// A row of a device's audit log: who did what, on which case, and why. Never a name or a number of a citizen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogRow {
    /// Its number, from 1 without a gap.
    pub number: u64,
    /// When.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub done_at: DateTime<Utc>,
    /// Who; all zeros is the program itself.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub staff_id: StaffId,
    /// What the device was called when it wrote the row.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// In which roles, by code, with commas.
    pub roles: String,
    /// Code of what was done.
    pub action: String,
    /// On which case.
    #[serde(default, with = "as_text_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub case_id: Option<CaseId>,
    /// On what else: an id, a digest, a code.
    #[serde(default)]
    pub subject: Option<String>,
    /// Why.
    pub purpose: String,
    /// The row's link.
    #[serde(with = "hex_array")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub link: [u8; 32],
}

impl LogRow {
    /// The link this row has if it is what was written, after a row with this link.
    pub fn link_after(&self, before: &[u8; 32]) -> [u8; 32] {
        let (staff, device) = (self.staff_id.as_uuid(), self.device_id.as_uuid());
        let case = self.case_id.map(|case| case.as_uuid());
        let subject = self.subject.as_ref();
        link(
            before,
            &[
                Column::Integer(i64::try_from(self.number).unwrap_or(i64::MAX)),
                Column::Integer(self.done_at.timestamp_millis()),
                Column::Blob(staff.as_bytes()),
                Column::Blob(device.as_bytes()),
                Column::Text(self.roles.as_bytes()),
                Column::Text(self.action.as_bytes()),
                case.as_ref()
                    .map_or(Column::Null, |case| Column::Blob(case.as_bytes())),
                subject.map_or(Column::Null, |subject| Column::Text(subject.as_bytes())),
                Column::Text(self.purpose.as_bytes()),
            ],
        )
    }

    /// Whether every part has the size and shape that a device writes.
    pub fn is_well_formed(&self) -> bool {
        let is_code = |text: &str, most: usize| {
            text.len() <= most
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || b"_,".contains(&byte))
        };
        let subject = self.subject.as_deref().unwrap_or_default();
        (1..=i64::MAX as u64).contains(&self.number)
            && is_code(&self.roles, 120)
            && is_code(&self.action, 40)
            && !self.action.is_empty()
            && subject.chars().count() <= 64
            && self.purpose.chars().count() <= 500
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::noon;
    use uuid::Uuid;

    fn row() -> LogRow {
        LogRow {
            number: 7,
            done_at: noon(),
            staff_id: StaffId::from_uuid(Uuid::from_u128(1)),
            device_id: DeviceId::from_uuid(Uuid::from_u128(2)),
            roles: "counter,lead".to_owned(),
            action: "case_read".to_owned(),
            case_id: Some(CaseId::from_uuid(Uuid::from_u128(3))),
            subject: None,
            purpose: "open_work".to_owned(),
            link: [0; 32],
        }
    }

    #[test]
    fn every_part_of_a_row_is_under_its_link() {
        let before = [9; 32];
        let whole = row().link_after(&before);
        let mut others = vec![row().link_after(&BEFORE_ALL)];
        let mut changed = |change: fn(&mut LogRow)| {
            let mut row = row();
            change(&mut row);
            others.push(row.link_after(&before));
        };
        changed(|row| row.number = 8);
        changed(|row| row.done_at += chrono::TimeDelta::milliseconds(1));
        changed(|row| row.staff_id = StaffId::from_uuid(Uuid::from_u128(4)));
        changed(|row| row.device_id = DeviceId::from_uuid(Uuid::from_u128(4)));
        changed(|row| row.roles = "counter".to_owned());
        changed(|row| row.action = "searched".to_owned());
        changed(|row| row.case_id = None);
        changed(|row| row.subject = Some(String::new()));
        changed(|row| row.purpose = String::new());

        others.push(whole);
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), 11, "each change gives another link");
    }

    #[test]
    fn a_row_that_no_device_writes_is_told() {
        assert!(row().is_well_formed());
        let told = |change: fn(&mut LogRow)| {
            let mut row = row();
            change(&mut row);
            !row.is_well_formed()
        };
        assert!(told(|row| row.number = 0));
        assert!(told(|row| row.number = u64::MAX));
        assert!(told(|row| row.roles = "r".repeat(121)));
        assert!(told(|row| row.action = "Aase".to_owned()));
        assert!(told(|row| row.action = String::new()));
        assert!(told(|row| row.subject = Some("x".repeat(65))));
        assert!(told(|row| row.purpose = "x".repeat(501)));
    }
}
