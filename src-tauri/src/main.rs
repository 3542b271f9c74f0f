//! Entry point of the desktop program.

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

use skranke_desktop::config::Config;

/// Wrong usage, as the command line program has it.
const WRONG_USAGE: u8 = 2;
/// The machine lacks something.
const ENVIRONMENT: u8 = 3;

fn main() -> ExitCode {
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
