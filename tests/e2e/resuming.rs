//! What was typed survives: a program killed in step 4, a laptop without a network, an exemption
//! that was granted and not registered.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, BODIL, EJNAR, confirmed, declaration_of, declare, grant_to, make_tick, paper_is,
    save_paper, sign_in, words_of,
};

const ADDRESS: &str = "Hos sin søn, Åvej 2, 9990 Solbjerg";

#[tokio::test]
async fn program_killed_in_step_4_goes_on_where_it_was() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("killed", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    declaration_of(&mut window, BODIL).await?;
    declare(&mut window).await?;
    window.choose("unopened_post", "other_address").await?;
    window.fill("unopened_post_address", ADDRESS).await?;
    window
        .until("what was typed to be in the store", || async {
            let drafts = window.invoke("draft_list", Value::Null).await?;
            let id = drafts
                .ok()
                .and_then(|list| list[0]["id"].as_str().map(str::to_owned));
            let draft = window.invoke("draft_open", json!({ "id": id })).await?;
            Ok(draft.is_ok_and(|draft| draft["fields"]["unopened_post_address"] == ADDRESS))
        })
        .await?;

    window.kill_the_program()?;
    let mut window = Window::open("killed", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    window
        .wait_for("the draft that was left", "[data-testid=draft-0]")
        .await?;
    window.picture("kladde-efter-nedbrud").await?;
    let draft = window
        .eval(
            "return document.querySelector('[data-testid=draft-0]').id;",
            vec![],
        )
        .await?;
    window.tab_to(draft.as_str().unwrap_or_default()).await?;
    window.press("Enter").await?;
    window.wait_for("step 4", "#declared").await?;

    ensure!(
        window.is_ticked("declared").await?,
        "the declaration is still ticked"
    );
    ensure!(
        window.is_ticked("unopened_post-other_address").await?,
        "the choice is still made"
    );
    let address = window.value_of("unopened_post_address").await?;
    ensure!(address == ADDRESS, "the text is still there: {address}");
    ensure!(window.shows(BODIL.name).await?, "it is the same citizen");
    window.close().await
}

#[tokio::test]
async fn case_decided_without_a_network_is_confirmed_once_there_is_one() -> Result<()> {
    let scratch = Scratch::new()?;
    // Before leaving, one signs in where the central store can say what one may do.
    let mut window = Window::open("offline", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    window
        .wait_for(
            "the line to the central store",
            "#status-sync[data-online=true]",
        )
        .await?;
    window.close().await?;

    let away = Opening {
        offline: true,
        ..Opening::default()
    };
    let mut window = Window::open("offline", &scratch, away).await?;
    sign_in(&mut window, "karin").await?;
    grant_to(&mut window, EJNAR).await?;
    make_tick(&mut window, "registered").await?;
    window
        .wait_for(
            "the status line to say that it is offline",
            "#status-sync[data-online=false]",
        )
        .await?;
    ensure!(
        !window.shows("1 af 1 bekræftet").await?,
        "nothing is confirmed without a network"
    );
    paper_is(&window, "Fritagelseskvittering").await?;
    window.is_accessible("step 6 without a network").await?;
    window.picture("uden-netvaerk").await?;
    window.close().await?;

    let mut window = Window::open("offline", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    confirmed(&window, 1).await?;
    ensure!(
        window.shows("1 af 1 bekræftet modtaget").await?,
        "the status line names what is confirmed"
    );
    window.picture("bekraeftet").await?;
    window.close().await
}

#[tokio::test]
async fn practice_8_granted_but_not_registered_is_not_yet_exempt_on_paper() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("interim", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    grant_to(&mut window, AASE).await?;

    paper_is(&window, "Papir om bevilling").await?;
    window.is_accessible("step 6 before registration").await?;
    window.picture("ikke-registreret").await?;
    let interim = save_paper(&mut window, &scratch).await?;
    ensure!(
        !window.shows("Fritagelseskvittering").await?,
        "no receipt is offered before the registration"
    );
    let words = words_of(&interim)?;
    ensure!(
        words.contains("endnu ikke registreret"),
        "the interim paper says so: {words}"
    );

    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    let receipt = save_paper(&mut window, &scratch).await?;
    let words = words_of(&receipt)?;
    ensure!(
        words.contains("Fritagelseskvittering") || words.contains("fritaget"),
        "{words}"
    );
    ensure!(
        !words.contains("endnu ikke registreret") && !words.contains("KOPI"),
        "a new receipt, and no copy: {words}"
    );
    window.close().await
}
