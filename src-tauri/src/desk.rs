//! The one place between the window and the core: takes work off the main thread, catches panics,
//! turns errors into what the window shows, and logs each failure once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use skranke_app::api::error::{ErrorCode, UiError};
use skranke_app::api::sync::SyncView;
use skranke_app::{App, AppError, Clock, Config as CoreConfig, Costs, KeyPlace, ServerAddress};
use tauri::AppHandle;

use crate::alone::Alone;
use crate::central::{self, CentralError, CentralStore};
use crate::config::Config;
use crate::log::Log;
use crate::paperwork::Chooser;

/// The demo municipality's number at its central store.
const DEMO_TENANT: &str = "990";
/// Nothing listens here: a demo without a central store is a laptop without a network.
const NOWHERE: &str = "http://127.0.0.1:9";
/// How often the status line is looked at; it is told only when it changed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The open core of this window.
pub(crate) struct Desk {
    shared: Arc<Shared>,
    dialog_folder: Option<PathBuf>,
}

type Opened = Result<Arc<App>, UiError>;

struct Shared {
    /// How opening went; none while it goes on.
    opened: Mutex<Option<Opened>>,
    /// Woken when that changes, or the window closes.
    changed: Condvar,
    alone: Mutex<Option<Alone>>,
    closing: AtomicBool,
    central: Mutex<Option<CentralStore>>,
    log: Log,
}

