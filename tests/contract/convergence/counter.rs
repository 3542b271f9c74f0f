//! A counter or a laptop in memory: what the desktop's store keeps, with the real planner deciding what is sent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use skranke_domain::case::{Case, Recorded, act_of, check, check_merge, check_rule_set};
use skranke_domain::event::{Channel, Event, MergedInto};
use skranke_domain::ids::{CaseId, CommandId, EventId, GrantId};
use skranke_domain::role::{Role, any_permits};
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::payload;
use skranke_protocol::plan::{Local, Operation, OutboxState, OwnEvent, outbox_state, plan};
use skranke_protocol::tree::{FollowedTree, Node, event_leaf, leaf_hash};
use skranke_protocol::version::SPOKEN;
use skranke_protocol::wire::{
    CommandVerdict, Cursor, DeferReason, DeviceStatus, Outcome, PushBatch, Scope, Status,
};
use skranke_server::admission::Admitted;

use super::Dice;
use super::central::{Central, Keys};
use super::wishes::{registered, rule_sets, time_limited, wish};
use crate::office::{Laptop, TENANT, citizen, noon};

/// How far offering to a restored store has come: whether the grants went, and the last event.
type Offer = (bool, Option<(skranke_domain::ids::DeviceId, u64)>);

/// What cannot be sent back by itself: another case has the other half of it.
const HALVES: [&str; 4] = [
    "duplicate_linked",
    "duplicate_unlinked",
    "merged_into",
    "merge_undone",
];

pub(super) struct Counter {
    code: u8,
    laptop: Laptop,
    scope: Scope,
    held: BTreeMap<EventId, SealedEvent>,
    positions: BTreeMap<EventId, u64>,
    own: Vec<SealedEvent>,
    /// Own work that was sent back: links of the chain that count nowhere.
    returned: BTreeSet<CommandId>,
    settled: BTreeSet<CommandId>,
    cursor: Cursor,
    tree: Option<FollowedTree>,
    opening: Option<EpochOpening>,
    tokens: BTreeMap<GrantId, String>,
    offer: Option<Offer>,
}

impl Counter {
    pub(super) fn new(seed: u8, scope: Scope) -> Self {
        let mut laptop = Laptop::new(seed);
        // Until somebody signs in there is no grant to name.
        laptop.grant = GrantId::from_uuid(uuid::Uuid::nil());
        Self {
            code: seed,
            laptop,
            scope,
            held: BTreeMap::new(),
            positions: BTreeMap::new(),
            own: Vec::new(),
            returned: BTreeSet::new(),
            settled: BTreeSet::new(),
            cursor: Cursor::START,
            tree: None,
            opening: None,
            tokens: BTreeMap::new(),
            offer: None,
        }
    }

    pub(super) fn device(&self) -> skranke_domain::ids::DeviceId {
        self.laptop.id
    }

    /// How far it has read and proved the feed, and the root over that.
    pub(super) fn proved(&self) -> Option<(u64, Node)> {
        self.tree
            .as_ref()
            .map(|tree| (tree.position(), tree.root()))
    }

    /// Its own work that counts.
    pub(super) fn own(&self) -> impl Iterator<Item = &SealedEvent> {
        let own = self.own.iter();
        own.filter(move |event| !self.returned.contains(&event.header().command_id))
    }

    /// Its own work that was sent back.
    pub(super) fn returned(&self) -> impl Iterator<Item = &SealedEvent> {
        let own = self.own.iter();
        own.filter(move |event| self.returned.contains(&event.header().command_id))
    }

    /// All that is held, in an order of no meaning.
    pub(super) fn events(&self, dice: &mut Dice) -> Vec<SealedEvent> {
        let mut events: Vec<SealedEvent> = self.held.values().cloned().collect();
        for place in (1..events.len()).rev() {
            events.swap(place, dice.below(place + 1));
        }
        events
    }

    /// Somebody opens a case; all are about one citizen.
    pub(super) fn open(&mut self, dice: &mut Dice) -> CaseId {
        let number = format!("2026-S{}-{:04}", self.code, self.own.len() + 1);
        let opened = self.laptop.opened_as(&number, Channel::InPerson);
        let events = [opened, Event::CitizenRecorded(citizen("0201703984", "Åse"))];
        let case_id = CaseId::from_uuid(dice.uuid());
        self.seal(case_id, &[], &events, dice);
        case_id
    }

