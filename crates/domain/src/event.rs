//! What can happen in an exemption case: the events whose fold is the case.
//!
//! Events are facts in the past tense. They carry what the law needs and no more: never a diagnosis or an ID number,
//! and a ground only where the municipality's profile says that it is kept. Who did it, when and on which device stands in the envelope (`protocol::envelope`), not here.
//! Basis: design, sections 3 and 4; domain reference 10.2; practice 1 to 5.

use chrono::{DateTime, NaiveDate, Utc};

use crate::case::Field;
use crate::coded::coded;
use crate::cpr::Cpr;
use crate::ids::{CaseId, CaseNumber, EventId, Sha256Digest};
use crate::power_of_attorney::PowerOfAttorney;
use crate::rule_set::{Duration, RuleSetCode};

coded! {
    /// How the request reached the municipality.
    pub enum Channel {
        /// The citizen came.
        InPerson => "self",
        /// A representative came with the signed power of attorney.
        Representative => "representative",
        /// A guardian came with the appointment.
        Guardian => "guardian",
    }
}

coded! {
    /// Where the citizen stands in the national register of persons.
    pub enum Residence {
        /// Fixed residence in Denmark.
        Fixed => "fixed",
        /// Registered as having left Denmark; such a request always leads to exemption.
        LeftDenmark => "left_denmark",
        /// Registered without a fixed residence.
        NoFixedAbode => "no_fixed_abode",
        /// Never registered with a residence: another authority decides.
        NeverRegistered => "never_registered",
        /// Nobody has looked yet.
        Unknown => "unknown",
    }
}

coded! {
    /// What the guardian was appointed for.
    pub enum GuardianScope {
        /// Personal matters.
        Personal => "personal",
        /// Economic matters only.
        Economic => "economic",
        /// Both.
        Both => "both",
    }
}

coded! {
    /// What a person was offered before exemption, and answered.
    pub enum OfferAnswer {
        /// Told about it.
        Offered => "offered",
        /// Took it.
        Accepted => "accepted",
        /// Did not want it.
        Declined => "declined",
    }
}

coded! {
    /// What staff saw when they looked in the national exemption register.
    pub enum RegisterStatus {
        /// Signed up (*ja tak*) and not exempt (row 2-10).
        NotExempt => "not_exempt",
        /// Exempt.
        Exempt => "exempt",
        /// Not in the register at all.
        NotRegistered => "not_registered",
    }
}

coded! {
    /// The three things that must follow a decision, each ticked on its own.
    ///
    /// Basis: practice 2 and 4. Registration and journalising can never be waived.
    pub enum Tick {
        /// Registered in Digital Post.
        Registered => "registered",
        /// Receipt given, posted or waived.
        Receipt => "receipt",
        /// Journalised.
        Journalised => "journalised",
    }
}

coded! {
    /// How the receipt reached the citizen.
    pub enum ReceiptDelivery {
        /// Handed over at the counter.
        HandedOver => "handed_over",
        /// Sent by post.
        Posted => "posted",
        /// Not wanted; a reason is recorded.
        Waived => "waived",
    }
}

coded! {
    /// A kind of paper Skranke prints.
    pub enum PaperKind {
        /// Receipt for an exemption that is registered.
        ExemptionReceipt => "exemption_receipt",
        /// Granted, not yet registered.
        InterimPaper => "interim_paper",
        /// F1, the request.
        Request => "request",
        /// F2, the power of attorney.
        PowerOfAttorney => "power_of_attorney",
        /// Refusal (*afslag*) with reasons and complaint guidance.
        Refusal => "refusal",
        /// What is missing before a decision can be made.
        MissingInformation => "missing_information",
        /// Rejection (*afvist*): nothing was decided about the exemption.
        Rejection => "rejection",
        /// To the person who was registered by mistake.
        CorrectionToWrongPerson => "correction_wrong_person",
        /// To the person who should have been registered.
        CorrectionToRightPerson => "correction_right_person",
        /// A granted exemption was taken back, with reasons and complaint guidance.
        TakenBack => "taken_back",
        /// A form was handed in and is not decided: says nothing of being exempt (practice 1).
        HandInSlip => "hand_in_slip",
        /// What a citizen takes home who chose Digital Post, or help with it, and is not exempt.
        InformationSheet => "information_sheet",
    }
}

