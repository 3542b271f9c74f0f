//! Work that pretends not to have seen what its computer held.
//!
//! Basis: design, section 3 (`based_on`); decision 45.

use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, EventId};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{DeviceState, Outcome, QuarantineReason, Scope, Verdict};

use super::review::{decide, lead};
use crate::office::{Laptop, Office, TENANT, citizen, ids, last};

const CITIZEN: &str = "2512169996";

/// What a colleague's computer did: a note in one case, and after it one in another.
struct Colleague {
    laptop: Laptop,
    case: CaseId,
    opening: Vec<SealedEvent>,
    note: Vec<SealedEvent>,
    other_case: CaseId,
    later_note: Vec<SealedEvent>,
}

impl Colleague {
    fn at_work(office: &Office) -> Self {
        let mut laptop = office.laptop(2, Scope::Tenant);
        let (case, opening) = laptop.open_case(CITIZEN);
        let (other_case, other_opening) = laptop.open_case("2211771212");
        let note = laptop.note(case, &last(&opening), "ringede til borgeren");
        let later_note = laptop.note(other_case, &last(&other_opening), "senere, i en anden sag");
        let all = [
            opening.clone(),
            other_opening,
            note.clone(),
            later_note.clone(),
        ];
        office.push(laptop.id, &all.concat());
        Self {
            laptop,
            case,
            opening,
            note,
            other_case,
            later_note,
        }
    }

    /// Somebody renames the citizen, having seen so much.
    fn renamed(&self, laptop: &mut Laptop, seen: &[EventId]) -> Vec<SealedEvent> {
        let name = Event::CitizenRecorded(citizen(CITIZEN, "Åse Holm"));
        laptop.command(self.case, seen, &[name])
    }
}

fn is_understated(verdict: &Verdict) -> bool {
    let reason = QuarantineReason::UnderstatedBasedOn;
    *verdict == Verdict::First(Outcome::Quarantined { reason })
}

fn is_accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::First(Outcome::Accepted { .. }))
}

pub(crate) fn who_names_a_later_event_held_what_came_before_it_in_every_case(office: &Office) {
    let mut colleague = Colleague::at_work(office);
    let mut laptop = office.laptop(1, Scope::Tenant);
    let named = laptop.note(colleague.other_case, &last(&colleague.later_note), "læst");
    let pretends = colleague.renamed(&mut laptop, &last(&colleague.opening));
    let honest = colleague.renamed(&mut laptop, &last(&colleague.note));

    let verdicts =
        [named, pretends.clone(), honest.clone()].map(|command| office.verdict(&laptop, &command));
    assert!(is_accepted(&verdicts[0]));
    assert!(
        is_understated(&verdicts[1]),
        "the note was there to be seen"
    );
    assert!(is_accepted(&verdicts[2]));

    // What came after everything it ever named, it may not have read.
    let newer = colleague.laptop.note(colleague.case, &last(&honest), "nyt");
    office.push(colleague.laptop.id, &newer);
    let unread = laptop.note(
        colleague.case,
        &last(&honest),
        "skrevet uden at have læst det",
    );
    assert!(is_accepted(&office.verdict(&laptop, &unread)));

    let let_in = decide(office, &pretends, &lead(office), true);
    assert!(
        matches!(
            let_in,
            Some(Outcome::Accepted { .. } | Outcome::Conflict { .. })
        ),
        "a person may find that it is honest: {let_in:?}"
    );
}

pub(crate) fn what_was_recorded_before_anything_later_was_read_is_honest(office: &Office) {
    let colleague = Colleague::at_work(office);
    let mut laptop = office.laptop(1, Scope::Tenant);
    // Offline, and handed over only after it had read on.
    let offline = colleague.renamed(&mut laptop, &last(&colleague.opening));
    let seen = [last(&colleague.note), last(&offline)].concat();
    let after = laptop.note(colleague.case, &seen, "og videre");
    let named = laptop.note(colleague.other_case, &last(&colleague.later_note), "læst");

    let pushed = office.push(laptop.id, &[offline, after, named].concat());

    for verdict in pushed.verdicts {
        assert!(is_accepted(&verdict.verdict), "{:?}", verdict.verdict);
    }
}

pub(crate) fn work_of_a_computer_that_forked_tells_nothing_of_how_far_another_had_read(
    office: &Office,
) {
    let colleague = Colleague::at_work(office);
    let mut transaction = office.store.begin(TENANT).unwrap();
    let mut forked = transaction.device(colleague.laptop.id).unwrap().unwrap();
    forked.state = DeviceState::Forked;
    transaction.update_device(&forked).unwrap();
    transaction.commit().unwrap();
    // It may be that very computer under its new name, with its own work and nothing read.
    let mut successor = office.laptop(1, Scope::Tenant);
    let named = successor.note(
        colleague.other_case,
        &last(&colleague.later_note),
        "mit eget",
    );
    let unread = colleague.renamed(&mut successor, &last(&colleague.opening));

    let pushed = office.push(successor.id, &[named, unread].concat());

    for verdict in pushed.verdicts {
        assert!(is_accepted(&verdict.verdict), "{:?}", verdict.verdict);
    }
}

pub(crate) fn an_event_that_does_not_build_on_the_one_before_it_in_its_command_is_held_apart(
    office: &Office,
) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case(CITIZEN);
    office.push(laptop.id, &opening);
    let note = |text: &str| Event::NoteAdded {
        text: text.to_owned(),
    };
    let seen = last(&opening);
    let mut command = laptop.command(case, &seen, &[note("først"), note("så")]);
    laptop.head = skranke_protocol::chain::Head::after(command[0].header(), command[0].hash());
    let header = command[1].header();
    let mut beside = laptop.unsealed(case, header.command_id, (2, 2), vec![]);
    beside.based_on.clone_from(&ids(&opening));
    command[1] = beside
        .seal(&note("ved siden af"), [7; 16], &laptop.key)
        .unwrap();

    let verdict = office.verdict(&laptop, &command);

    assert!(is_understated(&verdict), "{verdict:?}");
}
