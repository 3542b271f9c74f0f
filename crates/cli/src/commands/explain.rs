//! `skranke explain`: can this citizen be exempted, and why.

use clap::{ArgMatches, Command};
use skranke_app::api::draft::ProofView;
use skranke_app::tools::explain::explain_view;
use skranke_app::tools::say;

use super::text;
use crate::answer::{Answer, Failure};
use crate::{input, usage};

/// The arguments.
pub(super) fn command() -> Command {
    usage::command("explain")
        .arg(usage::argument("explain", "facts"))
        .arg(usage::option("explain", "profile").default_value("demo"))
        .arg(usage::option("explain", "today"))
}

/// The answer. That something is not met is an answer, not a refusal.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let facts = input::text_of(text(matches, "facts"))?;
    let today = matches.get_one::<String>("today").map(String::as_str);
    let view = explain_view(&facts, text(matches, "profile"), today)?;

    let mut lines = Vec::new();
    branch(&view.proof, 0, &mut lines);
    let rule_set = view.rule_set.map(str::to_uppercase);
    lines.extend(rule_set.map(|set| say("cli.explain.rule_set", &[("rule_set", &set)])));
    if !view.warnings.is_empty() {
        lines.push(say("cli.explain.warnings", &[]));
        lines.extend(
            view.warnings
                .iter()
                .map(|warning| format!("  {}", warning.text)),
        );
    }
    Answer::of(&view, &lines)
}

fn branch(proof: &ProofView, depth: usize, lines: &mut Vec<String>) {
    let outcome = say(&format!("cli.explain.outcome.{}", proof.outcome), &[]);
    let indent = "  ".repeat(depth);
    lines.push(format!("{indent}{}: {outcome}", proof.text));
    let beside = [&proof.fact, &proof.remedy, &proof.source].into_iter();
    let said = beside.filter(|said| proof.parts.is_empty() && !said.is_empty());
    lines.extend(said.map(|said| format!("{indent}    {said}")));
    for part in &proof.parts {
        branch(part, depth + 1, lines);
    }
}
