//! P7 and P13: durable saves beside the disk's own pace, each save beside a flush of the same moment.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use skranke_app::{App, Clock, Config, Costs, KeyPlace, dispatch};

use crate::disk::Disk;
use crate::figure::{Figures, ms, percentile};
use crate::fixture::Municipality;

const SAVES: usize = 300;
/// The demo's password, which is no secret.
const PASSWORD: &str = "solbjerg-demo-2026";

/// What is typed, saved as the window saves it: the request, the rules of the form, the draft and its audit row.
pub(crate) fn drafts(figures: &mut Figures) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(skranke_tests::window::target_folder())?;
    let app = demo(folder.path())?;
    call(
        &app,
        "sign_in",
        json!({ "user_name": "karin", "password": PASSWORD }),
    )?;
    let draft = call(&app, "draft_new", Value::Null)?;
    let id = draft.get("id").context("a draft has an id")?.clone();
    let mut fields = draft.get("fields").context("a draft has fields")?.clone();
    let mut typed = 0;
    let (saves, flushes) = beside_the_disk(|| {
        typed += 1;
        fields["citizen_address"] = json!(format!("Ahornvej {typed}\n9990 Solbjerg"));
        let request = json!({ "id": id, "step": 2, "fields": fields });
        call(&app, "draft_save", request).map(|_| ())
    })?;
    told_beside_goal(
        figures,
        "P13",
        "\"gemt\": what is typed, saved",
        &saves,
        &flushes,
    );
    rate(
        figures,
        "what is typed, saved (one flush)",
        &saves,
        &flushes,
    );
    Ok(())
}

/// The demo on this folder, without a central store.
pub(crate) fn demo(folder: &Path) -> Result<App> {
    App::open(Config {
        folder: folder.join("store"),
        forms: None,
        key: KeyPlace::File(folder.join("store.key")),
        demo: true,
        server: None,
        clock: Clock::System,
        costs: Costs::default(),
    })
    .map_err(told)
}

/// A case's first command: two sealed events, projections, outbox and audit, in the database and in the outbox log.
pub(crate) fn case_saves(municipality: &mut Municipality, figures: &mut Figures) -> Result<()> {
    let cases = municipality.cases;
    let (saves, flushes) = beside_the_disk(|| municipality.save_one())?;
    let what = format!("a command saved, {cases} cases there");
    told_beside_goal(figures, "P7", &what, &saves, &flushes);
    let what = format!("commands, {cases} cases there (two flushes)");
    rate(figures, &what, &saves, &flushes);
    Ok(())
}

/// Times what is saved, and in turn a bare flush on the same disk.
fn beside_the_disk(mut save: impl FnMut() -> Result<()>) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let mut disk = Disk::new()?;
    let (mut saves, mut flushes) = (Vec::new(), Vec::new());
    for _ in 0..SAVES {
        flushes.push(disk.flush()?);
        let begin = Instant::now();
        save()?;
        saves.push(begin.elapsed());
    }
    Ok((saves, flushes))
}

fn told_beside_goal(
    figures: &mut Figures,
    code: &str,
    what: &str,
    saves: &[Duration],
    flushes: &[Duration],
) {
    let p95 = percentile(saves, 0.95);
    let goal = percentile(flushes, 0.5) * 2 + Duration::from_millis(5);
    figures.add(
        code,
        &format!("{what}, p50 / p95"),
        format!("{} / {}", ms(percentile(saves, 0.5)), ms(p95)),
        &format!("p95 <= 2 flushes + 5 ms = {}", ms(goal)),
        Some(p95 <= goal),
    );
    figures.add(
        "",
        "  a flush in the same round, p50 / p95",
        format!(
            "{} / {}",
            ms(percentile(flushes, 0.5)),
            ms(percentile(flushes, 0.95))
        ),
        "(the disk itself)",
        None,
    );
}

/// Saves a second as a share of bare flushes a second, by the medians of the round.
fn rate(figures: &mut Figures, what: &str, saves: &[Duration], flushes: &[Duration]) {
    let share =
        percentile(flushes, 0.5).as_secs_f64() / percentile(saves, 0.5).as_secs_f64().max(1e-6);
    figures.add(
        "P7",
        &format!("{what}, per raw flush"),
        format!("{share:.2} x"),
        ">= 0.7 x",
        Some(share >= 0.7),
    );
}

fn call(app: &App, name: &str, request: Value) -> Result<Value> {
    dispatch(app, name, request).map_err(told)
}

#[expect(clippy::needless_pass_by_value, reason = "it is for map_err")]
fn told(error: skranke_app::AppError) -> anyhow::Error {
    anyhow::anyhow!("{}", error.log_line())
}