coded! {
    /// How the exemption ended.
    pub enum Ending {
        /// Connected again at the counter.
        RejoinedAtCounter => "rejoined_at_counter",
        /// Connected again by the citizen.
        RejoinedByCitizen => "rejoined_by_citizen",
        /// Lapsed because the citizen moved back to Denmark.
        LapsedOnReturn => "lapsed_on_return",
        /// The term ran out (rule set A).
        Expired => "expired",
        /// The citizen died.
        Deceased => "deceased",
        /// It was the same request as another case, where it goes on.
        Merged => "merged",
    }
}

coded! {
    /// What an attachment is.
    pub enum AttachmentPurpose {
        /// The signed request, F1.
        SignedRequest => "signed_request",
        /// The signed power of attorney, F2 or self-made.
        SignedPowerOfAttorney => "signed_power_of_attorney",
        /// A signature given on the screen.
        ScreenSignature => "screen_signature",
        /// Anything else.
        Other => "other",
    }
}

/// The case came into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOpened {
    /// The number printed on papers.
    pub number: CaseNumber,
    /// How the request came; shown by role only, because it can hint at the ground (practice 13).
    pub channel: Channel,
    /// Code of the location in the profile.
    pub location: String,
    /// Code of the municipality that received the request.
    pub municipality: String,
    /// Name and version of the profile in force, `demo@1`.
    pub profile: String,
    /// Version of the form the citizen met, `f1@2`.
    pub form: String,
    /// The legal day of receipt.
    pub received_on: NaiveDate,
}

/// Who came this time, where, and the day that counts as receipt, when it is another than the case began with.
///
/// The citizen who lacked a paper may come back with a representative; and what was recorded wrong is put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Who came; shown by role only (practice 13).
    pub channel: Channel,
    /// Code of the location in the profile.
    pub location: String,
    /// The legal day of receipt.
    pub received_on: NaiveDate,
}

/// Who the case is about.
#[derive(Clone, PartialEq, Eq)]
pub struct CitizenRecorded {
    /// The citizen's number.
    pub cpr: Cpr,
    /// Full name.
    pub name: String,
    /// Postal address, empty where there is none.
    pub address: String,
    /// Whether the address is protected: hidden on screen, never on a paper a third person carries.
    pub address_protected: bool,
    /// Standing in the register of persons.
    pub residence: Residence,
    /// For calling back only; empty where not given.
    pub phone: String,
    /// Code of the municipality where the citizen is registered, where staff said that it is another than their own;
    /// empty otherwise. The one that received and the one that decides may differ (domain reference 1.2).
    pub municipality: String,
}

impl std::fmt::Debug for CitizenRecorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CitizenRecorded").finish_non_exhaustive()
    }
}

/// A guardian and the appointment shown.
///
/// Basis: practice 11.
#[derive(Clone, PartialEq, Eq)]
pub struct Guardian {
    /// Full name.
    pub name: String,
    /// What the appointment covers.
    pub scope: GuardianScope,
    /// A holder of parental responsibility for a 15 to 17-year-old, who shows no appointment.
    pub is_parent: bool,
    /// Whether the appointment was seen.
    pub appointment_seen: bool,
    /// First day of validity, where the appointment names one.
    pub valid_from: Option<NaiveDate>,
    /// Last day of validity, where the appointment names one.
    pub valid_to: Option<NaiveDate>,
}

impl std::fmt::Debug for Guardian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guardian")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The identity of the person at the desk was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityChecked {
    /// Code of the kind of document in the profile; never its number.
    pub id_kind: String,
    /// Whether the document showed the CPR number.
    pub shows_cpr: bool,
    /// Whether the document was valid and fitted the person.
    pub valid: bool,
}

/// How the declaration was signed.
#[derive(Clone, PartialEq, Eq)]
pub enum Signature {
    /// On paper; the scan is an attachment.
    OnPaper,
    /// On the screen, where the profile says the municipality approved it (practice 12).
    OnScreen,
    /// The citizen cannot sign: why, and who witnessed.
    Unable {
        /// A short neutral reason.
        reason: String,
        /// Name of the witness.
        witness: String,
    },
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Signature::OnPaper => "OnPaper",
            Signature::OnScreen => "OnScreen",
            Signature::Unable { .. } => "Unable",
        })
    }
}

