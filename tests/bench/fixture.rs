//! A fictional municipality with as many cases as wanted, loaded through the product's own way in.
//!
//! Every event is sealed and signed as a device does it and taken in as a page of the central store's feed, so that
//! the rows, the encryption and the projections are those of the program. Only two things differ from daily work:
//! many pages share one transaction, and the engine has more memory while loading. One case in ten is this device's
//! own work, confirmed and backed up; the rest are colleagues'.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration as Span, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use skranke_domain::case::Case;
use skranke_domain::cpr::Cpr;
use skranke_domain::event::{
    CaseOpened, Channel, CitizenRecorded, Consultation, Event, Granted, Journalised,
    ReceiptDelivery, ReceiptGiven, Refused, Registered, Residence,
};
use skranke_domain::ids::{CaseId, CaseNumber, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_domain::rule_set::{Duration, RuleSetCode};
use skranke_protocol::chain::Head;
use skranke_protocol::confirmation::Signed;
use skranke_protocol::envelope::Unsealed;
use skranke_protocol::signature::{Signature, SigningKey};
use skranke_protocol::wire::{Cursor, FeedEntry, FeedItem, FeedPage};
use skranke_store::key::StoreKey;
use skranke_store::{Action, Actor, DueRule, Entry, Options, Store};
use tempfile::TempDir;
use uuid::Uuid;

/// Cases of one page, and pages of one transaction.
const PAGE_CASES: u32 = 1_000;
const PAGES_A_WRITE: usize = 20;
/// Memory for decrypted pages while loading.
const LOADING_MEGABYTES: u32 = 2_000;
/// One case in so many is this device's own.
const OWN_EVERY: u32 = 10;

const FIRST_NAMES: [&str; 24] = [
    "Aase", "Åge", "Bente", "Birgit", "Carl", "Dagny", "Ebbe", "Ellen", "Frode", "Gerda", "Hanne",
    "Ib", "Jytte", "Kirsten", "Leif", "Mads", "Nanna", "Ole", "Poul", "Ruth", "Søren", "Tove",
    "Ulla", "Øjvind",
];
const BEGINNINGS: [&str; 20] = [
    "Ager", "Bak", "Birke", "Dal", "Ege", "Eng", "Fjord", "Gran", "Hav", "Holm", "Hede", "Kilde",
    "Lind", "Lyng", "Mose", "Nord", "Skov", "Sten", "Vang", "Vest",
];
const ENDINGS: [&str; 20] = [
    "by", "dal", "feldt", "gaard", "have", "holt", "høj", "kær", "lund", "mark", "næs", "rup",
    "sted", "strøm", "sø", "toft", "thorp", "vad", "vig", "ø",
];

/// The fictional municipality on this computer.
pub(crate) struct Municipality {
    folder: TempDir,
    key: StoreKey,
    pub(crate) store: Store,
    pub(crate) actor: Actor,
    own: Chain,
    colleague: Chain,
    pub(crate) cases: u32,
    position: u64,
    now: DateTime<Utc>,
}

/// The chain of one device.
#[derive(Clone)]
struct Chain {
    device: DeviceId,
    key: SigningKey,
    head: Head,
    code: &'static str,
}

impl Municipality {
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(skranke_tests::window::target_folder())?;
        let now: DateTime<Utc> = "2026-03-13T12:50:00Z".parse()?;
        let key = StoreKey::generate();
        let mut store = Store::open(folder.path(), &key, options(), now)?;
        let actor = Actor {
            staff: StaffId::from_uuid(Uuid::now_v7()),
            roles: vec![Role::Counter],
            device: DeviceId::from_uuid(Uuid::now_v7()),
        };
        let mut write = store.write(&actor, Entry::new(Action::DeviceEnrolled, now))?;
        write.enrol_device(actor.device, "S3")?;
        write.commit()?;
        let own = own_chain(&store)?;
        Ok(Self {
            folder,
            key,
            store,
            actor,
            own,
            colleague: Chain {
                device: DeviceId::from_uuid(Uuid::now_v7()),
                key: SigningKey::from_seed(&[4; 32]),
                head: Head::START,
                code: "S4",
            },
            cases: 0,
            position: 0,
            now,
        })
    }

    /// Loads cases until there are so many, then opens the store anew as any start of the program does.
    pub(crate) fn grow_to(&mut self, cases: u32) -> Result<Span> {
        let begin = Instant::now();
        self.store.widen_cache(LOADING_MEGABYTES)?;
        let mut maker = Maker {
            own: self.own.clone(),
            colleague: self.colleague.clone(),
            position: self.position,
            now: self.now,
        };
        let range = self.cases..cases;
        let (give, pages) = sync_channel(8);
        let making = std::thread::spawn(move || -> Result<Maker> {
            let mut from = range.start;
            while from < range.end {
                let until = (from + PAGE_CASES).min(range.end);
                if give.send(maker.page(from..until)?).is_err() {
                    break;
                }
                from = until;
            }
            Ok(maker)
        });
        self.take(&pages)?;
        let maker = making
            .join()
            .map_err(|_| anyhow::anyhow!("making the cases failed"))??;
        self.own = maker.own;
        self.colleague = maker.colleague;
        self.position = maker.position;
        self.now = maker.now;
        self.cases = cases;
        let took = begin.elapsed();
        self.reopen()?;
        let total = self.store.read()?.case_counts()?.total();
        ensure!(
            total == u64::from(cases),
            "{total} cases are listed, not {cases}"
        );
        Ok(took)
    }

    fn take(&mut self, pages: &Receiver<FeedPage>) -> Result<()> {
        while let Ok(first) = pages.recv() {
            let entry = Entry::new(Action::Synchronised, self.now);
            let mut write = self.store.write(&self.actor, entry)?;
            let mut events = 0;
            let mut due = 0;
            for page in std::iter::once(first)
                .chain(pages.iter())
                .take(PAGES_A_WRITE)
            {
                due += page.items.len();
                events += write.take_page(&page)?.new_events;
            }
            write.commit()?;
            ensure!(events == due, "{events} of {due} events were taken in");
        }
        Ok(())
    }

    fn reopen(&mut self) -> Result<()> {
        // The old store must be closed before its folder is opened again, so another takes its place meanwhile.
        let aside = tempfile::tempdir()?;
        let stand_in = Store::open(aside.path(), &self.key, options(), self.now)?;
        drop(std::mem::replace(&mut self.store, stand_in));
        self.store = Store::open(self.folder.path(), &self.key, options(), self.now)?;
        self.own = own_chain(&self.store)?;
        Ok(())
    }

    /// The database file's size.
    pub(crate) fn bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.database())?.len())
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("skranke.db")
    }

    /// Saves one case of this device's own as the counter does: one command of two events.
    pub(crate) fn save_one(&mut self) -> Result<()> {
        let n = self.cases;
        let mut write = self
            .store
            .write(&self.actor, Entry::new(Action::CommandSaved, self.now))?;
        let number = write.next_case_number(2026)?;
        let case = case_id(n);
        let begun = beginning(n, number)?;
        let sealed = self.own.seal(
            case,
            &mut Vec::new(),
            &begun,
            &mut self.now,
            self.actor.staff,
        )?;
        write.append_command(&sealed)?;
        write.commit()?;
        self.cases += 1;
        Ok(())
    }

    /// How many of so many cases, spread over all, have rows that differ from what their events make.
    pub(crate) fn differing(&mut self, sample: u32) -> Result<u32> {
        let entry = Entry::new(Action::Maintained, self.now);
        let mut write = self.store.write(&self.actor, entry)?;
        let mut differing = 0;
        for nth in 0..sample.min(self.cases) {
            let n = u64::from(nth) * u64::from(self.cases) / u64::from(sample.min(self.cases));
            if !write.is_as_rebuilt(case_id(u32::try_from(n)?))? {
                differing += 1;
            }
        }
        // Dropped without a commit: looking changes nothing.
        Ok(differing)
    }
}

