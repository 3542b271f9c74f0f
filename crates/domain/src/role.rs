//! Roles and what each may do: the one table that desktop, command line and server all ask.
//!
//! Basis: domain reference 10.3; practice 1 (outreach hands in, Borgerservice decides).

mod ownership;

pub use ownership::{Leave, Ownership, may};

/// What a member of staff is employed to do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Serves citizens at the counter (*skrankemedarbejder*).
    Counter,
    /// Captures at the citizen's home for a department (*udgående medarbejder*).
    Outreach,
    /// Works the queue of the *Fritagelsesenhed*.
    ExemptionUnit,
    /// Leads a team: figures, deadlines, take-backs.
    Lead,
    /// Reads the log of who looked up whom; sees cases, changes nothing.
    Auditor,
    /// Keeps staff accounts, profile and devices; has no business in cases.
    Administrator,
}

impl Role {
    /// Every role, in the order in which lists show them.
    pub const ALL: [Role; 6] = [
        Role::Counter,
        Role::Outreach,
        Role::ExemptionUnit,
        Role::Lead,
        Role::Auditor,
        Role::Administrator,
    ];

    /// The code that is stored and sent; it never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Role::Counter => "counter",
            Role::Outreach => "outreach",
            Role::ExemptionUnit => "exemption_unit",
            Role::Lead => "lead",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }

    /// The role with this code.
    pub fn from_code(code: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// Something a role may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Capture a request and submit it.
    Capture,
    /// Decide: grant, refuse, reject, withdraw, help instead, forward, mark incomplete.
    Decide,
    /// Tick registered, receipt and journalised; issue papers.
    Finish,
    /// Add notes and attachments to a case.
    Supplement,
    /// Put right a wrong registration; undo a tick, or a death recorded by mistake.
    Correct,
    /// Take back a granted exemption.
    TakeBack,
    /// Extend a time-limited exemption, or record that it is permanent by law.
    Prolong,
    /// Look at work the central store holds apart: let it in or send it back.
    Review,
    /// Say that two cases about one citizen are one, or that they are not.
    Merge,
    /// Lay a case on an outreach laptop, and take it off again.
    GiveOut,
    /// Look at one case.
    ReadCase,
    /// Search among citizens and cases.
    Search,
    /// See channel and institution, which can hint at the ground.
    SeeChannel,
    /// Read the audit log.
    ReadAudit,
    /// See the municipality's computers and how they stand.
    ListDevices,
    /// Keep staff accounts, profile, location and devices.
    Administer,
}

impl Act {
    /// Every act.
    pub const ALL: [Act; 16] = [
        Act::Capture,
        Act::Decide,
        Act::Finish,
        Act::Supplement,
        Act::Correct,
        Act::TakeBack,
        Act::Prolong,
        Act::Review,
        Act::Merge,
        Act::GiveOut,
        Act::ReadCase,
        Act::Search,
        Act::SeeChannel,
        Act::ReadAudit,
        Act::ListDevices,
        Act::Administer,
    ];

    /// The code that crosses to the window.
    pub const fn code(self) -> &'static str {
        match self {
            Act::Capture => "capture",
            Act::Decide => "decide",
            Act::Finish => "finish",
            Act::Supplement => "supplement",
            Act::Correct => "correct",
            Act::TakeBack => "take_back",
            Act::Prolong => "prolong",
            Act::Review => "review",
            Act::Merge => "merge",
            Act::GiveOut => "give_out",
            Act::ReadCase => "read_case",
            Act::Search => "search",
            Act::SeeChannel => "see_channel",
            Act::ReadAudit => "read_audit",
            Act::ListDevices => "list_devices",
            Act::Administer => "administer",
        }
    }
}

/// Whether `role` may do `act`.
///
/// A profile may give deciding rights to outreach staff who belong to Borgerservice; that is the *counter* role beside
/// *outreach*, see [`in_effect`], never a change in this table.
pub const fn permits(role: Role, act: Act) -> bool {
    match role {
        Role::Counter => matches!(
            act,
            Act::Capture
                | Act::Decide
                | Act::Finish
                | Act::Supplement
                | Act::Correct
                | Act::Prolong
                | Act::ReadCase
                | Act::Search
                | Act::SeeChannel
        ),
        Role::Outreach => matches!(act, Act::Capture | Act::Supplement | Act::ReadCase),
        Role::ExemptionUnit => matches!(
            act,
            Act::Capture
                | Act::Decide
                | Act::Finish
                | Act::Supplement
                | Act::Correct
                | Act::TakeBack
                | Act::Prolong
                | Act::Review
                | Act::Merge
                | Act::GiveOut
                | Act::ReadCase
                | Act::Search
                | Act::SeeChannel
        ),
        Role::Lead => matches!(
            act,
            Act::Capture
                | Act::Decide
                | Act::Finish
                | Act::Supplement
                | Act::Correct
                | Act::TakeBack
                | Act::Prolong
                | Act::Review
                | Act::Merge
                | Act::GiveOut
                | Act::ReadCase
                | Act::Search
                | Act::SeeChannel
                | Act::ReadAudit
                | Act::ListDevices
        ),
        Role::Auditor => matches!(
            act,
            Act::ReadCase | Act::Search | Act::ReadAudit | Act::ListDevices
        ),
        Role::Administrator => matches!(act, Act::ListDevices | Act::Administer),
    }
}

/// The roles in which somebody works: beside *outreach* a role that decides rests, unless the municipality lets its
/// outreach staff decide.
///
/// Basis: practice 1.
pub fn in_effect(mut roles: Vec<Role>, outreach_may_decide: bool) -> Vec<Role> {
    if roles.contains(&Role::Outreach) && !outreach_may_decide {
        roles.retain(|role| !permits(*role, Act::Decide));
    }
    roles
}

/// Whether any of `roles` may do `act`.
pub fn any_permits(roles: &[Role], act: Act) -> bool {
    roles.iter().any(|role| permits(*role, act))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outreach_staff_hand_in_and_never_decide() {
        assert!(permits(Role::Outreach, Act::Capture));
        assert!(
            !permits(Role::Outreach, Act::Decide),
            "practice 1: Borgerservice decides"
        );
        assert!(!permits(Role::Outreach, Act::Finish));
        assert!(!permits(Role::Outreach, Act::Search));
    }

    #[test]
    fn beside_outreach_a_role_that_decides_rests_unless_the_municipality_says_otherwise() {
        let both = || vec![Role::Counter, Role::Outreach, Role::Auditor];
        assert_eq!(in_effect(both(), false), [Role::Outreach, Role::Auditor]);
        assert_eq!(in_effect(both(), true), both());
        let counter = || vec![Role::Counter, Role::ExemptionUnit];
        assert_eq!(in_effect(counter(), false), counter());
    }

    #[test]
    fn an_auditor_changes_nothing_and_an_administrator_sees_no_case() {
        for act in [
            Act::Capture,
            Act::Decide,
            Act::Finish,
            Act::Supplement,
            Act::Correct,
            Act::TakeBack,
            Act::Prolong,
            Act::Review,
            Act::Merge,
            Act::GiveOut,
        ] {
            assert!(!permits(Role::Auditor, act), "{act:?}");
            assert!(!permits(Role::Administrator, act), "{act:?}");
        }
        assert!(!permits(Role::Administrator, Act::ReadCase));
        assert!(!permits(Role::Administrator, Act::ReadAudit));
    }

    #[test]
    fn role_codes_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_code(role.code()), Some(role));
        }
        assert_eq!(Role::from_code("chef"), None);
    }
}
