//! A central store that was restored from a backup: who says so is checked, and it is offered again what it lacks.
//!
//! Entering a new epoch is one write here, and offering remembers how far it came, so that a round that is cut
//! anywhere goes on where it was. Basis: design, section 6 (epoch); reliability, finding 6; decision 22.

use serde::{Deserialize, Serialize};
use skranke_domain::ids::DeviceId;
use skranke_domain::rehearsal;
use skranke_protocol::confirmation::Signed;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::{MAX_BATCH_BYTES, MAX_BATCH_EVENTS, Status, wire_size};
use skranke_store::{ReadHandle, WriteHandle};
use skranke_sync::SyncError;

use super::{device_log, host, tree};
use crate::error::AppError;
use crate::state::App;
use crate::usecases::settings;

/// Name of the setting that holds the operator's key, as heard at enrolment.
const OPERATOR_KEY: &str = "operator_key";
/// Name of the setting that holds the opening of the epoch this computer is in, as the operator signed it.
const OPENING: &str = "epoch_opening";
/// Name of the setting that says how far offering has come; JSON null where nothing is to be offered.
const OFFER: &str = "offer_again";
/// Room in a batch for what is not an event.
const FRAME_BYTES: usize = 64 * 1024;
/// Grants in one batch: each takes less than a kilobyte.
const GRANTS: usize = 200;

/// How far offering has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// Grants offered, in the order of their ids.
    grants: usize,
    /// The last event offered: its device and number.
    after: Option<(String, u64)>,
}

/// What is offered next.
#[derive(Default)]
pub(super) struct Portion {
    pub(super) events: Vec<SealedEvent>,
    pub(super) grants: Vec<String>,
    then: Option<Offer>,
}

impl App {
    /// Follows the central store into its epoch, where the operator opened it; an alarm where nobody can show that.
    pub(super) fn follow_epoch(&self, status: &Status) -> Result<(), SyncError> {
        let known = self
            .with_store(|store| {
                let read = store.read()?;
                let key: Option<String> = settings::read_in(&read, OPERATOR_KEY)?;
                let key: Option<PublicKey> = key.and_then(|key| key.parse().ok());
                let before: Option<Option<Signed<EpochOpening>>> =
                    settings::read_in(&read, OPENING)?;
                Ok((read.cursor()?.epoch, key, before.flatten()))
            })
            .map_err(host)?;
        let (epoch, key, before) = known;
        let Some(warrant) = &status.epoch_warrant else {
            return Ok(());
        };
        if epoch == 0 || (key.is_none() && epoch == status.epoch) {
            // The first contact, at enrolment: whom to believe from now on, and which epoch was the first seen.
            return self
                .taking_in(|write| {
                    settings::write(write, OPERATOR_KEY, &warrant.operator_key.to_string())?;
                    settings::write(write, OPENING, &warrant.opening)?;
                    if epoch == 0 {
                        write.enter_epoch(status.epoch, 0)?;
                    }
                    Ok(())
                })
                .map_err(host);
        }
        if status.epoch <= epoch {
            return Ok(());
        }
        let shared = key.and_then(|key| {
            let before = before.and_then(|before| before.verify(&key).ok());
            warrant
                .opened_by(&key, &status.tenant, status.epoch)?
                .shared_with(epoch, before.as_ref())
        });
        let Some(shared) = shared else {
            self.raise("epoch_not_signed");
            return Err(SyncError::NotSignedByServer);
        };
        let before = self
            .with_store(|store| tree::kept(&store.read()?))
            .map_err(host)?;
        rehearsal::point("offer.epoch_heard");
        self.taking_in(|write| {
            if write.enter_epoch(status.epoch, shared)? {
                tree::read_anew(write)?;
            } else {
                tree::enter_epoch(write, before, status.epoch, shared)?;
            }
            settings::write(write, OPENING, &warrant.opening)?;
            device_log::hand_over_anew(write)?;
            settings::write(write, OFFER, &Some(Offer::default()))
        })
        .map_err(host)?;
        rehearsal::point("offer.epoch_entered");
        Ok(())
    }

