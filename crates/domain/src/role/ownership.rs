//! Whose a case is to whoever asks about it, and what each role may do with whose cases: the second half of the one
//! table of rights.
//!
//! Basis: practice 1 (outreach hands in, Borgerservice decides); design, section 4 (a look outside one's own open work
//! asks for a purpose); reliability, threat T2.

use super::{Act, Role, permits};

/// How a case stands to whoever asks about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ownership {
    /// Open work in which they have recorded something.
    Own,
    /// Open work that was recorded at the computer they sit at, or is laid on it.
    Computer,
    /// Open work from elsewhere: it waits in the queue for whoever decides and finishes.
    HandedIn,
    /// Work that is done, their own or their computer's.
    OwnDone,
    /// Work that others have done.
    OthersDone,
}

impl Ownership {
    /// Every way, in the order of the table's columns.
    pub const ALL: [Ownership; 5] = [
        Ownership::Own,
        Ownership::Computer,
        Ownership::HandedIn,
        Ownership::OwnDone,
        Ownership::OthersDone,
    ];

    /// How a case stands that is open work or not, is one's own or not, and is of this computer or not.
    pub const fn of(is_open_work: bool, is_own: bool, is_of_computer: bool) -> Ownership {
        match (is_open_work, is_own, is_of_computer) {
            (true, true, _) => Ownership::Own,
            (true, false, true) => Ownership::Computer,
            (true, false, false) => Ownership::HandedIn,
            (false, false, false) => Ownership::OthersDone,
            (false, _, _) => Ownership::OwnDone,
        }
    }
}

/// Whether something is allowed; the more is asked, the later it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leave {
    /// As it is.
    Free,
    /// To whoever says why.
    ForPurpose,
    /// Not at all.
    Never,
}

/// Whose cases each role looks at, by the columns of [`Ownership::ALL`]. What a role may not look at, it does nothing
/// with; what it does with a case it may look at is its own purpose.
#[rustfmt::skip]
static LOOKS: [(Role, [Leave; 5]); Role::ALL.len()] = {
    use Leave::{ForPurpose, Free, Never};
    [
        //                      own         computer's  handed in   own, done   others', done
        (Role::Counter,       [Free,       Free,       Free,       ForPurpose, ForPurpose]),
        (Role::Outreach,      [Free,       Free,       Never,      ForPurpose, Never]),
        (Role::ExemptionUnit, [Free,       Free,       Free,       ForPurpose, ForPurpose]),
        (Role::Lead,          [Free,       Free,       Free,       ForPurpose, ForPurpose]),
        (Role::Auditor,       [ForPurpose, ForPurpose, ForPurpose, ForPurpose, ForPurpose]),
        (Role::Administrator, [Never,      Never,      Never,      Never,      Never]),
    ]
};

fn leave(role: Role, act: Act, case: Option<Ownership>) -> Leave {
    let Some(ownership) = case else {
        return Leave::Free;
    };
    let mut rows = LOOKS.iter().filter(|(of, _)| *of == role);
    match rows.next().map(|(_, row)| row[ownership as usize]) {
        Some(Leave::ForPurpose) if act != Act::ReadCase => Leave::Free,
        Some(leave) => leave,
        None => Leave::Never,
    }
}

/// Whether someone in these roles may do `act`, with a case of this ownership where it is about one. Of several roles
/// the one that asks least counts.
pub fn may(roles: &[Role], act: Act, case: Option<Ownership>) -> Leave {
    let permitted = roles.iter().filter(|role| permits(**role, act));
    permitted
        .map(|role| leave(*role, act, case))
        .min()
        .unwrap_or(Leave::Never)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_row_and_every_column_stands_where_it_is_read() {
        for role in Role::ALL {
            let rows = LOOKS.iter().filter(|(of, _)| *of == role).count();
            assert_eq!(rows, 1, "{role:?}");
        }
        for (column, ownership) in Ownership::ALL.into_iter().enumerate() {
            assert_eq!(ownership as usize, column);
        }
    }

    #[test]
    fn practice_1_outreach_reaches_its_own_and_its_computers_cases_alone() {
        let looks = |case| may(&[Role::Outreach], Act::ReadCase, Some(case));

        assert_eq!(looks(Ownership::Own), Leave::Free);
        assert_eq!(looks(Ownership::Computer), Leave::Free);
        assert_eq!(looks(Ownership::OwnDone), Leave::ForPurpose);
        for others in [Ownership::HandedIn, Ownership::OthersDone] {
            for act in Act::ALL {
                assert_eq!(may(&[Role::Outreach], act, Some(others)), Leave::Never);
            }
        }
    }

    #[test]
    fn work_that_is_done_is_looked_at_for_a_purpose_by_everyone() {
        for role in Role::ALL {
            for done in [Ownership::OwnDone, Ownership::OthersDone] {
                let leave = may(&[role], Act::ReadCase, Some(done));
                assert_ne!(leave, Leave::Free, "{role:?} {done:?}");
            }
        }
    }

    #[test]
    fn whose_a_case_is_gives_nobody_what_the_role_does_not() {
        for role in Role::ALL {
            for act in Act::ALL {
                for case in Ownership::ALL.map(Some).into_iter().chain([None]) {
                    if !permits(role, act) {
                        assert_eq!(may(&[role], act, case), Leave::Never, "{role:?} {act:?}");
                    }
                }
                let without_a_case = may(&[role], act, None) == Leave::Free;
                assert_eq!(without_a_case, permits(role, act), "{role:?} {act:?}");
            }
        }
    }

    #[test]
    fn of_several_roles_the_one_that_asks_least_counts() {
        let both = [Role::Outreach, Role::Counter];
        let looks = |roles: &[Role]| may(roles, Act::ReadCase, Some(Ownership::OthersDone));

        assert_eq!(looks(&both), Leave::ForPurpose);
        assert_eq!(looks(&[]), Leave::Never);
        assert_eq!(
            may(
                &[Role::Auditor, Role::Counter],
                Act::ReadCase,
                Some(Ownership::Own)
            ),
            Leave::Free
        );
    }
}
