//! Local accounts and the guard against guessing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

use crate::store::StoreError;

/// Failures after which a login or device must wait.
const MAX_FAILURES: u32 = 5;
/// For how long, whatever the clock on the wall says meanwhile.
const WAIT: Duration = Duration::from_secs(15 * 60);
/// Logins and devices remembered; the oldest go first.
const MAX_REMEMBERED: usize = 10_000;

/// How many there were, and when the last.
type Failures = (u32, Instant);

/// Counts failures by digest of what was tried, so that no login name is kept in the clear.
#[derive(Default)]
pub struct AttemptGuard {
    failures: Mutex<HashMap<[u8; 32], Failures>>,
}

impl AttemptGuard {
    /// Whether `subject` may try now. A try counts as a failure until it is known to have succeeded: of many at once no
    /// more are let through than of many in turn.
    pub fn may_try(&self, subject: &str, now: Instant) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let subject = digest(subject);
        let is_free = |(count, last): &Failures| *count < MAX_FAILURES || now - *last >= WAIT;
        if !failures.get(&subject).is_none_or(is_free) {
            return false;
        }
        if failures.len() >= MAX_REMEMBERED && !failures.contains_key(&subject) {
            failures.retain(|_, (_, last)| now - *last < WAIT);
            forget_oldest(&mut failures);
        }
        let entry = failures.entry(subject).or_insert((0, now));
        if now - entry.1 >= WAIT {
            entry.0 = 0;
        }
        *entry = (entry.0 + 1, now);
        true
    }

    /// Takes a try back that came to no answer, so that neither is known.
    pub fn undecided(&self, subject: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, _)) = failures.get_mut(&digest(subject)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Forgets failures after a success.
    pub fn succeeded(&self, subject: &str) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&digest(subject));
    }
}

/// Makes room for one more.
fn forget_oldest(failures: &mut HashMap<[u8; 32], Failures>) {
    if failures.len() < MAX_REMEMBERED {
        return;
    }
    let oldest = failures.iter().min_by_key(|(_, (_, last))| *last);
    if let Some(oldest) = oldest.map(|(subject, _)| *subject) {
        failures.remove(&oldest);
    }
}

fn digest(subject: &str) -> [u8; 32] {
    Sha256::digest(subject).into()
}

/// Argon2id with 19 MiB, two passes and one lane, the defaults of the library.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// The text to store for a password.
///
/// # Errors
/// The password cannot be hashed (it is longer than the algorithm takes).
pub fn hash_password(password: &str) -> Result<String, StoreError> {
    let salt = SaltString::generate(&mut OsRng);
    argon2()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| StoreError::CannotOpen("the password cannot be hashed".to_owned()))
}

/// Whether a password fits a stored text. With no stored text it costs the same time and never fits.
pub fn password_fits(password: &str, stored: Option<&str>) -> bool {
    /// A hash no password fits: its digest is not the output of any input anyone knows.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5MDA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Ok(hash) = PasswordHash::new(stored.unwrap_or(NOBODY)) else {
        return false;
    };
    argon2().verify_password(password.as_bytes(), &hash).is_ok() && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let stored = hash_password("rigtigt kodeord").unwrap();

        assert!(stored.starts_with("$argon2id$"));
        assert!(password_fits("rigtigt kodeord", Some(&stored)));
        assert!(!password_fits("forkert", Some(&stored)));
        assert!(!password_fits("", None));
    }

    #[test]
    fn an_unknown_login_costs_as_much_as_a_known_one() {
        // The stand-in hash must be readable, or no work would be done for unknown logins.
        let parsed = PasswordHash::new(&hash_password("x").unwrap())
            .unwrap()
            .params
            .to_string();

        assert!(parsed.contains("m=19456"), "{parsed}");
        let start = std::time::Instant::now();
        password_fits("x", None);
        assert!(
            start.elapsed() > std::time::Duration::from_millis(1),
            "argon2 must have run"
        );
    }

    #[test]
    fn so_many_failures_are_remembered_and_the_oldest_go_first() {
        let guard = AttemptGuard::default();
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let fails = |who: &str, now| assert!(guard.may_try(who, now));
        (0..5).for_each(|_| fails("oldest", now));
        (0..5).for_each(|_| fails("eva", later));

        for number in 0..MAX_REMEMBERED - 1 {
            fails(&format!("made up {number}"), later + Duration::from_secs(1));
        }

        assert_eq!(guard.failures.lock().unwrap().len(), MAX_REMEMBERED);
        assert!(!guard.may_try("eva", later));
        assert!(guard.may_try("oldest", later), "it was forgotten");
    }

    #[test]
    fn after_five_failures_one_must_wait_and_a_try_is_one_until_it_succeeds() {
        let guard = AttemptGuard::default();
        let now = Instant::now();

        // All begun before any is answered.
        let let_through = (0..60).filter(|_| guard.may_try("eva", now)).count();

        assert_eq!(let_through, 5);
        assert!(guard.may_try("bo", now));
        assert!(!guard.may_try("eva", now + WAIT / 2));
        assert!(guard.may_try("eva", now + WAIT));
        guard.succeeded("eva");
        assert!((0..5).all(|_| guard.may_try("eva", now)));
        assert!(!guard.may_try("eva", now));
        guard.undecided("eva");
        assert!(guard.may_try("eva", now), "nobody learned anything");
    }
}
