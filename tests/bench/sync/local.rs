//! The desktop's end: its encrypted store and its client, used as a round of synchronising uses them.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use chrono::{DateTime, Utc};
use skranke_protocol::confirmation::{Confirmation, TenantHead};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::plan::{Local, Operation, plan};
use skranke_protocol::signature::PublicKey;
use skranke_protocol::tree::{FollowedTree, PageLeaves, leaves_of};
use skranke_protocol::wire::{Outcome, Verdict};
use skranke_store::key::StoreKey;
use skranke_store::{Action, Actor, Entry, Options, Store};
use skranke_sync::{
    Cancel, Client, Connection, Environment, Page, Pushed, Sender, SyncError, UnderWay,
};
use skranke_tests::window::target_folder;
use tempfile::TempDir;
use uuid::Uuid;

use super::events::Desk;
use super::town::Town;

/// Commands of one transaction while work is made for a measurement.
const COMMANDS_A_WRITE: usize = 500;
/// Events of 2 KB that fit into a batch of 1 MiB.
pub(crate) const BATCH_THAT_FITS: usize = 440;

/// A desktop's store.
pub(crate) struct Desktop {
    folder: TempDir,
    pub(crate) store: Store,
    pub(crate) desk: Desk,
    /// Known once it has a client.
    server_key: OnceCell<PublicKey>,
}

impl Desktop {
    /// A new store on which this device is enrolled.
    pub(crate) fn new(mut desk: Desk) -> Result<Self> {
        let folder = scratch()?;
        let mut store = open(folder.path(), &desk)?;
        let entry = Entry::new(Action::DeviceEnrolled, desk.now);
        let mut write = store.write(&Actor::program(desk.device), entry)?;
        write.enrol_device(desk.device, "S1")?;
        write.commit()?;
        // The store makes the device's key itself.
        desk.key = store
            .read()?
            .own_device()?
            .context("enrolled")?
            .signing_key();
        Ok(Self {
            folder,
            store,
            desk,
            server_key: OnceCell::new(),
        })
    }

    /// Work of so many events, waiting to be sent.
    pub(crate) fn with_work(desk: Desk, events: u32) -> Result<Self> {
        let mut desktop = Self::new(desk)?;
        let mut desk = desktop.desk.clone();
        let mut commands = Vec::new();
        let (mut made, mut n) = (0, 0);
        while made < events {
            for command in desk.case(n)? {
                made += u32::try_from(command.len())?;
                commands.push(command);
            }
            n += 1;
        }
        for some in commands.chunks(COMMANDS_A_WRITE) {
            let entry = Entry::new(Action::CommandSaved, desk.now);
            let mut write = desktop.store.write(&Actor::program(desk.device), entry)?;
            for command in some {
                write.append_command(command)?;
            }
            write.commit()?;
        }
        desktop.desk = desk;
        Ok(desktop)
    }

    /// The same store once more, with nothing sent.
    pub(crate) fn copied(&self) -> Result<Self> {
        let folder = scratch()?;
        copy(self.folder.path(), folder.path())?;
        Ok(Self {
            store: open(folder.path(), &self.desk)?,
            folder,
            desk: self.desk.clone(),
            server_key: OnceCell::new(),
        })
    }

    /// A client of this device.
    pub(crate) fn client(&self, town: &Town) -> Client {
        self.server_key.get_or_init(|| town.server_key);
        client(&self.desk, town)
    }

    /// The same store, opened anew as after a crash.
    pub(crate) fn reopened(self) -> Result<Self> {
        let Self {
            folder,
            store,
            desk,
            server_key,
        } = self;
        drop(store);
        Ok(Self {
            store: open(folder.path(), &desk)?,
            folder,
            desk,
            server_key,
        })
    }

