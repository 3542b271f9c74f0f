//! The command names stand alike in the core's table, the shell's handler and the window's types.

use std::collections::BTreeSet;

use crate::source::{self, Language};
use crate::tree;

const CORE: &str = "crates/app/src/commands.rs";
const SHELL: &str = "src-tauri/src/commands.rs";
const WINDOW: &str = "ui/src/lib/api/generated/types.ts";

type Names = BTreeSet<String>;

/// The names of `commands! { name(Request) -> Answer; }` and of `SHELL_COMMANDS`.
fn core_names(text: &str) -> Names {
    let code = source::parts(text, Language::Rust);
    let table = code.code.rsplit("\ncommands! {").next().unwrap_or_default();
    let table = table.split("\n}").next().unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.trim().split_once('('));
    let rows = rows.map(|(name, _)| name.to_owned());
    let shell = text.split("SHELL_COMMANDS").nth(1).unwrap_or_default();
    let shell = shell.split("];").next().unwrap_or_default();
    let shell = source::parts(shell, Language::Rust).literals;
    rows.chain(shell.into_iter().map(|literal| literal.text))
        .collect()
}

/// The last parts of the paths in `generate_handler![…]`.
fn shell_names(text: &str) -> Names {
    let code = source::parts(text, Language::Rust).code;
    let list = code.split("generate_handler![").nth(1).unwrap_or_default();
    let list = list.split(']').next().unwrap_or_default();
    let names = list
        .split(',')
        .filter_map(|path| path.trim().rsplit("::").next());
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The fields of `interface Commands { … }`.
fn window_names(text: &str) -> Names {
    let list = text
        .split("interface Commands {")
        .nth(1)
        .unwrap_or_default();
    let list = list.split("\n}").next().unwrap_or_default();
    let names = list.lines().filter_map(|line| line.trim().split_once(':'));
    names
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.starts_with("//"))
        .collect()
}

fn violations(core: &Names, other: &Names, place: &str) -> Vec<String> {
    let missing = core
        .difference(other)
        .map(|name| format!("{place} has no {name}"));
    let extra = other
        .difference(core)
        .map(|name| format!("{place} alone has {name}"));
    missing.chain(extra).collect()
}

fn text_of(path: &str) -> &'static str {
    let file = tree::files().iter().find(|file| file.path == path);
    &file
        .unwrap_or_else(|| panic!("{path} is gone: say here where the names stand"))
        .text
}

#[test]
fn command_names_are_the_same_in_core_shell_and_window() {
    let core = core_names(text_of(CORE));
    let mut found = violations(&core, &shell_names(text_of(SHELL)), SHELL);
    found.extend(violations(&core, &window_names(text_of(WINDOW)), WINDOW));
    tree::none("the three lists of commands agree", core.len(), &found);
}

#[test]
fn planted_differences_are_caught() {
    let core = "macro_rules! commands {\n}\n\ncommands! {\n    decide(A) -> B;\n    tick(Nothing) -> Vec<C>;\n}\n\
                pub const SHELL_COMMANDS: &[&str] = &[\"attach\"];";
    let core = core_names(core);
    assert_eq!(
        core.iter().collect::<Vec<_>>(),
        ["attach", "decide", "tick"]
    );

    let shell =
        shell_names("tauri::generate_handler![\n a::decide,\n b::attach, // c::no\n c::print,\n]");
    let found = violations(&core, &shell, "shell");
    tree::caught(&found, "shell has no tick");
    tree::caught(&found, "shell alone has print");

    let window =
        window_names("export interface Commands {\n  decide: { a: B };\n  attach: { a: B };\n}\n");
    tree::caught(&violations(&core, &window, "window"), "window has no tick");
}
