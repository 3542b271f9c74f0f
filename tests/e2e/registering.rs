//! Registering in Digital Post: the national tool is opened in the person's own browser, and what it asks for is copied.

use anyhow::{Result, bail, ensure};
use serde_json::json;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{AASE, grant_to, open_first_case, sign_in};

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

#[tokio::test]
async fn what_is_copied_for_the_tool_can_be_pasted_and_leaves_the_clipboard_by_itself() -> Result<()>
{
    const CUT_THE_HALF_MINUTE_SHORT: &str = "
        const real = window.setTimeout;
        window.setTimeout = (act, ms, ...more) => real(act, ms === 30000 ? 10 : ms, ...more);";
    let scratch = Scratch::new()?;
    let mut window = Window::open("udklip", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    grant_to(&mut window, AASE).await?;

    for (key, what, begins) in [("Ctrl+2", "name", "Aase"), ("Ctrl+1", "cpr", "020170")] {
        window.press(key).await?;
        window.wait_until_gone(&format!("#copy-{what}")).await?;
        let pasted = pasted(&mut window).await?;
        ensure!(pasted.starts_with(begins), "{what} is pasted: {pasted}");
        window.press("Ctrl+n").await?;
        open_first_case(&mut window).await?;
        window.wait_for("step 6", "#copy-cpr").await?;
    }

    window.eval(CUT_THE_HALF_MINUTE_SHORT, vec![]).await?;
    window.press("Ctrl+1").await?;
    for _ in 0..100 {
        let left = pasted(&mut window).await?;
        if left.trim().is_empty() {
            return window.close().await;
        }
    }
    bail!("the number is still on the clipboard")
}

/// What comes out of the clipboard where somebody pastes.
async fn pasted(window: &mut Window) -> Result<String> {
    window.press("Ctrl+f").await?;
    window.wait_for("where one types", "#case-search").await?;
    window.tab_to("case-search").await?;
    window.fill("case-search", "").await?;
    window.press("Ctrl+v").await?;
    window
        .until("something to be pasted", || async {
            Ok(!window.value_of("case-search").await?.is_empty())
        })
        .await?;
    window.value_of("case-search").await
}
