//! Cases: lists, one case, decisions, ticks, corrections.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::draft::{AttachmentView, IdSeen, ProofView};
use super::rules::RulesMet;

/// A case in a list. No channel, no institution, no full number (practice 13).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CaseRowView {
    /// Id.
    pub id: String,
    /// Case number.
    pub number: String,
    /// The citizen's name.
    pub name: String,
    /// The masked number.
    pub cpr_masked: String,
    /// Code of the state.
    pub state: String,
    /// Codes of ticks made.
    pub ticks_done: Vec<String>,
    /// When each of them was made, RFC 3339, in the same order.
    pub tick_times: Vec<String>,
    /// Codes of ticks missing.
    pub ticks_missing: Vec<String>,
    /// The moment of the grant, RFC 3339; empty in lists but the one on the start screen, and where there is none.
    pub decided_at: String,
    /// Day of receipt, `YYYY-MM-DD`.
    pub received_on: String,
    /// Last change, RFC 3339.
    pub updated_at: String,
    /// Name of the location.
    pub location: String,
    /// Whether the case holds an unresolved conflict.
    pub conflict: bool,
    /// `confirmed`, `waiting`, `quarantined` or `deferred`: how the central store stands to it.
    pub sync: String,
    /// Why a paper of this computer that was given out may not stand: `quarantined` or `returned`; empty where none is.
    pub paper_apart: String,
}

/// Searching and listing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CaseListRequest {
    /// CPR number, name, case number or phone; empty lists all.
    pub query: String,
    /// Code of a state, `missing_ticks`, `open` or `all`.
    pub filter: String,
    /// Cursor of the page before; `None` for the first.
    pub after: Option<String>,
    /// Why: required when searching for a person outside one's own open work.
    pub purpose: Option<String>,
}

/// A page of cases.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CasePage {
    /// The rows.
    pub rows: Vec<CaseRowView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// How many there are in all for this filter without a query.
    pub total: Option<u64>,
    /// How many more there are that this filter leaves out; 0 for a search.
    pub not_shown: u64,
    /// Whether these are one's own open cases alone, since no purpose was stated.
    pub own_only: bool,
}

/// Two or more values that people set for the same thing without seeing each other's work.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConflictView {
    /// Code of the field; its name is under `conflict.field.<code>`.
    pub field: String,
    /// What stays in effect until someone chooses; empty where nothing stood before.
    pub before: Vec<FactLine>,
    /// The values, in the order every computer has them in.
    pub sides: Vec<ConflictSide>,
}

/// One of the values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConflictSide {
    /// Id of the event, for choosing it.
    pub event: String,
    /// Kind of the event; its name is under `event.<kind>`.
    pub kind: String,
    /// What it says.
    pub facts: Vec<FactLine>,
    /// Initials of who set it.
    pub initials: String,
    /// Name of who set it; empty where this computer does not know it.
    pub name: String,
    /// When, RFC 3339.
    pub at: String,
    /// Code of the computer; empty where this computer was not told it.
    pub device: String,
    /// Whether it was set on this computer.
    pub here: bool,
    /// The papers its author had: what was attached and the declaration, oldest first; empty where there was none.
    pub papers: Vec<String>,
}

/// Choosing between conflicting values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConflictResolveRequest {
    /// Id of the case.
    pub case_id: String,
    /// Code of the field.
    pub field: String,
    /// Id of the event whose value counts.
    pub chosen: String,
    /// Why.
    pub reason: String,
}

/// Opening a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CaseRef {
    /// Id.
    pub id: String,
    /// Why, where the case lies outside one's own open work.
    pub purpose: Option<String>,
}

/// What a tick shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TickView {
    /// `registered`, `receipt` or `journalised`.
    pub tick: String,
    /// When, RFC 3339; empty while missing.
    pub at: String,
    /// Initials of who ticked it; empty while missing.
    pub initials: String,
    /// Reference or delivery code; may be empty.
    pub detail: String,
    /// Whether this tick belongs to the state of the case.
    pub due: bool,
}

/// A line of the timeline.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TimelineEntry {
    /// RFC 3339.
    pub at: String,
    /// Initials.
    pub initials: String,
    /// Code of the event; the title stands under `event.<code>`.
    pub kind: String,
    /// What it says, in Danish; no CPR number.
    pub detail: String,
    /// Code of the device.
    pub device: String,
    /// `confirmed`, `waiting`, `quarantined` or `deferred`.
    pub sync: String,
}

/// A paper that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IssuedPaper {
    /// Code of the kind.
    pub kind: String,
    /// Number on it.
    pub number: String,
    /// 0 for the original, 1 and up for copies.
    pub copy: u16,
    /// RFC 3339.
    pub at: String,
    /// Initials.
    pub initials: String,
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AuditEntry {
    /// RFC 3339.
    pub at: String,
    /// Initials.
    pub initials: String,
    /// Code of what was done; the text stands under `audit.<code>`.
    pub action: String,
    /// Stated purpose; may be empty.
    pub purpose: String,
}

/// A line of facts on the case page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FactLine {
    /// Key of the label's text.
    pub label: String,
    /// The value in Danish.
    pub value: String,
}

