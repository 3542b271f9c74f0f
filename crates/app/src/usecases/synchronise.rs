//! Bringing this computer and the central store together, and saying truthfully how they stand.
//!
//! The network is never waited for while the store is locked: what is to be sent is read, the lock is let go, and
//! each answer is taken in as it comes. A round that is cut anywhere has lost nothing.

mod certification;
mod device_log;
mod epoch;
mod fork;
mod heard;
mod person;
mod problem;
mod rest;
mod round;
mod sealed;
mod tree;
mod trust;
mod wipe;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DurationRound, TimeDelta};
use rand::RngCore;
use rand::rngs::OsRng;
use skranke_domain::ids::{CaseId, StaffId};
use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::plan::Local;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::{DeviceState, EnrolAnswer, FeedPage, FoundCase, Status};
use skranke_store::{Action, Actor, Entry, SecondCopy, Store, WriteHandle};
use skranke_sync::backoff::with_retries_where;
use skranke_sync::round::TRIES;
use skranke_sync::{Cancel, Client, Connection, Environment, Exchange, SyncError};

use crate::api::error::ErrorCode;
use crate::api::sync::SyncView;
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::{App, NO_DEVICE, why_closed};
use crate::usecases::settings;
use heard::keep_device_codes;
pub(crate) use heard::{MOST_CLOCK_OFFSET_MS, device_codes};
pub(crate) use person::grant_in;
use person::grant_ran_out;
use problem::Told;
use rest::Poll;
use round::{Round, Taken};

/// A grant is renewed when less than this is left of it.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(30);

/// The line to the central store.
#[derive(Default)]
pub(crate) struct Line {
    state: Mutex<LineState>,
    /// Ends the waiting for the browser at sign-in.
    browser: Mutex<Cancel>,
    /// Woken when something was saved, or the program ends.
    wake: Condvar,
    cancel: Cancel,
}

#[derive(Default)]
struct LineState {
    online: bool,
    problem: Option<Told>,
    /// Alarms since the program started, by code, with the reference that is in the audit log.
    alarms: BTreeMap<&'static str, String>,
    something_new: bool,
    /// The sessions at the central store of those who work here; in memory alone.
    sessions: HashMap<StaffId, Arc<skranke_sync::Session>>,
    /// Sessions to be ended there when it can be reached.
    ending: Vec<Arc<skranke_sync::Session>>,
    /// One round at a time.
    round: Option<Round>,
    /// What waits for news between two rounds.
    poll: Option<Poll>,
    /// Cases of the work that the last round sent which had something to send.
    sent: BTreeSet<CaseId>,
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

    /// Notes how a contact ended.
    fn heard(&self, outcome: &Result<(), SyncError>) {
        let mut state = self.state();
        match outcome {
            Ok(()) => {
                state.online = true;
                state.problem = None;
            }
            Err(error) => {
                state.online = !matches!(
                    error,
                    SyncError::Offline
                        | SyncError::Cut
                        | SyncError::TimedOut
                        | SyncError::NotSkranke
                        | SyncError::NotEncrypted
                        | SyncError::CaFileUnusable
                        | SyncError::CertificateRefused(_)
                        | SyncError::Busy { .. }
                );
                state.problem = problem::told(error);
            }
        }
        self.wake.notify_all();
    }

    /// Notes whether a contact outside a round reached the central store.
    pub(crate) fn reached(&self, is_there: bool) {
        self.state().online = is_there;
        self.wake.notify_all();
    }

    pub(crate) fn keep_session(&self, session: skranke_sync::Session) {
        let mut state = self.state();
        state.online = true;
        let staff = session.grant().staff_id;
        let before = state.sessions.insert(staff, Arc::new(session));
        state.ending.extend(before);
        self.wake.notify_all();
    }

    fn session_of(&self, staff: StaffId) -> Option<Arc<skranke_sync::Session>> {
        self.state().sessions.get(&staff).cloned()
    }

