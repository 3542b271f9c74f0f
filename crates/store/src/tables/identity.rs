//! The bare identities that rows refer to: staff, devices, cases.

use std::collections::HashSet;

use rusqlite::{Connection, named_params};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, StaffId};

use crate::error::StoreError;
use crate::value::id;

/// What was written down in one transaction already, so that it is asked of the database once and not for each event.
#[derive(Default)]
pub(crate) struct Noted {
    cases: HashSet<CaseId>,
    begun: HashSet<CaseId>,
    devices: HashSet<DeviceId>,
    commands: HashSet<CommandId>,
}

impl Noted {
    pub(crate) fn case(&mut self, connection: &Connection, case: CaseId) -> Result<(), StoreError> {
        if self.cases.insert(case) && note_case(connection, case)? {
            self.begun.insert(case);
        }
        Ok(())
    }

    /// Whether nothing was known of the case before this transaction.
    pub(crate) fn has_begun(&self, case: CaseId) -> bool {
        self.begun.contains(&case)
    }

    pub(crate) fn device(
        &mut self,
        connection: &Connection,
        device: DeviceId,
    ) -> Result<(), StoreError> {
        if self.devices.insert(device) {
            note_device(connection, device)?;
        }
        Ok(())
    }

    /// Whether the command is to be written down: it has not been.
    pub(crate) fn is_new_command(&mut self, command: CommandId) -> bool {
        self.commands.insert(command)
    }
}

pub(crate) fn note_staff(connection: &Connection, staff: StaffId) -> Result<(), StoreError> {
    note(
        connection,
        "INSERT OR IGNORE INTO staff_member (id) VALUES (:id)",
        id!(staff),
    )?;
    Ok(())
}

pub(crate) fn note_device(connection: &Connection, device: DeviceId) -> Result<(), StoreError> {
    note(
        connection,
        "INSERT OR IGNORE INTO device (id) VALUES (:id)",
        id!(device),
    )?;
    Ok(())
}

/// Returns whether it was not known before.
pub(crate) fn note_case(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    note(
        connection,
        "INSERT OR IGNORE INTO case_file (id) VALUES (:id)",
        id!(case),
    )
}

fn note(connection: &Connection, sql: &str, id: [u8; 16]) -> Result<bool, StoreError> {
    let rows = connection
        .prepare_cached(sql)?
        .execute(named_params! { ":id": id })?;
    Ok(rows > 0)
}
