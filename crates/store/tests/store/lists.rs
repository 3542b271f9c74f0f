//! Lists, queues, search and counts; and that projections are what a rebuild would make of the events.

use std::collections::BTreeSet;

use chrono::{Datelike, TimeDelta};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use skranke_domain::case::{Case, CaseState, check};
use skranke_domain::event::{
    Consultation, DeclarationSigned, Event, Granted, IdentityChecked, Journalised, ReceiptDelivery,
    ReceiptGiven, Refused, Registered, Signature, Tick,
};
use skranke_domain::ids::CaseId;
use skranke_domain::rule_set::{Duration, RuleSetCode};
use skranke_protocol::wire::{CommandVerdict, DeferReason, Outcome, QuarantineReason, Verdict};
use skranke_store::{
    Action, CaseFilter, CaseRow, DueRule, Entry, Options, PageKey, ReadHandle, SearchTerm, Store,
    StoreError,
};

use crate::desk::{Desk, actor, case_id, citizen, cpr, enrol, note, opened, sealer_of};
use crate::scratch::{Scratch, now};

/// Due ten days after receipt while open; a rule a test can follow.
fn due_rule() -> DueRule {
    DueRule::new(|case: &Case| {
        let received_on = case.opened.as_ref()?.received_on;
        case.state
            .is_open()
            .then(|| received_on + TimeDelta::days(10 + i64::from(case.notes.len() as u32)))
    })
}

fn desk() -> Desk {
    let scratch = Scratch::new();
    let options = Options {
        due_rule: due_rule(),
        ..Options::default()
    };
    let mut store = Store::open(scratch.path(), &scratch.key, options, now()).unwrap();
    enrol(&mut store);
    let sealer = sealer_of(&store);
    Desk {
        scratch,
        store,
        sealer,
    }
}

fn found(read: &ReadHandle<'_>, typed: &str) -> BTreeSet<String> {
    let term = SearchTerm::read(typed).unwrap_or_else(|| panic!("{typed} is a search"));
    read.search(&term, None, 100)
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.name)
        .collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_citizen_is_found_by_number_name_case_number_birthday_and_phone() {
    let mut desk = desk();
    desk.open_case(1, "Åse Østergård Holm", "12 34 56 78");
    desk.open_case(2, "Aase Holmgaard", "+45 12349999");
    desk.open_case(3, "Søren-Peter Kjær", "");
    desk.open_case(4, "Søren Ærø", "87654321");
    let read = desk.store.read().unwrap();
    let digits = cpr(3).reveal_for(skranke_domain::cpr::Purpose::LookUp);

    assert_eq!(found(&read, &digits), names(&["Søren-Peter Kjær"]));
    assert_eq!(
        found(&read, &format!("{}-{}", &digits[..6], &digits[6..])),
        names(&["Søren-Peter Kjær"])
    );
    assert_eq!(found(&read, &digits[..6]), names(&["Søren-Peter Kjær"]));
    assert_eq!(
        found(&read, "aase"),
        names(&["Åse Østergård Holm", "Aase Holmgaard"])
    );
    assert_eq!(
        found(&read, "Åse"),
        names(&["Åse Østergård Holm", "Aase Holmgaard"])
    );
    assert_eq!(found(&read, "oestergaard"), names(&["Åse Østergård Holm"]));
    assert_eq!(
        found(&read, "hol aa"),
        names(&["Åse Østergård Holm", "Aase Holmgaard"])
    );
    assert_eq!(found(&read, "holmg åse"), names(&["Aase Holmgaard"]));
    assert_eq!(found(&read, "soerenpeter"), names(&["Søren-Peter Kjær"]));
    assert_eq!(
        found(&read, "Søren"),
        names(&["Søren-Peter Kjær", "Søren Ærø"])
    );
    assert_eq!(found(&read, "søren p k"), names(&["Søren-Peter Kjær"]));
    assert_eq!(
        found(&read, "1234"),
        names(&["Åse Østergård Holm", "Aase Holmgaard"])
    );
    assert_eq!(
        found(&read, "+45 12 34 56 78"),
        names(&["Åse Østergård Holm"])
    );
    assert_eq!(found(&read, "2026-s3-4"), names(&["Søren Ærø"]));
    assert_eq!(
        found(&read, "2026-S3-000"),
        names(&[
            "Åse Østergård Holm",
            "Aase Holmgaard",
            "Søren-Peter Kjær",
            "Søren Ærø"
        ])
    );
    assert_eq!(found(&read, "2026-S3"), found(&read, "2026-S3-000"));
    assert_eq!(found(&read, "zz"), names(&[]));
    for nothing in ["", "  ", "-", "12", "%", "'"] {
        assert!(SearchTerm::read(nothing).is_none(), "{nothing:?}");
    }
}

