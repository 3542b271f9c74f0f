//! Making and checking the schema.
//!
//! Two roles: the owner, who migrates and is used for nothing else, and `skranke_runtime`, as which the server runs.
//! Basis: reliability, section 2.3.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::RngCore;
use sha2::{Digest, Sha256};

use super::super::key_file::KeyFile;
use super::super::{ServerKeys, StoreError, Stored};
use super::link::Link;

/// The schema this program works with.
pub const SCHEMA_VERSION: i32 = 11;

const MIGRATIONS: [&str; SCHEMA_VERSION as usize] = [
    include_str!("../../../migrations/postgres/0001_central_store.sql"),
    include_str!("../../../migrations/postgres/0002_epoch_opening.sql"),
    include_str!("../../../migrations/postgres/0003_profile_edition.sql"),
    include_str!("../../../migrations/postgres/0004_session.sql"),
    include_str!("../../../migrations/postgres/0005_held_work.sql"),
    include_str!("../../../migrations/postgres/0006_device_standing.sql"),
    include_str!("../../../migrations/postgres/0007_events_by_id.sql"),
    include_str!("../../../migrations/postgres/0008_device_log.sql"),
    include_str!("../../../migrations/postgres/0009_device_log_by_time.sql"),
    include_str!("../../../migrations/postgres/0010_device_successor.sql"),
    include_str!("../../../migrations/postgres/0011_device_named.sql"),
];
const RIGHTS: &str = include_str!("rights.sql");

/// Keeps two migrations at the same time apart; any number will do that nobody else uses.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7309464)";

const NONCE_BYTES: usize = 24;

fn cannot_open(why: impl Into<String>) -> StoreError {
    StoreError::CannotOpen(why.into())
}

/// Brings the schema up to this program, as its owner, and makes the server's keys where there are none.
///
/// # Errors
/// The database belongs to a newer program or another, the roles are missing, or the key file does not fit.
pub(super) async fn prepare(link: &mut Link, key: &KeyFile) -> Stored<()> {
    let has_role = link
        .query_opt(
            "SELECT 1 AS found FROM pg_roles WHERE rolname = 'skranke_runtime'",
            &[],
        )
        .await?;
    if has_role.is_none() {
        return Err(cannot_open(
            "the role skranke_runtime is missing; make it as docs/operations.md says",
        ));
    }
    link.batch("BEGIN").await?;
    link.batch(MIGRATION_LOCK).await?;
    let version = version(link).await?.unwrap_or(0);
    if version > SCHEMA_VERSION {
        return Err(cannot_open(
            "the database was written by a newer program; update this one",
        ));
    }
    let done = usize::try_from(version).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        link.batch(migration).await?;
    }
    link.batch("DELETE FROM schema_version").await?;
    link.query(
        "INSERT INTO schema_version (version) VALUES ($1)",
        &[&SCHEMA_VERSION],
    )
    .await?;
    if version == 0 {
        let mut keys = [0; 64];
        rand::rngs::OsRng.fill_bytes(&mut keys);
        link.query(
            "INSERT INTO server (id, sealed_keys) VALUES (1, $1)",
            &[&seal(&keys, key)?],
        )
        .await?;
    }
    link.batch(RIGHTS).await?;
    link.batch("COMMIT").await?;
    server_keys(link, key).await.map(|_| ())
}

/// Checks, as the running server, that this is our schema and that nothing stands open.
///
/// # Errors
/// Another version, a role that passes row security, or a table or view that shows every municipality's rows.
pub(super) async fn check(link: &mut Link) -> Stored<()> {
    check_version(link).await?;
    let role = link
        .query_opt(
            "SELECT rolsuper OR rolbypassrls AS passes FROM pg_roles WHERE rolname = current_user",
            &[],
        )
        .await?;
    if role.map(|row| row.try_get("passes")).transpose()? != Some(false) {
        return Err(cannot_open(
            "the server must not run as a role that passes row security; use skranke_runtime",
        ));
    }
    let Some(open) = link.query_opt(UNFORCED, &[]).await? else {
        return Ok(());
    };
    let relation: String = open.try_get("relation")?;
    Err(cannot_open(format!(
        "{relation} is without forced row security: for a table run skranke-server prepare-database, a view drop or make \
         with security_invoker = true"
    )))
}

/// Checks, before all municipalities are carried in or out, that this is our schema and its owner's role.
///
/// Row security shows any other role no municipality at all, and a copy of nothing would pass every check.
///
/// # Errors
/// Another version, or a role that does not own the tables.
pub(super) async fn check_owner(link: &mut Link) -> Stored<()> {
    check_version(link).await?;
    let row = link
        .query_opt(
            "SELECT tableowner = current_user AS owns FROM pg_tables WHERE schemaname = 'public' AND tablename = 'tenant'",
            &[],
        )
        .await?;
    if row.map(|row| row.try_get("owns")).transpose()? == Some(true) {
        Ok(())
    } else {
        Err(cannot_open(
            "this role would see no municipality; let --store name the schema's owner, skranke_owner",
        ))
    }
}

