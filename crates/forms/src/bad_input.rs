//! The matrix of bad input, made from the definitions: every field empty, too long, of the wrong
//! type and out of range. Tests of screens and use cases take it from here, so that a new field is
//! covered the day it is written.

use chrono::{Days, NaiveDate};

use crate::check::{FieldProblem, ProblemCode};
use crate::condition::{Clause, Condition, Test};
use crate::fields::{FieldValue, Fields};
use crate::form::{Field, FieldKind, Form, Pattern};

/// Two numbers nobody can have (60 is added to the day); the second is for whoever must differ.
const MADE_UP: [&str; 2] = ["7211883985", "7302553985"];

/// How a value is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing is given.
    Empty,
    /// More than fits.
    TooLong,
    /// Another kind of value.
    WrongType,
    /// The right kind, an impossible value.
    OutOfRange,
    /// Below the least there may be: too early, too short; where there is no least, as out of range.
    BelowRange,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 5] = [
        Fault::Empty,
        Fault::TooLong,
        Fault::WrongType,
        Fault::OutOfRange,
        Fault::BelowRange,
    ];
}

/// One row of the matrix: a form that is sound but for one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    /// The field at fault.
    pub field: String,
    /// How.
    pub fault: Fault,
    /// Everything filled in, the fault included.
    pub fields: Fields,
    /// What must be said; `None` where the field may be left empty.
    pub expected: Option<ProblemCode>,
}

/// The matrix for every field of the form that can be shown with its rule set and profile.
pub fn matrix(form: &Form, today: NaiveDate) -> Vec<BadInput> {
    let mut rows = Vec::new();
    for field in &form.fields {
        let Some(sound) = sound_with(form, field, today) else {
            continue;
        };
        for fault in Fault::ALL {
            rows.push(row(form, field, fault, &sound, today));
        }
    }
    rows
}

/// A form filled in without fault, in which `field` is shown and, where it can be, required.
///
/// `None` where the rule set or the profile keeps the field from being shown.
pub fn sound_with(form: &Form, field: &Field, today: NaiveDate) -> Option<Fields> {
    let mut fields = Fields::new();
    reach(form, &field.shown, &mut fields, today, 8);
    if !field.required.is_never() {
        reach(form, &field.required, &mut fields, today, 8);
    }
    for _ in 0..form.fields.len() {
        let Some(FieldProblem { field: missing, .. }) =
            form.validate(&fields, today).into_iter().next()
        else {
            break;
        };
        let missing = form.field(&missing)?;
        let value = sample(form, missing, &fields, today)?;
        fields.insert(missing.id.clone(), value);
    }
    let sound = form.is_shown(field, &fields) && form.validate(&fields, today).is_empty();
    sound.then_some(fields)
}

fn reach(form: &Form, condition: &Condition, fields: &mut Fields, today: NaiveDate, depth: u8) {
    for clause in condition.clauses() {
        let Some(field) = form.field(&clause.fact) else {
            continue;
        };
        if depth > 0 {
            reach(form, &field.shown, fields, today, depth - 1);
        }
        if let Some(value) = meets(form, field, clause, fields, today) {
            fields.insert(field.id.clone(), value);
        }
    }
}

fn meets(
    form: &Form,
    field: &Field,
    clause: &Clause,
    fields: &Fields,
    today: NaiveDate,
) -> Option<FieldValue> {
    let value = match &clause.test {
        Test::Is(value) => value.clone(),
        Test::IsIn(values) => values.first()?.clone(),
        Test::IsNot(value) => field
            .choices
            .iter()
            .find(|c| c.value != *value)?
            .value
            .clone(),
        Test::IsEmpty => return None,
        Test::IsGiven => return sample(form, field, fields, today),
    };
    Some(if field.kind == FieldKind::Flag {
        FieldValue::Flag(value == "true")
    } else {
        FieldValue::Text(value)
    })
}

fn sample(form: &Form, field: &Field, fields: &Fields, today: NaiveDate) -> Option<FieldValue> {
    let text = |text: &str| Some(FieldValue::from(text));
    match field.kind {
        FieldKind::Flag => Some(FieldValue::Flag(true)),
        FieldKind::Cpr => text(MADE_UP[usize::from(field.differs_from.is_some())]),
        FieldKind::Date => {
            let latest = field.not_after.map_or(today, |limit| limit.on(today));
            let earliest = field.not_before.map_or(latest, |limit| limit.on(today));
            text(&today.clamp(earliest.min(latest), latest).to_string())
        }
        FieldKind::Choice => Some(FieldValue::Text(
            form.choices(field, fields).next()?.value.clone(),
        )),
        FieldKind::Choices => Some(FieldValue::List(vec![
            form.choices(field, fields).next()?.value.clone(),
        ])),
        FieldKind::Multiline => text("Ahornvej 3\n9990 Solbjerg"),
        FieldKind::Text => match field.pattern {
            Some(Pattern::Phone) => text("70 00 00 00"),
            Some(Pattern::Email) => text("navn@eksempel.dk"),
            Some(Pattern::Municipality) => text("101"),
            None => text("Aase Åkjær Østergaard"),
        },
    }
}

