//! First run, signing in, locking.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::error::UiError;

/// Where the program stands when the window opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartState {
    /// What to show first.
    pub stage: StartStage,
    /// Name of the municipality, empty before first run.
    pub municipality: String,
    /// Today in Denmark, `YYYY-MM-DD`.
    pub today: String,
    /// The signed-in member of staff.
    pub session: Option<SessionView>,
    /// Whether this is the demo with fictional persons.
    pub demo: bool,
    /// In the demo: the accounts one may sign in with, and their shared password.
    pub demo_accounts: Vec<DemoAccount>,
    /// Profiles to choose between at first run.
    pub profiles: Vec<ProfileChoice>,
    /// Whether one may sign in at the municipality's identity provider, in the browser.
    pub browser_sign_in: bool,
    /// Why the store is not open, at the stages before `sign_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<UiError>,
}

/// What recovering a damaged store saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StoreRecovered {
    /// Cases of this computer that are here again.
    pub cases: u32,
    /// Records in them.
    pub records: u32,
    /// Drafts that are here again.
    pub drafts: u32,
    /// Accounts that are here again; without one the first run is shown.
    pub accounts: u32,
    /// Name of the file that was set aside; empty where there was none.
    pub file: String,
    /// Whether the rest is fetched from a central store.
    pub fetches_rest: bool,
}

/// What to show first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StartStage {
    /// The program must be set up on this computer.
    FirstRun,
    /// The store asks for its PIN.
    Pin,
    /// The store must hear from the central store before the PIN opens it.
    Lease,
    /// The key is lost: the recovery code opens the store.
    Recovery,
    /// The store is damaged; it can be recovered.
    Damaged,
    /// Nobody is signed in.
    SignIn,
    /// Signed in, and locked.
    Locked,
    /// Signed in.
    Ready,
}

/// An account of the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DemoAccount {
    /// Name to sign in with.
    pub user_name: String,
    /// Full name.
    pub name: String,
    /// Role codes.
    pub roles: Vec<String>,
    /// The demo's password.
    pub password: String,
}

/// A municipality profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileChoice {
    /// Code, `demo`.
    pub code: String,
    /// Name of the municipality.
    pub municipality: String,
    /// Locations one may work at.
    pub locations: Vec<LocationChoice>,
}

/// A location of the municipality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocationChoice {
    /// Code in the profile.
    pub code: String,
    /// Name.
    pub name: String,
    /// First day it takes requests, `YYYY-MM-DD`.
    pub opens_on: String,
    /// Last day it takes requests, likewise; empty where there is none.
    pub closes_on: String,
}

/// What first run needs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FirstRunRequest {
    /// Code of the profile.
    pub profile: String,
    /// Code of the location.
    pub location: String,
    /// Name of the first administrator.
    pub name: String,
    /// Initials, two to four letters.
    pub initials: String,
    /// Name to sign in with.
    pub user_name: String,
    /// At least 10 characters.
    pub password: String,
    /// Whether the first administrator also serves at the counter.
    pub serves_at_counter: bool,
}

/// Enrolling this computer at the central store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EnrolmentRequest {
    /// Address of the central store, as typed.
    pub server: String,
    /// The one-time code, as typed.
    pub code: String,
}

/// This computer belongs to the central store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Enrolled {
    /// Opens the store when the key is lost. Shown once, on a computer that was set up by it; empty otherwise.
    pub recovery_code: String,
    /// Name of the municipality.
    pub municipality: String,
}

/// What first run gives, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FirstRunDone {
    /// Opens the store when the key is lost. Shown once, to be printed and locked away.
    pub recovery_code: String,
    /// The first administrator, signed in.
    pub session: SessionView,
}

/// A new recovery code, shown once. The one before works until this one is typed back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecoveryCodeMade {
    /// Opens the store when the key is lost.
    pub recovery_code: String,
}

/// Signing in with a local account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SignInRequest {
    /// Name to sign in with.
    pub user_name: String,
    /// Password.
    pub password: String,
}

/// Unlocking one's own session, or opening a store with its PIN or recovery code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SecretRequest {
    /// The password, the PIN or the recovery code.
    pub secret: String,
}

/// Choosing the PIN that is asked for at every start, or another one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PinRequest {
    /// The PIN as it is now; empty where there is none.
    pub current: String,
    /// The one from now on.
    pub pin: String,
}

/// Who is signed in, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SessionView {
    /// Id.
    pub staff_id: String,
    /// Full name.
    pub name: String,
    /// Initials.
    pub initials: String,
    /// Role codes.
    pub roles: Vec<String>,
    /// Codes of what the roles permit: `capture`, `decide`, `finish`, `supplement`, `correct`, `take_back`,
    /// `read_case`, `search`, `see_channel`, `read_audit`, `list_devices`, `administer`.
    pub acts: Vec<String>,
    /// Code of the location worked at.
    pub location: String,
    /// Name of the location worked at.
    pub location_name: String,
    /// Seconds without a key press until the window locks.
    pub lock_after_seconds: u32,
    /// What opens the screen again.
    pub unlocked_by: UnlockedBy,
}

/// What opens the screen that somebody locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UnlockedBy {
    /// The password of the account.
    Password,
    /// The person's code for this computer, or the browser.
    Code,
    /// The browser alone.
    Browser,
}

/// A member of staff, for the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StaffView {
    /// Id.
    pub id: String,
    /// Name to sign in with.
    pub user_name: String,
    /// Full name.
    pub name: String,
    /// Initials.
    pub initials: String,
    /// Role codes.
    pub roles: Vec<String>,
    /// Whether the account may be used.
    pub active: bool,
}

/// Adding or changing an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StaffSaveRequest {
    /// Id of the account to change; `None` adds one.
    pub id: Option<String>,
    /// Name to sign in with.
    pub user_name: String,
    /// Full name.
    pub name: String,
    /// Initials.
    pub initials: String,
    /// Role codes.
    pub roles: Vec<String>,
    /// Whether the account may be used.
    pub active: bool,
    /// A new password; required for a new account.
    pub password: Option<String>,
}
