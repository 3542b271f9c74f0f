//! The backend for PostgreSQL 15 and later, for municipalities that run their own database.
//!
//! Every transaction names its municipality, and row-level security shows it no other's rows. A commit counts only
//! when the database answered it without a warning, so with a synchronous standby an acknowledgement means that the
//! standby has it too. Calls block on a small runtime of their own.
//! Basis: design, section 6; reliability, findings 1 to 3 and 9.

mod address;
mod device_log;
mod gathered;
mod link;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod transaction;
mod transfer;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use deadpool::managed::{Object, Pool, PoolError};
use skranke_domain::ids::{CaseId, DeviceId, GrantId, Sha256Digest, StaffId};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::Scope;
use tokio::runtime::Runtime;
use tokio_postgres::Row;
use uuid::Uuid;

use self::link::{Connector, Link};
use self::row::{DEVICE_COLUMNS, EVENT_COLUMNS, number};
use super::again::until_it_stands;
use super::key_file::KeyFile;
use super::{
    Alarm, Attachment, AuditEntry, CentralStore, CentralTransaction, Device, EnrolmentCode,
    FeedSlice, NewFeedItem, Page, ServerKeys, Staff, StoreError, Stored, StoredEdition,
    StoredFeedItem, StoredGrant, Tenant,
};
use crate::audit::AuditSeal;
use crate::tls;
pub use address::{AddressError, PostgresAddress};
pub use schema::SCHEMA_VERSION;

/// How many positions one page of a device of limited scope looks through.
const SCOPE_WINDOW: u64 = 10_000;
/// Rows of the feed read at once: with the largest events there are, some megabytes.
const ROWS_AT_ONCE: i64 = 64;
/// How long a call waits for a free connection.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(5);
/// How long one of the hosts may take until a connection to it can be used; then the next one is asked.
const FIRST_WORD: Duration = Duration::from_secs(5);
/// How long a host may leave what was sent to it without a sign that it came, before the connection is given up: where
/// cable or power went there is no end to be heard, and a municipality has one writer. A commit that waits for its
/// standby is not cut short by it, since its host has the request.
const GONE_AFTER: Duration = Duration::from_secs(25);
/// Settings of every session. Waiting for a lock or idling in a transaction holds others up and is cut short; a commit
/// that waits for its standby is not, since nobody could say afterwards what became of it. Every query here goes by an
/// index; a plan made while a table was still empty must not read all of it later.
const SESSION: &str = "-c lock_timeout=2s -c idle_in_transaction_session_timeout=60s -c timezone=UTC \
                       -c default_text_search_config=pg_catalog.simple -c client_min_messages=warning \
                       -c enable_seqscan=off";

/// The PostgreSQL backend.
pub struct PostgresStore {
    pool: Pool<Connector>,
    key: KeyFile,
    /// Last, so that connections end before what drives them; taken only when the store is dropped.
    runtime: Option<Runtime>,
}

impl PostgresStore {
    /// Connects as the running server and checks what it finds.
    ///
    /// The address names several hosts where there are standbys.
    ///
    /// # Errors
    /// Nobody answers, the schema is not this program's, or the key file does not fit.
    pub fn open(address: &PostgresAddress, key: &KeyFile) -> Stored<Self> {
        let store = Self::connect(address, key)?;
        store.runtime()?.block_on(async {
            let mut link = store.link().await.map_err(unreachable_database)?;
            schema::check(&mut link).await
        })?;
        store.server_keys()?;
        Ok(store)
    }

