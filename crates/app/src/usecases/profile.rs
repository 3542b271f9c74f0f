//! The municipality's set-up: which version is in use, and how an administrator makes the next one.
//!
//! The file that came with the program is never touched. With a central store the next version is made there, so that
//! of two administrators exactly one is first; every computer fetches it at its next round and goes on with it.
//! After that store was restored from a backup, a number may stand for another text there than here. Its text then
//! counts, and the one that stood here is kept as lost (decision 27).
//! Basis: design, section 4 (profiles edited in the window) and section 3 (exactly one winner).

use std::cmp::Reverse;
use std::sync::{Arc, PoisonError};

use skranke_domain::ids::StaffId;
use skranke_forms::Profile;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{self, Status};
use skranke_store::{Action, EditionRow, Entry, ReadHandle, Store};
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

/// The profile in use, and the editions that were here when it was chosen.
pub(crate) struct InUse {
    code: String,
    newest: u32,
    lost: u32,
    profile: Arc<Profile>,
}

impl App {
    /// The profile this computer works under: the newest edition that this program can read, or the file that came
    /// with it.
    pub(crate) fn profile(&self, store: &Store) -> Result<Arc<Profile>, AppError> {
        let read = store.read()?;
        let code: String = settings::read_in(&read, "profile")?.unwrap_or_default();
        let newest = read.newest_edition()?;
        let lost = read.lost_edition_count()?;
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = in_use.as_ref()
            && known.code == code
            && known.newest == newest
            && known.lost == lost
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
            lost,
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

    /// The profile in use as the window tells it from any other, from one that was lost under its number too.
    pub(crate) fn profile_told(&self, store: &Store) -> Result<String, AppError> {
        let reference = self.profile(store)?.reference();
        Ok(match store.read()?.lost_edition_count()? {
            0 => reference,
            lost => format!("{reference}~{lost}"),
        })
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
            let profile = self.profile_at(work.store, request.edition, &request.digest)?;
            Ok(typed::shown(&profile))
        })
    }

    /// What is wrong with an edit, each at its field, and what it changes.
    ///
    /// # Errors
    /// `NotPermitted`, `NotFound`.
    pub fn profile_check(&self, request: ProfileEdited) -> Result<ProfileCheck, AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            let base = self.profile_at(work.store, request.based_on, &request.digest)?;
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
            let base = self.profile_at(work.store, request.based_on, &request.digest)?;
            let base = typed::shown(&base);
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
        let (mut row, built_on, session) = self.at_work(|work| {
            needs_administrator(&work.session)?;
            let length = reason.chars().count();
            if length == 0 || length > reason::LONGEST || reason.chars().any(char::is_control) {
                return Err(AppError::of(ErrorCode::ReasonMissing));
            }
            let base = self.profile(work.store)?;
            let built_on = digest_at(&work.store.read()?, base.edition)?;
            let is_its_text = request.digest.is_empty() || request.digest == built_on;
            if request.based_on != base.edition || !is_its_text {
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
            Ok((row, built_on, work.session))
        })?;
        if self.server().is_some() {
            row = self.offer_centrally(&row, &built_on, &session)?;
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
    fn offer_centrally(
        &self,
        row: &EditionRow,
        built_on: &str,
        session: &Session,
    ) -> Result<EditionRow, AppError> {
        let client = self.enrolled_client().map_err(needs_line)?;
        let at_server = self.session_at(&client, session.staff)?;
        let status = client.status().map_err(needs_line)?;
        if self.is_rolled_back(&status)? {
            return Err(AppError::of(ErrorCode::SyncAlarm));
        }
        // What is built on a text that the central store lost must not go on top of the one it has instead.
        self.keep_profile(&client, &status).map_err(needs_line)?;
        // A central store restored from a backup gets back what it lost before what is new.
        let (still_built_on, lost) = self.with_store(|store| {
            let read = store.read()?;
            let rows = read.editions()?.into_iter();
            let lost = rows.filter(|known| known.edition > status.profile_edition);
            let lost: Vec<_> = lost.rev().collect();
            Ok((digest_at(&read, row.edition.saturating_sub(1))?, lost))
        })?;
        if still_built_on != built_on {
            return Err(AppError::of(ErrorCode::ProfileChanged));
        }
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
                let status = client.status().map_err(needs_line)?;
                self.keep_profile(&client, &status).map_err(needs_line)?;
                Err(AppError::of(ErrorCode::ProfileChanged))
            }
            Err(error) => Err(needs_line(error)),
        }
    }

    /// Whether the central store has less than it handed out and nobody said that it was restored. Nothing of it counts
    /// until the operator has opened a new epoch.
    fn is_rolled_back(&self, status: &Status) -> Result<bool, AppError> {
        let cursor = self.with_store(|store| Ok(store.read()?.cursor()?))?;
        Ok(cursor.epoch == status.epoch && status.position < cursor.position)
    }

    /// Takes in the versions that came to the central store since the last round.
    ///
    /// Numbers alone do not tell: the newest version that is both here and there must be the same. Where it is not, the
    /// central store was restored, and all it has is looked at.
    pub(crate) fn keep_profile(&self, client: &Client, status: &Status) -> Result<(), SyncError> {
        if self.is_rolled_back(status).map_err(host)? {
            return Ok(());
        }
        let there = status.profile_edition;
        let (here, shared) = self
            .with_store(|store| {
                let read = store.read()?;
                let here = read.newest_edition()?;
                Ok((here, read.edition(here.min(there))?))
            })
            .map_err(host)?;
        let editions = if there > here {
            // The newest that is here comes once more, to be compared.
            let came = editions_after(client, here.saturating_sub(1))?;
            let first = came.first().map(digest);
            if shared.is_none_or(|shared| first == Some(digest(&shared))) {
                came
            } else {
                editions_after(client, 0)?
            }
        } else {
            let told = status.profile_digest;
            if shared.is_none_or(|shared| told.is_none_or(|told| told == digest(&shared))) {
                return Ok(());
            }
            editions_after(client, 0)?
        };
        self.take_editions(&editions).map_err(host)
    }

    /// Takes the central store's versions as they are there. What stood here under one of their numbers with another
    /// text is lost, and so is what stands on top of it.
    fn take_editions(&self, rows: &[EditionRow]) -> Result<(), AppError> {
        let Some(last) = rows.last() else {
            return Ok(());
        };
        let now = self.now();
        let entry = |action, row: &EditionRow| {
            Entry::new(action, now)
                .on(row.edition.to_string())
                .because(row.reason.clone())
        };
        self.taking_in(|write| {
            let shared = write.reading().edition(last.edition)?;
            if shared.is_some_and(|shared| digest(&shared) != digest(last)) {
                let standing = write.reading().editions()?;
                for lost in standing.iter().filter(|row| row.edition > last.edition) {
                    write.also(&entry(Action::ProfileReplaced, lost))?;
                    write.lose_newest_edition()?;
                }
            }
            for row in rows {
                let here = write.reading().edition(row.edition)?;
                match here {
                    Some(here) if digest(&here) == digest(row) => continue,
                    Some(lost) => {
                        write.also(&entry(Action::ProfileReplaced, &lost))?;
                        write.replace_edition(row)?;
                    }
                    None => write.put_edition(row)?,
                }
                write.also(&entry(Action::ProfileEdited, row))?;
            }
            Ok(())
        })
    }

    /// The name of a location, also of one that a later version no longer has, or that only a lost one had.
    pub(crate) fn location_name(&self, store: &Store, code: &str) -> Result<String, AppError> {
        let profile = self.profile(store)?;
        if code.is_empty() || profile.location(code).is_some() {
            let location = profile.location(code);
            return Ok(location.map(|l| l.name.clone()).unwrap_or_default());
        }
        let released = self.forms.profile(&profile.code)?;
        let lost = store.read()?.lost_editions()?;
        let lost = lost.iter().map(|row| self.readable(row, released));
        let earlier = (0..profile.edition).rev();
        let earlier = earlier.map(|edition| self.profile_at(store, edition, "").ok());
        let mut every = earlier.chain(lost).flatten();
        let name = every.find_map(|profile| profile.location(code).map(|l| l.name.clone()));
        Ok(name.unwrap_or_default())
    }

    /// The profile of an edition; of the lost one under its number, where the digest is that one's.
    fn profile_at(&self, store: &Store, edition: u32, digest: &str) -> Result<Profile, AppError> {
        let in_use = self.profile(store)?;
        let released = self.forms.profile(&in_use.code)?;
        if edition == 0 {
            return Ok(released.clone());
        }
        let read = store.read()?;
        let row = if digest.is_empty() || digest == digest_at(&read, edition)? {
            read.edition(edition)?
        } else {
            let mut lost = read.lost_editions()?.into_iter();
            lost.find(|row| digest_text(row) == digest)
        };
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
        let read = store.read()?;
        let standing = read.editions()?.into_iter().map(|row| (row, false));
        let lost = read.lost_editions()?.into_iter().map(|row| (row, true));
        let mut rows: Vec<_> = standing.chain(lost).collect();
        // The sort keeps the order of what is equal: what is lost comes after what stands under its number.
        rows.sort_by_key(|(row, _)| Reverse(row.edition));
        let mut history: Vec<EditionView> = rows
            .into_iter()
            .map(|(row, lost)| EditionView {
                edition: row.edition,
                digest: digest_text(&row),
                lost,
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
            digest: String::new(),
            lost: false,
            version: released.version_text(),
            made_at: String::new(),
            initials: String::new(),
            reason: String::new(),
        });
        Ok(ProfileView {
            edition: profile.edition,
            digest: digest_at(&read, profile.edition)?,
            version: profile.version_text(),
            edit: typed::shown(&profile),
            history,
        })
    }
}

/// Every edition of the central store after a number, oldest first.
fn editions_after(client: &Client, mut after: u32) -> Result<Vec<EditionRow>, SyncError> {
    let mut editions = Vec::new();
    loop {
        let page = client.profiles(after)?;
        let Some(last) = page.last() else {
            return Ok(editions);
        };
        after = last.edition;
        editions.extend(page.into_iter().map(stored));
    }
}

fn digest(row: &EditionRow) -> [u8; 32] {
    wire::edition_digest(row.edition, &row.body, &row.initials, &row.reason)
}

/// The digest as the window hands it back.
fn digest_text(row: &EditionRow) -> String {
    to_hex(&digest(row))
}

/// The digest of what stands under a number; empty for the file that came with the program.
fn digest_at(read: &ReadHandle<'_>, edition: u32) -> Result<String, AppError> {
    let row = read.edition(edition)?;
    Ok(row.as_ref().map(digest_text).unwrap_or_default())
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
