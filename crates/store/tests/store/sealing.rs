//! A case that leaves this computer leaves nothing that can be read here, and nothing of it is lost: what is in no
//! backup stays in boxes that only the central store opens.

use std::path::Path;
use std::process::Command;

use rusqlite::types::ValueRef;
use skranke_domain::cpr::Purpose;
use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::CaseId;
use skranke_protocol::confirmation::{Signed, TenantHead};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::recovery::RecoverySecret;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{
    CommandVerdict, FeedItem, Outcome, PushCommand, SealedCommand, Verdict,
};
use skranke_store::{Action, Entry, Options, SaveStep, Store};

use crate::desk::{Desk, actor, case_id, note};
use crate::scratch::{Scratch, now};
use crate::syncing::{colleagues_case, events, page, take};

const NAME: &str = "Bo Lind";
const SCAN: &[u8] = b"%PDF-1.7 anmodning";

fn secret() -> RecoverySecret {
    RecoverySecret::from_bytes([5; 32])
}

fn left(case: CaseId) -> Vec<FeedItem> {
    vec![FeedItem::ScopeLeft { case_id: case }]
}

fn knows_the_key(desk: &mut Desk) {
    let mut write = desk.write(Action::Synchronised);
    write.keep_recovery_key(&secret().public()).unwrap();
    write.commit().unwrap();
}

/// A computer with a case of its own that the central store has, but in no backup; its events.
fn confirmed() -> (Desk, CaseId, Vec<SealedEvent>) {
    let mut desk = Desk::new();
    knows_the_key(&mut desk);
    let case = desk.open_case(1, NAME, "12345678");
    desk.save(case, &[note("Ringede på")]);
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();
    take(&mut desk, &page(events(&own), 1, 0));
    (desk, case, own)
}

