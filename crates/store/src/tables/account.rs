//! Local accounts: sign-in for the demo and for a small municipality.
//!
//! Passwords are kept as Argon2id hashes. Failed attempts are counted, and too many lock the account for a while.
//! Basis: design, section 6 (sign-in).

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::OsRng;
use rusqlite::{Connection, Row, named_params};
use skranke_domain::ids::StaffId;
use skranke_domain::role::Role;

use super::identity;
use crate::error::{Damage, StoreError};
use crate::handle::{ReadHandle, WriteHandle};
use crate::key::envelope::{PassphraseCost, SHORTEST_PASSPHRASE};
use crate::value::{id, millis, moment, uuid, word};

/// After this many failures in a row an account is locked.
pub const FAILURES_BEFORE_LOCK: u32 = 5;
/// For how long.
pub const LOCKED_FOR: TimeDelta = TimeDelta::minutes(5);
/// A password is at least this long.
pub const SHORTEST_PASSWORD: usize = 10;

/// A member of staff who signs in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Who.
    pub staff: StaffId,
    /// What is typed to sign in, in small letters.
    pub login: String,
    /// Name shown on papers.
    pub name: String,
    /// Initials shown in lists.
    pub initials: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// Failures since the last success.
    pub failed_attempts: u32,
    /// Until when the account is locked.
    pub locked_until_at: Option<DateTime<Utc>>,
}

/// A password as it is kept: an Argon2id hash.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// Hashes a password; takes about a fifth of a second at the default cost, so not while a write is open.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is too short or the cost is out of range.
    pub fn of(password: &str, cost: PassphraseCost) -> Result<Self, StoreError> {
        if password.chars().count() < SHORTEST_PASSWORD {
            return Err(StoreError::Refused("a password has at least ten signs"));
        }
        Self::hashed(password, cost)
    }

    /// The same of a code of digits, which opens this computer alone and only after the store is open.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is too short or the cost is out of range.
    pub fn of_code(code: &str, cost: PassphraseCost) -> Result<Self, StoreError> {
        if code.chars().count() < SHORTEST_PASSPHRASE {
            return Err(StoreError::Refused("a code has at least six digits"));
        }
        Self::hashed(code, cost)
    }

    fn hashed(password: &str, cost: PassphraseCost) -> Result<Self, StoreError> {
        let refused = StoreError::Refused("the cost of the password is out of range");
        let Ok(params) = Params::new(cost.memory_kib, cost.passes, 1, None) else {
            return Err(refused);
        };
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        match hasher.hash_password(password.as_bytes(), &SaltString::generate(&mut OsRng)) {
            Ok(hash) => Ok(Self(hash.to_string())),
            Err(_) => Err(refused),
        }
    }

    /// Whether this is the password.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when what is kept is no hash.
    pub fn fits(&self, password: &str) -> Result<bool, StoreError> {
        let hash = PasswordHash::new(&self.0).map_err(|_| StoreError::Damaged(Damage::Value))?;
        Ok(Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok())
    }
}

impl std::fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordDigest(…)")
    }
}

const COLUMNS_BY_LOGIN: &str = "
    SELECT staff_id, login, name, initials, password_hash, is_active, failed_attempts, locked_until_at
      FROM local_account
     WHERE login = :login";

const COLUMNS_BY_STAFF: &str = "
    SELECT staff_id, login, name, initials, password_hash, is_active, failed_attempts, locked_until_at
      FROM local_account
     WHERE staff_id = :staff_id";

const ALL: &str = "
    SELECT staff_id, login, name, initials, password_hash, is_active, failed_attempts, locked_until_at
      FROM local_account
     ORDER BY login";

const ROLES: &str = "SELECT role FROM account_role WHERE staff_id = :staff_id ORDER BY role";

const PUT: &str = "
    INSERT INTO local_account (staff_id, login, name, initials, password_hash, is_active)
    VALUES (:staff_id, :login, :name, :initials, :password_hash, :is_active)
    ON CONFLICT (staff_id) DO UPDATE
       SET login = excluded.login, name = excluded.name, initials = excluded.initials,
           is_active = excluded.is_active";

const SET_PASSWORD: &str = "
    UPDATE local_account
       SET password_hash = :password_hash, failed_attempts = 0, locked_until_at = NULL
     WHERE staff_id = :staff_id";

const DROP_ROLES: &str = "DELETE FROM account_role WHERE staff_id = :staff_id";
const PUT_ROLE: &str = "INSERT INTO account_role (staff_id, role) VALUES (:staff_id, :role)";

const NOTE_ATTEMPT: &str = "
    UPDATE local_account
       SET failed_attempts = :failed_attempts, locked_until_at = :locked_until_at
     WHERE staff_id = :staff_id";

