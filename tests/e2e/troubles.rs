//! What goes wrong around the counter and must cost nothing: a full disk in the middle of a decision, and something
//! else that answers where the central store should.

use std::fs;

use anyhow::{Result, ensure};
use skranke_testkit::small_disk::SmallDisk;
use skranke_tests::window::{ForeignServer, Opening, Scratch, Window};

use crate::flow::{
    BODIL, YUSUF, declaration_of, declare, grant_to, make_tick, sign_in, to_decision,
};

#[tokio::test]
async fn full_disk_during_a_decision_is_told_and_nothing_is_lost() -> Result<()> {
    const NAME: &str = "troubles::full_disk_during_a_decision_is_told_and_nothing_is_lost";
    let Some(small) = SmallDisk::of(NAME, 40) else {
        return Ok(());
    };
    let scratch = Scratch::with_store_in(small.path())?;
    let mut window = Window::open("fuld-disk", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    declaration_of(&mut window, BODIL).await?;
    declare(&mut window).await?;
    to_decision(&mut window).await?;
    window.tick("conflict_checked").await?;

    let filler = small.fill();
    window.press("Ctrl+Enter").await?;
    window.wait_for_text("Disken er fuld").await?;
    window.is_accessible("a full disk").await?;
    window.picture("besked").await?;
    ensure!(
        window.shows(BODIL.name).await? && window.is_ticked("conflict_checked").await?,
        "what was typed is still on the screen"
    );

    fs::remove_file(filler)?;
    window.wait_for("step 5", "#next:not([disabled])").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("step 6", "#tick-registered").await?;
    make_tick(&mut window, "registered").await?;
    window.close().await?;
    Ok(())
}

#[tokio::test]
async fn page_of_a_network_instead_of_the_central_store_is_told_in_words() -> Result<()> {
    let scratch = Scratch::new()?;
    // Before, one signed in where the central store could say what one may do.
    let mut window = Window::open("fremmed-svar", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    window
        .wait_for("the line", "#status-sync[data-online=true]")
        .await?;
    window.close().await?;

    let foreign = ForeignServer::start(&scratch)?;
    let opening = Opening {
        foreign_server: Some(&foreign),
        ..Opening::default()
    };
    let mut window = Window::open("fremmed-svar", &scratch, opening).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for("what is wrong", "#status-problem").await?;
    window.is_accessible("a foreign answer").await?;
    window.picture("start").await?;
    ensure!(
        !window.shows("<html").await? && !window.shows("Log på gæstenettet").await?,
        "nothing of the foreign page is shown"
    );
    // The citizen is served all the same.
    grant_to(&mut window, YUSUF).await?;
    make_tick(&mut window, "registered").await?;
    window.picture("trin-6").await?;
    window.close().await
}
