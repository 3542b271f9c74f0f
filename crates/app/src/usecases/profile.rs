//! The municipality's set-up: which version is in use, and how an administrator makes the next one.
//!
//! The file that came with the program is never touched. With a central store the next version is made there, so that
//! of two administrators exactly one is first; every computer fetches it at its next round and goes on with it.
//! Basis: design, section 4 (profiles edited in the window) and section 3 (exactly one winner).

use std::sync::{Arc, PoisonError};

use skranke_domain::ids::StaffId;
use skranke_forms::Profile;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{self, Status};
use skranke_store::{Action, EditionRow, Entry, Store};
use skranke_sync::{Client, SyncError};

use super::synchronise::{host, needs_line};
use crate::api::error::ErrorCode;
use crate::api::profile::{
    EditionRef, EditionView, ProfileChange, ProfileCheck, ProfileEdit, ProfileEdited,
    ProfileFieldProblem, ProfileSaveRequest, ProfileView,
};
use crate::error::AppError;
use crate::present::rfc3339;
use crate::profile::{difference, typed};
use crate::state::{App, Session};
use crate::usecases::reason;
use crate::usecases::settings::{self, needs_administrator};

/// The profile in use, and the newest edition that was here when it was chosen.
pub(crate) struct InUse {
    code: String,
    newest: u32,
    profile: Arc<Profile>,
}

impl App {
    /// The profile this computer works under: the newest edition that this program can read, or the file that came
    /// with it.
    pub(crate) fn profile(&self, store: &Store) -> Result<Arc<Profile>, AppError> {
        let read = store.read()?;
        let code: String = settings::read_in(&read, "profile")?.unwrap_or_default();
        let newest = read.newest_edition()?;
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = in_use.as_ref()
            && known.code == code
            && known.newest == newest
        {
            return Ok(Arc::clone(&known.profile));
        }
        let released = self.forms.profile(&code)?;
        let mut profile = None;
        for edition in (1..=newest).rev() {
            let row = read.edition(edition)?;
            profile = row.and_then(|row| self.readable(&row, released));
            if profile.is_some() {
                break;
            }
        }
        let profile = Arc::new(profile.unwrap_or_else(|| released.clone()));
        *in_use = Some(InUse {
            code,
            newest,
            profile: Arc::clone(&profile),
        });
        Ok(profile)
    }

    fn readable(&self, row: &EditionRow, released: &Profile) -> Option<Profile> {
        let profile = self.forms.edited_profile(&row.body).ok()?;
        (profile.code == released.code && profile.edition == row.edition).then_some(profile)
    }

    /// Whether a version came that only a newer program can read.
    pub(crate) fn profile_needs_newer_program(&self, store: &Store) -> Result<bool, AppError> {
        let newest = store.read()?.newest_edition()?;
        Ok(self.profile(store)?.edition < newest)
    }

