//! The window when the store does not open: what it says, and how staff get on.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

/// A demo that was opened once and is closed again.
async fn used(name: &str) -> Result<Scratch> {
    let scratch = Scratch::new()?;
    let window = Window::open(name, &scratch, Opening::default()).await?;
    window
        .wait_for("the sign-in to be drawn", "#password")
        .await?;
    window.close().await?;
    Ok(scratch)
}

#[tokio::test]
async fn damaged_store_is_explained_and_recovered_by_keyboard() -> Result<()> {
    let scratch = used("damaged-before").await?;
    let database = scratch.store_folder().join("skranke.db");
    let ruined = vec![0x5a_u8; 40_000];
    fs::write(&database, &ruined)?;

    let mut window = Window::open("damaged", &scratch, Opening::default()).await?;

    window
        .wait_for_text("Skrankes datafil er beskadiget")
        .await?;
    window
        .wait_for_text("Den beskadigede fil bliver ikke slettet")
        .await?;
    window.is_accessible("the page of a damaged store").await?;
    let marks = "return getComputedStyle(document.querySelector('main li')).listStyleType;";
    ensure!(
        window.eval(marks, vec![]).await? == "disc",
        "a list is marked as one"
    );
    window.picture("beskadiget").await?;
    window.picture_at_double_size("beskadiget").await?;
    ensure!(
        fs::read(&database)? == ruined,
        "nothing is changed before someone says so"
    );
    window.tab_to("recover").await?;
    window.press("Enter").await?;
    window.wait_for_text("Skranke er gendannet").await?;
    window
        .wait_for_text("Resten hentes fra kommunens server")
        .await?;
    window.is_accessible("what was saved").await?;
    window.picture("gendannet").await?;
    let kept = fs::read_dir(scratch.store_folder())?
        .flatten()
        .find(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.contains(".damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")
        })
        .context("the damaged file is set aside")?;
    ensure!(fs::read(kept.path())? == ruined, "and it is whole");
    window
        .wait_for_text(&kept.file_name().to_string_lossy())
        .await?;
    window.tab_to("damaged-proceed").await?;
    window.press("Enter").await?;
    window.wait_for("the sign-in", "#password").await?;
    window.tab_to("sign-in").await?;
    window.press("Enter").await?;
    window.wait_for_text("Ny borger").await?;
    window.close().await
}

#[tokio::test]
async fn second_window_says_so_and_opens_when_the_first_is_closed() -> Result<()> {
    let scratch = Scratch::new()?;
    let first = Window::open("first-window", &scratch, Opening::default()).await?;
    first.wait_for("the sign-in", "#password").await?;

    let second = Window::open("second-window", &scratch, Opening::default()).await?;

    second
        .wait_for_text("Et andet program bruger Skrankes data")
        .await?;
    second.is_accessible("a store that is in use").await?;
    second.picture("optaget").await?;
    second
        .wait_for("the way to ask at once", "#try-again")
        .await?;
    first.close().await?;
    // Nobody has to ask for it again: the first has let go of the store when its process is gone, whenever that is.
    second.wait_for("the sign-in", "#password").await?;
    second.close().await
}

#[tokio::test]
async fn missing_key_is_named_and_the_recovery_code_asked_for() -> Result<()> {
    let scratch = used("key-missing-before").await?;
    fs::remove_file(scratch.store_folder().join("key"))?;

    let window = Window::open("key-missing", &scratch, Opening::default()).await?;

    window
        .wait_for_text("Computeren har mistet nøglen til Skrankes data")
        .await?;
    window
        .wait_for("the recovery code", "#recovery_code")
        .await?;
    window.is_accessible("a missing key").await?;
    window.picture("noegle-mangler").await?;
    window.close().await
}

#[tokio::test]
async fn key_of_another_computer_is_told_from_a_missing_one() -> Result<()> {
    let scratch = used("key-wrong-before").await?;
    let other = used("key-wrong-other").await?;
    fs::copy(
        other.store_folder().join("key"),
        scratch.store_folder().join("key"),
    )?;

    let window = Window::open("key-wrong", &scratch, Opening::default()).await?;

    window
        .wait_for_text("Nøglen passer ikke til Skrankes data")
        .await?;
    window
        .wait_for("the recovery code", "#recovery_code")
        .await?;
    window.picture("forkert-noegle").await?;
    window.close().await
}

#[tokio::test]
async fn store_of_a_newer_program_is_left_alone() -> Result<()> {
    let scratch = used("newer-before").await?;
    for name in ["key.json", "key.copy.json"] {
        let path = scratch.store_folder().join(name);
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let mut envelope: serde_json::Value = serde_json::from_str(&text)?;
        envelope["version"] = serde_json::json!(99);
        fs::write(&path, envelope.to_string())?;
    }
    let before = fs::read(scratch.store_folder().join("skranke.db"))?;

    let window = Window::open("newer", &scratch, Opening::default()).await?;

    window
        .wait_for_text("Skrankes data er lavet af en nyere udgave")
        .await?;
    window.is_accessible("a newer store").await?;
    window.picture("nyere-udgave").await?;
    ensure!(
        fs::read(scratch.store_folder().join("skranke.db"))? == before,
        "nothing is changed"
    );
    window.close().await
}
