//! A running server with enrolled clients.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::ids::StaffId;
use skranke_protocol::wire::SessionRequest;
use skranke_server::config::{Config, Settings};
use skranke_server::serve::Embedded;
use skranke_sync::{Client, Connection, Environment};

use crate::office::{Laptop, TENANT};

pub(super) const SECRET: &str = "a-secret-that-only-this-test-knows-1234";

/// A server on a free loopback port.
pub(super) struct Town {
    pub(super) server: Embedded,
    pub(super) folder: tempfile::TempDir,
}

impl Town {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
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
        Self {
            server: Embedded::start(&config).unwrap(),
            folder,
        }
    }

    /// An enrolled client with a person signed in; the laptop signs events under that person's grant.
    pub(super) fn counter(&self, seed: u8, roles: &[&str]) -> (Client, Laptop) {
        let mut laptop = Laptop::new(seed);
        let mut client = self.client(&laptop, environment(TimeDelta::zero()));
        client.enrol(SECRET, &format!("Skranke {seed}")).unwrap();
        let (_, grant) = client.sign_in(&session(&laptop, roles)).unwrap();
        laptop.grant = grant.id;
        laptop.at = now();
        (client, laptop)
    }

    pub(super) fn client(&self, laptop: &Laptop, environment: Environment) -> Client {
        let connection = Connection {
            base_url: self.server.url().to_owned(),
            tenant: TENANT.to_owned(),
            device_id: laptop.id,
            key: laptop.key.clone(),
            server_key: None,
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