fn own_chain(store: &Store) -> Result<Chain> {
    let own = store
        .read()?
        .own_device()?
        .context("a device is enrolled")?;
    Ok(Chain {
        device: own.device,
        key: own.signing_key(),
        head: own.head,
        code: "S3",
    })
}

/// Open cases and cases with a missing tick are due four weeks after receipt.
fn options() -> Options {
    Options {
        due_rule: DueRule::new(|case: &Case| {
            let received_on = case.opened.as_ref()?.received_on;
            (case.state.is_open() || !case.missing_ticks().is_empty())
                .then(|| received_on + TimeDelta::days(28))
        }),
        ..Options::default()
    }
}

impl Chain {
    fn seal(
        &mut self,
        case: CaseId,
        based_on: &mut Vec<EventId>,
        events: &[Event],
        now: &mut DateTime<Utc>,
        actor: StaffId,
    ) -> Result<Vec<skranke_protocol::envelope::SealedEvent>> {
        let command_id = CommandId::from_uuid(Uuid::now_v7());
        let n = u16::try_from(events.len())?;
        let mut sealed = Vec::with_capacity(events.len());
        for (k, event) in (1..).zip(events) {
            *now += TimeDelta::milliseconds(1);
            let unsealed = Unsealed {
                id: EventId::from_uuid(Uuid::now_v7()),
                tenant: "990".to_owned(),
                case_id: case,
                command_id,
                k,
                n,
                device_id: self.device,
                device_seq: self.head.seq + 1,
                prev_hash: self.head.hash,
                recorded_at: *now,
                clock_offset_ms: 0,
                actor,
                grant_id: GrantId::from_uuid(Uuid::nil()),
                based_on: based_on.clone(),
            };
            let event = unsealed.seal(event, [9; 16], &self.key)?;
            *based_on = vec![event.header().id];
            self.head = Head::after(event.header(), event.hash());
            sealed.push(event);
        }
        Ok(sealed)
    }
}

