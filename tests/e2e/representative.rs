//! A representative's case: the power of attorney printed, signed, scanned and attached.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    BODIL, begin, confirmed, grant, make_tick, paper_is, save_paper, sign_in, to_citizen,
    to_decision, to_guidance, words_of,
};

const REPRESENTATIVE: &str = "Mads Aagaard";

#[tokio::test]
async fn row_2_23_representative_brings_a_signed_power_of_attorney_and_leaves_with_a_receipt()
-> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("fuldmagt", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, BODIL).await?;
    window.choose("channel", "representative").await?;
    window.choose("id_kind", "driving_licence").await?;
    window.tick("id_checked").await?;
    to_citizen(&mut window, BODIL).await?;
    to_guidance(&mut window).await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("the power of attorney", "#representative_name")
        .await?;
    window.wait_for_focus("representative_name").await?;
    window
        .type_text("representative_name", REPRESENTATIVE)
        .await?;
    window.tab_to("representative_relation").await?;
    window.type_text("representative_relation", "Søn").await?;
    window
        .until("the relation to be chosen", || async {
            Ok(window.value_of("representative_relation").await? == "child")
        })
        .await?;
    let today = window.value_of("signed_on").await?;
    window.fill("poa_signed_on", &today).await?;
    window
        .fill("representative_birth_date", "14.05.1971")
        .await?;
    window
        .is_accessible("step 4 with a power of attorney")
        .await?;
    window.picture("trin-4").await?;
    window.picture_at_double_size("trin-4").await?;

    let blank = print_form_to_file(&mut window, &scratch, "print-power-of-attorney").await?;
    scan(&blank, &scratch.files().join("attach.jpg"))?;
    window.tab_to("attach-power-of-attorney").await?;
    window.press("Enter").await?;
    window
        .wait_for("the scan", "#attached-signed_power_of_attorney")
        .await?;
    window.tab_to("see-signed_power_of_attorney").await?;
    window.press("Enter").await?;
    window
        .wait_for("the scan to look at", "dialog[open]")
        .await?;
    scan_is_drawn(&window).await?;
    window.is_accessible("the scan").await?;
    window.picture("scan").await?;
    window.press("Escape").await?;
    window.wait_until_gone("dialog[open]").await?;

    for box_to_tick in [
        "declared",
        "request_signed",
        "poa_citizen_signed",
        "poa_representative_signed",
    ] {
        window.tick(box_to_tick).await?;
    }
    window.choose("unopened_post", "registered_address").await?;
    window.picture("trin-4-udfyldt").await?;
    to_decision(&mut window).await?;
    window.is_accessible("step 5 with a representative").await?;
    window.picture("trin-5").await?;
    grant(&mut window).await?;
    make_tick(&mut window, "registered").await?;
    paper_is(&window, "Fritagelseskvittering").await?;
    window
        .wait_for("the request to be attached", "#missing-signed_request")
        .await?;
    let is_asked = "return !!document.getElementById('missing-signed_power_of_attorney');";
    ensure!(
        window.eval(is_asked, vec![]).await? == false,
        "the power of attorney was attached"
    );
    window
        .is_accessible("step 6 with a paper to attach")
        .await?;
    window.picture("trin-6").await?;
    let receipt = save_paper(&mut window, &scratch).await?;
    make_tick(&mut window, "receipt").await?;
    make_tick(&mut window, "journalised").await?;
    confirmed(&window, 1).await?;

    let words = words_of(&receipt)?;
    ensure!(
        words.contains(BODIL.name),
        "the receipt is the citizen's: {words}"
    );
    ensure!(
        !words.contains(BODIL.cpr),
        "a paper a third person carries shows no full number"
    );
    let name = receipt
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    ensure!(
        !name.contains("Aagaard") && !name.contains("230448"),
        "the file name says nothing of anyone: {name}"
    );
    window.close().await
}

#[tokio::test]
async fn power_of_attorney_that_is_not_signed_stops_the_step_and_says_where() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("fuldmagt-usigneret", &scratch, Opening::default()).await?;
    sign_in(&mut window, "karin").await?;
    begin(&mut window, BODIL).await?;
    window.choose("channel", "representative").await?;
    window.choose("id_kind", "passport").await?;
    window.tick("id_checked").await?;
    to_citizen(&mut window, BODIL).await?;
    to_guidance(&mut window).await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for_focus("representative_name").await?;

    window.press("Ctrl+Enter").await?;
    window.wait_for("the summary", "#error-summary").await?;
    window.is_accessible("step 4 with errors").await?;
    window.picture("fejl").await?;
    window.picture_at_double_size("fejl").await?;

    let focus = window
        .eval(
            "return !!document.activeElement.closest('#error-summary');",
            vec![],
        )
        .await?;
    ensure!(focus == json!(true), "the summary takes the focus");
    window.press("F6").await?;
    window.wait_for_focus("representative_name").await?;
    window.close().await
}

/// Opens the form in its dialog, saves it as a file and closes the dialog.
pub(crate) async fn print_form_to_file(
    window: &mut Window,
    scratch: &Scratch,
    button: &str,
) -> Result<std::path::PathBuf> {
    window.tab_to(button).await?;
    window.press("Enter").await?;
    window.wait_for("the form", "#paper-dialog").await?;
    window
        .wait_for("the form to be drawn", "#paper-dialog canvas")
        .await?;
    window.tab_to("save-pdf").await?;
    window.press("Enter").await?;
    window
        .until("the form to be saved", || async {
            Ok(saved_pdf(scratch)?.is_some())
        })
        .await?;
    window.press("Escape").await?;
    window.wait_until_gone("#paper-dialog").await?;
    saved_pdf(scratch)?.context("the form was saved")
}

/// The PDF in the folder of files; while it is written it stands there under a name of its own.
fn saved_pdf(scratch: &Scratch) -> Result<Option<std::path::PathBuf>> {
    for entry in fs::read_dir(scratch.files())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pdf") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// What a scanner makes of the signed form: drawn, signed by hand, laid on askew, a little dirty.
pub(crate) fn scan(form: &Path, scan: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let page = folder.path().join("page");
    let drawn = Command::new("pdftoppm")
        .args(["-r", "110", "-png", "-singlefile"])
        .arg(form)
        .arg(&page)
        .status()?;
    ensure!(drawn.success(), "the form can be drawn");
    let signed = Command::new("convert")
        .arg(page.with_extension("png"))
        .args(["-stroke", "#1d2b6b", "-strokewidth", "3", "-fill", "none"])
        .args([
            "-draw",
            "path 'M 180,980 C 220,900 240,1040 280,960 S 330,900 350,985 S 420,930 470,970'",
        ])
        .args([
            "-background",
            "#f4f2ec",
            "-rotate",
            "-1.7",
            "+noise",
            "Gaussian",
            "-attenuate",
            "0.3",
            "-quality",
            "80",
        ])
        .arg(scan)
        .status()?;
    ensure!(signed.success() && scan.exists(), "the scan can be made");
    Ok(())
}

/// The copy of a scan is a picture that the page has drawn.
async fn scan_is_drawn(window: &Window) -> Result<()> {
    const DRAWN: &str = "
        const dialog = document.querySelector('dialog[open]');
        const picture = dialog && dialog.querySelector('img');
        const canvas = dialog && dialog.querySelector('canvas');
        return !!(picture && picture.naturalWidth > 100) || !!(canvas && canvas.width > 100);";
    window
        .until("the scan to be drawn", || async {
            Ok(window.eval(DRAWN, vec![]).await? == Value::Bool(true))
        })
        .await
}
