//! A computer's own log comes home to the central store.

use skranke_domain::ids::DeviceId;
use skranke_protocol::device_log::{BEFORE_ALL, LogRow};
use skranke_protocol::signature::SigningKey;
use skranke_server::audit;
use skranke_server::device_log::TAKEN;
use skranke_server::store::CentralStore;
use skranke_server::store::device_log::DeviceLogReader;
use skranke_store::{Action, Actor, Entry};

use crate::{TENANT, Town, faults, granted};

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
