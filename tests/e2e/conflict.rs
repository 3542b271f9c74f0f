//! A case that two counters decided apart, as the window shows it: both values side by side, and a person chooses.

use anyhow::{Context as _, Result, ensure};
use skranke_app::api::case::{CaseRef, Decision};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::elsewhere::{central_in, counter, decide, done, handed_in};
use crate::flow::{open_first_case, sign_in};

/// Leaves a store behind in which Aase's case was granted here and refused at another counter.
fn decided_apart(scratch: &Scratch) -> Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let central = central_in(elsewhere.path())?;
    let here = counter(&scratch.store_folder(), central.url())?;
    let there = counter(&elsewhere.path().join("counter"), central.url())?;
    let case = handed_in(&here)?;
    done(here.sync_now(()))?;
    done(there.sync_now(()))?;
    done(decide(
        &here,
        None,
        Some(case.clone()),
        Decision::Grant { duration: None },
    ))?;
    let refusal = Decision::Refuse {
        reasons: "Ingen af betingelserne er opfyldt".to_owned(),
        consultation_held_on: None,
        consultation_not_needed: "Oplysningerne er borgerens egne".to_owned(),
    };
    done(decide(&there, None, Some(case.clone()), refusal))?;
    for app in [&here, &there, &here] {
        done(app.sync_now(()))?;
    }
    let view = done(here.case_show(CaseRef {
        id: case,
        purpose: Some("case_work".to_owned()),
    }))?;
    ensure!(
        view.conflicts.len() == 1,
        "the two decisions are a conflict"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_decisions_stand_side_by_side_and_one_is_chosen_by_keyboard() -> Result<()> {
    let scratch = Scratch::new()?;
    tokio::task::block_in_place(|| decided_apart(&scratch))?;
    let offline = Opening {
        offline: true,
        ..Opening::default()
    };
    let mut window = Window::open("konflikt", &scratch, offline).await?;
    sign_in(&mut window, "karin").await?;

    window.wait_for_text("Ny borger").await?;
    window.tab_to("nav-cases").await?;
    window.press("Enter").await?;
    open_first_case(&mut window).await?;

    window.wait_for("the conflict", "#conflicts").await?;
    for words in [
        "Vælg, hvad der gælder",
        "Ingen af betingelserne er opfyldt",
        "på denne computer",
        "på computer ",
        "Erklæring, underskrevet",
    ] {
        window.wait_for_text(words).await?;
    }
    window.is_accessible("a case with a conflict").await?;
    window.picture("side-om-side").await?;
    window.picture_at_double_size("side-om-side").await?;
    let first = window
        .eval(
            "return [...document.querySelectorAll('#conflicts [id^=choose-state-]')]
               .find((b) => b.getAttribute('aria-label').includes('evil')).id;",
            vec![],
        )
        .await?;
    let first = first
        .as_str()
        .context("the grant can be chosen")?
        .to_owned();
    window.tab_to(&first).await?;
    window.press("Enter").await?;
    window.wait_for("the question why", "dialog[open]").await?;
    window.is_accessible("the question why").await?;
    window
        .fill("conflict-dialog-reason", "Borgeren opfylder betingelsen")
        .await?;
    window.press("Ctrl+Enter").await?;
    window.wait_until_gone("#conflicts").await?;
    window
        .wait_for_text("Borgeren opfylder betingelsen")
        .await?;
    window.picture("valgt").await?;
    window.close().await
}