    /// An exemption of the years when they had a term, granted and registered.
    pub(super) fn exempt(&mut self, dice: &mut Dice) {
        let case_id = self.open(dice);
        let granted = time_limited(dice);
        self.go_on(case_id, &granted, dice);
        let case = Case::fold(case_id, &self.recorded(case_id));
        self.go_on(case_id, &[registered(&case, dice)], dice);
    }

    /// A command that builds on the whole case as it stands here.
    fn go_on(&mut self, case_id: CaseId, events: &[Event], dice: &mut Dice) {
        let case = Case::fold(case_id, &self.recorded(case_id));
        self.seal(case_id, &case.heads, events, dice);
    }

    /// Somebody does something that is allowed in the case as this counter sees it.
    pub(super) fn work(&mut self, dice: &mut Dice) {
        if dice.one_in(4) {
            // The clock is put right, or wrong.
            let days = i64::try_from(dice.below(8_000)).unwrap() - 4_000;
            self.laptop.at = noon() + TimeDelta::days(days);
        }
        let known: BTreeSet<CaseId> = self.held.values().map(|e| e.header().case_id).collect();
        let known: Vec<CaseId> = known.into_iter().collect();
        if known.is_empty() || dice.one_in(12) {
            self.open(dice);
            return;
        }
        if known.len() > 1 && dice.one_in(4) {
            return self.merge(&known, dice);
        }
        let case_id = known[dice.below(known.len())];
        let recorded = self.recorded(case_id);
        let case = Case::fold(case_id, &recorded);
        let paper = format!("S{}-2026-{:05}", self.code, self.own.len() + 1);
        let mut wanted = wish(&case, &paper, dice);
        if dice.one_in(4) {
            wanted.push(Event::NoteAdded {
                text: format!("note {}", dice.below(1_000)),
            });
        }
        let mut as_seen = recorded;
        for (event, place) in wanted.iter().zip(0..) {
            let seen = Case::fold(case_id, &as_seen);
            let may = any_permits(&[Role::Lead], act_of(event));
            let holds =
                check(&seen, event).and_then(|()| check_rule_set(&seen, event, rule_sets()));
            if !may || holds.is_err() {
                return;
            }
            as_seen.push(Recorded {
                id: EventId::from_uuid(dice.uuid()),
                command: CommandId::from_uuid(uuid::Uuid::from_u128(place)),
                based_on: seen.heads,
                recorded_at: self.laptop.at,
                hash: [0; 32],
                actor: self.laptop.staff,
                event: Some(event.clone()),
            });
        }
        self.seal(case_id, &case.heads, &wanted, dice);
    }

    fn recorded(&self, case_id: CaseId) -> Vec<Recorded> {
        let events = self.held.values();
        events
            .filter(|event| event.header().case_id == case_id)
            .map(|event| payload::recorded(event).unwrap())
            .collect()
    }

    /// Somebody merges two cases, as the desktop does it, or parts two that were merged.
    fn merge(&mut self, known: &[CaseId], dice: &mut Dice) {
        let id = known[dice.below(known.len())];
        let ending = Case::fold(id, &self.recorded(id));
        let reason = "Samme borger".to_owned();
        let (other, events) = match &ending.merged_into {
            Some(merged) => {
                let undone = Event::MergeUndone {
                    reason: reason.clone(),
                };
                let other = merged.value;
                // A laptop may hold one half of it alone.
                if !known.contains(&other) {
                    return;
                }
                (
                    other,
                    [Event::DuplicateUnlinked { other: id, reason }, undone],
                )
            }
            None => {
                let others: Vec<CaseId> = known.iter().copied().filter(|one| *one != id).collect();
                let other = others[dice.below(others.len())];
                let merged = Event::MergedInto(MergedInto {
                    other,
                    merged_at: noon(),
                    reason,
                });
                (other, [Event::DuplicateLinked { other: id }, merged])
            }
        };
        let lasting = Case::fold(other, &self.recorded(other));
        if ending.merged_into.is_none() && check_merge(&ending, &lasting).is_err() {
            return;
        }
        for (case, event) in [(&lasting, &events[0]), (&ending, &events[1])] {
            if check(case, event).is_ok() {
                self.seal(case.id, &case.heads, std::slice::from_ref(event), dice);
            }
        }
    }