/// The declaration on one's honour that at least one ground is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationSigned {
    /// The legal day of signing: decides which declaration text was met (practice 6).
    pub signed_on: NaiveDate,
    /// The rule set whose declaration text the citizen met.
    pub rule_set: RuleSetCode,
    /// How it was signed.
    pub signature: Signature,
    /// Codes of what the exemption does not cover, gone through together.
    pub understood: Vec<String>,
    /// Codes of the grounds the citizen named; empty unless the profile says that they are kept (row 2-13).
    pub grounds: Vec<String>,
}

/// Whether unopened digital post is sent again on paper, and where to.
#[derive(Clone, PartialEq, Eq)]
pub enum UnopenedPost {
    /// To the address in the register of persons.
    ToRegisteredAddress,
    /// To another address.
    ToOtherAddress(String),
    /// Not sent again.
    NotSent,
}

impl std::fmt::Debug for UnopenedPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            UnopenedPost::ToRegisteredAddress => "ToRegisteredAddress",
            UnopenedPost::ToOtherAddress(_) => "ToOtherAddress",
            UnopenedPost::NotSent => "NotSent",
        })
    }
}

/// A file was attached; its bytes live under their digest.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachmentAdded {
    /// Name by content.
    pub digest: Sha256Digest,
    /// What it is.
    pub purpose: AttachmentPurpose,
    /// Media type found by content, not by name.
    pub media_type: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Name the file had, cleaned; data only, never a path.
    pub file_name: String,
}

impl std::fmt::Debug for AttachmentAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachmentAdded")
            .field("digest", &self.digest)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// The exemption was granted. Granted is not yet exempt: that needs the registration (practice 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The moment of the decision.
    pub decided_at: DateTime<Utc>,
    /// The rule set the decision was made by.
    pub rule_set: RuleSetCode,
    /// How long it lasts, where the decision says so; the term itself starts at registration.
    pub duration: Duration,
    /// Codes of the requirements the proof tree found met: what the decision rests on (row 4-25). Never a ground.
    pub met: Vec<String>,
}

/// The exemption was refused (*afslag*), with reasons.
///
/// Basis: rows 4-25 and 4-27; Forvaltningsloven sections 22 to 25.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The moment of the decision.
    pub decided_at: DateTime<Utc>,
    /// The rule set the decision was made by.
    pub rule_set: RuleSetCode,
    /// Codes of the requirements that were not met, from the proof tree.
    pub unmet: Vec<String>,
    /// The main considerations, in the words of the person deciding.
    pub reasons: String,
    /// Why consultation of the party was not needed, or when it was held.
    pub consultation: Consultation,
}

/// Consultation of the party (*partshøring*) before a decision to the citizen's disadvantage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consultation {
    /// Held; the citizen's views are in the notes.
    Held {
        /// Day it was held.
        held_on: NaiveDate,
    },
    /// Not needed: the facts are known to the citizen, or another reason.
    NotNeeded {
        /// Why not.
        reason: String,
    },
}

/// Codes of why somebody can be turned away without a decision.
pub const REJECTIONS: [&str; 3] = ["no_valid_id", "wrong_person", "not_covered"];

/// Rejected (*afvist*): no valid ID, or the wrong person; not a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The moment.
    pub rejected_at: DateTime<Utc>,
    /// Code of the reason: one of [`REJECTIONS`].
    pub reason: String,
    /// What the citizen can do next, in words; may be empty.
    pub next_step: String,
}

/// The exemption was registered in Digital Post by a person, in the national tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The moment of registration: digital post no longer counts as received after it.
    pub registered_at: DateTime<Utc>,
    /// Number the national tool gave; may be empty.
    pub reference: String,
}

/// The receipt reached the citizen, or was waived with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptGiven {
    /// How.
    pub delivery: ReceiptDelivery,
    /// The moment.
    pub given_at: DateTime<Utc>,
    /// Why it was waived; empty otherwise.
    pub reason: String,
}

