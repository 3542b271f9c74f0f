//! What people do in a case: what a dice may choose from, in the order of events one command makes.

use std::sync::OnceLock;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use skranke_domain::case::{Case, CaseState, Field};
use skranke_domain::danish_time;
use skranke_domain::event::{
    Arrival, AttachmentAdded, AttachmentPurpose, Channel, Consultation, DeclarationSigned, Ending,
    Event, Extended, Granted, Guardian, GuardianScope, IdentityChecked, Journalised, OfferAnswer,
    PaperIssued, PaperKind, ReceiptDelivery, ReceiptGiven, Refused, RegisterStatus, Registered,
    Rejected, Signature, TakenBack, Tick, UnopenedPost, WronglyCreated,
};
use skranke_domain::ids::Sha256Digest;
use skranke_domain::power_of_attorney::{PowerOfAttorney, Representative};
use skranke_domain::rule_set::{Duration, RuleSetCode, RuleSets};
use skranke_forms::Forms;
use skranke_testkit::danish;

use super::Dice;
use crate::office::{citizen, noon};

const NAMES: [&str; 3] = ["Aase Lindholm", "Åse Lindholm", "Åse Østergård"];

/// Every kind of event that is wished for, opened and merged apart from it: in thousands of stories each is in one.
pub(super) const KINDS: [&str; 32] = [
    "arrival_recorded",
    "citizen_recorded",
    "guardian_recorded",
    "companion_recorded",
    "identity_checked",
    "guidance_recorded",
    "declaration_signed",
    "power_of_attorney_recorded",
    "power_of_attorney_revoked",
    "power_of_attorney_used",
    "unopened_post_chosen",
    "attachment_added",
    "register_looked_up",
    "marked_incomplete",
    "entry_retracted",
    "granted",
    "refused",
    "rejected",
    "withdrawn",
    "helped_instead",
    "forwarded",
    "registered",
    "receipt_given",
    "journalised",
    "tick_undone",
    "paper_issued",
    "wrongly_created",
    "taken_back",
    "ended",
    "extended",
    "made_permanent",
    "conflict_resolved",
];

/// The rule sets a desktop is built with.
pub(super) fn rule_sets() -> &'static RuleSets {
    static SETS: OnceLock<RuleSets> = OnceLock::new();
    SETS.get_or_init(|| Forms::embedded().unwrap().rules().to_domain())
}

/// What somebody would do next, a paper under this number among it; whether the case allows it is asked by the caller.
pub(super) fn wish(case: &Case, paper: &str, dice: &mut Dice) -> Vec<Event> {
    // Of what is granted there is little else to do.
    if case.expires_on(danish_time::date_at).is_some() && dice.one_in(3) {
        return term(case, dice);
    }
    if case.state == CaseState::Granted && dice.one_in(3) {
        return vec![tick(case, dice)];
    }
    let event = match dice.below(27) {
        0..4 => Event::CitizenRecorded(citizen("0201703984", NAMES[dice.below(3)])),
        4 => Event::Withdrawn {
            withdrawn_at: noon(),
        },
        5 => Event::MarkedIncomplete {
            missing: vec![format!("paper {}", dice.below(2))],
        },
        6 => Event::RegisterLookedUp {
            looked_at: noon(),
            seen: [RegisterStatus::NotExempt, RegisterStatus::NotRegistered][dice.below(2)],
        },
        7 | 8 if !case.conflicts.is_empty() => {
            let conflict = &case.conflicts[dice.below(case.conflicts.len())];
            Event::ConflictResolved {
                field: conflict.field.code().to_owned(),
                chosen: conflict.events[dice.below(conflict.events.len())],
                reason: "Borgeren sagde det".to_owned(),
            }
        }
        9 => declared(dice),
        10 => Event::PowerOfAttorneyRecorded(power_of_attorney(dice)),
        11 => Event::UnopenedPostChosen(unopened_post(dice)),
        12 => Event::AttachmentAdded(AttachmentAdded {
            digest: Sha256Digest::from_bytes([u8::try_from(dice.below(250)).unwrap(); 32]),
            purpose: AttachmentPurpose::Other,
            media_type: "image/png".to_owned(),
            size_bytes: 1,
            file_name: "anmodning.png".to_owned(),
        }),
        13 | 14 => return decision(dice),
        15 => tick(case, dice),
        16 | 17 => Event::CompanionRecorded {
            name: NAMES[dice.below(3)].to_owned(),
        },
        18 => retracted(case),
        19 => guardian(dice),
        20 => arrival(dice),
        21 => used_or_revoked(dice),
        22 => Event::GuidanceRecorded {
            offers: vec![(
                ["hotline", "library_course"][dice.below(2)].to_owned(),
                OfferAnswer::ALL[dice.below(OfferAnswer::ALL.len())],
            )],
        },
        23 => handed_out(case, paper, dice),
        24 | 25 => ended(dice),
        _ => Event::NoteAdded {
            text: format!("note {}", dice.below(1_000)),
        },
    };
    vec![event]
}