    /// The database file's size.
    pub(crate) fn bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.folder.path().join("skranke.db"))?.len())
    }

    /// The same once the program has ended and nothing lies beside it.
    pub(crate) fn closed_bytes(self) -> Result<u64> {
        drop(self.store);
        let file = self.folder.path().join("skranke.db");
        Ok(std::fs::metadata(file)?.len())
    }

    /// Saves one command, as the counter does.
    pub(crate) fn save(&mut self, command: &[SealedEvent]) -> Result<()> {
        let entry = Entry::new(Action::CommandSaved, self.desk.now);
        let mut write = self.store.write(&Actor::program(self.desk.device), entry)?;
        write.append_command(command)?;
        write.commit()?;
        Ok(())
    }

    /// Sends one command that was saved and keeps the answer.
    pub(crate) fn push_saved(&mut self, client: &Client, command: &[SealedEvent]) -> Result<()> {
        let pushed = client.push(command)?;
        ensure!(pushed.verdicts.len() == 1, "one command, one verdict");
        self.keep(&pushed)
    }

    /// Sends everything that waits, in the batches the planner makes or in smaller ones.
    pub(crate) fn push_all(&mut self, client: &Client, batch: usize) -> Result<Transferred> {
        let begin = Instant::now();
        let status = client.status()?;
        let operations = {
            let read = self.store.read()?;
            let local = Local {
                head: read.own_device()?.context("enrolled")?.head,
                own: &read.own_events_for_plan(status.device.seq)?,
                cursor: read.cursor()?,
                attachments: &[],
                offers_pulled: false,
                sealed: &[],
                offers_sealed: false,
            };
            plan(&local, &status)
        };
        let mut ranges = Vec::new();
        for operation in operations {
            if let Operation::Push { first, last } = operation {
                ranges.push((first, last));
            }
        }
        let sent = self.send(client, ranges, batch, true)?;
        Ok(Transferred {
            events: sent,
            took: begin.elapsed(),
        })
    }

    /// Offers everything a second time, as after answers that were lost.
    pub(crate) fn offer_again(&mut self, client: &Client, batch: usize) -> Result<Transferred> {
        let begin = Instant::now();
        let head = self.store.read()?.own_device()?.context("enrolled")?.head;
        // The planner would have nothing to send: what is packed here has to fit without it.
        let all = vec![(1, head.seq)];
        let sent = self.send(client, all, batch.min(BATCH_THAT_FITS), false)?;
        Ok(Transferred {
            events: sent,
            took: begin.elapsed(),
        })
    }

    fn send(
        &mut self,
        client: &Client,
        ranges: Vec<(u64, u64)>,
        batch: usize,
        is_first: bool,
    ) -> Result<u64> {
        let mut sending = Sending {
            desktop: self,
            ranges: ranges.into(),
            batch,
            is_first,
            sent: 0,
        };
        skranke_sync::send_all(client, &Cancel::default(), UnderWay::Two, &mut sending)?;
        Ok(sending.sent)
    }

    /// What a round does with the answer to a push: looked at beside what the server said before, then kept.
    fn keep(&mut self, pushed: &Pushed) -> Result<()> {
        self.may_follow(&pushed.head)?;
        self.may_confirm(&pushed.confirmation)?;
        let followed = self.store.read()?.setting(FOLLOWED)?;
        let entry = Entry::new(Action::Synchronised, self.desk.now);
        let mut write = self.store.write(&Actor::program(self.desk.device), entry)?;
        write.set_setting(FOLLOWED, followed.as_deref().unwrap_or("null"))?;
        write.take_verdicts(&pushed.verdicts)?;
        write.keep_tenant_head(&pushed.signed_head)?;
        write.keep_confirmation(&pushed.signed_confirmation)?;
        write.commit()?;
        Ok(())
    }

    fn server_key(&self) -> Result<&PublicKey> {
        self.server_key.get().context("it has a client")
    }

    fn may_follow(&self, said: &TenantHead) -> Result<()> {
        let kept = self.store.read()?.tenant_head()?;
        let before = kept.map(|kept| kept.verify(self.server_key()?).map_err(anyhow::Error::from));
        let may_follow = before
            .transpose()?
            .is_none_or(|before| said.may_follow(&before).is_ok());
        ensure!(may_follow, "the feed goes on from where it was");
        Ok(())
    }

    fn may_confirm(&self, said: &Confirmation) -> Result<()> {
        let read = self.store.read()?;
        let kept = read.confirmation()?;
        let before = kept.map(|kept| kept.verify(self.server_key()?).map_err(anyhow::Error::from));
        let goes_on = before
            .transpose()?
            .is_none_or(|before| before.seq <= said.seq);
        let own = read.own_events(said.seq - 1, 1)?;
        let is_own = own
            .first()
            .is_some_and(|own| said.head_hash == Some(*own.hash()));
        ensure!(goes_on && is_own, "what is confirmed is the own chain");
        Ok(())
    }

    /// Reads the feed from where it stands to its end, as a round does.
    pub(crate) fn pull_all(&mut self, client: &Client, limit: u32) -> Result<Transferred> {
        let begin = Instant::now();
        let mut events = 0;
        let cursor = self.store.read()?.cursor()?;
        let mut keep = |page: &Page| {
            let taken = self.take(page).map_err(|error| host(&error))?;
            events += taken as u64;
            Ok(())
        };
        skranke_sync::read_feed(client, &Cancel::default(), cursor, limit, &mut keep)?;
        Ok(Transferred {
            events,
            took: begin.elapsed(),
        })
    }

    /// What a round does with a page; returns how many events were new.
    pub(crate) fn take(&mut self, page: &Page) -> Result<usize> {
        self.may_follow(&page.head)?;
        let followed = serde_json::to_string(&self.followed(page)?)?;
        let entry = Entry::new(Action::Synchronised, self.desk.now);
        let mut write = self.store.write(&Actor::program(self.desk.device), entry)?;
        write.set_setting(FOLLOWED, &followed)?;
        let taken = write.take_page(&page.sent)?;
        write.keep_tenant_head(&page.sent.head)?;
        write.commit()?;
        ensure!(taken.altered.is_empty(), "every event is whole");
        Ok(taken.new_events)
    }

    /// The tree over the feed after a page: what was read must be what the server signed.
    fn followed(&self, page: &Page) -> Result<FollowedTree> {
        let read = self.store.read()?;
        let kept = read.setting(FOLLOWED)?;
        let kept: Option<FollowedTree> = serde_json::from_str(kept.as_deref().unwrap_or("null"))?;
        let begins = || FollowedTree::of_nothing(page.sent.cursor.epoch);
        let mut tree = kept.unwrap_or_else(begins);
        let leaves = match leaves_of(&page.sent, tree.position(), self.desk.device) {
            PageLeaves::Whole(leaves) => leaves,
            PageLeaves::Unknown | PageLeaves::Wrong => bail!("the page is not whole"),
        };
        tree.reads(leaves, &page.head)
            .map_err(|_| anyhow!("the feed is not what was signed"))?;
        Ok(tree)
    }
}