    /// What is offered to the restored central store next; nothing where it has been offered everything.
    pub(super) fn next_portion(&self) -> Result<Portion, AppError> {
        let portion = self.with_store(|store| portion(&store.read()?))?;
        rehearsal::point("offer.portion_read");
        if portion.events.is_empty() && portion.grants.is_empty() && portion.then.is_some() {
            self.taking_in(|write| settings::write(write, OFFER, &None::<Offer>))?;
        }
        Ok(portion)
    }

    /// Keeps the grants beside the events they cover: those the central store signed.
    pub(super) fn keep_grants(
        write: &mut WriteHandle<'_>,
        key: &PublicKey,
        tokens: &[String],
    ) -> Result<(), AppError> {
        for token in tokens {
            let signed = SignedGrant::from_token(token).ok();
            if let Some(grant) = signed.and_then(|signed| signed.verify(key).ok()) {
                write.put_grant(&grant, token)?;
            }
        }
        Ok(())
    }
}

/// Whether something is still to be offered.
pub(super) fn is_offering(read: &ReadHandle<'_>) -> Result<bool, AppError> {
    Ok(offer(read)?.is_some())
}

/// Notes that a portion was taken.
pub(super) fn note_taken(
    write: &mut WriteHandle<'_>,
    then: Option<&Offer>,
) -> Result<(), AppError> {
    settings::write(write, OFFER, &then)
}

fn offer(read: &ReadHandle<'_>) -> Result<Option<Offer>, AppError> {
    Ok(settings::read_in::<Option<Offer>>(read, OFFER)?.flatten())
}

fn portion(read: &ReadHandle<'_>) -> Result<Portion, AppError> {
    let Some(offer) = offer(read)? else {
        return Ok(Portion::default());
    };
    let tokens = read.all_grant_tokens()?;
    let grants: Vec<String> = tokens.into_iter().skip(offer.grants).take(GRANTS).collect();
    if !grants.is_empty() {
        let then = Offer {
            grants: offer.grants + grants.len(),
            ..offer
        };
        return Ok(Portion {
            grants,
            then: Some(then),
            ..Portion::default()
        });
    }
    let mut after = offer.after.clone();
    loop {
        let from = after.as_ref().and_then(|(device, seq)| {
            let device: DeviceId = device.parse().ok()?;
            Some((device, *seq))
        });
        let limit = u32::try_from(MAX_BATCH_EVENTS).unwrap_or(u32::MAX);
        let found = read.pulled_without_position(from, limit)?;
        let Some((events, last)) = whole(found) else {
            return Ok(Portion {
                then: Some(offer),
                ..Portion::default()
            });
        };
        after = Some(last);
        if !events.is_empty() {
            return Ok(Portion {
                events,
                then: Some(Offer { after, ..offer }),
                ..Portion::default()
            });
        }
    }
}

/// The whole commands at the beginning, as many as a batch carries, and the last place that was looked at; a command of
/// which only a part was ever pulled is its own device's to offer.
fn whole(found: Vec<SealedEvent>) -> Option<(Vec<SealedEvent>, (String, u64))> {
    let is_full = found.len() >= MAX_BATCH_EVENTS;
    let mut events = Vec::new();
    let mut last = None;
    let mut bytes = FRAME_BYTES;
    let commands: Vec<&[SealedEvent]> = found
        .chunk_by(|a, b| a.header().command_id == b.header().command_id)
        .collect();
    for (index, command) in commands.iter().enumerate() {
        let Some(end) = command.last().map(SealedEvent::header) else {
            continue;
        };
        let is_cut = is_full && index + 1 == commands.len() && end.k != end.n;
        let size: usize = command.iter().map(wire_size).sum();
        if last.is_some() && (is_cut || bytes + size > MAX_BATCH_BYTES) {
            break;
        }
        last = Some((end.device_id.to_string(), end.device_seq));
        if command.len() == usize::from(end.n) {
            bytes += size;
            events.extend_from_slice(command);
        }
    }
    last.map(|last| (events, last))
}

impl Portion {
    /// How far offering has come once this portion was taken.
    pub(super) fn then(&self) -> Option<&Offer> {
        self.then.as_ref()
    }
}
