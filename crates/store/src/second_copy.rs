//! The second copy of accounts, settings and the municipality's profile: a sealed file beside the database, whole or absent.
//!
//! The outbox log remembers what was recorded and who this device is, but not who may sign in. Without this copy a
//! ruined database would leave a computer with every citizen's form on it and nobody who can open the door.
//! It is read only when a database has no account at all, so it never takes anything back.
//!
//! Basis: design, section 5; decision 4.

use std::fs;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use chrono::{DateTime, Utc};
use rand::RngCore;
use rand::rngs::OsRng;
use rusqlite::{Connection, named_params};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::StaffId;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::files;
use crate::key::{Secret, StoreKey, Use};
use crate::tables::identity;
use crate::tables::profile::{self, EditionRow};
use crate::value::{id, millis, moment, uuid};

const FILE_NAME: &str = "settings.copy";
const MAGIC: &[u8; 8] = b"SKRCOPY1";
const NONCE_BYTES: usize = 24;
/// Noted at contacts with the central store and found or made again at the next: not worth a write to the disk.
/// The tree over the feed stands where the cursor does, and is of no use to a database that reads from the beginning.
const FLEETING: [&str; 2] = ["central_clock", "followed_tree"];

const ACCOUNTS: &str = "
    SELECT staff_id, login, name, initials, password_hash, is_active FROM local_account ORDER BY staff_id";
const ROLES: &str = "SELECT role FROM account_role WHERE staff_id = :staff_id ORDER BY role";
const SETTINGS: &str = "SELECT name, value FROM setting ORDER BY name";
const COUNT: &str = "SELECT count(*) FROM local_account";
const PUT_ACCOUNT: &str = "
    INSERT OR IGNORE INTO local_account (staff_id, login, name, initials, password_hash, is_active)
    VALUES (:staff_id, :login, :name, :initials, :password_hash, :is_active)";
const PUT_ROLE: &str =
    "INSERT OR IGNORE INTO account_role (staff_id, role) VALUES (:staff_id, :role)";
const PUT_SETTING: &str =
    "INSERT OR IGNORE INTO setting (name, value, updated_at) VALUES (:name, :value, :now)";

/// Whether a change of this setting is worth a new copy.
pub(crate) fn keeps(setting: &str) -> bool {
    !FLEETING.contains(&setting)
}

/// Accounts and settings as they stood.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Basics {
    accounts: Vec<CopiedAccount>,
    settings: Vec<(String, String)>,
    /// Editions of the profile, newest first; a copy of an older program has none.
    #[serde(default)]
    editions: Vec<CopiedEdition>,
    /// Those that were lost when the central store was restored, newest first.
    #[serde(default)]
    lost_editions: Vec<CopiedEdition>,
}

#[derive(Serialize, Deserialize)]
struct CopiedEdition {
    edition: u32,
    body: String,
    staff_id: [u8; 16],
    initials: String,
    reason: String,
    made_at: i64,
}

#[derive(Serialize, Deserialize)]
struct CopiedAccount {
    staff_id: [u8; 16],
    login: String,
    name: String,
    initials: String,
    password_hash: String,
    is_active: bool,
    roles: Vec<String>,
}

impl Basics {
    /// Reads them from a database.
    pub(crate) fn of(connection: &Connection) -> Result<Self, StoreError> {
        let mut accounts = Vec::new();
        let mut statement = connection.prepare_cached(ACCOUNTS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let staff_id: [u8; 16] = row.get("staff_id")?;
            let mut roles = connection.prepare_cached(ROLES)?;
            let roles = roles.query_map(named_params! { ":staff_id": staff_id }, |row| {
                row.get("role")
            })?;
            accounts.push(CopiedAccount {
                staff_id,
                login: row.get("login")?,
                name: row.get("name")?,
                initials: row.get("initials")?,
                password_hash: row.get("password_hash")?,
                is_active: row.get("is_active")?,
                roles: roles.collect::<Result<_, _>>()?,
            });
        }
        let mut statement = connection.prepare_cached(SETTINGS)?;
        let mut settings: Vec<(String, String)> = statement
            .query_map([], |row| Ok((row.get("name")?, row.get("value")?)))?
            .collect::<Result<_, _>>()?;
        settings.retain(|(name, _)| keeps(name));
        // A damaged database of an older program has no such tables, and its accounts count all the same.
        let editions = profile::all(connection).unwrap_or_default();
        let lost_editions = profile::lost(connection).unwrap_or_default();
        let copied = |rows: Vec<EditionRow>| rows.into_iter().map(CopiedEdition::of).collect();
        Ok(Self {
            accounts,
            settings,
            editions: copied(editions),
            lost_editions: copied(lost_editions),
        })
    }

