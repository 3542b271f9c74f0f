//! The administrator changes the municipality's set-up by keyboard; another computer gets it and warns (row 2-26).

use anyhow::{Context as _, Result, ensure};
use skranke_app::api::settings::SettingsSaveRequest;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::elsewhere::{central_in, counter, done};
use crate::flow::{look, sign_in};

/// Another computer of the municipality makes one round with the central store the window left behind, and its
/// member of staff sits down at the new place.
fn other_computer(first: &Scratch, second: &Scratch) -> Result<()> {
    let central = central_in(&first.store_folder().join("central"))?;
    let app = counter(&second.store_folder(), central.url())?;
    let status = done(app.sync_now(()))?;
    ensure!(status.profile == "demo@1.1", "it is at {}", status.profile);
    let settings = done(app.settings(()))?;
    let place = settings.locations.iter().find(|l| l.name == "Åens Hus");
    let location = place.context("the new place is there")?.code.clone();
    done(app.settings_save(SettingsSaveRequest {
        location,
        theme: "light".to_owned(),
    }))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn row_2_26_a_place_added_by_keyboard_reaches_another_computer_and_warns_there() -> Result<()>
{
    let scratch = Scratch::new()?;
    let mut window = Window::open("opsaetning", &scratch, Opening::default()).await?;
    sign_in(&mut window, "anders").await?;
    window.wait_for("the rail", "#nav-settings").await?;
    window.tab_to("nav-settings").await?;
    window.press("Enter").await?;
    window.wait_for("the settings", "#profile-edit").await?;
    window.tab_to("profile-edit").await?;
    window.press("Enter").await?;
    window.wait_for("the set-up", "#profile-name").await?;
    look(&mut window, "rediger").await?;

    // What is wrong is told in words at its field
    window.tab_to("profile-locations-add").await?;
    window.press("Enter").await?;
    window.wait_for_focus("profile-locations-3-name").await?;
    window.type_text("the name", "Åens Hus").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("what is wrong", "#error-summary").await?;
    window
        .wait_for_text("Lokationer: Skriv en dato, for eksempel 04.01.2027.")
        .await?;
    look(&mut window, "fejl").await?;

    // Put right, with a closing day beside it
    window
        .fill("profile-locations-3-from", "04.01.2099")
        .await?;
    window.tab_to("profile-closing_days-add").await?;
    window.press("Enter").await?;
    window.wait_for_focus("profile-closing_days-0-on").await?;
    window.type_text("the day", "28.12.2026").await?;
    window
        .fill("profile-closing_days-0-name", "Lukket mellem jul og nytår")
        .await?;
    window.picture("opsaetning").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the difference", "#profile-review").await?;
    for words in [
        "Åens Hus · fra 04.01.2099",
        "Lukket mellem jul og nytår · 28.12.2026",
    ] {
        window.wait_for_text(words).await?;
    }
    window.fill("profile-reason", "Nyt sted ved åen").await?;
    look(&mut window, "forskel").await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for_text("Opsætningen er gemt som version 1.1.")
        .await?;
    window.wait_for_text("Nyt sted ved åen").await?;
    look(&mut window, "gemt").await?;

    // A new recovery code, shown once and typed back
    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the settings", "#recovery-make").await?;
    window.tab_to("recovery-make").await?;
    window.press("Enter").await?;
    window.wait_for("the code", "#new-recovery-code").await?;
    look(&mut window, "ny-gendannelseskode").await?;
    let code = window
        .eval(
            "return document.getElementById('new-recovery-code').textContent;",
            vec![],
        )
        .await?;
    let code = code.as_str().context("a code")?.to_owned();
    window
        .fill("new_recovery_end", &code[code.len() - 4..])
        .await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("that it is in force", "#recovery-done")
        .await?;
    window.picture("indstillinger").await?;
    window.close().await?;

    // Another computer
    let second = Scratch::new()?;
    tokio::task::block_in_place(|| other_computer(&scratch, &second))?;
    let offline = Opening {
        offline: true,
        ..Opening::default()
    };
    let mut window = Window::open("opsaetning-anden", &second, offline).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;
    window.type_text("CPR", "0201703984").await?;
    window.press("Enter").await?;
    window
        .wait_for("the warning", "#warning-location_not_open")
        .await?;
    window.picture("sted").await?;
    window.close().await
}
