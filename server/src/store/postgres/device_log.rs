//! Reading the logs that devices handed over.

use skranke_domain::ids::DeviceId;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{PostgresStore, row};
use crate::store::Stored;
use crate::store::device_log::{DeviceLogReader, KeptLogRow, LogPage};

const PAGE: &str = "
    SELECT device_id, number, link, done_at, body
      FROM device_log
     WHERE tenant = $1 AND done_at >= $2 AND (done_at, device_id, number, link) < ($3, $4, $5, $6)";
/// Each is read along an index of its own.
const OF_ALL: &str = " AND $7::uuid IS NULL";
const OF_ONE: &str = " AND device_id = $7";
const NEWEST_FIRST: &str = "
     ORDER BY done_at DESC, device_id DESC, number DESC, link DESC
     LIMIT $8";

impl DeviceLogReader for PostgresStore {
    fn log_rows(&self, tenant: &str, batch: Uuid) -> Stored<Vec<KeptLogRow>> {
        self.read(tenant, async |link| {
            let rows = link
                .query(
                    "SELECT device_id, number, link, done_at, body
                       FROM device_log
                      WHERE tenant = $1 AND batch = $2
                      ORDER BY number, link",
                    &[&tenant, &batch],
                )
                .await?;
            rows.iter().map(kept).collect()
        })
    }

    fn log_page(&self, tenant: &str, page: &LogPage) -> Stored<Vec<KeptLogRow>> {
        let before = &page.before;
        let device = page.device_id.map(|id| id.as_uuid());
        let whose = if device.is_some() { OF_ONE } else { OF_ALL };
        let sql = [PAGE, whose, NEWEST_FIRST].concat();
        self.read(tenant, async |link| {
            let rows = link
                .query(
                    &sql,
                    &[
                        &tenant,
                        &page.from,
                        &before.done_at,
                        &before.device_id.as_uuid(),
                        &row::number(before.number),
                        &&before.link[..],
                        &device,
                        &i64::from(page.limit),
                    ],
                )
                .await?;
            rows.iter().map(kept).collect()
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

fn kept(row: &Row) -> Stored<KeptLogRow> {
    Ok(KeptLogRow {
        device_id: DeviceId::from_uuid(row.try_get("device_id")?),
        number: row::count(row, "number")?,
        link: row::bytes(row, "link")?,
        done_at: row.try_get("done_at")?,
        body: row.try_get("body")?,
    })
}
