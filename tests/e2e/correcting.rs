//! The wrong person was granted and registered: put right at once, both told, the right person's case begun. And an
//! exemption that was rightly registered and is taken back. Basis: practice 5.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    BODIL, Citizen, EJNAR, confirmed, grant, grant_to, make_tick, open_first_case, paper_is,
    paper_is_drawn, save_paper, sign_in, to_decision, to_declaration, to_guidance, words_of,
};
use crate::outcomes::letter;

#[tokio::test]
async fn practice_5_wrong_person_registered_is_put_right_and_the_right_one_begun() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("forkert-person", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    grant_to(&mut window, EJNAR).await?;
    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    window.press("Alt+ArrowLeft").await?;
    window
        .wait_for("the case page", "#correct-wrong-person")
        .await?;
    window.is_accessible("the case page").await?;
    window.picture("sag").await?;

    window.tab_to("correct-wrong-person").await?;
    window.press("Enter").await?;
    window.wait_for("the dialog", "#correct-dialog").await?;
    window
        .fill(
            "correct-reason",
            "To sager lå åbne, den forkerte blev registreret",
        )
        .await?;
    window.tick("correct-removed").await?;
    window.tick("correct-resend").await?;
    window.is_accessible("the correction").await?;
    window.picture("ret").await?;
    window.tab_to("correct-confirm").await?;
    window.press("Enter").await?;

    window
        .wait_for("the right person's draft", "#cpr, #id_kind")
        .await?;
    ensure!(
        !window.shows(EJNAR.name).await?,
        "the new draft knows nothing of the wrong person"
    );
    window.wait_until_gone("dialog[open]").await?;
    window.is_accessible("the right person's draft").await?;
    window.picture("den-rette").await?;
    let receipt = right_one_is_exempt(&mut window, &scratch).await?;
    ensure!(
        receipt.contains(BODIL.name) && !receipt.contains(EJNAR.name),
        "the receipt is the right person's alone: {receipt}"
    );
    window.press("Alt+ArrowLeft").await?;
    window.wait_for("her case", "#overview").await?;
    let number = number_of(&window).await?;

    window.press("Ctrl+f").await?;
    window.wait_for("the cases", "#case-search").await?;
    window.fill("case-search", EJNAR.cpr).await?;
    window.press("Enter").await?;
    // The journal is still to be told, so the case is open work of one's own, and nobody asks why.
    window.wait_for_text("Fejlregistreret").await?;
    window.is_accessible("the cases").await?;
    window.picture("sager").await?;
    confirmed(&window, 2).await?;
    ensure!(
        window.shows(EJNAR.name).await? && !window.shows(BODIL.name).await?,
        "only his case is found"
    );

    open_first_case(&mut window).await?;
    window.wait_for("his case", "#overview").await?;
    let his_number = number_of(&window).await?;
    let to_him = printed(&mut window, &scratch, "correction_wrong_person").await?;
    ensure!(
        names(&to_him, EJNAR, &his_number) && !hints_at(&to_him, BODIL, &number),
        "his letter is about him alone: {to_him}"
    );
    ensure!(
        to_him.contains("Vi kom til at give dig en fritagelse")
            && to_him.contains("Posten bliver sendt igen"),
        "he is told what happened and that his post comes again: {to_him}"
    );
    let to_her = printed(&mut window, &scratch, "correction_right_person").await?;
    ensure!(
        names(&to_her, BODIL, &number) && !hints_at(&to_her, EJNAR, &his_number),
        "her letter is about her alone: {to_her}"
    );
    ensure!(
        to_her.contains("Din fritagelse blev forsinket af en fejl"),
        "she is told why it took longer: {to_her}"
    );
    window.press("Ctrl+j").await?;
    window.wait_until_gone("#tick-journalised").await?;
    window.is_accessible("his case, filed").await?;
    window.picture("faerdig").await?;
    window.close().await
}

