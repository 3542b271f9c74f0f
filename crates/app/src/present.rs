//! From a case to what the window shows: rows, facts, ticks, timeline, and what may be done now.
//!
//! Channel and institution can hint at the ground, so they are left out unless the role may see them (practice 13).

pub(crate) mod discretion;
pub(crate) mod rule_library;
pub(crate) mod rules;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use skranke_domain::case::{Case, CaseState, Conflict, Field, Recorded};
use skranke_domain::danish_time;
use skranke_domain::event::{
    AttachmentPurpose, Event, Granted, Guardian, OfferAnswer, PaperKind, Signature, Tick,
    UnopenedPost,
};
use skranke_domain::ids::{CaseId, EventId, StaffId};
use skranke_domain::role::{Act, Role, any_permits};
use skranke_domain::rule_set::{Duration, LegalDays, RuleCode, RuleSets};
use skranke_forms::{HelpOffer, Rules, Texts};

use crate::api::case::{CaseRowView, FactLine, IssuedPaper, TickView, TimelineEntry};
use crate::api::draft::{AttachmentView, IdSeen};
use crate::explain::{day, moment};
use crate::record::Origin;

/// What the case itself does not know: initials, device codes, names of places, standing with the central store.
pub(crate) struct Surroundings<'a> {
    /// The catalogue.
    pub(crate) texts: &'a Texts,
    /// The rule sets.
    pub(crate) rules: &'a Rules,
    /// Initials by member of staff.
    pub(crate) initials: &'a HashMap<StaffId, String>,
    /// Where each event was made, and how the central store stands to it.
    pub(crate) origin: &'a HashMap<EventId, Origin>,
    /// Name of the location.
    pub(crate) location: String,
    /// The ID that was seen, as the profile calls it.
    pub(crate) id_kind: String,
    /// The grounds the citizen named, where the municipality keeps them.
    pub(crate) grounds: String,
    /// Numbers of the cases that were merged with it.
    pub(crate) case_numbers: &'a HashMap<CaseId, String>,
    /// The help that can be offered.
    pub(crate) offers: &'a [HelpOffer],
    /// How the case as a whole stands to the central store.
    pub(crate) sync: String,
    /// Roles of who looks.
    pub(crate) roles: &'a [Role],
    /// Who looks.
    pub(crate) reader: StaffId,
}

impl Surroundings<'_> {
    pub(crate) fn initials_of(&self, staff: StaffId) -> String {
        self.initials
            .get(&staff)
            .cloned()
            .unwrap_or_else(|| "–".to_owned())
    }

    /// Another case by its number; empty where it is not on this computer.
    fn number_of(&self, case: CaseId) -> String {
        self.case_numbers.get(&case).cloned().unwrap_or_default()
    }

    /// An offer as the municipality calls it; its code where it is no longer offered.
    fn offer(&self, code: &str) -> String {
        let known = self.offers.iter().find(|offer| offer.code == code);
        known.map_or_else(|| code.to_owned(), |offer| offer.label.clone())
    }

    pub(crate) fn say(&self, key: &str) -> String {
        self.texts.say(key, &[])
    }

    /// Whether who looks may know who came.
    pub(crate) fn sees_channel(&self) -> bool {
        any_permits(self.roles, Act::SeeChannel)
    }
}

/// RFC 3339 with milliseconds.
pub(crate) fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The row of lists.
pub(crate) fn row(
    case: &Case,
    around: &Surroundings<'_>,
    updated_at: DateTime<Utc>,
) -> CaseRowView {
    let missing = case.missing_ticks();
    CaseRowView {
        id: case.id.to_string(),
        number: case
            .opened
            .as_ref()
            .map(|opened| opened.number.to_string())
            .unwrap_or_default(),
        name: case
            .citizen
            .as_ref()
            .map(|citizen| citizen.name.clone())
            .unwrap_or_default(),
        cpr_masked: case
            .citizen
            .as_ref()
            .map(|citizen| citizen.cpr.masked())
            .unwrap_or_default(),
        state: state_code(case),
        ticks_done: Tick::ALL
            .iter()
            .filter(|tick| case.is_ticked(**tick))
            .map(|tick| tick.code().to_owned())
            .collect(),
        tick_times: [
            case.registered
                .as_ref()
                .map(|tick| tick.value.registered_at),
            case.receipt.as_ref().map(|tick| tick.value.given_at),
            case.journalised
                .as_ref()
                .map(|tick| tick.value.journalised_at),
        ]
        .into_iter()
        .flatten()
        .map(rfc3339)
        .collect(),
        ticks_missing: missing.iter().map(|tick| tick.code().to_owned()).collect(),
        decided_at: granted_at(case),
        received_on: case
            .opened
            .as_ref()
            .map(|opened| opened.received_on.to_string())
            .unwrap_or_default(),
        updated_at: rfc3339(updated_at),
        location: around.location.clone(),
        conflict: !case.conflicts.is_empty(),
        sync: around.sync.clone(),
        paper_apart: String::new(),
    }
}

