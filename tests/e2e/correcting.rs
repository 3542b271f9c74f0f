//! The wrong person was granted and registered: put right at once, both told, the right person's case begun. And an
//! exemption that was rightly registered and is taken back. Basis: practice 5.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{BODIL, EJNAR, confirmed, grant_to, make_tick, paper_is, sign_in};
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
    window.press("Ctrl+f").await?;
    window.wait_for("the cases", "#case-search").await?;
    window.fill("case-search", EJNAR.cpr).await?;
    window.press("Enter").await?;
    // The journal is still to be told, so the case is open work of one's own, and nobody asks why.
    window.wait_for_text("Fejlregistreret").await?;
    window.is_accessible("the cases").await?;
    window.picture("sager").await?;
    confirmed(&window, 1).await?;
    ensure!(
        window.shows(EJNAR.name).await? && !window.shows(BODIL.name).await?,
        "only his case is found"
    );
    window.close().await
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
    for field in ["take-back-reasons", "take-back-held"] {
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
