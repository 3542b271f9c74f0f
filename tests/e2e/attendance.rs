//! Who else may come, and how it is signed: a guardian, a citizen who cannot sign, an address nobody is to see, and
//! a colleague on outreach who hands in.

use anyhow::{Result, ensure};
use serde_json::json;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, EJNAR, GRETHE, begin, declaration_of, declare, grant, make_tick, paper_is, save_paper,
    sign_in, to_citizen, to_decision, to_declaration, to_guidance, words_of,
};

/// Where nobody is to know that she lives.
const HIDDEN_STREET: &str = "Jernbanegade";

/// axe and a picture.
async fn look(window: &Window, name: &str) -> Result<()> {
    window.is_accessible(name).await?;
    window.picture(name).await?;
    Ok(())
}

#[tokio::test]
async fn guardian_shows_the_scope_and_a_witness_stands_in_for_the_signature() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("vaerge", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, AASE).await?;
    window.choose("channel", "guardian").await?;
    window.choose("id_kind", "passport").await?;
    window.tick("id_checked").await?;
    window.wait_for("the guardian", "#section-guardian").await?;
    window.fill("guardian_name", "Lone Lindholm").await?;
    window.choose("guardian_scope", "both").await?;
    window.tick("guardian_document_seen").await?;
    look(&window, "trin-1").await?;
    window.picture_at_double_size("trin-1").await?;
    // Who saw the ID stands there as soon as it is said and saved
    window
        .until("when and by whom the ID was seen", || async {
            let seen = "return document.getElementById('id-seen').textContent;";
            let seen = window.eval(seen, vec![]).await?;
            let seen = seen.as_str().unwrap_or_default();
            Ok(seen.starts_with("Pas set kl. ") && seen.ends_with(" af KT"))
        })
        .await?;

    to_citizen(&mut window, AASE).await?;
    to_guidance(&mut window).await?;
    to_declaration(&mut window).await?;
    window.tick("declared").await?;
    window.choose("signing_method", "unable").await?;
    window
        .wait_for("the question why", "#unable_reason")
        .await?;
    window
        .fill("unable_reason", "Kan ikke holde på en kuglepen")
        .await?;
    window.fill("witness_name", "Vibeke Holst").await?;
    look(&window, "kan-ikke-skrive-under").await?;
    // Nothing is answered for the citizen, and nothing that was signed says what is not covered
    window.press("Ctrl+Enter").await?;
    for missing in ["unopened_post", "understood_nemsms"] {
        let told = format!("#{missing}-error");
        window.wait_for("what is missing", &told).await?;
    }
    window.press("Alt+g").await?;
    window.choose("unopened_post", "registered_address").await?;
    to_decision(&mut window).await?;
    look(&window, "trin-5").await?;
    grant(&mut window).await?;

    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the case page", "#overview").await?;
    ensure!(
        window.shows("Lone Lindholm").await?,
        "the case says who came"
    );
    ensure!(
        window.shows("Vibeke Holst").await?,
        "and who saw the declaration made"
    );
    look(&window, "sag").await?;
    window.close().await
}

#[tokio::test]
async fn protected_address_is_shown_by_a_logged_click_and_never_on_a_paper_somebody_carries()
-> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("beskyttet", &scratch, Opening::default()).await?;
    sign_in(&mut window, "pia").await?;
    begin(&mut window, GRETHE).await?;
    window.choose("channel", "representative").await?;
    window.choose("id_kind", "passport").await?;
    window.tick("id_checked").await?;
    to_citizen(&mut window, GRETHE).await?;
    window.wait_for("the warning", "#known-protected").await?;
    window
        .wait_for("the address that is hidden", "#reveal-address")
        .await?;
    ensure!(!window.shows(HIDDEN_STREET).await?, "hidden on step 2");
    look(&window, "skjult").await?;
    window.tab_to("reveal-address").await?;
    window.press("Enter").await?;
    window
        .until("the address to be shown", || async {
            Ok(window
                .value_of("citizen_address")
                .await?
                .starts_with(HIDDEN_STREET))
        })
        .await?;
    look(&window, "vist").await?;

    to_guidance(&mut window).await?;
    gives_power_of_attorney(&mut window).await?;
    to_decision(&mut window).await?;
    grant(&mut window).await?;
    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    let words = words_of(&save_paper(&mut window, &scratch).await?)?;
    ensure!(
        words.contains(GRETHE.name) && !words.contains(HIDDEN_STREET),
        "the paper a son carries: {words}"
    );

    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the case page", "#overview").await?;
    ensure!(!window.shows(HIDDEN_STREET).await?, "hidden in the case");
    look(&window, "sag-skjult").await?;
    window.tab_to("reveal-address").await?;
    window.press("Enter").await?;
    window.wait_for_text(HIDDEN_STREET).await?;
    window.picture("sag-vist").await?;
    window.close().await
}

/// Step 4 for a son with a power of attorney.
async fn gives_power_of_attorney(window: &mut Window) -> Result<()> {
    window.press("Ctrl+Enter").await?;
    window.wait_for_focus("representative_name").await?;
    window
        .type_text("representative_name", "Niels Poulsen")
        .await?;
    window.tab_to("representative_relation").await?;
    window.type_text("representative_relation", "Søn").await?;
    let today = window.value_of("signed_on").await?;
    window.fill("poa_signed_on", &today).await?;
    window
        .fill("representative_birth_date", "14.05.1971")
        .await?;
    for ticked in [
        "declared",
        "request_signed",
        "poa_citizen_signed",
        "poa_representative_signed",
    ] {
        window.tick(ticked).await?;
    }
    window.choose("unopened_post", "registered_address").await
}

#[tokio::test]
async fn colleague_on_outreach_hands_the_request_in_and_decides_nothing() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("opsoegende", &scratch, Opening::default()).await?;
    sign_in(&mut window, "omar").await?;
    window.wait_for_focus("new-cpr").await?;
    look(&window, "start").await?;
    declaration_of(&mut window, EJNAR).await?;
    declare(&mut window).await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the assessment", "#outcome").await?;
    window.wait_for_text("Borgerservice afgør den").await?;
    ensure!(
        !window.shows("Jeg er ikke inhabil").await?,
        "somebody else decides"
    );
    look(&window, "trin-5").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the case", "#overview").await?;
    look(&window, "indleveret").await?;
    let granted = window
        .eval(
            "return document.getElementById('finish-case') !== null;",
            vec![],
        )
        .await?;
    ensure!(granted == json!(false), "nothing is granted");
    window.close().await
}
