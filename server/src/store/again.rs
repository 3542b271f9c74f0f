//! Every transaction is a function that can be run again from its beginning.
//!
//! Of two transactions that met, a database may end one: PostgreSQL where each waits for the other, an engine that only
//! speaks its protocol at any statement and at the commit too. Nothing of the one that was ended is kept, so it is run
//! again after a pause in which chance has a part, a few times and no more. Whoever still does not get through is told
//! to come again. Basis: design, section 6; sync-and-speed, section 7.

use std::time::Duration;

use rand::RngCore;

use super::{CentralStore, CentralTransaction, StoreError, Stored};

/// How often a transaction is run before whoever wants it is told to come again.
pub(crate) const RUNS: u32 = 5;
/// The longest first pause; each one after it may take twice as long.
const FIRST_PAUSE_MS: u32 = 16;

/// Runs a whole transaction, and again where the database ended it because of another one.
///
/// # Errors
/// As the transaction, or `RunAgain` where it was ended each time.
pub(crate) fn until_it_stands<T>(mut transaction: impl FnMut() -> Stored<T>) -> Stored<T> {
    for earlier in 1..RUNS {
        match transaction() {
            Err(StoreError::RunAgain) => std::thread::sleep(pause(earlier)),
            ended => return ended,
        }
    }
    transaction()
}

/// Writes for a municipality and commits, for whoever has no writer of its own: the operator's commands. The work may be
/// run more than once.
///
/// # Errors
/// As the work, or the transaction did not commit; nothing of it is kept then.
pub fn written<T>(
    store: &dyn CentralStore,
    tenant: &str,
    mut work: impl FnMut(&mut dyn CentralTransaction) -> Stored<T>,
) -> Stored<T> {
    until_it_stands(|| {
        let mut transaction = store.begin(tenant)?;
        let made = work(transaction.as_mut())?;
        transaction.commit()?;
        Ok(made)
    })
}

/// How long to wait after so many runs: by chance, so that the two do not meet again.
fn pause(runs: u32) -> Duration {
    let most_ms = FIRST_PAUSE_MS << (runs - 1);
    let chance_ms = rand::rngs::OsRng.next_u32() % most_ms;
    Duration::from_millis(u64::from(1 + chance_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_was_ended_is_run_again_and_another_failure_is_not() {
        let mut runs = 0;
        let stood = until_it_stands(|| {
            runs += 1;
            if runs < RUNS {
                Err(StoreError::RunAgain)
            } else {
                Ok(runs)
            }
        });
        assert_eq!(stood.unwrap(), RUNS);

        let mut runs = 0;
        let failed: Stored<()> = until_it_stands(|| {
            runs += 1;
            Err(StoreError::NotReplicated)
        });
        assert!(matches!(failed, Err(StoreError::NotReplicated)));
        assert_eq!(runs, 1, "it may have been committed");
    }

    #[test]
    fn pauses_grow_and_are_not_alike() {
        for runs in 1..RUNS {
            let most = Duration::from_millis(u64::from(FIRST_PAUSE_MS << (runs - 1)));
            let pauses: Vec<_> = (0..64).map(|_| pause(runs)).collect();
            assert!(
                pauses
                    .iter()
                    .all(|pause| !pause.is_zero() && *pause <= most)
            );
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
    }
}
