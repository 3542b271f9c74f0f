//! Papers: preview, print, save.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which paper of which case or draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PaperRequest {
    /// The case, or
    pub case_id: Option<String>,
    /// the draft (F1 and F2 only).
    pub draft_id: Option<String>,
    /// Code of the kind.
    pub kind: String,
    /// The large-print variant.
    pub large_print: bool,
    /// Whether what goes with the paper follows on a page of its own, where anything goes with it.
    #[serde(default)]
    pub enclosure: bool,
}

/// A rendered paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PaperView {
    /// The PDF, base64.
    pub pdf_base64: String,
    /// Number printed on it; empty for drafts.
    pub number: String,
    /// Pages.
    pub pages: u16,
    /// 0 for the original, 1 and up for copies marked KOPI.
    pub copy: u16,
    /// Characters no shipped font has; the paper may not be printed before they are changed.
    pub uncovered: Vec<String>,
    /// File name to propose; no CPR number, no name.
    pub file_name: String,
    /// Title of what may go with it; empty where nothing does.
    pub enclosure: String,
}

/// Printing a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PrintRequest {
    /// The paper.
    pub paper: PaperRequest,
    /// Name of the printer; `None` takes the default.
    pub printer: Option<String>,
}

/// Saving a paper. The shell opens the native dialog when `path` is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SavePaperRequest {
    /// The paper.
    pub paper: PaperRequest,
    /// Path chosen; `None` asks the user.
    pub path: Option<String>,
}

/// Whether the paper the printer took came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PaperCameOut {
    /// False: nothing was handed out, so the next print is no copy.
    pub came_out: bool,
}

/// What came of printing or saving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PaperDone {
    /// False when the user closed the dialog.
    pub done: bool,
    /// Number of the paper.
    pub number: String,
    /// 0 for the original.
    pub copy: u16,
    /// Name of the file it was saved in; `None` where it was not.
    pub file: Option<String>,
}

/// A printer of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PrinterView {
    /// Name.
    pub name: String,
    /// Whether it is the default.
    pub default: bool,
    /// Whether it says it is ready.
    pub ready: bool,
}