impl Desk {
    /// Begins to open the core in the background. Once it is open, it is kept in step with the
    /// central store, and `tell` hears of every change of that.
    pub(crate) fn open(
        config: Config,
        data: PathBuf,
        tell: impl Fn(SyncView) + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            opened: Mutex::new(None),
            changed: Condvar::new(),
            alone: Mutex::new(None),
            closing: AtomicBool::new(false),
            central: Mutex::new(None),
            log: Log::in_folder(&data),
        });
        let dialog_folder = config.dialog_folder.clone();
        let opening = Arc::clone(&shared);
        std::thread::spawn(move || {
            while !opening.closing.load(Ordering::Relaxed) {
                let app = opening.guarded(|| opening.open_core(&config, &data).map(Arc::new));
                let in_step = app.as_ref().ok().map(Arc::clone);
                *opening.state() = Some(app);
                opening.changed.notify_all();
                if let Some(app) = in_step {
                    return opening.keep_in_step(&app, tell);
                }
                opening.wait_to_be_asked_again();
            }
        });
        Self {
            shared,
            dialog_folder,
        }
    }

    /// Runs one use case off the main thread.
    ///
    /// # Errors
    /// What the use case reports; a panic becomes `internal` with a reference.
    pub(crate) async fn run<T, F>(&self, use_case: F) -> Result<T, UiError>
    where
        T: Send + 'static,
        F: FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        tauri::async_runtime::spawn_blocking(move || {
            let app = shared.app()?;
            shared.guarded(|| use_case(&app))
        })
        .await
        .unwrap_or_else(|_| Err(AppError::of(ErrorCode::Internal).to_ui()))
    }

    /// The same; a core that did not open is opened anew first. For the first thing a window asks.
    ///
    /// # Errors
    /// As [`Desk::run`].
    pub(crate) async fn run_anew<T, F>(&self, use_case: F) -> Result<T, UiError>
    where
        T: Send + 'static,
        F: FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    {
        self.shared.ask_again();
        self.run(use_case).await
    }

    /// What opens file dialogs for this window.
    pub(crate) fn chooser(&self, handle: AppHandle) -> Chooser {
        Chooser {
            handle,
            stand_in: self.dialog_folder.clone(),
        }
    }

    /// Ends what was started for this window.
    pub(crate) fn close(&self) {
        self.shared.closing.store(true, Ordering::Relaxed);
        if let Some(Ok(app)) = &*self.shared.state() {
            app.stop();
        }
        self.shared.changed.notify_all();
        let central = self
            .shared
            .central
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(central);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Option<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the core is open, or why it is not is known.
    fn app(&self) -> Opened {
        let opened = self
            .changed
            .wait_while(self.state(), |opened| opened.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        opened
            .clone()
            .unwrap_or_else(|| Err(AppError::of(ErrorCode::Internal).to_ui()))
    }

    /// Has a core that did not open opened anew.
    fn ask_again(&self) {
        let mut opened = self.state();
        if matches!(&*opened, Some(Err(_))) {
            *opened = None;
            self.changed.notify_all();
        }
    }

    fn wait_to_be_asked_again(&self) {
        let is_settled =
            |opened: &mut Option<Opened>| opened.is_some() && !self.closing.load(Ordering::Relaxed);
        drop(
            self.changed
                .wait_while(self.state(), is_settled)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Runs something that may fail or panic; logs it once and says it as the window shows it.
    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, AppError>) -> Result<T, UiError> {
        let error = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => AppError::of(ErrorCode::Internal),
        };
        self.log.write(&error.log_line());
        Err(error.to_ui())
    }

    /// Runs the line to the central store and tells how it stands, until the window closes.
    fn keep_in_step(&self, app: &Arc<App>, tell: impl Fn(SyncView)) {
        if let Err(error) = skranke_app::keep_in_step(app) {
            self.log.write(&format!(
                "the line to the central store was not started: {error}"
            ));
        }
        let mut told: Option<SyncView> = None;
        while !self.closing.load(Ordering::Relaxed) {
            let view = app.sync_status(()).ok();
            if let Some(view) = view.filter(|view| told.as_ref() != Some(view)) {
                tell(view.clone());
                told = Some(view);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    fn open_core(&self, config: &Config, data: &Path) -> Result<App, AppError> {
        let mut alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        if alone.is_none() {
            *alone = Alone::over(data).map_err(|_| AppError::of(ErrorCode::StoreNotWritable))?;
        }
        if alone.is_none() {
            return Err(AppError::of(ErrorCode::DatabaseLocked));
        }
        drop(alone);
        let server = if config.is_demo() {
            Some(self.demo_server(config, data))
        } else {
            None
        };
        App::open(CoreConfig {
            folder: data.to_owned(),
            forms: config.forms_folder.clone(),
            key: key_place(config, data),
            demo: config.is_demo(),
            server,
            clock: Clock::ahead(config.seconds_ahead),
            costs: Costs::default(),
        })
    }

    /// The demo goes on without its central store where that does not start: the status line says so.
    fn demo_server(&self, config: &Config, data: &Path) -> ServerAddress {
        let secret = format!("{:032x}", rand::random::<u128>());
        let started = if config.central_store {
            start_central(data, &secret).map(Some)
        } else {
            Ok(None)
        };
        let url = match started {
            Ok(Some(central)) => {
                let url = central.address().to_owned();
                *self.central.lock().unwrap_or_else(PoisonError::into_inner) = Some(central);
                url
            }
            Ok(None) => NOWHERE.to_owned(),
            Err(error) => {
                self.log.write(&format!("{error}: {}", source_of(&error)));
                NOWHERE.to_owned()
            }
        };
        ServerAddress {
            url,
            tenant: DEMO_TENANT.to_owned(),
            bootstrap: Some(secret),
            ca_file: None,
        }
    }
}

fn start_central(data: &Path, secret: &str) -> Result<CentralStore, CentralError> {
    let program = central::program_beside_this_one().map_err(CentralError::NotStarted)?;
    CentralStore::start(&program, &data.join("central"), DEMO_TENANT, secret)
}

fn source_of(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// The demo keeps a key file, so that no question is asked.
fn key_place(config: &Config, data: &Path) -> KeyPlace {
    let named = config.is_demo().then(|| KeyPlace::file_in(data));
    KeyPlace::of_folder(data, named)
}

/// A panic's message may quote what someone typed: only its place is told.
pub(crate) fn silence_panics() {
    std::panic::set_hook(Box::new(|info| {
        if let Some(place) = info.location() {
            eprintln!("panic at {}:{}", place.file(), place.line());
        }
    }));
}