/// The state as lists show it: how it ended where it has ended.
pub(crate) fn state_code(case: &Case) -> String {
    match (case.state, case.ending) {
        (CaseState::Ended, Some((ending, _))) => ending.code().to_owned(),
        (state, _) => state.code().to_owned(),
    }
}

/// What people set apart and one of them should look at: merges that crossed are told on their own.
pub(crate) fn done_apart(case: &Case) -> Vec<String> {
    let is_merge = |overlap: &Conflict| overlap.field == Field::Duplicates;
    let mut warnings = Vec::new();
    if case.overlaps.iter().any(is_merge) {
        warnings.push("merged_apart".to_owned());
    }
    if !case.overlaps.iter().all(is_merge) {
        warnings.push("values_differ".to_owned());
    }
    if case.stands_in_register_by_mistake() {
        warnings.push("still_registered".to_owned());
    }
    warnings
}

/// The three ticks.
pub(crate) fn ticks(case: &Case, around: &Surroundings<'_>) -> Vec<TickView> {
    let missing = case.missing_ticks();
    Tick::ALL
        .iter()
        .map(|tick| {
            let (made, detail) = match tick {
                Tick::Registered => (
                    case.registered
                        .as_ref()
                        .map(|t| (t.value.registered_at, t.by)),
                    case.registered.as_ref().map(|t| t.value.reference.clone()),
                ),
                Tick::Receipt => (
                    case.receipt.as_ref().map(|t| (t.value.given_at, t.by)),
                    case.receipt
                        .as_ref()
                        .map(|t| t.value.delivery.code().to_owned()),
                ),
                Tick::Journalised => (
                    case.journalised
                        .as_ref()
                        .map(|t| (t.value.journalised_at, t.by)),
                    case.journalised.as_ref().map(|t| t.value.reference.clone()),
                ),
            };
            TickView {
                tick: tick.code().to_owned(),
                at: made.map(|(at, _)| rfc3339(at)).unwrap_or_default(),
                initials: made
                    .map(|(_, by)| around.initials_of(by))
                    .unwrap_or_default(),
                detail: detail.unwrap_or_default(),
                due: made.is_some() || missing.contains(tick),
            }
        })
        .collect()
}

/// When and by whom the ID of whoever came was seen.
pub(crate) fn id_seen(case: &Case, around: &Surroundings<'_>) -> Option<IdSeen> {
    let check = case.identity.as_ref().filter(|check| check.value.valid)?;
    Some(IdSeen {
        at: rfc3339(check.at),
        initials: around.initials_of(check.by),
    })
}

/// Papers that fit the state now and that these roles may see, the most wanted first.
pub(crate) fn papers_possible(case: &Case, roles: &[Role]) -> Vec<PaperKind> {
    let mut kinds = match case.state {
        CaseState::Granted if case.registered.is_some() => vec![PaperKind::ExemptionReceipt],
        CaseState::Granted => vec![PaperKind::InterimPaper],
        CaseState::Refused => vec![PaperKind::Refusal],
        CaseState::TakenBack => vec![PaperKind::TakenBack],
        CaseState::Rejected => vec![PaperKind::Rejection],
        CaseState::Incomplete => vec![PaperKind::MissingInformation],
        CaseState::WronglyCreated => {
            let right_case = case
                .wrongly_created
                .as_ref()
                .and_then(|wrong| wrong.value.right_case);
            let to_right = right_case.map(|_| PaperKind::CorrectionToRightPerson);
            [PaperKind::CorrectionToWrongPerson]
                .into_iter()
                .chain(to_right)
                .collect()
        }
        CaseState::Ended if case.is_merged() || case.registered.is_none() => Vec::new(),
        CaseState::Ended => vec![PaperKind::ExemptionReceipt],
        CaseState::Received | CaseState::Ready => vec![PaperKind::HandInSlip],
        CaseState::HelpedInstead => vec![PaperKind::InformationSheet],
        CaseState::Withdrawn | CaseState::Forwarded => Vec::new(),
    };
    kinds.push(PaperKind::Request);
    if case.power_of_attorney.is_some() {
        kinds.push(PaperKind::PowerOfAttorney);
    }
    kinds.retain(|kind| any_permits(roles, Act::SeeChannel) || discretion::may_show_paper(*kind));
    kinds
}

