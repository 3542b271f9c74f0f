//! What all requests share: store, writers, keys and guards.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use skranke_domain::danish_time;
use skranke_protocol::confirmation::{Confirmation, Signed, TenantHead};
use skranke_protocol::encoding::to_base64_url;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::receipt_code::DeviceCertificate;
use skranke_protocol::recovery::{RecoveryNotice, RecoverySecret};
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::wire::{Certification, DeviceState};
use tokio::sync::{Semaphore, watch};

use crate::attachments::AttachmentFolder;
use crate::audit;
use crate::auth::{ReplayGuard, Strangers};
use crate::clock::ClockWatch;
use crate::config::Config;
use crate::contact::Contacts;
use crate::log;
use crate::metrics::Metrics;
use crate::openid::OpenId;
use crate::operator;
use crate::pace::{PaceKeeper, Volumes};
use crate::problem::{Answer, Refusal};
use crate::sign_in::AttemptGuard;
use crate::store::{CentralStore, Device, ServerKeys, Stored, Tenant};
use crate::writer::Writers;

/// Reads of the store at a time. When a thousand desktops wake together, each read more would cost a thread, a
/// connection and its memory, and none would be answered sooner.
const READS_AT_ONCE: usize = 8;
/// How long a read waits for its turn before the client is told to come again.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// Days for which a device's papers are vouched for; the device asks again long before.
const CERTIFICATE_DAYS: u64 = 730;

/// The bootstrap secret of an embedded server, as its digest, and the municipality it is for.
pub(crate) struct Bootstrap {
    pub(crate) tenant: String,
    pub(crate) digest: [u8; 32],
}

/// The server's state.
pub struct Central {
    pub(crate) store: Arc<dyn CentralStore>,
    pub(crate) writers: Writers,
    pub(crate) signing_key: SigningKey,
    pub(crate) public_key: PublicKey,
    /// The key whose epochs clients believe.
    pub(crate) operator_key: PublicKey,
    pub(crate) index_key: [u8; 32],
    /// Opens what laptops sealed.
    pub(crate) recovery: RecoverySecret,
    pub(crate) keys: ServerKeys,
    pub(crate) bootstrap: Option<Bootstrap>,
    pub(crate) grant_length: TimeDelta,
    pub(crate) attachments: AttachmentFolder,
    pub(crate) replays: ReplayGuard,
    pub(crate) attempts: AttemptGuard,
    pub(crate) pace: PaceKeeper,
    pub(crate) volumes: Volumes,
    pub(crate) strangers: Strangers,
    pub(crate) contacts: Contacts,
    openid: Option<(String, OpenId)>,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) max_requests: usize,
    pub(crate) head_within: Duration,
    pub(crate) body_within: Duration,
    pub(crate) unread_within: Duration,
    pub(crate) metrics: Arc<Metrics>,
    /// The municipality of the settings.
    pub(crate) tenant: Option<String>,
    pub(crate) min_free_bytes: u64,
    reads: Semaphore,
    clock: ClockWatch,
    pub(crate) stopping: watch::Sender<bool>,
}

