//! Configuration: command line over environment over file, checked as a whole at start, every fault named at once.

pub mod openid;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use skranke_protocol::signature::PublicKey;

use openid::{OpenIdConfig, OpenIdSettings};

use crate::pace::Volumes;
use crate::store::postgres::PostgresAddress;

/// Hours a grant is valid unless the settings say otherwise: as long as a computer may work without the central
/// store, so that a day in the field never outlasts it. Basis: design, section 5 (offline lease, 8 days).
pub const GRANT_HOURS: u32 = 8 * 24;
/// How long a connection may take for the head of a request, and may stand idle.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How long a request may take to send its body.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// How long nothing of an answer may be read. A desktop waits half as long for all of it.
const UNREAD_WITHIN: Duration = Duration::from_secs(60);

/// Connections to PostgreSQL at most, unless the settings say otherwise.
const CONNECTIONS: usize = 16;

/// The file's settings; every one may also be given as `SKRANKE_SERVER_<NAME>` or on the command line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Address to listen on, as `127.0.0.1:0`.
    pub listen: Option<String>,
    /// `sqlite:PATH`, or `postgres:` and a connection text in libpq's words, without the password.
    pub store: Option<String>,
    /// File with the password of the PostgreSQL role, where it needs one.
    pub database_password_file: Option<PathBuf>,
    /// Connections to PostgreSQL at most.
    pub connections: Option<usize>,
    /// File with the key of the database's secrets.
    pub key_file: Option<PathBuf>,
    /// Folder of the attachments; beside an SQLite database by default.
    pub attachments: Option<PathBuf>,
    /// Municipality to create at start, and the one the bootstrap secret is for.
    pub tenant: Option<String>,
    /// File with the bootstrap secret.
    pub bootstrap_secret_file: Option<PathBuf>,
    /// The bootstrap secret itself; from the environment only, never from the file or the command line.
    #[serde(skip)]
    pub bootstrap_secret: Option<String>,
    /// The public half of the operator's key, as `operator-key` printed it.
    pub operator_key: Option<String>,
    /// Hours a grant is valid.
    pub grant_hours: Option<u32>,
    /// Writes that may wait for each tenant.
    pub queue_length: Option<usize>,
    /// Requests handled at the same time.
    pub max_requests: Option<usize>,
    /// File with the certificate and those above it, PEM.
    pub tls_certificate_file: Option<PathBuf>,
    /// File with the certificate's key, PEM.
    pub tls_key_file: Option<PathBuf>,
    /// Address that gives the figures for monitoring, in plain HTTP; none where nobody collects them.
    pub metrics_listen: Option<String>,
    /// Megabytes that must be free on the disk for the server to be ready.
    pub min_free_megabytes: Option<u64>,
    /// Seconds a stopping server waits for open requests.
    pub stop_seconds: Option<u64>,
    /// The municipality's identity provider; from the file only.
    pub openid: Option<OpenIdSettings>,
    /// What the environment says and nobody can read; told with all other faults.
    #[serde(skip)]
    pub unreadable: Vec<String>,
}

/// Where the records are.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// Embedded, in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresAddress),
}

/// Settings that passed their checks.
#[derive(Clone)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Where the records are.
    pub database: Database,
    /// File with the key of the database's secrets.
    pub key_file: PathBuf,
    /// Folder of the attachments.
    pub attachments: PathBuf,
    /// Municipality to create at start.
    pub tenant: Option<String>,
    /// The bootstrap secret.
    pub bootstrap_secret: Option<String>,
    /// The public half of the operator's key, where one is kept apart from the server.
    pub operator_key: Option<PublicKey>,
    /// Hours a grant is valid.
    pub grant_hours: u32,
    /// Writes that may wait for each tenant.
    pub queue_length: usize,
    /// Requests handled at the same time.
    pub max_requests: usize,
    /// Certificate and key; none where plain HTTP is spoken, on loopback alone.
    pub tls: Option<TlsFiles>,
    /// Address of the figures for monitoring.
    pub metrics_listen: Option<SocketAddr>,
    /// Bytes that must be free on the disk for the server to be ready.
    pub min_free_bytes: u64,
    /// How long a stopping server waits for open requests.
    pub stop_within: Duration,
    /// How long a connection may take for the head of a request, and may stand idle.
    pub head_within: Duration,
    /// How long a request may take to send its body.
    pub body_within: Duration,
    /// How long nothing of an answer may be read.
    pub unread_within: Duration,
    /// How much one device may leave in an hour.
    pub volumes: Volumes,
    /// The municipality's identity provider.
    pub openid: Option<OpenIdConfig>,
}

