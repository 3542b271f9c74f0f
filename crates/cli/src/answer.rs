//! What a command gives back: an answer in two forms, or a failure.

use serde::Serialize;
use serde_json::{Value, json};
use skranke_app::tools::{ToolError, ToolErrorKind, say};

/// The answer of a command, for people and for programs.
pub(crate) struct Answer {
    /// For people, in Danish.
    pub(crate) text: String,
    /// For programs; `None` for help, which is text only.
    pub(crate) json: Option<Value>,
}

/// Why there is no answer.
pub(crate) struct Failure {
    pub(crate) error: ToolError,
    /// What is still known; the error is added to it.
    json: Value,
}

impl Answer {
    /// Text only.
    pub(crate) fn text(text: String) -> Self {
        Self { text, json: None }
    }

    /// A view, and its lines for people.
    pub(crate) fn of(view: &impl Serialize, lines: &[String]) -> Result<Self, Failure> {
        let json = serde_json::to_value(view);
        let json = json.map_err(|_| ToolError::environment("output_failed"))?;
        Ok(Self {
            text: lines.join("\n"),
            json: Some(json),
        })
    }
}

impl Failure {
    /// A failure that still answers with the fields of an empty view.
    pub(crate) fn with_view(error: ToolError, view: &impl Serialize) -> Self {
        Self {
            error,
            json: serde_json::to_value(view).unwrap_or_else(|_| json!({})),
        }
    }

    /// The error as JSON, beside what is still known.
    pub(crate) fn json(&self) -> Value {
        let mut json = self.json.clone();
        json["error"] = json!({ "code": self.error.code, "text": self.error.text() });
        json
    }

    /// The error in Danish; after wrong usage with where to look.
    pub(crate) fn text(&self) -> String {
        match self.error.kind {
            ToolErrorKind::Usage => {
                format!("{}\n{}", self.error.text(), say("cli.usage_hint", &[]))
            }
            ToolErrorKind::Refused | ToolErrorKind::Environment => self.error.text(),
        }
    }
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        Self {
            error,
            json: json!({}),
        }
    }
}