/// Makes pages of the feed, beside the thread that takes them in.
struct Maker {
    own: Chain,
    colleague: Chain,
    position: u64,
    now: DateTime<Utc>,
}

impl Maker {
    fn page(&mut self, cases: std::ops::Range<u32>) -> Result<FeedPage> {
        let mut items = Vec::new();
        for n in cases {
            let chain = if n % OWN_EVERY == 0 {
                &mut self.own
            } else {
                &mut self.colleague
            };
            let number = CaseNumber::new(2026, chain.code, n + 1)?;
            let mut based_on = Vec::new();
            for command in [beginning(n, number)?, ending(n, self.now)] {
                if command.is_empty() {
                    continue;
                }
                let actor = StaffId::from_uuid(Uuid::nil());
                let sealed =
                    chain.seal(case_id(n), &mut based_on, &command, &mut self.now, actor)?;
                for event in &sealed {
                    self.position += 1;
                    items.push(FeedEntry {
                        position: self.position,
                        item: FeedItem::Event {
                            event: event.clone(),
                        },
                    });
                }
            }
        }
        Ok(FeedPage {
            grants: Vec::new(),
            skipped: None,
            devices: [].into(),
            items,
            cursor: Cursor {
                epoch: 1,
                position: self.position,
            },
            more: true,
            backup_position: self.position,
            // Nobody looks at it here: who checks the page did so before it is taken in.
            head: Signed::from_parts(String::new(), Signature::from_bytes([0; 64])),
            server_time: self.now,
        })
    }
}

/// How a case begins: opened, the citizen recorded.
fn beginning(n: u32, number: CaseNumber) -> Result<Vec<Event>> {
    let opened = Event::CaseOpened(CaseOpened {
        number,
        channel: Channel::InPerson,
        location: "town_hall".to_owned(),
        municipality: "990".to_owned(),
        profile: "demo@1".to_owned(),
        form: "exemption@2".to_owned(),
        received_on: received_on(n),
    });
    let citizen = Event::CitizenRecorded(CitizenRecorded {
        cpr: cpr(n)?,
        name: name(n),
        address: "Åvej 2, 9990 Solbjerg".to_owned(),
        address_protected: spread(n, 7).is_multiple_of(100),
        residence: Residence::Fixed,
        phone: format!("{:08}", 20_000_000 + spread(n, 8) % 70_000_000),
        municipality: String::new(),
    });
    Ok(vec![opened, citizen])
}

