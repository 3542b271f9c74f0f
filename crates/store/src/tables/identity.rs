//! The bare identities that rows refer to: staff, devices, cases.

use rusqlite::{Connection, named_params};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};

use crate::error::StoreError;
use crate::value::id;

pub(crate) fn note_staff(connection: &Connection, staff: StaffId) -> Result<(), StoreError> {
    note(
        connection,
        "INSERT OR IGNORE INTO staff_member (id) VALUES (:id)",
        id!(staff),
    )
}

pub(crate) fn note_device(connection: &Connection, device: DeviceId) -> Result<(), StoreError> {
    note(
        connection,
        "INSERT OR IGNORE INTO device (id) VALUES (:id)",
        id!(device),
    )
}

pub(crate) fn note_case(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    note(
        connection,
        "INSERT OR IGNORE INTO case_file (id) VALUES (:id)",
        id!(case),
    )
}

fn note(connection: &Connection, sql: &str, id: [u8; 16]) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)?
        .execute(named_params! { ":id": id })?;
    Ok(())
}
