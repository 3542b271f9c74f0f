//! A computer's own log comes home to the central store, and is read there by those who may.

use skranke_app::api::device_log::{LogEntry, LogPage, LogRequest};
use skranke_app::api::error::ErrorCode;
use skranke_app::{App, AppError};

use skranke_domain::ids::DeviceId;
use skranke_protocol::device_log::{BEFORE_ALL, LogRow};
use skranke_protocol::signature::SigningKey;
use skranke_server::audit;
use skranke_server::device_log::{READ, TAKEN};
use skranke_server::store::CentralStore;
use skranke_server::store::device_log::DeviceLogReader;
use skranke_store::{Action, Actor, Entry};

use crate::{TENANT, Town, faults, granted, sign_in_as};

/// All rows the central store has, in their order, and the computer that sent them.
fn at_home(town: &Town) -> Vec<(DeviceId, LogRow)> {
    let store = town.central_store();
    let mut rows = Vec::new();
    for entry in store.audit(TENANT, None, 1_000).unwrap() {
        if entry.action == TAKEN {
            let kept = store.log_rows(TENANT, entry.id).unwrap();
            rows.extend(kept.into_iter().map(|kept| {
                let row: LogRow = serde_json::from_str(&kept.body).unwrap();
                (kept.device_id, row)
            }));
        }
    }
    rows
}

/// That rows are numbered without a gap and each is linked to the one before.
fn is_one_chain(rows: &[(DeviceId, LogRow)]) {
    let mut before = BEFORE_ALL;
    for (number, (_, row)) in (1..).zip(rows) {
        assert_eq!(row.number, number);
        assert_eq!(row.link, row.link_after(&before), "row {number}");
        before = row.link;
    }
}

#[test]
fn a_computers_log_comes_home_once_after_its_events_and_a_quiet_line_stays_quiet() {
    // Given a day's work
    let town = Town::new();
    let app = town.counter("skranke-1");
    granted(&app, "0201703984", "Aase Lindholm");

    // When it is brought home
    app.sync_now(()).unwrap();

    // Then every row is there, whole and once, and none of it names the citizen
    let rows = at_home(&town);
    is_one_chain(&rows);
    let has = |action: &str| rows.iter().any(|(_, row)| row.action == action);
    assert!(has("signed_in") && has("command_saved"));
    for (_, row) in &rows {
        let said = serde_json::to_string(row).unwrap();
        assert!(
            !said.contains("0201703984") && !said.contains("Lindholm"),
            "{said}"
        );
    }
    let store = town.central_store();
    assert!(store.alarms(TENANT).unwrap().is_empty());
    let key = SigningKey::from_seed(&store.server_keys().unwrap().signing_seed);
    let whole = audit::verify(&store, TENANT, &key.public())
        .unwrap()
        .unwrap();
    assert_eq!(whole.device_rows, rows.len() as u64);

    // And rounds in which nothing happened send nothing
    for _ in 0..3 {
        app.sync_now(()).unwrap();
    }
    assert_eq!(at_home(&town).len(), rows.len());
}

#[test]
fn a_log_whose_answer_was_lost_is_handed_over_again_and_kept_once() {
    let town = Town::new();
    let app = town.counter("skranke-1");
    granted(&app, "0201703984", "Aase Lindholm");
    app.sync_now(()).unwrap();
    drop(app);
    let before = at_home(&town);

    // Given a computer that does not know what has arrived, as after a cut or put back from a backup
    let mut store = faults::opened(town.folder.path(), "skranke-1");
    let own = store.read().unwrap().own_device().unwrap().unwrap();
    let entry = Entry::new(Action::Maintained, skranke_app::Clock::System.now());
    let mut write = store.write(&Actor::program(own.device), entry).unwrap();
    write.set_setting("log_handed_over", "0").unwrap();
    write.commit().unwrap();
    drop(store);
    let app = town.counter("skranke-1");
    app.sync_now(()).unwrap();

    // Then what comes again is not kept again
    let rows = at_home(&town);
    is_one_chain(&rows);
    assert!(rows.len() > before.len());
    assert_eq!(rows[..before.len()], before);
    assert!(town.central_store().alarms(TENANT).unwrap().is_empty());
}

/// What was done today on a computer, or on all of them.
pub(crate) fn today(app: &App, computer: Option<&str>) -> LogRequest {
    let today = app.start_state(()).unwrap().today;
    LogRequest {
        purpose: "supervision".to_owned(),
        computer: computer.map(str::to_owned),
        from_on: today.clone(),
        to_on: today,
        next: None,
    }
}

