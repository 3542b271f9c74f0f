//! The shape of each kind, version 1.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use skranke_domain::case::Field;
use skranke_domain::cpr::{Cpr, Purpose};
use skranke_domain::event::{
    self, AttachmentPurpose, Channel, Ending, Event, GuardianScope, OfferAnswer, PaperKind,
    ReceiptDelivery, RegisterStatus, Residence, Tick,
};
use skranke_domain::ids::{CaseId, CaseNumber, EventId, Sha256Digest};
use skranke_domain::power_of_attorney;
use skranke_domain::rule_set::{Duration, RuleSetCode};

use super::word;
use crate::encoding::{as_text, as_text_option};
use crate::instant;

mod cpr_digits {
    use super::*;

    pub(super) fn serialize<S: Serializer>(cpr: &Cpr, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&cpr.reveal_for(Purpose::Transfer))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cpr, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The error of the domain is left out on purpose: it may point at a digit.
        Cpr::parse(&text).map_err(|_| de::Error::custom("not a CPR number"))
    }
}

mod cpr_digits_option {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        cpr: &Option<Cpr>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match cpr {
            Some(cpr) => serializer.serialize_some(&cpr.reveal_for(Purpose::Transfer)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Cpr>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Cpr::parse(&text).map_err(|_| de::Error::custom("not a CPR number")))
            .transpose()
    }
}

