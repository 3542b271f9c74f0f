//! A new computer is enrolled at the municipality's server with the code from IT's paper, and a member of staff signs
//! in there: by keyboard alone, against the real server and its own command.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window, build_folder};

use crate::elsewhere::{TENANT, central_in, central_with};
use crate::flow::look;
use crate::openid::{Browser, Provider, come_back};

/// Runs a command of the server's own program on the store that is served.
fn operator(folder: &Path, arguments: &[&str], input: &str) -> Result<String> {
    let mut child = Command::new(build_folder()?.join("skranke-server"))
        .args(arguments)
        .env(
            "SKRANKE_SERVER_STORE",
            format!("sqlite:{}", folder.join("central.db").display()),
        )
        .env("SKRANKE_SERVER_KEY_FILE", folder.join("key"))
        .env("SKRANKE_SERVER_TENANT", TENANT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("an input")?;
    stdin.write_all(input.as_bytes())?;
    drop(stdin);
    let done = child.wait_with_output()?;
    ensure!(done.status.success(), "{arguments:?} failed");
    Ok(String::from_utf8(done.stdout)?)
}

async fn refused(window: &mut Window, code: &str, told: &str) -> Result<()> {
    window.fill("enrol_code", code).await?;
    window.tab_to("next").await?;
    window.press("Enter").await?;
    window.wait_for_text(told).await
}

/// The code that IT's paper says.
fn enrolment_code(folder: &Path) -> Result<String> {
    let made = operator(folder, &["enrolment-code"], "")?;
    let made: serde_json::Value = serde_json::from_str(&made)?;
    let code = made["enrolment_code"].as_str().context("a code")?;
    Ok(code.to_owned())
}

/// Joins the computer to the server with the code, as a person types it, up to the sign-in.
async fn enrol(window: &mut Window, url: &str, code: &str) -> Result<()> {
    window.fill("enrol_server", url).await?;
    let typed = code.to_lowercase().replace('-', " ");
    window.fill("enrol_code", &typed).await?;
    window.tab_to("next").await?;
    window.press("Enter").await?;
    window
        .wait_for("the recovery code", "#recovery-code")
        .await?;
    look(window, "3-gendannelseskode").await?;
    let shown = "return document.getElementById('recovery-code').textContent;";
    let recovery = window.eval(shown, vec![]).await?;
    let recovery = recovery.as_str().context("a code")?.to_owned();
    window
        .fill("recovery_end", &recovery[recovery.len() - 4..])
        .await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("the sign-in", "#password").await
}

/// Of six digits and easily typed, not easily guessed.
const CODE: &str = "714205";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_in_the_browser_of_the_computer_comes_back_to_the_window_signed_in()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let provider = Provider::start();
    let openid = Some(provider.settings());
    let central = tokio::task::block_in_place(|| central_with(folder.path(), openid))?;
    let code = enrolment_code(folder.path())?;
    let scratch = Scratch::new()?;
    let new = Opening {
        new_computer: true,
        ..Opening::default()
    };
    let mut window = Window::open("i-browseren", &scratch, new).await?;
    window
        .wait_for("the first question", "#enrol_server")
        .await?;
    enrol(&mut window, central.url(), &code).await?;
    window
        .wait_for("the way through the browser", "#browser-sign-in")
        .await?;
    look(&mut window, "1-log-ind").await?;

    // The program that opens pages on this computer is asked for one
    let sign_in = async |window: &mut Window, asked: usize| -> Result<String> {
        window.tab_to("browser-sign-in").await?;
        window.press("Enter").await?;
        window
            .wait_for("what to do meanwhile", "#browser-cancel")
            .await?;
        let opened = || scratch.opened_in_browser();
        window
            .until("the browser", async || Ok(opened().lines().count() > asked))
            .await?;
        let opened = opened();
        let url = opened.lines().last().context("a page")?;
        Ok(url.to_owned())
    };

    // Whoever turns back is at the sign-in again
    sign_in(&mut window, 0).await?;
    look(&mut window, "2-venter").await?;
    window
        .wait_for("the keyboard there", "#browser-cancel:focus")
        .await?;
    window.press("Enter").await?;
    window
        .wait_for("the keyboard back", "#browser-sign-in:focus")
        .await?;

    // And whoever signs in at the municipality's provider comes back signed in
    let url = sign_in(&mut window, 1).await?;
    ensure!(url.starts_with(&provider.issuer), "{url}");
    let back = tokio::task::block_in_place(|| Browser::default().log_in(&url, "karin"));
    let page = come_back(back);
    window.wait_for_text("Ny borger").await?;
    window.wait_for_text("Karin Holm").await?;
    look(&mut window, "3-inde").await?;
    let read = tokio::task::block_in_place(|| page.join());
    ensure!(read.is_ok_and(|page| page.contains("tilbage til Skranke")));

    // Behind the locked screen, only the browser knows who this is, until there is a code for this computer
    window.press("Ctrl+l").await?;
    window.wait_for_text("Skærmen er låst").await?;
    look(&mut window, "4-laast-uden-kode").await?;
    window.wait_until_gone("#password").await?;
    window.wait_for_focus("browser-sign-in").await?;
    let url = sign_in(&mut window, 2).await?;
    let back = tokio::task::block_in_place(|| Browser::default().log_in(&url, "karin"));
    let page = come_back(back);
    window
        .wait_for("the window at work", "#nav-settings")
        .await?;
    tokio::task::block_in_place(|| page.join()).map_err(|_| anyhow::anyhow!("the page"))?;
    window.tab_to("nav-settings").await?;
    window.press("Enter").await?;
    window.wait_for("the code", "#own-code-choose").await?;
    window.tab_to("own-code-choose").await?;
    window.press("Enter").await?;
    window.wait_for_focus("own_code_first").await?;
    window.type_text("a code", CODE).await?;
    window.press("Tab").await?;
    window.type_text("the same again", CODE).await?;
    look(&mut window, "5-kode").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for_text("Koden gælder fra nu af").await?;
    window.wait_for_text("logger du ind som karin").await?;
    look(&mut window, "6-kode-valgt").await?;

    // The line goes, the screen locks, and work goes on
    drop(central);
    window.press("Ctrl+l").await?;
    window.wait_for_focus("password").await?;
    look(&mut window, "7-laast-med-kode").await?;
    window.type_text("the code", CODE).await?;
    window.press("Enter").await?;
    window
        .wait_for("where one was", "#settings-location")
        .await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_computer_is_enrolled_with_the_code_from_paper_and_karin_signs_in() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let central = tokio::task::block_in_place(|| central_in(folder.path()))?;
    let staff = ["add-staff", "--login", "karin", "--roles", "counter"];
    operator(folder.path(), &staff, "et langt kodeord\n")?;
    let code = &enrolment_code(folder.path())?;

    let scratch = Scratch::new()?;
    let new = Opening {
        new_computer: true,
        ..Opening::default()
    };
    let mut window = Window::open("tilslutning", &scratch, new).await?;
    window
        .wait_for("the first question", "#enrol_server")
        .await?;
    look(&mut window, "1-adresse").await?;

    // What is wrong is told at its field
    window.fill("enrol_server", "http://127.0.0.1:9").await?;
    refused(
        &mut window,
        &code[..code.len() - 1],
        "Koden er ikke skrevet rigtigt",
    )
    .await?;
    refused(&mut window, code, "ingen, der svarer på adressen").await?;
    look(&mut window, "2-ingen-svarer").await?;

    // The code as a person types it
    enrol(&mut window, central.url(), code).await?;
    window.fill("user", "karin").await?;
    window.fill("password", "et langt kodeord").await?;
    window.press("Enter").await?;
    window.wait_for_text("Ny borger").await?;
    window.picture("4-klar").await?;

    let said = operator(folder.path(), &["devices"], "")?;
    ensure!(said.contains("Skranke"), "the server knows it: {said}");
    window.close().await?;

    // Neither the code nor the password is written down anywhere on the computer.
    for entry in std::fs::read_dir(scratch.store_folder())? {
        let path = entry?.path();
        if path.is_file() {
            let bytes = std::fs::read(&path)?;
            for secret in [code, "et langt kodeord"] {
                let found = bytes
                    .windows(secret.len())
                    .any(|at| at == secret.as_bytes());
                ensure!(!found, "{} holds a secret", path.display());
            }
        }
    }
    Ok(())
}
