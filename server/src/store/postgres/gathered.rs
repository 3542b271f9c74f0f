//! Rows of one transaction that are inserted together: one statement of many rows costs the database less than half of
//! as many statements. Basis: sync-and-speed, raw limits.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::super::Stored;
use super::link::{Link, Owned};

/// Rows of one statement: few sizes, so that few statements are prepared.
pub(super) const TOGETHER: [usize; 3] = [64, 8, 1];
/// Rows that wait at most, so that memory stays bounded.
const MOST_WAITING: usize = 512;

/// The tables whose rows are gathered, in the order in which they refer to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Event,
    FeedItem,
    Receipt,
    CaseSummary,
    Audit,
    DeviceLog,
}

impl Table {
    const ALL: [Table; 6] = [
        Table::Event,
        Table::FeedItem,
        Table::Receipt,
        Table::CaseSummary,
        Table::Audit,
        Table::DeviceLog,
    ];

    const fn insert(self) -> &'static str {
        match self {
            Table::Event => {
                "INSERT INTO event (tenant, hash, id, case_id, command_id, k, device_id, device_seq, on_chain,
                                    kind, header, payload, salt, signature, outcome, outcome_detail, position,
                                    received_at)"
            }
            Table::FeedItem => {
                "INSERT INTO feed_item (tenant, position, item, case_id, event_id, event_hash, device_id)"
            }
            Table::Receipt => {
                "INSERT INTO receipt (tenant, event_id, event_hash, device_id, times, last_at)"
            }
            Table::CaseSummary => {
                "INSERT INTO case_summary (tenant, case_id, citizen_digest, number, state, received_on,
                                           registered, in_conflict)"
            }
            Table::Audit => {
                "INSERT INTO audit (tenant, id, number, at, device_id, staff_id, action, purpose, case_id,
                                    citizen_digest, detail)"
            }
            Table::DeviceLog => {
                "INSERT INTO device_log (tenant, device_id, number, link, batch, body, done_at)"
            }
        }
    }

    /// What becomes of a row that is there already.
    const fn or_else(self) -> &'static str {
        match self {
            Table::Event | Table::FeedItem | Table::Audit | Table::DeviceLog => "",
            Table::Receipt => {
                "ON CONFLICT (tenant, event_id, event_hash, device_id) DO UPDATE
                    SET times = receipt.times + 1, last_at = excluded.last_at"
            }
            Table::CaseSummary => {
                "ON CONFLICT (tenant, case_id) DO UPDATE
                    SET citizen_digest = excluded.citizen_digest,
                        number = excluded.number,
                        state = excluded.state,
                        received_on = excluded.received_on,
                        registered = excluded.registered,
                        in_conflict = excluded.in_conflict"
            }
        }
    }

    fn statement(self, rows: usize, columns: usize) -> String {
        [
            self.insert(),
            &values_of(rows, columns),
            " ",
            self.or_else(),
        ]
        .concat()
    }
}

/// What follows the columns in a statement of many rows: each parameter in its place.
pub(super) fn values_of(rows: usize, columns: usize) -> String {
    let mut sql = " VALUES ".to_owned();
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            let comma = if column == 1 { "" } else { ", " };
            let _ = write!(sql, "{comma}${}", row * columns + column);
        }
        sql.push(')');
    }
    sql
}

/// The rows that wait to be sent.
#[derive(Default)]
pub(super) struct Gathered {
    rows: [Vec<Vec<Owned>>; Table::ALL.len()],
    waiting: usize,
    /// Keys of rows that may be there already: one statement must not touch a row twice.
    keys: HashSet<Vec<u8>>,
}

impl Gathered {
    /// Adds a row; `key` names it where it may be there already.
    pub(super) async fn add(
        &mut self,
        link: &mut Link,
        table: Table,
        key: Option<Vec<u8>>,
        row: Vec<Owned>,
    ) -> Stored<()> {
        if self.waiting >= MOST_WAITING || key.as_ref().is_some_and(|key| self.keys.contains(key)) {
            self.send(link).await?;
        }
        self.keys.extend(key);
        self.rows[table as usize].push(row);
        self.waiting += 1;
        Ok(())
    }

    /// Sends all rows that wait.
    pub(super) async fn send(&mut self, link: &mut Link) -> Stored<()> {
        if self.waiting == 0 {
            return Ok(());
        }
        self.waiting = 0;
        self.keys.clear();
        for table in Table::ALL {
            let mut rows = std::mem::take(&mut self.rows[table as usize]).into_iter();
            for together in TOGETHER {
                while rows.len() >= together {
                    let some: Vec<Vec<Owned>> = rows.by_ref().take(together).collect();
                    let columns = some.first().map_or(0, Vec::len);
                    let sql = table.statement(together, columns);
                    link.send(&sql, some.into_iter().flatten().collect())
                        .await?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn parameters_are_numbered_through_all_rows() {
        let sql = Table::Receipt.statement(2, 3);

        assert!(
            sql.contains("VALUES ($1, $2, $3), ($4, $5, $6) ON CONFLICT"),
            "{sql}"
        );
    }

    #[test]
    fn rows_are_sent_in_the_order_in_which_they_refer_to_each_other() {
        let places = Table::ALL.map(|table| table as usize);

        assert_eq!(places, [0, 1, 2, 3, 4, 5], "an event before what names it");
    }
}