/// Declares the wire struct of a domain struct with the same field names, and both conversions.
macro_rules! mirror {
    ($name:ident of $domain:path { $($(#[$attribute:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        #[derive(Serialize, Deserialize)]
        struct $name { $($(#[$attribute])* $field: $type,)+ }

        impl From<&$domain> for $name {
            fn from(value: &$domain) -> Self {
                Self { $($field: value.$field.clone().into(),)+ }
            }
        }

        impl From<$name> for $domain {
            fn from(wire: $name) -> Self {
                Self { $($field: wire.$field.into(),)+ }
            }
        }
    };
}

/// Declares a wire struct for an event whose fields stand in the enum itself.
macro_rules! fields {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty),* $(,)? }) => {
        #[derive(Serialize, Deserialize)]
        struct $name { $($(#[$attribute])* $field: $type,)* }
    };
}

mirror!(CaseOpened of event::CaseOpened {
    #[serde(with = "as_text")] number: CaseNumber,
    #[serde(with = "word")] channel: Channel,
    location: String,
    municipality: String,
    profile: String,
    form: String,
    #[serde(with = "as_text")] received_on: NaiveDate,
});
mirror!(Arrival of event::Arrival {
    #[serde(with = "word")] channel: Channel,
    location: String,
    #[serde(with = "as_text")] received_on: NaiveDate,
});
mirror!(CitizenRecorded of event::CitizenRecorded {
    #[serde(with = "cpr_digits")] cpr: Cpr,
    name: String,
    address: String,
    address_protected: bool,
    #[serde(with = "word")] residence: Residence,
    phone: String,
    #[serde(default, skip_serializing_if = "String::is_empty")] municipality: String,
});
mirror!(Guardian of event::Guardian {
    name: String,
    #[serde(with = "word")] scope: GuardianScope,
    appointment_seen: bool,
    is_parent: bool,
    #[serde(with = "as_text_option")] valid_from: Option<NaiveDate>,
    #[serde(with = "as_text_option")] valid_to: Option<NaiveDate>,
});
mirror!(IdentityChecked of event::IdentityChecked { id_kind: String, shows_cpr: bool, valid: bool, });
mirror!(DeclarationSigned of event::DeclarationSigned {
    #[serde(with = "as_text")] signed_on: NaiveDate,
    #[serde(with = "word")] rule_set: RuleSetCode,
    signature: Signature,
    understood: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")] grounds: Vec<String>,
});
mirror!(Representative of power_of_attorney::Representative {
    name: String,
    #[serde(with = "cpr_digits_option")] cpr: Option<Cpr>,
    #[serde(with = "as_text_option")] birth_date: Option<NaiveDate>,
    address: String,
    relation: String,
});
mirror!(PowerOfAttorney of power_of_attorney::PowerOfAttorney {
    representative: Representative,
    #[serde(with = "as_text_option")] signed_on: Option<NaiveDate>,
    citizen_signed: bool,
    representative_signed: bool,
    self_made: bool,
    covers_unopened_post: bool,
});
mirror!(AttachmentAdded of event::AttachmentAdded {
    #[serde(with = "as_text")] digest: Sha256Digest,
    #[serde(with = "word")] purpose: AttachmentPurpose,
    media_type: String,
    size_bytes: u64,
    file_name: String,
});
mirror!(Granted of event::Granted {
    #[serde(with = "instant::wire")] decided_at: DateTime<Utc>,
    #[serde(with = "word")] rule_set: RuleSetCode,
    #[serde(with = "word")] duration: Duration,
    #[serde(default, skip_serializing_if = "Vec::is_empty")] met: Vec<String>,
});
mirror!(Refused of event::Refused {
    #[serde(with = "instant::wire")] decided_at: DateTime<Utc>,
    #[serde(with = "word")] rule_set: RuleSetCode,
    unmet: Vec<String>,
    reasons: String,
    consultation: Consultation,
});
mirror!(Rejected of event::Rejected {
    #[serde(with = "instant::wire")] rejected_at: DateTime<Utc>,
    reason: String,
    next_step: String,
});
mirror!(Registered of event::Registered {
    #[serde(with = "instant::wire")] registered_at: DateTime<Utc>,
    reference: String,
});
mirror!(ReceiptGiven of event::ReceiptGiven {
    #[serde(with = "word")] delivery: ReceiptDelivery,
    #[serde(with = "instant::wire")] given_at: DateTime<Utc>,
    reason: String,
});
mirror!(Journalised of event::Journalised {
    #[serde(with = "instant::wire")] journalised_at: DateTime<Utc>,
    reference: String,
});
mirror!(PaperIssued of event::PaperIssued {
    #[serde(with = "word")] kind: PaperKind,
    number: String,
    copy: u16,
    #[serde(with = "as_text")] digest: Sha256Digest,
    large_print: bool,
});
mirror!(WronglyCreated of event::WronglyCreated {
    #[serde(with = "instant::wire")] corrected_at: DateTime<Utc>,
    reason: String,
    removed_from_register: bool,
    resend_post: bool,
    #[serde(with = "as_text_option")] right_case: Option<CaseId>,
});
mirror!(TakenBack of event::TakenBack {
    #[serde(with = "instant::wire")] decided_at: DateTime<Utc>,
    reasons: String,
    consultation: Consultation,
    #[serde(default, skip_serializing_if = "Option::is_none")] removed_from_register: Option<bool>,
});
fields!(Offer {
    offer: String,
    #[serde(with = "word")]
    answer: OfferAnswer,
});
fields!(Companion { name: String });
fields!(Guidance { offers: Vec<Offer>, });
fields!(PowerOfAttorneyRevoked {
    #[serde(with = "as_text")]
    revoked_on: NaiveDate,
    reason: String,
});
fields!(PowerOfAttorneyUsed { #[serde(with = "instant::wire")] used_at: DateTime<Utc>, purpose: String, });
fields!(ConflictOfInterest { none: bool });
fields!(RegisterLookedUp {
    #[serde(with = "instant::wire")] looked_at: DateTime<Utc>,
    #[serde(with = "word")] seen: RegisterStatus,
});
fields!(MarkedIncomplete { missing: Vec<String>, });
fields!(EntryRetracted {
    #[serde(with = "word")]
    field: Field,
});
fields!(Nothing {});
fields!(Withdrawn { #[serde(with = "instant::wire")] withdrawn_at: DateTime<Utc>, });
fields!(HelpedInstead { #[serde(with = "instant::wire")] ended_at: DateTime<Utc>, offer: String, });
fields!(Forwarded { #[serde(with = "instant::wire")] forwarded_at: DateTime<Utc>, authority: String, });
fields!(TickUndone {
    #[serde(with = "word")]
    tick: Tick,
    reason: String,
});
fields!(Ended {
    #[serde(with = "word")]
    ending: Ending,
    #[serde(with = "as_text")]
    ended_on: NaiveDate,
});
mirror!(Extended of event::Extended {
    #[serde(with = "instant::wire")] extended_at: DateTime<Utc>,
    #[serde(with = "as_text")] until: NaiveDate,
    reason: String,
});
fields!(MadePermanent {
    #[serde(with = "as_text")]
    on: NaiveDate,
});
mirror!(MergedInto of event::MergedInto {
    #[serde(with = "as_text")] other: CaseId,
    #[serde(with = "instant::wire")] merged_at: DateTime<Utc>,
    reason: String,
});
fields!(MergeUndone { reason: String });
fields!(DeathUndone { reason: String });
fields!(DuplicateUnlinked {
    #[serde(with = "as_text")]
    other: CaseId,
    reason: String,
});
fields!(Note { text: String });
fields!(ConflictResolved {
    field: String,
    #[serde(with = "as_text")]
    chosen: EventId,
    reason: String,
});
fields!(DuplicateLinked {
    #[serde(with = "as_text")]
    other: CaseId,
});

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "how")]
enum Signature {
    #[serde(rename = "on_paper")]
    OnPaper,
    #[serde(rename = "on_screen")]
    OnScreen,
    #[serde(rename = "unable")]
    Unable { reason: String, witness: String },
}

impl From<event::Signature> for Signature {
    fn from(signature: event::Signature) -> Self {
        match signature {
            event::Signature::OnPaper => Self::OnPaper,
            event::Signature::OnScreen => Self::OnScreen,
            event::Signature::Unable { reason, witness } => Self::Unable { reason, witness },
        }
    }
}

impl From<Signature> for event::Signature {
    fn from(signature: Signature) -> Self {
        match signature {
            Signature::OnPaper => Self::OnPaper,
            Signature::OnScreen => Self::OnScreen,
            Signature::Unable { reason, witness } => Self::Unable { reason, witness },
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "state")]
enum Consultation {
    #[serde(rename = "held")]
    Held {
        #[serde(with = "as_text")]
        held_on: NaiveDate,
    },
    #[serde(rename = "not_needed")]
    NotNeeded { reason: String },
}

impl From<event::Consultation> for Consultation {
    fn from(consultation: event::Consultation) -> Self {
        match consultation {
            event::Consultation::Held { held_on } => Self::Held { held_on },
            event::Consultation::NotNeeded { reason } => Self::NotNeeded { reason },
        }
    }
}

impl From<Consultation> for event::Consultation {
    fn from(consultation: Consultation) -> Self {
        match consultation {
            Consultation::Held { held_on } => Self::Held { held_on },
            Consultation::NotNeeded { reason } => Self::NotNeeded { reason },
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "choice")]
enum UnopenedPost {
    #[serde(rename = "to_registered_address")]
    ToRegisteredAddress,
    #[serde(rename = "to_other_address")]
    ToOtherAddress { address: String },
    #[serde(rename = "not_sent")]
    NotSent,
}

impl From<power_of_attorney::Representative> for Representative {
    fn from(representative: power_of_attorney::Representative) -> Self {
        Self::from(&representative)
    }
}

/// The JSON value of an event.
pub(super) fn to_value(event: &Event) -> Result<Value, serde_json::Error> {
    fn json<T: Serialize>(wire: &T) -> Result<Value, serde_json::Error> {
        serde_json::to_value(wire)
    }
    match event {
        Event::CaseOpened(opened) => json(&CaseOpened::from(opened)),
        Event::ArrivalRecorded(arrival) => json(&Arrival::from(arrival)),
        Event::EntryRetracted { field } => json(&EntryRetracted { field: *field }),
        Event::CitizenRecorded(citizen) => json(&CitizenRecorded::from(citizen)),
        Event::GuardianRecorded(guardian) => json(&Guardian::from(guardian)),
        Event::CompanionRecorded { name } => json(&Companion { name: name.clone() }),
        Event::IdentityChecked(checked) => json(&IdentityChecked::from(checked)),
        Event::GuidanceRecorded { offers } => {
            let offers = offers.iter().map(|(offer, answer)| Offer {
                offer: offer.clone(),
                answer: *answer,
            });
            json(&Guidance {
                offers: offers.collect(),
            })
        }
        Event::DeclarationSigned(declaration) => json(&DeclarationSigned::from(declaration)),
        Event::PowerOfAttorneyRecorded(paper) => json(&PowerOfAttorney::from(paper)),
        Event::PowerOfAttorneyRevoked { revoked_on, reason } => json(&PowerOfAttorneyRevoked {
            revoked_on: *revoked_on,
            reason: reason.clone(),
        }),
        Event::PowerOfAttorneyUsed { used_at, purpose } => json(&PowerOfAttorneyUsed {
            used_at: *used_at,
            purpose: purpose.clone(),
        }),
        Event::UnopenedPostChosen(choice) => json(&match choice {
            event::UnopenedPost::ToRegisteredAddress => UnopenedPost::ToRegisteredAddress,
            event::UnopenedPost::ToOtherAddress(address) => UnopenedPost::ToOtherAddress {
                address: address.clone(),
            },
            event::UnopenedPost::NotSent => UnopenedPost::NotSent,
        }),
        Event::AttachmentAdded(attachment) => json(&AttachmentAdded::from(attachment)),
        Event::ConflictOfInterestChecked { none } => json(&ConflictOfInterest { none: *none }),
        Event::RegisterLookedUp { looked_at, seen } => json(&RegisterLookedUp {
            looked_at: *looked_at,
            seen: *seen,
        }),
        Event::MarkedIncomplete { missing } => json(&MarkedIncomplete {
            missing: missing.clone(),
        }),
        Event::MarkedReady => json(&Nothing {}),
        Event::Granted(granted) => json(&Granted::from(granted)),
        Event::Refused(refused) => json(&Refused::from(refused)),
        Event::Rejected(rejected) => json(&Rejected::from(rejected)),
        Event::Withdrawn { withdrawn_at } => json(&Withdrawn {
            withdrawn_at: *withdrawn_at,
        }),
        Event::HelpedInstead { ended_at, offer } => json(&HelpedInstead {
            ended_at: *ended_at,
            offer: offer.clone(),
        }),
        Event::Forwarded {
            forwarded_at,
            authority,
        } => json(&Forwarded {
            forwarded_at: *forwarded_at,
            authority: authority.clone(),
        }),
        Event::Registered(registered) => json(&Registered::from(registered)),
        Event::ReceiptGiven(given) => json(&ReceiptGiven::from(given)),
        Event::Journalised(journalised) => json(&Journalised::from(journalised)),
        Event::TickUndone { tick, reason } => json(&TickUndone {
            tick: *tick,
            reason: reason.clone(),
        }),
        Event::PaperIssued(paper) => json(&PaperIssued::from(paper)),
        Event::WronglyCreated(wrong) => json(&WronglyCreated::from(wrong)),
        Event::TakenBack(taken) => json(&TakenBack::from(taken)),
        Event::Ended { ending, ended_on } => json(&Ended {
            ending: *ending,
            ended_on: *ended_on,
        }),
        Event::Extended(extended) => json(&Extended::from(extended)),
        Event::MadePermanent { on } => json(&MadePermanent { on: *on }),
        Event::NoteAdded { text } => json(&Note { text: text.clone() }),
        Event::ConflictResolved {
            field,
            chosen,
            reason,
        } => json(&ConflictResolved {
            field: field.clone(),
            chosen: *chosen,
            reason: reason.clone(),
        }),
        Event::DuplicateLinked { other } => json(&DuplicateLinked { other: *other }),
        Event::DuplicateUnlinked { other, reason } => json(&DuplicateUnlinked {
            other: *other,
            reason: reason.clone(),
        }),
        Event::MergedInto(merged) => json(&MergedInto::from(merged)),
        Event::MergeUndone { reason } => json(&MergeUndone {
            reason: reason.clone(),
        }),
        Event::DeathUndone { reason } => json(&DeathUndone {
            reason: reason.clone(),
        }),
    }
}

/// The event of a kind; `None` for a kind that is not known here.
pub(super) fn from_json(kind: &str, bytes: &[u8]) -> Option<Result<Event, serde_json::Error>> {
    fn read<T: de::DeserializeOwned>(
        bytes: &[u8],
        make: impl FnOnce(T) -> Event,
    ) -> Option<Result<Event, serde_json::Error>> {
        Some(serde_json::from_slice(bytes).map(make))
    }
    match kind {
        "case_opened" => read(bytes, |wire: CaseOpened| Event::CaseOpened(wire.into())),
        "arrival_recorded" => read(bytes, |wire: Arrival| Event::ArrivalRecorded(wire.into())),
        "entry_retracted" => read(bytes, |wire: EntryRetracted| Event::EntryRetracted {
            field: wire.field,
        }),
        "citizen_recorded" => read(bytes, |wire: CitizenRecorded| {
            Event::CitizenRecorded(wire.into())
        }),
        "guardian_recorded" => read(bytes, |wire: Guardian| Event::GuardianRecorded(wire.into())),
        "companion_recorded" => read(bytes, |wire: Companion| Event::CompanionRecorded {
            name: wire.name,
        }),
        "identity_checked" => read(bytes, |wire: IdentityChecked| {
            Event::IdentityChecked(wire.into())
        }),
        "guidance_recorded" => read(bytes, |wire: Guidance| Event::GuidanceRecorded {
            offers: wire
                .offers
                .into_iter()
                .map(|offer| (offer.offer, offer.answer))
                .collect(),
        }),
        "declaration_signed" => read(bytes, |wire: DeclarationSigned| {
            Event::DeclarationSigned(wire.into())
        }),
        "power_of_attorney_recorded" => read(bytes, |wire: PowerOfAttorney| {
            Event::PowerOfAttorneyRecorded(wire.into())
        }),
        "power_of_attorney_revoked" => read(bytes, |wire: PowerOfAttorneyRevoked| {
            Event::PowerOfAttorneyRevoked {
                revoked_on: wire.revoked_on,
                reason: wire.reason,
            }
        }),
        "power_of_attorney_used" => read(bytes, |wire: PowerOfAttorneyUsed| {
            Event::PowerOfAttorneyUsed {
                used_at: wire.used_at,
                purpose: wire.purpose,
            }
        }),
        "unopened_post_chosen" => read(bytes, |wire: UnopenedPost| {
            Event::UnopenedPostChosen(match wire {
                UnopenedPost::ToRegisteredAddress => event::UnopenedPost::ToRegisteredAddress,
                UnopenedPost::ToOtherAddress { address } => {
                    event::UnopenedPost::ToOtherAddress(address)
                }
                UnopenedPost::NotSent => event::UnopenedPost::NotSent,
            })
        }),
        "attachment_added" => read(bytes, |wire: AttachmentAdded| {
            Event::AttachmentAdded(wire.into())
        }),
        "conflict_of_interest_checked" => read(bytes, |wire: ConflictOfInterest| {
            Event::ConflictOfInterestChecked { none: wire.none }
        }),
        "register_looked_up" => read(bytes, |wire: RegisterLookedUp| Event::RegisterLookedUp {
            looked_at: wire.looked_at,
            seen: wire.seen,
        }),
        "marked_incomplete" => read(bytes, |wire: MarkedIncomplete| Event::MarkedIncomplete {
            missing: wire.missing,
        }),
        "marked_ready" => read(bytes, |_: Nothing| Event::MarkedReady),
        "granted" => read(bytes, |wire: Granted| Event::Granted(wire.into())),
        "refused" => read(bytes, |wire: Refused| Event::Refused(wire.into())),
        "rejected" => read(bytes, |wire: Rejected| Event::Rejected(wire.into())),
        "withdrawn" => read(bytes, |wire: Withdrawn| Event::Withdrawn {
            withdrawn_at: wire.withdrawn_at,
        }),
        "helped_instead" => read(bytes, |wire: HelpedInstead| Event::HelpedInstead {
            ended_at: wire.ended_at,
            offer: wire.offer,
        }),
        "forwarded" => read(bytes, |wire: Forwarded| Event::Forwarded {
            forwarded_at: wire.forwarded_at,
            authority: wire.authority,
        }),
        "registered" => read(bytes, |wire: Registered| Event::Registered(wire.into())),
        "receipt_given" => read(bytes, |wire: ReceiptGiven| Event::ReceiptGiven(wire.into())),
        "journalised" => read(bytes, |wire: Journalised| Event::Journalised(wire.into())),
        "tick_undone" => read(bytes, |wire: TickUndone| Event::TickUndone {
            tick: wire.tick,
            reason: wire.reason,
        }),
        "paper_issued" => read(bytes, |wire: PaperIssued| Event::PaperIssued(wire.into())),
        "wrongly_created" => read(bytes, |wire: WronglyCreated| {
            Event::WronglyCreated(wire.into())
        }),
        "taken_back" => read(bytes, |wire: TakenBack| Event::TakenBack(wire.into())),
        "ended" => read(bytes, |wire: Ended| Event::Ended {
            ending: wire.ending,
            ended_on: wire.ended_on,
        }),
        "extended" => read(bytes, |wire: Extended| Event::Extended(wire.into())),
        "made_permanent" => read(bytes, |wire: MadePermanent| Event::MadePermanent {
            on: wire.on,
        }),
        "note_added" => read(bytes, |wire: Note| Event::NoteAdded { text: wire.text }),
        "conflict_resolved" => read(bytes, |wire: ConflictResolved| Event::ConflictResolved {
            field: wire.field,
            chosen: wire.chosen,
            reason: wire.reason,
        }),
        "duplicate_linked" => read(bytes, |wire: DuplicateLinked| Event::DuplicateLinked {
            other: wire.other,
        }),
        "duplicate_unlinked" => read(bytes, |wire: DuplicateUnlinked| Event::DuplicateUnlinked {
            other: wire.other,
            reason: wire.reason,
        }),
        "merged_into" => read(bytes, |wire: MergedInto| Event::MergedInto(wire.into())),
        "merge_undone" => read(bytes, |wire: MergeUndone| Event::MergeUndone {
            reason: wire.reason,
        }),
        "death_undone" => read(bytes, |wire: DeathUndone| Event::DeathUndone {
            reason: wire.reason,
        }),
        _ => None,
    }
}
