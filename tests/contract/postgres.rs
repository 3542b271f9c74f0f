//! What only PostgreSQL has: roles, row security, standbys.

mod audit;
mod cursor;
pub(crate) mod ending;
mod naive;
mod rights;
mod standby;
mod standbys;
mod transfer;
mod upgrade;

use std::path::Path;

use skranke_server::store::Stored;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::{PostgresAddress, PostgresStore};
use skranke_testkit::postgres::Cluster;

/// The key of the database's secrets.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// Makes roles and database on a fresh server, as `docs/operations.md` says, and opens the store as the runtime role.
pub(crate) fn prepared(cluster: &Cluster) -> PostgresStore {
    let roles =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/store/postgres/roles.sql");
    cluster.administer_file("postgres", &roles);
    let key = KeyFile::from_bytes(KEY);
    PostgresStore::prepare(
        &address(&cluster.address("skranke_owner", "skranke"), 1),
        &key,
    )
    .unwrap();
    opened(&cluster.address("skranke_runtime", "skranke")).unwrap()
}

pub(crate) fn opened(text: &str) -> Stored<PostgresStore> {
    PostgresStore::open(&address(text, 8), &KeyFile::from_bytes(KEY))
}

pub(crate) fn address(text: &str, connections: usize) -> PostgresAddress {
    PostgresAddress::read(text, None, connections).unwrap()
}
