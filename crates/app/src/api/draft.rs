//! Drafts: what is typed at the counter, saved as typed, checked on request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::rules::{GroundView, RulesMet};

/// The value of a field, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum FieldValue {
    /// A tick.
    Flag(bool),
    /// Text, a choice's code, or a day as typed.
    Text(String),
    /// Several choices.
    Many(Vec<String>),
}

/// Fields by their id in `forms/`.
pub type Fields = BTreeMap<String, FieldValue>;

/// A draft on the way through the six steps.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftView {
    /// Id.
    pub id: String,
    /// Step 1 to 6.
    pub step: u8,
    /// Everything typed.
    pub fields: Fields,
    /// When it was last saved, RFC 3339.
    pub saved_at: String,
    /// Attached files; those of the case too, where the draft adds to one.
    pub attachments: Vec<AttachmentView>,
    /// The case it adds to; `None` for a new request.
    pub case: Option<ContinuedCase>,
    /// A protected address is kept and not among the fields; `draft_reveal` shows it and is logged.
    pub address_hidden: bool,
    /// When and by whom the ID was seen; `None` where nobody has said so.
    pub id_seen: Option<IdSeen>,
}

/// When and by whom the ID of the person at the desk was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IdSeen {
    /// RFC 3339.
    pub at: String,
    /// Initials of who saw it; empty where they are not known here.
    pub initials: String,
}

/// The open case a draft adds to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContinuedCase {
    /// Id.
    pub id: String,
    /// Case number.
    pub number: String,
    /// Code of the state.
    pub state: String,
    /// What is missing, in the words of whoever marked it.
    pub missing: Vec<String>,
    /// Initials of who left the draft; empty where it is one's own.
    pub left_by: String,
    /// Whether somebody changed the case since the draft began; their changes are in the fields now.
    pub changed: bool,
    /// Whether it was decided or ended meanwhile, so that nothing can be added.
    pub closed: bool,
    /// Fields that both have changed: the draft keeps what was typed in it.
    pub clashes: Vec<FieldClash>,
}

/// A field that was typed in a draft and recorded otherwise in its case meanwhile.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldClash {
    /// Id of the field.
    pub field: String,
    /// Step it stands on.
    pub step: u8,
    /// Its label.
    pub label: String,
    /// What was typed in the draft.
    pub typed: String,
    /// What was recorded in the case.
    pub recorded: String,
}

/// A parked draft in a list. No channel (practice 13).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftSummary {
    /// Id.
    pub id: String,
    /// Step 1 to 6.
    pub step: u8,
    /// The citizen's name, empty while not typed.
    pub name: String,
    /// The masked number, empty while not typed.
    pub cpr_masked: String,
    /// Number of the case it adds to, empty for a new request.
    pub case_number: String,
    /// When it was last saved, RFC 3339.
    pub saved_at: String,
    /// Initials of who parked it.
    pub initials: String,
    /// Code of what it waits for, empty where nothing was said; the text stands under `park.reason_<code>`.
    pub waits_for: String,
    /// The same in a few words; may be empty.
    pub waits_note: String,
    /// Day after which it is deleted by rule, `YYYY-MM-DD`.
    pub deleted_on: String,
}

/// Saving what was typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftSaveRequest {
    /// Id.
    pub id: String,
    /// Step 1 to 6.
    pub step: u8,
    /// Everything typed.
    pub fields: Fields,
}

/// When something was durably saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Saved {
    /// RFC 3339.
    pub saved_at: String,
}

/// What saving a draft gives: when it was durable, and which fields the form shows and needs now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftSaved {
    /// RFC 3339.
    pub saved_at: String,
    /// Ids of the fields that are shown, given what was typed.
    pub shown: Vec<String>,
    /// Ids of the fields that must be filled.
    pub required: Vec<String>,
    /// When and by whom the ID was seen in this draft.
    pub id_seen: Option<IdSeen>,
}

/// The form a draft follows, as `forms/` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FormView {
    /// Form and version, `exemption@2`.
    pub reference: String,
    /// Every field, in the order of the form.
    pub fields: Vec<FieldView>,
    /// Ids of the fields that are shown, given what was typed.
    pub shown: Vec<String>,
    /// Ids of the fields that must be filled.
    pub required: Vec<String>,
}

/// A field of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldView {
    /// Id.
    pub id: String,
    /// Step 1 to 6.
    pub step: u8,
    /// Code of the part of the form.
    pub part: String,
    /// Danish label.
    pub label: String,
    /// Danish help text; may be empty.
    pub help: String,
    /// `text`, `multiline`, `cpr`, `date`, `choice`, `choices` or `flag`.
    pub kind: String,
    /// Width on screen in pixels; 0 takes the line.
    pub width: u16,
    /// Code of the rule the right-hand panel explains; may be empty.
    pub rule: String,
    /// Most characters; 0 where it does not matter.
    pub max_length: u16,
    /// A day that is yet to come: of a year typed with two digits it is the next one.
    pub coming: bool,
    /// Answers to choose between.
    pub choices: Vec<super::settings::Choice>,
}

/// Naming a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftRef {
    /// Id.
    pub id: String,
}

