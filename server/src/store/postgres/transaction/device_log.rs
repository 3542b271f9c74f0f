//! Logs that devices handed over.

use skranke_domain::ids::DeviceId;
use uuid::Uuid;

use super::super::gathered::Table;
use super::super::link::Owned;
use super::super::row::{self, number};
use super::{PostgresTransaction, owned, vec_of};
use crate::store::Stored;
use crate::store::device_log::{DeviceLog, KeptLogRow};

impl DeviceLog for PostgresTransaction {
    fn log_links(&mut self, device: DeviceId, from: u64, to: u64) -> Stored<Vec<(u64, [u8; 32])>> {
        let code = self.tenant.code.clone();
        let rows = self.query(
            "SELECT number, link
               FROM device_log
              WHERE tenant = $1 AND device_id = $2 AND number BETWEEN $3 AND $4
              ORDER BY number, link",
            &[&code, &device.as_uuid(), &number(from), &number(to)],
        )?;
        rows.iter()
            .map(|row| Ok((row::count(row, "number")?, row::bytes(row, "link")?)))
            .collect()
    }

    fn insert_log_row(&mut self, batch: Uuid, row: &KeptLogRow) -> Stored<()> {
        self.gather(
            Table::DeviceLog,
            None,
            owned![
                self.tenant.code.clone(),
                row.device_id.as_uuid(),
                number(row.number),
                vec_of(row.link),
                batch,
                row.body.clone(),
                row.done_at,
            ],
        )
    }
}
