//! What operations script: `backup`, `restore`, `doctor`, `sync`, `audit` and `demo`.

use clap::{ArgMatches, Command, value_parser};
use skranke_app::Clock;
use skranke_app::tools::operations::{BackupView, HealthView, restore_view, verify_backup_view};
use skranke_app::tools::{ToolError, say};

use crate::answer::{Answer, Failure};
use crate::{desk, usage};

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
        .arg(usage::option("store", "key-file").required(true))
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
    let key_file = desk::path(matches, "key-file").unwrap_or_default();
    match desk::path(matches, "into") {
        None => {
            let view = verify_backup_view(&backup, &key_file).map_err(ToolError::from)?;
            told(&view, "cli.restore.whole")
        }
        Some(into) => {
            let now = Clock::System.now();
            let view = restore_view(&backup, &into, &key_file, now).map_err(ToolError::from)?;
            told(&view, "cli.restore.done")
        }
    }
}

fn told(view: &BackupView, key: &str) -> Result<Answer, Failure> {
    let folder = view.folder.display().to_string();
    let (cases, events) = (view.cases.to_string(), view.events.to_string());
    let lines = [
        say(key, &[("folder", &folder), ("at", &view.made_at)]),
        say(
            "cli.backup.holds",
            &[("cases", &cases), ("events", &events)],
        ),
    ];
    Answer::of(view, &lines)
}

/// `skranke doctor`.
pub(super) fn doctor() -> Command {
    desk::with_store(usage::command("doctor"))
}

/// Looks at the installation. Something that failed is the surroundings' fault.
pub(super) fn run_doctor(matches: &ArgMatches) -> Result<Answer, Failure> {
    let view = desk::open(matches, false)?.health();
    if view.healthy {
        Answer::of(&view, &health_lines(&view))
    } else {
        let failed = view.checks.iter().filter(|check| check.outcome == "failed");
        let failed: Vec<_> = failed
            .map(|check| desk::word("cli.doctor.check", check.code))
            .collect();
        let error = ToolError::environment("unhealthy").with("checks", failed.join(", "));
        Err(Failure::with_view(error, &view))
    }
}

fn health_lines(view: &HealthView) -> Vec<String> {
    let checks = view.checks.iter().map(|check| {
        let name = desk::word("cli.doctor.check", check.code);
        let outcome = desk::word("cli.doctor.outcome", check.outcome);
        format!("{name}: {outcome} {}", check.detail)
            .trim_end()
            .to_owned()
    });
    let version = say("cli.doctor.version", &[("version", view.version)]);
    std::iter::once(version).chain(checks).collect()
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
    let (confirmed, cases) = (view.confirmed.to_string(), view.cases.to_string());
    let waiting = view.waiting.to_string();
    let values = [
        ("confirmed", confirmed.as_str()),
        ("cases", &cases),
        ("waiting", &waiting),
    ];
    Answer::of(&view, &[say("cli.sync.status", &values)])
}

/// `skranke audit export`.
pub(super) fn audit() -> Command {
    let after = usage::option("audit", "after")
        .default_value("0")
        .value_parser(value_parser!(i64));
    let export = desk::with_person(usage::nested("audit", "export")).arg(after);
    usage::command("audit")
        .subcommand_required(true)
        .subcommand(export)
}

/// Rows of the audit log, for an auditor.
pub(super) fn run_audit(matches: &ArgMatches) -> Result<Answer, Failure> {
    let Some(("export", matches)) = matches.subcommand() else {
        return Err(ToolError::usage("command_missing").into());
    };
    let after = matches.get_one("after").copied().unwrap_or_default();
    let rows = desk::sign_in(matches)?
        .audit_export(after)
        .map_err(ToolError::from)?;
    let lines = rows.iter().map(|row| {
        let beside = row
            .case
            .as_ref()
            .or(row.subject.as_ref())
            .map_or("", String::as_str);
        format!(
            "{}  {}  {}  {}  {beside}",
            row.number, row.at, row.staff, row.action
        )
    });
    let lines: Vec<_> = lines.collect();
    Answer::of(&rows, &lines)
}

/// `skranke demo`.
pub(super) fn demo() -> Command {
    usage::command("demo")
        .arg(usage::option("store", "data").required(true))
        .arg(usage::option("store", "key-file"))
        .arg(usage::option("store", "server"))
        .arg(usage::option("store", "tenant").requires("server"))
}

/// Sets up the fictional municipality, and says who can sign in.
pub(super) fn run_demo(matches: &ArgMatches) -> Result<Answer, Failure> {
    let view = desk::open(matches, true)?
        .start_state(())
        .map_err(ToolError::from)?;
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
    Answer::of(&view, &lines)
}
