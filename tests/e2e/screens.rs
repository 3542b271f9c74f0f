//! Every screen in every theme, as axe sees it; and a new computer set up, locked and recovered.

use std::fs;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, BODIL, EJNAR, YUSUF, begin, came_alone, grant_to, look, make_tick, sign_in, to_citizen,
};

const RAIL: [(&str, &str); 5] = [
    ("nav-counter", "skranke"),
    ("nav-cases", "sager"),
    ("nav-queue", "koe"),
    ("nav-rules", "regler"),
    ("nav-settings", "indstillinger"),
];

#[tokio::test]
async fn every_view_is_accessible_in_every_theme_and_at_twice_the_size() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("skaerme", &scratch, Opening::default()).await?;
    sign_in(&mut window, "pia").await?;
    for citizen in [AASE, EJNAR, YUSUF] {
        grant_to(&mut window, citizen).await?;
        if citizen.cpr != AASE.cpr {
            make_tick(&mut window, "registered").await?;
        }
        if citizen.cpr == YUSUF.cpr {
            make_tick(&mut window, "receipt").await?;
        }
        window.press("Ctrl+n").await?;
    }
    begin(&mut window, BODIL).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, BODIL).await?;
    window.press("F8").await?;
    window
        .wait_for("the question why it is parked", "dialog[open]")
        .await?;
    window.is_accessible("parking").await?;
    window.picture("parker").await?;
    window.press("Escape").await?;
    window.wait_until_gone("dialog[open]").await?;
    window.press("Ctrl+n").await?;
    window
        .wait_for("the parked draft", "[data-testid=draft-0]")
        .await?;

    for theme in ["light", "dark", "contrast"] {
        go(&mut window, "nav-settings").await?;
        window.wait_for("the settings", "#theme").await?;
        window.choose("theme", theme).await?;
        for (entry, name) in RAIL {
            go(&mut window, entry).await?;
            window.is_accessible(&format!("{name} in {theme}")).await?;
            window.picture(&format!("{name}-{theme}")).await?;
        }
        go(&mut window, "nav-counter").await?;
        window.wait_for("the unfinished case", "[data-row]").await?;
    }
    for (entry, name) in RAIL {
        go(&mut window, entry).await?;
        window.picture_at_double_size(name).await?;
    }
    window.close().await
}

#[tokio::test]
async fn start_and_worklist_show_each_row_the_core_has_and_no_other() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("raekker", &scratch, Opening::default()).await?;
    sign_in(&mut window, "pia").await?;
    for citizen in [AASE, EJNAR] {
        grant_to(&mut window, citizen).await?;
        window.press("Ctrl+n").await?;
    }
    for citizen in [BODIL, YUSUF] {
        begin(&mut window, citizen).await?;
        came_alone(&mut window).await?;
        to_citizen(&mut window, citizen).await?;
        window.press("F8").await?;
        window.wait_for("why it is parked", "#park-dialog").await?;
        window.choose("waits_for", "interpreter").await?;
        window.press("Enter").await?;
        window.wait_until_gone("dialog[open]").await?;
    }
    window
        .wait_for("both drafts", "[data-testid=draft-1]")
        .await?;
    window.picture("start").await?;

    let list = asked(&window, "worklist", Value::Null).await?;
    let draft = |row: &Value| format!("draft-{}", row["id"].as_str().unwrap_or_default());
    let case = |row: &Value| format!("open-{}", row["number"].as_str().unwrap_or_default());
    shows_each(
        &window,
        "[data-testid^=draft-]",
        "li",
        &list["drafts"],
        draft,
    )
    .await?;
    let due = &list["missing_ticks"];
    shows_each(&window, "[data-testid^=open-row-]", "tr", due, case).await?;

    go(&mut window, "nav-queue").await?;
    let page = json!({ "query": "", "filter": "missing_ticks", "after": null, "purpose": null });
    let page = asked(&window, "case_list", page).await?;
    shows_each(
        &window,
        "[data-testid^=open-row-]",
        "tr",
        &page["rows"],
        case,
    )
    .await?;
    window.picture("koe").await?;
    window.close().await
}

/// What the core answers.
async fn asked(window: &Window, name: &str, request: Value) -> Result<Value> {
    let answer = window.invoke(name, request).await?;
    answer.map_err(|error| anyhow!("{name}: {error}"))
}

