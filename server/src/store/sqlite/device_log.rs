//! Reading the logs that devices handed over.

use rusqlite::named_params;
use skranke_domain::ids::DeviceId;
use uuid::Uuid;

use super::{SqliteStore, row};
use crate::store::Stored;
use crate::store::device_log::{DeviceLogReader, KeptLogRow};

impl DeviceLogReader for SqliteStore {
    fn log_rows(&self, tenant: &str, batch: Uuid) -> Stored<Vec<KeptLogRow>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT device_id, number, link, body
                   FROM device_log
                  WHERE tenant = :tenant AND batch = :batch
                  ORDER BY number, link",
            )?;
            let rows = statement.query_map(
                named_params! { ":tenant": tenant, ":batch": batch.as_bytes() },
                |row| {
                    Ok(KeptLogRow {
                        device_id: DeviceId::from_uuid(Uuid::from_bytes(row.get("device_id")?)),
                        number: row::count(row, "number")?,
                        link: row.get("link")?,
                        body: row.get("body")?,
                    })
                },
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn count_log_rows(&self, tenant: &str) -> Stored<u64> {
        self.read(|connection| {
            Ok(connection.query_row(
                "SELECT count(*) AS kept FROM device_log WHERE tenant = :tenant",
                named_params! { ":tenant": tenant },
                |row| row::count(row, "kept"),
            )?)
        })
    }
}