/// What today's rules allow with the term of an exemption.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// It runs to a day, and the rules still know that.
    pub(crate) extends: bool,
    /// The law has made it permanent, and the case does not say so yet.
    pub(crate) permanent_by_law: bool,
}

impl Terms {
    pub(crate) fn of(case: &Case, sets: &RuleSets, today: NaiveDate) -> Self {
        let runs = case.expires_on(danish_time::date_at);
        // An extension is a decision of its own, made today.
        let days = LegalDays {
            decided_on: Some(today),
            ..case.legal_days()
        };
        let knows_terms = sets
            .for_rule(RuleCode::Duration, &days)
            .is_some_and(|set| set.durations.contains(&Duration::TimeLimited));
        let by_law = case.permanent_by_law_on(sets);
        Self {
            extends: knows_terms && runs.is_some_and(|last| today <= last),
            permanent_by_law: case.is_exempt() && by_law.is_some_and(|day| day <= today),
        }
    }
}

/// The moment of the grant, RFC 3339; empty where there is none.
pub(crate) fn granted_at(case: &Case) -> String {
    case.granted
        .as_ref()
        .map(|granted| rfc3339(granted.value.decided_at))
        .unwrap_or_default()
}

/// Codes of what this person may do with the case now.
pub(crate) fn actions(case: &Case, roles: &[Role], on_terms: Terms) -> Vec<String> {
    let may = |act| any_permits(roles, act);
    let granted = case.state == CaseState::Granted;
    let possible = [
        ("decide", case.state.is_open() && may(Act::Decide)),
        ("continue", case.state.is_open() && may(Act::Capture)),
        ("record_death", case.is_under_way() && may(Act::Finish)),
        (
            "conflict_resolve",
            !case.conflicts.is_empty() && may(Act::Correct),
        ),
        (
            "tick_registered",
            granted && case.registered.is_none() && may(Act::Finish),
        ),
        (
            "tick_receipt",
            granted && case.registered.is_some() && case.receipt.is_none() && may(Act::Finish),
        ),
        (
            "tick_journalised",
            case.missing_ticks().contains(&Tick::Journalised) && may(Act::Finish),
        ),
        (
            "undo",
            !case.is_merged()
                && Tick::ALL.iter().any(|tick| case.is_ticked(*tick))
                && may(Act::Correct),
        ),
        ("correct_wrong_person", granted && may(Act::Correct)),
        ("take_back", granted && may(Act::TakeBack)),
        (
            "extend",
            case.is_exempt() && on_terms.extends && may(Act::Prolong),
        ),
        (
            "make_permanent",
            on_terms.permanent_by_law && may(Act::Prolong),
        ),
        ("merge_undo", case.is_merged() && may(Act::Merge)),
        ("death_undo", case.is_closed_by_death() && may(Act::Correct)),
        ("rejoin", case.is_exempt() && may(Act::Finish)),
        // Nobody is visited about what is over.
        ("give_out", case.is_under_way() && may(Act::GiveOut)),
        ("register_look", may(Act::Capture)),
        ("note", may(Act::Supplement)),
        ("attach", may(Act::Supplement)),
        (
            "revoke_power_of_attorney",
            case.power_of_attorney.is_some()
                && case.power_of_attorney_revoked_on.is_none()
                && may(Act::Supplement)
                && may(Act::SeeChannel),
        ),
    ];
    if case.holds_unknown_kind {
        return Vec::new();
    }
    possible
        .into_iter()
        .filter(|(_, now)| *now)
        .map(|(code, _)| code.to_owned())
        .collect()
}

