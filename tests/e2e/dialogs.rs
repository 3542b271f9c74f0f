//! Every dialog: reached by key, accessible in every set of colours, focus within, left with Escape.

use anyhow::{Result, ensure};
use serde_json::json;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, EJNAR, declaration_of, declare, grant_to, make_tick, paper_is, sign_in, to_decision,
};

#[tokio::test]
async fn every_other_outcome_is_asked_for_by_key_and_left_with_escape() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("udfald", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    declaration_of(&mut window, AASE).await?;
    window.press("F2").await?;
    window
        .wait_for("the grounds", "[aria-expanded=true]")
        .await?;
    window.is_accessible_in_every_theme("the grounds").await?;
    window.picture("grundene").await?;
    declare(&mut window).await?;
    to_decision(&mut window).await?;

    for (key, name) in [
        ("Alt+m", "mangler"),
        ("Alt+f", "frafaldet"),
        ("Alt+h", "hjulpet"),
        ("Alt+a", "afslag"),
        ("Alt+v", "afvist"),
        ("Alt+o", "oversendt"),
        ("F8", "parker"),
        ("?", "genveje"),
    ] {
        window.press(key).await?;
        look_and_leave(&mut window, name).await?;
        ensure!(
            window.shows("Jeg er ikke inhabil").await?,
            "{name}: back on step 5"
        );
    }
    window.close().await
}

#[tokio::test]
async fn every_dialog_of_a_case_is_reached_by_key_and_left_with_escape() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("sagsdialog", &scratch, Opening::default()).await?;
    // A lead has every dialog there is.
    sign_in(&mut window, "hanne").await?;
    grant_to(&mut window, EJNAR).await?;
    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    for (button, name) in [
        ("details-journalised", "flueben"),
        ("waive-receipt", "undlad-kvittering"),
    ] {
        window.tab_to(button).await?;
        window.press("Enter").await?;
        look_and_leave(&mut window, name).await?;
        window.wait_for_focus(button).await?;
    }
    window.press("Alt+ArrowLeft").await?;
    window.wait_for("the case page", "#overview").await?;
    window.is_accessible_in_every_theme("the case page").await?;
    window.picture("sag").await?;
    window.picture_at_double_size("sag").await?;

    for (button, name) in [
        ("undo-registered", "fortryd"),
        ("paper-request", "papir"),
        ("reprint", "ny-kvittering"),
        ("correct-wrong-person", "ret"),
        ("end-exemption", "ophor"),
        ("give-out", "laeg-paa-baerbar"),
    ] {
        window.tab_to(button).await?;
        window.press("Enter").await?;
        look_and_leave(&mut window, name).await?;
        window.wait_for_focus(button).await?;
    }
    window.close().await
}

#[tokio::test]
async fn accounts_of_staff_are_kept_by_key_alone() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("medarbejdere", &scratch, Opening::default()).await?;
    sign_in(&mut window, "anders").await?;
    window.tab_to("nav-settings").await?;
    window.press("Enter").await?;
    window.wait_for("the accounts", "#staff-karin").await?;
    window.is_accessible_in_every_theme("the accounts").await?;
    window.picture("konti").await?;
    window.picture_at_double_size("konti").await?;

    for (button, name) in [("staff-add", "tilfoj"), ("staff-karin", "ret")] {
        window.tab_to(button).await?;
        window.press("Enter").await?;
        look_and_leave(&mut window, name).await?;
        window.wait_for_focus(button).await?;
    }
    window.close().await
}

/// axe and a picture of the open dialog; Tab stays within, Escape leaves.
async fn look_and_leave(window: &mut Window, name: &str) -> Result<()> {
    const WITHIN: &str = "
        const open = document.querySelector('dialog[open]');
        return open !== null && open.contains(document.activeElement) && document.activeElement !== open;";
    window
        .until(&format!("{name} to have the focus"), || async {
            Ok(window.eval(WITHIN, vec![]).await? == json!(true))
        })
        .await?;
    window.is_accessible_in_every_theme(name).await?;
    window.picture(name).await?;
    window.picture_at_double_size(name).await?;
    window.press("Escape").await?;
    window.wait_until_gone("dialog[open]").await
}
