//! Choosing between values that two people set for the same thing without seeing each other's work.
//!
//! Both values are shown side by side with who set them, when, on which computer and on what paper. The choice is an event with a
//! reason; the other value stays in the history. Basis: design, section 3, *Concurrency*; decision 5.

use std::collections::{BTreeSet, HashMap};

use skranke_domain::case::{Case, Recorded};
use skranke_domain::event::{
    Arrival, CitizenRecorded, DeclarationSigned, Event, Extended, Granted, Guardian, Signature,
};
use skranke_domain::ids::{EventId, StaffId};
use skranke_domain::power_of_attorney::{PowerOfAttorney, PowerOfAttorneyFault};
use skranke_domain::role::Act;
use skranke_domain::rule_set::Duration;

use crate::api::case::{CaseView, ConflictResolveRequest, ConflictSide, ConflictView, FactLine};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::explain::{day, moment};
use crate::present::{self, Surroundings, rfc3339};
use crate::state::App;

impl App {
    /// Chooses which of the conflicting values counts.
    ///
    /// # Errors
    /// `ConflictSettled` where there is nothing to choose between any more, `ReasonMissing`, `NotPermitted`.
    pub fn conflict_resolve(&self, request: ConflictResolveRequest) -> Result<CaseView, AppError> {
        let chosen: EventId = request
            .chosen
            .parse()
            .map_err(|_| AppError::of(ErrorCode::ConflictSettled))?;
        self.on_case(Act::Correct, &request.case_id, |command| {
            command.add(Event::ConflictResolved {
                field: request.field.clone(),
                chosen,
                reason: request.reason.trim().to_owned(),
            })
        })
    }
}

/// The open conflicts of a case, each with its values side by side. Who may not know who came is told only that there
/// is one: the values may hint at the ground (practice 13).
pub(crate) fn views(
    case: &Case,
    recorded: &[Recorded],
    names: &HashMap<StaffId, String>,
    around: &Surroundings<'_>,
) -> Vec<ConflictView> {
    if !around.sees_channel() {
        return Vec::new();
    }
    let by_id: HashMap<EventId, &Recorded> = recorded.iter().map(|r| (r.id, r)).collect();
    let side = |id: &EventId, values: &[&Event]| {
        let recorded = by_id.get(id)?;
        let event = recorded.event.as_ref()?;
        let origin = around.origin.get(id).cloned().unwrap_or_default();
        Some(ConflictSide {
            event: id.to_string(),
            kind: event.kind().to_owned(),
            facts: facts_beside(event, values, case, around),
            initials: around.initials_of(recorded.actor),
            name: names.get(&recorded.actor).cloned().unwrap_or_default(),
            at: rfc3339(recorded.recorded_at),
            here: origin.is_here,
            device: origin.device,
            papers: papers_under(recorded, &by_id, around),
        })
    };
    case.conflicts
        .iter()
        .map(|conflict| {
            let events = conflict.events.iter();
            let values: Vec<&Event> = events
                .clone()
                .filter_map(|id| by_id.get(id)?.event.as_ref())
                .collect();
            ConflictView {
                field: conflict.field.code().to_owned(),
                before: before(case, conflict.field.code(), around),
                sides: events.filter_map(|id| side(id, &values)).collect(),
            }
        })
        .collect()
}