/// Papers issued, oldest first.
pub(crate) fn papers(case: &Case, around: &Surroundings<'_>) -> Vec<IssuedPaper> {
    case.papers
        .iter()
        .filter(|paper| around.sees_channel() || discretion::may_show_paper(paper.value.kind))
        .map(|paper| IssuedPaper {
            kind: paper.value.kind.code().to_owned(),
            number: paper.value.number.clone(),
            copy: paper.value.copy,
            at: rfc3339(paper.at),
            initials: around.initials_of(paper.by),
        })
        .collect()
}

/// Attached files, oldest first. A file's name may tell as much as the file.
pub(crate) fn attachments(case: &Case, around: &Surroundings<'_>) -> Vec<AttachmentView> {
    case.attachments
        .iter()
        .filter(|file| around.sees_channel() || discretion::may_list(file.value.purpose))
        .map(|attachment| AttachmentView {
            digest: attachment.value.digest.to_string(),
            purpose: attachment.value.purpose.code().to_owned(),
            media_type: attachment.value.media_type.clone(),
            size_bytes: attachment.value.size_bytes,
            file_name: if around.sees_channel() {
                attachment.value.file_name.clone()
            } else {
                String::new()
            },
            added_at: rfc3339(attachment.at),
        })
        .collect()
}

/// Purposes of the papers signed by hand that the case rests on and nobody has attached yet.
pub(crate) fn scans_missing(case: &Case, around: &Surroundings<'_>) -> Vec<String> {
    let declared = case.declaration.as_ref();
    let rests_on = [
        (
            AttachmentPurpose::SignedRequest,
            declared.is_some_and(|given| given.signature == Signature::OnPaper),
        ),
        (
            AttachmentPurpose::SignedPowerOfAttorney,
            case.power_of_attorney.is_some() && around.sees_channel(),
        ),
    ];
    let is_there =
        |purpose| (case.attachments.iter()).any(|attached| attached.value.purpose == purpose);
    rests_on
        .into_iter()
        .filter(|(purpose, is_needed)| *is_needed && !is_there(*purpose))
        .map(|(purpose, _)| purpose.code().to_owned())
        .collect()
}

/// Code of the choice about unopened post, as the form has it.
pub(crate) fn unopened_post_code(choice: Option<&UnopenedPost>) -> &'static str {
    match choice {
        None => "",
        Some(UnopenedPost::ToRegisteredAddress) => "registered_address",
        Some(UnopenedPost::ToOtherAddress(_)) => "other_address",
        Some(UnopenedPost::NotSent) => "no",
    }
}

/// How long it lasts, in words.
pub(crate) fn duration_said(case: &Case, texts: &Texts) -> String {
    match case.expires_on(danish_time::date_at) {
        Some(last) => texts.say("duration.until", &[("date", &day(last))]),
        None => {
            let limited = case.permanent_since.is_none()
                && case
                    .granted
                    .as_ref()
                    .is_some_and(|g| g.value.duration == Duration::TimeLimited);
            texts.say(
                if limited {
                    "duration.time_limited"
                } else {
                    "duration.permanent"
                },
                &[],
            )
        }
    }
}

/// What the guardian was appointed for, in words.
pub(crate) fn scope_said(guardian: &Guardian, around: &Surroundings<'_>) -> String {
    let scope = if guardian.is_parent {
        "parent"
    } else {
        guardian.scope.code()
    };
    around.say(&format!("guardian_scope.{scope}"))
}

/// The days between which the appointment holds, as far as it names them.
pub(crate) fn validity_said(guardian: &Guardian, around: &Surroundings<'_>) -> String {
    let on = |label: &str, day_of: Option<NaiveDate>| {
        day_of.map(|on| format!("{} {}", around.say(label), day(on)))
    };
    let valid = [
        on("word.from", guardian.valid_from),
        on("word.to", guardian.valid_to),
    ];
    let valid: Vec<String> = valid.into_iter().flatten().collect();
    valid.join(" ")
}

