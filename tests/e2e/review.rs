//! Work that the central store set aside, as the windows of two computers show it: a lead sends it back, and whoever
//! made it hears why.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use skranke_app::{App, Clock};
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::{CentralStore as _, Revoked};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::elsewhere::{TENANT, central_in, counter, done, handed_in};
use crate::flow::sign_in;

/// Withdraws at the central store whatever the person signed in here may do.
fn withdraw(folder: &std::path::Path, app: &App) -> Result<()> {
    let session = done(app.start_state(()))?.session.context("signed in")?;
    let key = KeyFile::read_or_create(&folder.join("key"), true)?;
    let central = SqliteStore::open(&folder.join("central.db"), &key)?;
    let mut transaction = central.begin(TENANT)?;
    transaction.revoke_grants(Revoked::Of(session.staff_id.parse()?), Clock::System.now())?;
    transaction.commit()?;
    Ok(())
}

/// Leaves behind what Karin made at a computer whose permission had been withdrawn: set aside in the central store of
/// the lead's window.
fn held(hers: &Scratch, leads: &Scratch) -> Result<()> {
    let folder = central_of(leads);
    let central = central_in(&folder)?;
    let one = counter(&hers.store_folder(), central.url())?;
    done(one.sync_now(()))?;
    withdraw(&folder, &one)?;
    handed_in(&one)?;
    let status = done(one.sync_now(()))?;
    ensure!(status.quarantined > 0, "held: {}", status.problem);
    Ok(())
}

/// Karin's computer hears what became of her work.
fn hears(hers: &Scratch, leads: &Scratch) -> Result<()> {
    let central = central_in(&central_of(leads))?;
    let again = done(counter(&hers.store_folder(), central.url())?.sync_now(()))?;
    ensure!(again.problem.is_empty(), "{}", again.problem);
    Ok(())
}

/// Where a window's own central store keeps its files.
fn central_of(scratch: &Scratch) -> PathBuf {
    scratch.store_folder().join("central")
}

/// The lead opens the list of what waits.
async fn open_held(window: &mut Window) -> Result<()> {
    sign_in(window, "hanne").await?;
    window.wait_for("the rail", "#nav-queue").await?;
    window.tab_to("nav-queue").await?;
    window.press("Enter").await?;
    window.wait_for("the lists", "#queue-held").await?;
    window.tab_to("queue-held").await?;
    window.press("Enter").await?;
    window.wait_for("the held work", "#held-0").await?;
    window.wait_for_text("trukket tilbage").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_lets_held_work_in_and_the_case_is_there_for_everybody() -> Result<()> {
    let (hers, leads) = (Scratch::new()?, Scratch::new()?);
    tokio::task::block_in_place(|| held(&hers, &leads))?;

    let mut window = Window::open("lukket-ind", &leads, Opening::default()).await?;
    open_held(&mut window).await?;
    window.tab_to("held-release-0").await?;
    window.press("Enter").await?;
    window.wait_for("the question why", "#held-dialog").await?;
    window.is_accessible("the question why").await?;
    window.picture("hvorfor").await?;
    // Without a reason nothing is let in
    window.press("Ctrl+Enter").await?;
    window.wait_for("the question why", "#held-dialog").await?;
    window
        .fill("held-dialog-reason", "Set efter med Karin")
        .await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the empty list", "#held-empty").await?;
    window.wait_for_text("lukket ind").await?;
    window.picture("lukket-ind").await?;
    window.picture_at_double_size("lukket-ind").await?;

    // The case is on this computer with the next round, and its author hears that it is confirmed
    window.tab_to("nav-cases").await?;
    window.press("Enter").await?;
    window.wait_for_text("Aase Lindholm").await?;
    window.close().await?;
    tokio::task::block_in_place(|| {
        let central = central_in(&central_of(&leads))?;
        let one = counter(&hers.store_folder(), central.url())?;
        let told = done(one.sync_now(()))?;
        ensure!(told.problem.is_empty(), "{}", told.problem);
        ensure!((told.quarantined, told.cases) == (0, told.confirmed));
        ensure!(done(one.worklist(()))?.returned.is_empty());
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_sends_held_work_back_and_its_author_finds_it_on_the_start_screen() -> Result<()> {
    let (hers, leads) = (Scratch::new()?, Scratch::new()?);
    tokio::task::block_in_place(|| held(&hers, &leads))?;

    let mut window = Window::open("karantaene", &leads, Opening::default()).await?;
    open_held(&mut window).await?;
    window.is_accessible("held work").await?;
    window.picture("liste").await?;
    window.picture_at_double_size("liste").await?;
    window.tab_to("held-return-0").await?;
    window.press("Enter").await?;
    window.wait_for("the question why", "#held-dialog").await?;
    window.is_accessible("the question why").await?;
    window
        .fill("held-dialog-reason", "Tal med mig, og lav det om")
        .await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the empty list", "#held-empty").await?;
    window.close().await?;

    tokio::task::block_in_place(|| hears(&hers, &leads))?;
    let offline = Opening {
        offline: true,
        ..Opening::default()
    };
    let mut window = Window::open("sendt-retur", &hers, offline).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for("what was sent back", "#returned-0").await?;
    for words in [
        "Sendt retur til dig",
        "Aase Lindholm",
        "Tal med mig, og lav det om",
    ] {
        window.wait_for_text(words).await?;
    }
    window.is_accessible("what was sent back").await?;
    window.picture("start").await?;
    window.picture_at_double_size("start").await?;
    window.tab_to("returned-done-0").await?;
    window.press("Enter").await?;
    window.wait_until_gone("#returned").await?;
    window.close().await
}