    fn connect(address: &PostgresAddress, key: &KeyFile) -> Stored<Self> {
        let connector = connector(address)?;
        let runtime = runtime()?;
        let pool = Pool::builder(connector)
            .max_size(address.connections)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|_| StoreError::CannotOpen("the connection pool cannot be made".to_owned()))?;
        Ok(Self {
            pool,
            key: key.clone(),
            runtime: Some(runtime),
        })
    }

    /// Connects as the schema's owner, to carry all municipalities in or out; serves nobody.
    ///
    /// # Errors
    /// As [`PostgresStore::open`], or the role does not own the schema.
    pub fn open_as_owner(address: &PostgresAddress, key: &KeyFile) -> Stored<Self> {
        let store = Self::connect(address, key)?;
        store.runtime()?.block_on(async {
            let mut link = store.link().await.map_err(unreachable_database)?;
            schema::check_owner(&mut link).await
        })?;
        store.server_keys()?;
        Ok(store)
    }

    /// Brings the schema up to this program; `address` names its owner.
    ///
    /// # Errors
    /// As the text says; nothing is changed then.
    pub fn prepare(address: &PostgresAddress, key: &KeyFile) -> Stored<()> {
        let connector = connector(address)?;
        runtime()?.block_on(async {
            let mut link = connector.connect().await.map_err(unreachable_database)?;
            schema::prepare(&mut link, key).await
        })
    }

    fn runtime(&self) -> Stored<&Runtime> {
        self.runtime
            .as_ref()
            .ok_or_else(|| StoreError::CannotOpen("the store is closed".to_owned()))
    }

    async fn link(&self) -> Stored<Object<Connector>> {
        let taken = self.pool.get().await;
        taken.map_err(|error| {
            if let PoolError::Backend(error) = error {
                error
            } else {
                StoreError::Database(Box::new(error))
            }
        })
    }

    /// Reads one snapshot of one municipality.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is to be done is written where it is called"
    )]
    fn read<T>(&self, tenant: &str, work: impl AsyncFn(&mut Link) -> Stored<T>) -> Stored<T> {
        until_it_stands(|| self.read_once(tenant, &work))
    }

    /// The same for what cannot be run again, because it has given out rows by then.
    fn read_once<T>(
        &self,
        tenant: &str,
        work: impl AsyncFnOnce(&mut Link) -> Stored<T>,
    ) -> Stored<T> {
        self.runtime()?.block_on(async {
            let mut link = self.link().await?;
            link.begin_reading(tenant).await?;
            match work(&mut link).await {
                Ok(found) => link.end_reading().await.map(|()| found),
                Err(error) => Err(link.give_up(error).await),
            }
        })
    }

    /// Writes a single row of a municipality, outside its feed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is to be done is written where it is called"
    )]
    fn write(&self, tenant: &str, work: impl AsyncFn(&mut Link) -> Stored<()>) -> Stored<()> {
        until_it_stands(|| self.write_once(tenant, &work))
    }

    /// The same for what cannot be run again, because it has used up what it was given.
    fn write_once(
        &self,
        tenant: &str,
        work: impl AsyncFnOnce(&mut Link) -> Stored<()>,
    ) -> Stored<()> {
        self.runtime()?.block_on(async {
            let mut link = self.link().await?;
            link.begin_writing(tenant).await?;
            match work(&mut link).await {
                Ok(()) => link.commit().await,
                Err(error) => Err(link.give_up(error).await),
            }
        })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.pool.close();
        if let Some(runtime) = self.runtime.take() {
            // Dropping a runtime waits, which a thread that serves requests must not.
            runtime.shutdown_background();
        }
    }
}

fn connector(address: &PostgresAddress) -> Stored<Connector> {
    let tls = address.authorities.as_ref().map(tls::client).transpose();
    let tls = tls.map_err(|error| StoreError::CannotOpen(error.to_string()))?;
    Ok(Connector::new(
        address.each.iter().map(patient).collect(),
        tls,
    ))
}

/// How a connection to one of the hosts is made, and how long each of them may be silent.
fn patient(driver: &tokio_postgres::Config) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::clone(driver);
    config
        .application_name("skranke-server")
        .options(SESSION)
        .target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite)
        .connect_timeout(FIRST_WORD)
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        // What was sent to a host that is gone is no sign of life to wait for.
        .tcp_user_timeout(GONE_AFTER);
    config
}

fn runtime() -> Stored<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("postgres")
        .enable_all()
        .build()
        .map_err(|_| StoreError::CannotOpen("no threads for the database".to_owned()))
}

