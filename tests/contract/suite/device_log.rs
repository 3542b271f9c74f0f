//! The devices' own logs: kept once, followed link by link, and under the seals of the server's audit.
//!
//! Basis: design, section 6 (audit); reliability, threat T19.

use chrono::TimeDelta;
use skranke_domain::ids::CaseId;
use skranke_protocol::device_log::{BEFORE_ALL, LogRow};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{LogBatch, LogLine, LogReadRequest, Scope};
use skranke_server::audit::{self, Whole};
use skranke_server::device_log;
use skranke_server::devices::Acting;
use skranke_server::store::device_log::LogPage;
use uuid::Uuid;

use crate::office::{Laptop, Office, TENANT, noon};

/// Rows of a laptop's log after these, linked to them.
fn goes_on(laptop: &Laptop, log: &[LogRow], more: u64, purpose: &str) -> Vec<LogRow> {
    let mut log = log.to_vec();
    for _ in 0..more {
        let before = log.last().map_or(BEFORE_ALL, |row| row.link);
        let mut row = LogRow {
            number: log.len() as u64 + 1,
            done_at: noon() + TimeDelta::seconds(log.len() as i64),
            staff_id: laptop.staff,
            device_id: laptop.id,
            roles: "counter".to_owned(),
            action: "case_read".to_owned(),
            case_id: Some(CaseId::from_uuid(Uuid::from_u128(7))),
            subject: None,
            purpose: purpose.to_owned(),
            link: BEFORE_ALL,
        };
        row.link = row.link_after(&before);
        log.push(row);
    }
    log
}

pub(crate) fn log(laptop: &Laptop, rows: u64) -> Vec<LogRow> {
    goes_on(laptop, &[], rows, "open_work")
}

/// Hands over the rows with these numbers, both ends included; gives the number the server has them through.
pub(crate) fn hand_over(
    office: &Office,
    laptop: &Laptop,
    log: &[LogRow],
    first: usize,
    last: usize,
) -> u64 {
    let previous = first.checked_sub(2).map_or(BEFORE_ALL, |at| log[at].link);
    let rows = log[first - 1..last].to_vec();
    send(office, laptop, &LogBatch { previous, rows })
}

fn send(office: &Office, laptop: &Laptop, batch: &LogBatch) -> u64 {
    let mut transaction = office.store.begin(TENANT).unwrap();
    let through = device_log::take(transaction.as_mut(), laptop.id, batch, noon());
    transaction.commit().unwrap();
    through.unwrap()
}

/// The audit looked through, after it was sealed.
fn whole(office: &Office) -> Whole {
    let key = SigningKey::from_seed(&office.keys.signing_seed);
    let mut transaction = office.store.begin(TENANT).unwrap();
    audit::seal(transaction.as_mut(), &key, noon()).unwrap();
    transaction.commit().unwrap();
    let found = audit::verify(office.store.as_ref(), TENANT, &key.public());
    found.unwrap().unwrap()
}

pub(crate) fn rows_are_kept_once_though_they_come_twice_and_overlap(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let log = log(&laptop, 5);

    // A round that is cut after its first batch, and goes on from what it knows to have arrived.
    assert_eq!(hand_over(office, &laptop, &log, 1, 3), 3);
    assert_eq!(hand_over(office, &laptop, &log, 1, 3), 3);
    assert_eq!(hand_over(office, &laptop, &log, 3, 5), 5);
    assert_eq!(hand_over(office, &laptop, &log, 1, 5), 5);

    let whole = whole(office);
    assert_eq!((whole.device_rows, whole.unsealed), (5, 0));
    assert_eq!(
        whole.rows, 2,
        "one row of the audit for each batch with news"
    );
    assert!(office.alarms().is_empty());
    let mut kept = Vec::new();
    for entry in office.store.audit(TENANT, None, 10).unwrap() {
        kept.extend(office.store.log_rows(TENANT, entry.id).unwrap());
    }
    let rows = kept
        .iter()
        .map(|row| serde_json::from_str::<LogRow>(&row.body).unwrap());
    assert!(rows.eq(log), "every row as it came");
}

pub(crate) fn a_row_cut_out_is_an_alarm_and_what_follows_is_kept(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let whole_log = log(&laptop, 6);
    let mut within = whole_log.clone();
    within.remove(1);
    hand_over(office, &laptop, &within, 1, 2);
    assert_eq!(office.alarms(), ["audit_gap"], "within a batch");

    // And between two: the row before the first is not the one that is kept.
    let between = LogBatch {
        previous: whole_log[3].link,
        rows: whole_log[4..].to_vec(),
    };
    assert_eq!(send(office, &laptop, &between), 6);
    assert_eq!(office.alarms(), ["audit_gap", "audit_gap"]);

    // Sent again it says nothing new, and a log that begins in the middle lacks its beginning.
    send(office, &laptop, &between);
    assert_eq!(office.alarms().len(), 2);
    let other = office.laptop(2, Scope::Tenant);
    hand_over(office, &other, &log(&other, 4), 3, 4);
    assert_eq!(office.alarms(), ["audit_gap"; 3]);
    assert_eq!(whole(office).device_rows, 4 + 2);
}

