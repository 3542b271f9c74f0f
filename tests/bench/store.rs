//! The local store: durable saves beside the disk's own pace, search and queue pages as cases grow.
//!
//! The cases are fictional and made by the product's own path: sealed, signed and projected.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::cpr::Cpr;
use skranke_domain::event::{CaseOpened, Channel, CitizenRecorded, Event, Residence};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::Unsealed;
use skranke_protocol::signature::SigningKey;
use skranke_store::key::StoreKey;
use skranke_store::{Action, Actor, CaseFilter, Entry, Options, SearchTerm, Store};
use tempfile::TempDir;
use uuid::Uuid;

use crate::disk::fdatasync_samples;
use crate::figure::{Figures, ms, percentile};

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
const QUESTIONS: u32 = 200;
const PAGE: u32 = 50;
const SAVES: u32 = 200;
const CASES_A_WRITE: u32 = 1_000;
const SAMPLED: u32 = 1_000;

const FIRST_NAMES: [&str; 24] = [
    "Aase", "Åge", "Bente", "Birgit", "Carl", "Dagny", "Ebbe", "Ellen", "Frode", "Gerda", "Hanne",
    "Ib", "Jytte", "Kirsten", "Leif", "Mads", "Nanna", "Ole", "Poul", "Ruth", "Søren", "Tove",
    "Ulla", "Øjvind",
];
const MIDDLE: [&str; 20] = [
    "Ager", "Bak", "Birke", "Dal", "Ege", "Eng", "Fjord", "Gran", "Hav", "Holm", "Hede", "Kilde",
    "Lind", "Lyng", "Mose", "Nord", "Skov", "Sten", "Vang", "Vest",
];
const ENDINGS: [&str; 20] = [
    "by", "dal", "feldt", "gaard", "have", "holt", "høj", "kær", "lund", "mark", "næs", "rup",
    "sted", "strøm", "sø", "toft", "thorp", "vad", "vig", "ø",
];

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let mut desk = Desk::new()?;
    let mut before: Option<(Duration, Duration)> = None;
    for size in SIZES {
        eprintln!("  loading up to {size} cases");
        let begin = Instant::now();
        desk.grow_to(size)?;
        figures.add(
            "",
            &format!("load up to {size} cases"),
            format!("{:.0} s", begin.elapsed().as_secs_f64()),
            "",
            None,
        );
        if size == SIZES[0] {
            saves(&mut desk, figures)?;
        }
        desk.sampled_cases_are_as_their_events_say(size)?;
        let search = percentile(&desk.search(size)?, 0.95);
        let queue = percentile(&desk.queue_pages()?, 0.95);
        let goal = Duration::from_millis(10);
        figures.add(
            "P11",
            &format!("name search at {size} cases, p95"),
            ms(search),
            "<= 10 ms",
            Some(search <= goal),
        );
        figures.add(
            "P12",
            &format!("queue page at {size} cases, p95"),
            ms(queue),
            "<= 10 ms",
            Some(queue <= goal),
        );
        if let Some((first_search, first_queue)) = before {
            for (code, what, now, first) in [
                ("P11", "name search", search, first_search),
                ("P12", "queue page", queue, first_queue),
            ] {
                let growth = now.as_secs_f64() / first.as_secs_f64().max(1e-6);
                let met = (code == "P12").then_some(growth <= 2.5);
                figures.add(
                    code,
                    &format!("{what}, {size} against {} cases", SIZES[0]),
                    format!("{growth:.1} x"),
                    "<= 2.5 x",
                    met,
                );
            }
        }
        before.get_or_insert((search, queue));
    }
    Ok(())
}

/// One case saved durably, beside what the disk needs for a page in the same round.
fn saves(desk: &mut Desk, figures: &mut Figures) -> Result<()> {
    let disk = percentile(&fdatasync_samples()?, 0.5);
    let mut samples = Vec::new();
    for _ in 0..SAVES {
        let begin = Instant::now();
        desk.add_cases(1)?;
        samples.push(begin.elapsed());
    }
    let save = percentile(&samples, 0.5);
    let goal = disk * 2 + Duration::from_millis(5);
    figures.add(
        "P7",
        "a case saved durably, p50",
        ms(save),
        &format!("<= 2 fdatasync + 5 ms = {}", ms(goal)),
        Some(save <= goal),
    );
    figures.add(
        "P7",
        "the same, p95",
        ms(percentile(&samples, 0.95)),
        "",
        None,
    );
    let per_second = 1.0 / save.as_secs_f64().max(1e-6);
    let raw = 1.0 / disk.as_secs_f64().max(1e-6);
    figures.add(
        "P7",
        "saves a second, as a share of raw fdatasync",
        format!("{:.2} x", per_second / raw),
        ">= 0.7 x",
        Some(per_second >= 0.7 * raw),
    );
    Ok(())
}

struct Desk {
    _folder: TempDir,
    store: Store,
    actor: Actor,
    key: SigningKey,
    head: Head,
    now: DateTime<Utc>,
    cases: u32,
}

