//! Counts that are kept, so that showing a number costs the same however many cases there are.
//!
//! Triggers on the counted tables keep them, in the very statement that writes a row: no way of writing can forget
//! to. What own commands a case has is kept in the same way, in `own_case`. Basis: sync-and-speed, section 5.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::error::StoreError;
use crate::value::unsigned;

const ALL: &str = "SELECT what, number FROM kept_count";

const FORGET_CASES: &str = "DELETE FROM kept_count WHERE what GLOB 'case.*'";

/// Emptying `own_case` counts it down, and filling it counts it up again.
const COUNT_COMMANDS: &str = "
    DELETE FROM own_case;
    DELETE FROM kept_count WHERE what GLOB 'command.*' OR what GLOB 'own_case*';
    INSERT INTO kept_count (what, number)
    SELECT 'command.' || state, count(*) FROM outbox GROUP BY state;
    INSERT INTO own_case (case_id, waiting, deferred, quarantined, confirmed)
    SELECT c.case_id, sum(o.state IN ('waiting', 'sent')), sum(o.state = 'deferred'), sum(o.state = 'quarantined'),
           sum(o.state = 'confirmed')
      FROM outbox o
      JOIN command c ON c.id = o.command_id
     GROUP BY c.case_id;";

/// Everything that is counted, as it stands.
pub(crate) struct KeptCounts(HashMap<String, i64>);

impl KeptCounts {
    /// Reads them.
    pub(crate) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let mut statement = connection.prepare_cached(ALL)?;
        let counts = statement
            .query_map([], |row| Ok((row.get("what")?, row.get("number")?)))?
            .collect::<Result<_, _>>()?;
        Ok(Self(counts))
    }

    /// How many there are of this; none where nothing was ever counted.
    pub(crate) fn of(&self, what: &str) -> Result<u64, StoreError> {
        unsigned(self.0.get(what).copied().unwrap_or_default())
    }
}

/// Begins the counts of cases anew, where every row of a case was taken away.
pub(crate) fn forget_cases(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(FORGET_CASES, [])?;
    Ok(())
}

/// Counts own commands and their cases anew.
pub(crate) fn count_commands(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(COUNT_COMMANDS)?;
    Ok(())
}