/// The case and its papers were filed to the municipality's own journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journalised {
    /// The moment.
    pub journalised_at: DateTime<Utc>,
    /// The municipality's own case or document number (row 2-03).
    pub reference: String,
}

/// A paper was rendered, to be handed over, posted or saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperIssued {
    /// Which paper.
    pub kind: PaperKind,
    /// Number printed on it.
    pub number: String,
    /// 0 for the original, 1 and up for copies marked KOPI.
    pub copy: u16,
    /// Digest of the PDF.
    pub digest: Sha256Digest,
    /// Whether it is the large-print variant.
    pub large_print: bool,
}

/// The wrong person was registered.
///
/// Basis: practice 5 (a): tell both, offer to send the post again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WronglyCreated {
    /// The moment it was put right.
    pub corrected_at: DateTime<Utc>,
    /// What happened, without naming another person.
    pub reason: String,
    /// Whether the exemption had reached the national register and was removed there.
    pub removed_from_register: bool,
    /// Whether the person asked for digital post from the time between to be sent again.
    pub resend_post: bool,
    /// The case opened for the right person, once there is one.
    pub right_case: Option<CaseId>,
}

/// A granted exemption was taken back: burdensome, so consultation, reasons and complaint guidance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// The moment of the decision.
    pub decided_at: DateTime<Utc>,
    /// The main considerations.
    pub reasons: String,
    /// The consultation that went before.
    pub consultation: Consultation,
    /// Whether a registration was removed from the national register; none where an older program did not ask.
    pub removed_from_register: Option<bool>,
}

/// A time-limited exemption was extended, after a look in the national register showed that it still runs.
///
/// Basis: domain reference 1.5 and 10.1 (4); practice 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extended {
    /// The moment it was extended in the national register.
    pub extended_at: DateTime<Utc>,
    /// The new last day.
    pub until: NaiveDate,
    /// What the extension rests on (row 4-25).
    pub reason: String,
}

/// Two cases about one citizen are one, which goes on in the other.
///
/// Basis: design, section 3 (two cases for one citizen made on two laptops are linked, and a person merges).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedInto {
    /// The case it goes on in.
    pub other: CaseId,
    /// The moment.
    pub merged_at: DateTime<Utc>,
    /// Why they are one.
    pub reason: String,
}

/// Something that happened in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is named after its payload, which is documented"
)]
pub enum Event {
    CaseOpened(CaseOpened),
    ArrivalRecorded(Arrival),
    CitizenRecorded(CitizenRecorded),
    /// A guardian stands at the desk.
    GuardianRecorded(Guardian),
    /// A bisidder is present; the name is optional (row 4-33).
    CompanionRecorded {
        name: String,
    },
    IdentityChecked(IdentityChecked),
    /// Help offered before exemption: code of the offer and the answer (row 2-15).
    GuidanceRecorded {
        offers: Vec<(String, OfferAnswer)>,
    },
    DeclarationSigned(DeclarationSigned),
    PowerOfAttorneyRecorded(PowerOfAttorney),
    PowerOfAttorneyRevoked {
        revoked_on: NaiveDate,
        reason: String,
    },
    /// The use log: what the power of attorney was used for.
    PowerOfAttorneyUsed {
        used_at: DateTime<Utc>,
        purpose: String,
    },
    UnopenedPostChosen(UnopenedPost),
    AttachmentAdded(AttachmentAdded),
    /// The person deciding confirmed having no conflict of interest (row 4-31).
    ConflictOfInterestChecked {
        none: bool,
    },
    RegisterLookedUp {
        looked_at: DateTime<Utc>,
        seen: RegisterStatus,
    },
    /// Codes of what is missing before a decision.
    MarkedIncomplete {
        missing: Vec<String>,
    },
    MarkedReady,
    /// Something recorded by mistake no longer holds: a companion who was not there, a declaration that was not given.
    EntryRetracted {
        field: Field,
    },
    Granted(Granted),
    Refused(Refused),
    Rejected(Rejected),
    Withdrawn {
        withdrawn_at: DateTime<Utc>,
    },
    /// The citizen chose help instead: a good ending (row 2-17).
    HelpedInstead {
        ended_at: DateTime<Utc>,
        offer: String,
    },
    /// Forwarded to another authority (Forvaltningsloven section 7(2)).
    Forwarded {
        forwarded_at: DateTime<Utc>,
        authority: String,
    },
    Registered(Registered),
    ReceiptGiven(ReceiptGiven),
    Journalised(Journalised),
    TickUndone {
        tick: Tick,
        reason: String,
    },
    PaperIssued(PaperIssued),
    WronglyCreated(WronglyCreated),
    TakenBack(TakenBack),
    Ended {
        ending: Ending,
        ended_on: NaiveDate,
    },
    /// The death was recorded by mistake: the case is again what it was.
    DeathUndone {
        reason: String,
    },
    Extended(Extended),
    /// A time-limited exemption is permanent from this day by law; the case and its receipt now say so.
    MadePermanent {
        on: NaiveDate,
    },
    NoteAdded {
        text: String,
    },
    /// A person chose between concurrent values, with a reason.
    ConflictResolved {
        field: String,
        chosen: EventId,
        reason: String,
    },
    /// Another case about the same citizen is to end in this one. Recorded before the other's [`Event::MergedInto`].
    DuplicateLinked {
        other: CaseId,
    },
    /// That merge was a mistake: the other case is on its own again.
    DuplicateUnlinked {
        other: CaseId,
        reason: String,
    },
    /// A person said that this case is the same as another, where it goes on. All that is in it stays in it.
    MergedInto(MergedInto),
    /// The merge was a mistake: the case is again what it was.
    MergeUndone {
        reason: String,
    },
}

