//! Bringing this computer and the central store together, and saying truthfully how they stand.
//!
//! The network is never waited for while the store is locked: what is to be sent is read, the lock is let go, and
//! each answer is taken in as it comes. A round that is cut anywhere has lost nothing.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use rand::RngCore;
use rand::rngs::OsRng;
use skranke_domain::cpr::Cpr;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::plan::{Alarm, Local};
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::{FoundCase, SessionRequest};
use skranke_store::{Action, Actor, Entry, Store, WriteHandle};
use skranke_sync::{Cancel, Client, Connection, Environment, Exchange, SyncError};

use crate::api::sync::SyncView;
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::{App, NO_DEVICE, Session, why_closed};
use crate::usecases::settings;

/// Seconds between two rounds when nothing new was saved.
const REST_SECONDS: u64 = 10;
/// A grant is renewed when less than this is left of it.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(30);

/// The line to the central store.
#[derive(Default)]
pub(crate) struct Line {
    state: Mutex<LineState>,
    /// Woken when something was saved, or the program ends.
    wake: Condvar,
    cancel: Cancel,
}

#[derive(Default)]
struct LineState {
    online: bool,
    problem: String,
    something_new: bool,
    /// One round at a time.
    running: bool,
}

/// How far a look-up of a citizen reached.
pub(crate) struct CentralLook {
    /// `local`, `central` or `not_known`.
    pub(crate) reach: &'static str,
    pub(crate) cases: Vec<FoundCase>,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, LineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the background that something was saved.
    pub(crate) fn nudge(&self) {
        self.state().something_new = true;
        self.wake.notify_all();
    }
}

impl App {
    /// The status line: what is saved here, and what the central store has confirmed.
    ///
    /// # Errors
    /// What the store reports.
    pub fn sync_status(&self, (): ()) -> Result<SyncView, AppError> {
        let (online, problem) = {
            let state = self.line.state();
            (state.online, state.problem.clone())
        };
        let desk = self.lock();
        let Some(store) = &desk.store else {
            return Err(why_closed(desk.closed.as_ref()));
        };
        let read = store.read()?;
        let counts = read.outbox_counts()?;
        let (cases, confirmed) = read.outbox_case_counts()?;
        let server_key = server_key(store)?;
        let confirmation = read.confirmation()?;
        let confirmed_at = match (confirmation, server_key) {
            (Some(signed), Some(key)) => signed
                .verify(&key)
                .map(|confirmation| rfc3339(confirmation.issued_at))
                .unwrap_or_default(),
            _ => String::new(),
        };
        Ok(SyncView {
            configured: self.config.server.is_some(),
            online,
            cases,
            confirmed,
            waiting: counts.waiting,
            quarantined: counts.quarantined,
            confirmed_at,
            problem,
        })
    }

    /// Sends what waits and fetches what is new, now.
    ///
    /// # Errors
    /// What the store reports; an unreachable central store is told in the answer, not as an error.
    pub fn sync_now(&self, (): ()) -> Result<SyncView, AppError> {
        self.run_round();
        self.sync_status(())
    }

    /// Keeps this computer and the central store in step until [`App::stop`]. Call once, on a thread of its own.
    pub fn keep_in_step(&self) {
        while !self.line.cancel.is_cancelled() {
            self.run_round();
            let state = self.line.state();
            let rest = Duration::from_secs(REST_SECONDS);
            let waiting =
                |state: &mut LineState| !state.something_new && !self.line.cancel.is_cancelled();
            let (mut state, _) = self
                .line
                .wake
                .wait_timeout_while(state, rest, waiting)
                .unwrap_or_else(PoisonError::into_inner);
            state.something_new = false;
        }
    }

    /// Ends the background work; what waits stays and is sent at the next start.
    pub fn stop(&self) {
        self.line.cancel.cancel();
        self.line.wake.notify_all();
    }

    fn run_round(&self) {
        if self.config.server.is_none() {
            return;
        }
        {
            let mut state = self.line.state();
            if state.running {
                return;
            }
            state.running = true;
        }
        let outcome = self.round();
        let mut state = self.line.state();
        state.running = false;
        match outcome {
            Ok(()) => {
                state.online = true;
                state.problem = String::new();
            }
            Err(error) => {
                state.online = !matches!(
                    error,
                    SyncError::Offline
                        | SyncError::TimedOut
                        | SyncError::NotSkranke
                        | SyncError::Busy { .. }
                );
                state.problem = error.code().to_owned();
            }
        }
    }

