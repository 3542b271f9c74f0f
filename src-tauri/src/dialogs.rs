//! Native file dialogs. They open from here alone: the window has no right to open one, and never
//! learns a path.

use std::fs;
use std::path::{Path, PathBuf};

use tauri::{AppHandle, Runtime};
use tauri_plugin_dialog::DialogExt as _;

/// Endings of files that may be attached; the core decides by content.
const SCAN_ENDINGS: [&str; 4] = ["pdf", "jpg", "jpeg", "png"];

/// The words of a dialog, from the text catalogue.
#[derive(Debug, Clone)]
pub(crate) struct DialogTexts {
    /// The dialog's title.
    pub(crate) title: String,
    /// What the file filter is called.
    pub(crate) filter: String,
}

/// Asks for a scan to attach. None when the dialog was closed. Blocks; not for the main thread.
pub(crate) fn choose_scan<R: Runtime>(
    app: &AppHandle<R>,
    texts: &DialogTexts,
    stand_in: Option<&Path>,
) -> Option<PathBuf> {
    if let Some(folder) = stand_in {
        return first_file_named_attach(folder);
    }
    app.dialog()
        .file()
        .set_title(&texts.title)
        .add_filter(&texts.filter, &SCAN_ENDINGS)
        .blocking_pick_file()
        .and_then(|file| file.into_path().ok())
}

/// Asks where to save a file. None when the dialog was closed. Blocks; not for the main thread.
pub(crate) fn choose_target<R: Runtime>(
    app: &AppHandle<R>,
    texts: &DialogTexts,
    file_name: &str,
    stand_in: Option<&Path>,
) -> Option<PathBuf> {
    let ending = Path::new(file_name).extension()?.to_str()?;
    if let Some(folder) = stand_in {
        return Some(folder.join(file_name));
    }
    app.dialog()
        .file()
        .set_title(&texts.title)
        .add_filter(&texts.filter, &[ending])
        .set_file_name(file_name)
        .blocking_save_file()
        .and_then(|file| file.into_path().ok())
}

/// In an automated run the file called `attach` with any ending stands for the one chosen.
fn first_file_named_attach(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.file_stem().is_some_and(|stem| stem == "attach"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_in_folder_gives_the_file_called_attach_and_none_without_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("other.pdf"), b"").unwrap();
        assert_eq!(first_file_named_attach(folder.path()), None);

        fs::write(folder.path().join("attach.png"), b"").unwrap();

        assert_eq!(
            first_file_named_attach(folder.path()),
            Some(folder.path().join("attach.png"))
        );
    }
}