pub(crate) fn a_row_changed_is_an_alarm(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let mut log = log(&laptop, 4);
    log[2].purpose = "quality".to_owned();

    hand_over(office, &laptop, &log, 1, 4);

    assert_eq!(office.alarms(), ["audit_changed"]);
    assert_eq!(
        whole(office).device_rows,
        4,
        "what it says is kept as it came"
    );
}

pub(crate) fn a_log_carried_on_in_two_copies_is_an_alarm_and_both_are_kept(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let shared = log(&laptop, 2);
    let one = goes_on(&laptop, &shared, 2, "open_work");
    let other = goes_on(&laptop, &shared, 2, "quality");
    hand_over(office, &laptop, &one, 1, 4);
    assert!(office.alarms().is_empty());

    hand_over(office, &laptop, &other, 3, 4);

    assert_eq!(office.alarms(), ["audit_fork"]);
    assert_eq!(whole(office).device_rows, 6);
}

pub(crate) fn a_log_made_anew_after_it_was_handed_over_is_an_alarm(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    hand_over(office, &laptop, &log(&laptop, 3), 1, 3);
    let made_anew = goes_on(&laptop, &[], 5, "quality");

    // It fits in itself, and not with what was handed over before.
    hand_over(office, &laptop, &made_anew, 4, 5);

    assert_eq!(office.alarms(), ["audit_fork"]);
}

pub(crate) fn municipalities_do_not_see_each_others_logs(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    office.store.create_tenant("0101", noon()).unwrap();
    hand_over(office, &laptop, &log(&laptop, 2), 1, 2);
    let batch = office.store.audit(TENANT, None, 1).unwrap()[0].id;

    assert_eq!(office.store.count_log_rows("0101").unwrap(), 0);
    assert!(office.store.log_rows("0101", batch).unwrap().is_empty());
    let mut transaction = office.store.begin("0101").unwrap();
    let links = transaction.log_links(laptop.id, 1, 9).unwrap();
    assert!(links.is_empty());
}

/// All of what is asked for, read three rows at a time.
fn read_whole(office: &Office, wanted: &LogReadRequest) -> Vec<LogLine> {
    let (mut wanted, mut lines) = (wanted.clone(), Vec::new());
    loop {
        let kept = office
            .store
            .log_page(TENANT, &LogPage::of(&wanted, 3))
            .unwrap();
        if kept.is_empty() {
            return lines;
        }
        let mut transaction = office.store.begin(TENANT).unwrap();
        let by = Acting::OPERATOR;
        let page = device_log::read_out(transaction.as_mut(), by, &wanted, &kept, noon());
        transaction.commit().unwrap();
        lines.extend(page.unwrap());
        wanted.before = lines.last().map(LogLine::place);
    }
}

pub(crate) fn logs_are_read_by_computer_and_time_page_by_page_and_that_is_noted_first(
    office: &Office,
) {
    // Given two computers that did something in each of five seconds
    let (one, other) = (
        office.laptop(1, Scope::Tenant),
        office.laptop(2, Scope::Tenant),
    );
    for laptop in [&one, &other] {
        hand_over(office, laptop, &log(laptop, 5), 1, 5);
    }
    let second = |seconds| noon() + TimeDelta::seconds(seconds);
    let asked = |device_id, from, until| LogReadRequest {
        purpose: "supervision".to_owned(),
        device_id,
        from: second(from),
        until: second(until),
        before: None,
    };
    let seconds = |lines: &[LogLine]| -> Vec<i64> {
        let at = lines.iter().map(|line| line.row.done_at - noon());
        at.map(|since| since.num_seconds()).collect()
    };

    // When all is read, then each row comes once, the newest first
    let all = read_whole(office, &asked(None, 0, 5));
    assert_eq!(seconds(&all), [4, 4, 3, 3, 2, 2, 1, 1, 0, 0]);
    let of = |laptop: &Laptop| {
        let rows = all.iter().filter(|line| line.device_id == laptop.id);
        let mut rows: Vec<LogRow> = rows.map(|line| line.row.clone()).collect();
        rows.reverse();
        rows
    };
    assert_eq!(of(&one), log(&one, 5));
    assert_eq!(of(&other), log(&other, 5));

    // And of one computer, and of a time, that alone; the end is not in it
    let part = read_whole(office, &asked(Some(other.id), 1, 4));
    assert_eq!(seconds(&part), [3, 2, 1]);
    assert!(part.iter().all(|line| line.device_id == other.id));

    // And every page that was told is in the audit with its purpose, and whose log it was
    let noted = office.store.audit(TENANT, None, 100).unwrap();
    let noted = noted.iter().filter(|row| row.action == device_log::READ);
    let noted: Vec<_> = noted.map(|row| (&*row.purpose, &*row.detail)).collect();
    let whose = other.id.to_string();
    let pages = [
        "all 3".to_owned(),
        "all 3".to_owned(),
        "all 3".to_owned(),
        "all 1".to_owned(),
        format!("{whose} 3"),
    ];
    assert_eq!(
        noted,
        pages.each_ref().map(|detail| ("supervision", &**detail))
    );
}
