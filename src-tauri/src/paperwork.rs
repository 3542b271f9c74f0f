//! Use cases of the core that need the desktop in the middle: a file is chosen, then attached; a
//! paper is rendered, leaves through printer or dialog, and only then is recorded as issued.
//!
//! Basis: a paper the printer did not take is not a copy the next time.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use skranke_app::api::draft::{AttachRequest, AttachmentView};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::paper::{PaperDone, PrintRequest, PrinterView, SavePaperRequest};
use skranke_app::tools::say;
use skranke_app::{App, AppError, Prepared, may_be_printed};
use tauri::AppHandle;

use crate::dialogs::{self, DialogTexts};
use crate::printing::{self, PrintError};

/// Where file dialogs open: the window they belong to, or the folder that stands in for them.
pub(crate) struct Chooser {
    /// The running program.
    pub(crate) handle: AppHandle,
    /// In an automated run, the folder files come from and go to.
    pub(crate) stand_in: Option<PathBuf>,
}

/// Lets the person choose a scan and attaches it. None when the dialog was closed.
/// A path the window names is dropped: only a person chooses.
pub(crate) fn attach(
    app: &App,
    chooser: &Chooser,
    request: AttachRequest,
) -> Result<Option<AttachmentView>, AppError> {
    let texts = texts("dialog.attach_title", "dialog.attach_filter");
    let Some(path) = dialogs::choose_scan(&chooser.handle, &texts, chooser.stand_in.as_deref())
    else {
        return Ok(None);
    };
    let path = path
        .into_os_string()
        .into_string()
        .map_err(|_| AppError::of(ErrorCode::FileUnreadable))?;
    app.attach(AttachRequest {
        path: Some(path),
        ..request
    })
    .map(Some)
}

/// Prints a paper; it is recorded once somebody says that it came out.
pub(crate) fn print(app: &App, request: &PrintRequest) -> Result<PaperDone, AppError> {
    let prepared = app.paper_prepare(&request.paper)?;
    may_be_printed(&prepared)?;
    let printer = match &request.printer {
        Some(name) => name.clone(),
        None => default_printer()?,
    };
    printing::print(&printer, &prepared.pdf).map_err(|error| printing_failed(&error))?;
    let taken = done(&prepared);
    app.paper_await(prepared)?;
    Ok(taken)
}

/// Lets the person choose where a paper is saved, writes it and records it.
pub(crate) fn save(
    app: &App,
    chooser: &Chooser,
    request: &SavePaperRequest,
) -> Result<PaperDone, AppError> {
    let prepared = app.paper_prepare(&request.paper)?;
    may_be_printed(&prepared)?;
    let texts = texts("dialog.save_title", "dialog.save_filter");
    let name = &prepared.view.file_name;
    let Some(path) =
        dialogs::choose_target(&chooser.handle, &texts, name, chooser.stand_in.as_deref())
    else {
        return Ok(PaperDone {
            done: false,
            ..done(&prepared)
        });
    };
    write_whole(&path, &prepared.pdf).map_err(|error| not_written(&error))?;
    app.paper_record(&prepared)?;
    Ok(done(&prepared))
}

/// The printers of this computer; none where it has no printing system.
pub(crate) fn printers() -> Vec<PrinterView> {
    let printers = printing::printers().unwrap_or_default();
    printers
        .into_iter()
        .map(|printer| PrinterView {
            name: printer.name,
            default: printer.is_default,
            ready: printer.is_ready,
        })
        .collect()
}

fn default_printer() -> Result<String, AppError> {
    let printers = printing::printers().map_err(|error| printing_failed(&error))?;
    printers
        .into_iter()
        .find(|printer| printer.is_default)
        .map(|printer| printer.name)
        .ok_or_else(|| AppError::of(ErrorCode::PrinterMissing))
}

fn printing_failed(error: &PrintError) -> AppError {
    AppError::of(match error {
        PrintError::Missing | PrintError::Stopped => ErrorCode::PrinterMissing,
        PrintError::OutOfPaper | PrintError::Refused | PrintError::Unavailable(_) => {
            ErrorCode::PrinterFailed
        }
    })
}

fn not_written(error: &io::Error) -> AppError {
    let is_full = error.kind() == io::ErrorKind::StorageFull;
    AppError::of(if is_full {
        ErrorCode::DiskFull
    } else {
        ErrorCode::FileNotWritten
    })
}

/// Writes beside the target, then puts it in place: what stood there before is whole or replaced.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".skranke-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn done(prepared: &Prepared) -> PaperDone {
    PaperDone {
        done: true,
        number: prepared.view.number.clone(),
        copy: prepared.view.copy,
    }
}

fn texts(title: &str, filter: &str) -> DialogTexts {
    DialogTexts {
        title: say(title, &[]),
        filter: say(filter, &[]),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn saving_replaces_an_older_paper_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kvittering.pdf");
        fs::write(&path, b"an older and longer paper").unwrap();

        write_whole(&path, b"new").unwrap();

        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn folder_that_is_gone_is_told_apart_from_a_full_disk() {
        let folder = tempfile::tempdir().unwrap();

        let error = write_whole(&folder.path().join("gone/kvittering.pdf"), b"new").unwrap_err();

        assert_eq!(not_written(&error).code, ErrorCode::FileNotWritten);
        assert_eq!(
            not_written(&io::ErrorKind::StorageFull.into()).code,
            ErrorCode::DiskFull
        );
    }

    #[test]
    fn every_printing_fault_has_a_code_that_says_what_to_do() {
        assert_eq!(
            printing_failed(&PrintError::Missing).code,
            ErrorCode::PrinterMissing
        );
        assert_eq!(
            printing_failed(&PrintError::Stopped).code,
            ErrorCode::PrinterMissing
        );
        assert_eq!(
            printing_failed(&PrintError::OutOfPaper).code,
            ErrorCode::PrinterFailed
        );
        assert_eq!(
            printing_failed(&PrintError::Refused).code,
            ErrorCode::PrinterFailed
        );
    }
}