/// Where the certificate and its key stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those above it, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// What is wrong with the settings, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Settings {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Not TOML, or a name that is not known.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text)
            .map_err(|error| ConfigError(vec![format!("configuration file: {}", error.message())]))
    }

    /// Reads the environment through `lookup`. A number that is none is named by [`Settings::check`].
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get =
            |name: &str| lookup(&format!("SKRANKE_SERVER_{name}")).filter(|text| !text.is_empty());
        let mut unreadable = Vec::new();
        let mut number = |name: &str| -> Option<usize> {
            let text = get(name)?;
            let parsed = text.parse().ok();
            if parsed.is_none() {
                unreadable.push(format!("SKRANKE_SERVER_{name} must be a whole number"));
            }
            parsed
        };
        Self {
            // More than fits is more than is allowed.
            grant_hours: number("GRANT_HOURS")
                .map(|hours| u32::try_from(hours).unwrap_or(u32::MAX)),
            queue_length: number("QUEUE_LENGTH"),
            max_requests: number("MAX_REQUESTS"),
            connections: number("CONNECTIONS"),
            min_free_megabytes: number("MIN_FREE_MEGABYTES").map(|number| number as u64),
            stop_seconds: number("STOP_SECONDS").map(|number| number as u64),
            database_password_file: get("DATABASE_PASSWORD_FILE").map(PathBuf::from),
            listen: get("LISTEN"),
            store: get("STORE"),
            key_file: get("KEY_FILE").map(PathBuf::from),
            attachments: get("ATTACHMENTS").map(PathBuf::from),
            tenant: get("TENANT"),
            bootstrap_secret_file: get("BOOTSTRAP_SECRET_FILE").map(PathBuf::from),
            bootstrap_secret: get("BOOTSTRAP_SECRET"),
            operator_key: get("OPERATOR_KEY"),
            tls_certificate_file: get("TLS_CERTIFICATE_FILE").map(PathBuf::from),
            tls_key_file: get("TLS_KEY_FILE").map(PathBuf::from),
            metrics_listen: get("METRICS_LISTEN"),
            openid: None,
            unreadable,
        }
    }

    /// These settings, with `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        // A password belongs to the role that its own settings name, not to another's.
        let is_other_store = self.store.is_some() && other.store.is_some();
        let others_password = other.database_password_file.filter(|_| !is_other_store);
        Self {
            listen: self.listen.or(other.listen),
            store: self.store.or(other.store),
            database_password_file: self.database_password_file.or(others_password),
            connections: self.connections.or(other.connections),
            key_file: self.key_file.or(other.key_file),
            attachments: self.attachments.or(other.attachments),
            tenant: self.tenant.or(other.tenant),
            bootstrap_secret_file: self.bootstrap_secret_file.or(other.bootstrap_secret_file),
            bootstrap_secret: self.bootstrap_secret.or(other.bootstrap_secret),
            operator_key: self.operator_key.or(other.operator_key),
            grant_hours: self.grant_hours.or(other.grant_hours),
            queue_length: self.queue_length.or(other.queue_length),
            max_requests: self.max_requests.or(other.max_requests),
            tls_certificate_file: self.tls_certificate_file.or(other.tls_certificate_file),
            tls_key_file: self.tls_key_file.or(other.tls_key_file),
            metrics_listen: self.metrics_listen.or(other.metrics_listen),
            min_free_megabytes: self.min_free_megabytes.or(other.min_free_megabytes),
            stop_seconds: self.stop_seconds.or(other.stop_seconds),
            openid: self.openid.or(other.openid),
            unreadable: [self.unreadable, other.unreadable].concat(),
        }
    }

    /// Checks everything.
    ///
    /// # Errors
    /// All faults together.
    pub fn check(self) -> Result<Config, ConfigError> {
        let mut faults = self.unreadable;
        let listen = self.listen.unwrap_or_else(|| "127.0.0.1:8470".to_owned());
        let listen: Option<SocketAddr> = listen.parse().ok();
        if listen.is_none() {
            faults.push("listen must be an address with a port, as 127.0.0.1:8470".to_owned());
        }
        let database = database(
            self.store.as_deref(),
            self.database_password_file.as_deref(),
            self.connections,
            &mut faults,
        );
        let attachments = match (self.attachments, &database) {
            (Some(folder), _) => Some(folder),
            (None, Some(Database::Sqlite(path))) => Some(path.with_extension("attachments")),
            (None, Some(Database::Postgres(_))) => {
                faults
                    .push("attachments must name a folder where the store is postgres".to_owned());
                None
            }
            (None, None) => None,
        };
        if self.key_file.is_none() {
            faults.push("key_file must name the file with the key of the database".to_owned());
        }
        if let Some(tenant) = &self.tenant
            && !((1..=16).contains(&tenant.len())
                && tenant.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            faults.push("tenant must be 1 to 16 letters or digits".to_owned());
        }
        let bootstrap_secret = match (self.bootstrap_secret, &self.bootstrap_secret_file) {
            (Some(secret), _) => Some(secret),
            (None, Some(path)) => secret_in(path, "bootstrap_secret_file", &mut faults),
            (None, None) => None,
        };
        if let Some(secret) = &bootstrap_secret {
            if secret.len() < 32 {
                faults.push("the bootstrap secret must have at least 32 characters".to_owned());
            }
            if self.tenant.is_none() {
                faults.push("a bootstrap secret needs a tenant".to_owned());
            }
            if listen.is_some_and(|listen| !listen.ip().is_loopback()) {
                faults.push("a bootstrap secret is allowed on a loopback address only".to_owned());
            }
        }
        let operator_key = self.operator_key.map(|text| text.parse::<PublicKey>());
        if matches!(operator_key, Some(Err(_))) {
            faults
                .push("operator_key must be a key as skranke-server operator-key prints it".into());
        }
        let (grant_hours, queue_length, max_requests) = (
            self.grant_hours.unwrap_or(GRANT_HOURS),
            self.queue_length.unwrap_or(256),
            self.max_requests.unwrap_or(1024),
        );
        if !(1..=24 * 31).contains(&grant_hours) {
            faults.push("grant_hours must be from 1 to 744".to_owned());
        }
        if queue_length == 0 || max_requests == 0 || self.connections == Some(0) {
            faults.push("queue_length, max_requests and connections must be at least 1".to_owned());
        }
        let tls = tls_files(self.tls_certificate_file, self.tls_key_file, &mut faults);
        if let Some(listen) = listen
            && !listen.ip().is_loopback()
            && tls.is_none()
        {
            faults.push(
                "plain HTTP is spoken on a loopback address only; name tls_certificate_file and tls_key_file".to_owned(),
            );
        }
        let metrics_listen: Option<SocketAddr> = match &self.metrics_listen {
            None => None,
            Some(text) => {
                let address = text.parse().ok();
                if address.is_none() {
                    faults.push(
                        "metrics_listen must be an address with a port, as 127.0.0.1:8471"
                            .to_owned(),
                    );
                }
                address
            }
        };
        let is_same =
            metrics_listen.is_some_and(|other| other.port() != 0 && Some(other) == listen);
        if is_same {
            faults.push("metrics_listen must be another address than listen".to_owned());
        }
        let stop_seconds = self.stop_seconds.unwrap_or(10);
        if !(1..=600).contains(&stop_seconds) {
            faults.push("stop_seconds must be from 1 to 600".to_owned());
        }
        let min_free_megabytes = self.min_free_megabytes.unwrap_or(256);
        if min_free_megabytes > 1_000_000 {
            faults.push("min_free_megabytes must be at most 1000000".to_owned());
        }
        if self.openid.is_some() && self.tenant.is_none() {
            faults.push("openid needs a tenant".to_owned());
        }
        let openid = self.openid.and_then(|openid| openid.check(&mut faults));
        match (listen, database, attachments, self.key_file) {
            (Some(listen), Some(database), Some(attachments), Some(key_file))
                if faults.is_empty() =>
            {
                Ok(Config {
                    listen,
                    attachments,
                    database,
                    key_file,
                    tenant: self.tenant,
                    bootstrap_secret,
                    operator_key: operator_key.and_then(Result::ok),
                    grant_hours,
                    queue_length,
                    max_requests,
                    tls,
                    metrics_listen,
                    min_free_bytes: min_free_megabytes * 1024 * 1024,
                    stop_within: Duration::from_secs(stop_seconds),
                    head_within: HEAD_WITHIN,
                    body_within: BODY_WITHIN,
                    unread_within: UNREAD_WITHIN,
                    volumes: Volumes::default(),
                    openid,
                })
            }
            _ => Err(ConfigError(faults)),
        }
    }
}

