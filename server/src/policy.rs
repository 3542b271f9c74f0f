//! Who may call what: the one table that is asked before every endpoint. An endpoint without a row lets nobody
//! through, and a test compares the table with the endpoints that are served.
//!
//! A row says who must ask, what one of the person's roles must permit ([`Act`], whose own table is
//! [`skranke_domain::role`]), and whether the device must be one that sees the whole municipality. It is applied
//! before anything of a body is read as more than bytes. The tests call every endpoint as everyone and compare.
//!
//! Basis: design, section 6; domain reference 10.3; reliability, threats T2, T3 and goal G13.

use skranke_domain::role::{Act, Role, any_permits};
use skranke_protocol::wire::{
    MAX_ATTACHMENT_BYTES, MAX_BATCH_BYTES, MAX_PROFILE_BYTES, MAX_SEALED_BYTES, Scope,
};

use crate::pace::{Load, Pace};

/// Largest body of small requests, in bytes.
const SMALL: usize = 16 * 1024;
/// Largest body with a profile: its text as JSON may write it, and the few words around it.
pub const PROFILE_BODY_BYTES: usize = 2 * MAX_PROFILE_BYTES + 4 * 1024;

/// Who must ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Anyone; nothing of a municipality is told.
    Anyone,
    /// Whoever proves the key that is presented: a device on its way to being enrolled, or the key that asks for the
    /// share of a closed one. What stands in the body says whether it is let in.
    Key,
    /// A device of the municipality, also a revoked one: it learns that it is, and hands over what it has not sent.
    KnownDevice,
    /// A device of the municipality that may work.
    Device,
    /// A person at work on such a device.
    Person(Act),
}

/// Of which devices a person may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Of any.
    Any,
    /// Only where the device sees the whole municipality: an outreach laptop learns of its own cases alone.
    Municipality,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The HTTP method.
    pub method: &'static str,
    /// The path as the router takes it.
    pub path: &'static str,
    /// Who must ask.
    pub caller: Caller,
    /// Of which devices.
    pub reach: Reach,
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Whether the handler takes the body piece by piece as it arrives, instead of being handed all of it.
    pub is_streamed: bool,
    /// How fast one device, and one person, may ask; none where nothing is guessed or looked up.
    pub pace: Option<Pace>,
    /// What a device leaves with it and is counted in bytes; none where a person of the municipality answers for it, or
    /// what is left is small and paced.
    pub load: Option<Load>,
}

impl Rule {
    /// Whether a person in these roles may ask from a device of this scope. Says nothing about who they are.
    pub fn permits(&self, roles: &[Role], scope: &Scope) -> bool {
        let in_reach = self.reach == Reach::Any || *scope == Scope::Tenant;
        let in_role = match self.caller {
            Caller::Person(act) => any_permits(roles, act),
            Caller::Anyone | Caller::Key | Caller::KnownDevice | Caller::Device => true,
        };
        in_reach && in_role
    }
}

const fn row(
    method: &'static str,
    path: &'static str,
    caller: Caller,
    reach: Reach,
    body_bytes: usize,
    pace: Option<Pace>,
) -> Rule {
    Rule {
        method,
        path,
        caller,
        reach,
        body_bytes,
        is_streamed: false,
        pace,
        load: None,
    }
}

/// Where a secret could be guessed: sixty at once, for a counter where everyone signs in at eight, then one in six
/// seconds.
const GUESSABLE: Option<Pace> = Some(Pace {
    burst: 60,
    seconds_each: 6,
});
/// Where citizens are looked up: far more than a person types, far less than a register is copied with.
const LOOKED_UP: Option<Pace> = Some(Pace {
    burst: 60,
    seconds_each: 2,
});

/// Largest body with a file: all of it.
pub(crate) const FILE: usize = MAX_ATTACHMENT_BYTES as usize;
const ATTACHMENT: &str = "/v1/attachments/{digest}";

