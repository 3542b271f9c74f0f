//! What reaches out of the window: native dialogs, printers, files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};
use skranke_tests::window::{Cups, NativeDialog, Opening, PRINTER, Scratch, Window};

/// A sound picture of one white pixel.
const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b,
    0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0x0f, 0x00, 0x01,
    0x01, 0x01, 0x00, 0xb1, 0x38, 0xf6, 0x14, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
];

/// Signs the counter's member of staff in and opens a draft; gives its id.
async fn draft(window: &Window) -> Result<String> {
    ask(
        window,
        "sign_in",
        json!({ "user_name": "karin", "password": "solbjerg-demo-2026" }),
    )
    .await?;
    let draft = ask(window, "draft_new", Value::Null).await?;
    Ok(draft["id"]
        .as_str()
        .context("a draft has an id")?
        .to_owned())
}

async fn ask(window: &Window, name: &str, request: Value) -> Result<Value> {
    window
        .invoke(name, request)
        .await?
        .map_err(|error| anyhow!("{name}: {error}"))
}

fn request_form(draft: &str) -> Value {
    json!({ "case_id": null, "draft_id": draft, "kind": "request", "large_print": false })
}

fn scan(draft: &str) -> Value {
    json!({ "draft_id": draft, "case_id": null, "purpose": "signed_request", "path": "/etc/passwd" })
}

#[tokio::test]
async fn scan_is_chosen_in_the_native_dialog_and_a_path_named_by_the_page_is_ignored() -> Result<()>
{
    let scratch = Scratch::new()?;
    let picture = scratch.files().join("underskrevet blanket.png");
    fs::write(&picture, PICTURE)?;
    let opening = Opening {
        native_dialogs: true,
        ..Opening::default()
    };
    let window = Window::open("desktop-dialog", &scratch, opening).await?;
    let draft = draft(&window).await?;

    window.begin("attach", scan(&draft)).await?;
    let dialog = NativeDialog::wait_for(window.display(), "Vedhæft scannet blanket")?;
    dialog.choose(&picture)?;
    let attached = window.answer().await?.map_err(|error| anyhow!("{error}"))?;

    ensure!(
        attached["media_type"] == "image/png",
        "the type is told by content: {attached}"
    );
    ensure!(
        attached["file_name"] == "underskrevet blanket.png",
        "{attached}"
    );
    window.close().await
}

#[tokio::test]
async fn closing_the_dialog_attaches_nothing() -> Result<()> {
    let scratch = Scratch::new()?;
    let opening = Opening {
        native_dialogs: true,
        ..Opening::default()
    };
    let window = Window::open("desktop-dialog-closed", &scratch, opening).await?;
    let draft = draft(&window).await?;

    window.begin("attach", scan(&draft)).await?;
    NativeDialog::wait_for(window.display(), "Vedhæft scannet blanket")?.cancel()?;
    let answer = window.answer().await?.map_err(|error| anyhow!("{error}"))?;

    ensure!(answer.is_null(), "nothing was chosen: {answer}");
    window.close().await
}

#[tokio::test]
async fn file_that_is_not_what_its_name_says_is_refused_in_words() -> Result<()> {
    let scratch = Scratch::new()?;
    fs::write(scratch.files().join("attach.pdf"), b"MZ this is no PDF")?;
    let window = Window::open("desktop-false-pdf", &scratch, Opening::default()).await?;
    let draft = draft(&window).await?;

    let error = window
        .invoke("attach", scan(&draft))
        .await?
        .err()
        .context("a program is no scan")?;

    ensure!(error["code"] == "file_type_unsupported", "{error}");
    window.close().await
}

#[tokio::test]
async fn paper_reaches_the_printer_and_leaves_nothing_in_the_spool() -> Result<()> {
    let scratch = Scratch::new()?;
    let cups = Cups::start()?;
    let opening = Opening {
        printing: Some(&cups),
        ..Opening::default()
    };
    let window = Window::open("desktop-print", &scratch, opening).await?;
    let draft = draft(&window).await?;

    let printers = ask(&window, "printers", Value::Null).await?;
    let done = ask(
        &window,
        "paper_print",
        json!({ "paper": request_form(&draft), "printer": null }),
    )
    .await?;
    let paper = cups.paper()?;

    ensure!(
        printers == json!([{ "name": PRINTER, "default": true, "ready": true }]),
        "{printers}"
    );
    ensure!(done["done"] == true, "{done}");
    ensure!(
        paper.starts_with(b"%PDF-") && pages(&paper)? >= 1,
        "what came out is a whole PDF"
    );
    window
        .until("the spool to be empty", || async {
            Ok(cups.spooled_papers()?.is_empty())
        })
        .await?;
    window.close().await
}

#[tokio::test]
async fn printer_switched_off_and_no_printer_at_all_are_said() -> Result<()> {
    let scratch = Scratch::new()?;
    let cups = Cups::start()?;
    let opening = Opening {
        printing: Some(&cups),
        ..Opening::default()
    };
    let window = Window::open("desktop-printer-off", &scratch, opening).await?;
    let draft = draft(&window).await?;
    let print =
        |printer: Option<&str>| json!({ "paper": request_form(&draft), "printer": printer });

    cups.stop_printer()?;
    let off = window
        .invoke("paper_print", print(None))
        .await?
        .err()
        .context("the printer is off")?;
    let unknown = window
        .invoke("paper_print", print(Some("Findes ikke")))
        .await?
        .err()
        .context("no such printer")?;
    cups.start_printer()?;
    let again = ask(&window, "paper_print", print(None)).await?;

    ensure!(
        off["code"] == "printer_missing" && unknown["code"] == "printer_missing",
        "{off} {unknown}"
    );
    ensure!(
        again["done"] == true && again["copy"] == 0,
        "a paper the printer did not take is no copy: {again}"
    );
    window.close().await
}

#[tokio::test]
async fn machine_without_a_printing_system_lists_no_printers() -> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("desktop-no-printer", &scratch, Opening::default()).await?;
    let draft = draft(&window).await?;

    let printers = ask(&window, "printers", Value::Null).await?;
    let request = json!({ "paper": request_form(&draft), "printer": null });
    let error = window
        .invoke("paper_print", request)
        .await?
        .err()
        .context("nothing can print")?;

    ensure!(printers == json!([]), "{printers}");
    ensure!(error["code"] == "printer_missing", "{error}");
    window.close().await
}

#[tokio::test]
async fn paper_is_saved_under_a_name_that_says_nothing_of_the_citizen() -> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("desktop-save", &scratch, Opening::default()).await?;
    let draft = draft(&window).await?;

    let done = ask(
        &window,
        "paper_save",
        json!({ "paper": request_form(&draft), "path": null }),
    )
    .await?;

    ensure!(done["done"] == true, "{done}");
    let saved: Vec<_> = fs::read_dir(scratch.files())?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .collect();
    let [file] = saved.as_slice() else {
        anyhow::bail!("one file is saved: {saved:?}")
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    ensure!(
        name.ends_with(".pdf") && !name.contains(|c: char| c.is_ascii_digit()),
        "{name}"
    );
    ensure!(pages(&fs::read(file)?)? >= 1, "the file is a whole PDF");
    window.close().await
}

/// Pages of a PDF, as a reader that is not ours counts them.
fn pages(pdf: &[u8]) -> Result<u32> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("paper.pdf");
    fs::write(&path, pdf)?;
    let output = std::process::Command::new("pdfinfo")
        .arg(Path::new(&path))
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find(|line| line.starts_with("Pages:"))
        .context("pdfinfo counts pages")?;
    Ok(line.trim_start_matches("Pages:").trim().parse()?)
}
