//! The shell around the page: what it answers, what it refuses, and what it leaves behind.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use skranke_tests::window::{Opening, Scratch, Window, wait_until_gone};

const SERVER: &str = "skranke-server";

#[tokio::test]
async fn page_reaches_the_core_and_the_demo_waits_for_someone_to_sign_in() -> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("shell-start", &scratch, Opening::default()).await?;

    let state = window
        .invoke("start_state", Value::Null)
        .await?
        .map_err(|error| anyhow::anyhow!("{error}"))?;

    ensure!(
        state["stage"] == "sign_in",
        "the demo is set up and nobody is signed in: {state}"
    );
    ensure!(state["demo"] == true, "the demo says that it is one");
    ensure!(
        !window.programs(SERVER).is_empty(),
        "the demo has its own central store"
    );
    window.close().await
}

#[tokio::test]
async fn page_has_no_right_to_dialogs_files_programs_or_the_network() -> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("shell-rights", &scratch, Opening::default()).await?;

    for command in [
        "plugin:dialog|open",
        "plugin:fs|read_file",
        "plugin:shell|open",
        "plugin:window|close",
        "no_such_command",
    ] {
        let answer = window.invoke(command, json!({})).await?;
        ensure!(answer.is_err(), "{command} must be refused");
    }
    window.eval("const s = document.createElement('script'); s.textContent = 'window.injected = 1'; document.body.appendChild(s);", vec![]).await?;
    window.eval("document.body.insertAdjacentHTML('beforeend', '<img src=x alt=x onerror=\"window.injected = 2\">');", vec![]).await?;
    let reached = window
        .client()
        .execute_async(
            "const done = arguments[arguments.length - 1];
             fetch('http://127.0.0.1:9/').then(() => done('sent'), (e) => done(String(e)));",
            vec![],
        )
        .await?;
    let refused = window
        .client()
        .execute_async(
            "const done = arguments[arguments.length - 1];
             // The picture's handler from before may be refused only now.
             document.addEventListener('securitypolicyviolation', (e) => {
                 if (e.effectiveDirective !== 'script-src-attr') done(e.effectiveDirective);
             });
             fetch('http://127.0.0.1:9/').catch(() => {});",
            vec![],
        )
        .await?;

    ensure!(
        window
            .eval("return window.injected === undefined;", vec![])
            .await?
            == true,
        "no inline script may run"
    );
    ensure!(reached != "sent", "the page reaches no network");
    ensure!(
        refused == "connect-src",
        "the content policy itself refuses, not the closed port: {refused}"
    );
    window.close().await
}

#[tokio::test]
async fn failing_command_answers_with_code_and_reference_and_logs_no_word_of_the_request()
-> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("shell-errors", &scratch, Opening::default()).await?;

    let request = json!({ "user_name": "karin", "password": "Hemmeligt-Kodeord-2512169996" });
    let answer = window.invoke("sign_in", request).await?;
    let error = answer.err().context("a wrong password is refused")?;

    ensure!(error["code"] == "wrong_password", "{error}");
    let reference = error["reference"]
        .as_str()
        .context("the error has a reference")?
        .to_owned();
    let log = std::fs::read_to_string(scratch.store_folder().join("log/skranke.log"))?;
    ensure!(
        log.contains(&reference),
        "screen and log share the reference"
    );
    ensure!(
        !log.contains("2512169996") && !log.contains("Hemmeligt"),
        "a log holds nothing typed"
    );
    window.close().await
}

#[tokio::test]
async fn central_store_of_the_demo_ends_with_the_window_however_that_ends() -> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("shell-end", &scratch, Opening::default()).await?;
    window
        .invoke("start_state", Value::Null)
        .await?
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let servers = window.programs(SERVER);
    ensure!(!servers.is_empty(), "the demo has its own central store");

    window.kill_the_program()?;

    wait_until_gone(&servers)
}
