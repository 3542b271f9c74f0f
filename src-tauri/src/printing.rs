//! Printers and print jobs of the operating system.
//!
//! A paper never touches the disk on the way to the printer where the system can take it from
//! memory; job titles and file names carry no personal data. What the spooler keeps is a setting
//! of the machine, named in `SECURITY.md`.

#[cfg(unix)]
mod cups;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use cups as system;
#[cfg(windows)]
use windows as system;

/// What the spooler shows as the job's name: the same for every paper.
const JOB_TITLE: &str = "Skranke";

/// A printer as the operating system names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Printer {
    /// The name to print to.
    pub(crate) name: String,
    /// Whether the system prints here unless told otherwise.
    pub(crate) is_default: bool,
    /// Whether it is switched on and takes jobs.
    pub(crate) is_ready: bool,
}

/// Why a paper could not be handed to a printer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrintError {
    /// No printer of that name, or none at all.
    #[error("the printer does not exist")]
    Missing,
    /// The printer is switched off, paused, or takes no jobs.
    #[error("the printer takes no jobs")]
    Stopped,
    /// The printer reports that it has no paper.
    #[error("the printer is out of paper")]
    OutOfPaper,
    /// The printing system refused or could not be reached.
    #[error("the printing system refused the job")]
    Refused,
    /// The printing system could not be started.
    #[error("the printing system is not there")]
    Unavailable(#[source] std::io::Error),
}

/// All printers, the default one first.
///
/// # Errors
/// [`PrintError::Unavailable`] when the machine has no printing system.
pub(crate) fn printers() -> Result<Vec<Printer>, PrintError> {
    let mut printers = system::printers()?;
    printers.sort_by(|a, b| {
        b.is_default
            .cmp(&a.is_default)
            .then_with(|| a.name.cmp(&b.name))
    });
    Ok(printers)
}

/// Hands a PDF to a printer. Returns once the printing system has taken it; whether paper came
/// out is for the person at the desk to say.
///
/// # Errors
/// [`PrintError`] says why the printer did not take it.
pub(crate) fn print(printer: &str, pdf: &[u8]) -> Result<(), PrintError> {
    system::print(printer, pdf)
}