fn row(form: &Form, field: &Field, fault: Fault, sound: &Fields, today: NaiveDate) -> BadInput {
    let mut fields = sound.clone();
    let bad = match fault {
        Fault::Empty => None,
        Fault::TooLong => Some(too_long(field)),
        Fault::WrongType => Some(wrong_type(field)),
        Fault::OutOfRange => Some(out_of_range(field, today)),
        Fault::BelowRange => Some(below_range(field, today)),
    };
    let (value, expected) = match bad {
        Some((value, code)) => (Some(value), Some(code)),
        None if form.is_required(field, sound) => (None, Some(empty_code(field))),
        None => (None, None),
    };
    match value {
        Some(value) => fields.insert(field.id.clone(), value),
        None => fields.remove(&field.id),
    };
    BadInput {
        field: field.id.clone(),
        fault,
        fields,
        expected,
    }
}

fn empty_code(field: &Field) -> ProblemCode {
    if field.must_be_true {
        ProblemCode::MustBeConfirmed
    } else {
        ProblemCode::Required
    }
}

fn too_long(field: &Field) -> (FieldValue, ProblemCode) {
    match field.kind {
        FieldKind::Flag => ("x".repeat(10_000).as_str().into(), ProblemCode::WrongType),
        FieldKind::Choices => {
            let many = vec!["x".to_owned(); 10_000];
            (FieldValue::List(many), ProblemCode::NotAChoice)
        }
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Cpr
        | FieldKind::Date
        | FieldKind::Choice => {
            let length = field.max_length.map_or(10_000, |maximum| maximum + 1);
            ("å".repeat(length).as_str().into(), ProblemCode::TooLong)
        }
    }
}

fn wrong_type(field: &Field) -> (FieldValue, ProblemCode) {
    let value = match field.kind {
        FieldKind::Flag => FieldValue::from("ja"),
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Cpr
        | FieldKind::Date
        | FieldKind::Choice
        | FieldKind::Choices => FieldValue::Flag(true),
    };
    (value, ProblemCode::WrongType)
}

fn out_of_range(field: &Field, today: NaiveDate) -> (FieldValue, ProblemCode) {
    match field.kind {
        FieldKind::Flag if field.must_be_true => {
            (FieldValue::Flag(false), ProblemCode::MustBeConfirmed)
        }
        // Both answers of an optional tick are possible; a list of ticks is not.
        FieldKind::Flag => (
            FieldValue::List(vec!["true".to_owned()]),
            ProblemCode::WrongType,
        ),
        FieldKind::Choice => ("ikke_et_svar".into(), ProblemCode::NotAChoice),
        FieldKind::Choices => (
            FieldValue::List(vec!["ikke_et_svar".to_owned()]),
            ProblemCode::NotAChoice,
        ),
        FieldKind::Cpr => ("3113993984".into(), ProblemCode::CprNoSuchDate),
        FieldKind::Date => {
            let latest = field.not_after.map_or(today, |limit| limit.on(today));
            let after = latest
                .checked_add_days(Days::new(1))
                .unwrap_or(latest)
                .to_string();
            let code = if latest == today {
                ProblemCode::DateInFuture
            } else {
                ProblemCode::DateTooLate
            };
            (after.as_str().into(), code)
        }
        FieldKind::Text | FieldKind::Multiline => {
            ("A\u{202E}a".into(), ProblemCode::ControlCharacter)
        }
    }
}

fn below_range(field: &Field, today: NaiveDate) -> (FieldValue, ProblemCode) {
    match (field.kind, field.not_before, field.min_length) {
        (FieldKind::Date, Some(limit), _) => {
            let earliest = limit.on(today);
            let before = earliest.pred_opt().unwrap_or(earliest).to_string();
            (before.as_str().into(), ProblemCode::DateTooEarly)
        }
        (FieldKind::Text | FieldKind::Multiline, _, Some(minimum @ 2..)) => (
            "å".repeat(minimum - 1).as_str().into(),
            ProblemCode::TooShort,
        ),
        _ => out_of_range(field, today),
    }
}
