//! Whether a form version agrees with itself and with the texts: every name it uses must exist.

use skranke_domain::rule_set::{RuleCode, RuleSetCode};

use super::{Field, FieldKind, FormVersion};
use crate::check::ProblemCode;
use crate::condition::{Clause, Condition};
use crate::error::{FormsError, unique};
use crate::profile::Profile;
use crate::texts::{Texts, placeholders};

/// Checks one version.
pub(crate) fn check(version: &FormVersion, texts: &Texts) -> Result<(), FormsError> {
    let file = version.file.as_str();
    let wrong = |key: String, message: String| Err(FormsError::wrong(file, key, message));
    unique(
        file,
        "paper.code",
        version.papers.iter().map(|paper| paper.code.as_str()),
    )?;
    unique(
        file,
        "part.code",
        version.parts.iter().map(|part| part.code.as_str()),
    )?;
    let numbers: Vec<u8> = version.steps.iter().map(|step| step.number).collect();
    if numbers != [1, 2, 3, 4, 5, 6] {
        return wrong(
            "step".to_owned(),
            "must be the six steps in order".to_owned(),
        );
    }
    for part in &version.parts {
        if !version.papers.iter().any(|paper| paper.code == part.paper) {
            return wrong(
                format!("part.{}.paper", part.code),
                "is not a paper".to_owned(),
            );
        }
    }
    for field in &version.fields {
        let key = |name: &str| format!("field.{}.{name}", field.id);
        if !numbers.contains(&field.step) {
            return wrong(key("step"), "is not a step".to_owned());
        }
        if !version.parts.iter().any(|part| part.code == field.part) {
            return wrong(key("part"), format!("there is no part \"{}\"", field.part));
        }
        check_shape(file, field)?;
        let conditions = [
            ("shown", &field.shown),
            ("required", &field.required),
            ("on_paper", &field.on_paper),
        ];
        for (name, condition) in conditions {
            check_condition(version, &key(name), condition)?;
        }
        for choice in &field.choices {
            check_condition(version, &key("choices"), &choice.shown)?;
        }
        if let Some(other) = &field.differs_from
            && !version.fields.iter().any(|f| f.id == *other)
        {
            return wrong(
                key("differs_from"),
                format!("there is no field \"{other}\""),
            );
        }
        if let Some(rule) = &field.rule
            && RuleCode::from_code(rule).is_none()
            && texts.get(&format!("rule.{rule}.title")).is_none()
        {
            return wrong(key("rule"), format!("there is no text rule.{rule}.title"));
        }
        check_messages(file, field)?;
    }
    Ok(())
}

fn check_shape(file: &str, field: &Field) -> Result<(), FormsError> {
    let wrong = |name: &str, message: &str| {
        Err(FormsError::wrong(
            file,
            format!("field.{}.{name}", field.id),
            message,
        ))
    };
    if field.label.trim().is_empty() {
        return wrong("label", "is empty");
    }
    let has_choices = !field.choices.is_empty() || field.choices_from.is_some();
    match field.kind {
        FieldKind::Choice | FieldKind::Choices if !has_choices => {
            return wrong("choices", "is empty");
        }
        FieldKind::Text | FieldKind::Multiline if field.max_length.is_none() => {
            return wrong("max_length", "is missing");
        }
        FieldKind::Date if field.not_before.is_none() || field.not_after.is_none() => {
            return wrong("not_before", "a date needs not_before and not_after");
        }
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Cpr
        | FieldKind::Date
        | FieldKind::Choice
        | FieldKind::Choices
        | FieldKind::Flag => {}
    }
    if field.must_be_true && field.kind != FieldKind::Flag {
        return wrong("must_be_true", "is only for flags");
    }
    if field.min_length.unwrap_or(0) > field.max_length.unwrap_or(usize::MAX) {
        return wrong("min_length", "is above max_length");
    }
    let repeats = field.id.contains("{code}");
    if repeats != field.for_each.is_some() {
        return wrong("id", "{code} and for_each belong together");
    }
    unique(
        file,
        &format!("field.{}.choices", field.id),
        field.choices.iter().map(|choice| choice.value.as_str()),
    )
}

fn check_condition(
    version: &FormVersion,
    key: &str,
    condition: &Condition,
) -> Result<(), FormsError> {
    for clause in condition.clauses() {
        if let Some(message) = fault(version, clause) {
            return Err(FormsError::wrong(&version.file, key, message));
        }
    }
    Ok(())
}

fn fault(version: &FormVersion, clause: &Clause) -> Option<String> {
    let name = clause.fact.as_str();
    let possible: Vec<String> = if name == "rule_set" {
        RuleSetCode::ALL
            .iter()
            .map(|code| code.code().to_owned())
            .collect()
    } else if name == "durations" {
        vec!["one".to_owned(), "several".to_owned()]
    } else if let Some(setting) = name.strip_prefix("profile.") {
        match Profile::possible(setting) {
            Some(values) => values.iter().map(|value| (*value).to_owned()).collect(),
            None => return Some(format!("there is no profile setting \"{setting}\"")),
        }
    } else {
        let Some(field) = version.fields.iter().find(|field| field.id == name) else {
            return Some(format!("there is no field \"{name}\""));
        };
        match field.kind {
            FieldKind::Flag => vec!["true".to_owned(), "false".to_owned()],
            FieldKind::Choice if field.choices_from.is_none() => field
                .choices
                .iter()
                .map(|choice| choice.value.clone())
                .collect(),
            FieldKind::Choice
            | FieldKind::Choices
            | FieldKind::Text
            | FieldKind::Multiline
            | FieldKind::Cpr
            | FieldKind::Date => return None,
        }
    };
    let unknown = clause
        .values()
        .iter()
        .find(|value| !possible.contains(value))?;
    Some(format!("\"{name}\" can never be \"{unknown}\""))
}

fn check_messages(file: &str, field: &Field) -> Result<(), FormsError> {
    for (code, message) in &field.messages {
        let key = format!("field.{}.messages.{code}", field.id);
        let Some(problem) = ProblemCode::from_code(code) else {
            return Err(FormsError::wrong(
                file,
                key,
                "is not a problem a field can have",
            ));
        };
        for text in [&message.summary, &message.at_field] {
            let known = problem.value_names();
            if let Some(name) = placeholders(text).iter().find(|name| !known.contains(name)) {
                return Err(FormsError::wrong(
                    file,
                    key,
                    format!("there is no value {{{name}}}"),
                ));
            }
        }
    }
    Ok(())
}
