//! Drafts: saved as typed within a second, several parked at a time, deleted by rule.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::danish_time;
use skranke_domain::event::AttachmentPurpose;
use skranke_domain::ids::{CaseId, DraftId, Sha256Digest, StaffId};
use skranke_domain::role::{Act, any_permits};
use skranke_store::{Action, DraftRow, Entry, ReadHandle, WriteHandle};
use uuid::Uuid;

use crate::api::case::Revealed;
use crate::api::draft::{
    AttachmentView, DraftRef, DraftSaveRequest, DraftSaved, DraftSummary, DraftView, FieldValue,
    Fields, IdSeen, Saved,
};
use crate::api::error::ErrorCode;
use crate::capture::Typed;
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::{App, AtWork};
use crate::usecases::abandoned::Dated;
use crate::usecases::continuing::Continued;
use crate::usecases::draft_forms::shown_and_required;
use crate::usecases::settings;
use crate::usecases::typed::is_typed_elsewhere;

/// Most drafts shown in a list.
const MOST_DRAFTS: u32 = 200;
/// Most characters a field keeps as typed; the form's own limits are far lower and give a message.
const LONGEST_TYPED: usize = 20_000;

/// What stands in a request unless somebody answers otherwise. What only the citizen can answer is not among it.
pub(crate) const USUAL: [(&str, &str); 3] = [
    ("citizen_residence", "fixed"),
    ("register_seen", "not_looked"),
    ("signing_method", "paper"),
];

/// The field with the citizen's address.
pub(crate) const ADDRESS: &str = "citizen_address";

/// The field in which whoever decides says that they have no conflict of interest.
const NO_CONFLICT: &str = "conflict_checked";

/// What a draft row's JSON object holds.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    dated: Dated,
    typed: Fields,
    #[serde(default)]
    files: Vec<AttachmentView>,
    /// Deleted by hand, kept for a while so that it can be undone.
    #[serde(default)]
    discarded: bool,
    /// The case it will become, where another case names it already.
    #[serde(default)]
    becomes: Option<String>,
    /// The open case it adds to, and what that held when the draft last looked.
    #[serde(default)]
    continues: Option<Continued>,
    /// When what was seen in the register was written.
    #[serde(default)]
    looked_at_ms: Option<i64>,
    /// When the ID was said to have been seen.
    #[serde(default)]
    identified_at_ms: Option<i64>,
    /// Who said so.
    #[serde(default)]
    identified_by: Option<String>,
}

/// When two things were done that hold for a day.
struct Looks {
    looked_at: Option<DateTime<Utc>>,
    identified_at: Option<DateTime<Utc>>,
    identified_by: Option<StaffId>,
}

/// A draft as the use cases work with it.
pub(crate) struct Draft {
    pub(crate) id: DraftId,
    pub(crate) step: u8,
    pub(crate) fields: Fields,
    pub(crate) files: Vec<AttachmentView>,
    pub(crate) becomes: Option<CaseId>,
    pub(crate) continues: Option<Continued>,
    /// When what was seen in the register was written; `None` where it was not written in this draft.
    pub(crate) looked_at: Option<DateTime<Utc>>,
    /// When the ID was said to have been seen; `None` where it was not said in this draft.
    pub(crate) identified_at: Option<DateTime<Utc>>,
    /// Who said so.
    identified_by: Option<StaffId>,
    pub(crate) staff: StaffId,
    updated_at: DateTime<Utc>,
    discarded: bool,
}

impl Draft {
    /// The draft as `reader` takes it up.
    fn read(row: &DraftRow, reader: StaffId) -> Result<Self, AppError> {
        if is_typed_elsewhere(row) {
            return Err(AppError::of(ErrorCode::DraftNotFound));
        }
        let mut kept: Kept = serde_json::from_str(&row.fields)
            .map_err(|_| AppError::of(ErrorCode::DatabaseDamaged))?;
        // That there is no conflict of interest each says for themselves (decision 49).
        if row.staff != reader {
            kept.typed.remove(NO_CONFLICT);
        }
        Ok(Self {
            id: row.draft,
            step: row.step,
            fields: kept.typed,
            files: kept.files,
            becomes: kept.becomes.and_then(|id| id.parse().ok()),
            continues: kept.continues,
            looked_at: kept.looked_at_ms.and_then(DateTime::from_timestamp_millis),
            identified_at: kept
                .identified_at_ms
                .and_then(DateTime::from_timestamp_millis),
            identified_by: kept.identified_by.and_then(|id| id.parse().ok()),
            staff: row.staff,
            updated_at: kept.dated.or(row.updated_at),
            discarded: kept.discarded,
        })
    }

