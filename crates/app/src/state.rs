//! The program while it runs: what it was started with, who is signed in, and the store behind a lock.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use skranke_documents::Press;
use skranke_domain::danish_time;
use skranke_domain::ids::{DeviceId, StaffId};
use skranke_domain::role::Role;
use skranke_forms::Forms;
use skranke_store::key::StoreKey;
use skranke_store::key::envelope::{KeyError, PassphraseCost};
use skranke_store::key::recovery::RecoveryCode;
use skranke_store::{Actor, Store};
use uuid::Uuid;

use crate::api::error::ErrorCode;
use crate::central_clock::CentralClock;
use crate::clock::Clock;
use crate::error::AppError;

/// Minutes without a key press until the window locks.
pub const LOCK_AFTER_MINUTES: u32 = 5;
pub(crate) const LOCK_AFTER: TimeDelta = TimeDelta::minutes(LOCK_AFTER_MINUTES as i64);

/// Reads the key store's entry; `Ok(None)` where there is none.
pub type ReadKey = Box<dyn Fn() -> Result<Option<String>, KeyError> + Send + Sync>;
/// Writes it.
pub type WriteKey = Box<dyn Fn(&str) -> Result<(), KeyError> + Send + Sync>;

/// The operating system's key store as two functions; a test lends its own.
pub struct KeyStore {
    /// Reads the entry; `Ok(None)` where there is none.
    pub read: ReadKey,
    /// Writes the entry.
    pub write: WriteKey,
}

/// Where the key to the store is kept.
pub enum KeyPlace {
    /// A file with a secret, readable by its owner alone: headless machines, the demo and tests.
    File(PathBuf),
    /// The operating system's key store.
    System(KeyStore),
}

/// The central store this computer belongs to.
#[derive(Clone)]
pub struct ServerAddress {
    /// Base address, `https://skranke.example.dk`; plain HTTP on this computer alone.
    pub url: String,
    /// The municipality there.
    pub tenant: String,
    /// The secret of an embedded server that this program started itself.
    pub bootstrap: Option<String>,
    /// File with certificates (PEM) that the server's own may rest on, beside those the computer trusts.
    pub ca_file: Option<PathBuf>,
}

/// How dear it is to guess what people type: what Argon2id costs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// For a password.
    pub password: PassphraseCost,
    /// For what opens the store: its recovery code and its PIN.
    pub opening: PassphraseCost,
}

impl Default for Costs {
    /// What is shipped. A password costs 19 MiB and two passes, the least that OWASP recommends: signing in stays under a
    /// tenth of a second. What opens the store is typed seldom and may take its time.
    fn default() -> Self {
        Self {
            password: PassphraseCost {
                memory_kib: 19 * 1024,
                passes: 2,
            },
            opening: PassphraseCost {
                memory_kib: 64 * 1024,
                passes: 3,
            },
        }
    }
}

/// What the program is started with.
pub struct Config {
    /// The folder of the store.
    pub folder: PathBuf,
    /// A folder whose TOML files stand in place of the built-in ones.
    pub forms: Option<PathBuf>,
    /// Where the key is.
    pub key: KeyPlace,
    /// Set up the fictional municipality on first start.
    pub demo: bool,
    /// The central store, if there is one.
    pub server: Option<ServerAddress>,
    /// Where the time comes from.
    pub clock: Clock,
    /// How dear guessing is: a test that starts hundreds of times takes less.
    pub costs: Costs,
}

/// The program while it runs.
pub struct App {
    pub(crate) config: Config,
    pub(crate) forms: Forms,
    pub(crate) press: Press,
    pub(crate) desk: Mutex<Desk>,
    pub(crate) line: Arc<crate::usecases::synchronise::Line>,
    /// The central store this computer belongs to: as started with, or as enrolled at.
    server: Mutex<Option<ServerAddress>>,
    /// The store's key while a PIN protects it: the PIN is typed once, and the key is needed again when the ways in
    /// change or the store is opened again.
    pin_key: Mutex<Option<StoreKey>>,
    /// The municipality's profile as it was last read, until another version comes.
    pub(crate) in_use: Mutex<Option<crate::usecases::profile::InUse>>,
    /// A recovery code that was shown and not yet typed back, and to whom.
    pub(crate) shown_code: Mutex<Option<(StaffId, RecoveryCode)>>,
    /// The paper a printer took, until somebody says whether it came out.
    pub(crate) awaiting: Mutex<Option<crate::usecases::paper::Prepared>>,
    /// Held while a paper goes out.
    pub(crate) handing_out: Mutex<()>,
    pub(crate) central_clock: Arc<CentralClock>,
}

/// What changes while it runs.
pub(crate) struct Desk {
    pub(crate) store: Option<Store>,
    /// Why the store is not open, where it is not.
    pub(crate) closed: Option<AppError>,
    pub(crate) session: Option<Session>,
    /// When the store was opened, until somebody is at work with it.
    pub(crate) opened_at: Option<DateTime<Utc>>,
}

/// A member of staff at work.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) staff: StaffId,
    pub(crate) name: String,
    pub(crate) initials: String,
    pub(crate) roles: Vec<Role>,
    /// Signed in at the identity provider, not with a password of this computer.
    pub(crate) in_browser: bool,
    pub(crate) locked: bool,
    pub(crate) last_active_at: DateTime<Utc>,
}