/// Where the records are, once that can be read.
fn database(
    store: Option<&str>,
    password_file: Option<&Path>,
    connections: Option<usize>,
    faults: &mut Vec<String>,
) -> Option<Database> {
    match store.and_then(|store| store.split_once(':')) {
        Some(("sqlite", path)) if !path.is_empty() => Some(Database::Sqlite(path.into())),
        Some(("postgres", text)) if !text.is_empty() => {
            let password =
                password_file.and_then(|path| secret_in(path, "database_password_file", faults));
            let connections = connections.unwrap_or(CONNECTIONS);
            match PostgresAddress::read(text, password.as_deref(), connections) {
                Ok(address) => Some(Database::Postgres(address)),
                Err(fault) => {
                    faults.push(fault.to_string());
                    None
                }
            }
        }
        _ => {
            faults.push("store must be given as sqlite:PATH or postgres:ADDRESS".to_owned());
            None
        }
    }
}

/// Certificate and key, once they can be used.
fn tls_files(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    faults: &mut Vec<String>,
) -> Option<TlsFiles> {
    match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            let files = TlsFiles { certificate, key };
            if let Err(fault) = crate::tls::load(&files) {
                faults.push(fault.to_string());
            }
            Some(files)
        }
        (Some(_), None) => {
            faults.push("tls_certificate_file needs tls_key_file".to_owned());
            None
        }
        (None, Some(_)) => {
            faults.push("tls_key_file needs tls_certificate_file".to_owned());
            None
        }
    }
}