    fn kept(&self) -> Kept {
        Kept {
            dated: Dated::default(),
            typed: self.fields.clone(),
            files: self.files.clone(),
            discarded: self.discarded,
            becomes: self.becomes.map(|id| id.to_string()),
            continues: self.continues.clone(),
            looked_at_ms: self.looked_at.map(|at| at.timestamp_millis()),
            identified_at_ms: self.identified_at.map(|at| at.timestamp_millis()),
            identified_by: self.identified_by.map(|id| id.to_string()),
        }
    }

    /// When the look in the register and the ID check of these fields were made: now, and by whoever types, where they
    /// are new.
    fn looks_of(&self, fields: &Fields, now: DateTime<Utc>, staff: StaffId) -> Looks {
        let (before, typed) = (Typed(&self.fields), Typed(fields));
        let looked_at = if before.register() == typed.register() {
            self.looked_at
        } else {
            typed.register().map(|_| now)
        };
        let id = |typed: Typed<'_>| (typed.flag("id_checked"), typed.text("id_kind").to_owned());
        let (identified_at, identified_by) = if id(before) == id(typed) {
            (self.identified_at, self.identified_by)
        } else {
            let is_new = typed.flag("id_checked");
            (is_new.then_some(now), is_new.then_some(staff))
        };
        Looks {
            looked_at,
            identified_at,
            identified_by,
        }
    }

    /// A look and an ID check are of their day: who takes the draft up on another day is asked again.
    fn forget_looks_before(&mut self, today: NaiveDate) -> bool {
        let is_old = |at: &mut DateTime<Utc>| danish_time::date_at(*at) != today;
        let old_look = self.looked_at.take_if(is_old).is_some();
        let old_check = self.identified_at.take_if(is_old).is_some();
        if old_look {
            let not_looked = FieldValue::Text("not_looked".to_owned());
            self.fields.insert("register_seen".to_owned(), not_looked);
        }
        if old_check {
            self.fields.remove("id_checked");
        }
        old_look || old_check
    }

    /// When and by whom the ID was seen, where it was in this draft.
    ///
    /// # Errors
    /// What the store reports.
    pub(crate) fn id_seen(&self, read: &ReadHandle<'_>) -> Result<Option<IdSeen>, AppError> {
        id_seen(read, self.identified_at, self.identified_by)
    }

    /// The signature drawn on the screen, if there is one; the last counts.
    pub(crate) fn screen_signature(&self) -> Option<Sha256Digest> {
        let code = AttachmentPurpose::ScreenSignature.code();
        let mut files = self.files.iter().rev();
        files.find(|file| file.purpose == code)?.digest.parse().ok()
    }

    /// As the window shows it; the case it adds to is the caller's to fill in.
    pub(crate) fn view(self) -> DraftView {
        let mut fields = self.fields;
        let hidden = hides_address(&fields);
        if hidden {
            fields.remove(ADDRESS);
        }
        DraftView {
            id: self.id.to_string(),
            step: self.step,
            fields,
            saved_at: rfc3339(self.updated_at),
            attachments: self.files,
            case: None,
            address_hidden: hidden,
            id_seen: None,
        }
    }
}

impl App {
    /// Begins a draft with sensible defaults: the citizen came, today, here.
    ///
    /// # Errors
    /// `NotPermitted` for a role that does not capture.
    pub fn draft_new(&self, (): ()) -> Result<DraftView, AppError> {
        let today = self.today();
        self.at_work(|work| {
            work.session.needs(Act::Capture)?;
            let location =
                settings::location_of(work.store, &*self.profile(work.store)?, work.session.staff)?;
            let day = skranke_forms::read::show_date(today);
            let here = [
                ("channel", "self"),
                ("location", &location),
                ("received_on", &day),
                ("signed_on", &day),
            ];
            let fields = here
                .into_iter()
                .chain(USUAL)
                .map(|(id, value)| (id.to_owned(), FieldValue::Text(value.to_owned())))
                .collect();
            create(work, 1, &fields, None)
        })
    }