#[test]
fn a_search_says_its_kind_and_never_what_was_searched_for() {
    let term = SearchTerm::read("Åse Holm").unwrap();

    assert_eq!(
        (term.kind(), format!("{term:?}")),
        ("name", "name".to_owned())
    );
}

#[test]
fn what_is_typed_is_data_wherever_it_lands() {
    let naughty = [
        "'; DROP TABLE event; --",
        "%",
        "_",
        "\"",
        "\\",
        "Robert'); --",
        "\u{202e}gnirts",
        "😀",
        "ﬀ",
        "İ",
    ];
    let mut desk = desk();
    for (n, text) in (1..).zip(naughty) {
        let case = desk.open_case(n, text, text);
        desk.save(case, &[note(text)]);
    }
    let read = desk.store.read().unwrap();
    for (n, text) in (1..).zip(naughty) {
        assert_eq!(read.case_row(case_id(n)).unwrap().unwrap().name, text);
        if let Some(term) = SearchTerm::read(text) {
            let rows = read.search(&term, None, 100).unwrap().rows;
            assert!(rows.iter().all(|row| !row.name.is_empty()));
            if matches!(term, SearchTerm::Name(_)) {
                assert!(
                    rows.iter().any(|row| row.name == text),
                    "{text} finds itself"
                );
            }
        }
        assert!(read.setting(text).unwrap().is_none());
    }
    assert_eq!(read.case_counts().unwrap().total(), naughty.len() as u64);
}

#[test]
fn a_name_that_changes_is_found_by_the_new_one_alone() {
    let mut desk = desk();
    let case = desk.open_case(1, "Ida Krogh", "11112222");

    desk.save(case, &[citizen(cpr(1), "Ida Lind", "33334444")]);

    let read = desk.store.read().unwrap();
    assert_eq!(found(&read, "krogh"), names(&[]));
    assert_eq!(found(&read, "ida lind"), names(&["Ida Lind"]));
    assert_eq!(found(&read, "1111"), names(&[]));
}

/// Walks through all pages and checks that each case is there once.
fn walk(mut next: impl FnMut(Option<&PageKey>) -> (Vec<CaseRow>, Option<PageKey>)) -> Vec<CaseId> {
    let mut all = Vec::new();
    let mut after: Option<PageKey> = None;
    loop {
        let (rows, key) = next(after.as_ref());
        all.extend(rows.iter().map(|row| row.case));
        // The key goes through the window as text.
        match key.map(|key| key.to_string().parse().unwrap()) {
            Some(key) => after = Some(key),
            None => break,
        }
    }
    let once: BTreeSet<_> = all.iter().collect();
    assert_eq!(once.len(), all.len(), "no case twice");
    all
}