    /// The set-up as it stands, with its history.
    ///
    /// # Errors
    /// `NotPermitted` for anyone but an administrator.
    pub fn profile_show(&self, (): ()) -> Result<ProfileView, AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            self.profile_view(work.store)
        })
    }

    /// The fields of an earlier version, to go back to it: it is saved as the next version, like any edit.
    ///
    /// # Errors
    /// `NotPermitted`; `NotFound` for a version that is not here or that this program cannot read.
    pub fn profile_edition(&self, request: EditionRef) -> Result<ProfileEdit, AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            Ok(typed::shown(&self.profile_at(work.store, request.edition)?))
        })
    }

    /// What is wrong with an edit, each at its field, and what it changes.
    ///
    /// # Errors
    /// `NotPermitted`, `NotFound`.
    pub fn profile_check(&self, request: ProfileEdited) -> Result<ProfileCheck, AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            let base = self.profile_at(work.store, request.based_on)?;
            let problems = self.told(&request.edit, &base);
            let changes = self.changes(&request.edit, &base);
            Ok(ProfileCheck { problems, changes })
        })
    }

    /// Puts an edit on top of the newest version, after somebody else was first.
    ///
    /// # Errors
    /// `NotPermitted`, `NotFound`.
    pub fn profile_rebase(&self, request: ProfileEdited) -> Result<ProfileView, AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            let base = typed::shown(&self.profile_at(work.store, request.based_on)?);
            let view = self.profile_view(work.store)?;
            let edit = difference::on_top_of(&view.edit, &base, &request.edit)
                .ok_or_else(AppError::malformed_request)?;
            Ok(ProfileView { edit, ..view })
        })
    }

    /// Saves an edit as the next version.
    ///
    /// # Errors
    /// `NotPermitted`; `ReasonMissing`; `InvalidFields` naming the first field; `ProfileUnchanged`; `ProfileChanged`
    /// where somebody else was first; `NeedsCentralStore` where it cannot be reached.
    pub fn profile_save(&self, request: ProfileSaveRequest) -> Result<ProfileView, AppError> {
        let reason = request.reason.trim().to_owned();
        let (mut row, session) = self.at_work(|work| {
            needs_administrator(&work.session)?;
            let length = reason.chars().count();
            if length == 0 || length > reason::LONGEST || reason.chars().any(char::is_control) {
                return Err(AppError::of(ErrorCode::ReasonMissing));
            }
            let base = self.profile(work.store)?;
            if request.based_on != base.edition {
                return Err(AppError::of(ErrorCode::ProfileChanged));
            }
            let (profile, problems) = typed::read(&request.edit, &base);
            if let Some(problem) = problems.first() {
                let wrong = AppError::of(ErrorCode::InvalidFields);
                return Err(wrong.with("field", &problem.field));
            }
            let same = Profile {
                edition: base.edition,
                ..profile.clone()
            };
            if same == *base {
                return Err(AppError::of(ErrorCode::ProfileUnchanged));
            }
            let body = profile.to_toml()?;
            // What is sent is read back first, so that no computer gets what it cannot read.
            self.forms.edited_profile(&body)?;
            let row = EditionRow {
                edition: profile.edition,
                body,
                staff: work.session.staff,
                initials: work.session.initials.clone(),
                reason: reason.clone(),
                made_at: work.legal_now,
            };
            Ok((row, work.session))
        })?;
        if self.server().is_some() {
            row = self.offer_centrally(&row, &session)?;
        }
        self.at_work(|work| {
            let entry = Entry::new(Action::ProfileEdited, work.now)
                .on(row.edition.to_string())
                .because(row.reason.clone());
            let mut write = work.store.write(&work.actor, entry)?;
            write.put_edition(&row)?;
            write.commit()?;
            self.profile_view(work.store)
        })
    }

    /// Makes the next version at the central store, in the administrator's name.
    fn offer_centrally(&self, row: &EditionRow, session: &Session) -> Result<EditionRow, AppError> {
        let client = self.enrolled_client().map_err(needs_line)?;
        let at_server = self.session_at(&client, session.staff)?;
        let held = client.status().map_err(needs_line)?.profile_edition;
        // A central store restored from a backup gets back what it lost before what is new.
        let lost = self.with_store(|store| {
            let rows = store.read()?.editions()?;
            Ok(rows
                .into_iter()
                .filter(|known| known.edition > held)
                .rev()
                .collect::<Vec<_>>())
        })?;
        let offer = |row: &EditionRow| {
            client.save_profile(
                &at_server,
                &wire::ProfileSaveRequest {
                    based_on: row.edition.saturating_sub(1),
                    text: row.body.clone(),
                    initials: row.initials.clone(),
                    reason: row.reason.clone(),
                },
            )
        };
        let offered = lost
            .iter()
            .try_for_each(|row| offer(row).map(|_| ()))
            .and_then(|()| offer(row));
        match offered {
            Ok(edition) => Ok(stored(edition)),
            Err(SyncError::Refused {
                code: ProblemCode::StateMismatch,
                ..
            }) => {
                // Whoever was first is shown at once.
                self.fetch_editions(&client).map_err(needs_line)?;
                Err(AppError::of(ErrorCode::ProfileChanged))
            }
            Err(error) => Err(needs_line(error)),
        }
    }

    /// Takes in the versions that came to the central store since the last round.
    pub(crate) fn keep_profile(&self, client: &Client, status: &Status) -> Result<(), SyncError> {
        let known = self
            .with_store(|store| Ok(store.read()?.newest_edition()?))
            .map_err(host)?;
        if status.profile_edition > known {
            self.fetch_editions(client)?;
        }
        Ok(())
    }

    fn fetch_editions(&self, client: &Client) -> Result<(), SyncError> {
        loop {
            let known = self
                .with_store(|store| Ok(store.read()?.newest_edition()?))
                .map_err(host)?;
            let editions = client.profiles(known)?;
            if editions.is_empty() {
                return Ok(());
            }
            self.taking_in(|write| {
                for edition in &editions {
                    let row = stored(edition.clone());
                    let entry = Entry::new(Action::ProfileEdited, self.now())
                        .on(row.edition.to_string())
                        .because(row.reason.clone());
                    write.also(&entry)?;
                    write.put_edition(&row)?;
                }
                Ok(())
            })
            .map_err(host)?;
        }
    }

    /// The name of a location, also of one that a later version no longer has.
    pub(crate) fn location_name(&self, store: &Store, code: &str) -> Result<String, AppError> {
        let profile = self.profile(store)?;
        if code.is_empty() || profile.location(code).is_some() {
            let location = profile.location(code);
            return Ok(location.map(|l| l.name.clone()).unwrap_or_default());
        }
        for edition in (0..profile.edition).rev() {
            let earlier = self.profile_at(store, edition);
            if let Ok(Some(location)) = earlier.map(|profile| profile.location(code).cloned()) {
                return Ok(location.name);
            }
        }
        Ok(String::new())
    }

    fn profile_at(&self, store: &Store, edition: u32) -> Result<Profile, AppError> {
        let in_use = self.profile(store)?;
        if in_use.edition == edition {
            return Ok((*in_use).clone());
        }
        let released = self.forms.profile(&in_use.code)?;
        if edition == 0 {
            return Ok(released.clone());
        }
        let row = store.read()?.edition(edition)?;
        row.and_then(|row| self.readable(&row, released))
            .ok_or_else(|| AppError::of(ErrorCode::NotFound))
    }

    fn told(&self, edit: &ProfileEdit, base: &Profile) -> Vec<ProfileFieldProblem> {
        let texts = self.forms.texts();
        let (_, problems) = typed::read(edit, base);
        let said = problems.into_iter().map(|problem| {
            let at_field = texts.say(&format!("profile_problem.{}", problem.code.code()), &[]);
            let field = problem.field.split('.').next().unwrap_or_default();
            let label = texts.say(&format!("profile.{field}"), &[]);
            ProfileFieldProblem {
                summary: format!("{label}: {at_field}"),
                field: problem.field,
                at_field,
            }
        });
        said.collect()
    }

    fn changes(&self, edit: &ProfileEdit, base: &Profile) -> Vec<ProfileChange> {
        difference::changes(&typed::shown(base), edit, self.forms.texts())
    }

    fn profile_view(&self, store: &Store) -> Result<ProfileView, AppError> {
        let profile = self.profile(store)?;
        let released = self.forms.profile(&profile.code)?;
        let mut history: Vec<EditionView> = store
            .read()?
            .editions()?
            .into_iter()
            .map(|row| EditionView {
                edition: row.edition,
                version: self
                    .readable(&row, released)
                    .map_or_else(|| row.edition.to_string(), |profile| profile.version_text()),
                made_at: rfc3339(row.made_at),
                initials: row.initials,
                reason: row.reason,
            })
            .collect();
        history.push(EditionView {
            edition: 0,
            version: released.version_text(),
            made_at: String::new(),
            initials: String::new(),
            reason: String::new(),
        });
        Ok(ProfileView {
            edition: profile.edition,
            version: profile.version_text(),
            edit: typed::shown(&profile),
            history,
        })
    }
}

fn stored(edition: wire::ProfileEdition) -> EditionRow {
    EditionRow {
        edition: edition.edition,
        body: edition.text,
        staff: StaffId::from_uuid(edition.staff_id.as_uuid()),
        initials: edition.initials,
        reason: edition.reason,
        made_at: edition.made_at,
    }
}
