//! Entry point of the desktop program.

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

use skranke_desktop::config::Config;

/// Wrong usage, as the command line program has it.
const WRONG_USAGE: u8 = 2;
/// The machine lacks something.
const ENVIRONMENT: u8 = 3;

fn main() -> ExitCode {
    // Started by itself to draw the pages of a file, before there is anything of a window to be reached from one.
    if let Some(drawn) = skranke_app::pages::asked(std::env::args_os().nth(1).as_deref()) {
        return drawn;
    }
    let config = match Config::of_this_process() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match skranke_desktop::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(ENVIRONMENT)
        }
    }
}