#[test]
fn pages_go_on_by_key_and_give_every_case_once() {
    let mut desk = desk();
    for n in 1..=23 {
        let case = desk.open_case(n, &format!("Anna Annesen Holm{n}"), "12341234");
        for _ in 0..n % 3 {
            desk.save(case, &[note("senere")]);
        }
    }
    let read = desk.store.read().unwrap();
    for size in [1, 4, 23, 50] {
        for filter in [
            CaseFilter::All,
            CaseFilter::Open,
            CaseFilter::InState(CaseState::Received),
        ] {
            let all = walk(|after| {
                let page = read.cases(filter, after, size).unwrap();
                (page.rows, page.next)
            });
            assert_eq!(all.len(), 23, "{filter:?} by {size}");
        }
        for typed in ["an", "anna holm", "1234", "2026-S3"] {
            let term = SearchTerm::read(typed).unwrap();
            let all = walk(|after| {
                let page = read.search(&term, after, size).unwrap();
                (page.rows, page.next)
            });
            assert_eq!(all.len(), 23, "{typed} by {size}");
        }
    }
    let newest = read.cases(CaseFilter::All, None, 50).unwrap().rows;
    assert!(
        newest
            .windows(2)
            .all(|pair| pair[0].updated_at >= pair[1].updated_at)
    );
    let due = read.cases(CaseFilter::Open, None, 50).unwrap().rows;
    assert!(
        due.windows(2)
            .all(|pair| pair[0].due_on.unwrap() <= pair[1].due_on.unwrap())
    );
    assert!(matches!(
        "hej".parse::<PageKey>(),
        Err(StoreError::Refused(_))
    ));
}

/// What can happen next to a case, as far as its rules allow.
fn next_event(case: &Case, choice: u8, n: u128) -> Option<Event> {
    let at = now() + TimeDelta::minutes(i64::from(choice));
    let name = ["Åse Holm", "Bo Lind", "Ida Krogh-Ærø", "Søren Å"][usize::from(choice % 4)];
    let consultation = Consultation::NotNeeded {
        reason: "kendt".to_owned(),
    };
    let event = match choice % 16 {
        0 => citizen(cpr(n as u32 + u32::from(choice)), name, "12345678"),
        1 => Event::IdentityChecked(IdentityChecked {
            id_kind: "passport".to_owned(),
            shows_cpr: true,
            valid: true,
        }),
        2 => Event::DeclarationSigned(DeclarationSigned {
            signed_on: now().date_naive(),
            rule_set: RuleSetCode::C,
            signature: Signature::OnPaper,
            understood: vec![],
            grounds: vec![],
        }),
        3 => Event::ConflictOfInterestChecked { none: true },
        4 => Event::MarkedReady,
        5 => Event::MarkedIncomplete {
            missing: vec!["id".to_owned()],
        },
        6 | 7 => Event::Granted(Granted {
            decided_at: at,
            rule_set: RuleSetCode::C,
            duration: Duration::Permanent,
            met: vec!["declared".to_owned()],
        }),
        8 => Event::Refused(Refused {
            decided_at: at,
            rule_set: RuleSetCode::C,
            unmet: vec![],
            reasons: "fordi".to_owned(),
            consultation,
        }),
        9 | 10 => Event::Registered(Registered {
            registered_at: at + TimeDelta::hours(9),
            reference: String::new(),
        }),
        11 => Event::ReceiptGiven(ReceiptGiven {
            delivery: ReceiptDelivery::HandedOver,
            given_at: at,
            reason: String::new(),
        }),
        12 => Event::Journalised(Journalised {
            journalised_at: at,
            reference: "1".to_owned(),
        }),
        13 => Event::TickUndone {
            tick: Tick::Journalised,
            reason: "fejl".to_owned(),
        },
        14 => Event::Withdrawn { withdrawn_at: at },
        _ => note("notat"),
    };
    check(case, &event).is_ok().then_some(event)
}

/// The path of an ordinary case, with detours.
const PATH: [u8; 9] = [1, 2, 3, 4, 6, 9, 11, 12, 15];