/// Says what the person at the console must look at; the database's own words may hold names.
fn unreachable_database(error: StoreError) -> StoreError {
    if matches!(error, StoreError::CannotOpen(_)) {
        return error;
    }
    StoreError::CannotOpen(match link::tls_fault(&error) {
        Some(fault) => format!("the database cannot be reached safely: {fault}"),
        None => "the database does not answer, or refuses the role or its password".to_owned(),
    })
}

const TENANT: &str = "
    SELECT tenant, epoch, position, frontier, backup_position, audit_rows, epoch_opening
      FROM tenant
     WHERE tenant = $1";

async fn tenant(link: &mut Link, code: &str) -> Stored<Tenant> {
    the_tenant(&link.query(TENANT, &[&code]).await?)
}

fn the_tenant(found: &[Row]) -> Stored<Tenant> {
    row::tenant(found.first().ok_or(StoreError::NoSuchTenant)?)
}

fn device_query() -> String {
    [
        "SELECT ",
        DEVICE_COLUMNS,
        " FROM device WHERE tenant = $1 AND id = $2",
    ]
    .concat()
}

async fn device(link: &mut Link, tenant: &str, id: DeviceId) -> Stored<Option<Device>> {
    let sql = device_query();
    let found = link.query_opt(&sql, &[&tenant, &id.as_uuid()]).await?;
    found.as_ref().map(row::device).transpose()
}

const NEWEST_EDITION: &str =
    "SELECT coalesce(max(edition), 0)::bigint AS newest FROM profile_edition WHERE tenant = $1";

async fn grant(link: &mut Link, tenant: &str, id: GrantId) -> Stored<Option<StoredGrant>> {
    const GRANT: &str = "
        SELECT body, signature, revoked_at, generation, renewed_at, ended_at
          FROM staff_grant
         WHERE tenant = $1 AND id = $2";
    let found = link.query_opt(GRANT, &[&tenant, &id.as_uuid()]).await?;
    found.as_ref().map(row::grant).transpose()
}

async fn staff(link: &mut Link, tenant: &str, id: StaffId) -> Stored<Option<Staff>> {
    const STAFF: &str = "
        SELECT id, login, password_hash, roles, active
          FROM staff
         WHERE tenant = $1 AND id = $2";
    let found = link.query_opt(STAFF, &[&tenant, &id.as_uuid()]).await?;
    found.as_ref().map(row::staff).transpose()
}

async fn staff_by_login(link: &mut Link, tenant: &str, login: &str) -> Stored<Option<Staff>> {
    const STAFF: &str = "
        SELECT id, login, password_hash, roles, active
          FROM staff
         WHERE tenant = $1 AND login = $2";
    let found = link.query_opt(STAFF, &[&tenant, &login]).await?;
    found.as_ref().map(row::staff).transpose()
}

async fn enrolment_code(
    link: &mut Link,
    tenant: &str,
    digest: &[u8; 32],
) -> Stored<Option<EnrolmentCode>> {
    const CODE: &str = "
        SELECT digest, scope, expires_at, device_id
          FROM enrolment_code
         WHERE tenant = $1 AND digest = $2";
    let found = link.query_opt(CODE, &[&tenant, &digest.as_slice()]).await?;
    found.as_ref().map(row::enrolment_code).transpose()
}

/// Accepted events of a case up to a position, in feed order.
async fn case_events(
    link: &mut Link,
    tenant: &str,
    case_id: CaseId,
    up_to: u64,
) -> Stored<Vec<SealedEvent>> {
    let sql = [
        "SELECT ",
        EVENT_COLUMNS,
        " FROM event WHERE tenant = $1 AND case_id = $2 AND position <= $3 ORDER BY position",
    ]
    .concat();
    let rows = link
        .query(&sql, &[&tenant, &case_id.as_uuid(), &number(up_to)])
        .await?;
    rows.iter().map(row::sealed).collect()
}