/// The desktop while it sends, as a round does it.
struct Sending<'d> {
    desktop: &'d mut Desktop,
    ranges: VecDeque<(u64, u64)>,
    batch: usize,
    /// Whether the server has not had them before.
    is_first: bool,
    sent: u64,
}

impl Sending<'_> {
    fn read_next(&mut self) -> Result<Option<Vec<SealedEvent>>> {
        let Some((first, last)) = self.ranges.pop_front() else {
            return Ok(None);
        };
        let wanted = u32::try_from((last + 1 - first).min(self.batch as u64))?;
        let mut events = self.desktop.store.read()?.own_events(first - 1, wanted)?;
        // Batches are whole commands.
        while events
            .last()
            .is_some_and(|event| event.header().k < event.header().n)
        {
            events.pop();
        }
        let from = first + events.len() as u64;
        if from <= last {
            self.ranges.push_front((from, last));
        }
        Ok(Some(events))
    }

    fn note(&mut self, pushed: &Pushed, events: u64) -> Result<()> {
        let as_expected = |verdict: &Verdict| {
            matches!(verdict.outcome(), Outcome::Accepted { .. })
                && matches!(verdict, Verdict::First(_)) == self.is_first
        };
        let mut verdicts = pushed.verdicts.iter();
        ensure!(
            verdicts.all(|verdict| as_expected(&verdict.verdict)),
            "all is accepted"
        );
        self.desktop.keep(pushed)?;
        self.sent += events;
        Ok(())
    }
}

impl Sender for Sending<'_> {
    fn next(&mut self) -> Result<Option<Vec<SealedEvent>>, SyncError> {
        self.read_next().map_err(|error| host(&error))
    }

    fn keep(&mut self, pushed: &Pushed, events: u64) -> Result<(), SyncError> {
        self.note(pushed, events).map_err(|error| host(&error))
    }
}

fn host(error: &anyhow::Error) -> SyncError {
    SyncError::Host(format!("{error:#}"))
}

/// Name of the setting that keeps the tree over what was read.
const FOLLOWED: &str = "followed_tree";

/// Events that went over, and the time from reading them here to knowing them durable there.
pub(crate) struct Transferred {
    pub(crate) events: u64,
    pub(crate) took: Duration,
}

impl Transferred {
    /// Events a second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 events")]
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }
}

/// A client of a device, with the system's clock.
pub(crate) fn client(desk: &Desk, town: &Town) -> Client {
    client_at(&town.url, desk, town)
}

/// The same where the town is reached at another address.
pub(crate) fn client_at(url: &str, desk: &Desk, town: &Town) -> Client {
    let connection = Connection {
        base_url: url.to_owned(),
        tenant: desk.tenant.clone(),
        device_id: desk.device,
        key: desk.key.clone(),
        server_key: Some(town.server_key),
        ca_file: None,
    };
    Client::new(connection, environment())
}

pub(crate) fn environment() -> Environment {
    Environment::new(
        || DateTime::<Utc>::from(std::time::SystemTime::now()),
        |bytes| {
            for some in bytes.chunks_mut(16) {
                some.copy_from_slice(&Uuid::now_v7().as_bytes()[..some.len()]);
            }
        },
        |time, _| std::thread::sleep(time),
    )
}

fn open(folder: &Path, desk: &Desk) -> Result<Store> {
    let key = StoreKey::from_bytes([7; 32]);
    Ok(Store::open(folder, &key, Options::default(), desk.now)?)
}

fn scratch() -> Result<TempDir> {
    let builder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(target_folder());
    Ok(builder?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
