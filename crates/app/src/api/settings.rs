//! Settings of this computer and what the profile says.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the settings page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// Code of the profile.
    pub profile: String,
    /// Version of the set-up in use, `1.2`.
    pub profile_version: String,
    /// Name of the municipality.
    pub municipality: String,
    /// Local closing days, oldest first.
    pub closing_days: Vec<Choice>,
    /// Code of the location worked at.
    pub location: String,
    /// Locations to choose between.
    pub locations: Vec<super::session::LocationChoice>,
    /// Code of this device, part of every case number.
    pub device_code: String,
    /// Address of the central store; empty where there is none.
    pub server: String,
    /// Version of the program.
    pub version: String,
    /// `light`, `dark`, `contrast` or `system`.
    pub theme: String,
    /// Whether signing on screen is allowed by the profile.
    pub screen_signature: bool,
    /// Kinds of ID the profile lists.
    pub id_kinds: Vec<Choice>,
    /// Help offers of the profile.
    pub help_offers: Vec<Choice>,
    /// Days after which a power of attorney warns.
    pub power_of_attorney_warn_days: u16,
    /// Relations a representative may have.
    pub relations: Vec<Choice>,
    /// Address of the national tool.
    pub national_tool: String,
    /// How cases are filed in the municipality's own system.
    pub filing: FilingView,
    /// The PIN that is asked for at start.
    pub pin: PinView,
    /// The person's own code for this computer.
    pub own_code: OwnCodeView,
}

/// The code with which somebody who signs in in the browser works here without a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OwnCodeView {
    /// The user name that goes with it.
    pub user_name: String,
    /// Whether there is one.
    pub is_chosen: bool,
    /// Whether whoever is signed in may choose it: they came from the browser.
    pub may_choose: bool,
    /// Whether they should before they leave the house: this is an outreach laptop, and there is none.
    pub is_urgent: bool,
}

/// The PIN of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PinView {
    /// Whether it is asked for at start.
    pub is_asked: bool,
    /// Whether whoever is signed in may choose it.
    pub may_choose: bool,
    /// The last day on which this computer opens without the central store, `YYYY-MM-DD`; empty where that has no end.
    pub lease_until: String,
}

/// How a case is filed in the municipality's own system, for whoever files it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FilingView {
    /// KLE subject and facet, `23.15.15 G01`.
    pub subject: String,
    /// How long it is kept, in words.
    pub kept_for: String,
    /// What the municipality's own case and document numbers look like; may be empty.
    pub number_example: String,
}

/// A code with its Danish label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Choice {
    /// Code.
    pub code: String,
    /// Danish label.
    pub label: String,
    /// A second line; may be empty.
    pub detail: String,
}

/// Changing settings of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsSaveRequest {
    /// Code of the location.
    pub location: String,
    /// `light`, `dark`, `contrast` or `system`.
    pub theme: String,
}