    fn seal(&mut self, case_id: CaseId, seen: &[EventId], events: &[Event], dice: &mut Dice) {
        let command_id = CommandId::from_uuid(dice.uuid());
        let n = u16::try_from(events.len()).unwrap();
        let mut based_on = seen.to_vec();
        for (event, k) in events.iter().zip(1..) {
            let mut unsealed = self
                .laptop
                .unsealed(case_id, command_id, (k, n), based_on.clone());
            unsealed.id = EventId::from_uuid(dice.uuid());
            let salt = *dice.uuid().as_bytes();
            let sealed = unsealed.seal(event, salt, &self.laptop.key).unwrap();
            self.laptop.head = Head::after(sealed.header(), sealed.hash());
            based_on = vec![sealed.header().id];
            self.held.insert(sealed.header().id, sealed.clone());
            self.own.push(sealed);
        }
    }

    /// The person signs in: until then their work is held apart.
    pub(super) fn sign_in(&mut self, central: &mut Central, keys: &Keys, dice: &mut Dice) {
        central.enrol(&self.laptop, &self.scope);
        let id = GrantId::from_uuid(dice.uuid());
        let signed = central.sign_in(&self.laptop, id, keys);
        self.tokens.insert(id, signed.to_token());
        // What is recorded from now on names it.
        self.laptop.grant = id;
    }

    /// The person looks at what is held apart, as a lead does: at one of it, or at all.
    pub(super) fn review(&self, central: &mut Central, keys: &Keys, dice: &mut Dice, all: bool) {
        let mut waiting = central.waiting();
        if !all {
            let one = dice.below(waiting.len());
            waiting = waiting.get(one).copied().into_iter().collect();
        }
        for command in waiting {
            let grant = GrantId::from_uuid(dice.uuid());
            central.release(command, &self.laptop, grant, keys);
        }
    }

    /// Whether it holds something of a command.
    pub(super) fn holds(&self, command: CommandId) -> bool {
        let mut held = self.held.values();
        held.any(|event| event.header().command_id == command)
    }

    /// Whether a command was made here, nothing was built on it yet, and no other case has a half of it.
    pub(super) fn made_last(&self, command: CommandId) -> bool {
        let of_it = |event: &&SealedEvent| event.header().command_id == command;
        let made: Vec<&SealedEvent> = self.own.iter().filter(of_it).collect();
        let is_half = |event: &&SealedEvent| HALVES.contains(&event.header().kind.as_str());
        let ids: BTreeSet<EventId> = made.iter().map(|event| event.header().id).collect();
        let mut later = self.held.values().filter(|event| !of_it(event));
        let is_built_on = later.any(|event| {
            let mut based_on = event.header().based_on.iter();
            based_on.any(|id| ids.contains(id))
        });
        !made.is_empty() && !made.iter().any(is_half) && !is_built_on
    }

    /// The person looks at work that is held apart, as a lead does, and sends it back; whether it waited.
    pub(super) fn send_back(
        &self,
        command: CommandId,
        central: &mut Central,
        keys: &Keys,
        dice: &mut Dice,
    ) -> bool {
        let grant = GrantId::from_uuid(dice.uuid());
        central.send_back(command, &self.laptop, grant, keys)
    }

    /// The person hears that their work was sent back: it stays in the chain, and the case is what it was without it.
    pub(super) fn hears_of_return(&mut self, command: CommandId) {
        self.held
            .retain(|_, event| event.header().command_id != command);
        self.returned.insert(command);
    }

    /// One round with the central store; with `faults` it may be cut anywhere, and messages come twice.
    pub(super) fn sync(
        &mut self,
        central: &mut Central,
        keys: &Keys,
        dice: &mut Dice,
        faults: bool,
    ) {
        central.enrol(&self.laptop, &self.scope);
        let status = self.status(central);
        self.follow(&status, central, keys);
        let planned: Vec<OwnEvent> = self
            .own
            .iter()
            .map(|event| OwnEvent {
                seq: event.header().device_seq,
                hash: *event.hash(),
                command_id: event.header().command_id,
                wire_bytes: 900,
                confirmed: self.settled.contains(&event.header().command_id),
            })
            .collect();
        let local = Local {
            head: self.laptop.head,
            own: &planned,
            cursor: self.cursor,
            offers_pulled: self.offer.is_some(),
            sealed: &[],
            offers_sealed: false,
            attachments: &[],
        };
        for operation in plan(&local, &status) {
            if faults && dice.one_in(6) {
                return;
            }
            match operation {
                Operation::Push { first, last } => {
                    if !self.push(central, keys, dice, faults, (first, last)) {
                        return;
                    }
                }
                Operation::ReofferPulled => {
                    if !self.offer_again(central, keys, dice, faults) {
                        return;
                    }
                }
                Operation::Pull { .. } => self.pull(central, dice, faults),
                Operation::Raise(alarm) => panic!("{alarm:?}"),
                Operation::StopRevoked
                | Operation::StopForNewEpoch
                | Operation::PushSealed { .. }
                | Operation::OfferSealed
                | Operation::Upload(_) => {
                    panic!("{operation:?}")
                }
            }
        }
    }

