//! A running server with enrolled clients.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use skranke_domain::ids::{Sha256Digest, StaffId};
use skranke_protocol::encoding::to_hex;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{DeviceState, Scope, SessionRequest};
use skranke_server::attachments::AttachmentFolder;
use skranke_server::config::{Config, Database, Settings};
use skranke_server::devices::Acting;
use skranke_server::serve::Embedded;
use skranke_server::sign_in::hash_password;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::{CentralStore, EnrolmentCode, Staff};
use skranke_server::{accounts, operator};
use skranke_sync::{Client, Connection, Environment};
use skranke_testkit::postgres::Cluster;

use crate::office::{Laptop, TENANT};
use crate::on_both::Kind;
use crate::postgres::{KEY, address, prepared};

pub(super) const SECRET: &str = "a-secret-that-only-this-test-knows-1234";
/// As many as a small server has.
const CONNECTIONS: usize = 8;

/// A server on a free loopback port.
pub(super) struct Town {
    pub(super) server: Embedded,
    config: Config,
    pub(super) folder: tempfile::TempDir,
    /// The database beside it, where it has one; it ends after the server.
    pub(super) cluster: Option<Cluster>,
}

impl Town {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A server over this kind of database.
    pub(super) fn on(kind: Kind) -> Self {
        Self::on_with(kind, |_| {})
    }

    /// The same with other settings.
    pub(super) fn on_with(kind: Kind, change: impl FnOnce(&mut Config)) -> Self {
        match kind {
            Kind::Sqlite => Self::with(change),
            Kind::Postgres => {
                let cluster = Cluster::start(&[]);
                drop(prepared(&cluster));
                let mut town = Self::over(&cluster, CONNECTIONS, change);
                town.cluster = Some(cluster);
                town
            }
        }
    }

    /// A server over a prepared PostgreSQL with so many connections to it.
    pub(super) fn over(
        cluster: &Cluster,
        connections: usize,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::with(|config| {
            let runtime = cluster.address("skranke_runtime", "skranke");
            config.database = Database::Postgres(address(&runtime, connections));
            std::fs::write(&config.key_file, to_hex(&KEY)).unwrap();
            change(config);
        })
    }

