//! Going on with an open case: a draft filled with what the case holds, from which only what is new becomes events.
//!
//! The draft remembers what the case held when it last looked. Where somebody else changed the case meanwhile, their
//! changes are brought into the draft field by field; where both changed the same field, what was typed stays, what
//! was recorded is shown beside it, and the person at the desk chooses by deciding. Basis: design, section 3.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use skranke_domain::case::{Case, Field as CaseField, Recorded};
use skranke_domain::eligibility::Facts;
use skranke_domain::event::{Arrival, AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::CaseId;
use skranke_domain::role::{Act, any_permits};
use skranke_forms::Form;
use skranke_forms::check::ProblemCode;
use skranke_store::{Action, Entry};

use crate::api::case::{CaseRef, DecideRequest, Decision};
use crate::api::draft::{AttachmentView, ContinuedCase, DraftView, FieldClash, FieldValue, Fields};
use crate::api::error::ErrorCode;
use crate::capture::{self, Typed};
use crate::error::AppError;
use crate::present::rfc3339;
use crate::record::{self, Command};
use crate::rights::OPEN_WORK;
use crate::state::{App, AtWork, Session};
use crate::usecases::decisions::{check_form, identified_today};
use crate::usecases::drafts::{self, Draft};

/// The purpose a power of attorney is used for when the request is made.
const REQUEST: &str = "request_exemption";

/// The case a draft adds to, and what it held when the draft last looked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Continued {
    /// The case.
    pub(crate) case: String,
    /// Its number.
    pub(crate) number: String,
    /// Its state then.
    state: String,
    /// What it held then.
    held: Fields,
    /// What the draft began with: that, and sensible defaults for the rest.
    begun: Fields,
    /// Fields that both have changed, with what was recorded.
    #[serde(default)]
    clashes: Fields,
}

impl Continued {
    pub(crate) fn case(&self) -> Result<CaseId, AppError> {
        self.case
            .parse()
            .map_err(|_| AppError::of(ErrorCode::DatabaseDamaged))
    }

    /// Whether somebody changed the case since the draft last looked.
    fn is_behind(&self, case: &Case) -> bool {
        self.state != case.state.code() || self.held != held(case)
    }

    /// Brings what others recorded into what was typed.
    fn catch_up(&mut self, case: &Case, typed: &mut Fields) {
        let now = held(case);
        let ids: BTreeSet<String> = now.keys().chain(self.held.keys()).cloned().collect();
        for id in ids {
            let (before, recorded) = (said(self.held.get(&id)), said(now.get(&id)));
            if before == recorded {
                continue;
            }
            let mine = said(typed.get(&id));
            let untouched = mine == before || mine == said(self.begun.get(&id));
            if untouched {
                match now.get(&id) {
                    Some(value) => typed.insert(id.clone(), value.clone()),
                    None => typed.remove(&id),
                };
            } else if mine != recorded {
                let value = now.get(&id).cloned();
                self.clashes.insert(
                    id.clone(),
                    value.unwrap_or_else(|| FieldValue::Text(String::new())),
                );
            }
            match now.get(&id) {
                Some(value) => self.begun.insert(id, value.clone()),
                None => self.begun.remove(&id),
            };
        }
        self.held = now;
        case.state.code().clone_into(&mut self.state);
    }
}

impl App {
    /// Goes on with an open case in the six steps. A draft that somebody left on this computer is taken up again.
    ///
    /// # Errors
    /// `AlreadyDecided`, `CaseReadOnly`, `NotPermitted` for somebody else's case where the role may not see who came.
    pub fn case_continue(&self, request: CaseRef) -> Result<DraftView, AppError> {
        let id: CaseId = request
            .id
            .parse()
            .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
        self.at_work(|mut work| {
            work.may(Act::Capture, id, Some(OPEN_WORK))?;
            let loaded = record::load(&work.store.read()?, id)?;
            if !may_continue(&loaded.recorded, &work.session) {
                return Err(AppError::of(ErrorCode::NotPermitted));
            }
            let case = loaded.case;
            if case.holds_unknown_kind {
                return Err(AppError::of(ErrorCode::CaseReadOnly));
            }
            if !case.state.is_open() {
                return Err(AppError::of(ErrorCode::AlreadyDecided));
            }
            let entry = Entry::new(Action::CaseRead, work.now).on_case(id);
            work.store
                .write(&work.actor, entry.because(OPEN_WORK))?
                .commit()?;
            if let Some(draft) = drafts::continuing(&work, id)? {
                return self.caught_up(work, draft);
            }
            let today = work.today();
            let held = held(&case);
            let fields = with_defaults(&held, today);
            let form = self.form_for(&fields, &*self.profile(work.store)?, today)?;
            let step = first_open_step(&form, &fields, today);
            let continued = Continued {
                case: id.to_string(),
                number: case
                    .opened
                    .as_ref()
                    .map(|opened| opened.number.to_string())
                    .unwrap_or_default(),
                state: case.state.code().to_owned(),
                held,
                begun: fields.clone(),
                clashes: Fields::new(),
            };
            let draft = drafts::create_continuing(&mut work, step, fields, continued)?;
            self.caught_up(work, draft)
        })
    }

