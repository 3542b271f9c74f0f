//! Signing on the screen, where the municipality approved it. Basis: practice 12.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window, demo_folder};

use crate::flow::{
    AASE, begin, came_alone, confirmed, grant, sign_in, to_citizen, to_decision, to_declaration,
    to_guidance, words_of,
};
use crate::representative::print_form_to_file;

/// A wave across the field, in pixels from its middle.
const WAVE: [(i32, i32); 7] = [
    (-120, 15),
    (-80, -25),
    (-40, 20),
    (0, -25),
    (40, 20),
    (80, -25),
    (120, 10),
];

#[tokio::test]
async fn practice_12_signature_drawn_on_the_screen_stands_on_the_filled_form() -> Result<()> {
    let scratch = Scratch::new()?;
    scratch.edit_form(
        "profiles/demo.toml",
        "screen_signature = false",
        "screen_signature = true",
    )?;
    let mut window = Window::open("skaermunderskrift", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, AASE).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, AASE).await?;
    to_guidance(&mut window).await?;
    to_declaration(&mut window).await?;
    window.tick("declared").await?;
    window.choose("unopened_post", "registered_address").await?;
    window.press("Alt+g").await?;
    window.choose("signing_method", "screen").await?;
    window.wait_for("where one signs", "#signature").await?;

    // Nothing was drawn: there is nothing to confirm, and the case does not go on as if there were
    let empty = "return document.getElementById('signature-use').disabled;";
    ensure!(
        window.eval(empty, vec![]).await? == true,
        "an empty field is no signature"
    );

    // The citizen draws, thinks better of it, and draws anew
    window.draw("#signature", &WAVE[..2]).await?;
    window.tab_to("signature-clear").await?;
    window.press("Enter").await?;
    ensure!(
        window.eval(empty, vec![]).await? == true,
        "what was wiped out is no signature"
    );
    window.draw("#signature", &WAVE).await?;
    window
        .is_accessible_in_every_theme("a signature on the screen")
        .await?;
    window.picture("tegnet").await?;
    window.picture_at_double_size("tegnet").await?;
    window.tab_to("signature-use").await?;
    window.press("Enter").await?;
    window
        .wait_for("the signature", "#attached-screen_signature")
        .await?;

    to_decision(&mut window).await?;
    grant(&mut window).await?;
    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the case page", "#overview").await?;
    window.is_accessible("the case signed on screen").await?;
    let form = print_form_to_file(&mut window, &scratch, "paper-request").await?;
    confirmed(&window, 1).await?;

    std::fs::copy(&form, demo_folder()?.join("underskrevet-paa-skaermen.pdf"))?;
    let words = words_of(&form)?;
    ensure!(
        words.contains(&format!("underskrift: {}", AASE.name)),
        "whose signature it is stands under it: {words}"
    );
    let runs = runs_of_ink(&form)?;
    let left = runs.iter().map(|run| run.0).fold(f32::MAX, f32::min);
    let right = runs.iter().map(|run| run.1).fold(f32::MIN, f32::max);
    ensure!(
        runs.len() > 20 && right - left > 60.0,
        "the wave stands on the form: {runs:?}"
    );
    ensure!(
        runs.iter().all(|run| run.1 - run.0 < (right - left) / 2.0),
        "a line was drawn, and not a box: {runs:?}"
    );
    window.close().await
}

/// From where to where each run of a drawn signature's ink goes on the form, in points. Nothing else there is drawn with
/// a line of that thickness.
fn runs_of_ink(pdf: &Path) -> Result<Vec<(f32, f32)>> {
    let folder = tempfile::tempdir()?;
    let mut text = String::new();
    for page in ["1", "2"] {
        let drawing = folder.path().join("page.svg");
        let drawn = Command::new("pdftocairo")
            .args(["-svg", "-f", page, "-l", page])
            .arg(pdf)
            .arg(&drawing)
            .status()?;
        ensure!(drawn.success(), "pdftocairo draws {}", pdf.display());
        text += &std::fs::read_to_string(&drawing)?;
    }
    let paths = text
        .lines()
        .filter(|line| line.contains("stroke-width:1.2"));
    let runs = paths
        .filter_map(|line| line.split(" d=\"").nth(1)?.split('"').next())
        .flat_map(|path| path.split('M'));
    Ok(runs
        .filter_map(|run| {
            let across = |point: &str| point.split_whitespace().next()?.parse().ok();
            let (from, to) = run.split_once('L')?;
            Some((across(from)?, across(to)?))
        })
        .collect())
}
