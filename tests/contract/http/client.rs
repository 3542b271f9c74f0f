//! The desktop's client against the real server.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use skranke_domain::cpr::Cpr;
use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::Sha256Digest;
use skranke_protocol::plan::{Local, OwnAttachment, OwnEvent};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    Cursor, FeedItem, MAX_CHUNK_BYTES, Outcome, UPLOAD_LENGTH, UPLOAD_OFFSET, Verdict, wire_size,
};
use skranke_server::accounts;
use skranke_server::admission::{citizen_digest, former_citizen_digest};
use skranke_server::sign_in::hash_password;
use skranke_server::store::{CaseSummary, EnrolmentCode, Staff};
use skranke_sync::{Cancel, Exchange, SyncError, run};
use skranke_testkit::patience::wait_until;

use super::raw::{proof_with, send};
use super::town::{SECRET, Town, environment, now, session};
use crate::office::{Laptop, TENANT, last};
use crate::on_both::{Kind, on_both};

on_both!(
    what_is_pushed_is_confirmed_by_signature_and_read_back_by_another_counter,
    a_whole_round_sends_reads_and_uploads_and_the_next_has_nothing_to_do,
    a_waiting_laptop_is_woken_by_its_own_cases_alone,
    the_look_up_needs_a_person_whose_role_permits_it_and_is_logged,
    a_case_indexed_before_each_municipality_had_a_key_is_found,
    a_one_time_code_enrols_one_device_once,
    a_local_account_signs_in_with_its_password_and_guessing_is_stopped,
    an_interrupted_upload_goes_on_where_it_stood,
    a_line_too_slow_for_a_file_in_one_request_takes_several,
    a_body_that_is_another_than_was_proved_is_no_part_of_the_file,
    what_came_before_is_passed_over_and_stays_where_a_later_body_is_not_what_was_proved,
    a_restarted_server_still_holds_everything_and_signs_with_the_same_key,
);

pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, SyncError>) -> ProblemCode {
    match result {
        Err(SyncError::Refused { code, .. }) => code,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

fn what_is_pushed_is_confirmed_by_signature_and_read_back_by_another_counter(kind: Kind) {
    let town = Town::on(kind);
    let (one, mut laptop) = town.counter(1, &["counter"]);
    let (other, _) = town.counter(2, &["exemption_unit"]);
    let (_, opening) = laptop.open_case("2512169996");

    let pushed = one.push(&opening).unwrap();

    assert_eq!(
        pushed.verdicts[0].verdict,
        Verdict::First(Outcome::Accepted { position: 2 })
    );
    assert_eq!(pushed.confirmation.head(), laptop.head);
    assert_eq!((pushed.confirmation.accepted, pushed.head.position), (2, 2));
    let page = other.pull(Cursor::START, 100, 0).unwrap();
    let page = page.sent;
    let events: Vec<_> = page.items.into_iter().map(|entry| entry.item).collect();
    let expected: Vec<_> = opening
        .into_iter()
        .map(|event| FeedItem::Event { event })
        .collect();
    assert_eq!(events, expected, "byte for byte");
    assert_eq!((page.cursor.position, page.more), (2, false));
}

fn a_whole_round_sends_reads_and_uploads_and_the_next_has_nothing_to_do(kind: Kind) {
    let town = Town::on(kind);
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (other, mut other_laptop) = town.counter(2, &["counter"]);
    other.push(&other_laptop.open_case("2211771212").1).unwrap();
    let mut scan = b"%PDF-1.7\n".to_vec();
    scan.resize(2_500_000, b'x');
    let file = OwnAttachment {
        digest: Sha256Digest::from_bytes(Sha256::digest(&scan).into()),
        is_sealed: false,
        size_bytes: scan.len() as u64,
    };
    let (case, opening) = laptop.open_case("2512169996");
    let attached = Event::AttachmentAdded(AttachmentAdded {
        digest: file.digest,
        purpose: AttachmentPurpose::Other,
        media_type: "application/pdf".to_owned(),
        size_bytes: file.size_bytes,
        file_name: "anmodning.pdf".to_owned(),
    });
    let scanned = laptop.command(case, &last(&opening), &[attached]);
    let own = [opening, scanned, laptop.open_case("2512169996").1].concat();
    let mut confirmed = 0;
    let mut cursor = Cursor::START;
    let mut uploaded = Vec::new();
    let mut sent = Vec::new();
    for _ in 0..3 {
        let planned: Vec<OwnEvent> = own
            .iter()
            .map(|event| OwnEvent {
                seq: event.header().device_seq,
                hash: *event.hash(),
                command_id: event.header().command_id,
                wire_bytes: wire_size(event),
                confirmed: event.header().device_seq <= confirmed,
            })
            .collect();
        let files = if uploaded.is_empty() {
            vec![file]
        } else {
            Vec::new()
        };
        let local = Local {
            offers_pulled: false,
            sealed: &[],
            offers_sealed: false,
            head: laptop.head,
            own: &planned,
            cursor,
            attachments: &files,
        };
        let mut exchange = Exchange {
            offered_again: &mut || Ok((Vec::new(), Vec::new())),
            taken_again: &mut |_, _| Ok(()),
            sealed: &mut |_| Ok(Vec::new()),
            unsealed: &mut |_| Ok(()),
            own_events: &mut |first, last| {
                Ok(own
                    .iter()
                    .filter(|e| (first..=last).contains(&e.header().device_seq))
                    .cloned()
                    .collect())
            },
            pushed: &mut |pushed| {
                confirmed = pushed.confirmation.seq;
                Ok(())
            },
            pulled: &mut |page| {
                cursor = page.sent.cursor;
                Ok(())
            },
            file: &mut |_| Ok(scan.clone()),
            uploaded: &mut |digest| {
                uploaded.push(*digest);
                Ok(())
            },
            alarm: &mut |alarm| panic!("no alarm was expected: {alarm:?}"),
            progress: &mut |_| {},
        };
        let result = run(&client, &local, &mut exchange, &Cancel::default()).unwrap();
        sent.push((result.sent, result.read));
    }

    assert_eq!(sent, [(5, 7), (0, 0), (0, 0)]);
    assert_eq!((confirmed, uploaded), (5, vec![file.digest]));
    let signed = client.sign_in(&session(&laptop, &["counter"])).unwrap();
    let named = (case, &file.digest);
    assert_eq!(client.download(&signed, named, "case_work").unwrap(), scan);
}

#[test]
fn a_long_poll_answers_when_something_comes() {
    let town = Town::new();
    let (writer, mut laptop) = town.counter(1, &["counter"]);
    let (reader, _) = town.counter(2, &["counter"]);
    let begun = std::time::Instant::now();
    let mut cursor = Cursor::START;

    for _ in 0..3 {
        let (asking, asked) = mpsc::channel();
        let page = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                asking.send(()).unwrap();
                reader.pull(cursor, 10, 25).unwrap()
            });
            asked.recv().unwrap();
            writer.push(&laptop.open_case("2512169996").1).unwrap();
            waiting.join().unwrap()
        });
        assert_eq!(page.sent.items.len(), 2);
        cursor = page.sent.cursor;
    }

    assert!(
        begun.elapsed().as_secs() < 60,
        "three polls of 25 seconds that were waited for to their end"
    );
}

fn a_waiting_laptop_is_woken_by_its_own_cases_alone(kind: Kind) {
    let town = Town::on(kind);
    let (counter, mut at_counter) = town.counter(1, &["counter"]);
    let (outreach, mut laptop) = town.outreach(2);
    let (own_case, opening) = laptop.open_case("2211771212");
    outreach.push(&opening).unwrap();
    let page = outreach.pull(Cursor::START, 10, 0).unwrap();
    let cursor = page.sent.cursor;
    let looks = || town.server.central().feed_looks();
    let before = looks();

    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| outreach.pull(cursor, 10, 25));
        while looks() == before {
            std::thread::yield_now();
        }
        let begun = std::time::Instant::now();
        // For longer than what comes together is gathered.
        while begun.elapsed() < std::time::Duration::from_millis(200) {
            let (_, of_others) = at_counter.open_case("2512169996");
            counter.push(&of_others).unwrap();
        }
        let note = at_counter.note(own_case, &last(&opening), "datteren ringede");
        counter.push(&note).unwrap();
        let page = waiting.join().unwrap().unwrap();

        let came: Vec<_> = page.sent.items.iter().map(|entry| &entry.item).collect();
        let event = note[0].clone();
        assert_eq!(came, [&FeedItem::Event { event }]);
        assert_eq!(
            looks(),
            before + 2,
            "once when it asked, and once for its own case"
        );
    });
}

#[test]
fn a_wrong_clock_is_corrected_from_the_servers_answer() {
    let town = Town::new();
    let mut laptop = Laptop::new(1);
    let wrong = TimeDelta::days(3);
    let mut client = town.client(&laptop, environment(wrong));

    client.enrol(SECRET, "Skranke 1").unwrap();
    let signed_in = client.sign_in(&session(&laptop, &["counter"])).unwrap();
    let grant = signed_in.grant().clone();

    let offset = client.clock_offset_ms().unwrap();
    assert!(
        (offset + wrong.num_milliseconds()).abs() < 5_000,
        "offset {offset}"
    );
    laptop.grant = grant.id;
    assert!(client.status().is_ok());
}