/// What the author of an event had on paper: what was attached and the declaration, in the same command or in what
/// they had seen. Basis: design, section 3, *Concurrency*.
fn papers_under(
    resting: &Recorded,
    by_id: &HashMap<EventId, &Recorded>,
    around: &Surroundings<'_>,
) -> Vec<String> {
    let mut seen: BTreeSet<EventId> = by_id
        .values()
        .filter(|other| other.command == resting.command)
        .map(|other| other.id)
        .collect();
    let mut ahead: Vec<EventId> = seen.iter().copied().collect();
    while let Some(recorded) = ahead.pop().and_then(|id| by_id.get(&id)) {
        ahead.extend(recorded.based_on.iter().filter(|id| seen.insert(**id)));
    }
    let mut had: Vec<&Recorded> = seen
        .iter()
        .filter_map(|id| by_id.get(id).copied())
        .collect();
    had.sort_by_key(|recorded| (recorded.recorded_at, recorded.hash));
    let papers = had.iter().filter_map(|recorded| match &recorded.event {
        Some(Event::AttachmentAdded(file)) => Some(format!(
            "{} ({})",
            around.say(&format!("attachment.{}", file.purpose.code())),
            file.file_name
        )),
        Some(Event::DeclarationSigned(declaration)) => Some(format!(
            "{} {}",
            around.say("conflict.declaration"),
            day(declaration.signed_on)
        )),
        _ => None,
    });
    papers.collect()
}

/// What the case holds now: the value from before both.
fn before(case: &Case, field: &str, around: &Surroundings<'_>) -> Vec<FactLine> {
    let of = |event: Option<Event>| event.map(|event| facts_of(&event, case, around));
    let facts = match field {
        "opening" => of(case.opened.as_ref().map(|opened| {
            Event::ArrivalRecorded(Arrival {
                channel: opened.channel,
                location: opened.location.clone(),
                received_on: opened.received_on,
            })
        })),
        "citizen" => of(case.citizen.clone().map(Event::CitizenRecorded)),
        "guardian" => of(case.guardian.clone().map(Event::GuardianRecorded)),
        "declaration" => of(case.declaration.clone().map(Event::DeclarationSigned)),
        "power_of_attorney" => of(case
            .power_of_attorney
            .clone()
            .map(Event::PowerOfAttorneyRecorded))
        .map(|mut facts| {
            let revoked = case.power_of_attorney_revoked_on;
            facts.extend(revoked.map(|on| line("conflict.revoked_on", day(on))));
            facts
        }),
        "unopened_post" => of(case.unopened_post.clone().map(Event::UnopenedPostChosen)),
        "state" => Some(vec![line(
            "label.state",
            around.say(&format!("state.{}", present::state_code(case))),
        )]),
        "term" => case.granted.as_ref().map(|_| {
            let term = present::duration_said(case, around.texts);
            vec![line("label.duration", term)]
        }),
        _ => None,
    };
    facts.unwrap_or_default()
}

fn line(label: &str, value: String) -> FactLine {
    FactLine {
        label: label.to_owned(),
        value,
    }
}

/// What an event says beside the other values. What reads alike and is not alike says so: else a person who sees two
/// equal columns would choose blind.
fn facts_beside(
    event: &Event,
    values: &[&Event],
    case: &Case,
    around: &Surroundings<'_>,
) -> Vec<FactLine> {
    let unseen: Vec<&str> = values
        .iter()
        .flat_map(|other| unseen_differences(event, other))
        .collect();
    let mut lines = facts_of(event, case, around);
    for line in &mut lines {
        if unseen.contains(&line.label.as_str()) {
            let differs = around.say("conflict.unseen_difference");
            line.value = present::with_reason(&line.value, &differs);
        }
    }
    lines
}

/// The labels under which two values read alike and are not: protected addresses, and numbers that differ in their
/// hidden digits alone.
fn unseen_differences(one: &Event, other: &Event) -> Vec<&'static str> {
    let (address, numbers) = match (one, other) {
        (Event::CitizenRecorded(one), Event::CitizenRecorded(other)) => (
            one.address_protected && other.address_protected && one.address != other.address,
            (Some(one.cpr), Some(other.cpr)),
        ),
        (Event::PowerOfAttorneyRecorded(one), Event::PowerOfAttorneyRecorded(other)) => {
            (false, (one.representative.cpr, other.representative.cpr))
        }
        _ => (false, (None, None)),
    };
    let number = match numbers {
        (Some(one), Some(other)) => one != other && one.masked() == other.masked(),
        _ => false,
    };
    [("label.address", address), ("label.cpr", number)]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(label, _)| label)
        .collect()
}

