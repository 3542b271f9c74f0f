//! Without a mouse: on every screen Tab reaches whatever can be used, and the focus is seen.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    EJNAR, begin, came_alone, declare, grant, look, make_tick, paper_is, sign_in, to_citizen,
    to_decision, to_declaration, to_guidance,
};

#[tokio::test]
async fn everything_on_every_screen_is_reached_with_tab() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("tastatur", &scratch, Opening::default()).await?;
    window.wait_for("the sign-in", "#sign-in").await?;
    window.reaches_everything_with_tab("signing in").await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;
    window.reaches_everything_with_tab("the start").await?;
    window.press("Ctrl+n").await?;

    begin(&mut window, EJNAR).await?;
    came_alone(&mut window).await?;
    window.reaches_everything_with_tab("step 1").await?;
    to_citizen(&mut window, EJNAR).await?;
    window.reaches_everything_with_tab("step 2").await?;
    to_guidance(&mut window).await?;
    window.reaches_everything_with_tab("step 3").await?;
    to_declaration(&mut window).await?;
    declare(&mut window).await?;
    window.reaches_everything_with_tab("step 4").await?;
    to_decision(&mut window).await?;
    window.reaches_everything_with_tab("step 5").await?;
    grant(&mut window).await?;
    window
        .reaches_everything_with_tab("step 6, granted")
        .await?;
    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    window
        .reaches_everything_with_tab("step 6, registered")
        .await?;

    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the case page", "#overview").await?;
    window.reaches_everything_with_tab("the case page").await?;
    window.press("Ctrl+f").await?;
    window.wait_for("the cases", "#case-search").await?;
    window.reaches_everything_with_tab("the cases").await?;
    for (entry, loaded, place) in [
        ("nav-queue", "[data-testid=open-row-0]", "the queue"),
        ("nav-settings", "#theme", "the settings"),
        (
            "nav-counter",
            "[data-testid=open-row-0]",
            "the start with a list",
        ),
    ] {
        window.tab_to(entry).await?;
        window.press("Enter").await?;
        window.wait_for(place, loaded).await?;
        window.reaches_everything_with_tab(place).await?;
    }
    window.press("Ctrl+l").await?;
    window.wait_for("the lock", "#password").await?;
    window.reaches_everything_with_tab("the lock").await?;
    window.close().await
}

#[tokio::test]
async fn arrow_keys_pass_the_lists_of_cases_and_enter_chooses_one_with_a_purpose() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("vaelg-liste", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;
    window.press("Ctrl+f").await?;
    window.wait_for_focus("case-search").await?;
    window.tab_to("case-filter").await?;

    // When the arrow keys pass lists of finished cases, then nobody is asked why, whichever way they go
    for (key, list) in [
        ("ArrowDown", "missing_ticks"),
        ("ArrowDown", "incomplete"),
        ("ArrowDown", "granted"),
        ("ArrowDown", "refused"),
        ("ArrowUp", "granted"),
        ("ArrowDown", "refused"),
    ] {
        window.press(key).await?;
        window
            .until(&format!("the list {list}"), || async {
                Ok(window.value_of("case-filter").await? == list)
            })
            .await?;
    }
    window
        .wait_for_text("Tryk Enter for at vise listen")
        .await?;
    ensure!(!is_asked(&window).await?, "passing by is no choice");
    window.wait_for_focus("case-filter").await?;
    window.is_accessible("a list that waits").await?;
    window.picture("venter").await?;

    // Then Enter chooses it, and only then is the purpose asked for
    window.press("Enter").await?;
    window.wait_for("the purpose", "#purpose-dialog").await?;
    look(&mut window, "formaal").await?;
    window.press("Enter").await?;
    window.wait_until_gone("dialog[open]").await?;
    window.wait_for("an empty list", "#cases-empty").await?;
    ensure!(
        window.value_of("case-filter").await? == "refused",
        "the list that was chosen"
    );
    window.close().await
}

async fn is_asked(window: &Window) -> Result<bool> {
    let asked = "return document.getElementById('purpose-dialog') !== null;";
    Ok(window.eval(asked, vec![]).await? == true)
}