/// Facts for the case page.
pub(crate) fn facts(case: &Case, around: &Surroundings<'_>) -> Vec<FactLine> {
    let mut lines = Vec::new();
    let mut add = |label: &str, value: String| {
        if !value.is_empty() {
            lines.push(FactLine {
                label: label.to_owned(),
                value,
            });
        }
    };
    add(
        "label.received_on",
        case.opened
            .as_ref()
            .map(|o| day(o.received_on))
            .unwrap_or_default(),
    );
    add("label.location", around.location.clone());
    if around.sees_channel() {
        let channel = case
            .opened
            .as_ref()
            .map(|opened| opened.channel.code())
            .unwrap_or_default();
        add("label.channel", around.say(&format!("channel.{channel}")));
        add(
            "label.representative",
            case.power_of_attorney
                .as_ref()
                .map(|p| p.representative.name.clone())
                .unwrap_or_default(),
        );
        add(
            "label.guardian",
            case.guardian
                .as_ref()
                .map(|g| g.name.clone())
                .unwrap_or_default(),
        );
        if let Some(guardian) = &case.guardian {
            add("label.guardian_scope", scope_said(guardian, around));
            add("label.guardian_validity", validity_said(guardian, around));
        }
    }
    add("label.id_kind", around.id_kind.clone());
    if let Some(citizen) = &case.citizen {
        if around.sees_channel() {
            add(
                "label.residence",
                around.say(&format!("residence.{}", citizen.residence.code())),
            );
        }
        add("label.municipality", citizen.municipality.clone());
        add("label.phone", citizen.phone.clone());
    }
    if let Some(name) = &case.companion {
        let unnamed = || around.say("flow.companion_unnamed");
        add(
            "label.companion",
            if name.is_empty() {
                unnamed()
            } else {
                name.clone()
            },
        );
    }
    if let Some(declaration) = &case.declaration {
        add("label.signed_on", day(declaration.signed_on));
        if around.sees_channel() {
            if let Signature::Unable { reason, witness } = &declaration.signature {
                add("label.unable_to_sign", reason.clone());
                add("label.witness", witness.clone());
            }
            add("label.grounds", around.grounds.clone());
        }
    }
    if case.granted.is_some() {
        add("label.duration", duration_said(case, around.texts));
    }
    let unopened = unopened_post_code(case.unopened_post.as_ref());
    if !unopened.is_empty() {
        add(
            "label.unopened_post",
            around.say(&format!("unopened_post.{unopened}")),
        );
    }
    if let Some(journalised) = &case.journalised {
        add("label.own_number", journalised.value.reference.clone());
    }
    lines
}

/// The timeline, oldest first. No CPR number stands in it.
pub(crate) fn timeline(
    case: &Case,
    recorded: &[Recorded],
    around: &Surroundings<'_>,
) -> Vec<TimelineEntry> {
    let by_id: HashMap<EventId, &Recorded> = recorded.iter().map(|r| (r.id, r)).collect();
    case.history
        .iter()
        .filter_map(|id| by_id.get(id))
        .filter(|recorded| {
            let tells = |event| !discretion::may_tell(event);
            around.sees_channel() || !recorded.event.as_ref().is_some_and(tells)
        })
        .map(|recorded| {
            let origin = around.origin.get(&recorded.id).cloned().unwrap_or_default();
            let (kind, detail) = match &recorded.event {
                Some(event)
                    if discretion::holds_own_words(event)
                        && !around.sees_channel()
                        && recorded.actor != around.reader =>
                {
                    (event.kind(), String::new())
                }
                Some(event) => (event.kind(), detail(event, around)),
                None => ("unknown", String::new()),
            };
            TimelineEntry {
                at: rfc3339(recorded.recorded_at),
                initials: around.initials_of(recorded.actor),
                kind: kind.to_owned(),
                detail,
                device: origin.device,
                sync: origin.sync.to_owned(),
            }
        })
        .collect()
}