/// Items with the event each carries, in one query.
async fn audit_rows(
    link: &mut Link,
    tenant: &str,
    after: u64,
    limit: u32,
) -> Stored<Vec<AuditEntry>> {
    const AUDIT_ROWS: &str = "
        SELECT id, number, at, device_id, staff_id, action, purpose, case_id, citizen_digest, detail
          FROM audit
         WHERE tenant = $1 AND number > $2
         ORDER BY number
         LIMIT $3";
    let rows = link
        .query(AUDIT_ROWS, &[&tenant, &number(after), &i64::from(limit)])
        .await?;
    rows.iter().map(row::audit_entry).collect()
}

async fn audit_seal(link: &mut Link, tenant: &str, wanted: u64) -> Stored<Option<AuditSeal>> {
    const AUDIT_SEAL: &str = "
        SELECT number, first_row, last_row, previous, digests, signature, sealed_at
          FROM audit_seal
         WHERE tenant = $1 AND number >= $2
         ORDER BY number
         LIMIT 1";
    let found = link
        .query_opt(AUDIT_SEAL, &[&tenant, &number(wanted)])
        .await?;
    found.as_ref().map(row::audit_seal).transpose()
}

fn feed_query() -> String {
    [
        "SELECT f.position AS at_position, f.item, f.case_id AS item_case, ",
        EVENT_COLUMNS,
        " FROM feed_item AS f
          LEFT JOIN event ON event.tenant = f.tenant AND event.id = f.event_id AND event.hash = f.event_hash
         WHERE f.tenant = $1
           AND f.position > $2
           AND f.position <= $3
           AND (f.device_id IS NULL OR f.device_id = $4)
           AND (f.item <> 'event' OR $5 OR EXISTS (
                 SELECT 1
                   FROM device_scope AS s
                  WHERE s.tenant = f.tenant
                    AND s.device_id = $4
                    AND s.case_id = f.case_id
                    AND s.entered_position < f.position
                    AND (s.left_position IS NULL OR s.left_position > f.position)))
         ORDER BY f.position
         LIMIT $6",
    ]
    .concat()
}

/// How many rows are read next where so many may still be given.
fn rows_at_once(left: usize) -> i64 {
    i64::try_from(left).map_or(ROWS_AT_ONCE, |left| left.min(ROWS_AT_ONCE))
}

async fn feed_item(link: &mut Link, tenant: &str, row: &Row) -> Stored<(u64, StoredFeedItem)> {
    let position = row::count(row, "at_position")?;
    let case_id = CaseId::from_uuid(row.try_get("item_case")?);
    let item = match row.try_get("item")? {
        "event" => StoredFeedItem::Event(row::sealed(row)?),
        "scope_entered" => StoredFeedItem::ScopeEntered(
            case_id,
            case_events(link, tenant, case_id, position).await?,
        ),
        "scope_left" => StoredFeedItem::ScopeLeft(case_id),
        _ => return Err(StoreError::Row("feed_item")),
    };
    Ok((position, item))
}

impl CentralStore for PostgresStore {
    fn server_keys(&self) -> Stored<ServerKeys> {
        until_it_stands(|| {
            self.runtime()?.block_on(async {
                let mut link = self.link().await?;
                schema::server_keys(&mut link, &self.key).await
            })
        })
    }

    fn create_tenant(&self, tenant: &str, now: DateTime<Utc>) -> Stored<()> {
        self.write(tenant, async |link| {
            link.query(
                "INSERT INTO tenant (tenant, epoch, position, frontier, backup_position, next_device, audit_rows, created_at)
                 VALUES ($1, 1, 0, '', 0, 1, 0, $2)
                 ON CONFLICT (tenant) DO NOTHING",
                &[&tenant, &now],
            )
            .await?;
            Ok(())
        })
    }