/// What an event says, all that two values of a field may differ in, so that a person can choose. A protected address
/// and a full CPR number are not in it. No two lines have the same label: the window tells them apart by it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds are told as the timeline tells them"
)]
fn facts_of(event: &Event, case: &Case, around: &Surroundings<'_>) -> Vec<FactLine> {
    let mut lines = match event {
        Event::ArrivalRecorded(arrival) => opening_facts(arrival, case, around),
        Event::CitizenRecorded(citizen) => citizen_facts(citizen, around),
        Event::GuardianRecorded(guardian) => guardian_facts(guardian, around),
        Event::PowerOfAttorneyRecorded(paper) => power_of_attorney_facts(paper, around),
        Event::PowerOfAttorneyRevoked { revoked_on, reason } => vec![
            line("conflict.revoked_on", day(*revoked_on)),
            line("label.reason", reason.clone()),
        ],
        Event::DeclarationSigned(declaration) => declaration_facts(declaration, around),
        Event::Granted(granted) => grant_facts(granted, around),
        Event::Refused(refused) => vec![
            line("conflict.decided_at", moment(refused.decided_at)),
            line("label.reason", refused.reasons.clone()),
        ],
        Event::Extended(extended) => extension_facts(extended, around),
        Event::MadePermanent { on } => vec![
            line("label.duration", around.say("duration.permanent")),
            line("label.made_permanent", day(*on)),
        ],
        _ => vec![line("conflict.value", present::detail(event, around))],
    };
    if let Event::UnopenedPostChosen(skranke_domain::event::UnopenedPost::ToOtherAddress(address)) =
        event
    {
        lines.push(line("label.address", address.clone()));
    }
    lines.retain(|line| !line.value.trim().is_empty());
    lines
}

/// Who came, where and when. A place has its name where it is the one the case has, else its code.
fn opening_facts(arrival: &Arrival, case: &Case, around: &Surroundings<'_>) -> Vec<FactLine> {
    let opened = case.opened.as_ref();
    let is_known = opened.is_some_and(|opened| opened.location == arrival.location);
    let location = if is_known && !around.location.is_empty() {
        around.location.clone()
    } else {
        arrival.location.clone()
    };
    vec![
        line("label.received_on", day(arrival.received_on)),
        line("label.location", location),
        line(
            "label.channel",
            around.say(&format!("channel.{}", arrival.channel.code())),
        ),
    ]
}

fn citizen_facts(citizen: &CitizenRecorded, around: &Surroundings<'_>) -> Vec<FactLine> {
    let address = if citizen.address_protected {
        around.say("window.address_hidden")
    } else {
        citizen.address.clone()
    };
    vec![
        line("label.name", citizen.name.clone()),
        line("label.cpr", citizen.cpr.masked()),
        line("label.address", address),
        line(
            "label.residence",
            around.say(&format!("residence.{}", citizen.residence.code())),
        ),
        line("label.municipality", citizen.municipality.clone()),
        line("label.phone", citizen.phone.clone()),
    ]
}

fn guardian_facts(guardian: &Guardian, around: &Surroundings<'_>) -> Vec<FactLine> {
    // A parent shows no appointment.
    let unseen = if guardian.appointment_seen || guardian.is_parent {
        String::new()
    } else {
        around.say("fact.appointment_not_seen")
    };
    vec![
        line(
            "label.guardian",
            present::with_reason(&guardian.name, &unseen),
        ),
        line(
            "label.guardian_scope",
            present::scope_said(guardian, around),
        ),
        line(
            "label.guardian_validity",
            present::validity_said(guardian, around),
        ),
    ]
}

