//! A citizen lacks an ID and comes back: the case page says what is missing, and the same case goes on in the same six
//! steps, by keyboard alone.

use anyhow::{Result, ensure};
use serde_json::json;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    BODIL, Citizen, begin, declare, make_tick, open_first_case, paper_is, sign_in, to_guidance,
};

/// From the start to the page of this citizen's open case.
async fn find_again(window: &mut Window, citizen: Citizen) -> Result<()> {
    window.wait_for_focus("new-cpr").await?;
    window.press("Ctrl+f").await?;
    window.wait_for_focus("case-search").await?;
    // What is open is counted; what a number found is not.
    window.wait_for("the open cases", "#case-total").await?;
    window.type_text("CPR", citizen.cpr).await?;
    window.press("Enter").await?;
    // Nobody is asked why about their own open case.
    window
        .wait_for(
            "the case, or the question why",
            "#purpose-dialog, #own-only",
        )
        .await?;
    let asked = window
        .eval(
            "return !!document.querySelector('#purpose-dialog');",
            vec![],
        )
        .await?;
    if asked.as_bool() == Some(true) {
        window.tab_to("purpose-confirm").await?;
        window.press("Enter").await?;
    }
    window.wait_until_gone("dialog[open], #case-total").await?;
    window.wait_for("her case", "[data-row]").await?;
    window.wait_for_text(citizen.name).await?;
    window.picture("fundet").await?;
    open_first_case(window).await?;
    window.wait_for("the case page", "#continue-box").await
}

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
    window.close().await?;

    // She comes back another day, and her case is found by her number: one key, and the flow stands where something lacks, filled in.
    let mut window = Window::open("fortsaet", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    find_again(&mut window, BODIL).await?;
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
    declare(&mut window).await?;

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
