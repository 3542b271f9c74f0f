//! `skranke lix`: how readable a text is.

use clap::{ArgMatches, Command};
use skranke_app::tools::lix::lix_view;
use skranke_app::tools::say;

use super::text;
use crate::answer::{Answer, Failure};
use crate::{input, usage};

/// The arguments. `-` reads standard input.
pub(super) fn command() -> Command {
    usage::command("lix").arg(usage::argument("lix", "file"))
}

/// The answer.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let view = lix_view(&input::text_of(text(matches, "file"))?)?;

    let level = say(&format!("cli.lix.level.{}", view.level), &[]);
    let lix = format!("{:.1}", view.lix).replace('.', ",");
    let words = view.longest_sentence_words.to_string();
    let long_words = match view.long_words.as_slice() {
        [] => say("cli.none", &[]),
        words => words.join(", "),
    };
    let lines = [
        say("cli.lix.lix", &[("lix", &lix), ("level", &level)]),
        say(
            "cli.lix.longest_sentence",
            &[("words", &words), ("sentence", &view.longest_sentence)],
        ),
        say("cli.lix.long_words", &[("words", &long_words)]),
        say("cli.lix.only_a_pointer", &[]),
    ];
    Answer::of(&view, &lines)
}