    fn status(&self, central: &Central) -> Status {
        let device = &central.devices[&self.laptop.id];
        Status {
            protocol: SPOKEN,
            server_version: String::new(),
            tenant: TENANT.to_owned(),
            epoch: central.tenant.epoch,
            position: central.tenant.position(),
            backup_position: 0,
            epoch_warrant: None,
            profile_edition: 0,
            profile_digest: None,
            browser_sign_in: false,
            takes_batches_behind: true,
            device: DeviceStatus {
                device_id: device.id,
                device_code: device.code.clone(),
                state: device.state.clone(),
                scope: self.scope.clone(),
                seq: device.head.seq,
                head_hash: device.head.hash,
            },
            certification: None,
            recovery: None,
            server_time: noon(),
        }
    }

    fn follow(&mut self, status: &Status, central: &Central, keys: &Keys) {
        let signed = central.tenant.opening.as_ref();
        let opening = signed.map(|signed| signed.verify(&keys.operator.public()).unwrap());
        if self.cursor.epoch == 0 {
            self.cursor.epoch = status.epoch;
            self.tree = Some(FollowedTree::of_nothing(status.epoch));
        } else if status.epoch > self.cursor.epoch {
            let shared = opening
                .as_ref()
                .and_then(|opening| opening.shared_with(self.cursor.epoch, self.opening.as_ref()));
            let shared = shared.expect("whatever was restored has something in common");
            self.positions.retain(|_, position| *position <= shared);
            let positions = &self.positions;
            let is_there = |event: &&SealedEvent| positions.contains_key(&event.header().id);
            self.settled = self
                .own
                .iter()
                .filter(is_there)
                .map(|event| event.header().command_id)
                .collect();
            self.cursor = Cursor {
                epoch: status.epoch,
                position: self.cursor.position.min(shared),
            };
            let before = self.tree.take();
            self.tree = before.and_then(|tree| tree.goes_on_in(status.epoch, shared));
            self.offer = Some((false, None));
        } else {
            return;
        }
        self.opening = opening;
    }

    /// Whether the round goes on.
    fn push(
        &mut self,
        central: &mut Central,
        keys: &Keys,
        dice: &mut Dice,
        faults: bool,
        (first, last): (u64, u64),
    ) -> bool {
        let from = usize::try_from(first - 1).unwrap();
        let events = self.own[from..usize::try_from(last).unwrap()].to_vec();
        if faults && dice.one_in(4) {
            // The second half overtakes the first, which then is lost or comes after all.
            let half = events.len() / 2;
            let late: Vec<SealedEvent> = whole(&events[half..]);
            let admitted = central.push(self.laptop.id, &PushBatch::of(&late), keys);
            self.hear(&admitted);
            self.take(&late, &admitted.verdicts);
            if dice.one_in(2) {
                return false;
            }
        }
        let batch = PushBatch::of(&events);
        let mut admitted = central.push(self.laptop.id, &batch, keys);
        if faults && dice.one_in(3) {
            admitted = central.push(self.laptop.id, &batch, keys);
        }
        if faults && dice.one_in(4) {
            return false;
        }
        assert_eq!(admitted.device.head.seq, admitted.device.head.seq.max(last));
        self.hear(&admitted);
        self.take(&events, &admitted.verdicts);
        true
    }

    fn take(&mut self, events: &[SealedEvent], verdicts: &[CommandVerdict]) {
        for CommandVerdict {
            command_id,
            verdict,
        } in verdicts
        {
            let is_settled = outbox_state(verdict) != OutboxState::Waiting
                && !matches!(
                    verdict.outcome(),
                    Outcome::Deferred {
                        reason: DeferReason::ParentMissing | DeferReason::ParentQuarantined
                    }
                );
            if is_settled {
                self.settled.insert(*command_id);
            }
            if let Outcome::Accepted { position } | Outcome::Conflict { position, .. } =
                verdict.outcome()
            {
                let of_command: Vec<_> = events
                    .iter()
                    .filter(|event| event.header().command_id == *command_id)
                    .collect();
                for (event, back) in of_command.iter().rev().zip(0..) {
                    // Only the last position is named; those before it follow from it.
                    self.positions
                        .entry(event.header().id)
                        .or_insert(position - back);
                }
            }
        }
    }

