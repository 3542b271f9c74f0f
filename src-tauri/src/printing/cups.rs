//! Printing through CUPS with its own command line programs.
//!
//! The paper goes to `lp` through a pipe: no temporary file. Answers are read in the C locale.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::{JOB_TITLE, PrintError, Printer};

pub(super) fn printers() -> Result<Vec<Printer>, PrintError> {
    let names = run(Command::new("lpstat").arg("-e"))?;
    let default = run(Command::new("lpstat").arg("-d"))?;
    let states = run(Command::new("lpstat").arg("-p"))?;
    Ok(parse_printers(
        &text(&names),
        &text(&default),
        &text(&states),
    ))
}

pub(super) fn print(printer: &str, pdf: &[u8]) -> Result<(), PrintError> {
    if !printers()?.iter().any(|known| known.name == printer) {
        return Err(PrintError::Missing);
    }
    let state = run(Command::new("lpstat").args(["-l", "-p", printer]))?;
    let accepting = run(Command::new("lpstat").args(["-a", printer]))?;
    check_state(&text(&state), &text(&accepting))?;

    let mut lp = command(Command::new("lp").args(["-s", "-d", printer, "-t", JOB_TITLE]))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(PrintError::Unavailable)?;
    let written = match lp.stdin.take() {
        Some(mut pipe) => pipe.write_all(pdf),
        None => Ok(()),
    };
    let status = lp.wait().map_err(PrintError::Unavailable)?;
    if status.success() && written.is_ok() {
        Ok(())
    } else {
        Err(PrintError::Refused)
    }
}

fn command(command: &mut Command) -> &mut Command {
    command.env("LC_ALL", "C")
}

fn run(program: &mut Command) -> Result<Output, PrintError> {
    command(program)
        .stdin(Stdio::null())
        .output()
        .map_err(PrintError::Unavailable)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `lpstat -e` names one printer a line; `lpstat -d` ends in the default's name, or says there is none;
/// `lpstat -p` says of each whether it is enabled.
fn parse_printers(names: &str, default: &str, states: &str) -> Vec<Printer> {
    let default = default
        .trim()
        .strip_prefix("system default destination: ")
        .unwrap_or_default();
    names
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| Printer {
            name: name.to_owned(),
            is_default: name == default,
            is_ready: !states.contains(&format!("printer {name} disabled since ")),
        })
        .collect()
}

/// Reads `lpstat -l -p` and `lpstat -a` of one printer.
fn check_state(state: &str, accepting: &str) -> Result<(), PrintError> {
    let empty = ["media-empty", "media-needed", "Out of paper"];
    if empty.iter().any(|word| state.contains(word)) {
        return Err(PrintError::OutOfPaper);
    }
    let first = state.lines().next().unwrap_or_default();
    if first.contains(" disabled since ") || accepting.contains(" not accepting requests ") {
        return Err(PrintError::Stopped);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_printer_and_one_switched_off_are_marked() {
        let states =
            "printer Skranke1 disabled since today -\nprinter PDF is idle.  enabled since today\n";

        let found = parse_printers(
            "Skranke1\nPDF\n",
            "system default destination: PDF\n",
            states,
        );

        let names: Vec<_> = found
            .iter()
            .map(|p| (p.name.as_str(), p.is_default, p.is_ready))
            .collect();
        assert_eq!(names, [("Skranke1", false, false), ("PDF", true, true)]);
    }

    #[test]
    fn no_default_and_no_printers_are_read() {
        assert!(parse_printers("", "no system default destination\n", "").is_empty());
        assert!(!parse_printers("PDF\n", "no system default destination\n", "")[0].is_default);
    }

    #[test]
    fn printer_out_of_paper_is_told_from_one_that_is_stopped() {
        let idle = "printer PDF is idle.  enabled since Sat 21 Nov 2026\n\tAlerts: none\n";
        let empty =
            "printer PDF is idle.  enabled since Sat 21 Nov 2026\n\tAlerts: media-empty-error\n";
        let off = "printer PDF disabled since Sat 21 Nov 2026 -\n\tPaused\n";

        assert!(check_state(idle, "PDF accepting requests since Sat 21 Nov 2026").is_ok());
        assert!(matches!(
            check_state(empty, ""),
            Err(PrintError::OutOfPaper)
        ));
        assert!(matches!(check_state(off, ""), Err(PrintError::Stopped)));
        let refusing = "PDF not accepting requests since Sat 21 Nov 2026 -";
        assert!(matches!(
            check_state(idle, refusing),
            Err(PrintError::Stopped)
        ));
    }
}
