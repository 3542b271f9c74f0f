//! What no paper can print is named while the field is on screen, not when the citizen waits for the receipt.

use skranke_documents::uncovered_characters;
use skranke_forms::{FieldKind, FieldValue, Fields, Form, Texts};

use crate::api::draft::FieldProblem;

/// A field of this step that holds a character no font of the papers has: one problem for each.
pub(crate) fn problems(form: &Form, fields: &Fields, step: u8, texts: &Texts) -> Vec<FieldProblem> {
    let written = |id: &str| match fields.get(id) {
        Some(FieldValue::Text(text)) => uncovered_characters(text),
        Some(FieldValue::Flag(_) | FieldValue::List(_)) | None => Vec::new(),
    };
    form.fields
        .iter()
        .filter(|field| field.step == step && form.is_shown(field, fields))
        .filter(|field| matches!(field.kind, FieldKind::Text | FieldKind::Multiline))
        .filter_map(|field| {
            let characters: Vec<String> = written(&field.id).iter().map(char::to_string).collect();
            let said = [
                ("character", characters.join(" ")),
                ("field", field.label.clone()),
            ];
            let values: Vec<(&str, &str)> = said
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let text = texts.say("preview.unprintable", &values);
            (!characters.is_empty()).then(|| FieldProblem {
                field: field.id.clone(),
                step,
                code: "unprintable".to_owned(),
                summary: text.clone(),
                at_field: text,
            })
        })
        .collect()
}