/// One case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CaseView {
    /// The row of lists.
    pub row: CaseRowView,
    /// Age today.
    pub age: Option<u16>,
    /// Who came: code of the channel, empty where the role may not see it.
    pub channel: String,
    /// Name of the representative or guardian, empty otherwise.
    pub came_instead: String,
    /// Address; empty where protected or unknown.
    pub address: String,
    /// Whether the address is protected.
    pub address_protected: bool,
    /// Facts for the page.
    pub facts: Vec<FactLine>,
    /// The proof tree as the case stands.
    pub proof: ProofView,
    /// The rules it meets.
    pub rules: RulesMet,
    /// What is missing while incomplete, in the words of whoever marked it.
    pub missing: Vec<String>,
    /// Codes of warnings.
    pub warnings: Vec<String>,
    /// Whether the citizen is exempt: granted and registered.
    pub exempt: bool,
    /// The three ticks.
    pub ticks: Vec<TickView>,
    /// The kind of ID that was seen, as the profile calls it; may be empty.
    pub id_kind: String,
    /// When and by whom it was seen; `None` where nobody was identified.
    pub id_seen: Option<IdSeen>,
    /// Codes of papers that fit the state now.
    pub papers_possible: Vec<String>,
    /// Papers issued.
    pub papers: Vec<IssuedPaper>,
    /// Attached files.
    pub attachments: Vec<AttachmentView>,
    /// Purposes of the papers signed by hand that the case rests on and nobody has attached yet.
    pub scans_missing: Vec<String>,
    /// The timeline, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The audit log of this case; empty where the role may not read it.
    pub audit: Vec<AuditEntry>,
    /// Codes of what may be done now: `decide`, `continue`, `record_death`, `tick_registered`, `tick_receipt`, `tick_journalised`, `undo`,
    /// `correct_wrong_person`, `take_back`, `extend`, `make_permanent`, `merge_undo`, `rejoin`, `note`, `attach`, `revoke_power_of_attorney`.
    pub actions: Vec<String>,
    /// Last look in the register: status code, empty where nobody looked.
    pub register_seen: String,
    /// When, RFC 3339; may be empty.
    pub register_seen_at: String,
    /// Last day of the exemption, `YYYY-MM-DD`; empty without a time limit.
    pub expires_on: String,
    /// The last day an extension made today would usually run to, `YYYY-MM-DD`; empty where none is possible.
    pub extends_to: String,
    /// `registered_address`, `other_address` or `no`; may be empty.
    pub unopened_post: String,
    /// Other cases about the same citizen that are under way or whose exemption runs: possible duplicates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<DuplicateView>>", optional)]
    pub duplicates: Vec<DuplicateView>,
    /// The case this one was merged into, and those that were merged into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<DuplicateView>>", optional)]
    pub merged: Vec<DuplicateView>,
    /// What a person must choose between before the case can go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<ConflictView>>", optional)]
    pub conflicts: Vec<ConflictView>,
}

/// A decision, or another end of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// Grant.
    Grant {
        /// `permanent` or `time_limited`; `None` takes the rule set's only one.
        duration: Option<String>,
    },
    /// Refuse (*afslag*).
    Refuse {
        /// The main considerations.
        reasons: String,
        /// Day the party was consulted, `YYYY-MM-DD`; or
        consultation_held_on: Option<String>,
        /// why it was not needed.
        consultation_not_needed: String,
    },
    /// Reject (*afvist*).
    Reject {
        /// `no_valid_id`, `wrong_person` or `not_covered`.
        reason: String,
        /// What the citizen can do next.
        next_step: String,
    },
    /// The citizen died before a decision; the case closes without one.
    Died {
        /// Day of the death as it was told, as typed.
        died_on: String,
    },
    /// The citizen withdrew.
    Withdraw,
    /// The citizen chose help instead.
    HelpInstead {
        /// Code of the offer.
        offer: String,
    },
    /// Forward to another authority.
    Forward {
        /// Which.
        authority: String,
    },
    /// Something is missing.
    Incomplete {
        /// What, in the citizen's words; printed on the letter.
        missing: Vec<String>,
    },
    /// Hand in without deciding (outreach).
    HandIn,
    /// Keep it undecided because whoever sits here has a conflict of interest; a colleague decides (row 4-31).
    HandOver,
}

/// Deciding a draft or an open case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DecideRequest {
    /// The draft, or
    pub draft_id: Option<String>,
    /// the case.
    pub case_id: Option<String>,
    /// The decision.
    pub decision: Decision,
    /// The person deciding confirms having no conflict of interest (row 4-31).
    pub no_conflict_of_interest: bool,
}

/// Making a tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "tick", rename_all = "snake_case")]
pub enum TickRequest {
    /// Registered in Digital Post.
    Registered {
        /// The case.
        case_id: String,
        /// Number from the national tool; may be empty.
        reference: String,
        /// When, RFC 3339; `None` means now.
        registered_at: Option<String>,
    },
    /// Receipt given.
    Receipt {
        /// The case.
        case_id: String,
        /// `handed_over`, `posted` or `waived`.
        delivery: String,
        /// Why it was waived.
        reason: String,
    },
    /// Journalised.
    Journalised {
        /// The case.
        case_id: String,
        /// The municipality's own number; may be empty.
        reference: String,
        /// When, RFC 3339; `None` means now.
        #[serde(default)]
        journalised_at: Option<String>,
    },
}

