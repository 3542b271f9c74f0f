//! The municipality's set-up as an administrator edits it. Everything typed crosses as text, so that nothing typed is
//! lost where it cannot be read.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What an administrator may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileEdit {
    /// The municipality's name.
    pub name: String,
    /// The unit on letterhead and status line.
    pub unit: String,
    /// The centre on the letterhead; may be empty.
    pub center: String,
    /// Lines of the letterhead, one a line.
    pub address: String,
    /// Who to ring.
    pub contact_name: String,
    /// Their number.
    pub contact_phone: String,
    /// EAN number; may be empty.
    pub ean: String,
    /// How the municipality writes its own case number; may be empty.
    pub case_number_pattern: String,
    /// An example of it.
    pub case_number_example: String,
    /// Address of the national tool; may be empty.
    pub national_tool: String,
    /// `kl`, `koebenhavn` or `streng`.
    pub calendar: String,
    /// Local closing days.
    pub closing_days: Vec<ClosingDayEdit>,
    /// KLE subject number.
    pub kle: String,
    /// KLE facet.
    pub kle_facet: String,
    /// ISO 8601 period from closing.
    pub retention: String,
    /// The paragraphs to cite; may be empty.
    pub legal_citation: String,
    /// The municipality's own complaint guidance; may be empty.
    pub complaint_guidance: String,
    /// `relative` or `anyone`.
    pub may_represent: String,
    /// Whether outreach staff who also serve at the counter decide.
    pub outreach_may_decide: bool,
    /// Whether signing on the screen is approved.
    pub screen_signature: bool,
    /// Whether the ground is recorded.
    pub record_ground: bool,
    /// Whether papers mask the CPR number.
    pub mask_cpr: bool,
    /// Age in days from which a power of attorney warns.
    pub power_of_attorney_warn_days: String,
    /// Days an outreach laptop works without the central store.
    pub offline_lease_days: String,
    /// Days until a parked draft is deleted.
    pub abandoned_draft_days: String,
    /// Kinds of ID staff may choose.
    pub id_kinds: Vec<IdKindEdit>,
    /// Where exemptions are handled, and when.
    pub locations: Vec<PlaceEdit>,
}

/// A local closing day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClosingDayEdit {
    /// The day, `YYYY-MM-DD` or as typed.
    pub on: String,
    /// Its name.
    pub name: String,
}

/// A kind of ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IdKindEdit {
    /// Its code; empty for a new one, which gets a code of its name.
    pub code: String,
    /// What it is called.
    pub label: String,
}

/// A location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlaceEdit {
    /// Its code; empty for a new one, which gets a code of its name.
    pub code: String,
    /// Its name.
    pub name: String,
    /// First day, `YYYY-MM-DD` or as typed.
    pub from: String,
    /// Last day, likewise; empty where there is none.
    pub until: String,
}

/// The set-up with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileView {
    /// The edition `edit` was made from; 0 is the file that came with the program.
    pub edition: u32,
    /// Tells it from another text under the same number, and is handed back with the edit; empty for the file.
    pub digest: String,
    /// The version as people read it, `1.2`.
    pub version: String,
    /// What stands in it.
    pub edit: ProfileEdit,
    /// Every version, newest first; one that was lost stands under the one that has its number.
    pub history: Vec<EditionView>,
}

/// A version of the set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditionView {
    /// Its number; 0 is the file that came with the program.
    pub edition: u32,
    /// Tells it from another text under the same number; empty for the file.
    pub digest: String,
    /// Whether it was lost when the central store was restored, and is not in force.
    pub lost: bool,
    /// The version as people read it.
    pub version: String,
    /// When it was made, RFC 3339; empty for the file that came with the program.
    pub made_at: String,
    /// Initials of who made it; empty likewise.
    pub initials: String,
    /// Why; empty likewise.
    pub reason: String,
}

/// Naming a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditionRef {
    /// Its number; 0 is the file that came with the program.
    pub edition: u32,
    /// Its text, where a lost version has the same number; empty for the one in force.
    #[serde(default)]
    pub digest: String,
}

/// An edit on its way, and the version it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileEdited {
    /// The edition it was made from.
    pub based_on: u32,
    /// The text of that edition; empty for the one in force.
    #[serde(default)]
    pub digest: String,
    /// What was typed.
    pub edit: ProfileEdit,
}

/// What is wrong with an edit, and what it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileCheck {
    /// What must be put right, each at its field.
    pub problems: Vec<ProfileFieldProblem>,
    /// What it changes, in the order of the page.
    pub changes: Vec<ProfileChange>,
}

/// Something that must be put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileFieldProblem {
    /// The field, as in `ProfileEdit`: `name`, `locations.2.from`.
    pub field: String,
    /// Danish text for the summary, which names the field.
    pub summary: String,
    /// Danish text at the field.
    pub at_field: String,
}

/// A difference between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileChange {
    /// The field in Danish.
    pub label: String,
    /// What stood there; empty where there was nothing.
    pub before: String,
    /// What will stand there; empty where it goes away.
    pub after: String,
}

/// Saving an edit as the next version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileSaveRequest {
    /// The edition it was made from; it must still be the newest.
    pub based_on: u32,
    /// The text of that edition, which must still be in force; empty where only the number is compared.
    #[serde(default)]
    pub digest: String,
    /// What was typed.
    pub edit: ProfileEdit,
    /// Why.
    pub reason: String,
}
