//! What stands under `forms/` is what staff and citizens meet: an edited definition is another screen, another check and
//! another paper, and the program is the same. Basis: design, section 4.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, begin, came_alone, declare, grant, make_tick, paper_is, ready_for, save_paper, sign_in,
    to_citizen, to_decision, to_declaration, to_guidance, words_of,
};

const LABEL: &str = "Telefon, hvor borgeren træffes";
const OFFER: &str = "Solbjergs egen hjælpelinje";
const RULE: &str = "Den gælder, til borgeren selv siger fra.";
const SOURCE: &str = "Solbjergs gennemgang af reglerne";
const CITED: &str = "Prøveloven § 99";
const TITLE: &str = "Vi har sagt ja, men det er ikke registreret";

#[tokio::test]
async fn edited_definition_is_drawn_checked_and_printed_as_it_says() -> Result<()> {
    // Given a telephone number that must be asked for under another name, another offer and another title
    let scratch = Scratch::new()?;
    let phone = "label = \"Telefon\"\nhelp = \"Kun hvis borgeren vil ringes op.\"\nkind = \"text\"\nrequired = \"never\"";
    let asked = format!("label = \"{LABEL}\"\nkind = \"text\"\nrequired = \"always\"");
    scratch.edit_form("exemption/v1.toml", phone, &asked)?;
    scratch.edit_form(
        "help_offers/hotline.toml",
        "Telefonisk hjælp til selvbetjening",
        OFFER,
    )?;
    scratch.edit_form(
        "letters/interim_paper.toml",
        "title = \"Bevilget, endnu ikke registreret\"",
        &format!("title = \"{TITLE}\""),
    )?;

    // When a citizen comes, the screen asks as it says there, and goes no further without an answer
    let mut window = Window::open("rettet-blanket", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, AASE).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, AASE).await?;
    window.wait_for_text(LABEL).await?;
    ensure!(
        !window.shows("Kun hvis borgeren vil ringes op").await?,
        "the help that was taken away is away"
    );
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("what is missing", "#phone[aria-invalid=true]")
        .await?;
    window.is_accessible("an edited form with an error").await?;
    window.picture("mangler").await?;
    window.press("F6").await?;
    window.wait_for_focus("phone").await?;
    window.type_text("phone", "20 12 34 56").await?;
    to_guidance(&mut window).await?;
    window.wait_for_text(OFFER).await?;
    window.is_accessible("an edited offer").await?;
    window.picture("tilbud").await?;
    to_declaration(&mut window).await?;
    declare(&mut window).await?;
    to_decision(&mut window).await?;
    grant(&mut window).await?;

    // Then the paper says it, too
    paper_is(&window, "Papir om bevilling").await?;
    let words = words_of(&save_paper(&mut window, &scratch).await?)?;
    ensure!(words.contains(TITLE), "the paper's title: {words}");
    window.close().await
}

#[tokio::test]
async fn practice_6_edited_rule_set_is_told_beside_the_case_asked_about_and_printed() -> Result<()>
{
    // Given a rule set whose rule of durations reads otherwise, is cited, and leaves a choice
    let scratch = Scratch::new()?;
    let rule = "code = \"duration\"\ngoes_by = \"decision\"\ntext = \"Fritagelsen er uden udløb.\"\nsource = \"Ændring af reglerne pr. 1. oktober 2017\"\ncitation = \"\"";
    let edited = format!(
        "code = \"duration\"\ngoes_by = \"decision\"\ntext = \"{RULE}\"\nsource = \"{SOURCE}\"\ncitation = \"{CITED}\""
    );
    scratch.edit_form("rules/c.toml", rule, &edited)?;
    scratch.edit_form(
        "rules/c.toml",
        "durations = [\"permanent\"]",
        "durations = [\"time_limited\", \"permanent\"]",
    )?;
    scratch.edit_form(
        "rules/c.toml",
        "[texts]",
        "[texts]\nduration_time_limited = \"Til og med {until}\"",
    )?;

    // When a citizen comes, the panel says it with its source and citation, and the form asks how long
    let mut window = Window::open("rettet-regel", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    ready_for(&mut window, AASE).await?;
    for said in [RULE, SOURCE, CITED] {
        window.wait_for_text(said).await?;
    }
    window.is_accessible("an edited rule").await?;
    window.picture("regel").await?;
    window.choose("duration_kind", "permanent").await?;
    grant(&mut window).await?;
    make_tick(&mut window, "registered").await?;

    // Then the receipt cites it
    paper_is(&window, "Fritagelseskvittering").await?;
    let words = words_of(&save_paper(&mut window, &scratch).await?)?;
    ensure!(words.contains(CITED), "the receipt's rules: {words}");
    window.close().await
}
