//! Stories through the real stores, the real programs' library and real HTTP: few, since each takes seconds.
//!
//! What thousands of stories in memory show of the rules (`tests/contract/convergence.rs`) these show of the disk and
//! the line. `SKRANKE_SEED=N` replays one.

use skranke_app::api::case::{CaseListRequest, CaseRef, MergeRequest};
use skranke_app::api::error::ErrorCode;
use skranke_app::{App, Clock};
use skranke_testkit::invariants::{self, World};
use skranke_testkit::network::{Fault, Kind as Requests, Line, Trouble};
use skranke_testkit::{seed, times};

use crate::bad_lines::{HURRY, REQUESTS};
use crate::epochs::Drill;
use crate::faults::{Told, central, desktop};
use crate::on_both::Kind;
use crate::{Town, granted, register, sign_in_as};

const COUNTERS: [&str; 3] = ["skranke-1", "skranke-2", "skranke-3"];

/// The n-th number of a story.
fn dice(seed: u64, step: u64, below: usize) -> usize {
    let mut mixed =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ step.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 32)) % below as u64).unwrap()
}

/// What befalls the line in a round, and which requests of it.
fn fault(seed: u64, step: u64) -> Fault {
    let drawn = |nth, below| dice(seed ^ 0x5eed, step * 4 + nth, below);
    let trouble = drawn(0, Trouble::QUICK.len() * 2);
    let trouble = Trouble::QUICK.get(trouble).copied();
    let kind = REQUESTS.get(drawn(1, REQUESTS.len() + 1)).copied();
    let (trouble, kind) = (
        trouble.unwrap_or(Trouble::None),
        kind.unwrap_or(Requests::ANY),
    );
    let fault = match drawn(2, 2) {
        0 => Fault::once(trouble, kind),
        _ => Fault::in_each(trouble, kind),
    };
    fault.behind(u32::try_from(drawn(3, 3)).unwrap())
}

/// Somebody merges a case with what its page shows as a possible duplicate, if there is one and the line allows it.
fn merge(app: &App, seed: u64, step: u64) {
    let page = app.case_list(CaseListRequest {
        query: String::new(),
        filter: "granted".to_owned(),
        after: None,
        purpose: Some("case_work".to_owned()),
    });
    let mut rows = page.unwrap().rows;
    let first = dice(seed, step * 3 + 2, rows.len().max(1));
    rows.rotate_left(first);
    let found = rows.into_iter().find_map(|row| {
        let view = app.case_show(CaseRef {
            id: row.id.clone(),
            purpose: Some("case_work".to_owned()),
        });
        let mut duplicates = view.unwrap().duplicates.into_iter();
        let other = duplicates.find(|other| other.can_merge)?;
        Some((row.id, other.id))
    });
    let Some((case_id, other)) = found else {
        return;
    };
    let merged = app.merge(MergeRequest {
        case_id,
        merge: other,
        reason: "Samme anmodning".to_owned(),
    });
    // What others did may have come with the round before.
    let code = merged.err().map(|error| error.code);
    assert!(
        matches!(
            code,
            None | Some(ErrorCode::OnlineOnly | ErrorCode::NotMergeable)
        ),
        "{code:?}"
    );
}

fn story(seed: u64) {
    let mut drill = Drill::begin(Kind::Sqlite);
    let line = Line::to(drill.town.address);
    let apps: Vec<App> = COUNTERS
        .iter()
        .map(|name| {
            Town::counter_of(
                drill.town.folder.path(),
                line.address(),
                name,
                Clock::System.hurried(HURRY),
            )
        })
        .collect();
    // Leads, who may merge what they made apart.
    apps.iter().for_each(|app| sign_in_as(app, "hanne"));
    let mut told: Vec<Told> = COUNTERS.iter().map(|_| Told::default()).collect();
    let mut backup = drill.backup();
    let mut restores = 0;
    for step in 0..24 {
        let which = dice(seed, step * 3, apps.len());
        let app = &apps[which];
        match dice(seed, step * 3 + 1, 12) {
            0..3 => {
                let person = [
                    ("0201703984", "Aase Lindholm"),
                    ("2304483984", "Bodil Aagaard"),
                ];
                let (cpr, name) = person[dice(seed, step * 3 + 2, 2)];
                let case = granted(app, cpr, name);
                told[which].saved.insert(case.row.id.clone());
                register(app, &case);
            }
            3..5 => merge(app, seed, step),
            5..9 => {
                line.suffers(fault(seed, step));
                app.sync_now(()).unwrap();
                line.suffers(Trouble::None);
            }
            9 => {
                drill.town.close_central();
                drill.town.open_central();
            }
            10 => backup = drill.backup(),
            _ => {
                restores += 1;
                drill.restore(&backup, restores);
            }
        }
        line.leads_to(drill.town.address);
    }
    for _ in 0..4 {
        for app in &apps {
            app.sync_now(()).unwrap();
        }
    }
    for (app, told) in apps.iter().zip(&mut told) {
        let status = app.sync_now(()).unwrap();
        assert_eq!(
            (status.problem.as_str(), status.waiting),
            ("", 0),
            "SKRANKE_SEED={seed}"
        );
        told.confirmed.clone_from(&told.saved);
    }
    let folder = drill.town.folder.path();
    let desktops = COUNTERS.iter().zip(&told);
    let world = World {
        desktops: desktops
            .map(|(name, told)| desktop(folder, name, told))
            .collect(),
        central: Some(central(&drill.town)),
        is_quiet: true,
        left: vec![folder.to_owned()],
        ..World::default()
    };
    invariants::hold(&world, &format!("SKRANKE_SEED={seed}"));
}

#[test]
fn through_the_real_stores_bad_lines_restarts_and_restores_end_in_agreement_with_nothing_lost() {
    let first = seed();
    for seed in first..first + times(2) {
        println!("SKRANKE_SEED={seed}");
        story(seed);
    }
}
