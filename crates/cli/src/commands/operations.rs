//! What operations script: `backup`, `restore`, `sync` and `demo`.

use clap::{ArgMatches, Command};
use skranke_app::api::error::ErrorCode;
use skranke_app::tools::operations::{BackupKey, BackupView, restore_view, verify_backup_view};
use skranke_app::tools::{ToolError, say};
use skranke_app::{AppError, Clock, KeyPlace};

use crate::answer::{Answer, Failure};
use crate::{desk, input, usage};

/// `skranke backup`.
pub(super) fn backup() -> Command {
    desk::with_store(usage::command("backup")).arg(usage::option("backup", "to").required(true))
}

/// Makes a backup and checks it.
pub(super) fn run_backup(matches: &ArgMatches) -> Result<Answer, Failure> {
    let app = desk::open(matches, false)?;
    let into = desk::path(matches, "to").unwrap_or_default();
    let view = app.backup(&into).map_err(ToolError::from)?;
    told(&view, "cli.backup.done")
}

/// `skranke restore`.
pub(super) fn restore() -> Command {
    usage::command("restore")
        .arg(usage::argument("restore", "backup"))
        .arg(usage::option("restore", "key-file"))
        .arg(usage::option("restore", "recovery-code-file").conflicts_with("key-file"))
        .arg(
            usage::option("restore", "data").conflicts_with_all(["key-file", "recovery-code-file"]),
        )
        .arg(usage::flag("restore", "verify"))
        .arg(
            usage::option("restore", "into")
                .conflicts_with("verify")
                .required_unless_present("verify"),
        )
}

/// Checks a backup, or puts it into a folder that holds no store.
pub(super) fn run_restore(matches: &ArgMatches) -> Result<Answer, Failure> {
    let backup = desk::path(matches, "backup").unwrap_or_default();
    let into = desk::path(matches, "into");
    let key_file = desk::path(matches, "key-file");
    let code = matches.get_one::<String>("recovery-code-file");
    let code = code.map(|file| input::first_line_of(file)).transpose()?;
    // A folder that is put back where it was has its entry in the key store still.
    let folder = desk::path(matches, "data").or_else(|| into.clone());
    let is_given = code.is_some() || key_file.is_some();
    let key = match (&code, key_file, folder) {
        (Some(code), _, _) => BackupKey::RecoveryCode(code),
        (None, Some(file), _) => BackupKey::Place(KeyPlace::File(file)),
        (None, None, Some(folder)) => BackupKey::Place(KeyPlace::of_folder(&folder, None)),
        (None, None, None) => return Err(ToolError::environment("backup_key_missing").into()),
    };
    let done = match &into {
        None => verify_backup_view(&backup, &key),
        Some(into) => restore_view(&backup, into, &key, Clock::System.now()),
    };
    let view = done.map_err(|error| refused(error, is_given))?;
    let said = match into {
        None => "cli.restore.whole",
        Some(_) => "cli.restore.done",
    };
    told(&view, said)
}

/// Where no key was given and none was found, which to give.
fn refused(error: AppError, is_given: bool) -> ToolError {
    let is_key = [ErrorCode::KeyMissing, ErrorCode::KeyWrong].contains(&error.code);
    if is_key && !is_given {
        ToolError::environment("backup_key_missing")
    } else {
        error.into()
    }
}

fn told(view: &BackupView, key: &str) -> Result<Answer, Failure> {
    let folder = view.folder.display().to_string();
    let (cases, events) = (view.cases.to_string(), view.events.to_string());
    let mut lines = vec![
        say(key, &[("folder", &folder), ("at", &view.made_at)]),
        say(
            "cli.backup.holds",
            &[("cases", &cases), ("events", &events)],
        ),
    ];
    let head = view.audit_head.iter();
    lines.extend(head.map(|head| say("cli.audit.head", &[("head", head)])));
    Answer::of(view, &lines)
}

/// `skranke sync`.
pub(super) fn sync() -> Command {
    desk::with_person(usage::command("sync"))
}

/// Sends what waits and fetches what is new.
pub(super) fn run_sync(matches: &ArgMatches) -> Result<Answer, Failure> {
    let app = desk::sign_in(matches)?;
    let view = app.sync_now(()).map_err(ToolError::from)?;
    if !view.configured {
        return Err(Failure::with_view(
            ToolError::usage("server_missing"),
            &view,
        ));
    }
    if !view.online {
        return Err(Failure::with_view(
            ToolError::environment("server_unreachable"),
            &view,
        ));
    }
    if let Some(error) = ToolError::of_round(&view) {
        return Err(Failure::with_view(error, &view));
    }
    let (confirmed, cases) = (view.confirmed.to_string(), view.cases.to_string());
    let waiting = view.waiting.to_string();
    let values = [
        ("confirmed", confirmed.as_str()),
        ("cases", &cases),
        ("waiting", &waiting),
    ];
    Answer::of(&view, &[say("cli.sync.status", &values)])
}

/// `skranke demo`.
pub(super) fn demo() -> Command {
    usage::command("demo")
        .arg(usage::flag("demo", "empty"))
        .arg(usage::option("store", "data").required(true))
        .arg(usage::option("store", "key-file"))
        .arg(usage::option("store", "server"))
        .arg(usage::option("store", "tenant").requires("server"))
        .arg(usage::option("store", "ca-file").requires("server"))
}

/// Sets up the fictional municipality with its cases, and says who can sign in.
pub(super) fn run_demo(matches: &ArgMatches) -> Result<Answer, Failure> {
    let app = desk::open(matches, true)?;
    let view = app.start_state(()).map_err(ToolError::from)?;
    let mut lines = vec![say(
        "cli.demo.ready",
        &[("municipality", &view.municipality)],
    )];
    lines.extend(view.demo_accounts.iter().map(|account| {
        let roles: Vec<_> = account
            .roles
            .iter()
            .map(|role| desk::word("role", role))
            .collect();
        format!(
            "  {}  {}  ({})",
            account.user_name,
            account.name,
            roles.join(", ")
        )
    }));
    let password = view
        .demo_accounts
        .first()
        .map(|account| account.password.as_str());
    lines.extend(password.map(|password| say("cli.demo.password", &[("password", password)])));
    if !matches.get_flag("empty") {
        let cases = app.open_demo_cases().map_err(ToolError::from)?.to_string();
        lines.push(say("cli.demo.cases", &[("count", &cases)]));
    }
    Answer::of(&view, &lines)
}