/// Every projected row and every kept count, as text.
pub(crate) fn projected(scratch: &Scratch) -> Vec<String> {
    scratch.raw(|raw| {
        let mut all = Vec::new();
        for table in [
            "case_view",
            "name_token",
            "case_attachment",
            "own_case",
            "kept_count",
        ] {
            let mut statement = raw
                .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
                .unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let values: Vec<_> = (0..columns).map(|n| row.get_ref(n).unwrap()).collect();
                // What there is none of any more may stand with a count of nothing.
                if table != "kept_count" || row.get::<_, i64>(1).unwrap() != 0 {
                    all.push(format!("{table} {values:?}"));
                }
            }
        }
        all
    })
}

/// What the central store may say of a command.
fn verdict(choice: u8, position: u64) -> Verdict {
    Verdict::First(match choice % 4 {
        0 | 1 => Outcome::Accepted { position },
        2 => Outcome::Quarantined {
            reason: QuarantineReason::GrantUnknown,
        },
        _ => Outcome::Deferred {
            reason: DeferReason::UnknownKind,
        },
    })
}

#[test]
fn a_thousand_random_cases_are_projected_as_a_rebuild_would() {
    let mut desk = desk();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    let detours = proptest::collection::vec((any::<u8>(), any::<bool>()), 0..7);
    for n in 1..=1000_u128 {
        let case = case_id(n);
        let tree = detours.new_tree(&mut runner).unwrap().current();
        let number = format!("2026-S3-{n}").parse().unwrap();
        let mut sealed = desk.sealer.seal(case, &[], &[opened(number)]);
        let entry = Entry::new(Action::CommandSaved, now()).on_case(case);
        let mut write = desk.store.write(&actor(), entry).unwrap();
        let mut now_case = write.append_command(&sealed).unwrap();
        let first = now_case.heads.clone();
        let mut commands = vec![sealed[0].header().command_id];
        for ((choice, is_concurrent), step) in tree.iter().zip(PATH) {
            for wanted in [step, *choice] {
                let Some(event) = next_event(&now_case, wanted, n) else {
                    continue;
                };
                // Sometimes the author has seen only the first event: then it is concurrent to the rest.
                let based_on = if *is_concurrent && wanted == *choice {
                    &first
                } else {
                    &now_case.heads
                };
                sealed = desk.sealer.seal(case, based_on, &[event]);
                now_case = write.append_command(&sealed).unwrap();
                commands.push(sealed[0].header().command_id);
            }
        }
        // Of some commands the central store has said something; of a third of the cases it has all in the end.
        let some = tree.iter().map(|(choice, _)| choice).zip(&commands);
        let mut said: Vec<_> = some.map(|(choice, id)| (*choice, *id)).collect();
        if n % 3 == 0 {
            said.extend(commands.iter().map(|id| (0, *id)));
        }
        for (choice, command_id) in said {
            let verdict = verdict(choice, n as u64);
            let said = CommandVerdict {
                command_id,
                verdict,
            };
            write.take_verdicts(&[said]).unwrap();
        }
        write.commit().unwrap();
    }
    let incremental = projected(&desk.scratch);
    let states: BTreeSet<_> = desk
        .store
        .read()
        .unwrap()
        .case_counts()
        .unwrap()
        .by_state
        .iter()
        .map(|(state, _)| *state)
        .collect();

    let mut write = desk.write(Action::Maintained);
    assert_eq!(write.rebuild_projections().unwrap(), 1000);
    write.commit().unwrap();

    let rebuilt = projected(&desk.scratch);
    let differing = incremental
        .iter()
        .zip(&rebuilt)
        .find(|(one, other)| one != other);
    assert_eq!((differing, incremental.len()), (None, rebuilt.len()));
    assert!(
        states.len() >= 5,
        "the cases came to many states: {states:?}"
    );
    let read = desk.store.read().unwrap();
    let (commands, (own, confirmed)) = (
        read.outbox_counts().unwrap(),
        read.outbox_case_counts().unwrap(),
    );
    assert_eq!(own, 1000);
    assert!((1..1000).contains(&confirmed), "{confirmed} are confirmed");
    assert!(commands.waiting > 0 && commands.deferred > 0 && commands.quarantined > 0);
    let counts = read.case_counts().unwrap();
    assert!(
        counts.in_conflict > 0,
        "some authors had not seen each other"
    );
    assert_eq!(counts.total(), 1000);
    let due: [(CaseFilter, u64); 5] = [
        (CaseFilter::TickDue(Tick::Registered), counts.registered_due),
        (CaseFilter::TickDue(Tick::Receipt), counts.receipt_due),
        (
            CaseFilter::TickDue(Tick::Journalised),
            counts.journalised_due,
        ),
        (CaseFilter::AnyTickDue, counts.any_tick_due),
        (CaseFilter::InConflict, counts.in_conflict),
    ];
    for (filter, count) in due {
        assert!(count > 0, "{filter:?} shows something");
        let rows = read.cases(filter, None, 2000).unwrap().rows;
        assert_eq!(rows.len() as u64, count, "{filter:?}");
        for row in rows.iter().take(50) {
            let case = read.case(row.case).unwrap().unwrap();
            assert_eq!(row.ticks_due, case.missing_ticks());
            assert_eq!(
                (row.state, row.is_registered_exemption),
                (case.state, case.is_exempt())
            );
        }
    }
    assert_eq!(
        read.cases(CaseFilter::Open, None, 2000).unwrap().rows.len() as u64,
        counts.open()
    );
    assert!(
        read.cases(CaseFilter::Open, None, 9)
            .unwrap()
            .rows
            .iter()
            .all(|row| row.due_on.unwrap().year() == 2026)
    );
}

