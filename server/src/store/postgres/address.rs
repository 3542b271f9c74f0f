//! Where a PostgreSQL server is, and how the way there is protected.
//!
//! The text is libpq's, so that `psql` understands it too; the driver below knows no `verify-full` and no
//! `sslrootcert`, which are read here. An address that would carry records over a network in the clear, or to somebody
//! nobody has checked, cannot be made. Basis: issue 3, part A; reliability, threat T17.

use std::net::IpAddr;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::tls::{self, Authorities, TlsError};

/// How to reach a PostgreSQL server, over a way that nobody else reads.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    /// Hosts, role and database; says nothing about TLS but whether it is spoken.
    pub(super) driver: Box<Config>,
    /// The same with one host each, in their order.
    pub(super) each: Vec<Config>,
    /// Connections at most.
    pub(super) connections: usize,
    /// Whose certificates are believed; none where nothing leaves this machine in the clear.
    pub(super) authorities: Option<Authorities>,
}

/// What must be changed in a connection text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not libpq's words, or a word nobody knows, or no host.
    #[error(
        "store cannot be read: write it in libpq's words and name a host, as \
         postgres:host=/var/run/postgresql user=skranke_runtime dbname=skranke"
    )]
    Unreadable,
    /// A mode in which libpq would talk to anybody.
    #[error(
        "store: sslmode must be verify-full or disable; with any other nobody checks who answers"
    )]
    Unchecked,
    /// A host on a network, and no TLS.
    #[error(
        "store names another computer, and records would cross the network in the clear: add sslmode=verify-full, and \
         sslrootcert=FILE where this machine does not know the authority that signed the database's certificate"
    )]
    InTheClear,
    /// One word cannot hold for both.
    #[error(
        "store: sslmode=verify-full cannot hold for a socket; name this machine as its certificate does"
    )]
    Socket,
    /// A certificate is for a name.
    #[error(
        "store: sslmode=verify-full needs host= with the names in the certificates beside hostaddr="
    )]
    NoName,
    /// `sslrootcert` cannot be used.
    #[error("store: {0}")]
    Authorities(#[from] TlsError),
}

impl PostgresAddress {
    /// Reads a connection text as libpq reads it.
    ///
    /// # Errors
    /// The text cannot be read, or records would cross a network to whoever listens or answers there.
    pub fn read(
        text: &str,
        password: Option<&str>,
        connections: usize,
    ) -> Result<Self, AddressError> {
        let words = words(text).ok_or(AddressError::Unreadable)?;
        let last = |name: &str| words.iter().rfind(|word| word.name == name);
        let mode = last("sslmode").map(|word| word.value.as_str());
        let authorities = match last("sslrootcert").map(|word| word.value.as_str()) {
            None | Some("system") => Authorities::Machine,
            Some(file) => Authorities::File(PathBuf::from(file)),
        };
        let mut driver: Config = known_to_the_driver(&words)
            .parse()
            .map_err(|_| AddressError::Unreadable)?;
        if let Some(password) = password {
            driver.password(password);
        }
        let authorities = protection(&driver, mode)?.then_some(authorities);
        if let Some(authorities) = &authorities {
            tls::client(authorities)?;
        }
        driver.ssl_mode(match authorities {
            Some(_) => SslMode::Require,
            None => SslMode::Disable,
        });
        let each = (0..count(&driver)).map(|nth| of_one(&words, nth, &driver));
        let each = each
            .collect::<Option<_>>()
            .ok_or(AddressError::Unreadable)?;
        Ok(Self {
            driver: Box::new(driver),
            each,
            connections,
            authorities,
        })
    }
}

/// How many hosts are named.
fn count(driver: &Config) -> usize {
    let (hosts, addresses) = (driver.get_hosts(), driver.get_hostaddrs());
    hosts.len().max(addresses.len())
}

/// What all of them are told, for one of them alone.
fn of_one(words: &[Word], nth: usize, all: &Config) -> Option<Config> {
    let shared: Vec<Word> = words
        .iter()
        .filter(|word| !matches!(word.name.as_str(), "host" | "hostaddr" | "port"))
        .cloned()
        .collect();
    let mut one: Config = known_to_the_driver(&shared).parse().ok()?;
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    one.ssl_mode(all.get_ssl_mode());
    match all.get_hosts().get(nth) {
        Some(Host::Tcp(name)) => one.host(name),
        #[cfg(unix)]
        Some(Host::Unix(path)) => one.host_path(path),
        None => &mut one,
    };
    if let Some(address) = all.get_hostaddrs().get(nth) {
        one.hostaddr(*address);
    }
    // One port is for every host.
    let ports = all.get_ports();
    if let Some(port) = ports.get(nth).or(ports.first()) {
        one.port(*port);
    }
    Some(one)
}

/// Whether TLS is spoken, where it may be left out or can be kept.
fn protection(driver: &Config, mode: Option<&str>) -> Result<bool, AddressError> {
    let (hosts, addresses) = (driver.get_hosts(), driver.get_hostaddrs());
    let ways: Vec<Way> = (0..count(driver))
        .map(|n| Way::of(hosts.get(n), addresses.get(n)))
        .collect();
    let is_checked = match mode {
        None | Some("disable") => false,
        Some("verify-full") => true,
        Some(_) => return Err(AddressError::Unchecked),
    };
    match is_checked {
        _ if ways.is_empty() => Err(AddressError::Unreadable),
        false if ways.contains(&Way::Network) => Err(AddressError::InTheClear),
        false => Ok(false),
        // As libpq does, which speaks no TLS over a socket whatever the mode says.
        true if ways.iter().all(|way| *way == Way::Socket) => Ok(false),
        true if ways.contains(&Way::Socket) => Err(AddressError::Socket),
        true if hosts.is_empty() => Err(AddressError::NoName),
        true => Ok(true),
    }
}

