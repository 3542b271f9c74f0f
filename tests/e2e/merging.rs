//! Two cases about one citizen, as the window shows them: a possible duplicate, merged and undone by keyboard.

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{open_first_case, sign_in};

async fn ask(window: &Window, name: &str, request: Value) -> Result<Value> {
    let answer = window.invoke(name, request).await?;
    answer.map_err(|error| anyhow!("{name}: {error}"))
}

/// Hands in a request of Aase Lindholm; gives the case's number.
async fn hand_in(window: &Window) -> Result<String> {
    let draft = ask(window, "draft_new", Value::Null).await?;
    let mut fields = draft["fields"].clone();
    for (id, value) in [
        ("id_kind", "passport"),
        ("cpr", "0201703984"),
        ("citizen_name", "Aase Lindholm"),
        ("citizen_address", "Ahornvej 3\n9990 Solbjerg"),
        ("register_seen", "not_exempt"),
        ("unopened_post", "registered_address"),
    ] {
        fields[id] = json!(value);
    }
    for id in ["id_checked", "declared", "request_signed"] {
        fields[id] = json!(true);
    }
    let id = draft["id"].clone();
    let saved = json!({ "id": id, "step": 5, "fields": fields });
    ask(window, "draft_save", saved).await?;
    let case = ask(
        window,
        "decide",
        json!({ "draft_id": id, "case_id": null, "decision": { "kind": "hand_in" }, "no_conflict_of_interest": true }),
    )
    .await?;
    let number = case["row"]["number"].as_str();
    Ok(number.context("the case has a number")?.to_owned())
}

/// How many cases wait for a decision.
async fn open_cases(window: &Window) -> Result<Value> {
    let request = json!({ "query": "", "filter": "open", "after": null, "purpose": null });
    Ok(ask(window, "case_list", request).await?["total"].clone())
}

#[tokio::test]
async fn a_possible_duplicate_is_merged_with_a_reason_and_undone_by_keyboard() -> Result<()> {
    // Given two cases about one citizen, and a lead
    let scratch = Scratch::new()?;
    let mut window = Window::open("dobbeltsag", &scratch, Opening::default()).await?;
    sign_in(&mut window, "hanne").await?;
    window.wait_for_text("Ny borger").await?;
    let numbers = [hand_in(&window).await?, hand_in(&window).await?];
    window.tab_to("nav-cases").await?;
    window.press("Enter").await?;
    open_first_case(&mut window).await?;

    // When the lead looks at one of them, the other stands there and can be merged into it
    window
        .wait_for("the possible duplicate", "#duplicates")
        .await?;
    window.wait_for_text("Mulig dobbeltsag").await?;
    let shown = window.text().await?;
    ensure!(
        numbers.iter().all(|number| shown.contains(number)),
        "{shown}"
    );
    window.is_accessible_in_every_theme("a duplicate").await?;
    window.picture("mulig-dobbeltsag").await?;
    window.picture_at_double_size("mulig-dobbeltsag").await?;
    window.tab_to("duplicate-merge-0").await?;
    window.press("Enter").await?;
    window.wait_for("the question why", "dialog[open]").await?;
    window.is_accessible("the question why").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for_text("Skriv en begrundelse").await?;
    window
        .fill("merge-dialog-reason", "Borgeren kom to gange samme dag")
        .await?;
    window.picture("hvorfor").await?;
    window.press("Ctrl+Enter").await?;

    // Then this one goes on, the history says so, and the other has left the open cases
    window.wait_until_gone("#duplicates").await?;
    window.wait_for("what was merged", "#merged").await?;
    window
        .wait_for_text("En anden sag er samlet ind i denne")
        .await?;
    ensure!(open_cases(&window).await? == json!(1), "one case is left");
    window.picture("samlet").await?;

    // And the other says where it goes on, with the reason, and can be brought back
    window.tab_to("merged-open-0").await?;
    window.press("Enter").await?;
    window.wait_for("how to undo it", "#merge-undo").await?;
    window
        .wait_for_text("Borgeren kom to gange samme dag")
        .await?;
    window.is_accessible("a case that was merged").await?;
    window.picture("lukket-sag").await?;
    window.tab_to("merge-undo").await?;
    window.press("Enter").await?;
    window
        .wait_for("the question why undo", "dialog[open]")
        .await?;
    window
        .fill("merge-undo-dialog-reason", "To anmodninger alligevel")
        .await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("the possible duplicate again", "#duplicates")
        .await?;
    ensure!(open_cases(&window).await? == json!(2), "both are there");
    window.close().await
}
