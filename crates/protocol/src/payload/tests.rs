//! Every kind's bytes are pinned and read back as the same event.

use super::*;
use crate::instant;
use chrono::{DateTime, NaiveDate, Utc};
use skranke_domain::case::Field;
use skranke_domain::cpr::Cpr;
use skranke_domain::event::*;
use skranke_domain::ids::{CaseId, EventId, Sha256Digest};
use skranke_domain::power_of_attorney::{PowerOfAttorney, Representative};
use skranke_domain::rule_set::{Duration, RuleSetCode};

fn day() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

fn at() -> DateTime<Utc> {
    instant::from_text("2026-11-20T10:00:00.000Z").unwrap()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn digest() -> Sha256Digest {
    Sha256Digest::from_bytes([0xd1; 32])
}

fn held() -> Consultation {
    Consultation::Held { held_on: day() }
}

/// One event of every kind, and of every variant within a kind.
fn samples() -> Vec<Event> {
    let signed = |signature| {
        Event::DeclarationSigned(DeclarationSigned {
            signed_on: day(),
            rule_set: RuleSetCode::C,
            signature,
            understood: vec![text("mail_from_banks")],
            grounds: Vec::new(),
        })
    };
    vec![
        Event::CaseOpened(CaseOpened {
            number: "2026-S3-0147".parse().unwrap(),
            channel: Channel::InPerson,
            location: text("solbjerg_torv"),
            municipality: text("0999"),
            profile: text("demo@1"),
            form: text("f1@2"),
            received_on: day(),
        }),
        Event::CitizenRecorded(CitizenRecorded {
            cpr: Cpr::parse("2512169996").unwrap(),
            name: text("Åse Østergård"),
            address: text("Møllevej 1, 9999 Solbjerg"),
            address_protected: true,
            residence: Residence::Fixed,
            phone: String::new(),
            municipality: text("101"),
        }),
        Event::GuardianRecorded(Guardian {
            name: text("Bo Holm"),
            scope: GuardianScope::Both,
            appointment_seen: true,
            is_parent: false,
            valid_from: Some(day()),
            valid_to: None,
        }),
        Event::CompanionRecorded {
            name: String::new(),
        },
        Event::IdentityChecked(IdentityChecked {
            id_kind: text("passport"),
            shows_cpr: true,
            valid: true,
        }),
        Event::GuidanceRecorded {
            offers: vec![(text("course"), OfferAnswer::Declined)],
        },
        signed(Signature::OnPaper),
        signed(Signature::OnScreen),
        signed(Signature::Unable {
            reason: text("cannot hold a pen"),
            witness: text("Eva Lind"),
        }),
        Event::PowerOfAttorneyRecorded(PowerOfAttorney {
            representative: Representative {
                name: text("Mads Lindholm"),
                cpr: Some(Cpr::parse("2211771212").unwrap()),
                birth_date: None,
                address: String::new(),
                relation: text("child"),
            },
            signed_on: Some(day()),
            citizen_signed: true,
            representative_signed: true,
            self_made: false,
            covers_unopened_post: true,
        }),
        Event::PowerOfAttorneyRevoked {
            revoked_on: day(),
            reason: text("r"),
        },
        Event::PowerOfAttorneyUsed {
            used_at: at(),
            purpose: text("request"),
        },
        Event::UnopenedPostChosen(UnopenedPost::ToRegisteredAddress),
        Event::UnopenedPostChosen(UnopenedPost::ToOtherAddress(text("Åvej 2"))),
        Event::UnopenedPostChosen(UnopenedPost::NotSent),
        Event::AttachmentAdded(AttachmentAdded {
            digest: digest(),
            purpose: AttachmentPurpose::SignedRequest,
            media_type: text("application/pdf"),
            size_bytes: 1234,
            file_name: text("scan.pdf"),
        }),
        Event::ConflictOfInterestChecked { none: true },
        Event::RegisterLookedUp {
            looked_at: at(),
            seen: RegisterStatus::NotExempt,
        },
        Event::MarkedIncomplete {
            missing: vec![text("signature")],
        },
        Event::MarkedReady,
        Event::Granted(Granted {
            decided_at: at(),
            rule_set: RuleSetCode::C,
            duration: Duration::Permanent,
            met: vec!["declared".to_owned()],
        }),
        Event::Refused(Refused {
            decided_at: at(),
            rule_set: RuleSetCode::C,
            unmet: vec![text("age")],
            reasons: text("reasons"),
            consultation: held(),
        }),
        Event::Rejected(Rejected {
            rejected_at: at(),
            reason: text("no_valid_id"),
            next_step: String::new(),
        }),
        Event::Withdrawn { withdrawn_at: at() },
        Event::HelpedInstead {
            ended_at: at(),
            offer: text("course"),
        },
        Event::Forwarded {
            forwarded_at: at(),
            authority: text("udbetaling_danmark"),
        },
        Event::Registered(Registered {
            registered_at: at(),
            reference: text("DP-1"),
        }),
        Event::ReceiptGiven(ReceiptGiven {
            delivery: ReceiptDelivery::HandedOver,
            given_at: at(),
            reason: String::new(),
        }),
        Event::Journalised(Journalised {
            journalised_at: at(),
            reference: text("26/1234"),
        }),
        Event::TickUndone {
            tick: Tick::Registered,
            reason: text("r"),
        },
        Event::PaperIssued(PaperIssued {
            kind: PaperKind::ExemptionReceipt,
            number: text("2026-S3-0147-1"),
            copy: 0,
            digest: digest(),
            large_print: false,
        }),
        Event::WronglyCreated(WronglyCreated {
            corrected_at: at(),
            reason: text("r"),
            removed_from_register: true,
            resend_post: false,
            right_case: Some(CaseId::from_uuid(crate::sample::uuid(7))),
        }),
        Event::TakenBack(TakenBack {
            decided_at: at(),
            reasons: text("r"),
            consultation: Consultation::NotNeeded {
                reason: text("known"),
            },
            removed_from_register: None,
        }),
        Event::TakenBack(TakenBack {
            decided_at: at(),
            reasons: text("r"),
            consultation: Consultation::NotNeeded {
                reason: text("known"),
            },
            removed_from_register: Some(true),
        }),
        Event::Ended {
            ending: Ending::RejoinedAtCounter,
            ended_on: day(),
        },
        Event::Extended(Extended {
            extended_at: at(),
            until: day(),
            reason: text("still met"),
        }),
        Event::MadePermanent { on: day() },
        Event::NoteAdded {
            text: text("line 1\n\"line\" 2"),
        },
        Event::ConflictResolved {
            field: text("decision"),
            chosen: EventId::from_uuid(crate::sample::uuid(8)),
            reason: text("r"),
        },
        Event::DuplicateLinked {
            other: CaseId::from_uuid(crate::sample::uuid(9)),
        },
        Event::ArrivalRecorded(Arrival {
            channel: Channel::Representative,
            location: text("library"),
            received_on: day(),
        }),
        Event::EntryRetracted {
            field: Field::Companion,
        },
        Event::DuplicateUnlinked {
            other: CaseId::from_uuid(crate::sample::uuid(9)),
            reason: text("r"),
        },
        Event::MergedInto(MergedInto {
            other: CaseId::from_uuid(crate::sample::uuid(9)),
            merged_at: at(),
            reason: text("r"),
        }),
        Event::MergeUndone { reason: text("r") },
        Event::DeathUndone { reason: text("r") },
    ]
}

#[test]
fn the_bytes_of_every_kind_are_pinned() {
    let written: String = samples()
        .iter()
        .map(|event| {
            let encoded = encode(event).unwrap();
            format!(
                "{} {} {}\n",
                encoded.kind,
                encoded.v,
                String::from_utf8(encoded.bytes).unwrap()
            )
        })
        .collect();

    assert_eq!(written, include_str!("pinned_v1.txt"));
}

#[test]
fn every_kind_reads_back_as_the_same_event() {
    for event in samples() {
        let encoded = encode(&event).unwrap();

        assert_eq!(
            decode(encoded.kind, encoded.v, &encoded.bytes),
            Ok(Decoded::Known(event))
        );
    }
}

#[test]
fn a_kind_or_version_of_a_later_program_is_unknown_not_wrong() {
    assert_eq!(decode("moved_to_mars", 1, b"{}"), Ok(Decoded::Unknown));
    assert_eq!(
        decode("note_added", 2, br#"{"words":1}"#),
        Ok(Decoded::Unknown)
    );
}

#[test]
fn a_field_of_a_later_program_is_passed_over() {
    let decoded = decode("note_added", 1, br#"{"colour":"red","text":"x"}"#);

    assert_eq!(
        decoded,
        Ok(Decoded::Known(Event::NoteAdded { text: text("x") }))
    );
}

#[test]
fn a_known_kind_without_its_shape_is_refused() {
    for bytes in [
        &b"{}"[..],
        br#"{"text":1}"#,
        br#"{ "text":"x"}"#,
        br#"{"text":"x","text":"x"}"#,
        b"null",
        b"",
    ] {
        assert_eq!(decode("note_added", 1, bytes), Err(PayloadError));
    }
    let word = br#"{"ending":"flew_away","ended_on":"2026-11-20"}"#;
    assert_eq!(decode("ended", 1, word), Err(PayloadError));
}

#[test]
fn a_text_with_nul_is_refused_before_it_is_signed() {
    let event = Event::NoteAdded { text: text("a\0b") };

    assert_eq!(encode(&event), Err(CanonicalError::Nul));
}

#[test]
fn errors_do_not_repeat_what_was_in_the_payload() {
    let error = decode("citizen_recorded", 1, br#"{"cpr":"9999999999"}"#).unwrap_err();

    assert!(!format!("{error} {error:?}").contains("9999"));
}