/// Checking a draft up to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftCheckRequest {
    /// Id.
    pub id: String,
    /// The last step to check, 1 to 6.
    pub step: u8,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldProblem {
    /// Id of the field.
    pub field: String,
    /// Step the field stands on.
    pub step: u8,
    /// Code of the problem.
    pub code: String,
    /// The text for the summary on top, in Danish.
    pub summary: String,
    /// The text at the field, in Danish.
    pub at_field: String,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftCheck {
    /// What must be mended before the next step.
    pub problems: Vec<FieldProblem>,
    /// Codes of warnings; the text stands under `warning.<code>`.
    pub warnings: Vec<String>,
    /// The proof tree.
    pub proof: ProofView,
    /// Code of the rule set, empty where none applies.
    pub rule_set: String,
    /// Durations a grant may choose between, as its rule set has them.
    pub durations: Vec<String>,
    /// The rules it meets.
    pub rules: RulesMet,
    /// The grounds the declaration speaks of; shown on request and never chosen from.
    pub grounds: Vec<GroundView>,
    /// The automatic sign-up for Digital Post that lies ahead, if one does.
    pub sign_up: Option<SignUpView>,
}

/// An automatic sign-up for Digital Post that lies ahead of the citizen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SignUpView {
    /// Why then; the text stands under `sign_up.<code>`.
    pub code: String,
    /// The day, `YYYY-MM-DD`; empty where nobody here knows it.
    pub on: String,
    /// Days until then.
    pub days: u32,
    /// The first day from then on when the municipality is open, `YYYY-MM-DD`; empty as `on`.
    pub open_on: String,
}

/// A node of the proof tree, in Danish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProofView {
    /// Code of the requirement.
    pub code: String,
    /// The requirement in words.
    pub text: String,
    /// `met`, `not_met`, `not_known` or `not_needed`.
    pub outcome: String,
    /// The fact it rests on, in words; may be empty.
    pub fact: String,
    /// The rule's source, in words.
    pub source: String,
    /// What would change the outcome, in words; empty where it is met.
    pub remedy: String,
    /// What it is made of.
    pub parts: Vec<ProofView>,
}

/// Looking at a CPR number while it is typed: format only, nobody is looked up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CprCheckRequest {
    /// As typed.
    pub cpr: String,
}

/// What the number itself says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CprCheck {
    /// Code of the fault, empty where there is none; the text stands under `problem.<code>`.
    pub problem: String,
    /// Codes of warnings.
    pub warnings: Vec<String>,
    /// `YYYY-MM-DD`, empty where not known.
    pub birth_date: String,
    /// Age today; `None` where not known.
    pub age: Option<u16>,
    /// Masked form, empty where not known.
    pub masked: String,
}

/// What we know of the citizen of a draft, after the ID step (practice 8).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KnownCitizen {
    /// Whether anything may be shown yet: the identity has been checked.
    pub shown: bool,
    /// Name we have, empty where unknown.
    pub name: String,
    /// Address we have; empty where unknown or protected.
    pub address: String,
    /// Whether the address is protected.
    pub address_protected: bool,
    /// Whether a protected address we have now stands in the draft, unseen: `draft_reveal` shows it.
    pub address_hidden: bool,
    /// Their cases, newest first.
    pub cases: Vec<super::case::CaseRowView>,
    /// Whether our own record says exempt; the register must be looked at first (practice 3).
    pub exempt_by_our_record: bool,
    /// `local`, `central` or `not_known` (offline): how far the look-up reached.
    pub reach: String,
}

/// What is typed outside the six steps and not handed in yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TypedText {
    /// Where it is typed; holds no personal data.
    pub place: String,
    /// As typed.
    pub text: String,
}

/// A file attached to a draft or a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachmentView {
    /// SHA-256, hexadecimal.
    pub digest: String,
    /// Code of what it is.
    pub purpose: String,
    /// Media type by content.
    pub media_type: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Cleaned file name.
    pub file_name: String,
    /// RFC 3339.
    pub added_at: String,
}

impl AttachmentView {
    /// Whether both are the same file for the same paper: one scan may hold several papers.
    pub(crate) fn is_same_paper(&self, other: &Self) -> bool {
        (&self.digest, &self.purpose) == (&other.digest, &other.purpose)
    }
}

/// Attaching a file. The shell opens the native dialog when `path` is `None`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachRequest {
    /// The draft, or
    pub draft_id: Option<String>,
    /// the case.
    pub case_id: Option<String>,
    /// Code of what it is.
    pub purpose: String,
    /// Path chosen; `None` asks the user.
    pub path: Option<String>,
}

/// Attaching a signature drawn on the screen, as a PNG.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ScreenSignatureRequest {
    /// The draft.
    pub draft_id: String,
    /// The PNG, base64.
    pub png_base64: String,
}

/// Naming an attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachmentRef {
    /// SHA-256, hexadecimal.
    pub digest: String,
    /// The case it belongs to, or
    pub case_id: Option<String>,
    /// the draft.
    pub draft_id: Option<String>,
    /// Why, for a case outside open work.
    pub purpose: Option<String>,
}

/// A safe copy to look at; the original stays sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachmentCopy {
    /// Its pages as PNG, base64, in order.
    pub pages: Vec<String>,
}