    fn round(&self) -> Result<(), SyncError> {
        let client = self.enrolled_client()?;
        self.renew_grant_over(&client)?;
        let status = client.status()?;
        let (head, own, cursor, attachments) = self
            .with_store(|store| {
                let read = store.read()?;
                let head = read
                    .own_device()?
                    .map(|own| own.head)
                    .unwrap_or(skranke_protocol::chain::Head::START);
                // What the server certainly has need not be planned again; its last event is kept for comparing.
                let after = status.device.seq.min(head.seq).saturating_sub(1);
                Ok((
                    head,
                    read.own_events_for_plan(after)?,
                    read.cursor()?,
                    read.attachments_waiting()?,
                ))
            })
            .map_err(host)?;
        let local = Local {
            head,
            own: &own,
            cursor,
            attachments: &attachments,
        };
        let mut alarmed = false;
        let mut exchange = Exchange {
            own_events: &mut |first, last| {
                let count = u32::try_from(last + 1 - first).unwrap_or(u32::MAX);
                self.with_store(|store| Ok(store.read()?.own_events(first - 1, count)?))
                    .map_err(said)
            },
            pushed: &mut |pushed| {
                self.taking_in(|write| {
                    write.take_verdicts(&pushed.verdicts)?;
                    Ok(write.keep_confirmation(&pushed.signed_confirmation)?)
                })
                .map_err(said)
            },
            pulled: &mut |page| {
                self.taking_in(|write| {
                    write.take_page(&page.sent)?;
                    Ok(write.keep_tenant_head(&page.sent.head)?)
                })
                .map_err(said)
            },
            file: &mut |digest| {
                self.with_store(|store| Ok(store.read()?.attachment_original(*digest)?.to_vec()))
                    .map_err(said)
            },
            uploaded: &mut |digest| {
                self.taking_in(|write| Ok(write.confirm_attachment(*digest)?))
                    .map_err(said)
            },
            alarm: &mut |_: Alarm| alarmed = true,
            progress: &mut |_| {},
        };
        skranke_sync::run(&client, &local, &mut exchange, &self.line.cancel)?;
        if let Some(offset) = client.clock_offset_ms() {
            self.taking_in(|write| settings::write(write, "clock_offset_ms", &offset))
                .map_err(host)?;
        }
        if alarmed {
            Err(SyncError::NotSignedByServer)
        } else {
            Ok(())
        }
    }

    /// A client with the server's key; enrols this device first where that has not been done.
    fn enrolled_client(&self) -> Result<Client, SyncError> {
        let server = self.config.server.as_ref().ok_or(SyncError::Offline)?;
        let (own, known_key) = self
            .with_store(|store| Ok((store.read()?.own_device()?, server_key(store)?)))
            .map_err(host)?;
        let own = own.ok_or(SyncError::Offline)?;
        let connection = Connection {
            base_url: server.url.clone(),
            tenant: server.tenant.clone(),
            device_id: own.device,
            key: own.signing_key(),
            server_key: known_key,
        };
        let mut client = Client::new(connection, self.environment());
        if known_key.is_none() {
            let code = server.bootstrap.as_deref().ok_or(SyncError::Offline)?;
            let answer = client.enrol(code, &format!("Skranke {}", own.code))?;
            self.taking_in(|write| {
                settings::write(write, "server_key", &answer.server_key.to_string())?;
                // A device that has numbered cases keeps its code; the server's is for new ones.
                if own.head.seq == 0 {
                    write.adopt_device_code(&answer.device_code)?;
                }
                Ok(())
            })
            .map_err(host)?;
        }
        Ok(client)
    }

    /// Enrols this device, if the central store can be reached; otherwise the next round does.
    pub(crate) fn enrol_if_possible(&self) {
        if self.config.server.is_some() {
            let outcome = self.enrolled_client().map(|_| ());
            self.line.state().online = outcome.is_ok();
        }
    }

    /// Fetches a grant for the signed-in person, if the central store can be reached.
    pub(crate) fn renew_grant(&self) {
        if self.config.server.is_some() {
            let outcome = self
                .enrolled_client()
                .and_then(|client| self.renew_grant_over(&client));
            self.line.state().online = outcome.is_ok();
        }
    }

