//! Another computer of the municipality and its central store, without a window: what comes to the window from others.

use std::path::Path;

use anyhow::{Context as _, Result};
use skranke_app::api::case::{CaseView, DecideRequest, Decision};
use skranke_app::api::draft::{DraftSaveRequest, FieldValue};
use skranke_app::api::session::SignInRequest;
use skranke_app::{App, AppError, Clock, Config, Costs, KeyPlace, ServerAddress};
use skranke_server::config::Settings;
use skranke_server::config::openid::OpenIdSettings;
use skranke_server::serve::Embedded;

pub(crate) const TENANT: &str = "990";
pub(crate) const SECRET: &str = "a-secret-that-only-this-test-knows-1234";

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
        costs: Costs::default(),
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
    central_with(folder, None)
}

/// The same, whose people sign in at this provider.
pub(crate) fn central_with(folder: &Path, openid: Option<OpenIdSettings>) -> Result<Embedded> {
    std::fs::create_dir_all(folder)?;
    let settings = Settings {
        listen: Some("127.0.0.1:0".to_owned()),
        store: Some(format!("sqlite:{}", folder.join("central.db").display())),
        key_file: Some(folder.join("key")),
        tenant: Some(TENANT.to_owned()),
        bootstrap_secret: Some(SECRET.to_owned()),
        openid,
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
        ("unopened_post", "registered_address"),
    ] {
        fields.insert(id.to_owned(), FieldValue::Text(value.to_owned()));
    }
    for id in ["id_checked", "declared", "request_signed"] {
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

/// Decides at this counter, in a draft or a case.
pub(crate) fn decide(
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
