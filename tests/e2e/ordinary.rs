//! The ordinary case by keyboard alone: from sign-in to a receipt in print and a record in the central store.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use skranke_tests::window::{Opening, Scratch, Window};

/// A citizen of the demo's own register: the name comes by itself.
const CPR: &str = "0201703984";

#[tokio::test]
async fn ordinary_case_is_done_by_keyboard_alone_and_confirmed() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("ordinary", &scratch, Opening::default()).await?;
    window.wait_for("the sign-in", "#sign-in").await?;
    tab_to(&mut window, "password").await?;
    window.press("Enter").await?;
    let signing_in = window.key_count();

    focused(&window, "new-cpr").await?;
    window.is_accessible("the start").await?;
    window.picture("start").await?;
    window.type_text("CPR", CPR).await?;
    window.press("Enter").await?;

    window.wait_for("step 1", "#id_kind").await?;
    tab_to(&mut window, "id_kind-passport").await?;
    window.press("Space").await?;
    tab_to(&mut window, "id_checked").await?;
    window.press("Space").await?;
    window.is_accessible("step 1").await?;
    window.picture("trin-1").await?;
    window.press("Ctrl+Enter").await?;

    window.wait_for("step 2", "#citizen_name").await?;
    window
        .until("the name is filled in from what we know", || async {
            Ok(value_of(&window, "citizen_name").await? == "Aase Lindholm")
        })
        .await?;
    window.is_accessible("step 2").await?;
    window.picture("trin-2").await?;
    window.press("Ctrl+Enter").await?;

    window.wait_for("step 3", "#chose_help").await?;
    window.is_accessible("step 3").await?;
    window.picture("trin-3").await?;
    window.press("Ctrl+Enter").await?;

    window.wait_for("step 4", "#declared").await?;
    tab_to(&mut window, "declared").await?;
    window.press("Space").await?;
    window.is_accessible("step 4").await?;
    window.picture("trin-4").await?;
    window.press("Ctrl+Enter").await?;

    window.wait_for("step 5", "#outcome").await?;
    tab_to(&mut window, "conflict_checked").await?;
    window.press("Space").await?;
    window.is_accessible("step 5").await?;
    window.picture("trin-5").await?;
    window.press("Ctrl+Enter").await?;

    window.wait_for("step 6", "#tick-registered").await?;
    window.press("Ctrl+r").await?;
    window
        .wait_for("the tick", "#tick-registered[data-done=true]")
        .await?;
    window.is_accessible("step 6").await?;
    window.picture("trin-6").await?;
    window.press("Ctrl+k").await?;
    window
        .wait_for("the tick", "#tick-receipt[data-done=true]")
        .await?;
    window.press("Ctrl+j").await?;
    window
        .wait_for("the tick", "#tick-journalised[data-done=true]")
        .await?;
    window.press("Ctrl+n").await?;
    focused(&window, "new-cpr").await?;

    window
        .wait_for(
            "the confirmation of the central store",
            "#status-sync[data-waiting='0'][data-confirmed='1']",
        )
        .await?;
    window.picture("bekraeftet").await?;
    let keys = window.key_count() - signing_in;
    println!("{}", window.script());
    ensure!(
        keys <= 45,
        "the ordinary case took {keys} keys besides the number"
    );
    window.close().await
}

/// Presses Tab until the control has focus, as a person would.
async fn tab_to(window: &mut Window, id: &str) -> Result<()> {
    for _ in 0..30 {
        if focus_of(window).await? == id {
            return Ok(());
        }
        window.press("Tab").await?;
    }
    anyhow::bail!("{id} cannot be reached with Tab")
}

async fn focused(window: &Window, id: &str) -> Result<()> {
    window
        .until("the field has focus", || async {
            Ok(focus_of(window).await? == id)
        })
        .await
}

async fn focus_of(window: &Window) -> Result<String> {
    let id = window
        .eval(
            "return document.activeElement ? document.activeElement.id : '';",
            vec![],
        )
        .await?;
    Ok(id.as_str().unwrap_or_default().to_owned())
}

async fn value_of(window: &Window, id: &str) -> Result<String> {
    let found: Value = window
        .eval(
            "const e = document.getElementById(arguments[0]); return e ? e.value : '';",
            vec![json!(id)],
        )
        .await?;
    Ok(found.as_str().unwrap_or_default().to_owned())
}
