//! Following the tree over the feed: what is read must be what the central store signed, from the first item on.
//!
//! The tree is kept in the transaction that keeps the cursor, so the two always stand at the same place.
//! Basis: design, section 6 ("a head that does not extend the last one seen is an alarm").

use skranke_protocol::confirmation::TenantHead;
use skranke_protocol::tree::{FollowedTree, PageLeaves, leaves_of};
use skranke_store::{ReadHandle, WriteHandle};
use skranke_sync::{Client, Page, SyncError};

use super::host;
use crate::error::AppError;
use crate::state::{App, NO_DEVICE};
use crate::usecases::settings;

/// Name of the setting that keeps the tree; JSON null where none is followed.
const FOLLOWED: &str = "followed_tree";
/// Code of the alarm where what was read is not what was signed.
const REWRITTEN: &str = "feed_rewritten";
/// Code of the alarm where a central store that gave proofs gives none any more.
const NOT_PROVED: &str = "feed_not_proved";

/// The tree as it is to be kept; none where nothing can be proved from here on.
pub(super) struct Followed {
    tree: Option<FollowedTree>,
    /// What cannot be right, but does not speak against what was read.
    pub(super) alarm: Option<&'static str>,
}

/// The tree after a page; an alarm where the page is not what was signed.
pub(super) fn reads(
    read: &ReadHandle<'_>,
    page: &Page,
) -> Result<Result<Followed, &'static str>, AppError> {
    let cursor = read.cursor()?;
    let own = read.own_device()?.map_or(NO_DEVICE, |own| own.device);
    let kept = kept(read)?;
    let was_proved = kept.is_some();
    let begins = (cursor.position == 0).then(|| FollowedTree::of_nothing(page.sent.cursor.epoch));
    let at_cursor = |tree: &FollowedTree| {
        tree.position() == cursor.position && tree.epoch() == page.sent.cursor.epoch
    };
    let Some(mut tree) = kept.filter(at_cursor).or(begins) else {
        let alarm = None;
        return Ok(Ok(Followed { tree: None, alarm }));
    };
    Ok(match leaves_of(&page.sent, cursor.position, own) {
        PageLeaves::Whole(leaves) => match tree.reads(leaves, &page.head) {
            Ok(()) => Ok(Followed {
                tree: Some(tree),
                alarm: None,
            }),
            Err(_) => Err(REWRITTEN),
        },
        PageLeaves::Wrong => Err(REWRITTEN),
        PageLeaves::Unknown => Ok(Followed {
            tree: None,
            alarm: was_proved.then_some(NOT_PROVED),
        }),
    })
}

/// The tree after a head was heard that stands beyond what was read; an alarm where it does not fit what was read.
pub(super) fn hears(
    read: &ReadHandle<'_>,
    head: &TenantHead,
) -> Result<Result<Followed, &'static str>, AppError> {
    let mut tree = kept(read)?;
    let heard = tree.as_mut().map_or(Ok(()), |tree| tree.hears(head));
    let alarm = None;
    Ok(heard
        .map(|()| Followed { tree, alarm })
        .map_err(|_| REWRITTEN))
}

/// Keeps the tree, in the transaction that keeps what it is over.
pub(super) fn keep(write: &mut WriteHandle<'_>, followed: &Followed) -> Result<(), AppError> {
    settings::write(write, FOLLOWED, &followed.tree)
}

/// Goes on following in a new epoch, as far as it shares what was read.
pub(super) fn enter_epoch(
    write: &mut WriteHandle<'_>,
    before: Option<FollowedTree>,
    epoch: u64,
    shared: u64,
) -> Result<(), AppError> {
    let tree = before.and_then(|tree| tree.goes_on_in(epoch, shared));
    settings::write(write, FOLLOWED, &tree)
}

/// Follows from the first item again.
pub(super) fn read_anew(write: &mut WriteHandle<'_>) -> Result<(), AppError> {
    settings::write(write, FOLLOWED, &None::<FollowedTree>)
}

/// The tree that is followed.
pub(super) fn kept(read: &ReadHandle<'_>) -> Result<Option<FollowedTree>, AppError> {
    Ok(settings::read_in::<Option<FollowedTree>>(read, FOLLOWED)?.flatten())
}

impl App {
    /// Begins to follow the tree where this computer has read the feed and follows none: it read before there were
    /// proofs, or the central store was restored to before what was read.
    pub(super) fn follow_tree(&self, client: &Client) -> Result<(), SyncError> {
        let without = self
            .with_store(|store| {
                let read = store.read()?;
                let cursor = read.cursor()?;
                Ok((cursor.position > 0 && kept(&read)?.is_none()).then_some(cursor))
            })
            .map_err(host)?;
        let Some(cursor) = without else {
            return Ok(());
        };
        let tree = client
            .tree()?
            .filter(|tree| (tree.epoch(), tree.position()) == (cursor.epoch, cursor.position));
        // Others wrote meanwhile: the next round finds them at the same place.
        if tree.is_some() {
            self.taking_in(|write| settings::write(write, FOLLOWED, &tree))
                .map_err(host)?;
        }
        Ok(())
    }
}
