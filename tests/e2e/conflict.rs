//! A case that two counters decided apart, as the window shows it: both values side by side, and a person chooses.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use skranke_app::api::case::{CaseRef, CaseView, DecideRequest, Decision};
use skranke_app::api::draft::{DraftSaveRequest, FieldValue};
use skranke_app::api::session::SignInRequest;
use skranke_app::{App, AppError, Clock, Config, KeyPlace, ServerAddress};
use skranke_server::config::Settings;
use skranke_server::serve::Embedded;
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::sign_in;

pub(crate) const TENANT: &str = "990";
const SECRET: &str = "a-secret-that-only-this-test-knows-1234";

/// Whatever the core reports, as this file's errors.
pub(crate) fn done<T>(outcome: Result<T, AppError>) -> Result<T> {
    outcome.map_err(|error| anyhow::anyhow!("{}", error.log_line()))
}

/// A counter with a store of its own, and somebody at it.
pub(crate) fn counter(folder: &Path, url: &str) -> Result<App> {
    let app = done(App::open(Config {
        folder: folder.to_owned(),
        key: KeyPlace::File(folder.join("key")),
        forms: None,
        demo: true,
        server: Some(ServerAddress {
            url: url.to_owned(),
            tenant: TENANT.to_owned(),
            bootstrap: Some(SECRET.to_owned()),
            ca_file: None,
        }),
        clock: Clock::System,
    }))?;
    let accounts = done(app.start_state(()))?.demo_accounts;
    let account = accounts.first().context("the demo has people")?;
    done(app.sign_in(SignInRequest {
        user_name: account.user_name.clone(),
        password: account.password.clone(),
    }))?;
    Ok(app)
}

/// A municipality's central store whose records lie in `folder` as the window lays them.
pub(crate) fn central_in(folder: &Path) -> Result<Embedded> {
    std::fs::create_dir_all(folder)?;
    let settings = Settings {
        listen: Some("127.0.0.1:0".to_owned()),
        store: Some(format!("sqlite:{}", folder.join("central.db").display())),
        key_file: Some(folder.join("key")),
        tenant: Some(TENANT.to_owned()),
        bootstrap_secret: Some(SECRET.to_owned()),
        ..Settings::default()
    };
    Ok(Embedded::start(&settings.check()?)?)
}

/// Aase's request, handed in at this counter; the id of its case.
pub(crate) fn handed_in(app: &App) -> Result<String> {
    let draft = done(app.draft_new(()))?;
    let mut fields = draft.fields.clone();
    for (id, value) in [
        ("id_kind", "passport"),
        ("cpr", "0201703984"),
        ("citizen_name", "Aase Lindholm"),
        ("citizen_address", "Ahornvej 3\n9990 Solbjerg"),
        ("register_seen", "not_exempt"),
    ] {
        fields.insert(id.to_owned(), FieldValue::Text(value.to_owned()));
    }
    for id in ["id_checked", "declared"] {
        fields.insert(id.to_owned(), FieldValue::Flag(true));
    }
    done(app.draft_save(DraftSaveRequest {
        id: draft.id.clone(),
        step: 5,
        fields,
    }))?;
    let handed_in = decide(app, Some(draft.id), None, Decision::HandIn);
    Ok(done(handed_in)?.row.id)
}

fn decide(
    app: &App,
    draft_id: Option<String>,
    case_id: Option<String>,
    decision: Decision,
) -> Result<CaseView, AppError> {
    app.decide(DecideRequest {
        draft_id,
        case_id,
        decision,
        no_conflict_of_interest: true,
    })
}

/// Leaves a store behind in which Aase's case was granted here and refused at another counter.
fn decided_apart(scratch: &Scratch) -> Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let central = central_in(elsewhere.path())?;
    let here = counter(&scratch.store_folder(), central.url())?;
    let there = counter(&elsewhere.path().join("counter"), central.url())?;
    let case = handed_in(&here)?;
    done(here.sync_now(()))?;
    done(there.sync_now(()))?;
    done(decide(
        &here,
        None,
        Some(case.clone()),
        Decision::Grant { duration: None },
    ))?;
    let refusal = Decision::Refuse {
        reasons: "Ingen af betingelserne er opfyldt".to_owned(),
        consultation_held_on: None,
        consultation_not_needed: "Oplysningerne er borgerens egne".to_owned(),
    };
    done(decide(&there, None, Some(case.clone()), refusal))?;
    for app in [&here, &there, &here] {
        done(app.sync_now(()))?;
    }
    let view = done(here.case_show(CaseRef {
        id: case,
        purpose: Some("case_work".to_owned()),
    }))?;
    ensure!(
        view.conflicts.len() == 1,
        "the two decisions are a conflict"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_decisions_stand_side_by_side_and_one_is_chosen_by_keyboard() -> Result<()> {
    let scratch = Scratch::new()?;
    tokio::task::block_in_place(|| decided_apart(&scratch))?;
    let offline = Opening {
        offline: true,
        ..Opening::default()
    };
    let mut window = Window::open("konflikt", &scratch, offline).await?;
    sign_in(&mut window, "karin").await?;

    window.wait_for_text("Ny borger").await?;
    window.tab_to("nav-cases").await?;
    window.press("Enter").await?;
    window
        .wait_for("the case in the list", "[data-row]")
        .await?;
    window
        .eval("document.querySelector('[data-row]').focus();", vec![])
        .await?;
    window.press("Enter").await?;

    window.wait_for("the conflict", "#conflicts").await?;
    for words in [
        "Vælg, hvad der gælder",
        "Ingen af betingelserne er opfyldt",
        "på denne computer",
        "på en anden computer",
    ] {
        window.wait_for_text(words).await?;
    }
    window.is_accessible("a case with a conflict").await?;
    window.picture("side-om-side").await?;
    window.picture_at_double_size("side-om-side").await?;
    let first = window
        .eval(
            "return [...document.querySelectorAll('#conflicts [id^=choose-state-]')]
               .find((b) => b.getAttribute('aria-label').includes('evil')).id;",
            vec![],
        )
        .await?;
    let first = first
        .as_str()
        .context("the grant can be chosen")?
        .to_owned();
    window.tab_to(&first).await?;
    window.press("Enter").await?;
    window.wait_for("the question why", "dialog[open]").await?;
    window.is_accessible("the question why").await?;
    window
        .fill("conflict-dialog-reason", "Borgeren opfylder betingelsen")
        .await?;
    window.press("Ctrl+Enter").await?;
    window.wait_until_gone("#conflicts").await?;
    window
        .wait_for_text("Borgeren opfylder betingelsen")
        .await?;
    window.picture("valgt").await?;
    window.close().await
}