    pub(super) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let settings = Settings {
            listen: Some("127.0.0.1:0".to_owned()),
            store: Some(format!("sqlite:{}", path("central.db").display())),
            key_file: Some(path("central.key")),
            tenant: Some(TENANT.to_owned()),
            bootstrap_secret: Some(SECRET.to_owned()),
            ..Settings::default()
        };
        let mut config = settings.check().unwrap();
        change(&mut config);
        let server = Embedded::start(&config).unwrap();
        config.listen = server.url().trim_start_matches("http://").parse().unwrap();
        Self {
            server,
            config,
            folder,
            cluster: None,
        }
    }

    /// Ends the server and starts it again on the address it had.
    pub(super) fn restart(self) -> Self {
        self.restart_with(|_| {})
    }

    /// The same with other settings.
    pub(super) fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let Self {
            server,
            mut config,
            folder,
            cluster,
        } = self;
        drop(server);
        change(&mut config);
        Self {
            server: Embedded::start(&config).unwrap(),
            config,
            folder,
            cluster,
        }
    }

    /// An enrolled client with a person signed in; the laptop signs events under that person's grant.
    pub(super) fn counter(&self, seed: u8, roles: &[&str]) -> (Client, Laptop) {
        let mut laptop = Laptop::new(seed);
        let mut client = self.client(&laptop, environment(TimeDelta::zero()));
        client.enrol(SECRET, &format!("Skranke {seed}")).unwrap();
        let signed_in = client.sign_in(&session(&laptop, roles)).unwrap();
        laptop.grant = signed_in.grant().id;
        laptop.at = now();
        (client, laptop)
    }

    /// The same on a laptop that sees its own cases alone.
    pub(super) fn outreach(&self, seed: u8) -> (Client, Laptop) {
        let mut laptop = Laptop::new(seed);
        let client = self.enrolled(&laptop, TENANT, Scope::OwnCases);
        let signed_in = client.sign_in(&session(&laptop, &["outreach"])).unwrap();
        laptop.grant = signed_in.grant().id;
        laptop.at = now();
        (client, laptop)
    }

    /// The store of the running server, opened a second time as the operator's commands do.
    pub(super) fn operator(&self) -> Box<dyn CentralStore> {
        let key = KeyFile::read(&self.config.key_file).unwrap();
        match &self.config.database {
            Database::Sqlite(path) => Box::new(SqliteStore::open(path, &key).unwrap()),
            Database::Postgres(address) => Box::new(PostgresStore::open(address, &key).unwrap()),
        }
    }

    /// Opens the next epoch, as after a restore.
    pub(super) fn open_epoch(&self) {
        let store = SqliteStore::open(
            &self.folder.path().join("central.db"),
            &KeyFile::read(&self.config.key_file).unwrap(),
        );
        let key = SigningKey::from_seed(&[9; 32]);
        operator::open_epoch(&store.unwrap(), TENANT, &key).unwrap();
    }

    /// Where the server listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.config.listen
    }

    /// Codes of the alarms that were raised.
    pub(super) fn alarms(&self) -> Vec<String> {
        let alarms = self.operator().alarms(TENANT).unwrap();
        alarms.into_iter().map(|alarm| alarm.code).collect()
    }

    /// A device enrolled with the administrator's code for this scope, a person signed in, and the person's token.
    pub(super) fn at_work(&self, seed: u8, scope: Scope, roles: &[&str]) -> (Laptop, String) {
        let laptop = Laptop::new(seed);
        let client = self.enrolled(&laptop, TENANT, scope);
        {
            let session = client.sign_in(&session(&laptop, roles)).unwrap();
            let token = session.tokens().access_token.clone();
            (laptop, token)
        }
    }

    /// The same as a client whose laptop records under that person's grant.
    pub(super) fn client_at_work(
        &self,
        seed: u8,
        scope: Scope,
        roles: &[&str],
    ) -> (Client, Laptop) {
        let mut laptop = Laptop::new(seed);
        let client = self.enrolled(&laptop, TENANT, scope);
        let signed_in = client.sign_in(&session(&laptop, roles)).unwrap();
        laptop.grant = signed_in.grant().id;
        laptop.at = now();
        (client, laptop)
    }

    /// The same in another municipality of this server, with a local account there that may do most.
    pub(super) fn abroad(&self, tenant: &str, seed: u8) -> (Laptop, String) {
        let laptop = Laptop::new(seed);
        let operator = self.operator();
        operator.create_tenant(tenant, now()).unwrap();
        let password = "et langt kodeord";
        let staff = Staff {
            id: laptop.staff,
            login: "eva".to_owned(),
            password_hash: hash_password(password).unwrap(),
            roles: vec!["lead".to_owned()],
            active: true,
        };
        accounts::save(operator.as_ref(), tenant, &staff, Acting::OPERATOR, now()).unwrap();
        let client = self.enrolled(&laptop, tenant, Scope::Tenant);
        let request = SessionRequest::Local {
            login: staff.login,
            password: password.to_owned(),
        };
        let session = client.sign_in(&request).unwrap();
        let token = session.tokens().access_token.clone();
        (laptop, token)
    }

    /// Adds or replaces an account.
    pub(super) fn save_staff(&self, staff: &Staff) {
        let (store, by) = (self.operator(), Acting::OPERATOR);
        accounts::save(store.as_ref(), TENANT, staff, by, now()).unwrap();
    }

    fn enrolled(&self, laptop: &Laptop, tenant: &str, scope: Scope) -> Client {
        let code = format!("code for {}", laptop.id);
        let row = EnrolmentCode {
            digest: Sha256::digest(&code).into(),
            scope,
            expires_at: now() + TimeDelta::hours(1),
            device_id: None,
        };
        accounts::add_enrolment_code(self.operator().as_ref(), tenant, &row, now()).unwrap();
        let mut client = self.client_of(tenant, laptop, environment(TimeDelta::zero()));
        client.enrol(&code, "Skranke").unwrap();
        client
    }

    pub(super) fn revoke(&self, laptop: &Laptop) {
        let operator = self.operator();
        let mut transaction = operator.begin(TENANT).unwrap();
        let mut device = transaction.device(laptop.id).unwrap().unwrap();
        device.state = DeviceState::Revoked;
        transaction.update_device(&device).unwrap();
        transaction.commit().unwrap();
    }

    /// Bytes of an upload that are there; none once it is whole.
    pub(super) fn uploaded(&self, digest: &Sha256Digest) -> Option<u64> {
        let path = |name: &str| self.folder.path().join(name);
        let key = KeyFile::read(&path("central.key")).unwrap();
        let folder = AttachmentFolder::at(&path("central.attachments"), key.as_bytes());
        let is_whole = folder.is_there(TENANT, digest);
        (!is_whole).then(|| folder.offset(TENANT, digest).unwrap())
    }

    pub(super) fn client(&self, laptop: &Laptop, environment: Environment) -> Client {
        self.client_of(TENANT, laptop, environment)
    }

    fn client_of(&self, tenant: &str, laptop: &Laptop, environment: Environment) -> Client {
        let connection = Connection {
            base_url: self.server.url().to_owned(),
            tenant: tenant.to_owned(),
            device_id: laptop.id,
            key: laptop.key.clone(),
            server_key: None,
            ca_file: None,
        };
        Client::new(connection, environment)
    }
}

pub(super) fn session(laptop: &Laptop, roles: &[&str]) -> SessionRequest {
    SessionRequest::Bootstrap {
        secret: SECRET.to_owned(),
        staff_id: StaffId::from_uuid(laptop.staff.as_uuid()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    }
}

pub(super) fn now() -> DateTime<Utc> {
    DateTime::<Utc>::from(std::time::SystemTime::now())
}

/// A clock that is off by `wrong`, numbers that never repeat, and waiting that does not wait.
pub(super) fn environment(wrong: TimeDelta) -> Environment {
    let counter = Arc::new(Mutex::new(0_u128));
    Environment::new(
        move || now() + wrong,
        move |bytes| {
            let mut counter = counter.lock().unwrap();
            *counter += 1;
            let number = uuid::Uuid::now_v7().as_u128() ^ (*counter << 64);
            bytes
                .iter_mut()
                .zip(number.to_be_bytes().iter().cycle())
                .for_each(|(to, from)| *to = *from);
        },
        |_, _| {},
    )
}
