//! What was filled in: values by field id, as drafts keep them.

use std::collections::BTreeMap;

/// Values by field id.
pub type Fields = BTreeMap<String, FieldValue>;

/// One value. It has no `Debug` that shows it, because values are personal.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// A text, a choice, a date or a number as typed.
    Text(String),
    /// A tick.
    Flag(bool),
    /// Several choices.
    List(Vec<String>),
}

impl FieldValue {
    /// The value as conditions see it.
    pub fn as_fact(&self) -> &str {
        match self {
            FieldValue::Text(text) => text,
            FieldValue::Flag(true) => "true",
            FieldValue::Flag(false) => "false",
            FieldValue::List(values) => values.first().map(String::as_str).unwrap_or_default(),
        }
    }

    /// Whether nothing is given. A flag always says something.
    pub fn is_empty(&self) -> bool {
        match self {
            FieldValue::Text(text) => text.trim().is_empty(),
            FieldValue::Flag(_) => false,
            FieldValue::List(values) => values.is_empty(),
        }
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        FieldValue::Text(text.to_owned())
    }
}

impl From<bool> for FieldValue {
    fn from(on: bool) -> Self {
        FieldValue::Flag(on)
    }
}

impl std::fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FieldValue::Text(_) => "Text(hidden)",
            FieldValue::Flag(_) => "Flag(hidden)",
            FieldValue::List(_) => "List(hidden)",
        })
    }
}