/// Something that was recorded by mistake.
fn retracted(case: &Case) -> Event {
    let field = if case.companion.is_some() {
        Field::Companion
    } else {
        Field::Declaration
    };
    Event::EntryRetracted { field }
}

fn guardian(dice: &mut Dice) -> Event {
    Event::GuardianRecorded(Guardian {
        name: NAMES[dice.below(3)].to_owned(),
        scope: GuardianScope::Both,
        is_parent: false,
        appointment_seen: true,
        valid_from: None,
        valid_to: None,
    })
}

/// Somebody comes back, now and then with a guardian.
fn arrival(dice: &mut Dice) -> Event {
    let channel = if dice.one_in(4) {
        Channel::Guardian
    } else {
        Channel::InPerson
    };
    Event::ArrivalRecorded(Arrival {
        channel,
        location: "solbjerg_torv".to_owned(),
        received_on: day(dice),
    })
}

fn used_or_revoked(dice: &mut Dice) -> Event {
    if dice.one_in(2) {
        return Event::PowerOfAttorneyRevoked {
            revoked_on: day(dice),
            reason: "Borgeren vil selv".to_owned(),
        };
    }
    Event::PowerOfAttorneyUsed {
        used_at: noon(),
        purpose: "request".to_owned(),
    }
}

/// The paper that fits the state, or a copy of it.
fn handed_out(case: &Case, number: &str, dice: &mut Dice) -> Event {
    let kind = match case.state {
        CaseState::Incomplete => PaperKind::MissingInformation,
        CaseState::Granted if case.registered.is_some() => PaperKind::ExemptionReceipt,
        CaseState::Granted => PaperKind::InterimPaper,
        CaseState::Refused => PaperKind::Refusal,
        CaseState::Rejected => PaperKind::Rejection,
        CaseState::TakenBack => PaperKind::TakenBack,
        CaseState::HelpedInstead => PaperKind::InformationSheet,
        CaseState::WronglyCreated => PaperKind::CorrectionToWrongPerson,
        CaseState::Ended => PaperKind::ExemptionReceipt,
        CaseState::Received | CaseState::Ready | CaseState::Withdrawn | CaseState::Forwarded => {
            PaperKind::HandInSlip
        }
    };
    let before: Vec<&PaperIssued> = case
        .papers
        .iter()
        .map(|paper| &paper.value)
        .filter(|paper| paper.kind == kind)
        .collect();
    let first = before.first().map(|first| first.number.as_str());
    Event::PaperIssued(PaperIssued {
        kind,
        number: first.unwrap_or(number).to_owned(),
        copy: u16::try_from(before.len()).unwrap(),
        digest: Sha256Digest::from_bytes([u8::try_from(dice.below(250)).unwrap(); 32]),
        large_print: false,
    })
}

/// How a case can end, and that it had not.
fn ended(dice: &mut Dice) -> Event {
    let reason = "Fejl".to_owned();
    match dice.below(7) {
        0 => Event::Ended {
            ending: Ending::Deceased,
            ended_on: day(dice),
        },
        1 => Event::DeathUndone { reason },
        2 => Event::WronglyCreated(WronglyCreated {
            corrected_at: noon(),
            reason,
            removed_from_register: true,
            resend_post: false,
            right_case: None,
        }),
        3 => Event::TakenBack(TakenBack {
            decided_at: noon(),
            reasons: reason,
            consultation: known_to_the_citizen(),
            removed_from_register: Some(true),
        }),
        4 => Event::HelpedInstead {
            ended_at: noon(),
            offer: ["hotline", "library_course"][dice.below(2)].to_owned(),
        },
        5 => Event::Forwarded {
            forwarded_at: noon(),
            authority: "Solbjerg".to_owned(),
        },
        _ => Event::Rejected(Rejected {
            rejected_at: noon(),
            reason: "no_valid_id".to_owned(),
            next_step: String::new(),
        }),
    }
}

/// The term is moved by somebody who looked in the register that day, or the exemption is permanent by law.
fn term(case: &Case, dice: &mut Dice) -> Vec<Event> {
    let end = case.expires_on(danish_time::date_at);
    let Some(end) = end.filter(|_| !dice.one_in(3)) else {
        let on = NaiveDate::from_ymd_opt(2017, 10, 1).unwrap();
        return vec![Event::MadePermanent { on }];
    };
    let looked_at = danish("2017-03-10 10:00");
    let years = i32::try_from(1 + dice.below(2)).unwrap();
    let until = NaiveDate::from_ymd_opt(end.year() + years, 11, 1).unwrap();
    vec![
        Event::RegisterLookedUp {
            looked_at,
            seen: RegisterStatus::Exempt,
        },
        Event::Extended(Extended {
            extended_at: looked_at,
            until,
            reason: "Borgeren kan stadig ikke".to_owned(),
        }),
    ]
}