/// Every endpoint.
#[rustfmt::skip]
pub static TABLE: [Rule; 34] = {
    use Caller::{Anyone, Device, Key, KnownDevice, Person};
    use Load::{Files, Records};
    use Reach::{Any, Municipality};
    [
        row("GET",   "/healthz",           Anyone,                Any,          0,               None),
        row("GET",   "/readyz",            Anyone,                Any,          0,               None),
        row("GET",   "/v1/openapi.json",   Anyone,                Any,          0,               None),
        row("POST",  "/v1/devices",        Key,                   Any,          SMALL,           GUESSABLE),
        row("GET",   "/v1/devices",        Person(Act::ListDevices), Municipality, 0,            None),
        row("POST",  "/v1/devices/revoke", Person(Act::Administer), Municipality, SMALL,         None),
        row("POST",  "/v1/devices/holdings", Person(Act::ReadAudit), Municipality, SMALL,        LOOKED_UP),
        row("POST",  "/v1/devices/rekey",  Device,                Any,          SMALL,           GUESSABLE),
        row("POST",  "/v1/leases",         Device,                Any,          SMALL,           GUESSABLE),
        row("POST",  "/v1/leases/renew",   Key,                   Any,          SMALL,           GUESSABLE),
        row("GET",   "/v1/wipe-order",     KnownDevice,           Any,          0,               None),
        Rule { load: Some(Records), ..
        row("POST",  "/v1/wipe-order",     KnownDevice,           Any,          MAX_BATCH_BYTES, None) },
        row("POST",  "/v1/sign-ins",       Device,                Any,          SMALL,           GUESSABLE),
        row("POST",  "/v1/sessions",       Device,                Any,          SMALL,           GUESSABLE),
        row("POST",  "/v1/sessions/renew", Device,                Any,          SMALL,           GUESSABLE),
        row("POST",  "/v1/sessions/end",   Device,                Any,          SMALL,           GUESSABLE),
        Rule { load: Some(Records), ..
        row("POST",  "/v1/events",         KnownDevice,                Any,          MAX_BATCH_BYTES, None) },
        row("GET",   "/v1/events",         Device,                Any,          0,               None),
        Rule { load: Some(Records), ..
        row("POST",  "/v1/sealed",         KnownDevice,           Any,          MAX_SEALED_BYTES, None) },
        Rule { load: Some(Records), ..
        row("POST",  "/v1/audit",          KnownDevice,           Any,          MAX_BATCH_BYTES, None) },
        row("POST",  "/v1/audit/read",     Person(Act::ReadAudit), Municipality, SMALL,          LOOKED_UP),
        row("POST",  "/v1/lookup",         Person(Act::Search),   Municipality, SMALL,           LOOKED_UP),
        row("POST",  "/v1/profiles",       Person(Act::Administer), Any,         PROFILE_BODY_BYTES, None),
        row("GET",   "/v1/profiles",       Device,                Any,          0,               None),
        row("GET",   "/v1/held",           Person(Act::Review),   Municipality, 0,               None),
        row("POST",  "/v1/held",           Person(Act::Review),   Municipality, SMALL,           None),
        row("GET",   "/v1/scope",          Person(Act::GiveOut),  Municipality, 0,               None),
        row("POST",  "/v1/scope",          Person(Act::GiveOut),  Municipality, SMALL,           None),
        row("GET",   "/v1/returned",       Device,                Any,          0,               None),
        row("GET",   "/v1/status",         KnownDevice,           Any,          0,               None),
        row("GET",   "/v1/confirmation",   KnownDevice,                Any,          0,               None),
        row("HEAD",  ATTACHMENT,           KnownDevice,                Any,          0,               None),
        Rule { is_streamed: true, load: Some(Files), ..
        row("PATCH", ATTACHMENT,           KnownDevice,                Any,          FILE,            None) },
        row("GET",   ATTACHMENT,           Person(Act::SeeChannel), Municipality, 0,             None),
    ]
};

/// The row of a request. A GET endpoint also answers HEAD, unless HEAD has a row of its own.
pub fn rule(method: &str, path: &str) -> Option<&'static Rule> {
    let find = |method: &str| {
        TABLE
            .iter()
            .find(|rule| rule.method == method && rule.path == path)
    };
    find(method).or_else(|| find("GET").filter(|_| method == "HEAD"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_endpoint_that_is_served_has_its_row_and_no_row_is_for_nothing() {
        let (_, api) = crate::routes::endpoints().split_for_parts();
        let mut served = BTreeSet::new();
        for (path, item) in &api.paths.paths {
            let methods = [
                ("GET", &item.get),
                ("HEAD", &item.head),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ];
            let there = methods.into_iter().filter(|(_, there)| there.is_some());
            served.extend(there.map(|(method, _)| (method, path.as_str())));
        }

        let listed: BTreeSet<_> = TABLE.iter().map(|rule| (rule.method, rule.path)).collect();

        assert_eq!(listed, served);
        assert_eq!(listed.len(), TABLE.len(), "each row once");
    }

    #[test]
    fn whoever_may_read_of_a_person_must_be_one() {
        for rule in &TABLE {
            if matches!(
                (rule.method, rule.path),
                ("POST", "/v1/lookup") | ("GET", ATTACHMENT)
            ) {
                assert!(matches!(rule.caller, Caller::Person(_)), "{rule:?}");
            }
            if rule.caller == Caller::Anyone {
                assert_eq!(rule.body_bytes, 0, "nobody leaves anything: {rule:?}");
            }
        }
    }

    #[test]
    fn what_can_be_guessed_or_looked_up_has_its_pace() {
        for rule in &TABLE {
            let is_secret = ["/v1/sign-ins", "/v1/sessions", "/v1/leases"];
            let takes_a_secret = rule.method == "POST"
                && (rule.caller == Caller::Key
                    || rule.path == "/v1/devices/rekey"
                    || is_secret.iter().any(|path| rule.path.starts_with(path)));
            let tells_of_people = rule.method == "POST"
                && matches!(rule.caller, Caller::Person(Act::Search | Act::ReadAudit));
            let due = match (takes_a_secret, tells_of_people) {
                (true, _) => GUESSABLE,
                (_, true) => LOOKED_UP,
                (false, false) => None,
            };

            assert_eq!(rule.pace, due, "{} {}", rule.method, rule.path);
        }
    }

    #[test]
    fn whatever_a_device_leaves_also_one_that_is_shut_out_is_counted() {
        for rule in &TABLE {
            let leaves = rule.caller == Caller::KnownDevice && rule.body_bytes > 0;
            let due = match (leaves, rule.is_streamed) {
                (false, _) => None,
                (true, false) => Some(Load::Records),
                (true, true) => Some(Load::Files),
            };

            assert_eq!(rule.load, due, "{} {}", rule.method, rule.path);
        }
    }

    #[test]
    fn only_roles_that_search_look_up_and_only_where_the_whole_municipality_is_seen() {
        let rule = rule("POST", "/v1/lookup");
        let may = |role, scope: &Scope| rule.expect("a row").permits(&[role], scope);

        let may_search: Vec<_> = Role::ALL
            .into_iter()
            .filter(|role| may(*role, &Scope::Tenant))
            .collect();

        assert_eq!(
            may_search,
            [
                Role::Counter,
                Role::ExemptionUnit,
                Role::Lead,
                Role::Auditor
            ]
        );
        assert!(!may(Role::Counter, &Scope::OwnCases));
    }
}