    /// Every draft that is not deleted, newest first.
    ///
    /// # Errors
    /// What the store reports.
    pub fn draft_list(&self, (): ()) -> Result<Vec<DraftSummary>, AppError> {
        self.at_work(|mut work| {
            work.session.needs(Act::Capture)?;
            self.delete_abandoned(&mut work)?;
            self.draft_summaries(&work)
        })
    }

    pub(crate) fn draft_summaries(&self, work: &AtWork<'_>) -> Result<Vec<DraftSummary>, AppError> {
        let keep = Duration::days(i64::from(
            self.profile(work.store)?.practice.abandoned_draft_days,
        ));
        let read = work.store.read()?;
        let mut summaries = Vec::new();
        for row in read.drafts(None, MOST_DRAFTS)? {
            if is_typed_elsewhere(&row) {
                continue;
            }
            let initials = read
                .account(row.staff)?
                .map(|a| a.initials)
                .unwrap_or_default();
            let draft = Draft::read(&row, work.session.staff)?;
            if draft.discarded {
                continue;
            }
            let typed = Typed(&draft.fields);
            summaries.push(DraftSummary {
                id: draft.id.to_string(),
                step: draft.step,
                name: typed.text("citizen_name").to_owned(),
                cpr_masked: typed.cpr("cpr").map(|cpr| cpr.masked()).unwrap_or_default(),
                case_number: match &draft.continues {
                    Some(continued) => continued.number.clone(),
                    None => String::new(),
                },
                saved_at: rfc3339(draft.updated_at),
                initials,
                waits_for: typed.text("waits_for").to_owned(),
                waits_note: typed.text("waits_note").to_owned(),
                deleted_on: danish_time::date_at(draft.updated_at + keep).to_string(),
            });
        }
        Ok(summaries)
    }

    /// Opens a draft where it was left.
    ///
    /// # Errors
    /// `DraftNotFound`.
    pub fn draft_open(&self, request: DraftRef) -> Result<DraftView, AppError> {
        let today = self.today();
        self.at_work(|mut work| {
            work.session.needs(Act::Capture)?;
            let mut draft = load(&work, &request.id)?;
            let entry = Entry::new(Action::DraftRead, work.now).on(draft.id.to_string());
            work.store.write(&work.actor, entry)?.commit()?;
            // Who hands in what was filled in at the citizen's home the day before saw the ID there.
            let decides = any_permits(&work.session.roles, Act::Decide);
            if decides && draft.forget_looks_before(today) {
                keep(&mut work, &draft)?;
            }
            self.caught_up(work, draft)
        })
    }

    /// Saves what was typed, as typed; it is on the disk when this returns.
    ///
    /// # Errors
    /// `DraftNotFound`, or what the store reports; the window keeps what was typed.
    pub fn draft_save(&self, request: DraftSaveRequest) -> Result<DraftSaved, AppError> {
        let today = self.today();
        let too_long = |value: &FieldValue| match value {
            FieldValue::Text(text) => text.len() > LONGEST_TYPED,
            FieldValue::Many(values) => {
                values.iter().map(String::len).sum::<usize>() > LONGEST_TYPED
            }
            FieldValue::Flag(_) => false,
        };
        if let Some((field, _)) = request.fields.iter().find(|(_, value)| too_long(value)) {
            return Err(AppError::of(ErrorCode::InvalidFields).with("field", field));
        }
        self.at_work(|work| {
            work.session.needs(Act::Capture)?;
            let before = load(&work, &request.id)?;
            let form = self.form_for(&request.fields, &*self.profile(work.store)?, today)?;
            let (shown, required) = shown_and_required(&form, &request.fields);
            let typed_number = |fields: &Fields| Typed(fields).cpr("cpr");
            let entered = typed_number(&request.fields);
            let entry = Entry::new(Action::DraftSaved, work.now).on(before.id.to_string());
            let mut write = work.store.write(&work.actor, entry)?;
            // Entering a number at the counter is a purpose, also when the draft is abandoned later.
            if entered.is_some() && entered != typed_number(&before.fields) {
                let entry = Entry::new(Action::CitizenLookedUp, work.now);
                write.also(&entry.on(before.id.to_string()).because("counter_entry"))?;
            }
            let mut typed = request.fields;
            // A hidden address is not sent back by the window, and is not lost by saving.
            if let (None, Some(address)) = (typed.get(ADDRESS), before.fields.get(ADDRESS)) {
                typed.insert(ADDRESS.to_owned(), address.clone());
            }
            let looks = before.looks_of(&typed, work.legal_now, work.session.staff);
            let id_seen = id_seen(&write.reading(), looks.identified_at, looks.identified_by)?;
            let kept = Kept {
                typed,
                looked_at_ms: looks.looked_at.map(|at| at.timestamp_millis()),
                identified_at_ms: looks.identified_at.map(|at| at.timestamp_millis()),
                identified_by: looks.identified_by.map(|id| id.to_string()),
                ..before.kept()
            };
            let step = request.step.clamp(1, 6);
            save(&mut write, before.id, step, kept, work.legal_now)?;
            write.commit()?;
            Ok(DraftSaved {
                saved_at: rfc3339(work.legal_now),
                shown,
                required,
                id_seen,
            })
        })
    }