    fn offer_again(
        &mut self,
        central: &mut Central,
        keys: &Keys,
        dice: &mut Dice,
        faults: bool,
    ) -> bool {
        while let Some((grants_went, after)) = self.offer {
            if faults && dice.one_in(4) {
                return false;
            }
            if !grants_went {
                let tokens: Vec<String> = self.tokens.values().cloned().collect();
                central.push(self.laptop.id, &PushBatch::again(&[], tokens), keys);
                self.offer = Some((true, after));
                continue;
            }
            let mut pulled: Vec<&SealedEvent> = self
                .held
                .values()
                .filter(|event| event.header().device_id != self.laptop.id)
                .filter(|event| !self.positions.contains_key(&event.header().id))
                .collect();
            let place = |event: &SealedEvent| (event.header().device_id, event.header().device_seq);
            pulled.sort_by_key(|event| place(event));
            let rest = pulled
                .into_iter()
                .filter(|e| after.is_none_or(|after| place(e) > after));
            let rest: Vec<SealedEvent> = rest.cloned().collect();
            let Some(first) = rest.first() else {
                self.offer = None;
                return true;
            };
            let command = first.header().command_id;
            let events: Vec<SealedEvent> = rest
                .iter()
                .take_while(|event| event.header().command_id == command)
                .cloned()
                .collect();
            if events.len() == usize::from(first.header().n) {
                central.push(self.laptop.id, &PushBatch::again(&events, Vec::new()), keys);
            }
            self.offer = Some((true, events.last().map(place)));
        }
        true
    }

    fn pull(&mut self, central: &Central, dice: &mut Dice, faults: bool) {
        loop {
            let from = self.cursor.position;
            let mut page = central.feed_after(self.laptop.id, from);
            let whole = page.len();
            page.truncate(2 + dice.below(5));
            // As the server does it: no page ends in the middle of a command.
            while page
                .last()
                .is_some_and(|(_, e)| e.header().k != e.header().n)
            {
                page.pop();
            }
            let is_last = page.len() == whole;
            let repeated = if faults && dice.one_in(3) { 2 } else { 1 };
            for _ in 0..repeated {
                for (position, event) in &page {
                    let header = event.header();
                    self.positions.insert(header.id, *position);
                    self.held.entry(header.id).or_insert_with(|| event.clone());
                    // As the server does it: the grant that is named, and those that vouch where it does not hold.
                    for (id, (person, device, grant)) in &central.grants {
                        if (*person, *device) == (header.actor, header.device_id) {
                            self.tokens.insert(*id, grant.signed.to_token());
                        }
                    }
                    if header.device_id == self.laptop.id {
                        self.settled.insert(header.command_id);
                    }
                }
            }
            // Whoever has read what there is for them has read on to the end.
            let read_to = page.last().map_or(from, |(position, _)| *position);
            let end = central.tenant.position();
            self.cursor.position = if is_last { end } else { read_to };
            self.prove(central, from, &page);
            if is_last || (faults && dice.one_in(4)) {
                return;
            }
        }
    }
}

impl Counter {
    /// The head that comes with the verdicts.
    fn hear(&mut self, admitted: &Admitted) {
        if let Some(tree) = &mut self.tree {
            let head = admitted.tenant.head(noon());
            tree.hears(&head).expect("an honest head");
        }
    }

    /// What was read after a position is what the central store signs; of what was not for this computer it gives the
    /// hash alone.
    fn prove(&mut self, central: &Central, from: u64, page: &[(u64, SealedEvent)]) {
        let head = central.tenant.head(noon());
        let mut given = page.iter().peekable();
        let read = from + 1..=self.cursor.position;
        let leaves = read.map(|position| match given.next_if(|(at, _)| *at == position) {
            Some((_, event)) => {
                let header = event.header();
                leaf_hash(&event_leaf(position, header.case_id, event.hash()))
            }
            None => central.leaf_at(position),
        });
        let leaves: Vec<Node> = leaves.collect();
        match &mut self.tree {
            Some(tree) => tree.reads(leaves, &head).expect("an honest feed"),
            // It was restored to before what was read: followed from where both stand.
            None if self.cursor.position == head.position => {
                self.tree = FollowedTree::on_trust(central.tenant.tree.clone(), &head);
            }
            None => {}
        }
    }
}

/// Events without the rest of a command that was cut at the beginning.
fn whole(events: &[SealedEvent]) -> Vec<SealedEvent> {
    let cut = events
        .iter()
        .take_while(|event| event.header().k != 1)
        .count();
    events[cut..].to_vec()
}
