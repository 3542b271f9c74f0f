//! `skranke doctor`: is the installation well, and a bundle for support. Neither holds personal data.

use clap::{ArgMatches, Command};
use skranke_app::tools::health::HealthView;
use skranke_app::tools::{ToolError, say};

use crate::answer::{Answer, Failure};
use crate::{desk, usage};

/// The arguments.
pub(super) fn command() -> Command {
    desk::with_store(usage::command("doctor")).arg(usage::option("doctor", "bundle"))
}

/// Looks at the installation. Something that failed is the surroundings' fault; the bundle is written all the same.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let app = desk::open(matches, false)?;
    let view = app.health();
    if let Some(file) = desk::path(matches, "bundle") {
        app.support_bundle(view.clone(), &file)?;
    }
    let failed: Vec<_> = view
        .checks
        .iter()
        .filter(|check| check.outcome == "failed")
        .map(|check| desk::word("cli.doctor.check", check.code))
        .collect();
    if failed.is_empty() {
        Answer::of(&view, &lines(&view))
    } else {
        let error = ToolError::environment("unhealthy").with("checks", failed.join(", "));
        Err(Failure::with_view(error, &view))
    }
}

fn lines(view: &HealthView) -> Vec<String> {
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