    /// A draft as the window shows it; one that adds to a case is brought up to date with it first.
    pub(crate) fn caught_up(
        &self,
        mut work: AtWork<'_>,
        mut draft: Draft,
    ) -> Result<DraftView, AppError> {
        let seen = draft.id_seen(&work.store.read()?)?;
        let Some(mut continued) = draft.continues.take() else {
            return Ok(DraftView {
                id_seen: seen,
                ..draft.view()
            });
        };
        let case = record::load(&work.store.read()?, continued.case()?)?.case;
        let seen_before = case.identity.as_ref().map(|check| (check.at, check.by));
        let seen_before = match seen_before.filter(|_| seen.is_none()) {
            Some((at, by)) => drafts::id_seen(&work.store.read()?, Some(at), Some(by))?,
            None => None,
        };
        let left_by = if draft.staff == work.session.staff {
            String::new()
        } else {
            let account = work.store.read()?.account(draft.staff)?;
            account.map(|account| account.initials).unwrap_or_default()
        };
        let closed = !case.state.is_open();
        let changed = !closed && continued.is_behind(&case);
        if changed {
            continued.catch_up(&case, &mut draft.fields);
        }
        draft.continues = Some(continued.clone());
        if changed {
            drafts::keep(&mut work, &draft)?;
        }
        let today = work.today();
        let form = self.form_for(&draft.fields, &*self.profile(work.store)?, today)?;
        let clashes = self.clashes(&form, &continued.clashes, &draft.fields);
        let mut view = draft.view();
        view.id_seen = seen.or(seen_before);
        let mut files = files_of(&case);
        view.attachments
            .retain(|new| !files.iter().any(|known| known.is_same_paper(new)));
        files.append(&mut view.attachments);
        view.attachments = files;
        view.case = Some(ContinuedCase {
            id: continued.case,
            number: continued.number,
            state: case.state.code().to_owned(),
            missing: if any_permits(&work.session.roles, Act::SeeChannel) {
                case.missing
            } else {
                Vec::new()
            },
            left_by,
            changed,
            closed,
            clashes,
        });
        Ok(view)
    }

    fn clashes(&self, form: &Form, recorded: &Fields, typed: &Fields) -> Vec<FieldClash> {
        let plain = capture::for_forms(typed);
        let mut clashes = Vec::new();
        for (id, value) in recorded {
            if said(Some(value)) == said(typed.get(id)) {
                continue;
            }
            let Some(field) = form.field(id) else {
                continue;
            };
            let words = |value: Option<&FieldValue>| match value {
                Some(FieldValue::Text(text)) => form
                    .choices(field, &plain)
                    .find(|choice| choice.value == *text)
                    .map_or_else(|| text.clone(), |choice| choice.label.clone()),
                Some(FieldValue::Flag(true)) => self.forms.texts().say("word.yes", &[]),
                Some(FieldValue::Many(values)) => values.join(", "),
                Some(FieldValue::Flag(false)) | None => self.forms.texts().say("word.no", &[]),
            };
            clashes.push(FieldClash {
                field: id.clone(),
                step: field.step,
                label: field.label.clone(),
                typed: words(typed.get(id)),
                recorded: words(Some(value)),
            });
        }
        clashes.sort_by_key(|clash| clash.step);
        clashes
    }