    /// The person leaves: the session at the central store ends with the next contact, which is now where it can be.
    pub(crate) fn end_session(&self, staff: StaffId) {
        let mut state = self.state();
        let ended = state.sessions.remove(&staff);
        state.ending.extend(ended);
        state.something_new = true;
        self.wake.notify_all();
    }

    /// A session there that was begun for nobody here ends the same way.
    pub(crate) fn end_unused(&self, session: skranke_sync::Session) {
        let mut state = self.state();
        state.ending.push(Arc::new(session));
        state.something_new = true;
        self.wake.notify_all();
    }

    /// The central store no longer knows the session; the next round asks for another where it may.
    fn forget_session(&self, staff: StaffId) {
        self.state().sessions.remove(&staff);
    }

    pub(crate) fn new_browser_sign_in(&self) -> Cancel {
        let fresh = Cancel::default();
        let mut browser = self.browser.lock().unwrap_or_else(PoisonError::into_inner);
        // One at a time: whoever presses again means the new one.
        browser.cancel();
        *browser = fresh.clone();
        fresh
    }

    pub(crate) fn cancel_browser_sign_in(&self) {
        self.browser
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .cancel();
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
        let (online, alarm, line, progress, sent) = {
            let state = self.line.state();
            let alarm = state.alarms.values().next().cloned();
            let progress = state.round.as_ref().and_then(Round::told);
            (
                state.online,
                alarm,
                state.problem.clone(),
                progress,
                state.sent.len() as u64,
            )
        };
        let now = self.legal_now();
        let desk = self.lock();
        let Some(store) = &desk.store else {
            return Err(why_closed(desk.closed.as_ref()));
        };
        let read = store.read()?;
        let counts = read.outbox_counts()?;
        let (cases, confirmed) = read.outbox_case_counts()?;
        let clock_is_right = self.clock_is_right();
        let server_key = server_key(store)?;
        let confirmation = read.confirmation()?;
        let confirmed_at = match (confirmation, server_key) {
            (Some(signed), Some(key)) => signed
                .verify(&key)
                .map(|confirmation| rfc3339(confirmation.issued_at))
                .unwrap_or_default(),
            _ => String::new(),
        };
        let lease_ran_out = match (self.server(), &desk.session) {
            (Some(_), Some(session)) => grant_ran_out(&read, session.staff, now)?,
            _ => false,
        };
        let is_outdated = self.profile_needs_newer_program(store)?;
        let profile = self.profile_told(store)?;
        let behind = store.second_copy() == SecondCopy::Behind;
        let plain = |code| Told {
            code,
            reference: String::new(),
        };
        // The gravest first; being offline is the least of them.
        let (away, line) = line.map_or((None, None), |told| {
            if told.code == ErrorCode::Offline {
                (Some(told), None)
            } else {
                (None, Some(told))
            }
        });
        let told = alarm
            .map(|reference| Told {
                code: ErrorCode::SyncAlarm,
                reference,
            })
            .or_else(|| behind.then(|| plain(ErrorCode::SecondCopyBehind)))
            .or(line)
            .or_else(|| is_outdated.then(|| plain(ErrorCode::ProfileNotReadable)))
            .or_else(|| lease_ran_out.then(|| plain(ErrorCode::GrantExpired)))
            .or_else(|| (!clock_is_right).then(|| plain(ErrorCode::ClockWrong)))
            .or(away);
        let (problem, reference) = told.map_or_else(Default::default, |told| {
            (told.code.code().to_owned(), told.reference)
        });
        Ok(SyncView {
            configured: self.server().is_some(),
            online,
            cases,
            confirmed,
            waiting: counts.waiting,
            quarantined: counts.quarantined,
            confirmed_at,
            problem,
            reference,
            profile,
            progress,
            sent,
            now: rfc3339(now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now)),
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

    /// Ends the background work; what waits stays and is sent at the next start. A paper nobody answered for counts as
    /// handed out.
    pub fn stop(&self) {
        // The program ends whatever the store says.
        drop(self.paper_settle());
        self.line.cancel.cancel();
        if let Some(round) = &self.line.state().round {
            round.stop();
        }
        self.line.hang_up();
        self.line.cancel_browser_sign_in();
        self.line.wake.notify_all();
    }

    /// Runs a round; none where there is no central store, or another one runs.
    fn run_round(&self) -> Option<Result<(), SyncError>> {
        self.server()?;
        let taken = self.line.take()?;
        // What this round brings is no news.
        self.line.hang_up();
        let outcome = taken.ended(self.round(&taken));
        if matches!(
            outcome,
            Err(SyncError::NotSignedByServer | SyncError::WrongContent)
        ) {
            self.raise("not_signed_by_server");
        }
        if outcome.is_err() && self.central_clock.is_heard() {
            // A clock that is set while there is no line: for a start without one. The next round tries again.
            let _ = self.note_clock();
        }
        self.line.heard(&outcome);
        Some(outcome)
    }

    /// Tells an alarm: one row in the audit log for each while the program runs, and the status line until it ends.
    fn raise(&self, code: &'static str) {
        if self.line.state().alarms.contains_key(code) {
            return;
        }
        let reference = AppError::of(ErrorCode::SyncAlarm).reference;
        let now = self.now();
        // The status line tells the alarm even where the row could not be written.
        let _ = self.taking_in(|write| {
            let entry = Entry::new(Action::Synchronised, now)
                .on(format!("alarm.{code}"))
                .because(reference.clone());
            Ok(write.also(&entry)?)
        });
        self.line.state().alarms.insert(code, reference);
    }

    /// Tells an alarm and ends the round: nothing of the answer is kept.
    fn trusted<T>(&self, found: Result<Result<T, &'static str>, AppError>) -> Result<T, String> {
        found.map_err(said)?.map_err(|code| {
            self.raise(code);
            AppError::of(ErrorCode::SyncAlarm).log_line()
        })
    }

    fn round(&self, taken: &Taken<'_>) -> Result<(), SyncError> {
        let client = Arc::new(self.enrolled_client()?);
        taken.asks_over(&client);
        self.end_sessions(&client, &taken.cancel);
        let status = self.status_of(&client, &taken.cancel)?;
        // Before anything is judged by it: either clock may have jumped since the last round. Where it cannot be noted, what
        // is to be sent is sent all the same.
        let noted = self.note_clock().map_err(host);
        // Whom the central store does not let in is one thing, what this computer has is another: it is sent, and the
        // lease goes on, all the same.
        let signed_in = match self.renew_grant_over(&client) {
            Err(refused) if is_refusal(&refused) => Err(refused),
            renewed => Ok(renewed?),
        };
        self.keep_certification(&status)?;
        self.follow_epoch(&status)?;
        self.keep_recovery_key(&status)?;
        rehearsal::point("sync.status_heard");
        if status.device.state != DeviceState::Revoked {
            self.keep_profile(&client, &status)?;
        }
        self.note_browser_sign_in(status.browser_sign_in)
            .map_err(host)?;
        self.note_scope(&status).map_err(host)?;
        self.keep_lease(&client, &status)?;
        let key = self.with_store(|store| server_key(store)).map_err(host)?;
        let key = key.ok_or(SyncError::NotSignedByServer)?;
        self.note_backup(status.epoch, status.backup_position)
            .map_err(host)?;
        let (head, own, cursor, mut attachments, offers_pulled) = self
            .with_store(|store| {
                let read = store.read()?;
                let head = read
                    .own_device()?
                    .map(|own| own.head)
                    .unwrap_or(skranke_protocol::chain::Head::START);
                // What the server certainly has need not be planned again; its last event is kept for comparing.
                let certain = status.device.seq.min(head.seq).saturating_sub(1);
                // What waits there for something else may have been decided meanwhile: it is offered again.
                let unsettled = read.unsettled(1)?;
                let after = unsettled
                    .first()
                    .map_or(certain, |row| certain.min(row.first_seq.saturating_sub(1)));
                Ok((
                    head,
                    read.own_events_for_plan(after)?,
                    read.cursor()?,
                    read.attachments_waiting()?,
                    epoch::is_offering(&read)?,
                ))
            })
            .map_err(host)?;
        let (sealed, offers_sealed) = self.sealed_work(&status, &mut attachments).map_err(host)?;
        let local = Local {
            head,
            own: &own,
            sealed: &sealed,
            offers_sealed,
            cursor,
            offers_pulled,
            attachments: &attachments,
        };
        let mut offered = None;
        let offered = RefCell::new(&mut offered);
        let mut exchange = Exchange {
            own_events: &mut |first, last| {
                rehearsal::point("sync.before_push");
                let count = u32::try_from(last + 1 - first).unwrap_or(u32::MAX);
                let own = self
                    .with_store(|store| Ok(store.read()?.own_events(first - 1, count)?))
                    .map_err(said)?;
                taken.sends(&own);
                Ok(own)
            },
            offered_again: &mut || {
                let portion = self.next_portion().map_err(said)?;
                **offered.borrow_mut() = portion.then().cloned();
                Ok((portion.events, portion.grants))
            },
            taken_again: &mut |_, pushed| {
                rehearsal::point("offer.portion_answered");
                let found = self.with_store(|store| {
                    let read = store.read()?;
                    let wrong = trust::head(&read, &key, &pushed.head)?;
                    wrong.map_or_else(|| tree::hears(&read, &pushed.head), |code| Ok(Err(code)))
                });
                let followed = self.trusted(found)?;
                let then = offered.borrow_mut().take();
                self.taking_in(|write| {
                    tree::keep(write, &followed)?;
                    epoch::note_taken(write, then.as_ref())
                })
                .map_err(said)?;
                rehearsal::point("offer.portion_kept");
                Ok(())
            },
            sealed: &mut |part| self.sealed_part(part).map_err(said),
            unsealed: &mut |unsealed| self.keep_unsealed(&key, unsealed),
            pushed: &mut |pushed| {
                rehearsal::point("sync.push_answered");
                let found = self.with_store(|store| {
                    let read = store.read()?;
                    let head = trust::head(&read, &key, &pushed.head)?;
                    let wrong = head.or(trust::confirmation(&read, &key, &pushed.confirmation)?);
                    wrong.map_or_else(|| tree::hears(&read, &pushed.head), |code| Ok(Err(code)))
                });
                if let Ok(Err(code)) = &found {
                    let held = fork::held_apart(code, &pushed.verdicts);
                    if !held.is_empty() {
                        self.raise(code);
                        return self
                            .taking_in(|write| Ok(write.take_verdicts(&held)?))
                            .map_err(said);
                    }
                }
                let followed = self.trusted(found)?;
                self.taking_in(|write| {
                    tree::keep(write, &followed)?;
                    write.take_verdicts(&pushed.verdicts)?;
                    write.keep_tenant_head(&pushed.signed_head)?;
                    Ok(write.keep_confirmation(&pushed.signed_confirmation)?)
                })
                .map_err(said)?;
                rehearsal::point("sync.verdicts_kept");
                Ok(())
            },
            pulled: &mut |page| {
                let found = self.with_store(|store| {
                    let read = store.read()?;
                    let wrong = trust::head(&read, &key, &page.head)?;
                    wrong.map_or_else(|| tree::reads(&read, page), |code| Ok(Err(code)))
                });
                let followed = self.trusted(found)?;
                rehearsal::point("sync.page_answered");
                if rehearsal::is_planted(Bug::CheckpointFirst) {
                    let (items, grants) = (Vec::new(), Vec::new());
                    let place = FeedPage {
                        items,
                        grants,
                        ..page.sent.clone()
                    };
                    self.taking_in(|write| Ok(write.take_page(&place).map(|_| ())?))
                        .map_err(said)?;
                }
                rehearsal::point("sync.cursor_kept");
                let mut alarms = Vec::new();
                self.taking_in(|write| {
                    Self::keep_grants(write, &key, &page.sent.grants)?;
                    keep_device_codes(write, &page.sent.devices)?;
                    tree::keep(write, &followed)?;
                    alarms = trust::page(&write.take_page(&page.sent)?);
                    alarms.extend(followed.alarm);
                    Ok(write.keep_tenant_head(&page.sent.head)?)
                })
                .map_err(said)?;
                alarms.into_iter().for_each(|code| self.raise(code));
                rehearsal::point("sync.page_kept");
                Ok(())
            },
            file: &mut |file| self.file_to_send(file).map_err(said),
            uploaded: &mut |digest| {
                rehearsal::point("sync.file_answered");
                self.taking_in(|write| Ok(write.confirm_attachment(*digest)?))
                    .map_err(said)?;
                rehearsal::point("sync.file_kept");
                Ok(())
            },
            alarm: &mut |alarm| self.raise(trust::planned(alarm)),
            progress: &mut |progress| taken.progressed(progress),
        };
        match skranke_sync::run(&client, &local, &mut exchange, &taken.cancel) {
            Err(error) if is_revoked(&error) => {
                self.hand_over_log(&client, &taken.cancel)?;
                self.wipe_if_ordered(&client)?;
                return Err(error);
            }
            ran => ran?,
        };
        self.follow_tree(&client)?;
        self.hear_what_was_returned(&client)?;
        self.hand_over_log(&client, &taken.cancel)?;
        self.go_on_anew(&client, &status)?;
        noted.and(signed_in)
    }

    /// Ends at the central store the sessions of those who left; what cannot be ended runs out by itself. Where somebody
    /// stops the round, the next one ends them.
    fn end_sessions(&self, client: &Client, cancel: &Cancel) {
        let ending = std::mem::take(&mut self.line.state().ending);
        for session in ending {
            if client.end(&session).is_err() && cancel.is_cancelled() {
                self.line.state().ending.push(session);
            }
        }
    }

    /// A client with the server's key; enrols this device first where that has not been done.
    pub(crate) fn enrolled_client(&self) -> Result<Client, SyncError> {
        let server = self.server().ok_or(SyncError::Offline)?;
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
            ca_file: server.ca_file.clone(),
        };
        let mut client = Client::new(connection, self.environment_measured());
        if known_key.is_none() {
            let code = server.bootstrap.as_deref().ok_or(SyncError::Offline)?;
            let answer = client.enrol(code, &format!("Skranke {}", own.code))?;
            self.taking_in(|write| Self::keep_enrolment(write, &answer))
                .map_err(host)?;
            self.know_central(&client)?;
        }
        Ok(client)
    }

    /// Keeps the central store's key, and the code it gave this computer.
    pub(crate) fn keep_enrolment(
        write: &mut WriteHandle<'_>,
        answer: &EnrolAnswer,
    ) -> Result<(), AppError> {
        settings::write(write, "server_key", &answer.server_key.to_string())?;
        Ok(write.adopt_device_code(&answer.device_code)?)
    }

    /// Hears from a central store that this computer was just enrolled at what signing in needs.
    pub(crate) fn know_central(&self, client: &Client) -> Result<(), SyncError> {
        let status = client.status()?;
        self.keep_certification(&status)?;
        self.follow_epoch(&status)?;
        self.keep_profile(client, &status)?;
        self.note_scope(&status).map_err(host)?;
        self.note_browser_sign_in(status.browser_sign_in)
            .map_err(host)
    }

    /// Notes how a contact outside a round ended.
    pub(crate) fn heard_of(&self, outcome: &Result<(), SyncError>) {
        self.line.heard(outcome);
    }

    /// How this computer stands with the central store; one that was restored and does not know it is told of it again.
    fn status_of(&self, client: &Client, cancel: &Cancel) -> Result<Status, SyncError> {
        // A line that is cut in the middle is there, and is asked again. One that is not there is told at once.
        let is_cut = |error: &SyncError| *error == SyncError::Cut;
        let status = with_retries_where(client.environment(), cancel, TRIES, is_cut, || {
            client.status()
        });
        let bootstrap = self.server().and_then(|server| server.bootstrap);
        match (status, bootstrap.as_deref()) {
            (
                Err(SyncError::Refused {
                    code: ProblemCode::NotAuthenticated,
                    ..
                }),
                Some(code),
            ) => {
                client.enrol_again(code, "Skranke")?;
                client.status()
            }
            (status, _) => status,
        }
    }

    /// Enrols this device, if the central store can be reached; otherwise the next round does.
    pub(crate) fn enrol_if_possible(&self) {
        if self.server().is_some() {
            let outcome = self.enrolled_client().map(|_| ());
            self.line.reached(outcome.is_ok());
        }
    }

    /// Whether a central store is set up.
    pub(crate) fn has_central_store(&self) -> bool {
        self.server().is_some()
    }

    /// Tells the background that there is something to fetch.
    pub(crate) fn line_nudge(&self) {
        self.line.nudge();
    }

    pub(crate) fn with_store<T>(
        &self,
        run: impl FnOnce(&mut Store) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let mut desk = self.lock();
        let closed = why_closed(desk.closed.as_ref());
        let outcome = run(desk.store.as_mut().ok_or(closed)?);
        outcome.map_err(|error| desk.after(error))
    }

    /// A write of the program itself.
    pub(crate) fn taking_in(
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

    pub(crate) fn environment(&self) -> Environment {
        let clock = self.config.clock.clone();
        let (waits, patience) = (clock.clone(), clock.clone());
        Environment::new(
            move || clock.now(),
            |bytes| OsRng.fill_bytes(bytes),
            move |time, cancel: &Cancel| {
                let step = Duration::from_millis(50);
                let mut left = waits.wait_of(time);
                while !left.is_zero() && !cancel.is_cancelled() {
                    let pause = left.min(step);
                    std::thread::sleep(pause);
                    left = left.saturating_sub(pause);
                }
            },
        )
        .with_patience(move |time| patience.wait_of(time))
    }

    /// The same, towards the central store this computer belongs to: its clock is the one that counts.
    fn environment_measured(&self) -> Environment {
        let (steady, clock) = (
            Arc::clone(&self.central_clock),
            Arc::clone(&self.central_clock),
        );
        self.environment()
            .measured_by(move || steady.steady(), move |time| clock.measures(time))
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

/// Whether the central store refused because the session there has ended.
fn is_ended(error: &SyncError) -> bool {
    matches!(
        error,
        SyncError::Refused {
            code: ProblemCode::GrantNotValid,
            ..
        }
    )
}

/// Whether the central store answered, and said no.
fn is_refusal(error: &SyncError) -> bool {
    matches!(
        error,
        SyncError::Refused { .. } | SyncError::RefusedOtherwise { .. }
    )
}

/// Whether the central store refused because this computer was shut out.
fn is_revoked(error: &SyncError) -> bool {
    matches!(
        error,
        SyncError::Refused {
            code: ProblemCode::DeviceRevoked,
            ..
        }
    )
}

/// What a failed contact means to a person who waits for it.
pub(crate) fn told(error: &SyncError) -> AppError {
    match problem::told(error) {
        Some(told) if told.reference.is_empty() => AppError::of(told.code),
        Some(told) => AppError {
            reference: told.reference,
            ..AppError::of(told.code)
        },
        None => AppError::of(ErrorCode::BrowserSignInAbandoned),
    }
}

/// A failure of this computer's own store, on its way through a round.
pub(crate) fn host(error: AppError) -> SyncError {
    SyncError::Host(said(error))
}

/// A failed call of a command that only the central store can do: what was typed is kept, and nothing was changed.
pub(crate) fn needs_line(error: SyncError) -> AppError {
    let Some(told) = problem::told(&error) else {
        return AppError::of(ErrorCode::NeedsCentralStore);
    };
    let is_away = matches!(
        told.code,
        ErrorCode::Offline | ErrorCode::ServerUnavailable | ErrorCode::ServerAnswerUnreadable
    );
    AppError::of(if is_away {
        ErrorCode::NeedsCentralStore
    } else {
        told.code
    })
}

fn said(error: AppError) -> String {
    error.log_line()
}
