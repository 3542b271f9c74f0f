//! Use cases of the core that need the desktop in the middle: a file is chosen, then attached; a
//! paper is rendered, leaves through printer or dialog, and only then is recorded as issued.
//!
//! Basis: a paper the printer did not take is not a copy the next time.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use skranke_app::api::devices::{HoldingsSaveRequest, ListFormat, ListSaved};
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
    let _alone = app.one_paper_at_a_time();
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
    let texts = texts("dialog.save_title", "dialog.save_filter");
    save_where(app, request, |name| {
        dialogs::choose_target(&chooser.handle, &texts, name, chooser.stand_in.as_deref())
    })
}

/// Lets the person choose where the list of whose data a computer held is saved, and writes it.
pub(crate) fn save_holdings(
    app: &App,
    chooser: &Chooser,
    request: &HoldingsSaveRequest,
) -> Result<ListSaved, AppError> {
    let filter = match request.format {
        ListFormat::Pdf => "devices.list_filter_pdf",
        ListFormat::Csv => "devices.list_filter_csv",
    };
    let texts = texts("dialog.save_list_title", filter);
    let file = app.device_holdings_file(request)?;
    let chosen = dialogs::choose_target(
        &chooser.handle,
        &texts,
        &file.name,
        chooser.stand_in.as_deref(),
    );
    let Some(path) = chosen else {
        return Ok(ListSaved { file: None });
    };
    write_whole(&path, &file.bytes).map_err(|error| not_written(&error))?;
    Ok(ListSaved {
        file: name_of(&path),
    })
}

/// The paper is made once more after the choice: while a dialog stood open, the original may have gone out another way.
fn save_where(
    app: &App,
    request: &SavePaperRequest,
    choose: impl FnOnce(&str) -> Option<PathBuf>,
) -> Result<PaperDone, AppError> {
    let proposed = app.paper_prepare(&request.paper)?;
    may_be_printed(&proposed)?;
    let Some(path) = choose(&proposed.view.file_name) else {
        return Ok(PaperDone {
            done: false,
            ..done(&proposed)
        });
    };
    let _alone = app.one_paper_at_a_time();
    let prepared = app.paper_prepare(&request.paper)?;
    may_be_printed(&prepared)?;
    write_whole(&path, &prepared.pdf).map_err(|error| not_written(&error))?;
    app.paper_record(&prepared)?;
    Ok(PaperDone {
        file: name_of(&path),
        ..done(&prepared)
    })
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
        file: None,
    }
}

/// The name of the file that was chosen.
fn name_of(path: &Path) -> Option<String> {
    let name = path.file_name()?;
    Some(name.to_string_lossy().into_owned())
}

fn texts(title: &str, filter: &str) -> DialogTexts {
    DialogTexts {
        title: say(title, &[]),
        filter: say(filter, &[]),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use chrono::{TimeZone as _, Utc};
    use serde_json::{Value, json};
    use skranke_app::api::paper::PaperRequest;
    use skranke_app::{Clock, Config, Costs, KeyPlace, dispatch};
    use tempfile::TempDir;

    use super::*;

    /// The demo, where Karin has decided a case: its paper about what is missing may go out.
    fn office() -> (TempDir, App, PaperRequest) {
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(Config {
            folder: folder.path().join("store"),
            forms: None,
            key: KeyPlace::File(folder.path().join("key")),
            demo: true,
            server: None,
            clock: Clock::fixed(Utc.with_ymd_and_hms(2026, 3, 13, 9, 0, 0).unwrap()),
            costs: Costs::default(),
        })
        .unwrap();
        let ask = |name: &str, request: Value| dispatch(&app, name, request).unwrap();
        let account = json!({ "user_name": "karin", "password": "solbjerg-demo-2026" });
        ask("sign_in", account);
        let draft = ask("draft_new", Value::Null);
        let mut fields = draft["fields"].clone();
        fields["cpr"] = json!("0201703984");
        fields["citizen_name"] = json!("Aase Lindholm");
        fields["id_kind"] = json!("passport");
        fields["id_checked"] = json!(true);
        let typed = json!({ "id": draft["id"], "step": 5, "fields": fields });
        ask("draft_save", typed);
        let decision = json!({ "kind": "incomplete", "missing": ["Den underskrevne blanket"] });
        let case = ask(
            "decide",
            json!({ "draft_id": draft["id"], "case_id": null, "decision": decision, "no_conflict_of_interest": true }),
        );
        let paper = PaperRequest {
            case_id: case["row"]["id"].as_str().map(str::to_owned),
            draft_id: None,
            kind: "missing_information".to_owned(),
            large_print: false,
            enclosure: false,
        };
        (folder, app, paper)
    }

    #[test]
    fn original_handed_out_while_the_save_dialog_is_open_makes_the_saved_one_a_copy() {
        let (folder, app, paper) = office();
        let request = SavePaperRequest { paper, path: None };
        let beside = |name: &str| Some(folder.path().join(name));

        let printed = Cell::new(None);
        let saved = save_where(&app, &request, |name| {
            // While the dialog is open the same paper leaves another way.
            printed.set(save_where(&app, &request, |_| beside("first.pdf")).ok());
            beside(name)
        })
        .unwrap();

        assert_eq!(printed.take().map(|first| first.copy), Some(0));
        assert_eq!(saved.copy, 1, "the second says KOPI");
    }

    #[test]
    fn what_was_saved_is_told_by_the_name_that_was_chosen() {
        let (folder, app, paper) = office();
        let request = SavePaperRequest { paper, path: None };

        let given_up = save_where(&app, &request, |_| None).unwrap();
        let saved = save_where(&app, &request, |_| Some(folder.path().join("brev.pdf"))).unwrap();

        assert_eq!((given_up.done, given_up.file), (false, None));
        assert_eq!(saved.file.as_deref(), Some("brev.pdf"));
    }

    #[test]
    fn two_who_save_the_same_paper_at_once_have_an_original_and_a_copy() {
        let (folder, app, paper) = office();
        let request = SavePaperRequest { paper, path: None };
        let chosen = std::sync::Barrier::new(2);

        let mut copies: Vec<u16> = std::thread::scope(|scope| {
            let save = |name: &'static str| {
                let (app, request, chosen) = (&app, &request, &chosen);
                let path = folder.path().join(name);
                scope.spawn(move || {
                    save_where(app, request, |_| {
                        chosen.wait();
                        Some(path)
                    })
                    .unwrap()
                    .copy
                })
            };
            let both = [save("one.pdf"), save("two.pdf")];
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });

        copies.sort_unstable();
        assert_eq!(copies, [0, 1]);
    }

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
