//! Choosing between values that two people set for the same thing without seeing each other's work.
//!
//! Both values are shown side by side with who set them, when, on which computer and on what paper. The choice is an event with a
//! reason; the other value stays in the history. Basis: design, section 3, *Concurrency*; decision 5.

use std::collections::{BTreeSet, HashMap};

use skranke_domain::case::{Case, Recorded};
use skranke_domain::event::{CitizenRecorded, Event};
use skranke_domain::ids::{EventId, StaffId};
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
    let side = |id: &EventId| {
        let recorded = by_id.get(id)?;
        let event = recorded.event.as_ref()?;
        let origin = around.origin.get(id).cloned().unwrap_or_default();
        Some(ConflictSide {
            event: id.to_string(),
            kind: event.kind().to_owned(),
            facts: facts_of(event, around),
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
        .map(|conflict| ConflictView {
            field: conflict.field.code().to_owned(),
            before: before(case, conflict.field.code(), around),
            sides: conflict.events.iter().filter_map(side).collect(),
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
    let of = |event: Option<Event>| event.map(|event| facts_of(&event, around));
    let facts = match field {
        "citizen" => of(case.citizen.clone().map(Event::CitizenRecorded)),
        "guardian" => of(case.guardian.clone().map(Event::GuardianRecorded)),
        "declaration" => of(case.declaration.clone().map(Event::DeclarationSigned)),
        "power_of_attorney" => of(case
            .power_of_attorney
            .clone()
            .map(Event::PowerOfAttorneyRecorded)),
        "unopened_post" => of(case.unopened_post.clone().map(Event::UnopenedPostChosen)),
        "state" => Some(vec![line(
            "label.state",
            around.say(&format!("state.{}", present::state_code(case))),
        )]),
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

/// What an event says, so that a person can choose. A protected address and a full CPR number are not in it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds are told as the timeline tells them"
)]
fn facts_of(event: &Event, around: &Surroundings<'_>) -> Vec<FactLine> {
    let mut lines = match event {
        Event::CitizenRecorded(citizen) => citizen_facts(citizen, around),
        Event::GuardianRecorded(guardian) => vec![line("label.guardian", guardian.name.clone())],
        Event::PowerOfAttorneyRecorded(paper) => vec![
            line("label.representative", paper.representative.name.clone()),
            line(
                "label.signed_on",
                paper.signed_on.map(day).unwrap_or_default(),
            ),
        ],
        Event::PowerOfAttorneyRevoked { revoked_on, reason } => vec![
            line("conflict.revoked_on", day(*revoked_on)),
            line("label.reason", reason.clone()),
        ],
        Event::DeclarationSigned(declaration) => {
            vec![line("label.signed_on", day(declaration.signed_on))]
        }
        Event::Granted(granted) => vec![
            line("conflict.decided_at", moment(granted.decided_at)),
            line(
                "label.duration",
                around.say(match granted.duration {
                    Duration::Permanent => "duration.permanent",
                    Duration::TimeLimited => "duration.time_limited",
                }),
            ),
        ],
        Event::Refused(refused) => vec![
            line("conflict.decided_at", moment(refused.decided_at)),
            line("label.reason", refused.reasons.clone()),
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
        line("label.phone", citizen.phone.clone()),
    ]
}