    /// Adds what is new in the draft to its case, and decides it; all of it is one command.
    ///
    /// # Errors
    /// `CaseChanged` when somebody changed the case since the draft last looked, `AlreadyDecided`, and whatever
    /// deciding gives. The draft is kept.
    pub(crate) fn decide_continued(
        &self,
        work: AtWork<'_>,
        draft: Draft,
        request: &DecideRequest,
    ) -> Result<CaseId, AppError> {
        let continued = draft
            .continues
            .clone()
            .ok_or_else(|| AppError::of(ErrorCode::Internal))?;
        let id = continued.case()?;
        let profile = &self.profile(work.store)?;
        let tenant = self.tenant(work.store)?;
        let today = work.today();
        let now = work.legal_now;
        let form = self.form_for(&draft.fields, profile, today)?;
        let fields = capture::from_forms(form.relevant(&capture::for_forms(&draft.fields)));
        let mut command = Command::on(work, &tenant, id)?;
        if !command.case.state.is_open() {
            return Err(AppError::of(ErrorCode::AlreadyDecided));
        }
        if continued.is_behind(&command.case) {
            return Err(AppError::of(ErrorCode::CaseChanged));
        }
        match request.decision {
            Decision::Grant { .. } => check_form(&form, &fields, today)?,
            // Part of what was missing is better than nothing; but what was typed must be readable.
            Decision::HandIn | Decision::HandOver | Decision::Incomplete { .. } => {
                check_readable(&form, &fields, today)?;
            }
            Decision::Refuse { .. }
            | Decision::Reject { .. }
            | Decision::Died { .. }
            | Decision::Withdraw
            | Decision::HelpInstead { .. }
            | Decision::Forward { .. } => {}
        }
        identified_today(&draft, request, today)?;
        let rejected = matches!(request.decision, Decision::Reject { .. });
        let captured = Typed(&fields).captured(now, draft.looked_at, form.rule_set);
        let is_identified_here = draft.identified_at.is_some();
        for event in news(&command.case, Typed(&fields), captured, is_identified_here) {
            // Who was turned away was not identified: nothing more about a citizen is kept (practice 8).
            if !rejected || matches!(event, Event::IdentityChecked(_)) {
                command.add(event)?;
            }
        }
        let known: Vec<_> = files_of(&command.case);
        let files = draft
            .files
            .into_iter()
            .filter(|file| !rejected && !known.iter().any(|known| known.is_same_paper(file)));
        for file in files {
            command.add(Event::AttachmentAdded(attachment(file)?))?;
        }
        self.conclude(&mut command, profile, request)?;
        command.write.delete_draft(draft.id)?;
        if rejected {
            command.write.sweep_attachments()?;
        }
        command.save()
    }
}

/// Whether this person may go on with the case: the steps say who came, so it is for those who may see that, and for
/// whoever began the case (practice 13).
pub(crate) fn may_continue(recorded: &[Recorded], session: &Session) -> bool {
    let began = |recorded: &Recorded| {
        matches!(recorded.event, Some(Event::CaseOpened(_))) && recorded.actor == session.staff
    };
    any_permits(&session.roles, Act::SeeChannel) || recorded.iter().any(began)
}

/// What the case knows and the form does not ask.
pub(crate) fn complete_facts(facts: &mut Facts, case: &Case) {
    if facts.power_of_attorney == case.power_of_attorney {
        facts.power_of_attorney_revoked_on = case.power_of_attorney_revoked_on;
    }
}

/// A file of a draft as the event that adds it.
pub(crate) fn attachment(file: AttachmentView) -> Result<AttachmentAdded, AppError> {
    Ok(AttachmentAdded {
        digest: file
            .digest
            .parse()
            .map_err(|_| AppError::of(ErrorCode::Internal))?,
        purpose: AttachmentPurpose::from_code(&file.purpose).unwrap_or(AttachmentPurpose::Other),
        media_type: file.media_type,
        size_bytes: file.size_bytes,
        file_name: file.file_name,
    })
}

/// What the case holds, as fields of the form. A protected address stays hidden: an empty one keeps it.
fn held(case: &Case) -> Fields {
    let mut fields = capture::retyped(case);
    if let Some(look) = &case.register_look {
        let seen = look.value.1.code().to_owned();
        fields.insert("register_seen".to_owned(), FieldValue::Text(seen));
    }
    if case
        .citizen
        .as_ref()
        .is_some_and(|citizen| citizen.address_protected)
    {
        fields.remove("citizen_address");
    }
    let identified = case.identity.is_some();
    fields.retain(|id, value| {
        said(Some(value)).is_some() || identified && matches!(id.as_str(), "id_checked")
    });
    fields
}

fn with_defaults(held: &Fields, today: NaiveDate) -> Fields {
    let mut fields = held.clone();
    let day = skranke_forms::read::show_date(today);
    for (id, value) in [("signed_on", day.as_str())]
        .into_iter()
        .chain(drafts::USUAL)
    {
        fields
            .entry(id.to_owned())
            .or_insert_with(|| FieldValue::Text(value.to_owned()));
    }
    fields
}

/// The first step that lacks something; the decision where none does.
fn first_open_step(form: &Form, fields: &Fields, today: NaiveDate) -> u8 {
    let plain = capture::for_forms(fields);
    (1..=4)
        .find(|step| !form.validate_step(*step, &plain, today).is_empty())
        .unwrap_or(5)
}

/// A value, or nothing where nothing was said.
fn said(value: Option<&FieldValue>) -> Option<&FieldValue> {
    value.filter(|value| match value {
        FieldValue::Text(text) => !text.trim().is_empty(),
        FieldValue::Flag(on) => *on,
        FieldValue::Many(values) => !values.is_empty(),
    })
}