/// All that a decision rests on, and the decision.
fn decision(dice: &mut Dice) -> Vec<Event> {
    let decided = if dice.one_in(3) {
        Event::Refused(Refused {
            decided_at: noon(),
            rule_set: RuleSetCode::C,
            unmet: vec!["declared".to_owned()],
            reasons: "Borgeren vil ikke erklære".to_owned(),
            consultation: known_to_the_citizen(),
        })
    } else if dice.one_in(4) {
        return time_limited(dice);
    } else {
        Event::Granted(Granted {
            decided_at: noon(),
            rule_set: RuleSetCode::C,
            duration: Duration::Permanent,
            met: vec!["declared".to_owned()],
        })
    };
    decided_on(declared(dice), decided)
}

/// A decision of the years when exemptions had a term.
pub(super) fn time_limited(dice: &mut Dice) -> Vec<Event> {
    let day = u32::try_from(1 + dice.below(3)).unwrap();
    let signed_on = NaiveDate::from_ymd_opt(2016, 3, day).unwrap();
    let granted = Granted {
        decided_at: danish("2016-03-10 10:00"),
        rule_set: RuleSetCode::A,
        duration: Duration::TimeLimited,
        met: vec!["declared".to_owned()],
    };
    let declared = signed(signed_on, RuleSetCode::A);
    decided_on(declared, Event::Granted(granted))
}

/// What a decision rests on, and the decision.
fn decided_on(declared: Event, decided: Event) -> Vec<Event> {
    let checked = IdentityChecked {
        id_kind: "passport".to_owned(),
        shows_cpr: true,
        valid: true,
    };
    vec![
        Event::IdentityChecked(checked),
        declared,
        Event::ConflictOfInterestChecked { none: true },
        Event::MarkedReady,
        decided,
    ]
}

fn known_to_the_citizen() -> Consultation {
    Consultation::NotNeeded {
        reason: "Borgerens egne oplysninger".to_owned(),
    }
}

/// The registration of what was granted, not by everybody at the same minute.
pub(super) fn registered(case: &Case, dice: &mut Dice) -> Event {
    let granted = case.granted.as_ref();
    let decided_at = granted.map_or(noon(), |granted| granted.value.decided_at);
    Event::Registered(Registered {
        registered_at: soon_after(decided_at, dice),
        reference: String::new(),
    })
}

fn soon_after(moment: DateTime<Utc>, dice: &mut Dice) -> DateTime<Utc> {
    moment + TimeDelta::minutes(i64::try_from(dice.below(3)).unwrap())
}

fn tick(case: &Case, dice: &mut Dice) -> Event {
    match dice.below(4) {
        0 => registered(case, dice),
        1 => Event::ReceiptGiven(ReceiptGiven {
            delivery: ReceiptDelivery::HandedOver,
            given_at: soon_after(noon(), dice),
            reason: String::new(),
        }),
        2 => Event::Journalised(Journalised {
            journalised_at: soon_after(noon(), dice),
            reference: String::new(),
        }),
        _ => Event::TickUndone {
            tick: [Tick::Registered, Tick::Receipt, Tick::Journalised][dice.below(3)],
            reason: "Sat ved en fejl".to_owned(),
        },
    }
}

fn declared(dice: &mut Dice) -> Event {
    signed(day(dice), RuleSetCode::C)
}

fn signed(signed_on: NaiveDate, rule_set: RuleSetCode) -> Event {
    Event::DeclarationSigned(DeclarationSigned {
        signed_on,
        rule_set,
        signature: Signature::OnPaper,
        understood: Vec::new(),
        grounds: Vec::new(),
    })
}

fn power_of_attorney(dice: &mut Dice) -> PowerOfAttorney {
    PowerOfAttorney {
        representative: Representative {
            name: NAMES[dice.below(3)].to_owned(),
            cpr: None,
            birth_date: NaiveDate::from_ymd_opt(1997, 8, 14),
            address: String::new(),
            relation: "child".to_owned(),
        },
        signed_on: Some(day(dice)),
        citizen_signed: true,
        representative_signed: true,
        self_made: false,
        covers_unopened_post: true,
    }
}

fn unopened_post(dice: &mut Dice) -> UnopenedPost {
    match dice.below(3) {
        0 => UnopenedPost::ToRegisteredAddress,
        1 => UnopenedPost::NotSent,
        _ => UnopenedPost::ToOtherAddress("Birkealle 5".to_owned()),
    }
}

fn day(dice: &mut Dice) -> NaiveDate {
    let day = u32::try_from(1 + dice.below(3)).unwrap();
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}