/// Fails unless the page has the two rows of the core's list in its order, each opened by the control with its id and
/// with the citizen's name and masked number in it.
async fn shows_each(
    window: &Window,
    openers: &str,
    around: &str,
    core: &Value,
    id_of: impl Fn(&Value) -> String,
) -> Result<()> {
    const ROWS: &str = "
        return [...document.querySelectorAll(arguments[0])].map((e) => [e.id, e.closest(arguments[1]).innerText]);";
    let page = window
        .eval(ROWS, vec![openers.into(), around.into()])
        .await?;
    let rows = core.as_array().context("the core has a list")?;
    let shown = page.as_array().context("the page has a list")?;
    ensure!(
        rows.len() == 2 && shown.len() == rows.len(),
        "the page has {page}, the core {core}"
    );
    for (shown, row) in shown.iter().zip(rows) {
        let words = shown[1].as_str().unwrap_or_default();
        let has = |field: &str| row[field].as_str().is_some_and(|said| words.contains(said));
        ensure!(
            shown[0] == json!(id_of(row)) && has("name") && has("cpr_masked"),
            "{row} is shown as {shown}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn keys_are_listed_under_the_question_mark() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("genveje", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;
    window.tab_to("start-citizen").await?;

    window.press("?").await?;
    window.wait_for("the list of keys", "#shortcuts").await?;

    window.is_accessible("the list of keys").await?;
    window.picture("liste").await?;
    ensure!(window.shows("Ctrl N").await?, "the list names the keys");
    window.press("Escape").await?;
    window.wait_until_gone("#shortcuts").await?;
    window.close().await
}

#[tokio::test]
async fn new_computer_is_set_up_locked_and_opened_with_its_recovery_code() -> Result<()> {
    let scratch = Scratch::new()?;
    let new = Opening {
        new_computer: true,
        ..Opening::default()
    };
    let mut window = Window::open("ny-computer", &scratch, new).await?;
    window.wait_for("the first question", "#way").await?;
    window.choose("way", "alone").await?;
    window.wait_for("the municipality", "#profile").await?;
    look(&mut window, "1-kommune").await?;
    window.tab_to("next").await?;
    window.press("Enter").await?;
    window
        .wait_for("the administrator", "#administrator_name")
        .await?;
    for (field, text) in [
        ("administrator_name", "Anders Kragh"),
        ("administrator_initials", "AK"),
        ("administrator_user", "anders"),
        ("administrator_password", "en lang sætning 7"),
    ] {
        window.fill(field, text).await?;
    }
    look(&mut window, "2-administrator").await?;
    window.tab_to("next").await?;
    window.press("Enter").await?;
    window
        .wait_for("the recovery code", "#recovery-code")
        .await?;
    look(&mut window, "3-gendannelseskode").await?;
    let code = window
        .eval(
            "return document.getElementById('recovery-code').textContent;",
            vec![],
        )
        .await?;
    let code = code
        .as_str()
        .context("the code is shown")?
        .trim()
        .to_owned();
    let end: String = code.chars().skip(code.chars().count() - 4).collect();
    window.fill("recovery_end", &end).await?;
    window.press("Enter").await?;
    window.wait_for("the window to be in use", "#lock").await?;
    window.press("Ctrl+l").await?;
    window.wait_for_text("Anders Kragh").await?;
    window.wait_for("the lock", "#password").await?;
    look(&mut window, "laast").await?;
    window.close().await?;

    fs::remove_file(scratch.store_folder().join("key"))?;
    let mut window = Window::open("ny-computer", &scratch, new).await?;
    window.wait_for("the recovery", "#recovery_code").await?;
    look(&mut window, "gendannelse").await?;
    window.fill("recovery_code", &code).await?;
    window.press("Enter").await?;
    window.wait_for("the sign-in", "#user").await?;
    window.fill("user", "anders").await?;
    window.fill("password", "en lang sætning 7").await?;
    window.press("Enter").await?;
    window.wait_for("the window to be in use", "#lock").await?;
    window.close().await
}

/// Goes to an entry of the rail.
async fn go(window: &mut Window, entry: &str) -> Result<()> {
    window.tab_to(entry).await?;
    window.press("Enter").await?;
    window
        .until("the view to have come", || async {
            let current = window
                .eval(
                    "return document.getElementById(arguments[0]).getAttribute('aria-current');",
                    vec![entry.into()],
                )
                .await?;
            Ok(current == "page")
        })
        .await?;
    window.wait_until_gone("main [aria-busy=true]").await
}