/// Checks that this is our schema.
///
/// # Errors
/// It is of another version.
pub(super) async fn check_version(link: &mut Link) -> Stored<()> {
    match version(link).await? {
        Some(version) if version == SCHEMA_VERSION => Ok(()),
        Some(version) if version > SCHEMA_VERSION => Err(cannot_open(
            "the database was written by a newer program; update this one",
        )),
        _ => Err(cannot_open(
            "the database is not prepared for this program; run skranke-server prepare-database",
        )),
    }
}

/// A table with a tenant whose rows are not kept apart, or a view that shows rows of one, in whatever schema and through
/// whatever other views.
///
/// A view reads as its owner, who may pass row security, but for one that reads as whoever asks; where that one stands on
/// a view that does not, the other is found. A materialised view holds the rows themselves. `pg_shown`, like the tables it
/// is made of, holds names alone.
const UNFORCED: &str = "
    WITH RECURSIVE pg_shown AS (
           SELECT c.oid
             FROM pg_class AS c
             JOIN pg_namespace AS n ON n.oid = c.relnamespace
             JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
            WHERE n.nspname = 'public'
              AND c.relkind IN ('r', 'p', 'v', 'm')
            UNION
           SELECT w.ev_class
             FROM pg_shown AS s
             JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
                                AND d.classid = 'pg_rewrite'::regclass
             JOIN pg_rewrite AS w ON w.oid = d.objid AND w.ev_type = '1'
         )
    SELECT format('%s.%s', n.nspname, c.relname) AS relation
      FROM pg_shown AS s
      JOIN pg_class AS c ON c.oid = s.oid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE CASE
             WHEN c.relkind IN ('r', 'p') THEN NOT (c.relrowsecurity AND c.relforcerowsecurity)
             WHEN c.relkind = 'v' THEN
               NOT coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
             ELSE true
           END
     ORDER BY relation
     LIMIT 1";

async fn version(link: &mut Link) -> Stored<Option<i32>> {
    let exists = link
        .query_opt(
            "SELECT 1 AS found FROM pg_tables WHERE schemaname = 'public' AND tablename = 'schema_version'",
            &[],
        )
        .await?;
    if exists.is_none() {
        return Ok(None);
    }
    let row = link
        .query_opt("SELECT version FROM schema_version", &[])
        .await?;
    Ok(row.map(|row| row.try_get("version")).transpose()?)
}

/// Reads the server's keys.
///
/// # Errors
/// The key file is not the one they were sealed with.
pub(super) async fn server_keys(link: &mut Link, key: &KeyFile) -> Stored<ServerKeys> {
    let row = link
        .query_opt("SELECT sealed_keys FROM server WHERE id = 1", &[])
        .await?
        .ok_or(StoreError::Row("server"))?;
    let opened = open(row.try_get("sealed_keys")?, key)?;
    let (signing_seed, index_key) = opened.split_at(32);
    Ok(ServerKeys {
        signing_seed: signing_seed
            .try_into()
            .map_err(|_| StoreError::Row("server"))?,
        index_key: index_key
            .try_into()
            .map_err(|_| StoreError::Row("server"))?,
    })
}

/// Puts other keys in place of those made at preparing.
pub(super) async fn replace_server_keys(
    link: &mut Link,
    keys: &ServerKeys,
    key: &KeyFile,
) -> Stored<()> {
    let plain = [keys.signing_seed, keys.index_key].concat();
    link.query(
        "UPDATE server SET sealed_keys = $1 WHERE id = 1",
        &[&seal(&plain, key)?],
    )
    .await?;
    Ok(())
}

fn cipher(key: &KeyFile) -> XChaCha20Poly1305 {
    let derived = Sha256::new()
        .chain_update(b"skranke/server-keys/1\0")
        .chain_update(key.as_bytes())
        .finalize();
    XChaCha20Poly1305::new(&derived)
}

fn seal(plain: &[u8], key: &KeyFile) -> Stored<Vec<u8>> {
    let mut sealed = vec![0; NONCE_BYTES];
    rand::rngs::OsRng.fill_bytes(&mut sealed);
    let body = cipher(key)
        .encrypt(XNonce::from_slice(&sealed), plain)
        .map_err(|_| cannot_open("the server's keys cannot be sealed"))?;
    sealed.extend(body);
    Ok(sealed)
}

fn open(sealed: &[u8], key: &KeyFile) -> Stored<Vec<u8>> {
    let does_not_fit = || cannot_open("the key file does not fit the database");
    let (nonce, body) = sealed
        .split_at_checked(NONCE_BYTES)
        .ok_or_else(does_not_fit)?;
    cipher(key)
        .decrypt(XNonce::from_slice(nonce), body)
        .map_err(|_| does_not_fit())
}