fn a_case_indexed_before_each_municipality_had_a_key_is_found(kind: Kind) {
    let town = Town::on(kind);
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (case_id, opening) = laptop.open_case("2512169996");
    client.push(&opening).unwrap();
    let counter = client.sign_in(&session(&laptop, &["counter"])).unwrap();
    let cpr = Cpr::parse("2512169996").unwrap();
    let operator = town.operator();
    let index_key = operator.server_keys().unwrap().index_key;
    let today = citizen_digest(&index_key, TENANT, &cpr);
    let mut transaction = operator.begin(TENANT).unwrap();
    let row = transaction.cases_of(&today).unwrap().remove(0);
    let of_before = CaseSummary {
        citizen_digest: former_citizen_digest(&index_key, &cpr),
        ..row
    };
    transaction.save_case_summary(&of_before).unwrap();
    assert_eq!(transaction.cases_of(&today).unwrap(), []);
    transaction.commit().unwrap();

    let found = client.lookup(&counter, &cpr, "counter_entry").unwrap();

    let cases: Vec<_> = found.cases.iter().map(|case| case.case_id).collect();
    assert_eq!(cases, [case_id]);
}

fn the_look_up_needs_a_person_whose_role_permits_it_and_is_logged(kind: Kind) {
    let town = Town::on(kind);
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (case_id, opening) = laptop.open_case("2512169996");
    client.push(&opening).unwrap();
    let counter = client.sign_in(&session(&laptop, &["counter"])).unwrap();
    let outreach = client.sign_in(&session(&laptop, &["outreach"])).unwrap();
    let cpr = Cpr::parse("2512169996").unwrap();

    let found = client.lookup(&counter, &cpr, "counter_entry").unwrap();

    assert_eq!(found.cases.len(), 1);
    assert_eq!(
        (found.cases[0].case_id, found.cases[0].state.as_str()),
        (case_id, "received")
    );
    assert_eq!(
        refused(client.lookup(&outreach, &cpr, "counter_entry")),
        ProblemCode::NotPermitted
    );
    assert_eq!(
        refused(client.lookup(&counter, &cpr, "Just Curious")),
        ProblemCode::BadParameter
    );
    let nobody = client
        .lookup(
            &counter,
            &Cpr::parse("7212169990").unwrap(),
            "counter_entry",
        )
        .unwrap();
    assert!(nobody.cases.is_empty());
    let logged: Vec<_> = town
        .operator()
        .audit(TENANT, None, 1_000)
        .unwrap()
        .into_iter()
        .filter(|row| row.action == "citizen_looked_up")
        .collect();
    let said: Vec<_> = logged
        .iter()
        .map(|row| (row.purpose.as_str(), row.detail.as_str(), row.staff_id))
        .collect();
    let who = Some(laptop.staff);
    assert_eq!(
        said,
        [("counter_entry", "1", who), ("counter_entry", "0", who)],
        "also when nothing is found; what was refused told nobody anything"
    );
    assert!(logged.iter().all(|row| row.citizen_digest.is_some()));
}

fn a_one_time_code_enrols_one_device_once(kind: Kind) {
    let town = Town::on(kind);
    let code = "et-engangskort-1234";
    let row = EnrolmentCode {
        digest: Sha256::digest(code).into(),
        scope: skranke_protocol::wire::Scope::OwnCases,
        expires_at: now() + TimeDelta::hours(1),
        device_id: None,
    };
    accounts::add_enrolment_code(town.operator().as_ref(), TENANT, &row, now()).unwrap();
    let (first, second) = (Laptop::new(1), Laptop::new(2));
    let mut client = town.client(&first, environment(TimeDelta::zero()));

    let answer = client.enrol(code, "Laptop 1").unwrap();
    let again = client.enrol(code, "Laptop 1").unwrap();

    assert_eq!(answer.scope, skranke_protocol::wire::Scope::OwnCases);
    assert_eq!(
        (&again.device_code, again.device_id),
        (&answer.device_code, first.id)
    );
    let mut thief = town.client(&second, environment(TimeDelta::zero()));
    assert_eq!(
        refused(thief.enrol(code, "Laptop 2")),
        ProblemCode::EnrolmentCodeUsed
    );
    assert_eq!(
        refused(thief.enrol("forkert", "Laptop 2")),
        ProblemCode::SignInRefused
    );
}

