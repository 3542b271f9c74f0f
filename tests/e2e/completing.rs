//! A citizen lacks an ID and comes back: the case page says what is missing, and the same case goes on in the same six
//! steps, by keyboard alone.

use anyhow::{Result, ensure};
use serde_json::json;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{BODIL, begin, make_tick, paper_is, sign_in, to_guidance};

#[tokio::test]
async fn citizen_who_comes_back_is_served_in_the_case_that_lacked_something() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("fortsaet", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;

    // She has her passport and has not signed.
    begin(&mut window, BODIL).await?;
    window.choose("id_kind", "passport").await?;
    window.tick("id_checked").await?;
    crate::flow::to_citizen(&mut window, BODIL).await?;
    to_guidance(&mut window).await?;
    window.press("Alt+m").await?;
    window.wait_for("what is missing", "#missing").await?;
    window
        .fill("missing", "Kom igen med den underskrevne blanket")
        .await?;
    window.press("Ctrl+Enter").await?;

    // The case page says what lacks, from the proof and in the words of the letter.
    window.wait_for("the case page", "#continue-box").await?;
    window
        .wait_for_text("Kom igen med den underskrevne blanket")
        .await?;
    ensure!(
        window.shows("Sagen mangler noget").await?,
        "the page says that something lacks"
    );
    window
        .wait_for("what the proof lacks", "#lacking li")
        .await?;
    window.is_accessible("a case that lacks something").await?;
    window.picture("mangler").await?;

    // She comes back: one key, and the flow stands where something lacks, filled in.
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("the steps of the same case", "#continued-case")
        .await?;
    window.wait_for("step 4", "#declared").await?;
    ensure!(window.shows(BODIL.name).await?, "her name stands there");
    window
        .is_accessible("step 4 of a case that goes on")
        .await?;
    window.picture("fortsat-trin-4").await?;
    window.tick("declared").await?;

    // Not decided today: what is new is kept in the case, and nothing else.
    window.press("F9").await?;
    window
        .wait_for("the case page again", "#continue-box.whole")
        .await?;
    window
        .wait_for_text("Der mangler ikke noget. Sagen kan afgøres.")
        .await?;
    window.picture("mangler-ikke").await?;

    // And it is granted in the same case.
    window.press("Ctrl+Enter").await?;
    window.wait_for_focus("conflict_checked").await?;
    crate::flow::grant(&mut window).await?;
    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    let cases = window
        .invoke(
            "case_list",
            json!({ "query": "", "filter": "all", "after": null, "purpose": "case_work" }),
        )
        .await?;
    let rows = cases
        .ok()
        .and_then(|page| page["rows"].as_array().map(Vec::len));
    ensure!(rows == Some(1), "one case, not {rows:?}");
    window.close().await
}
