//! The other ends of a request, each reached from step 2 by its key: a citizen who cannot declare is not stuck
//! before a decision. Basis: design, section 7, *Andre udfald*.

use anyhow::Result;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, BODIL, Citizen, EJNAR, YUSUF, begin, came_alone, confirmed, look, paper_is_drawn,
    sign_in, to_citizen,
};

/// From the start to the dialog of another outcome, with nothing declared and nothing signed.
async fn ends(window: &mut Window, citizen: Citizen, key: &str) -> Result<()> {
    window.press("Ctrl+n").await?;
    begin(window, citizen).await?;
    came_alone(window).await?;
    to_citizen(window, citizen).await?;
    window.press(key).await?;
    window.wait_for("the dialog", "#outcome-dialog").await
}

/// Confirms and waits for the case with its state.
async fn confirmed_as(window: &mut Window, state: &str) -> Result<()> {
    window.press("Ctrl+Enter").await?;
    window.wait_for("the case", "#overview").await?;
    window.wait_for_text(state).await
}

/// The letter of the case on screen, drawn.
pub(crate) async fn letter(window: &mut Window, kind: &str) -> Result<()> {
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
    window.press("Escape").await?;
    window.wait_until_gone("dialog[open]").await
}

/// On the case page: the death was recorded by mistake, with a reason and by keyboard.
async fn undo_the_death(window: &mut Window) -> Result<()> {
    window.tab_to("death-undo").await?;
    window.press("Enter").await?;
    window
        .wait_for("the dialog", "#death-undo-dialog-reason")
        .await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for(
            "what is missing",
            "#death-undo-dialog-reason[aria-invalid=true]",
        )
        .await?;
    window
        .fill("death-undo-dialog-reason", "Noteret på den forkerte borger")
        .await?;
    look(window, "ikke-doed").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_until_gone("dialog[open]").await?;
    window.wait_for_text("Dødsfaldet var en fejl").await?;
    window
        .wait_for("the way on with the case", "#continue")
        .await?;
    look(window, "ikke-doed-sag").await
}

#[tokio::test]
async fn request_ends_in_each_other_way_before_anything_is_declared() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("andre-udfald", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;

    ends(&mut window, AASE, "Alt+f").await?;
    confirmed_as(&mut window, "Frafaldet").await?;

    ends(&mut window, BODIL, "Alt+o").await?;
    window.fill("authority", "Udlændingestyrelsen").await?;
    confirmed_as(&mut window, "Oversendt").await?;

    ends(&mut window, YUSUF, "Alt+d").await?;
    window
        .wait_for_text("Der bliver ikke truffet en afgørelse")
        .await?;
    window.fill("died_on", "11.03.2026").await?;
    window.is_accessible("a death").await?;
    window.picture("doed").await?;
    confirmed_as(&mut window, "Afgået ved døden").await?;
    window.wait_for_text("11.03.2026").await?;
    confirmed(&window, 3).await?;
    undo_the_death(&mut window).await?;
    confirmed(&window, 3).await?;

    ends(&mut window, EJNAR, "Alt+m").await?;
    window.fill("missing", "Underskrevet erklæring").await?;
    window.is_accessible("what is missing").await?;
    confirmed_as(&mut window, "Mangler oplysninger").await?;
    letter(&mut window, "missing_information").await?;

    ends(&mut window, AASE, "Alt+a").await?;
    window
        .fill("reasons", "Borgeren kan ikke afgive erklæringen.")
        .await?;
    window
        .fill("consultation_not_needed", "Borgeren har selv sagt det.")
        .await?;
    window.tick("outcome_conflict_checked").await?;
    window.is_accessible("the refusal").await?;
    confirmed_as(&mut window, "Afslag").await?;
    letter(&mut window, "refusal").await?;
    window.close().await
}
