//! Step 2 and 3 for somebody who need not be exempted yet, or not here, and for somebody who says yes instead.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, Citizen, begin, came_alone, declare, look, sign_in, to_citizen, to_decision,
    to_declaration, to_guidance,
};

/// Born on 10 June 2014.
const FREJA: Citizen = Citizen {
    cpr: "1006148984",
    name: "Freja Holm",
};

#[tokio::test]
async fn row_2_05_a_child_hears_the_day_of_sign_up_and_row_2_10_a_yes_stands_in_its_list()
-> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("vejledning", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, FREJA).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, FREJA).await?;
    window.wait_for("the day of sign-up", "#sign-up").await?;
    window.wait_for_text("fylder 15 år 10. juni 2029").await?;
    look(&mut window, "trin-2").await?;

    to_guidance(&mut window).await?;
    window.wait_for("the day of sign-up", "#sign-up").await?;
    ensure!(
        !window.shows("Hvem har ansvaret").await?,
        "the background is folded"
    );
    window
        .eval(
            "document.querySelector('#more-rules summary').focus();",
            vec![],
        )
        .await?;
    window.press("Enter").await?;
    for words in ["Hvem har ansvaret", "både på borger.dk og i e-Boks"] {
        window.wait_for_text(words).await?;
    }
    look(&mut window, "trin-3").await?;

    window.press("Alt+h").await?;
    window
        .wait_for("the question which help", "#outcome-dialog")
        .await?;
    window.choose("help_offer", "sign_up").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the case", "#overview").await?;
    window.tab_to("nav-cases").await?;
    window.press("Enter").await?;
    window.wait_for("the lists", "#case-filter").await?;
    // By key each list on the way would ask for its purpose first.
    window
        .eval(
            "const list = document.getElementById('case-filter'); list.value = 'said_yes';
             list.dispatchEvent(new Event('change', { bubbles: true }));",
            vec![],
        )
        .await?;
    window.wait_for("the question why", "dialog[open]").await?;
    window.press("Enter").await?;
    window.wait_for_text("Freja Holm").await?;
    look(&mut window, "sagde-ja-tak").await?;
    window.close().await
}

#[tokio::test]
async fn a_citizen_of_another_municipality_is_warned_about_where_it_is_typed_and_before_the_decision()
-> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("anden-kommune", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, AASE).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, AASE).await?;

    window.fill("citizen_municipality", "101").await?;
    window
        .wait_for("the warning", "#warning-other_municipality")
        .await?;
    look(&mut window, "trin-2").await?;

    to_guidance(&mut window).await?;
    to_declaration(&mut window).await?;
    declare(&mut window).await?;
    to_decision(&mut window).await?;
    window
        .wait_for("the warning", "#warning-other_municipality")
        .await?;
    window.is_accessible("step 5").await?;
    window.picture("trin-5").await?;
    window.close().await
}
