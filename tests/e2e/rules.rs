//! The rules looked up from the middle of a case: by one key, on this computer alone, and back to where one was.
//! Basis: rows 4-05 and 4-29.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, begin, came_alone, look, sign_in, to_citizen, to_declaration, to_guidance,
};

#[tokio::test]
async fn row_4_05_rules_and_help_are_looked_up_by_keyboard_in_the_middle_of_a_case() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("regler", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, AASE).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, AASE).await?;
    to_guidance(&mut window).await?;
    to_declaration(&mut window).await?;
    window.wait_for_text("efter datoen for underskrift").await?;

    // The rules of today, with dates, sources and what they changed
    window.press("F1").await?;
    window.wait_for("the rules in force", "#in-force").await?;
    for said in [
        "Gælder fra 01.06.2023",
        "Udgave 1 af ordlyden",
        "Det ændrede sig",
        "Lovhenvisning er ikke bekræftet endnu",
        "efter datoen for registrering",
    ] {
        window.wait_for_text(said).await?;
    }
    look(&mut window, "c").await?;

    // An older set, and the help, by the arrow keys alone
    window.tab_to("rule-set-c").await?;
    window.press("ArrowRight").await?;
    window.wait_for_text("til og med 31.05.2023").await?;
    window.press("ArrowRight").await?;
    window.wait_for_text("Det første regelsæt").await?;
    look(&mut window, "a").await?;
    window.press("ArrowRight").await?;
    window.wait_for("the help", "#help-identify_first").await?;
    look(&mut window, "hjaelp").await?;

    // And back to the declaration
    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the declaration", "#declared").await?;
    ensure!(
        !window.shows("Udgave 1 af ordlyden").await?,
        "the rules are left"
    );
    window.close().await
}