/// Where any of these words stands: in a row of the opened database, or in a file as it lies there.
fn found(scratch: &Scratch, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: &str, bytes: &[u8]| {
        for word in words {
            let is_there = bytes
                .windows(word.len())
                .any(|part| part == word.as_bytes());
            found.extend(is_there.then(|| format!("{word} in {place}")));
        }
    };
    scratch.raw(|raw| {
        let mut tables = raw
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .unwrap();
        let names: Vec<String> = tables
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for table in names {
            let mut statement = raw.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) =
                        row.get_ref(column).unwrap()
                    {
                        look(&table, bytes);
                    }
                }
            }
        }
    });
    let mut folders = vec![scratch.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                look(&path.display().to_string(), &std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn opened(command: &SealedCommand) -> PushCommand {
    let sealed = skranke_protocol::encoding::from_base64_url(&command.sealed).unwrap();
    serde_json::from_slice(&secret().open(&sealed).unwrap()).unwrap()
}

fn sealed(desk: &Desk) -> Vec<SealedCommand> {
    desk.store.read().unwrap().sealed_own(1, 99).unwrap()
}

#[test]
fn a_case_that_left_is_here_in_boxes_alone_before_any_backup_and_nothing_of_it_can_be_read() {
    let (mut desk, case, own) = confirmed();
    let row = desk.store.read().unwrap().case_row(case).unwrap();
    let number = row.unwrap().number.to_string();
    let mut write = desk.write(Action::DraftSaved);
    let draft = skranke_domain::ids::DraftId::from_uuid(crate::desk::uuid(5));
    let typed = format!(r#"{{"name":"{NAME}"}}"#);
    write.save_draft(draft, Some(case), 2, &typed).unwrap();
    write.commit().unwrap();
    let words = [
        NAME.to_owned(),
        crate::desk::cpr(1).reveal_for(Purpose::Storage),
        number,
        "Ringede".to_owned(),
        "12345678".to_owned(),
    ];
    assert!(
        found(&desk.scratch, &words).len() >= 5,
        "it looks in the right places"
    );

    let taken = take(&mut desk, &page(left(case), 4, 0));

    assert_eq!(taken.left, [case].into());
    assert_eq!(found(&desk.scratch, &words), [] as [String; 0]);
    let wal = desk.scratch.path().join("skranke.db-wal");
    let wal_bytes = std::fs::metadata(wal).map_or(0, |file| file.len());
    assert_eq!(
        wal_bytes, 0,
        "pages as they were before are gone with the log"
    );

    // What the boxes hold is the whole work, as it was signed
    let boxes: Vec<PushCommand> = sealed(&desk).iter().map(opened).collect();
    let kept: Vec<SealedEvent> = boxes
        .into_iter()
        .flat_map(|command| command.events)
        .map(|event| event.try_into().unwrap())
        .collect();
    assert_eq!(kept, own);

    // And the second log brings nothing back, whatever becomes of the database
    let Desk { scratch, store, .. } = desk;
    drop(store);
    let (recovered, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();
    assert_eq!(recovered.opening().restored_events, 0);
    assert!(recovered.read().unwrap().case(case).unwrap().is_none());
    assert_eq!(found(&scratch, &words), [] as [String; 0]);
}

#[test]
fn without_a_key_it_stays_as_before_and_goes_sealed_when_the_key_comes() {
    let mut desk = Desk::new();
    let case = desk.open_case(1, NAME, "");
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();
    take(&mut desk, &page(events(&own), 1, 0));

    let taken = take(&mut desk, &page(left(case), 3, 0));
    assert_eq!(taken.left.len(), 0);
    assert!(desk.store.read().unwrap().case(case).unwrap().is_some());
    knows_the_key(&mut desk);

    assert!(desk.store.read().unwrap().case(case).unwrap().is_none());
    assert_eq!(sealed(&desk).len(), 1);
}

#[test]
fn what_was_not_handed_over_stays_until_it_is() {
    let mut desk = Desk::new();
    knows_the_key(&mut desk);
    let case = desk.open_case(1, NAME, "");
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();
    assert_eq!(take(&mut desk, &page(left(case), 1, 0)).left.len(), 0);
    assert!(sealed(&desk).is_empty());

    let verdict = CommandVerdict {
        command_id: own[0].header().command_id,
        verdict: Verdict::First(Outcome::Accepted { position: 3 }),
    };
    let mut write = desk.write(Action::Synchronised);
    write.take_verdicts(&[verdict]).unwrap();
    write.commit().unwrap();

    assert!(desk.store.read().unwrap().case(case).unwrap().is_none());
    assert_eq!(sealed(&desk).len(), 1);
}

#[test]
fn when_a_backup_has_it_the_boxes_go() {
    let (mut desk, case, _) = confirmed();
    take(&mut desk, &page(left(case), 4, 0));

    let mut write = desk.write(Action::Synchronised);
    write.note_backup(2).unwrap();
    write.commit().unwrap();
    assert_eq!(sealed(&desk).len(), 1, "the backup has the first of two");
    take(&mut desk, &page(Vec::new(), 5, 3));

    assert!(!desk.store.read().unwrap().holds_sealed().unwrap());
}

#[test]
fn a_central_store_that_was_restored_is_offered_the_boxes_in_their_places_of_the_chain() {
    let (mut desk, case, own) = confirmed();
    desk.open_case(2, "Ida Krogh", "");
    take(&mut desk, &page(left(case), 4, 0));
    let mut write = desk.write(Action::Synchronised);
    let reads_anew = write.enter_epoch(2, 1).unwrap();
    write.commit().unwrap();

    assert!(reads_anew, "it may have forgotten that the case left");
    let read = desk.store.read().unwrap();
    assert_eq!(read.cursor().unwrap().position, 0);
    let planned = read.sealed_events_for_plan().unwrap();
    let seqs: Vec<_> = planned
        .iter()
        .map(|event| (event.seq, event.confirmed))
        .collect();
    assert_eq!(seqs, [(1, false), (2, false), (3, false)]);
    let waiting = read.outbox_counts().unwrap().waiting;
    assert_eq!(waiting, 3, "two in boxes and one that is written here");
    drop(read);

    // What it took is kept for the next backup, what it could not open is kept and not offered again at once
    let of = |event: &SealedEvent| event.header().command_id;
    let verdict = CommandVerdict {
        command_id: of(&own[0]),
        verdict: Verdict::First(Outcome::Accepted { position: 9 }),
    };
    let mut write = desk.write(Action::Synchronised);
    write.take_unsealed(&[verdict], &[of(&own[2])]).unwrap();
    write.commit().unwrap();
    let read = desk.store.read().unwrap();
    assert_eq!(read.outbox_counts().unwrap().waiting, 1);
    let planned = read.sealed_events_for_plan().unwrap();
    assert!(planned.iter().all(|event| event.confirmed && event.seq < 3));
    drop(read);
    take(&mut desk, &page(Vec::new(), 1, 9));
    let read = desk.store.read().unwrap();
    assert!(read.holds_sealed().unwrap(), "nobody else has it");
}

#[test]
fn a_case_that_comes_back_while_its_boxes_stand_is_here_once() {
    let (mut desk, case, own) = confirmed();
    take(&mut desk, &page(left(case), 4, 0));
    let entered = FeedItem::ScopeEntered {
        case_id: case,
        events: own.clone(),
    };

    take(&mut desk, &page(vec![entered], 5, 0));

    let read = desk.store.read().unwrap();
    assert_eq!(read.case_events(case).unwrap(), own);
    assert!(!read.holds_sealed().unwrap());
    let counts = read.outbox_counts().unwrap();
    assert_eq!((counts.total, counts.waiting), (2, 0));
    drop(read);
    desk.save(case, &[note("igen")]);
    take(&mut desk, &page(left(case), 6, 0));
    let read = desk.store.read().unwrap();
    assert_eq!(
        read.case_events(case).unwrap().len(),
        4,
        "handed over first"
    );
}

#[test]
fn work_of_others_that_is_in_no_backup_is_sealed_with_it() {
    let mut desk = Desk::new();
    knows_the_key(&mut desk);
    let theirs = colleagues_case();
    let entered = FeedItem::ScopeEntered {
        case_id: case_id(900),
        events: theirs.clone(),
    };
    take(&mut desk, &page(vec![entered], 1, 0));

    take(&mut desk, &page(left(case_id(900)), 2, 0));

    let mut write = desk.write(Action::Synchronised);
    write.enter_epoch(2, 0).unwrap();
    write.commit().unwrap();
    let read = desk.store.read().unwrap();
    assert!(read.sealed_events_for_plan().unwrap().is_empty());
    assert!(read.offers_sealed_of_others().unwrap());
    let offered = read.sealed_of_others(None).unwrap();
    assert_eq!(opened(&offered[0]).events.len(), theirs.len());
    let after = Some(offered[0].command_id);
    assert_eq!(read.sealed_of_others(after).unwrap(), []);
}

#[test]
fn a_scan_goes_with_its_case_into_boxes_once_it_was_handed_over() {
    let (mut desk, case, _) = confirmed();
    let mut write = desk.write(Action::AttachmentStored);
    let view = Some(("image/png", SCAN));
    let digest = write
        .store_attachment("application/pdf", SCAN, view)
        .unwrap();
    write.commit().unwrap();
    let added = Event::AttachmentAdded(AttachmentAdded {
        digest,
        purpose: AttachmentPurpose::Other,
        media_type: "application/pdf".to_owned(),
        size_bytes: SCAN.len() as u64,
        file_name: "anmodning.pdf".to_owned(),
    });
    desk.save(case, &[added]);
    let own = desk.store.read().unwrap().own_events(3, 9).unwrap();
    take(&mut desk, &page(events(&own), 4, 0));
    take(&mut desk, &page(left(case), 5, 0));
    assert!(sealed(&desk).is_empty(), "its scan was not handed over");
    let confirm = |desk: &mut Desk| {
        let mut write = desk.write(Action::Synchronised);
        write.confirm_attachment(digest).unwrap();
        write.commit().unwrap();
    };

    confirm(&mut desk);

    let read = desk.store.read().unwrap();
    assert!(read.case(case).unwrap().is_none());
    assert!(read.attachment_original(digest).is_err());
    assert!(read.attachment_view(digest).is_err());
    assert_eq!(
        secret().open(&read.sealed_scan(digest).unwrap()).unwrap(),
        SCAN
    );
    assert_eq!(read.attachments_waiting().unwrap(), []);
    drop(read);

    // A restored central store is offered it; when a later backup has it, the boxes go
    let mut write = desk.write(Action::Synchronised);
    write.enter_epoch(2, 0).unwrap();
    write.commit().unwrap();
    let waiting = desk.store.read().unwrap().attachments_waiting().unwrap();
    assert!(waiting[0].is_sealed && waiting[0].digest == digest);
    confirm(&mut desk);
    let is_here = |desk: &Desk| desk.store.read().unwrap().sealed_scan(digest).is_ok();
    take(&mut desk, &page(Vec::new(), 9, 9));
    assert!(
        is_here(&desk),
        "nobody knows whether that backup was made before the scan was there"
    );
    // Others went on while it was on its way.
    hear(&mut desk, 15);
    take(&mut desk, &page(Vec::new(), 15, 15));
    assert!(is_here(&desk), "nor that one");
    take(&mut desk, &page(Vec::new(), 16, 16));
    assert!(!is_here(&desk));
}

/// The central store says how long its feed is.
fn hear(desk: &mut Desk, position: u64) {
    let head = TenantHead {
        tenant: "0999".to_owned(),
        epoch: 2,
        position,
        root: [0; 32],
        issued_at: now(),
    };
    let signed = Signed::new(&head, &SigningKey::from_seed(&[3; 32])).unwrap();
    let mut write = desk.write(Action::Synchronised);
    write.keep_tenant_head(&signed).unwrap();
    write.commit().unwrap();
}

const FOLDER: &str = "SKRANKE_TEST_SEALING_FOLDER";
const STEP: &str = "SKRANKE_TEST_SEALING_STEP";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn abort_at(step: SaveStep) {
    if variable(STEP).is_some_and(|wanted| format!("{step:?}") == wanted) {
        std::process::abort();
    }
}

/// Takes the page with which the case leaves, and is ended while it does.
fn let_go_of_it(folder: &Path) -> ! {
    let options = Options {
        on_step: Some(abort_at),
        ..Options::default()
    };
    let mut store = Store::open(folder, &Scratch::new().key, options, now()).unwrap();
    let entry = Entry::new(Action::Synchronised, now());
    let mut write = store.write(&actor(), entry).unwrap();
    write.take_page(&page(left(case_id(1)), 4, 0)).unwrap();
    write.commit().unwrap();
    unreachable!("the step is reached before")
}

#[test]
fn ended_while_a_case_is_sealed_it_is_here_as_it_was_or_in_boxes_alone() {
    if let Some(folder) = variable(FOLDER) {
        let_go_of_it(folder.as_ref());
    }
    for (step, is_sealed) in [
        (SaveStep::BeforeCommit, false),
        (SaveStep::Committed, true),
        (SaveStep::Reported, true),
    ] {
        let (desk, case, own) = confirmed();
        let Desk { scratch, store, .. } = desk;
        drop(store);

        let name = "sealing::ended_while_a_case_is_sealed_it_is_here_as_it_was_or_in_boxes_alone";
        let ended = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--test-threads=1"])
            .env(FOLDER, scratch.path())
            .env(STEP, format!("{step:?}"))
            .output()
            .unwrap();

        assert!(
            !ended.status.success(),
            "{step:?}: the child was to be ended"
        );
        let store = scratch.open();
        assert_eq!(store.opening().restored_events, 0, "{step:?}");
        let read = store.read().unwrap();
        let is_readable = read.case_events(case).unwrap() == own;
        assert_eq!(is_readable, !is_sealed, "{step:?}");
        assert_eq!(read.holds_sealed().unwrap(), is_sealed, "{step:?}");
        assert_eq!(read.case(case).unwrap().is_some(), !is_sealed, "{step:?}");
        drop(read);
        drop(store);
        // Whatever the log lacked was written to it at opening.
        let (recovered, _) =
            Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();
        let here = recovered.read().unwrap().case_events(case).unwrap();
        assert_eq!(here.is_empty(), is_sealed, "{step:?}");
    }
}