    /// Shows the protected address of a draft; always logged.
    ///
    /// # Errors
    /// `DraftNotFound`.
    pub fn draft_reveal(&self, request: DraftRef) -> Result<Revealed, AppError> {
        self.at_work(|work| {
            work.session.needs(Act::Capture)?;
            let draft = load(&work, &request.id)?;
            let entry = Entry::new(Action::AddressRevealed, work.now).on(draft.id.to_string());
            work.store
                .write(&work.actor, entry.because("counter_entry"))?
                .commit()?;
            let text = Typed(&draft.fields).text(ADDRESS).to_owned();
            Ok(Revealed { text })
        })
    }

    /// Deletes a draft; it can be restored until the rule deletes it for good.
    ///
    /// # Errors
    /// `DraftNotFound`.
    pub fn draft_delete(&self, request: DraftRef) -> Result<Saved, AppError> {
        self.discard(&request, true).map(|draft| Saved {
            saved_at: draft.saved_at,
        })
    }

    /// Brings a deleted draft back.
    ///
    /// # Errors
    /// `DraftNotFound`.
    pub fn draft_restore(&self, request: DraftRef) -> Result<DraftView, AppError> {
        self.discard(&request, false)
    }

    fn discard(&self, request: &DraftRef, discarded: bool) -> Result<DraftView, AppError> {
        self.at_work(|work| {
            work.session.needs(Act::Capture)?;
            let id: DraftId = request
                .id
                .parse()
                .map_err(|_| AppError::of(ErrorCode::DraftNotFound))?;
            let row = work
                .store
                .read()?
                .draft(id)?
                .ok_or_else(|| AppError::of(ErrorCode::DraftNotFound))?;
            let mut draft = Draft::read(&row, work.session.staff)?;
            let action = if discarded {
                Action::DraftDiscarded
            } else {
                Action::DraftSaved
            };
            let mut write = work
                .store
                .write(&work.actor, Entry::new(action, work.now).on(id.to_string()))?;
            let kept = Kept {
                discarded,
                ..draft.kept()
            };
            save(&mut write, id, draft.step, kept, work.legal_now)?;
            write.commit()?;
            draft.updated_at = work.legal_now;
            Ok(draft.view())
        })
    }
}

/// When somebody saw an ID, and their initials; nothing where nobody said so.
///
/// # Errors
/// What the store reports.
pub(crate) fn id_seen(
    read: &ReadHandle<'_>,
    at: Option<DateTime<Utc>>,
    by: Option<StaffId>,
) -> Result<Option<IdSeen>, AppError> {
    let account = by.map(|by| read.account(by)).transpose()?.flatten();
    Ok(at.map(|at| IdSeen {
        at: rfc3339(at),
        initials: account.map(|account| account.initials).unwrap_or_default(),
    }))
}

/// Begins a draft; `becomes` is the case that another case names as its follower.
pub(crate) fn create(
    work: AtWork<'_>,
    step: u8,
    fields: &Fields,
    becomes: Option<CaseId>,
) -> Result<DraftView, AppError> {
    let id = DraftId::from_uuid(Uuid::now_v7());
    let entry = Entry::new(Action::DraftSaved, work.now).on(id.to_string());
    let mut write = work.store.write(&work.actor, entry)?;
    let draft = Draft {
        id,
        step,
        fields: fields.clone(),
        files: Vec::new(),
        becomes,
        continues: None,
        looked_at: None,
        identified_at: None,
        identified_by: None,
        staff: work.session.staff,
        updated_at: work.legal_now,
        discarded: false,
    };
    save(&mut write, id, step, draft.kept(), work.legal_now)?;
    write.commit()?;
    Ok(draft.view())
}