/// Reads a file that holds one secret.
fn secret_in(path: &Path, name: &str, faults: &mut Vec<String>) -> Option<String> {
    let text = std::fs::read_to_string(path);
    if text.is_err() {
        faults.push(format!("{name} cannot be read"));
    }
    text.ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Settings {
        Settings::from_toml("listen = '127.0.0.1:0'\nstore = 'sqlite:central.db'\nkey_file = 'key'")
            .unwrap()
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let settings = Settings {
            listen: Some("here".to_owned()),
            grant_hours: Some(0),
            ..Settings::default()
        };

        let ConfigError(faults) = settings.check().err().unwrap();

        assert_eq!(faults.len(), 4, "{faults:?}");
    }

    #[test]
    fn every_fault_is_named_in_plain_words() {
        let scratch = tempfile::tempdir().unwrap();
        let missing = scratch.path().join("missing");
        let faults = |change: &dyn Fn(&mut Settings)| {
            let mut settings = complete();
            change(&mut settings);
            match settings.check() {
                Ok(_) => String::new(),
                Err(fault) => fault.to_string(),
            }
        };
        type Change<'a> = &'a dyn Fn(&mut Settings);
        let table: [(Change<'_>, &str); 18] = [
            (
                &|s| s.listen = Some("here".into()),
                "listen must be an address",
            ),
            (
                &|s| s.listen = Some("0.0.0.0:1".into()),
                "plain HTTP is spoken on a loopback",
            ),
            (&|s| s.store = None, "store must be given as"),
            (
                &|s| s.store = Some("oracle:x".into()),
                "store must be given as",
            ),
            (
                &|s| s.store = Some("postgres:host=/run".into()),
                "attachments must name a folder",
            ),
            (
                &|s| s.store = Some("postgres:host=db".into()),
                "add sslmode=verify-full",
            ),
            (
                &|s| {
                    s.store = Some("postgres:host=/run".into());
                    s.attachments = Some("files".into());
                    s.database_password_file = Some(missing.clone());
                },
                "database_password_file cannot be read",
            ),
            (&|s| s.connections = Some(0), "must be at least 1"),
            (&|s| s.key_file = None, "key_file must name"),
            (
                &|s| s.tenant = Some("09 99".into()),
                "tenant must be 1 to 16 letters or digits",
            ),
            (
                &|s| {
                    s.tenant = Some("0999".into());
                    s.bootstrap_secret_file = Some(missing.clone());
                },
                "bootstrap_secret_file cannot be read",
            ),
            (
                &|s| s.bootstrap_secret = Some("x".repeat(32)),
                "a bootstrap secret needs a tenant",
            ),
            (
                &|s| s.grant_hours = Some(745),
                "grant_hours must be from 1 to 744",
            ),
            (&|s| s.queue_length = Some(0), "must be at least 1"),
            (
                &|s| s.metrics_listen = Some("8471".into()),
                "metrics_listen must be an address",
            ),
            (
                &|s| {
                    s.listen = Some("127.0.0.1:8470".into());
                    s.metrics_listen = Some("127.0.0.1:8470".into());
                },
                "metrics_listen must be another address",
            ),
            (
                &|s| s.stop_seconds = Some(0),
                "stop_seconds must be from 1 to 600",
            ),
            (
                &|s| s.min_free_megabytes = Some(u64::MAX),
                "min_free_megabytes must be at most",
            ),
        ];

        for (change, said) in table {
            let told = faults(change);
            assert!(told.contains(said), "{said} is not in {told:?}");
            assert_eq!(
                told.lines().count(),
                1,
                "only what is wrong is named: {told}"
            );
        }
    }

    #[test]
    fn what_the_environment_says_wrongly_is_named_with_all_other_faults() {
        let environment = Settings::from_environment(|name| match name {
            "SKRANKE_SERVER_STOP_SECONDS" => Some("soon".to_owned()),
            "SKRANKE_SERVER_GRANT_HOURS" => Some((1_u64 << 40).to_string()),
            "SKRANKE_SERVER_LISTEN" => Some("here".to_owned()),
            _ => None,
        });

        let told = environment.or(complete()).check().err().unwrap().0;

        assert_eq!(told.len(), 3, "{told:?}");
        for said in [
            "SKRANKE_SERVER_STOP_SECONDS must be a whole number",
            "grant_hours must be from 1 to 744",
            "listen must be an address",
        ] {
            assert!(told.iter().any(|line| line.contains(said)), "{told:?}");
        }
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        assert!(Settings::from_toml("lissten = 'x'").is_err());
        assert!(
            Settings::from_toml("bootstrap_secret = 'x'").is_err(),
            "a secret has no place in the file"
        );
    }

    #[test]
    fn the_example_names_only_settings_that_exist() {
        let example = Settings::from_toml(include_str!("../packaging/server.toml")).unwrap();

        assert!(
            example
                .store
                .is_some_and(|store| store.starts_with("postgres:"))
        );
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment = Settings::from_environment(|name| {
            (name == "SKRANKE_SERVER_LISTEN").then(|| "127.0.0.1:99".to_owned())
        });

        let config = environment.or(complete()).check().unwrap();

        assert_eq!(config.listen.port(), 99);
        assert_eq!(config.attachments, PathBuf::from("central.attachments"));
    }

    #[test]
    fn a_postgres_store_needs_a_folder_for_attachments_and_keeps_its_password_apart() {
        let scratch = tempfile::tempdir().unwrap();
        let password = scratch.path().join("password");
        std::fs::write(&password, "hemmelig\n").unwrap();
        let settings = Settings {
            store: Some("postgres:host=/run user=skranke_runtime".to_owned()),
            ..complete()
        };

        assert_eq!(settings.clone().check().err().unwrap().0.len(), 1);
        let config = Settings {
            attachments: Some(PathBuf::from("files")),
            database_password_file: Some(password),
            ..settings
        }
        .check()
        .unwrap();

        let text = "host=/run user=skranke_runtime";
        let expected = PostgresAddress::read(text, Some("hemmelig"), 16).unwrap();
        assert!(config.database == Database::Postgres(expected));
    }

    #[test]
    fn the_password_of_one_role_is_not_tried_for_another() {
        let of = |store: Option<&str>, password: Option<&str>| Settings {
            store: store.map(str::to_owned),
            database_password_file: password.map(PathBuf::from),
            ..Settings::default()
        };
        let file = of(Some("postgres:user=skranke_runtime"), Some("runtime"));
        let owner = Some("postgres:user=skranke_owner");

        for (said, expected) in [
            (of(None, None), Some("runtime")),
            (of(owner, None), None),
            (of(owner, Some("owner")), Some("owner")),
            (of(owner, None).or(of(None, Some("owner"))), Some("owner")),
        ] {
            let together = said.or(file.clone());
            assert_eq!(together.database_password_file, expected.map(PathBuf::from));
        }
    }

    #[test]
    fn a_bootstrap_secret_stays_on_loopback() {
        let with = |listen: &str, secret: &str| Settings {
            listen: Some(listen.to_owned()),
            tenant: Some("0999".to_owned()),
            bootstrap_secret: Some(secret.to_owned()),
            ..complete()
        };
        let secret = "x".repeat(32);

        assert!(with("127.0.0.1:0", &secret).check().is_ok());
        assert!(with("0.0.0.0:80", &secret).check().is_err());
        assert!(with("127.0.0.1:0", "short").check().is_err());
    }
}