    fn begin(&self, tenant: &str) -> Stored<Box<dyn CentralTransaction + '_>> {
        let runtime = self.runtime()?.handle().clone();
        let link = runtime.block_on(self.link())?;
        Ok(Box::new(transaction::PostgresTransaction::begin(
            runtime, link, tenant,
        )?))
    }

    fn tenant(&self, code: &str) -> Stored<Tenant> {
        self.read(code, async |link| tenant(link, code).await)
    }

    fn device(&self, tenant: &str, id: DeviceId) -> Stored<Option<Device>> {
        self.read(tenant, async |link| device(link, tenant, id).await)
    }

    fn device_and_tenant(&self, code: &str, id: DeviceId) -> Stored<Option<(Device, Tenant)>> {
        self.read(code, async |link| {
            let (device, tenant) = link
                .query_both(
                    (&device_query(), &[&code, &id.as_uuid()]),
                    (TENANT, &[&code]),
                )
                .await?;
            let known = |row| Ok((row::device(row)?, the_tenant(&tenant)?));
            device.first().map(known).transpose()
        })
    }

    fn feed(&self, code: &str, device: &Device, after: u64, limit: u32) -> Stored<FeedSlice> {
        self.read(code, async |link| {
            let feed = feed_query();
            let all_cases = device.scope == Scope::Tenant;
            // The snapshot has an end of its own; this one may be behind it.
            let window = if all_cases { u64::MAX } else { SCOPE_WINDOW };
            let end = after.saturating_add(window);
            let (end_at, device_id) = (number(end), device.id.as_uuid());
            let limit = limit as usize;
            let mut page = Page::default();
            let mut is_cut = false;

            let mut ask = rows_at_once(limit);
            let (found, mut rows) = link
                .query_both(
                    (TENANT, &[&code]),
                    (
                        &feed,
                        &[&code, &number(after), &end_at, &device_id, &all_cases, &ask],
                    ),
                )
                .await?;
            let tenant = the_tenant(&found)?;
            loop {
                for row in &rows {
                    let (position, item) = feed_item(link, code, row).await?;
                    if !page.takes(position, item) {
                        is_cut = true;
                        break;
                    }
                }
                let is_all = (rows.len() as i64) < ask;
                let Some((from, _)) = page.items.last() else {
                    break;
                };
                if is_all || is_cut || page.items.len() >= limit {
                    break;
                }
                ask = rows_at_once(limit - page.items.len());
                let from = number(*from);
                rows = link
                    .query(
                        &feed,
                        &[&code, &from, &end_at, &device_id, &all_cases, &ask],
                    )
                    .await?;
            }

            let items = page.items;
            let is_full = is_cut || items.len() >= limit;
            let read_to = match items.last() {
                Some((position, _)) if is_full => *position,
                _ => end.min(tenant.position()),
            };
            Ok(FeedSlice {
                items,
                read_to,
                tenant,
            })
        })
    }

    fn feed_items(&self, tenant: &str, after: u64, to: u64) -> Stored<Vec<NewFeedItem>> {
        const FEED_ITEMS: &str = "
            SELECT item, case_id, event_id, event_hash, device_id
              FROM feed_item
             WHERE tenant = $1 AND position > $2 AND position <= $3
             ORDER BY position";
        self.read(tenant, async |link| {
            let rows = link
                .query(FEED_ITEMS, &[&tenant, &number(after), &number(to)])
                .await?;
            rows.iter().map(row::new_feed_item).collect()
        })
    }

    fn scope(&self, tenant: &str, device: DeviceId) -> Stored<BTreeSet<CaseId>> {
        const CASES: &str = "
            SELECT case_id
              FROM device_scope
             WHERE tenant = $1 AND device_id = $2 AND left_position IS NULL";
        self.read(tenant, async |link| {
            let rows = link.query(CASES, &[&tenant, &device.as_uuid()]).await?;
            let case = |row: &Row| Ok(CaseId::from_uuid(row.try_get("case_id")?));
            rows.iter().map(case).collect()
        })
    }

    fn grant(&self, tenant: &str, id: GrantId) -> Stored<Option<StoredGrant>> {
        self.read(tenant, async |link| grant(link, tenant, id).await)
    }

    fn staff(&self, tenant: &str, id: StaffId) -> Stored<Option<Staff>> {
        self.read(tenant, async |link| staff(link, tenant, id).await)
    }

    fn staff_by_login(&self, tenant: &str, login: &str) -> Stored<Option<Staff>> {
        self.read(tenant, async |link| {
            staff_by_login(link, tenant, login).await
        })
    }

    fn enrolment_code(&self, tenant: &str, digest: &[u8; 32]) -> Stored<Option<EnrolmentCode>> {
        self.read(tenant, async |link| {
            enrolment_code(link, tenant, digest).await
        })
    }

    fn attachment(&self, tenant: &str, digest: &Sha256Digest) -> Stored<Option<Attachment>> {
        const ATTACHMENT: &str = "
            SELECT size_bytes, media_type
              FROM attachment
             WHERE tenant = $1 AND digest = $2";
        self.read(tenant, async |link| {
            let found = link
                .query_opt(ATTACHMENT, &[&tenant, &digest.as_bytes().as_slice()])
                .await?;
            found.map(|row| row::attachment(&row, *digest)).transpose()
        })
    }

    fn newest_edition(&self, tenant: &str) -> Stored<u32> {
        self.read(tenant, async |link| {
            let found = link.query_opt(NEWEST_EDITION, &[&tenant]).await?;
            found.map_or(Ok(0), |row| row::edition_number(&row, "newest"))
        })
    }

    fn editions(&self, tenant: &str, after: u32, limit: u32) -> Stored<Vec<StoredEdition>> {
        const EDITIONS: &str = "
            SELECT edition, body, device_id, staff_id, initials, reason, made_at
              FROM profile_edition
             WHERE tenant = $1 AND edition > $2
             ORDER BY edition
             LIMIT $3";
        self.read(tenant, async |link| {
            let rows = link
                .query(EDITIONS, &[&tenant, &i64::from(after), &i64::from(limit)])
                .await?;
            rows.iter().map(row::edition).collect()
        })
    }

    fn receipts(&self, tenant: &str, hash: &[u8; 32]) -> Stored<u64> {
        self.read(tenant, async |link| {
            let found = link
                .query_opt(
                    "SELECT coalesce(sum(times), 0)::bigint AS times
                       FROM receipt
                      WHERE tenant = $1 AND event_hash = $2",
                    &[&tenant, &hash.as_slice()],
                )
                .await?;
            row::count(&found.ok_or(StoreError::Row("receipt"))?, "times")
        })
    }

    fn alarms(&self, tenant: &str) -> Stored<Vec<Alarm>> {
        self.read(tenant, async |link| {
            let rows = link
                .query(
                    "SELECT code, device_id, raised_at FROM alarm WHERE tenant = $1 ORDER BY id",
                    &[&tenant],
                )
                .await?;
            rows.iter().map(row::alarm).collect()
        })
    }

    fn audit(&self, tenant: &str, after: Option<Uuid>, limit: u32) -> Stored<Vec<AuditEntry>> {
        self.read(tenant, async |link| {
            let rows = link
                .query(
                    "SELECT id, number, at, device_id, staff_id, action, purpose, case_id, citizen_digest, detail
                       FROM audit
                      WHERE tenant = $1 AND id > $2
                      ORDER BY id
                      LIMIT $3",
                    &[&tenant, &after.unwrap_or(Uuid::nil()), &i64::from(limit)],
                )
                .await?;
            rows.iter().map(row::audit_entry).collect()
        })
    }

    fn audit_rows(&self, tenant: &str, after: u64, limit: u32) -> Stored<Vec<AuditEntry>> {
        self.read(tenant, async |link| {
            audit_rows(link, tenant, after, limit).await
        })
    }

    fn audit_seal(&self, tenant: &str, wanted: u64) -> Stored<Option<AuditSeal>> {
        self.read(tenant, async |link| audit_seal(link, tenant, wanted).await)
    }

    fn ping(&self) -> Stored<()> {
        self.runtime()?.block_on(async {
            let mut link = self.link().await?;
            link.batch("SELECT 1").await
        })
    }
}