impl Event {
    /// The kind that is stored and sent; it never changes.
    pub const fn kind(&self) -> &'static str {
        match self {
            Event::CaseOpened(_) => "case_opened",
            Event::ArrivalRecorded(_) => "arrival_recorded",
            Event::CitizenRecorded(_) => "citizen_recorded",
            Event::GuardianRecorded(_) => "guardian_recorded",
            Event::CompanionRecorded { .. } => "companion_recorded",
            Event::IdentityChecked(_) => "identity_checked",
            Event::GuidanceRecorded { .. } => "guidance_recorded",
            Event::DeclarationSigned(_) => "declaration_signed",
            Event::PowerOfAttorneyRecorded(_) => "power_of_attorney_recorded",
            Event::PowerOfAttorneyRevoked { .. } => "power_of_attorney_revoked",
            Event::PowerOfAttorneyUsed { .. } => "power_of_attorney_used",
            Event::UnopenedPostChosen(_) => "unopened_post_chosen",
            Event::AttachmentAdded(_) => "attachment_added",
            Event::ConflictOfInterestChecked { .. } => "conflict_of_interest_checked",
            Event::RegisterLookedUp { .. } => "register_looked_up",
            Event::MarkedIncomplete { .. } => "marked_incomplete",
            Event::MarkedReady => "marked_ready",
            Event::EntryRetracted { .. } => "entry_retracted",
            Event::Granted(_) => "granted",
            Event::Refused(_) => "refused",
            Event::Rejected(_) => "rejected",
            Event::Withdrawn { .. } => "withdrawn",
            Event::HelpedInstead { .. } => "helped_instead",
            Event::Forwarded { .. } => "forwarded",
            Event::Registered(_) => "registered",
            Event::ReceiptGiven(_) => "receipt_given",
            Event::Journalised(_) => "journalised",
            Event::TickUndone { .. } => "tick_undone",
            Event::PaperIssued(_) => "paper_issued",
            Event::WronglyCreated(_) => "wrongly_created",
            Event::TakenBack(_) => "taken_back",
            Event::Ended { .. } => "ended",
            Event::DeathUndone { .. } => "death_undone",
            Event::Extended(_) => "extended",
            Event::MadePermanent { .. } => "made_permanent",
            Event::NoteAdded { .. } => "note_added",
            Event::ConflictResolved { .. } => "conflict_resolved",
            Event::DuplicateLinked { .. } => "duplicate_linked",
            Event::DuplicateUnlinked { .. } => "duplicate_unlinked",
            Event::MergedInto(_) => "merged_into",
            Event::MergeUndone { .. } => "merge_undone",
        }
    }
}
