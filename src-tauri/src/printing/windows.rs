//! Printing on Windows: designed for, not yet shown.
//!
//! Windows has no program that takes a PDF from memory, so the paper lies for the moment of
//! printing in a file that only this user may read, under a name without meaning, removed at once.
//! `PrintTo` is the verb of whichever program opens PDF files on this machine.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::{PrintError, Printer};

/// One printer a line: whether it is the default, whether Windows has it as offline, its name.
const LIST: &str = "Get-CimInstance Win32_Printer | \
    ForEach-Object { \"$($_.Default)`t$($_.WorkOffline)`t$($_.Name)\" }";
const STATE: &str = "(Get-CimInstance Win32_Printer | Where-Object Name -eq $env:SKRANKE_PRINTER).DetectedErrorState";
const PRINT: &str = "Start-Process -FilePath $env:SKRANKE_PAPER -Verb PrintTo \
    -ArgumentList ('\"' + $env:SKRANKE_PRINTER + '\"') -WindowStyle Hidden -Wait";

/// `Win32_Printer.DetectedErrorState`: low on paper still prints.
const NO_PAPER: &str = "4";
const OFFLINE: &str = "9";

pub(super) fn printers() -> Result<Vec<Printer>, PrintError> {
    let output = run(&mut powershell(LIST))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text
        .lines()
        .filter_map(|line| {
            let (default, rest) = line.split_once('\t')?;
            let (offline, name) = rest.split_once('\t')?;
            Some(Printer {
                name: name.trim().to_owned(),
                is_default: default == "True",
                is_ready: offline != "True",
            })
        })
        .collect())
}

pub(super) fn print(printer: &str, pdf: &[u8]) -> Result<(), PrintError> {
    if !printers()?.iter().any(|known| known.name == printer) {
        return Err(PrintError::Missing);
    }
    let state = run(powershell(STATE).env("SKRANKE_PRINTER", printer))?;
    match String::from_utf8_lossy(&state.stdout).trim() {
        NO_PAPER => return Err(PrintError::OutOfPaper),
        OFFLINE => return Err(PrintError::Stopped),
        _ => {}
    }
    let mut paper = tempfile::Builder::new()
        .prefix("skranke-")
        .suffix(".pdf")
        .tempfile()
        .map_err(PrintError::Unavailable)?;
    paper.write_all(pdf).map_err(PrintError::Unavailable)?;
    let paper = paper.into_temp_path();
    let done = run(powershell(PRINT)
        .env("SKRANKE_PRINTER", printer)
        .env("SKRANKE_PAPER", &paper))?;
    if done.status.success() {
        Ok(())
    } else {
        Err(PrintError::Refused)
    }
}

fn powershell(script: &str) -> Command {
    let mut command = Command::new("powershell.exe");
    command.args(["-NoProfile", "-NonInteractive", "-Command", script]);
    command
}

fn run(command: &mut Command) -> Result<Output, PrintError> {
    command
        .stdin(Stdio::null())
        .output()
        .map_err(PrintError::Unavailable)
}
