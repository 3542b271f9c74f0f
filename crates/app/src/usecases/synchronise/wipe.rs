//! Doing as ordered where this computer is lost: everything that was not sent is handed over, then all is destroyed.
//!
//! Nothing is destroyed before the central store has said that it holds this computer's whole chain, and nothing can be
//! saved here between that word and the mark on the disk. Basis: design, section 5; reliability, fault F23.

use serde_json::json;
use skranke_domain::ids::Sha256Digest;
use skranke_domain::rehearsal;
use skranke_protocol::wire::{ChainEnd, HandOverRequest};
use skranke_store::{Action, Actor, Entry, ReadHandle, wiped};
use skranke_sync::{Client, SyncError};

use super::host;
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::state::{App, KeyPlace, NO_DEVICE, why_closed};

/// A draft as it is handed over, with the files it names.
#[derive(PartialEq)]
struct Handed {
    text: String,
    files: Vec<Sha256Digest>,
}

impl App {
    /// Hands over and destroys, where that was ordered. Events and their files were sent before.
    pub(super) fn wipe_if_ordered(&self, client: &Client) -> Result<(), SyncError> {
        if !client.is_wipe_ordered()? {
            return Ok(());
        }
        rehearsal::point("wipe.order_heard");
        let drafts = self
            .with_store(|store| drafts_of(&store.read()?))
            .map_err(host)?;
        for draft in &drafts {
            for digest in &draft.files {
                let bytes = self
                    .with_store(|store| Ok(store.read()?.attachment_original(*digest)?.to_vec()))
                    .map_err(host)?;
                client.upload(digest, &bytes, &self.line.cancel, |_| {})?;
            }
            client.hand_over(&HandOverRequest::Draft(draft.text.clone()))?;
        }
        rehearsal::point("wipe.drafts_handed_over");
        self.finish_handing_over(client, &drafts)
    }

    /// Says that all is handed over, and destroys. Something saved meanwhile puts it off to the next round.
    fn finish_handing_over(&self, client: &Client, drafts: &[Handed]) -> Result<(), SyncError> {
        let store_error = |error| host(AppError::from(error));
        let now = self.now();
        let mut desk = self.lock();
        let store = desk.store.as_mut().ok_or_else(|| host(why_closed(None)))?;
        let folder = store.folder().to_owned();
        let own = store.read().and_then(|read| read.own_device());
        let device = own
            .map_err(store_error)?
            .map_or(NO_DEVICE, |own| own.device);
        // It is held until the mark is on the disk, so that no other program saves anything in between.
        let entry = Entry::new(Action::Maintained, now).on("handed_over");
        let write = store
            .write(&Actor::program(device), entry)
            .map_err(store_error)?;
        let Some(end) = end_of_all(&write.reading(), drafts).map_err(host)? else {
            return Ok(());
        };
        client.hand_over(&HandOverRequest::Finished(end))?;
        rehearsal::point("wipe.handed_over");
        wiped::begin(&folder, now).map_err(store_error)?;
        rehearsal::point("wipe.begun");
        drop(write);
        desk.store = None;
        desk.session = None;
        desk.closed = Some(AppError::of(ErrorCode::DeviceWiped));
        self.finish_wiping().map_err(host)
    }

    /// Destroys what a marked store still has, at the end of handing over or at the next start.
    pub(crate) fn finish_wiping(&self) -> Result<(), AppError> {
        let key_file = match &self.config.key {
            KeyPlace::File(path) => Some(path.as_path()),
            KeyPlace::System(_) => None,
        };
        wiped::finish(&self.config.folder, key_file)?;
        if let KeyPlace::System(store) = &self.config.key {
            (store.write)("")?;
        }
        Ok(())
    }
}

/// The end of this computer's chain, if nothing here waits to be sent or handed over.
fn end_of_all(read: &ReadHandle<'_>, drafts: &[Handed]) -> Result<Option<ChainEnd>, AppError> {
    let is_all = read.outbox_counts()?.waiting == 0
        && read.attachments_waiting()?.is_empty()
        && drafts_of(read)? == drafts;
    let Some(own) = read.own_device()?.filter(|_| is_all) else {
        return Ok(None);
    };
    Ok(Some(ChainEnd {
        seq: own.head.seq,
        head_hash: own.head.hash,
    }))
}

fn drafts_of(read: &ReadHandle<'_>) -> Result<Vec<Handed>, AppError> {
    let drafts = read.drafts(None, u32::MAX)?.into_iter();
    drafts
        .map(|draft| {
            let files = read.draft_attachments(draft.draft)?;
            let names: Vec<_> = files.iter().map(ToString::to_string).collect();
            let text = json!({
                "draft": draft.draft.to_string(),
                "staff": draft.staff.to_string(),
                "case": draft.case.map(|case| case.to_string()),
                "fields": draft.fields,
                "files": names,
            });
            Ok(Handed {
                text: text.to_string(),
                files,
            })
        })
        .collect()
}
