//! A device's chain: dense numbers, each event naming the hash of the one before.
//!
//! The chain shows a lost event as a gap and a cloned or rolled-back device as a fork.
//! Basis: design, section 3; reliability, finding 7.

use crate::envelope::EventHeader;

/// The last event of a device that someone has: number and hash. The chain of a new device is [`Head::START`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last event; 0 when there is none.
    pub seq: u64,
    /// Its hash; none when there is no event.
    pub hash: Option<[u8; 32]>,
}

impl Head {
    /// A chain without events.
    pub const START: Head = Head { seq: 0, hash: None };

    /// The head after an event that [`place`] said is next.
    pub fn after(header: &EventHeader, hash: &[u8; 32]) -> Head {
        Head {
            seq: header.device_seq,
            hash: Some(*hash),
        }
    }
}

/// Where an event stands to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It continues the chain.
    Next,
    /// Events between the head and this one have not arrived.
    Gap {
        /// The number that must come first.
        expected: u64,
    },
    /// Its number is taken or its predecessor is another event: unless it is the very event already held at this
    /// number, two devices carry on from one chain.
    Fork,
}

/// Places an event that is not yet held.
pub fn place(head: &Head, header: &EventHeader) -> Place {
    let expected = head.seq.saturating_add(1);
    if header.device_seq > expected {
        Place::Gap { expected }
    } else if header.device_seq == expected && header.prev_hash == head.hash {
        Place::Next
    } else {
        Place::Fork
    }
}

/// Where a list of one device's events, in order, first breaks; `None` when the chain is whole from `head` on.
pub fn first_break<'a>(
    head: Head,
    events: impl IntoIterator<Item = &'a crate::envelope::SealedEvent>,
) -> Option<(u64, Place)> {
    let mut head = head;
    for event in events {
        match place(&head, event.header()) {
            Place::Next => head = Head::after(event.header(), event.hash()),
            broken @ (Place::Gap { .. } | Place::Fork) => {
                return Some((event.header().device_seq, broken));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Device;

    #[test]
    fn a_whole_chain_has_no_break() {
        let mut device = Device::new(1);
        let events: Vec<_> = (0..5).map(|_| device.note("x")).collect();

        assert_eq!(first_break(Head::START, &events), None);
    }

    #[test]
    fn a_missing_event_is_a_gap() {
        let mut device = Device::new(1);
        let events: Vec<_> = (0..3).map(|_| device.note("x")).collect();

        let found = first_break(Head::START, [&events[0], &events[2]]);

        assert_eq!(found, Some((3, Place::Gap { expected: 2 })));
    }

    #[test]
    fn a_cloned_device_is_a_fork() {
        let mut laptop = Device::new(1);
        let first = laptop.note("x");
        let mut clone = laptop.clone();
        let second = laptop.note("on the laptop");
        let other_second = clone.note("on the clone");
        let other_third = clone.note("and on");
        let head = Head::after(second.header(), second.hash());

        assert_eq!(
            place(&head, other_second.header()),
            Place::Fork,
            "the number is taken"
        );
        assert_eq!(
            place(&head, other_third.header()),
            Place::Fork,
            "its predecessor is another event"
        );
        assert_eq!(first_break(Head::START, [&first, &second]), None);
    }
}