impl Central {
    /// Puts the state together and creates the configured municipality.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new(
        store: Arc<dyn CentralStore>,
        attachments: AttachmentFolder,
        config: &Config,
    ) -> Stored<Self> {
        if let Some(tenant) = &config.tenant {
            store.create_tenant(tenant, log::now())?;
        }
        let keys = store.server_keys()?;
        let signing_key = SigningKey::from_seed(&keys.signing_seed);
        let operator_key = operator::public_key(config, &keys);
        if let Some(tenant) = &config.tenant {
            operator::check(store.as_ref(), tenant, &operator_key)?;
        }
        let bootstrap = match (&config.tenant, &config.bootstrap_secret) {
            (Some(tenant), Some(secret)) => Some(Bootstrap {
                tenant: tenant.clone(),
                digest: Sha256::digest(secret).into(),
            }),
            _ => None,
        };
        let metrics: Arc<Metrics> = Arc::default();
        Ok(Self {
            writers: Writers::new(
                Arc::clone(&store),
                config.queue_length,
                Arc::clone(&metrics),
            ),
            store,
            public_key: signing_key.public(),
            signing_key,
            operator_key,
            index_key: keys.index_key,
            recovery: keys.recovery_secret(),
            keys,
            bootstrap,
            grant_length: TimeDelta::hours(i64::from(config.grant_hours)),
            attachments,
            replays: ReplayGuard::default(),
            attempts: AttemptGuard::default(),
            pace: PaceKeeper::default(),
            volumes: config.volumes,
            strangers: Strangers::default(),
            contacts: Contacts::default(),
            openid: match (&config.tenant, &config.openid) {
                (Some(tenant), Some(openid)) => Some((tenant.clone(), OpenId::new(openid.clone()))),
                _ => None,
            },
            requests: Arc::new(Semaphore::new(config.max_requests)),
            max_requests: config.max_requests,
            head_within: config.head_within,
            body_within: config.body_within,
            unread_within: config.unread_within,
            metrics,
            tenant: config.tenant.clone(),
            min_free_bytes: config.min_free_bytes,
            reads: Semaphore::new(READS_AT_ONCE),
            clock: ClockWatch::from(log::now()),
            stopping: watch::Sender::new(false),
        })
    }

    /// The key the server signs with.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The store behind it.
    pub fn store(&self) -> &dyn CentralStore {
        self.store.as_ref()
    }

    /// How often the feed was looked through for a device since the start.
    pub fn feed_looks(&self) -> u64 {
        self.metrics.looks()
    }

    /// How many computers wait for news now.
    pub fn waiting_polls(&self) -> u64 {
        self.metrics.waiting_polls()
    }

    /// How long the oldest write under way has waited for its database.
    pub fn oldest_commit(&self) -> Duration {
        self.writers.oldest_commit()
    }

    /// Ends long polls, so that the server can stop.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Seals the audit of every municipality that was written for.
    pub(crate) async fn seal_audits(&self) {
        for tenant in self.writers.tenants() {
            let key = SigningKey::from_seed(&self.signing_key.seed());
            let sealed = self
                .writers
                .write(&tenant, move |transaction| {
                    audit::seal(transaction, &key, log::now())
                })
                .await;
            if let Err(error) = sealed {
                log::failure("audit_not_sealed", &error);
            }
        }
    }

    /// How far the computer's clock was set on since the start, in seconds; less than nothing where it was set back.
    pub fn clock_set_on_seconds(&self) -> i64 {
        self.clock.set_on(log::now()).num_seconds()
    }

    /// Notes in the log that the computer's clock was set, if it was.
    pub(crate) fn look_at_clock(&self) {
        if let Some(by) = self.clock.newly_set_on(log::now()) {
            log::line("clock_was_set", json!({ "seconds": by.num_seconds() }));
        }
    }

    /// Whether `secret` is the bootstrap secret of `tenant`.
    pub(crate) fn is_bootstrap(&self, tenant: &str, secret: &str) -> bool {
        // Comparing digests tells a listener nothing about the secret itself.
        self.bootstrap.as_ref().is_some_and(|bootstrap| {
            bootstrap.tenant == tenant
                && bootstrap.digest == <[u8; 32]>::from(Sha256::digest(secret))
        })
    }

    /// The key with which anyone checks a municipality's papers.
    pub fn municipality_key(&self, tenant: &str) -> PublicKey {
        self.keys.municipality_key(tenant).public()
    }

    /// The municipality's word for the papers of a device that may work; none where the municipality's or the
    /// device's code does not fit on a paper.
    pub(crate) fn certify(
        &self,
        device: &Device,
        tenant: &str,
        at: DateTime<Utc>,
    ) -> Option<Certification> {
        if device.state != DeviceState::Active {
            return None;
        }
        let municipality = self.keys.municipality_key(tenant);
        // The day before, so that a device whose clock or calendar day is a little behind can use it at once.
        let today = danish_time::date_at(at);
        let validity = today - Days::new(1)..=today + Days::new(CERTIFICATE_DAYS);
        let certificate = DeviceCertificate::issue(
            &municipality,
            tenant,
            &device.code,
            device.public_key,
            validity,
        );
        let bytes = certificate.ok()?.to_bytes().ok()?;
        Some(Certification {
            municipality_key: municipality.public(),
            device_certificate: to_base64_url(&bytes),
        })
    }

    /// Whether a municipality's people may sign in at its identity provider.
    pub(crate) fn offers_browser_sign_in(&self, tenant: &str) -> bool {
        self.openid_of(tenant).is_ok()
    }

    /// The identity provider of a municipality.
    ///
    /// # Errors
    /// `NotFound`: it has none here.
    pub(crate) fn openid_of(&self, tenant: &str) -> Answer<&OpenId> {
        self.openid
            .as_ref()
            .filter(|(of, _)| of == tenant)
            .map(|(_, openid)| openid)
            .ok_or_else(|| ProblemCode::NotFound.into())
    }

    /// Runs blocking work off the network threads.
    pub(crate) async fn blocking<T, F>(self: &Arc<Self>, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce(&Central) -> Answer<T> + Send + 'static,
    {
        let central = Arc::clone(self);
        let result = tokio::task::spawn_blocking(move || work(&central)).await;
        result.map_err(|_| Refusal::from(ProblemCode::Unavailable))?
    }

    /// Runs a blocking call to the store off the network threads.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce(&Central) -> Stored<T> + Send + 'static,
    {
        let turn = tokio::time::timeout(TURN_WITHIN, self.reads.acquire()).await;
        let _turn = turn
            .map_err(|_| Refusal::from(ProblemCode::Unavailable))?
            .map_err(|_| Refusal::from(ProblemCode::Unavailable))?;
        let central = Arc::clone(self);
        let result = tokio::task::spawn_blocking(move || work(&central)).await;
        Ok(result.map_err(|_| Refusal::from(ProblemCode::Unavailable))??)
    }

    /// The signed word to which key laptops seal.
    pub(crate) fn recovery_notice(&self, tenant: &str) -> Option<Signed<RecoveryNotice>> {
        let notice = RecoveryNotice {
            tenant: tenant.to_owned(),
            key: self.recovery.public(),
        };
        Signed::new(&notice, &self.signing_key).ok()
    }

    /// What the server signs after a request that may have changed something: the device's confirmation and the
    /// tenant's head.
    pub(crate) fn signed(
        &self,
        device: &Device,
        tenant: &Tenant,
        at: DateTime<Utc>,
    ) -> Answer<(Signed<Confirmation>, Signed<TenantHead>)> {
        let confirmation = Signed::new(&device.confirmation(tenant, at), &self.signing_key)
            .map_err(|_| Refusal::from(ProblemCode::Unavailable))?;
        Ok((confirmation, self.signed_head(tenant, at)?))
    }

    /// The tenant's head alone.
    pub(crate) fn signed_head(
        &self,
        tenant: &Tenant,
        at: DateTime<Utc>,
    ) -> Answer<Signed<TenantHead>> {
        Signed::new(&tenant.head(at), &self.signing_key)
            .map_err(|_| Refusal::from(ProblemCode::Unavailable))
    }
}