impl ReadHandle<'_> {
    /// The account with this login, and its password's hash.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn account_by_login(
        &self,
        login: &str,
    ) -> Result<Option<(AccountRow, PasswordDigest)>, StoreError> {
        let login = login.trim().to_lowercase();
        let mut statement = self.connection.prepare_cached(COLUMNS_BY_LOGIN)?;
        let mut rows = statement.query(named_params! { ":login": login })?;
        rows.next()?
            .map(|row| account_row(self.connection, row))
            .transpose()
    }

    /// The account of a member of staff.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn account(&self, staff: StaffId) -> Result<Option<AccountRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(COLUMNS_BY_STAFF)?;
        let mut rows = statement.query(named_params! { ":staff_id": id!(staff) })?;
        let found = rows
            .next()?
            .map(|row| account_row(self.connection, row))
            .transpose()?;
        Ok(found.map(|(account, _)| account))
    }

    /// Every account, by login.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(ALL)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(account_row(self.connection, row)?.0);
        }
        Ok(found)
    }
}

impl WriteHandle<'_> {
    /// Makes an account, or changes everything of one but its password.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when another account has the login, or it would have no role.
    pub fn put_account(
        &mut self,
        account: &AccountRow,
        password: &PasswordDigest,
    ) -> Result<(), StoreError> {
        if account.roles.is_empty() {
            return Err(StoreError::Refused("an account has a role"));
        }
        self.changes_basics = true;
        let login = account.login.trim().to_lowercase();
        let taken = self.reading().account_by_login(&login)?;
        if taken.is_some_and(|(other, _)| other.staff != account.staff) {
            return Err(StoreError::Refused("another account has this login"));
        }
        identity::note_staff(&self.transaction, account.staff)?;
        let staff_id = id!(account.staff);
        self.transaction
            .prepare_cached(PUT)?
            .execute(named_params! {
                ":staff_id": staff_id,
                ":login": login,
                ":name": account.name,
                ":initials": account.initials,
                ":password_hash": password.0,
                ":is_active": account.is_active,
            })?;
        self.transaction
            .prepare_cached(DROP_ROLES)?
            .execute(named_params! { ":staff_id": staff_id })?;
        for role in &account.roles {
            self.transaction
                .prepare_cached(PUT_ROLE)?
                .execute(named_params! { ":staff_id": staff_id, ":role": role.code() })?;
        }
        Ok(())
    }

    /// Sets a new password, which also unlocks the account.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn set_password(
        &mut self,
        staff: StaffId,
        password: &PasswordDigest,
    ) -> Result<(), StoreError> {
        self.changes_basics = true;
        let changed = self
            .transaction
            .prepare_cached(SET_PASSWORD)?
            .execute(named_params! { ":staff_id": id!(staff), ":password_hash": password.0 })?;
        if changed == 0 {
            Err(StoreError::NotFound)
        } else {
            Ok(())
        }
    }

    /// Notes whether a sign-in succeeded; the fifth failure in a row locks the account for five minutes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn note_sign_in(
        &mut self,
        staff: StaffId,
        succeeded: bool,
    ) -> Result<AccountRow, StoreError> {
        let mut account = self.reading().account(staff)?.ok_or(StoreError::NotFound)?;
        account.failed_attempts = if succeeded {
            0
        } else {
            account.failed_attempts.saturating_add(1)
        };
        let is_locked = account.failed_attempts >= FAILURES_BEFORE_LOCK;
        account.locked_until_at = is_locked.then(|| self.now + LOCKED_FOR);
        self.transaction
            .prepare_cached(NOTE_ATTEMPT)?
            .execute(named_params! {
                ":staff_id": id!(staff),
                ":failed_attempts": account.failed_attempts,
                ":locked_until_at": account.locked_until_at.map(millis),
            })?;
        Ok(account)
    }
}

fn account_row(
    connection: &Connection,
    row: &Row<'_>,
) -> Result<(AccountRow, PasswordDigest), StoreError> {
    let staff_id: [u8; 16] = row.get("staff_id")?;
    let mut statement = connection.prepare_cached(ROLES)?;
    let codes = statement
        .query_map(named_params! { ":staff_id": staff_id }, |row| {
            row.get::<_, String>("role")
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let roles = codes
        .iter()
        .map(|code| word(code, Role::from_code))
        .collect::<Result<_, _>>()?;
    let account = AccountRow {
        staff: StaffId::from_uuid(uuid(staff_id)),
        login: row.get("login")?,
        name: row.get("name")?,
        initials: row.get("initials")?,
        roles,
        is_active: row.get("is_active")?,
        failed_attempts: row.get("failed_attempts")?,
        locked_until_at: row
            .get::<_, Option<i64>>("locked_until_at")?
            .map(moment)
            .transpose()?,
    };
    Ok((account, PasswordDigest(row.get("password_hash")?)))
}