fn every_page(app: &App, mut request: LogRequest) -> Vec<LogEntry> {
    let mut rows = Vec::new();
    loop {
        let LogPage { rows: more, next } = app.log_read(request.clone()).unwrap();
        rows.extend(more);
        request.next = next;
        if request.next.is_none() {
            return rows;
        }
    }
}

fn refused(answer: Result<LogPage, AppError>) -> (ErrorCode, Option<String>) {
    let error = answer.err().unwrap();
    let field = error.params.get("field").map(ToString::to_string);
    (error.code, field)
}

#[test]
fn row_4_30_an_auditor_reads_who_did_what_on_every_computer_and_that_is_in_both_logs() {
    // Given a case that was made at one counter and looked at at another
    let mut town = Town::new();
    let one = town.counter("skranke-1");
    let case = granted(&one, "0201703984", "Aase Lindholm");
    one.sync_now(()).unwrap();
    let other = town.counter("skranke-2");
    other.sync_now(()).unwrap();
    sign_in_as(&other, "torben");
    other.sync_now(()).unwrap();

    // When an auditor at the second reads what was done at the first
    let computers = other.device_list(()).unwrap().rows;
    let first = computers.iter().find(|row| !row.is_this).unwrap();
    let rows = every_page(&other, today(&other, Some(&first.id)));

    // Then it says who, what and on which case, with the number partly hidden, the newest first
    let made = rows
        .iter()
        .find(|row| row.action == "command_saved")
        .unwrap();
    assert_eq!(
        (
            &*made.computer,
            &*made.by,
            &*made.case_number,
            &*made.cpr_masked
        ),
        ("S1", "Karin Thygesen", &*case.row.number, "020170-••••")
    );
    assert!(rows.iter().any(|row| row.purpose == "counter_entry"));
    assert!(rows.iter().all(|row| row.computer == "S1"));
    assert!(rows.is_sorted_by(|newer, older| newer.at >= older.at));
    let said = format!("{:?}", rows.iter().map(|row| &row.by).collect::<Vec<_>>());
    assert!(!said.contains("Lindholm"), "{said}");
    assert_eq!(
        rows.len(),
        at_home(&town)
            .iter()
            .filter(|(id, _)| id.to_string() == first.id)
            .count()
    );

    // And of all computers both, each row once
    let all = every_page(&other, today(&other, None));
    let ids: std::collections::BTreeSet<_> = all.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(
        ["S1", "S2"]
            .iter()
            .all(|code| all.iter().any(|row| row.computer == *code))
    );

    // And that it was read, and why, is in the central log and comes home from this computer's own
    let audit = town.central_store().audit(TENANT, None, 1_000).unwrap();
    let read = audit.iter().find(|row| row.action == READ).unwrap();
    assert_eq!(read.purpose, "supervision");
    assert!(read.detail.starts_with(&first.id), "{}", read.detail);
    other.sync_now(()).unwrap();
    let rows = every_page(&other, today(&other, None));
    let own = rows.iter().find(|row| row.action == "audit_read").unwrap();
    assert_eq!((&*own.computer, &*own.by), ("S2", "Torben Riis"));

    // And days on which nothing was done are empty; what cannot be meant names its field
    let mut asked = today(&other, None);
    (asked.from_on, asked.to_on) = ("2014-11-03".to_owned(), "2014-11-03".to_owned());
    assert!(other.log_read(asked.clone()).unwrap().rows.is_empty());
    asked.to_on = "2014-11-02".to_owned();
    let field = |name: &str| (ErrorCode::InvalidFields, Some(name.to_owned()));
    assert_eq!(refused(other.log_read(asked.clone())), field("to_on"));
    asked.from_on = "i går".to_owned();
    assert_eq!(refused(other.log_read(asked.clone())), field("from_on"));
    asked.purpose = "nysgerrig".to_owned();
    assert_eq!(refused(other.log_read(asked)), field("purpose"));

    // And nobody else may, nor anyone without a line
    sign_in_as(&other, "karin");
    let told = refused(other.log_read(today(&other, None)));
    assert_eq!(told.0, ErrorCode::NotPermitted);
    sign_in_as(&other, "hanne");
    town.close_central();
    let told = refused(other.log_read(today(&other, None)));
    assert_eq!(told.0, ErrorCode::OnlineOnly);
}
