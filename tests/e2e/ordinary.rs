//! The ordinary case by keyboard alone: from the number to the receipt on paper and a record in the
//! central store. Leaves pictures, the receipt and the script for the reader.

use std::fs;

use anyhow::{Result, ensure};
use skranke_tests::window::{Cups, Opening, Scratch, Window, demo_folder};

use crate::flow::{AASE, confirmed, ordinary_case, sign_in, words_of};

/// Keys besides digits and free text. Basis: spec sync-and-speed, P16.
const MOST_KEYS: usize = 22;

#[tokio::test]
async fn row_2_23_ordinary_case_is_done_by_keyboard_alone_printed_and_confirmed() -> Result<()> {
    let scratch = Scratch::new()?;
    let cups = Cups::start()?;
    let opening = Opening {
        printing: Some(&cups),
        ..Opening::default()
    };
    let mut window = Window::open("ordinary", &scratch, opening).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;
    look(&mut window, "start").await?;
    window.begin_script();

    let mut receipt = Vec::new();
    ordinary_case(&mut window, AASE, async |window, screen| {
        if screen == "printed" {
            receipt = cups.paper()?;
            return Ok(());
        }
        look(window, screen).await
    })
    .await?;
    confirmed(&window, 1).await?;
    look(&mut window, "bekraeftet").await?;

    let path = demo_folder()?.join("fritagelseskvittering.pdf");
    fs::write(&path, receipt)?;
    let words = words_of(&path)?;
    let script = window.script();
    println!(
        "{script}{} keys besides digits and free text",
        window.key_count()
    );
    fs::write(demo_folder()?.join("forloeb.txt"), &script)?;
    ensure!(
        words.contains(AASE.name) && words.contains("Solbjerg Kommune"),
        "the receipt is hers: {words}"
    );
    ensure!(
        !words.contains(AASE.cpr) && !words.contains("020170-3984"),
        "the number is masked on the receipt"
    );
    ensure!(
        window.key_count() <= MOST_KEYS,
        "the ordinary case took {} keys:\n{script}",
        window.key_count()
    );
    window.close().await
}

/// axe in every set of colours, a picture, and the same at twice the size of text.
async fn look(window: &mut Window, name: &str) -> Result<()> {
    window.is_accessible_in_every_theme(name).await?;
    window.picture(name).await?;
    window.picture_at_double_size(name).await?;
    Ok(())
}
