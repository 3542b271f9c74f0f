//! Registering in Digital Post: the national tool is opened in the person's own browser.

use anyhow::{Result, ensure};
use serde_json::json;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{AASE, grant_to, sign_in};

/// The made-up address of the demo's profile.
const TOOL: &str = "https://administrativ-adgang.example/";

#[tokio::test]
async fn national_tool_opens_in_the_browser_with_nothing_of_the_case() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("registrering", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    grant_to(&mut window, AASE).await?;
    window.wait_for("the button", "#open-national-tool").await?;
    ensure!(scratch.opened_in_browser().is_empty(), "only when asked");

    window.press("F4").await?;
    window
        .until("the browser is asked", async || {
            Ok(!scratch.opened_in_browser().is_empty())
        })
        .await?;

    ensure!(
        scratch.opened_in_browser() == format!("{TOOL}\n"),
        "the profile's address and nothing else: {}",
        scratch.opened_in_browser()
    );
    window.close().await
}

#[tokio::test]
async fn page_cannot_name_another_address_and_nobody_signed_out_opens_it() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("registrering-adresse", &scratch, Opening::default()).await?;
    let signed_out = window.invoke("national_tool_open", json!(null)).await?;
    ensure!(signed_out.is_err(), "somebody must be signed in");

    sign_in(&mut window, "karin").await?;
    let asked = json!({ "request": { "address": "file:///etc/passwd" }, "address": "https://other.example/" });
    let answer = window.invoke("national_tool_open", asked).await?;
    ensure!(answer.is_ok(), "{answer:?}");
    window
        .until("the browser is asked", async || {
            Ok(!scratch.opened_in_browser().is_empty())
        })
        .await?;

    ensure!(
        scratch.opened_in_browser() == format!("{TOOL}\n"),
        "what the page says is not heard: {}",
        scratch.opened_in_browser()
    );
    window.close().await
}