/// Names of which many share parts, and some hold two parts that begin alike.
fn crowded_name(n: u32) -> String {
    let first = ["Bo", "Åse", "Anna", "Anne-Marie", "Bodil"][n as usize % 5];
    let middle = ["", "Bonde ", "Aagaard ", "Bo "][n as usize / 5 % 4];
    let last = ["Holm", "Bonde", "Ås", "Holmgaard", "Aabo", "Bach", "Lind"][n as usize / 20 % 7];
    format!("{first} {middle}{last}")
}

#[test]
fn whatever_parts_of_a_name_are_typed_all_who_have_them_are_found_and_each_once() {
    let mut desk = desk();
    for n in 0..140 {
        desk.open_case(u128::from(n) + 1, &crowded_name(n), "");
    }
    let read = desk.store.read().unwrap();
    let mut looked_at = BTreeSet::new();
    for typed in [
        "bo",
        "b",
        "holm bo",
        "bo holm",
        "aase aa",
        "bo bonde",
        "anne bo",
        "marie anne holm",
        "bod b bo",
        "aagaard aa aase",
        "lind anna xx",
        "h a",
        "holmgaard bo bonde",
    ] {
        let parts: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let folded = |n: u32| {
            let name = crowded_name(n).to_lowercase();
            let name = name.replace('å', "aa");
            let mut words: Vec<String> = name.split(['-', ' ']).map(str::to_owned).collect();
            words.push(name.replace('-', ""));
            words
        };
        let expected: BTreeSet<CaseId> = (0..140)
            .filter(|n| {
                let words = folded(*n);
                parts
                    .iter()
                    .all(|part| words.iter().any(|word| word.starts_with(part)))
            })
            .map(|n| case_id(u128::from(n) + 1))
            .collect();
        for size in [1, 7, 64, 500] {
            let term = SearchTerm::read(typed).unwrap();
            let all = walk(|after| {
                let page = read.search(&term, after, size).unwrap();
                (page.rows, page.next)
            });
            assert_eq!(all.len(), expected.len(), "{typed} by {size}: each once");
            assert_eq!(
                all.into_iter().collect::<BTreeSet<_>>(),
                expected,
                "{typed}"
            );
        }
        looked_at.insert(expected.len());
    }
    assert!(
        looked_at.len() > 8 && looked_at.contains(&0),
        "the questions differ: {looked_at:?}"
    );
}

