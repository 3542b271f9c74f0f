//! The administrator changes the municipality's set-up by keyboard; another computer gets it and warns (row 2-26).

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use skranke_app::App;
use skranke_app::api::profile::ProfileSaveRequest;
use skranke_app::api::session::SignInRequest;
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

/// The administrator at a counter writes another telephone number into the set-up and hands it over.
fn telephone(folder: &Path, url: &str, number: &str) -> Result<App> {
    let app = counter(folder, url)?;
    let accounts = done(app.start_state(()))?.demo_accounts;
    let anders = accounts
        .iter()
        .find(|account| account.user_name == "anders");
    let anders = anders.context("the demo has an administrator")?;
    done(app.sign_in(SignInRequest {
        user_name: anders.user_name.clone(),
        password: anders.password.clone(),
    }))?;
    done(app.sync_now(()))?;
    let mut view = done(app.profile_show(()))?;
    number.clone_into(&mut view.edit.contact_phone);
    done(app.profile_save(ProfileSaveRequest {
        based_on: view.edition,
        digest: view.digest,
        edit: view.edit,
        reason: "Nyt nummer".to_owned(),
    }))?;
    Ok(app)
}

/// Leaves a store behind whose version 1.1 the central store lost in a restore, and got another 1.1 instead.
fn lost_in_a_restore(scratch: &Scratch) -> Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let (here, there) = (scratch.store_folder(), elsewhere.path().join("counter"));
    let central = central_in(elsewhere.path())?;
    // Both are known there before the backup.
    for folder in [&here, &there] {
        done(counter(folder, central.url())?.sync_now(()))?;
    }
    drop(central);
    let records = elsewhere.path().join("central.db");
    let backup = std::fs::read(&records)?;

    let central = central_in(elsewhere.path())?;
    drop(telephone(&here, central.url(), "70 11 22 33")?);
    drop(central);
    std::fs::write(&records, backup)?;

    let central = central_in(elsewhere.path())?;
    drop(telephone(&there, central.url(), "70 99 88 77")?);
    let app = counter(&here, central.url())?;
    let status = done(app.sync_now(()))?;
    ensure!(
        status.profile == "demo@1.1~1",
        "it is at {}",
        status.profile
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_lost_in_a_restore_stands_in_the_history_and_is_taken_up_by_keyboard()
-> Result<()> {
    let scratch = Scratch::new()?;
    tokio::task::block_in_place(|| lost_in_a_restore(&scratch))?;
    let offline = Opening {
        offline: true,
        ..Opening::default()
    };
    let mut window = Window::open("tabt-version", &scratch, offline).await?;
    sign_in(&mut window, "anders").await?;
    window.wait_for("the rail", "#nav-settings").await?;
    window.tab_to("nav-settings").await?;
    window.press("Enter").await?;
    window.wait_for("the settings", "#profile-edit").await?;
    window.picture("indstillinger").await?;
    window.tab_to("profile-edit").await?;
    window.press("Enter").await?;
    window
        .wait_for("the lost version", "[id^=profile-lost-]")
        .await?;
    let lost = window
        .eval(
            "return document.querySelector('[id^=profile-lost-]').id;",
            vec![],
        )
        .await?;
    let lost = lost.as_str().context("its name")?.to_owned();
    window.tab_to(&lost).await?;
    look(&mut window, "historik").await?;

    window.press("Enter").await?;
    let number = "return document.getElementById('profile-contact_phone').value;";
    window
        .until("its number in the fields", || async {
            Ok(window.eval(number, vec![]).await? == "70 11 22 33")
        })
        .await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the difference", "#profile-review").await?;
    look(&mut window, "forskel").await?;
    window.close().await
}