/// Undoing a tick with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UndoTickRequest {
    /// The case.
    pub case_id: String,
    /// Which.
    pub tick: String,
    /// Why.
    pub reason: String,
}

/// Recording what was seen in the national register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RegisterLookRequest {
    /// The case.
    pub case_id: String,
    /// `not_exempt`, `exempt` or `not_registered`.
    pub seen: String,
}

/// The wrong person was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WrongPersonRequest {
    /// The case.
    pub case_id: String,
    /// What happened, without naming another person.
    pub reason: String,
    /// Whether the registration was removed in the national register.
    pub removed_from_register: bool,
    /// Whether post from the time between shall be sent again.
    pub resend_post: bool,
    /// Whether to open a draft for the right person, with everything but the citizen copied.
    pub open_draft_for_right_person: bool,
}

/// What came of putting a wrong registration right.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WrongPersonDone {
    /// The case, put right.
    pub case: CaseView,
    /// The new draft, if one was asked for.
    pub draft_id: Option<String>,
}

/// Taking back a granted exemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TakeBackRequest {
    /// The case.
    pub case_id: String,
    /// The main considerations.
    pub reasons: String,
    /// Day the party was consulted, `YYYY-MM-DD`; or
    pub consultation_held_on: Option<String>,
    /// why it was not needed.
    pub consultation_not_needed: String,
    /// Whether the registration in Digital Post was removed; asked where there is one.
    pub removed_from_register: bool,
    /// Whoever takes it back has no conflict of interest (row 4-31).
    pub no_conflict_of_interest: bool,
}

/// The exemption ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EndRequest {
    /// The case.
    pub case_id: String,
    /// `rejoined_at_counter`, `rejoined_by_citizen`, `lapsed_on_return`, `expired` or `deceased`.
    pub ending: String,
    /// `YYYY-MM-DD`.
    pub ended_on: String,
}

/// A death that was recorded by mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeathUndoRequest {
    /// The case.
    pub case_id: String,
    /// How it came about.
    pub reason: String,
}

/// Extending a time-limited exemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExtendRequest {
    /// The case.
    pub case_id: String,
    /// The new last day, `YYYY-MM-DD`.
    pub until: String,
    /// What the extension rests on.
    pub reason: String,
}

/// Another case about the same citizen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DuplicateView {
    /// Id of the case; empty where it is not on this computer.
    pub id: String,
    /// Its number; empty where it is not on this computer.
    pub number: String,
    /// Code of its state.
    pub state: String,
    /// Day of receipt, `YYYY-MM-DD`.
    pub received_on: String,
    /// Whether it can be merged into the case that is shown.
    pub can_merge: bool,
    /// Whether only the case that is shown can be merged into it.
    pub other_way: bool,
    /// Whether the case that is shown was merged into it; otherwise it is the other way round, or neither.
    pub took_over: bool,
}

/// Merging a case into another about the same citizen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MergeRequest {
    /// The case that goes on.
    pub case_id: String,
    /// The case that ends in it.
    pub merge: String,
    /// Why they are one.
    pub reason: String,
}

/// Undoing a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MergeUndoRequest {
    /// The case that was merged into another.
    pub case_id: String,
    /// Why.
    pub reason: String,
}

/// A note.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NoteRequest {
    /// The case.
    pub case_id: String,
    /// The text.
    pub text: String,
}

/// Revoking the power of attorney.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RevokePowerOfAttorneyRequest {
    /// The case.
    pub case_id: String,
    /// `YYYY-MM-DD`.
    pub revoked_on: String,
    /// Why; may be empty.
    pub reason: String,
}

/// Showing something hidden; always logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RevealRequest {
    /// The case.
    pub case_id: String,
    /// `cpr` or `address`.
    pub what: String,
    /// Why: `register_in_digital_post`, `paper`, `contact`.
    pub purpose: String,
}

/// What was hidden.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Revealed {
    /// The text.
    pub text: String,
}

/// The start screen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Worklist {
    /// Parked drafts, newest first.
    pub drafts: Vec<super::draft::DraftSummary>,
    /// Work of this computer that was sent back and that nobody has dealt with yet, newest first.
    pub returned: Vec<super::review::ReturnedRow>,
    /// Cases that lack a tick, oldest first.
    pub missing_ticks: Vec<CaseRowView>,
    /// How many lack a tick in all.
    pub missing_ticks_total: u64,
    /// What came to its end today.
    pub today: DayFigures,
}

/// How many citizens' errands came to their end on a day, all and by how the case stands now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DayFigures {
    /// However they ended.
    pub finished: u64,
    /// Granted.
    pub granted: u64,
    /// Helped instead.
    pub helped_instead: u64,
    /// Rejected.
    pub rejected: u64,
}
