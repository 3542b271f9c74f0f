//! Reading the logs that devices handed over.

use skranke_domain::ids::DeviceId;
use uuid::Uuid;

use super::{PostgresStore, row};
use crate::store::Stored;
use crate::store::device_log::{DeviceLogReader, KeptLogRow};

impl DeviceLogReader for PostgresStore {
    fn log_rows(&self, tenant: &str, batch: Uuid) -> Stored<Vec<KeptLogRow>> {
        self.read(tenant, async |link| {
            let rows = link
                .query(
                    "SELECT device_id, number, link, body
                       FROM device_log
                      WHERE tenant = $1 AND batch = $2
                      ORDER BY number, link",
                    &[&tenant, &batch],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    Ok(KeptLogRow {
                        device_id: DeviceId::from_uuid(row.try_get("device_id")?),
                        number: row::count(row, "number")?,
                        link: row::bytes(row, "link")?,
                        body: row.try_get("body")?,
                    })
                })
                .collect()
        })
    }

    fn count_log_rows(&self, tenant: &str) -> Stored<u64> {
        self.read(tenant, async |link| {
            let found = link
                .query_opt(
                    "SELECT count(*) AS kept FROM device_log WHERE tenant = $1",
                    &[&tenant],
                )
                .await?;
            found.as_ref().map_or(Ok(0), |row| row::count(row, "kept"))
        })
    }
}