fn power_of_attorney_facts(paper: &PowerOfAttorney, around: &Surroundings<'_>) -> Vec<FactLine> {
    let representative = &paper.representative;
    let relation = match representative.relation.as_str() {
        "" => String::new(),
        code => around.say(&format!("relation.{code}")),
    };
    let covers = if paper.covers_unopened_post {
        "word.yes"
    } else {
        "word.no"
    };
    let number = representative.cpr.map(|cpr| cpr.masked());
    vec![
        line("label.representative", representative.name.clone()),
        line("label.cpr", number.unwrap_or_default()),
        line(
            "label.birth_date",
            representative.birth_date.map(day).unwrap_or_default(),
        ),
        line("label.address", representative.address.clone()),
        line("label.relation", relation),
        line(
            "label.signed_on",
            paper.signed_on.map(day).unwrap_or_default(),
        ),
        line(
            "conflict.field.power_of_attorney",
            paper_said(paper, around),
        ),
        line("event.unopened_post_chosen", around.say(covers)),
    ]
}

/// Who signed the paper, and whether it is the citizen's own.
fn paper_said(paper: &PowerOfAttorney, around: &Surroundings<'_>) -> String {
    let signatures = [
        (
            paper.citizen_signed,
            PowerOfAttorneyFault::CitizenHasNotSigned,
        ),
        (
            paper.representative_signed,
            PowerOfAttorneyFault::RepresentativeHasNotSigned,
        ),
    ];
    let mut said: Vec<String> = signatures
        .into_iter()
        .filter(|(is_signed, _)| !is_signed)
        .map(|(_, fault)| around.say(&format!("fact.power_of_attorney_{}", fault.code())))
        .collect();
    if said.is_empty() {
        said.push(around.say("fact.power_of_attorney_signed"));
    }
    if paper.self_made {
        said.push(around.say("warning.power_of_attorney_self_made"));
    }
    said.join(" · ")
}

fn declaration_facts(declaration: &DeclarationSigned, around: &Surroundings<'_>) -> Vec<FactLine> {
    let rules = around.rules;
    let set = rules.get(declaration.rule_set);
    let mut lines = vec![line("label.signed_on", day(declaration.signed_on))];
    lines.extend(signature_facts(&declaration.signature, around));
    lines.extend([
        line(
            "source.rule_set",
            present::rules::set_said(set, around.texts),
        ),
        line(
            "label.grounds",
            present::rules::grounds_named(rules, declaration),
        ),
        line(
            "rule.not_covered.title",
            present::rules::understood_named(rules, declaration),
        ),
    ]);
    lines
}

fn signature_facts(signature: &Signature, around: &Surroundings<'_>) -> Vec<FactLine> {
    let given = |key: &str| vec![line("rule.signature.title", around.say(key))];
    match signature {
        Signature::OnPaper => given("attachment.signed_request"),
        Signature::OnScreen => given("attachment.screen_signature"),
        Signature::Unable { reason, witness } => vec![
            line("label.unable_to_sign", reason.clone()),
            line("label.witness", witness.clone()),
        ],
    }
}

fn grant_facts(granted: &Granted, around: &Surroundings<'_>) -> Vec<FactLine> {
    let duration = match granted.duration {
        Duration::Permanent => "duration.permanent",
        Duration::TimeLimited => "duration.time_limited",
    };
    let set = around.rules.get(granted.rule_set);
    vec![
        line("conflict.decided_at", moment(granted.decided_at)),
        line("label.duration", around.say(duration)),
        line(
            "source.rule_set",
            present::rules::set_said(set, around.texts),
        ),
    ]
}

fn extension_facts(extended: &Extended, around: &Surroundings<'_>) -> Vec<FactLine> {
    let until = day(extended.until);
    vec![
        line(
            "label.duration",
            around.texts.say("duration.until", &[("date", &until)]),
        ),
        line("label.extended", moment(extended.extended_at)),
        line("label.reason", extended.reason.clone()),
    ]
}

#[cfg(test)]
mod tests;
