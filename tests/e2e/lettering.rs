//! A name no paper can print is told on the screen, while the citizen still stands there and before anything is printed.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{AASE, begin, came_alone, sign_in, to_citizen, to_guidance};

#[tokio::test]
async fn letter_no_paper_has_is_named_at_the_name_in_step_2_and_another_spelling_goes_on()
-> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("bogstav", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, AASE).await?;
    came_alone(&mut window).await?;
    to_citizen(&mut window, AASE).await?;

    window.fill("citizen_name", "李 Lindholm").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the summary", "#error-summary").await?;
    window
        .wait_for("the field", "#citizen_name[aria-invalid=true]")
        .await?;
    ensure!(
        window.shows("Tegnet 李 i Navn kan ikke trykkes").await?,
        "which letter, and where: {}",
        window.text().await?
    );
    window
        .is_accessible_in_every_theme("a letter no paper has")
        .await?;
    window.picture("navngivet").await?;

    window.press("F6").await?;
    window.wait_for_focus("citizen_name").await?;
    window.fill("citizen_name", "Li Lindholm").await?;
    to_guidance(&mut window).await?;
    window.close().await
}