    fn renew_grant_over(&self, client: &Client) -> Result<(), SyncError> {
        let Some(session) = self.lock().session.clone() else {
            return Ok(());
        };
        if self.grant_of(&session).map_err(host)?.is_some() {
            return Ok(());
        }
        let secret = self
            .config
            .server
            .as_ref()
            .and_then(|server| server.bootstrap.clone());
        // Without a secret the person signs in at the central store itself: the next stage's OpenID sign-in.
        let Some(secret) = secret else { return Ok(()) };
        let roles = session
            .roles
            .iter()
            .map(|role| role.code().to_owned())
            .collect();
        let request = SessionRequest::Bootstrap {
            secret,
            staff_id: session.staff,
            roles,
        };
        let (signed, grant) = client.sign_in(&request)?;
        self.taking_in(|write| Ok(write.put_grant(&grant, &signed.to_token())?))
            .map_err(host)
    }

    /// The person's grant, as long as enough of it is left.
    fn grant_of(&self, session: &Session) -> Result<Option<SignedGrant>, AppError> {
        let soon = self.now() + RENEW_BEFORE;
        self.with_store(|store| {
            let (Some(token), Some(key)) = (
                store.read()?.grant_token(session.staff)?,
                server_key(store)?,
            ) else {
                return Ok(None);
            };
            let signed = SignedGrant::from_token(&token).ok();
            Ok(signed.filter(|signed| {
                signed.verify(&key).is_ok_and(|grant| {
                    let same_roles = session.roles.iter().all(|role| grant.roles.contains(role));
                    same_roles && grant.is_valid_at(soon).is_ok()
                })
            }))
        })
    }

    /// What the municipality knows of a citizen beyond this computer. Offline the answer is *not known*.
    pub(crate) fn look_up_centrally(&self, cpr: &Cpr) -> CentralLook {
        let not_known = CentralLook {
            reach: "not_known",
            cases: Vec::new(),
        };
        if self.config.server.is_none() {
            return CentralLook {
                reach: "local",
                ..not_known
            };
        }
        if !self.line.state().online {
            return not_known;
        }
        let session = self.lock().session.clone();
        let Some(session) = session else {
            return not_known;
        };
        let Ok(Some(grant)) = self.grant_of(&session) else {
            return not_known;
        };
        let answer = self
            .enrolled_client()
            .and_then(|client| client.lookup(&grant, cpr, "counter_entry"));
        match answer {
            Ok(answer) => CentralLook {
                reach: "central",
                cases: answer.cases,
            },
            Err(error) => {
                let mut state = self.line.state();
                state.online = false;
                state.problem = error.code().to_owned();
                not_known
            }
        }
    }

    fn with_store<T>(
        &self,
        run: impl FnOnce(&mut Store) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let mut desk = self.lock();
        let closed = why_closed(desk.closed.as_ref());
        run(desk.store.as_mut().ok_or(closed)?)
    }

    /// A write of the program itself.
    fn taking_in(
        &self,
        run: impl FnOnce(&mut WriteHandle<'_>) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let now = self.now();
        self.with_store(|store| {
            let device = store
                .read()?
                .own_device()?
                .map_or(NO_DEVICE, |own| own.device);
            let mut write = store.write(
                &Actor::program(device),
                Entry::new(Action::Synchronised, now),
            )?;
            run(&mut write)?;
            write.commit()?;
            Ok(())
        })
    }

    fn environment(&self) -> Environment {
        let clock = self.config.clock.clone();
        Environment::new(
            move || clock.now(),
            |bytes| OsRng.fill_bytes(bytes),
            |time, cancel: &Cancel| {
                let step = Duration::from_millis(50);
                let mut left = time;
                while !left.is_zero() && !cancel.is_cancelled() {
                    let pause = left.min(step);
                    std::thread::sleep(pause);
                    left = left.saturating_sub(pause);
                }
            },
        )
    }
}

/// The program with its background line, for a shell that runs until it is closed.
///
/// # Errors
/// The thread could not be made.
pub fn keep_in_step(app: &Arc<App>) -> std::io::Result<std::thread::JoinHandle<()>> {
    let app = Arc::clone(app);
    std::thread::Builder::new()
        .name("central store".to_owned())
        .spawn(move || app.keep_in_step())
}

fn server_key(store: &Store) -> Result<Option<PublicKey>, AppError> {
    let text: Option<String> = settings::read(store, "server_key")?;
    Ok(text.and_then(|text| text.parse().ok()))
}

fn host(error: AppError) -> SyncError {
    SyncError::Host(said(error))
}

fn said(error: AppError) -> String {
    error.log_line()
}