/// A signed-in person with the open store: what a use case works with.
pub(crate) struct AtWork<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) session: Session,
    pub(crate) actor: Actor,
    /// By this computer's own clock, for the log.
    pub(crate) now: DateTime<Utc>,
    /// The same moment by the clock that what people do is dated by.
    pub(crate) legal_now: DateTime<Utc>,
}

impl AtWork<'_> {
    /// Today in Denmark.
    pub(crate) fn today(&self) -> NaiveDate {
        danish_time::date_at(self.legal_now)
    }
}

impl App {
    /// Starts the program: reads the forms, opens the store where there is one, and sets up the demo.
    ///
    /// # Errors
    /// `BadProfile` when the forms are unsound. A store that does not open is told by [`App::start_state`], so that
    /// the window can offer recovery.
    pub fn open(config: Config) -> Result<Self, AppError> {
        let forms = match &config.forms {
            Some(folder) => Forms::overlaid(folder)?,
            None => Forms::embedded()?,
        };
        let central_clock = Arc::new(CentralClock::new(config.clock.clone()));
        let app = Self {
            server: Mutex::new(config.server.clone()),
            config,
            forms,
            press: Press::new()?,
            desk: Mutex::new(Desk {
                store: None,
                closed: None,
                session: None,
                opened_at: None,
            }),
            line: Arc::default(),
            pin_key: Mutex::new(None),
            in_use: Mutex::new(None),
            shown_code: Mutex::new(None),
            awaiting: Mutex::new(None),
            handing_out: Mutex::new(()),
            central_clock,
        };
        app.open_store();
        if app.config.demo {
            app.set_up_demo()?;
        }
        Ok(app)
    }

    /// The central store this computer belongs to, if there is one.
    pub(crate) fn server(&self) -> Option<ServerAddress> {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        server.clone()
    }

    pub(crate) fn use_server(&self, server: ServerAddress) {
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
    }

    pub(crate) fn pin_key(&self) -> MutexGuard<'_, Option<StoreKey>> {
        self.pin_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now by this computer's own clock, which the log and time that passes here go by: how long nobody did anything,
    /// how long to wait after a wrong PIN, when a lease ends.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.config.clock.now()
    }

    /// Now by the clock that what people do is dated by.
    pub(crate) fn legal_now(&self) -> DateTime<Utc> {
        self.central_clock.moment().legal
    }

    /// Today in Denmark, by the same clock.
    pub(crate) fn today(&self) -> NaiveDate {
        danish_time::date_at(self.legal_now())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Desk> {
        // A use case that panicked has committed or not: the store is whole either way.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a use case for the signed-in person.
    ///
    /// # Errors
    /// `NotSignedIn`, `SessionLocked`, `FirstRunNeeded`, why the store is closed, or what the use case reports.
    pub(crate) fn at_work<T>(
        &self,
        run: impl FnOnce(AtWork<'_>) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let mut desk = self.lock();
        let outcome = self.at_work_on(&mut desk, run);
        outcome.map_err(|error| desk.after(error))
    }

    fn at_work_on<T>(
        &self,
        desk: &mut Desk,
        run: impl FnOnce(AtWork<'_>) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let moment = self.central_clock.moment();
        if self.lock_if_idle(desk) {
            self.close_unattended(desk);
        }
        let Desk {
            store,
            session,
            closed,
            opened_at,
        } = desk;
        let Some(store) = store else {
            return Err(why_closed(closed.as_ref()));
        };
        let session = session
            .as_mut()
            .ok_or_else(|| AppError::of(ErrorCode::NotSignedIn))?;
        if session.locked {
            return Err(AppError::of(ErrorCode::SessionLocked));
        }
        session.last_active_at = moment.own;
        *opened_at = None;
        let device = store
            .read()?
            .own_device()?
            .map_or(NO_DEVICE, |own| own.device);
        let actor = Actor {
            staff: session.staff,
            roles: session.roles.clone(),
            device,
        };
        let session = session.clone();
        run(AtWork {
            store,
            session,
            actor,
            now: moment.own,
            legal_now: moment.legal,
        })
    }
}

impl Desk {
    /// The store is open, and somebody on their way in.
    pub(crate) fn open(&mut self, store: Store, now: DateTime<Utc>) {
        self.store = Some(store);
        self.closed = None;
        self.opened_at = Some(now);
    }

    /// What a failed use case means for the store as a whole: on a full disk the reserve is let go, and a store that
    /// was found damaged is looked at whole before it is believed, then closed.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other failure leaves the store as it is"
    )]
    pub(crate) fn after(&mut self, error: AppError) -> AppError {
        let Some(store) = &self.store else {
            return error;
        };
        match error.code {
            ErrorCode::DiskFull if store.release_ballast().is_ok_and(|bytes| bytes > 0) => {
                AppError {
                    code: ErrorCode::DiskFullReserve,
                    ..error
                }
            }
            ErrorCode::DatabaseDamaged if !matches!(store.check_integrity(), Ok(found) if found.is_empty()) =>
            {
                self.closed = Some(why_closed(Some(&error)));
                self.store = None;
                self.session = None;
                error
            }
            _ => error,
        }
    }
}

/// A device that has not been made yet.
pub(crate) const NO_DEVICE: DeviceId = DeviceId::from_uuid(Uuid::nil());

pub(crate) fn why_closed(closed: Option<&AppError>) -> AppError {
    match closed {
        Some(error) => AppError {
            code: error.code,
            params: error.params.clone(),
            reference: error.reference.clone(),
            cause: None,
        },
        None => AppError::of(ErrorCode::FirstRunNeeded),
    }
}