#[test]
fn of_two_common_names_the_rarer_leads_the_search() {
    let desk = desk();
    // 3,000 called Kirsten, 600 called Bak, and only the last of the latter are both.
    desk.scratch.raw(|raw| {
        raw.execute_batch(
            "CREATE TEMP VIEW n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3590)
               SELECT i, CAST(printf('%016d', 4000 - i) AS BLOB) AS id,
                      CASE WHEN i <= 590 THEN 'bak' WHEN i <= 600 THEN 'bak kirsten' ELSE 'kirsten' END AS tokens
                 FROM c;
             INSERT INTO case_file SELECT id FROM n;
             INSERT INTO name_token SELECT 'kirsten', id, tokens FROM n WHERE i > 590;
             INSERT INTO name_token SELECT 'bak', id, tokens FROM n WHERE i <= 600;",
        )
        .unwrap();
    });
    let read = desk.store.read().unwrap();
    let term = SearchTerm::read("kirsten bak").unwrap();

    let page = read.search(&term, None, 1).unwrap();

    let lead: String = "bak|bak"
        .bytes()
        .map(|sign| format!("{sign:02x}"))
        .collect();
    let next = page.next.expect("there are more").to_string();
    assert!(next.starts_with(&format!("{lead}.")), "{next}");
}

#[test]
fn a_case_whose_rows_differ_from_its_events_is_noticed() {
    let mut desk = desk();
    let case = desk.open_case(1, "Ida Krogh-Ærø", "11112222");
    let other = desk.open_case(2, "Bo Lind", "");
    for (sql, notices) in [
        ("SELECT 1", false),
        ("UPDATE case_view SET location = 'andetsteds'", true),
        ("UPDATE case_view SET phone = '87654321'", true),
        ("DELETE FROM name_token WHERE token = 'krogh'", true),
        ("UPDATE name_token SET tokens = 'krogh'", true),
        ("DELETE FROM case_view", true),
    ] {
        desk.scratch.raw(|raw| raw.execute_batch(sql).unwrap());

        let mut write = desk.write(Action::Maintained);
        let differs = !write.is_as_rebuilt(case).unwrap();
        assert!(
            write.is_as_rebuilt(case).unwrap(),
            "{sql}: put right for good"
        );
        write.is_as_rebuilt(other).unwrap();
        write.commit().unwrap();

        assert_eq!(differs, notices, "{sql}");
    }
    let read = desk.store.read().unwrap();
    assert_eq!(found(&read, "krogh"), names(&["Ida Krogh-Ærø"]));
}

#[test]
fn no_list_or_search_looks_at_all_cases() {
    let desk = desk();
    let plans = desk.scratch.raw(|raw| {
        let mut found = Vec::new();
        for sql in skranke_store::LISTED_QUERIES {
            let mut statement = raw.prepare(&["EXPLAIN QUERY PLAN ", sql].concat()).unwrap();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().unwrap() {
                found.push((*sql, row.get::<_, String>("detail").unwrap()));
            }
        }
        found
    });
    for (sql, step) in &plans {
        assert!(
            !step.starts_with("SCAN") && !step.contains("TEMP B-TREE"),
            "{step} in {sql}"
        );
    }
    assert!(plans.len() > 10);
}

#[test]
fn a_page_of_a_list_is_read_from_its_index_alone() {
    let desk = desk();
    let pages = skranke_store::LISTED_QUERIES
        .iter()
        .filter(|sql| sql.contains("INDEXED BY"));
    desk.scratch.raw(|raw| {
        assert_eq!(pages.clone().count(), 9, "every list names its index");
        for sql in pages {
            let plan: Vec<String> = raw
                .prepare(&["EXPLAIN QUERY PLAN ", sql].concat())
                .unwrap()
                .raw_query()
                .mapped(|row| row.get("detail"))
                .map(Result::unwrap)
                .collect();
            assert!(
                plan[0].contains("USING COVERING INDEX"),
                "{plan:?} in {sql}"
            );
        }
    });
}
