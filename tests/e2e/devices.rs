//! A computer is lost: an administrator shuts it out, a lead reads whose data it held, and an auditor what was done on
//! it, by keyboard alone.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window, demo_folder};

use crate::elsewhere::{central_in, counter, done, handed_in};
use crate::flow::{look, sign_in, words_of};

/// Leaves a central store behind in which another computer has handed in Aase's request.
fn used_elsewhere(scratch: &Scratch) -> Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let central = central_in(&scratch.store_folder().join("central"))?;
    let lost = counter(elsewhere.path(), central.url())?;
    handed_in(&lost)?;
    done(lost.sync_now(()))?;
    Ok(())
}

/// The saved file with this ending.
fn saved(scratch: &Scratch, ending: &str) -> Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(scratch.files())? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == ending) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

async fn open_settings(window: &mut Window, user: &str) -> Result<()> {
    sign_in(window, user).await?;
    window.wait_for("the rail", "#nav-settings").await?;
    window.tab_to("nav-settings").await?;
    window.press("Enter").await?;
    window.wait_for("the other computer", "#device-S1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_computer_is_shut_out_and_its_list_read_by_keyboard() -> Result<()> {
    let scratch = Scratch::new()?;
    tokio::task::block_in_place(|| used_elsewhere(&scratch))?;

    // An administrator shuts it out
    let mut window = Window::open("computere", &scratch, Opening::default()).await?;
    open_settings(&mut window, "anders").await?;
    window.tab_to("device-revoke-S1").await?;
    look(&mut window, "liste").await?;
    window.press("Enter").await?;
    window.wait_for_focus("device-dialog-reason").await?;
    window
        .type_text("the reason", "Glemt i toget til Roskilde")
        .await?;
    look(&mut window, "spaer").await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for_text("Computeren er spærret fra nu af.")
        .await?;
    window.wait_for_text("Glemt i toget til Roskilde").await?;
    window.wait_until_gone("#device-revoke-S1").await?;
    look(&mut window, "spaerret").await?;
    window.close().await?;

    // A lead reads whose data it held
    let mut window = Window::open("computere-leder", &scratch, Opening::default()).await?;
    open_settings(&mut window, "hanne").await?;
    window.tab_to("device-holdings-S1").await?;
    window.press("Enter").await?;
    window.wait_for_focus("holdings-title").await?;
    window.tab_to("holdings-show").await?;
    look(&mut window, "formaal").await?;
    window.press("Enter").await?;
    window.wait_for("how many", "#holdings-total").await?;
    window.wait_for_text("Aase Lindholm").await?;
    window.wait_for_text("020170-••••").await?;
    look(&mut window, "oplysninger").await?;

    // And saves it to print and to count in
    for (button, ending) in [("holdings-pdf", "pdf"), ("holdings-csv", "csv")] {
        window.tab_to(button).await?;
        window.press("Enter").await?;
        window
            .wait_for_text("Gemt som oplysninger-paa-computer-S1-")
            .await?;
        window
            .until(&format!("the {ending} file"), || async {
                Ok(saved(&scratch, ending)?.is_some())
            })
            .await?;
    }
    let pdf = saved(&scratch, "pdf")?.context("a list to print")?;
    let words = words_of(&pdf)?;
    ensure!(words.contains("Aase Lindholm"), "the list: {words}");
    std::fs::copy(&pdf, demo_folder()?.join("computere-liste.pdf"))?;
    look(&mut window, "gemt").await?;
    window.close().await?;

    // An auditor reads what was done on it
    let mut window = Window::open("computere-revisor", &scratch, Opening::default()).await?;
    open_settings(&mut window, "torben").await?;
    window.tab_to("log-show").await?;
    look(&mut window, "log-spurgt").await?;
    window.press("Enter").await?;
    window.wait_for("how many", "#log-count").await?;
    window.wait_for_text("Ændrede sagen").await?;
    window.wait_for_text("020170-••••").await?;
    look(&mut window, "log").await?;
    window.close().await
}