    /// Puts them into a database that has no account; returns how many accounts there are then.
    pub(crate) fn restore_into(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        let count = || connection.query_row(COUNT, [], |row| row.get::<_, u32>(0));
        if count()? > 0 {
            return Ok(count()?);
        }
        for account in &self.accounts {
            identity::note_staff(connection, StaffId::from_uuid(uuid(account.staff_id)))?;
            connection
                .prepare_cached(PUT_ACCOUNT)?
                .execute(named_params! {
                    ":staff_id": account.staff_id,
                    ":login": account.login,
                    ":name": account.name,
                    ":initials": account.initials,
                    ":password_hash": account.password_hash,
                    ":is_active": account.is_active,
                })?;
            for role in &account.roles {
                connection
                    .prepare_cached(PUT_ROLE)?
                    .execute(named_params! { ":staff_id": account.staff_id, ":role": role })?;
            }
        }
        // A copy that an older program made has the fleeting ones too.
        for (name, value) in self.settings.iter().filter(|(name, _)| keeps(name)) {
            connection
                .prepare_cached(PUT_SETTING)?
                .execute(named_params! { ":name": name, ":value": value, ":now": millis(now) })?;
        }
        let mut known = profile::all(connection)?.len();
        for edition in self.editions.iter().rev() {
            if edition.edition as usize == known + 1 {
                profile::insert(connection, &edition.row()?)?;
                known += 1;
            }
        }
        if profile::count_lost(connection)? == 0 {
            for edition in self.lost_editions.iter().rev() {
                profile::insert_lost(connection, &edition.row()?)?;
            }
        }
        Ok(count()?)
    }

    fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        serde_json::to_vec(self)
            .map(Zeroizing::new)
            .map_err(|_| StoreError::Refused("accounts and settings can be written as JSON"))
    }
}

impl CopiedEdition {
    fn of(row: EditionRow) -> Self {
        Self {
            edition: row.edition,
            body: row.body,
            staff_id: id!(row.staff),
            initials: row.initials,
            reason: row.reason,
            made_at: millis(row.made_at),
        }
    }

    fn row(&self) -> Result<EditionRow, StoreError> {
        Ok(EditionRow {
            edition: self.edition,
            body: self.body.clone(),
            staff: StaffId::from_uuid(uuid(self.staff_id)),
            initials: self.initials.clone(),
            reason: self.reason.clone(),
            made_at: moment(self.made_at)?,
        })
    }
}

/// The file with the key to it.
pub(crate) struct SecondCopyFile {
    path: PathBuf,
    key: Secret,
}

impl std::fmt::Debug for SecondCopyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecondCopyFile(…)")
    }
}

impl SecondCopyFile {
    pub(crate) fn new(folder: &Path, key: &StoreKey) -> Self {
        Self {
            path: folder.join(FILE_NAME),
            key: key.derive(Use::SecondCopy),
        }
    }

    /// What the copy holds; `None` where there is none that can be read.
    pub(crate) fn read(&self) -> Option<Basics> {
        let bytes = fs::read(&self.path).ok()?;
        let (nonce, sealed) = bytes.strip_prefix(MAGIC)?.split_at_checked(NONCE_BYTES)?;
        let payload = Payload {
            msg: sealed,
            aad: MAGIC,
        };
        let plain = XChaCha20Poly1305::new(self.key.as_slice().into())
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// Writes the copy anew, unless it says the same already.
    pub(crate) fn write(&self, basics: &Basics) -> Result<(), StoreError> {
        let plain = basics.to_json()?;
        let known = self.read().and_then(|known| known.to_json().ok());
        if known.is_some_and(|known| known == plain) {
            return Ok(());
        }
        let mut nonce = [0; NONCE_BYTES];
        OsRng.fill_bytes(&mut nonce);
        let payload = Payload {
            msg: plain.as_slice(),
            aad: MAGIC,
        };
        let sealed = XChaCha20Poly1305::new(self.key.as_slice().into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| StoreError::Refused("accounts and settings are too large for a copy"))?;
        files::write_whole(&self.path, &[MAGIC.as_slice(), &nonce, &sealed].concat())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_program_copied_of_fleeting_settings_is_left_out() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::migrate::migrate(&mut connection).unwrap();
        let setting = |name: &str| (name.to_owned(), "1".to_owned());
        let copied = Basics {
            settings: FLEETING
                .iter()
                .chain(&["location"])
                .map(|name| setting(name))
                .collect(),
            ..Basics::default()
        };

        copied
            .restore_into(&connection, DateTime::UNIX_EPOCH)
            .unwrap();

        let found = Basics::of(&connection).unwrap();
        assert_eq!(found.settings, [setting("location")]);
        let all: u32 = connection
            .query_row("SELECT count(*) FROM setting", [], |row| row.get(0))
            .unwrap();
        assert_eq!(all, 1);
    }
}
