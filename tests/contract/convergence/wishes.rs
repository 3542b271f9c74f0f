//! What people do in a case: what a dice may choose from, in the order of events one command makes.

use chrono::NaiveDate;
use skranke_domain::case::Case;
use skranke_domain::event::{
    AttachmentAdded, AttachmentPurpose, Consultation, DeclarationSigned, Event, Granted,
    IdentityChecked, Journalised, ReceiptDelivery, ReceiptGiven, Refused, RegisterStatus,
    Registered, Signature, Tick, UnopenedPost,
};
use skranke_domain::ids::Sha256Digest;
use skranke_domain::power_of_attorney::{PowerOfAttorney, Representative};
use skranke_domain::rule_set::{Duration, RuleSetCode};

use super::Dice;
use crate::office::{citizen, noon};

const NAMES: [&str; 3] = ["Aase Lindholm", "Åse Lindholm", "Åse Østergård"];

/// What somebody would do next; whether the case allows it is asked by the caller.
pub(super) fn wish(case: &Case, dice: &mut Dice) -> Vec<Event> {
    let event = match dice.below(16) {
        0..3 => Event::CitizenRecorded(citizen("0201703984", NAMES[dice.below(3)])),
        3 => Event::CompanionRecorded {
            name: NAMES[dice.below(3)].to_owned(),
        },
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
            file_name: String::new(),
        }),
        13 => return decision(dice),
        14 => tick(dice),
        _ => Event::NoteAdded {
            text: format!("note {}", dice.below(1_000)),
        },
    };
    vec![event]
}

/// All that a decision rests on, and the decision.
fn decision(dice: &mut Dice) -> Vec<Event> {
    let decided = if dice.one_in(3) {
        Event::Refused(Refused {
            decided_at: noon(),
            rule_set: RuleSetCode::C,
            unmet: vec!["declared".to_owned()],
            reasons: "Borgeren vil ikke erklære".to_owned(),
            consultation: Consultation::NotNeeded {
                reason: "Borgerens egne oplysninger".to_owned(),
            },
        })
    } else {
        Event::Granted(Granted {
            decided_at: noon(),
            rule_set: RuleSetCode::C,
            duration: Duration::Permanent,
            met: vec!["declared".to_owned()],
        })
    };
    let checked = IdentityChecked {
        id_kind: "passport".to_owned(),
        shows_cpr: true,
        valid: true,
    };
    vec![
        Event::IdentityChecked(checked),
        declared(dice),
        Event::ConflictOfInterestChecked { none: true },
        Event::MarkedReady,
        decided,
    ]
}

fn tick(dice: &mut Dice) -> Event {
    match dice.below(4) {
        0 => Event::Registered(Registered {
            registered_at: noon(),
            reference: String::new(),
        }),
        1 => Event::ReceiptGiven(ReceiptGiven {
            delivery: ReceiptDelivery::HandedOver,
            given_at: noon(),
            reason: String::new(),
        }),
        2 => Event::Journalised(Journalised {
            journalised_at: noon(),
            reference: String::new(),
        }),
        _ => Event::TickUndone {
            tick: [Tick::Registered, Tick::Receipt, Tick::Journalised][dice.below(3)],
            reason: "Sat ved en fejl".to_owned(),
        },
    }
}

fn declared(dice: &mut Dice) -> Event {
    Event::DeclarationSigned(DeclarationSigned {
        signed_on: day(dice),
        rule_set: RuleSetCode::C,
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