/// Begins a draft that adds to an open case.
pub(crate) fn create_continuing(
    work: &mut AtWork<'_>,
    step: u8,
    fields: Fields,
    continued: Continued,
) -> Result<Draft, AppError> {
    let id = DraftId::from_uuid(Uuid::now_v7());
    let entry = Entry::new(Action::DraftSaved, work.now).on(id.to_string());
    let mut write = work.store.write(&work.actor, entry)?;
    let draft = Draft {
        id,
        step,
        fields,
        files: Vec::new(),
        becomes: None,
        continues: Some(continued),
        looked_at: None,
        identified_at: None,
        identified_by: None,
        staff: work.session.staff,
        updated_at: work.legal_now,
        discarded: false,
    };
    save(&mut write, id, step, draft.kept(), work.legal_now)?;
    write.commit()?;
    Ok(draft)
}

/// The draft on this computer that adds to this case, if there is one.
pub(crate) fn continuing(work: &AtWork<'_>, case: CaseId) -> Result<Option<Draft>, AppError> {
    let case = case.to_string();
    for row in work.store.read()?.drafts(None, MOST_DRAFTS)? {
        if is_typed_elsewhere(&row) {
            continue;
        }
        let draft = Draft::read(&row, work.session.staff)?;
        let adds_to = draft.continues.as_ref();
        if !draft.discarded && adds_to.is_some_and(|continued| continued.case == case) {
            return Ok(Some(draft));
        }
    }
    Ok(None)
}

/// Keeps what a draft holds after it was brought together with its case.
pub(crate) fn keep(work: &mut AtWork<'_>, draft: &Draft) -> Result<(), AppError> {
    let entry = Entry::new(Action::DraftSaved, work.now).on(draft.id.to_string());
    let mut write = work.store.write(&work.actor, entry)?;
    save(
        &mut write,
        draft.id,
        draft.step,
        draft.kept(),
        work.legal_now,
    )?;
    write.commit()?;
    Ok(())
}

/// Loads a draft that is not deleted.
pub(crate) fn load(work: &AtWork<'_>, id: &str) -> Result<Draft, AppError> {
    let missing = || AppError::of(ErrorCode::DraftNotFound);
    let id: DraftId = id.parse().map_err(|_| missing())?;
    let row = work.store.read()?.draft(id)?.ok_or_else(missing)?;
    let draft = Draft::read(&row, work.session.staff)?;
    if draft.discarded {
        Err(missing())
    } else {
        Ok(draft)
    }
}

/// Adds a stored file to a draft.
pub(crate) fn add_attachment(
    write: &mut WriteHandle<'_>,
    staff: StaffId,
    legal_now: DateTime<Utc>,
    draft: &str,
    file: &AttachmentView,
) -> Result<(), AppError> {
    let missing = || AppError::of(ErrorCode::DraftNotFound);
    let id: DraftId = draft.parse().map_err(|_| missing())?;
    let row = write.reading().draft(id)?.ok_or_else(missing)?;
    let mut draft = Draft::read(&row, staff)?;
    if draft.discarded {
        return Err(missing());
    }
    draft.files.retain(|known| !known.is_same_paper(file));
    draft.files.push(file.clone());
    save(write, id, draft.step, draft.kept(), legal_now)?;
    let digest = file
        .digest
        .parse()
        .map_err(|_| AppError::of(ErrorCode::Internal))?;
    Ok(write.attach_to_draft(id, digest)?)
}

fn save(
    write: &mut WriteHandle<'_>,
    id: DraftId,
    step: u8,
    mut kept: Kept,
    legal_now: DateTime<Utc>,
) -> Result<(), AppError> {
    kept.dated = Dated::at(legal_now);
    let json = serde_json::to_string(&kept).map_err(|_| AppError::of(ErrorCode::Internal))?;
    Ok(write.save_draft(id, None, step, &json)?)
}

/// Whether an address is kept that is not shown without a logged click.
fn hides_address(fields: &Fields) -> bool {
    let typed = Typed(fields);
    typed.flag("address_protected") && !typed.text(ADDRESS).is_empty()
}