fn a_local_account_signs_in_with_its_password_and_guessing_is_stopped(kind: Kind) {
    let town = Town::on(kind);
    let (client, _) = town.counter(1, &["counter"]);
    let id = skranke_domain::ids::StaffId::from_uuid(uuid::Uuid::now_v7());
    town.save_staff(&Staff {
        id,
        login: "karin".to_owned(),
        password_hash: hash_password("et langt kodeord").unwrap(),
        roles: vec!["lead".to_owned()],
        active: true,
    });
    let sign_in = |login: &str, password: &str| {
        client.sign_in(&skranke_protocol::wire::SessionRequest::Local {
            login: login.to_owned(),
            password: password.to_owned(),
        })
    };

    let signed_in = sign_in("karin", "et langt kodeord").unwrap();
    let grant = signed_in.grant();
    assert_eq!(
        (grant.staff_id, grant.roles.clone()),
        (id, vec![skranke_domain::role::Role::Lead])
    );
    for _ in 0..5 {
        assert_eq!(refused(sign_in("karin", "gæt")), ProblemCode::SignInRefused);
    }
    assert_eq!(
        refused(sign_in("karin", "et langt kodeord")),
        ProblemCode::TooManyRequests
    );
    assert_eq!(
        refused(sign_in("ukendt", "et langt kodeord")),
        ProblemCode::SignInRefused
    );
}

fn an_interrupted_upload_goes_on_where_it_stood(kind: Kind) {
    let town = Town::on(kind);
    let (client, _) = town.counter(1, &["counter"]);
    let mut scan = b"\xff\xd8\xff".to_vec();
    scan.resize(3_000_000, 7);
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let cancel = Cancel::default();
    let mut first = Vec::new();
    let cut = client.upload(&digest, &scan, &cancel, |done| {
        first.push(done);
        if done > 0 {
            cancel.cancel();
        }
    });
    assert_eq!(cut, Err(SyncError::Cancelled));
    let there = first.last().copied();
    wait_until("what came is kept", || town.uploaded(&digest) == there);

    let mut second = Vec::new();
    client
        .upload(&digest, &scan, &Cancel::default(), |done| second.push(done))
        .unwrap();

    assert_eq!(second.first(), first.last(), "what came is not sent again");
    assert_eq!(second.last(), Some(&3_000_000));
    let wrong = client.upload(
        &Sha256Digest::from_bytes([9; 32]),
        &scan,
        &Cancel::default(),
        |_| {},
    );
    assert_eq!(refused(wrong), ProblemCode::ContentMismatch);
}

fn a_line_too_slow_for_a_file_in_one_request_takes_several(kind: Kind) {
    // Long beside what a busy machine may keep a request waiting.
    const PATIENCE: Duration = Duration::from_secs(2);
    let town = Town::on(kind);
    let (_, laptop) = town.counter(1, &["counter"]);
    let hurried = environment(TimeDelta::zero()).with_patience(|_| PATIENCE);
    let client = town.client(&laptop, hurried);
    let mut scan = b"\xff\xd8\xff".to_vec();
    scan.resize(3_000_000, 7);
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let (begun, mut sent) = (Instant::now(), 0);

    let outcome = client.upload(&digest, &scan, &Cancel::default(), |_| {
        sent += 1;
        std::thread::sleep(PAUSE);
    });

    assert_eq!(outcome, Ok(()));
    assert!(begun.elapsed() > 2 * PATIENCE, "{:?}", begun.elapsed());
    // Hardly any part of it goes twice.
    let parts = scan.len() / (128 * 1024) + 1;
    assert!(sent < parts * 2, "{sent} of {parts}");
}

/// For each part that goes over a slow line.
const PAUSE: Duration = Duration::from_millis(200);