impl Desk {
    fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(skranke_tests::window::target_folder())?;
        let now: DateTime<Utc> = "2026-03-13T12:50:00Z".parse()?;
        let mut store = Store::open(
            folder.path(),
            &StoreKey::generate(),
            Options::default(),
            now,
        )?;
        let actor = Actor {
            staff: StaffId::from_uuid(Uuid::now_v7()),
            roles: vec![Role::Counter],
            device: DeviceId::from_uuid(Uuid::now_v7()),
        };
        let mut write = store.write(&actor, Entry::new(Action::DeviceEnrolled, now))?;
        write.enrol_device(actor.device, "S3")?;
        write.commit()?;
        let own = store
            .read()?
            .own_device()?
            .context("the device was just enrolled")?;
        Ok(Self {
            _folder: folder,
            store,
            actor,
            key: own.signing_key(),
            head: own.head,
            now,
            cases: 0,
        })
    }

    fn grow_to(&mut self, size: u32) -> Result<()> {
        while self.cases < size {
            self.add_cases(CASES_A_WRITE.min(size - self.cases))?;
        }
        Ok(())
    }

    /// Adds cases in one write.
    fn add_cases(&mut self, count: u32) -> Result<()> {
        let mut write = self
            .store
            .write(&self.actor, Entry::new(Action::CommandSaved, self.now))?;
        for n in self.cases..self.cases + count {
            let events = [
                Event::CaseOpened(CaseOpened {
                    number: write.next_case_number(2026)?,
                    channel: Channel::InPerson,
                    location: "town_hall".to_owned(),
                    municipality: "990".to_owned(),
                    profile: "demo@1".to_owned(),
                    form: "exemption@2".to_owned(),
                    received_on: "2026-03-13".parse()?,
                }),
                Event::CitizenRecorded(CitizenRecorded {
                    cpr: cpr(n)?,
                    name: name(n),
                    address: "Åvej 2, 9990 Solbjerg".to_owned(),
                    address_protected: false,
                    residence: Residence::Fixed,
                    phone: format!("7000{:04}", n % 10_000),
                }),
            ];
            let command_id = CommandId::from_uuid(Uuid::now_v7());
            let case_id = case_id(n);
            let mut based_on = Vec::new();
            let mut sealed = Vec::new();
            for (k, event) in (1..).zip(&events) {
                self.now += TimeDelta::milliseconds(1);
                let unsealed = Unsealed {
                    id: EventId::from_uuid(Uuid::now_v7()),
                    tenant: "990".to_owned(),
                    case_id,
                    command_id,
                    k,
                    n: 2,
                    device_id: self.actor.device,
                    device_seq: self.head.seq + 1,
                    prev_hash: self.head.hash,
                    recorded_at: self.now,
                    clock_offset_ms: 0,
                    actor: self.actor.staff,
                    grant_id: GrantId::from_uuid(Uuid::nil()),
                    based_on,
                };
                let event = unsealed.seal(event, [9; 16], &self.key)?;
                based_on = vec![event.header().id];
                self.head = Head::after(event.header(), event.hash());
                sealed.push(event);
            }
            write.append_command(&sealed)?;
        }
        write.commit()?;
        self.cases += count;
        Ok(())
    }

    fn search(&self, size: u32) -> Result<Vec<Duration>> {
        let read = self.store.read()?;
        let mut samples = Vec::new();
        for question in 0..QUESTIONS {
            let wanted = name(question * (size / QUESTIONS).max(1));
            let begin = Instant::now();
            let page = read.search(
                &SearchTerm::read(&wanted).context("a name is a search")?,
                None,
                PAGE,
            )?;
            samples.push(begin.elapsed());
            ensure!(
                page.rows.iter().any(|row| row.name == wanted),
                "a name that is there is found"
            );
        }
        Ok(samples)
    }

    fn queue_pages(&self) -> Result<Vec<Duration>> {
        let read = self.store.read()?;
        let mut samples = Vec::new();
        let mut after = None;
        for _ in 0..QUESTIONS {
            let begin = Instant::now();
            let page = read.cases(CaseFilter::All, after.as_ref(), PAGE)?;
            samples.push(begin.elapsed());
            after = page.next;
        }
        Ok(samples)
    }

    /// The lists show what a fold of the events says.
    fn sampled_cases_are_as_their_events_say(&self, size: u32) -> Result<()> {
        let read = self.store.read()?;
        let step = (size / SAMPLED).max(1);
        for n in (0..size).step_by(step as usize) {
            let row = read
                .case_row(case_id(n))?
                .context("a loaded case is listed")?;
            let case = read.case(case_id(n))?.context("a loaded case folds")?;
            let named = case.citizen.as_ref().map(|citizen| citizen.name.as_str());
            ensure!(named == Some(row.name.as_str()), "list and events agree");
        }
        Ok(())
    }
}

fn case_id(n: u32) -> CaseId {
    CaseId::from_uuid(Uuid::from_u128(
        0x0199_0000_0000_7000_8000_0000_0000_0000 + u128::from(n),
    ))
}

/// A name of its own for each of the first 9,600 cases, then again.
fn name(n: u32) -> String {
    let n = n as usize;
    let first = FIRST_NAMES[n % FIRST_NAMES.len()];
    let middle = MIDDLE[n / FIRST_NAMES.len() % MIDDLE.len()];
    let ending = ENDINGS[n / (FIRST_NAMES.len() * MIDDLE.len()) % ENDINGS.len()];
    format!("{first} {middle}{ending}")
}

/// A replacement number: the day is raised by 60, so it can never be a person's own.
fn cpr(n: u32) -> Result<Cpr> {
    let digits = format!(
        "{:02}{:02}{:02}{:04}",
        61 + n % 28,
        1 + n / 28 % 12,
        50 + n / 336 % 45,
        n / 15_120 % 1_000
    );
    Cpr::parse(&digits).context("a replacement number is well formed")
}