fn files_of(case: &Case) -> Vec<AttachmentView> {
    case.attachments
        .iter()
        .map(|attached| AttachmentView {
            digest: attached.value.digest.to_string(),
            purpose: attached.value.purpose.code().to_owned(),
            media_type: attached.value.media_type.clone(),
            size_bytes: attached.value.size_bytes,
            file_name: attached.value.file_name.clone(),
            added_at: rfc3339(attached.at),
        })
        .collect()
}

/// Fields may be empty, but what stands in them must be readable, or it would be lost.
fn check_readable(form: &Form, fields: &Fields, today: NaiveDate) -> Result<(), AppError> {
    let problem = form
        .validate(&capture::for_forms(fields), today)
        .into_iter()
        .find(|problem| {
            !matches!(
                problem.code,
                ProblemCode::Required | ProblemCode::MustBeConfirmed
            ) || problem.field == "citizen_name"
        });
    match problem {
        None => Ok(()),
        Some(problem) => Err(AppError::of(ErrorCode::InvalidFields)
            .with("problem", problem.code.code())
            .with("field", problem.field)),
    }
}

/// What the draft says and the case does not hold yet, as events. Nothing is recorded twice.
fn news(
    case: &Case,
    typed: Typed<'_>,
    captured: Vec<Event>,
    is_identified_here: bool,
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut comes_otherwise = false;
    if let (Some(opened), Some(channel)) = (&case.opened, typed.channel()) {
        let location = Some(typed.text("location")).filter(|code| !code.is_empty());
        let arrival = Arrival {
            channel,
            location: location.map_or_else(|| opened.location.clone(), str::to_owned),
            received_on: typed.day("received_on").unwrap_or(opened.received_on),
        };
        let before = Arrival {
            channel: opened.channel,
            location: opened.location.clone(),
            received_on: opened.received_on,
        };
        comes_otherwise = arrival.channel != before.channel;
        if arrival != before {
            events.push(Event::ArrivalRecorded(arrival));
        }
    }
    if case.companion.is_some() && !typed.flag("companion_present") {
        events.push(Event::EntryRetracted {
            field: CaseField::Companion,
        });
    }
    if case.declaration.is_some() && typed.takes_declaration_back() {
        events.push(Event::EntryRetracted {
            field: CaseField::Declaration,
        });
    }
    events.extend(captured.into_iter().filter_map(|event| {
        // The ID of somebody else is new, however alike it looks, and only where it was looked at here.
        let is_others = comes_otherwise && matches!(event, Event::IdentityChecked(_));
        if is_others {
            is_identified_here.then_some(event)
        } else {
            new_in(case, event)
        }
    }));
    events
}

/// The event, or what of it is new to the case.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else was captured is new by itself"
)]
fn new_in(case: &Case, event: Event) -> Option<Event> {
    let is_new = match &event {
        Event::CitizenRecorded(citizen) => {
            let mut citizen = citizen.clone();
            if let Some(known) = case.citizen.as_ref().filter(|known| {
                known.address_protected && citizen.address_protected && citizen.address.is_empty()
            }) {
                citizen.address.clone_from(&known.address);
            }
            let is_new = case.citizen.as_ref() != Some(&citizen);
            return is_new.then_some(Event::CitizenRecorded(citizen));
        }
        Event::GuidanceRecorded { offers } => {
            let offers: Vec<_> = offers
                .iter()
                .filter(|offer| !case.guidance.contains(offer))
                .cloned()
                .collect();
            return (!offers.is_empty()).then_some(Event::GuidanceRecorded { offers });
        }
        Event::GuardianRecorded(guardian) => case.guardian.as_ref() != Some(guardian),
        Event::CompanionRecorded { name } => case.companion.as_ref() != Some(name),
        Event::IdentityChecked(check) => {
            case.identity.as_ref().map(|known| &known.value) != Some(check)
        }
        Event::RegisterLookedUp { looked_at, seen } => {
            let known = case.register_look.as_ref().map(|look| look.value);
            known.is_none_or(|(at, known)| known != *seen || at < *looked_at)
        }
        Event::PowerOfAttorneyRecorded(paper) => case.power_of_attorney.as_ref() != Some(paper),
        Event::PowerOfAttorneyUsed { purpose, .. } => {
            purpose != REQUEST
                || case
                    .power_of_attorney_uses
                    .iter()
                    .all(|used| used.value != REQUEST)
        }
        Event::DeclarationSigned(declaration) => case.declaration.as_ref() != Some(declaration),
        Event::UnopenedPostChosen(choice) => case.unopened_post.as_ref() != Some(choice),
        _ => true,
    };
    is_new.then_some(event)
}