/// How it goes on. Of a hundred cases 8 are open, 10 lack a tick, 5 were refused, 35 withdrawn, 42 are finished: more
/// unfinished work than any office has, so that every list fills a page at 1,000 cases too.
fn ending(n: u32, now: DateTime<Utc>) -> Vec<Event> {
    let granted = Event::Granted(Granted {
        decided_at: now,
        rule_set: RuleSetCode::C,
        duration: Duration::Permanent,
        met: vec!["declared".to_owned()],
    });
    let registered = Event::Registered(Registered {
        registered_at: now,
        reference: String::new(),
    });
    let receipt = Event::ReceiptGiven(ReceiptGiven {
        delivery: ReceiptDelivery::HandedOver,
        given_at: now,
        reason: String::new(),
    });
    let journalised = Event::Journalised(Journalised {
        journalised_at: now,
        reference: "1".to_owned(),
    });
    match spread(n, 1) % 100 {
        0..2 => vec![],
        2..8 => vec![Event::MarkedReady],
        8..14 => vec![granted],
        14..16 => vec![granted, registered],
        16..18 => vec![granted, registered, receipt],
        18..23 => vec![Event::Refused(Refused {
            decided_at: now,
            rule_set: RuleSetCode::C,
            unmet: vec![],
            reasons: "Oplyst ved skranken".to_owned(),
            consultation: Consultation::NotNeeded {
                reason: "Kendt af borgeren".to_owned(),
            },
        })],
        23..58 => vec![Event::Withdrawn { withdrawn_at: now }],
        _ => vec![granted, registered, receipt, journalised],
    }
}

/// The same number for the same case and purpose each time, and else without pattern.
pub(crate) fn spread(n: u32, purpose: u64) -> u32 {
    let mut mixed = (u64::from(n) << 8 | purpose).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default()
}

pub(crate) fn case_id(n: u32) -> CaseId {
    CaseId::from_uuid(Uuid::from_u128(
        0x0199_0000_0000_7000_8000_0000_0000_0000 + u128::from(n),
    ))
}

fn received_on(n: u32) -> NaiveDate {
    let day = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap_or_default();
    day + TimeDelta::days(i64::from(spread(n, 2) % 70))
}

/// A first name, often a middle name, and a surname; as in life some surnames are far more common than others.
pub(crate) fn name(n: u32) -> String {
    let first = FIRST_NAMES[spread(n, 3) as usize % FIRST_NAMES.len()];
    let last = if with_own_surname(n) == n {
        own_surname(n)
    } else {
        surname(spread(n, 4))
    };
    if spread(n, 5).is_multiple_of(3) {
        format!("{first} {} {last}", surname(spread(n, 6)))
    } else {
        format!("{first} {last}")
    }
}

/// The nearest citizen before `n` whose surname nobody shares, one in fifty.
pub(crate) fn with_own_surname(n: u32) -> u32 {
    n - n % 50
}

/// The number spoken in syllables.
fn own_surname(n: u32) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "ru"];
    let digits = n.to_string();
    let spoken: String = digits
        .bytes()
        .map(|digit| SYLLABLES[usize::from(digit - b'0')])
        .collect();
    format!("Sol{spoken}skov")
}

fn surname(random: u32) -> String {
    let all = BEGINNINGS.len() * ENDINGS.len();
    // The square of a share favours the beginning of the list.
    let share = f64::from(random) / f64::from(u32::MAX);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few hundred names"
    )]
    let nth = ((share * share * all as f64) as usize).min(all - 1);
    let beginning = BEGINNINGS[nth % BEGINNINGS.len()];
    format!("{beginning}{}", ENDINGS[nth / BEGINNINGS.len()])
}

/// A replacement number: the day is raised by 60, so it can never be a person's own.
pub(crate) fn cpr(n: u32) -> Result<Cpr> {
    let digits = format!(
        "{:02}{:02}{:02}{:04}",
        61 + n % 28,
        1 + n / 28 % 12,
        50 + n / 336 % 45,
        n / 15_120 % 1_000
    );
    Cpr::parse(&digits).context("a replacement number is well formed")
}