fn a_body_that_is_another_than_was_proved_is_no_part_of_the_file(kind: Kind) {
    let town = Town::on(kind);
    let (client, laptop) = town.counter(1, &["counter"]);
    let scan = [&b"%PDF-1.7\n"[..], &[b'x'; 5_000]].concat();
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let path = format!("/v1/attachments/{digest}");
    let patch = |proved: &[u8], sent: &[u8]| {
        let headers = [
            proof_with(&town, &laptop, "PATCH", &path, proved, None),
            (UPLOAD_OFFSET, "0".to_owned()),
            (UPLOAD_LENGTH, scan.len().to_string()),
        ];
        send(&town, "PATCH", &path, &headers, sent)
    };
    let altered = [&b"%PDF-1.7\n"[..], &[b'y'; 5_000]].concat();

    let (other_content, not_proved) = (ProblemCode::ContentMismatch, ProblemCode::NotAuthenticated);
    for (proved, sent, problem) in [
        (&scan[..], &altered[..], other_content),
        (&scan[..2_000], &altered[..2_000], not_proved),
        // Shorter than was proved, and longer.
        (&scan[..], &scan[..2_000], other_content),
        (&scan[..2_000], &scan[..], not_proved),
        // Proved, and of another name than the path's.
        (&altered[..], &altered[..], other_content),
    ] {
        let answer = patch(proved, sent);
        assert_eq!(answer.problem(), problem);
        assert_eq!(town.uploaded(&digest), Some(0), "nothing of it is kept");
    }

    client
        .upload(&digest, &scan, &Cancel::default(), |_| {})
        .unwrap();
    assert_eq!(town.uploaded(&digest), None, "whole");
}

fn what_came_before_is_passed_over_and_stays_where_a_later_body_is_not_what_was_proved(kind: Kind) {
    let town = Town::on(kind);
    let (_, laptop) = town.counter(1, &["counter"]);
    let mut scan = b"%PDF-1.7".to_vec();
    scan.resize(5 * MAX_CHUNK_BYTES / 2, b'x');
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let path = format!("/v1/attachments/{digest}");
    let patch = |proved: &[u8], sent: &[u8], offset: usize| {
        let headers = [
            proof_with(&town, &laptop, "PATCH", &path, proved, None),
            (UPLOAD_OFFSET, offset.to_string()),
            (UPLOAD_LENGTH, scan.len().to_string()),
        ];
        send(&town, "PATCH", &path, &headers, sent)
    };
    let begun = &scan[..MAX_CHUNK_BYTES + 100];
    assert_eq!(patch(begun, begun, 0).status, 204);
    let there = Some(begun.len() as u64);
    assert_eq!(town.uploaded(&digest), there);

    // As large as a piece, so that its end is seen before it is written.
    let altered = vec![b'y'; MAX_CHUNK_BYTES];
    let next = &scan[begun.len()..][..MAX_CHUNK_BYTES];
    let refused = patch(next, &altered, begun.len());
    assert_eq!(refused.problem(), ProblemCode::NotAuthenticated);
    assert_eq!(town.uploaded(&digest), there, "another's work stays");

    let answer = patch(&scan, &scan, 0);
    assert_eq!(answer.status, 204);
    assert!(answer.head.to_lowercase().contains("upload-complete: ?1"));
    assert_eq!(town.uploaded(&digest), None, "whole");
}

fn a_restarted_server_still_holds_everything_and_signs_with_the_same_key(kind: Kind) {
    let town = Town::on(kind);
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (case, opening) = laptop.open_case("2512169996");
    client.push(&opening).unwrap();
    let before = town.server.central().public_key();
    let town = town.restart_with(|config| config.bootstrap_secret = None);
    assert_eq!(town.server.central().public_key(), before);
    let mut client = town.client(&laptop, environment(TimeDelta::zero()));
    assert!(
        client.enrol(SECRET, "Skranke 1").is_err(),
        "without a secret nobody enrols by it"
    );
    let status = client.status().unwrap();
    assert_eq!(
        (status.device.seq, status.position, status.epoch),
        (2, 2, 1)
    );
    let _ = laptop.note(case, &last(&opening), "videre");
}

#[test]
fn an_answer_signed_by_another_server_is_refused() {
    let town = Town::new();
    let elsewhere = Town::new();
    let (_, laptop) = town.counter(1, &["counter"]);
    let mut client = elsewhere.client(&laptop, environment(TimeDelta::zero()));
    client.enrol(SECRET, "Skranke 1").unwrap();
    let connection = skranke_sync::Connection {
        base_url: elsewhere.server.url().to_owned(),
        tenant: TENANT.to_owned(),
        device_id: laptop.id,
        key: laptop.key.clone(),
        server_key: Some(town.server.central().public_key()),
        ca_file: None,
    };

    let misled = skranke_sync::Client::new(connection, environment(TimeDelta::zero()));

    assert_eq!(
        misled.confirmation().unwrap_err(),
        SyncError::NotSignedByServer
    );
    assert_eq!(misled.push(&[]).unwrap_err(), SyncError::NotSignedByServer);
    assert_eq!(
        misled.pull(Cursor::START, 10, 0).unwrap_err(),
        SyncError::NotSignedByServer
    );
}
