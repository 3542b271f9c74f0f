//! Reading the logs that devices handed over.

use rusqlite::{Row, named_params};
use skranke_domain::ids::DeviceId;
use skranke_protocol::instant;
use uuid::Uuid;

use super::{SqliteStore, row};
use crate::store::Stored;
use crate::store::device_log::{DeviceLogReader, KeptLogRow, LogPage};

const PAGE: &str = "
    SELECT device_id, number, link, done_at, body
      FROM device_log
     WHERE tenant = :tenant AND done_at >= :from
       AND (done_at, device_id, number, link) < (:at, :last_device, :last_number, :last_link)";
/// Each is read along an index of its own.
const OF_ALL: &str = " AND :device IS NULL";
const OF_ONE: &str = " AND device_id = :device";
const NEWEST_FIRST: &str = "
     ORDER BY done_at DESC, device_id DESC, number DESC, link DESC
     LIMIT :limit";

impl DeviceLogReader for SqliteStore {
    fn log_rows(&self, tenant: &str, batch: Uuid) -> Stored<Vec<KeptLogRow>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT device_id, number, link, done_at, body
                   FROM device_log
                  WHERE tenant = :tenant AND batch = :batch
                  ORDER BY number, link",
            )?;
            let rows = statement.query_map(
                named_params! { ":tenant": tenant, ":batch": batch.as_bytes() },
                |row| Ok(kept(row)),
            )?;
            rows.map(|row| row?).collect()
        })
    }

    fn log_page(&self, tenant: &str, page: &LogPage) -> Stored<Vec<KeptLogRow>> {
        let before = &page.before;
        let device = page.device_id.map(|id| *id.as_uuid().as_bytes());
        let whose = if device.is_some() { OF_ONE } else { OF_ALL };
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&[PAGE, whose, NEWEST_FIRST].concat())?;
            let rows = statement.query_map(
                named_params! {
                    ":tenant": tenant,
                    ":from": instant::to_text(page.from),
                    ":at": instant::to_text(before.done_at),
                    ":last_device": before.device_id.as_uuid().as_bytes(),
                    ":last_number": row::number(before.number),
                    ":last_link": before.link,
                    ":device": device,
                    ":limit": page.limit,
                },
                |row| Ok(kept(row)),
            )?;
            rows.map(|row| row?).collect()
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

fn kept(row: &Row<'_>) -> Stored<KeptLogRow> {
    let done_at: String = row.get("done_at")?;
    Ok(KeptLogRow {
        device_id: DeviceId::from_uuid(Uuid::from_bytes(row.get("device_id")?)),
        number: row::count(row, "number")?,
        link: row.get("link")?,
        done_at: row::time(&done_at, "device_log")?,
        body: row.get("body")?,
    })
}