/// The right person's draft decided and registered as any other, and handed over: the words of the receipt.
async fn right_one_is_exempt(window: &mut Window, scratch: &Scratch) -> Result<String> {
    window.fill("cpr", BODIL.cpr).await?;
    window
        .until("her name is filled in from what we know", || async {
            Ok(window.value_of("citizen_name").await? == BODIL.name)
        })
        .await?;
    to_guidance(window).await?;
    to_declaration(window).await?;
    ensure!(
        window.is_ticked("declared").await?
            && window.is_ticked("unopened_post-registered_address").await?,
        "what she declared before the mistake was found still stands"
    );
    to_decision(window).await?;
    grant(window).await?;
    make_tick(window, "registered").await?;
    paper_is(window, "Fritagelseskvittering").await?;
    window.is_accessible("the right person registered").await?;
    window.picture("den-rette-registreret").await?;
    let receipt = words_of(&save_paper(window, scratch).await?)?;
    make_tick(window, "receipt").await?;
    make_tick(window, "journalised").await?;
    Ok(receipt)
}

/// A letter of the case on screen as it leaves the program: its words.
async fn printed(window: &mut Window, scratch: &Scratch, kind: &str) -> Result<String> {
    window.tab_to(&format!("paper-{kind}")).await?;
    window.press("Enter").await?;
    window
        .wait_for(
            "the letter",
            "#paper-dialog [data-testid=paper-state][data-state=done]",
        )
        .await?;
    paper_is_drawn(window).await?;
    window.picture(kind).await?;
    let words = words_of(&save_paper(window, scratch).await?)?;
    window.press("Escape").await?;
    window.wait_until_gone("dialog[open]").await?;
    Ok(words)
}

/// Whether a paper says who it is about and which case.
fn names(words: &str, citizen: Citizen, number: &str) -> bool {
    words.contains(citizen.name) && words.contains(number)
}

/// Whether a paper tells anything of a person or their case.
fn hints_at(words: &str, citizen: Citizen, number: &str) -> bool {
    let born = &citizen.cpr[..6];
    [citizen.name, born, number]
        .iter()
        .any(|about| words.contains(about))
}

/// The number of the case on screen.
async fn number_of(window: &Window) -> Result<String> {
    const NUMBER: &str = "return document.getElementById('case-number').textContent.trim();";
    let shown = window.eval(NUMBER, vec![]).await?;
    let shown = shown.as_str().unwrap_or_default();
    let number = shown.split_whitespace().last().unwrap_or_default();
    ensure!(number.len() > 6, "a case number: {shown}");
    Ok(number.to_owned())
}

#[tokio::test]
async fn practice_5_exemption_is_taken_back_by_keyboard_with_reasons_and_consultation() -> Result<()>
{
    let scratch = Scratch::new()?;
    let mut window = Window::open("tag-tilbage", &scratch, Opening::default()).await?;
    sign_in(&mut window, "hanne").await?;
    grant_to(&mut window, EJNAR).await?;
    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the case page", "#take-back").await?;
    window.tab_to("take-back").await?;
    window.press("Enter").await?;
    window.wait_for("the dialog", "#take-back-dialog").await?;
    window.wait_for_focus("take-back-reasons").await?;

    // A burden on the citizen: without reasons and an answer about the consultation nothing is taken back
    window.press("Ctrl+Enter").await?;
    for field in ["take-back-reasons", "take-back-held", "take-back-conflict"] {
        window
            .wait_for("what is missing", &format!("#{field}[aria-invalid=true]"))
            .await?;
    }
    window.is_accessible_in_every_theme("taking back").await?;
    window.picture("mangler").await?;
    window.picture_at_double_size("mangler").await?;

    window
        .fill("take-back-reasons", "Fritagelsen bygger på en forveksling")
        .await?;
    window
        .choose("take-back-consultation", "not_needed")
        .await?;
    window
        .fill("take-back-not-needed", "Borgeren har selv bedt om det")
        .await?;
    window.tick("take-back-removed").await?;
    window.tick("take-back-conflict").await?;
    window.is_accessible("taking back, filled in").await?;
    window.picture("udfyldt").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_until_gone("dialog[open]").await?;

    window.wait_for_text("Trukket tilbage").await?;
    ensure!(
        window
            .eval(
                "return document.getElementById('take-back') === null;",
                vec![]
            )
            .await?
            == true,
        "it is taken back once"
    );
    window.is_accessible("what was taken back").await?;
    letter(&mut window, "taken_back").await?;
    confirmed(&window, 1).await?;
    window.close().await
}
