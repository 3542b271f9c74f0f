//! A form that was scanned as a PDF: seen in the window as drawn pages, and a bad one refused in words.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::Value;
use skranke_testkit::files::pdf_with;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{BODIL, declaration_of, look, sign_in};
use crate::representative::{print_form_to_file, scan};

#[tokio::test]
async fn scanned_pdf_is_seen_as_drawn_pages_and_a_bad_one_is_refused_in_words() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("scannet-pdf", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    declaration_of(&mut window, BODIL).await?;
    let blank = print_form_to_file(&mut window, &scratch, "print-request").await?;
    let picture = scratch.files().join("side.jpg");
    scan(&blank, &picture)?;

    let bad = scratch.files().join("attach.pdf");
    fs::write(&bad, b"%PDF-1.7\nno pages at all\n%%EOF\n")?;
    window.tab_to("attach-request").await?;
    window.press("Enter").await?;
    window.wait_for("what is wrong", "#attach-error").await?;
    window.wait_for_text("beskadiget").await?;

    // What a scanner makes of two sheets
    let page = image::open(&picture)?;
    let is = format!(
        "/Type/XObject/Subtype/Image/Width {}/Height {}/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode",
        page.width(),
        page.height()
    );
    let sheet = "595 0 0 842 0 0 cm /X0 Do";
    fs::write(
        &bad,
        pdf_with(&[sheet, sheet], &[(&is, &fs::read(&picture)?)]),
    )?;
    window.press("Enter").await?;
    window
        .wait_for("the scan", "#attached-signed_request")
        .await?;
    window.tab_to("see-signed_request").await?;
    window.press("Enter").await?;
    const DRAWN: &str = "
        const pages = [...document.querySelectorAll('dialog[open] img')];
        const looks = pages.map((page) => page.naturalHeight === 1600 && page.src.startsWith('blob:'));
        return pages.length === 2 && looks.every(Boolean) && !document.querySelector('dialog[open] canvas');";
    window
        .until("both pages to be drawn", || async {
            Ok(window.eval(DRAWN, vec![]).await? == Value::Bool(true))
        })
        .await?;
    look(&mut window, "scan").await?;
    ensure!(window.shows("sikker kopi").await?);
    window.close().await
}
