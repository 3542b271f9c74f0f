//! `skranke verify-receipt`: is the code on a paper genuine.

use clap::{ArgMatches, Command};
use skranke_app::tools::receipt_code::receipt_code_view;
use skranke_app::tools::say;

use super::text;
use crate::answer::{Answer, Failure};
use crate::{input, usage};

/// The arguments.
pub(super) fn command() -> Command {
    usage::command("verify-receipt")
        .arg(usage::argument("verify-receipt", "code"))
        .arg(usage::option("verify-receipt", "key").required(true))
}

/// The answer; a code that is not genuine is refused.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let code = match text(matches, "code") {
        "-" => input::text_of("-")?,
        code => code.to_owned(),
    };
    let view = receipt_code_view(&code, text(matches, "key"))?;

    let lines = [
        say("cli.verify-receipt.genuine", &[]),
        say(
            "cli.verify-receipt.paper",
            &[("number", &view.paper_number), ("kind", &view.kind)],
        ),
        say("cli.verify-receipt.case", &[("number", &view.case_number)]),
        say(
            "cli.verify-receipt.issued",
            &[
                ("date", &view.issued_on),
                ("municipality", &view.municipality_code),
                ("device", &view.device_code),
            ],
        ),
    ];
    Answer::of(&view, &lines)
}
