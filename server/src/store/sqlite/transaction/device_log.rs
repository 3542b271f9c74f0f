//! Logs that devices handed over.

use rusqlite::named_params;
use skranke_domain::ids::DeviceId;
use skranke_protocol::instant;
use uuid::Uuid;

use super::super::row;
use super::SqliteTransaction;
use crate::store::Stored;
use crate::store::device_log::{DeviceLog, KeptLogRow};

impl DeviceLog for SqliteTransaction<'_> {
    fn log_links(&mut self, device: DeviceId, from: u64, to: u64) -> Stored<Vec<(u64, [u8; 32])>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, link
               FROM device_log
              WHERE tenant = :tenant AND device_id = :device_id AND number BETWEEN :from AND :to
              ORDER BY number, link",
        )?;
        let rows = statement.query_map(
            named_params! {
                ":tenant": self.tenant.code,
                ":device_id": device.as_uuid().as_bytes(),
                ":from": row::number(from),
                ":to": row::number(to),
            },
            |row| Ok((row::count(row, "number")?, row.get("link")?)),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn insert_log_row(&mut self, batch: Uuid, row: &KeptLogRow) -> Stored<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO device_log (tenant, device_id, number, link, batch, body, done_at)
                 VALUES (:tenant, :device_id, :number, :link, :batch, :body, :done_at)",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":device_id": row.device_id.as_uuid().as_bytes(),
                ":number": row::number(row.number),
                ":link": row.link,
                ":batch": batch.as_bytes(),
                ":body": row.body,
                ":done_at": instant::to_text(row.done_at),
            })?;
        Ok(())
    }
}