pub(crate) fn detail(event: &Event, around: &Surroundings<'_>) -> String {
    match event {
        Event::CaseOpened(opened) => opened.number.to_string(),
        Event::ArrivalRecorded(arrival) if any_permits(around.roles, Act::SeeChannel) => {
            around.say(&format!("channel.{}", arrival.channel.code()))
        }
        Event::EntryRetracted { field } => around.say(&format!("retracted.{}", field.code())),
        Event::GuardianRecorded(guardian) => guardian.name.clone(),
        Event::PowerOfAttorneyRecorded(paper) => paper.representative.name.clone(),
        Event::PowerOfAttorneyRevoked { revoked_on, reason } => {
            with_reason(&day(*revoked_on), reason)
        }
        Event::PowerOfAttorneyUsed { purpose, .. } => {
            around.say(&format!("power_of_attorney_use.{purpose}"))
        }
        Event::CompanionRecorded { name } => name.clone(),
        Event::RegisterLookedUp { seen, .. } => around.say(&format!("register.{}", seen.code())),
        Event::DeclarationSigned(declaration) => day(declaration.signed_on),
        Event::UnopenedPostChosen(choice) => around.say(&format!(
            "unopened_post.{}",
            unopened_post_code(Some(choice))
        )),
        Event::AttachmentAdded(attachment) => {
            around.say(&format!("attachment.{}", attachment.purpose.code()))
        }
        Event::MarkedIncomplete { missing } => missing.join(", "),
        Event::Granted(granted) => with_reason(
            &rules::set_said(around.rules.get(granted.rule_set), around.texts),
            &rests_on(granted, around),
        ),
        Event::Refused(refused) => refused.reasons.clone(),
        Event::Rejected(rejected) => around.say(&format!("rejection.{}", rejected.reason)),
        Event::HelpedInstead { offer, .. } => around.offer(offer),
        Event::GuidanceRecorded { offers } => {
            let said = |(code, answer): &(String, OfferAnswer)| {
                let answer = around.say(&format!("offer_answer.{}", answer.code()));
                format!("{}: {answer}", around.offer(code))
            };
            offers.iter().map(said).collect::<Vec<_>>().join(", ")
        }
        Event::Forwarded { authority, .. } => authority.clone(),
        Event::Registered(registered) => {
            with_reason(&moment(registered.registered_at), &registered.reference)
        }
        Event::ReceiptGiven(given) => with_reason(
            &around.say(&format!("receipt_delivery.{}", given.delivery.code())),
            &given.reason,
        ),
        Event::Journalised(journalised) => journalised.reference.clone(),
        Event::TickUndone { tick, reason } => {
            with_reason(&around.say(&format!("tick.{}.title", tick.code())), reason)
        }
        Event::PaperIssued(paper) => {
            let name = around.say(&format!("paper.{}", paper.kind.code()));
            with_reason(&name, &paper.number)
        }
        Event::WronglyCreated(wrong) => wrong.reason.clone(),
        Event::TakenBack(taken) => taken.reasons.clone(),
        Event::Ended { ending, ended_on } => with_reason(
            &around.say(&format!("state.{}", ending.code())),
            &day(*ended_on),
        ),
        Event::Extended(extended) => with_reason(&day(extended.until), &extended.reason),
        Event::MadePermanent { on } => day(*on),
        Event::MergedInto(merged) => with_reason(&around.number_of(merged.other), &merged.reason),
        Event::DuplicateLinked { other } => around.number_of(*other),
        Event::DuplicateUnlinked { other, reason } => {
            with_reason(&around.number_of(*other), reason)
        }
        Event::MergeUndone { reason } | Event::DeathUndone { reason } => reason.clone(),
        Event::NoteAdded { text } => text.clone(),
        Event::ConflictResolved { reason, .. } => reason.clone(),
        Event::ConflictOfInterestChecked { none: true } => String::new(),
        Event::ConflictOfInterestChecked { none: false } => {
            around.say("conflict_of_interest.declared")
        }
        Event::ArrivalRecorded(_)
        | Event::CitizenRecorded(_)
        | Event::IdentityChecked(_)
        | Event::MarkedReady
        | Event::Withdrawn { .. } => String::new(),
    }
}

/// What a grant rests on, in words (row 4-25): for those who may know who came, because that is one of the facts.
fn rests_on(granted: &Granted, around: &Surroundings<'_>) -> String {
    if !around.sees_channel() || granted.met.is_empty() {
        return String::new();
    }
    let said = |code: &String| around.say(&format!("requirement.{code}"));
    let all: Vec<String> = granted.met.iter().map(said).collect();
    let values = [("facts", all.join(", "))];
    let values = values.each_ref().map(|(name, text)| (*name, text.as_str()));
    around.texts.say("event_detail.rests_on", &values)
}

/// A text with what belongs to it, where there is anything.
pub(crate) fn with_reason(what: &str, reason: &str) -> String {
    if reason.trim().is_empty() {
        what.to_owned()
    } else {
        format!("{what} · {reason}")
    }
}

/// Age on a day.
pub(crate) fn age(case: &Case, today: NaiveDate) -> Option<u16> {
    case.citizen
        .as_ref()
        .and_then(|citizen| citizen.cpr.age_on(today))
}
