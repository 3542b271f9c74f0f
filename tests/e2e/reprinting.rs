//! Papers once more: an exemption that exists already, a printer that is not there, one that refuses, and one whose
//! paper did not come out.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use skranke_tests::window::{Cups, Opening, Scratch, Window};

use crate::flow::{
    AASE, EJNAR, begin, came_alone, came_out, declare, grant_to, make_tick, paper_is, save_paper,
    sign_in, to_citizen, to_decision, to_declaration, to_guidance, words_of,
};

/// The number a paper bears, for example `KV-…`: the words behind the label.
fn number_on(words: &str) -> Result<String> {
    let (_, behind) = words
        .split_once("Nummer")
        .or_else(|| words.split_once("nummer"))
        .with_context(|| format!("the paper has a number: {words}"))?;
    Ok(behind.split_whitespace().take(2).collect())
}

fn read(paper: &[u8]) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, paper)?;
    words_of(&path)
}

/// A granted and registered exemption on step 6 with its receipt at the side.
async fn registered(window: &mut Window, citizen: crate::flow::Citizen) -> Result<()> {
    grant_to(window, citizen).await?;
    make_tick(window, "registered").await?;
    paper_is(window, "Fritagelseskvittering").await
}

#[tokio::test]
async fn citizen_who_is_exempt_already_gets_a_copy_after_a_look_in_the_register() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("kopi", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    registered(&mut window, AASE).await?;
    let original = save_paper(&mut window, &scratch).await?;
    std::fs::remove_file(original)?;
    make_tick(&mut window, "receipt").await?;
    window.press("Ctrl+n").await?;

    begin(&mut window, AASE).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, AASE).await?;
    window.wait_for("what we know", "#known-exempt").await?;
    window.is_accessible("exempt already").await?;
    window.picture("fritaget-i-forvejen").await?;
    to_guidance(&mut window).await?;
    to_declaration(&mut window).await?;
    declare(&mut window).await?;
    to_decision(&mut window).await?;
    window.tick("conflict_checked").await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("the way to the register", "#to-register")
        .await?;
    window.is_accessible("look first").await?;
    window.picture("se-efter-foerst").await?;
    window.tab_to("to-register").await?;
    window.press("Enter").await?;
    window.choose("register_seen", "exempt").await?;

    let case = "return document.querySelector('[id^=known-case-]').id;";
    let case = window.eval(case, vec![]).await?;
    window.tab_to(case.as_str().context("the case")?).await?;
    window.press("Enter").await?;
    window.wait_for("the case", "#reprint").await?;
    window.press("Ctrl+p").await?;
    window.wait_for("the look", "#look-dialog").await?;
    window.choose("look", "exempt").await?;
    window.is_accessible("the look").await?;
    window.picture("registret").await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("the receipt", "#paper-dialog canvas")
        .await?;
    window.is_accessible("the copy").await?;
    window.picture("kvittering").await?;
    let copy = save_paper(&mut window, &scratch).await?;
    let words = words_of(&copy)?.to_uppercase();
    ensure!(words.contains("KOPI"), "the paper says so: {words}");
    window.close().await
}

#[tokio::test]
async fn printer_that_refuses_or_loses_a_paper_leaves_its_number_as_it_was() -> Result<()> {
    let scratch = Scratch::new()?;
    let cups = Cups::start()?;
    let opening = Opening {
        printing: Some(&cups),
        ..Opening::default()
    };
    let mut window = Window::open("printer", &scratch, opening).await?;
    sign_in(&mut window, "karin").await?;
    registered(&mut window, EJNAR).await?;

    cups.stop_printer()?;
    window.press("Ctrl+p").await?;
    window.wait_for("what to do", "#print-error").await?;
    window.wait_for_text("gem papiret som PDF").await?;
    window.is_accessible("a printer that refuses").await?;
    window.picture("afviser").await?;

    cups.start_printer()?;
    window.press("Ctrl+p").await?;
    let first = read(&cups.paper()?)?;
    window.wait_for_focus("came-out").await?;
    window.is_accessible("did it come out").await?;
    window.picture("kom-papiret-ud").await?;
    window.tab_to("not-out").await?;
    window.press("Enter").await?;
    window.wait_for("what to do", "#print-lost").await?;
    window.is_accessible("it did not come out").await?;
    window.picture("kom-ikke-ud").await?;

    window.press("Ctrl+p").await?;
    let second = read(&cups.paper()?)?;
    came_out(&mut window).await?;
    ensure!(
        number_on(&first)? == number_on(&second)?,
        "one number: {first} / {second}"
    );
    ensure!(
        !second.to_uppercase().contains("KOPI"),
        "it is the original: {second}"
    );
    window.close().await
}

#[tokio::test]
async fn computer_without_a_printer_says_so_and_saves_the_paper() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("ingen-printer", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    registered(&mut window, EJNAR).await?;
    window.wait_for_text("Ingen printere fundet").await?;
    window.press("Ctrl+p").await?;
    window.wait_for("what to do", "#print-error").await?;
    window.is_accessible("no printer").await?;
    window.picture("besked").await?;
    let asking = window
        .eval(
            "return document.getElementById('print-check') !== null;",
            vec![],
        )
        .await?;
    ensure!(asking == json!(false), "nothing was printed");
    let words = words_of(&save_paper(&mut window, &scratch).await?)?;
    ensure!(words.contains(EJNAR.name), "the file is the paper: {words}");
    window.close().await
}