/// What a record passes on its way to a host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Nothing but the kernel; file rights say who may listen.
    Socket,
    /// This machine's own network, as with plain HTTP.
    Loopback,
    /// Anything else.
    Network,
}

impl Way {
    /// `hostaddr` is where a connection goes, whatever the host beside it is called.
    fn of(host: Option<&Host>, address: Option<&IpAddr>) -> Self {
        let is_here = match (address, host) {
            (Some(address), _) => address.is_loopback(),
            (None, Some(Host::Tcp(name))) => {
                name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
            }
            (None, _) => return Self::Socket,
        };
        if is_here {
            Self::Loopback
        } else {
            Self::Network
        }
    }
}

/// One setting of a connection text.
#[derive(Clone)]
struct Word {
    name: String,
    value: String,
}

/// The settings of a connection text: `name = value`, the value in quotes where it holds blanks.
fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start())?;
        let name = name.trim().to_owned();
        words.push(Word { name, value });
        rest = after.trim_start();
    }
    Some(words)
}

/// The value a text begins with, and what stands after it. A backslash takes the next character as it is.
fn value(text: &str) -> Option<(String, &str)> {
    let is_quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(is_quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            '\'' if is_quoted => return Some((value, &text[at + 1..])),
            blank if blank.is_whitespace() && !is_quoted => return Some((value, &text[at..])),
            other => value.push(other),
        }
    }
    (!is_quoted).then_some((value, ""))
}

/// The text again, without the words about TLS.
fn known_to_the_driver(words: &[Word]) -> String {
    let known = words
        .iter()
        .filter(|word| !matches!(word.name.as_str(), "sslmode" | "sslrootcert"));
    let quoted = |text: &str| text.replace('\\', r"\\").replace('\'', r"\'");
    let written: Vec<_> = known
        .map(|word| format!("{}='{}'", word.name, quoted(&word.value)))
        .collect();
    written.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PostgresAddress, AddressError> {
        PostgresAddress::read(text, None, 1)
    }

    #[test]
    fn records_cross_no_network_in_the_clear_and_reach_nobody_unchecked() {
        use AddressError::{InTheClear, NoName, Socket, Unchecked, Unreadable};
        for (text, refused) in [
            ("host=db1 user=a", InTheClear),
            ("host=db1 sslmode=disable", InTheClear),
            ("host=db1,db2 sslmode='disable'", InTheClear),
            ("host=/run/postgresql,db2", InTheClear),
            ("host=localhost,192.0.2.1", InTheClear),
            ("host=127.0.0.1.example.dk", InTheClear),
            ("hostaddr=192.0.2.1", InTheClear),
            ("host=localhost hostaddr=192.0.2.1", InTheClear),
            ("host=::ffff:192.0.2.1", InTheClear),
            ("host=db1 sslmode=verify-full sslmode=disable", InTheClear),
            ("host=db1 sslmode=require", Unchecked),
            ("host=db1 sslmode=prefer", Unchecked),
            ("host=db1 sslmode=allow", Unchecked),
            ("host=db1 sslmode = verify-ca", Unchecked),
            ("host=db1 sslmode=VERIFY-FULL", Unchecked),
            ("host=/run/postgresql sslmode=require", Unchecked),
            ("host=/run/postgresql,db2 sslmode=verify-full", Socket),
            ("hostaddr=192.0.2.1 sslmode=verify-full", NoName),
            ("", Unreadable),
            ("user=a", Unreadable),
            ("host=localhost nothing", Unreadable),
            ("host=localhost unknown=1", Unreadable),
            ("host='localhost", Unreadable),
            ("postgresql://db1/skranke", Unreadable),
            ("postgresql://db1/skranke?sslmode=disable", Unreadable),
        ] {
            assert_eq!(read(text).err(), Some(refused), "{text}");
        }
    }

    #[test]
    fn on_this_machine_it_may_be_in_the_clear() {
        for text in [
            "host=/run/postgresql user=a",
            "host=/run/postgresql sslmode=verify-full",
            "host=localhost",
            "host=127.0.0.1 sslmode=disable",
            "host=::1",
            "host=db1 hostaddr=127.0.0.2",
        ] {
            let address = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(address.authorities.is_none(), "{text}");
            assert_eq!(address.driver.get_ssl_mode(), SslMode::Disable, "{text}");
        }
    }

    #[test]
    fn a_file_of_authorities_that_cannot_be_used_is_named_before_anybody_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("en tom fil's.pem");
        std::fs::write(&empty, "").unwrap();
        let with = |file: &str| read(&format!("host=db1 sslmode=verify-full sslrootcert={file}"));

        let missing = with("/nowhere/ca.pem");
        let quoted = empty.display().to_string().replace('\'', r"\'");
        let found = with(&format!("'{quoted}'"));

        assert_eq!(missing.err(), Some(TlsError::NoAuthorityFile.into()));
        assert_eq!(found.err(), Some(TlsError::NoAuthorityInFile.into()));
    }

    #[test]
    fn what_is_not_about_tls_reaches_the_driver_as_it_was() {
        let text = r"host = localhost user='å b' dbname=c\ d\'e options='-c x=1'";

        let address = PostgresAddress::read(text, Some("hemmelig"), 3).unwrap();

        let driver = address.driver;
        assert_eq!(driver.get_user(), Some("å b"));
        assert_eq!(driver.get_dbname(), Some("c d'e"));
        assert_eq!(driver.get_options(), Some("-c x=1"));
        assert_eq!(driver.get_password(), Some("hemmelig".as_bytes()));
        assert_eq!(address.connections, 3);
    }
}
