//! Checking what was filled in against a form: which fields have which problem.
//!
//! This is about single fields. Whether the exemption can be granted is the domain's question.

use chrono::NaiveDate;
use skranke_domain::cpr::{Cpr, CprError, CprKind};

use crate::fields::{FieldValue, Fields};
use crate::form::{Field, FieldKind, Form, Pattern};
use crate::read::{read_date, show_date};
use crate::texts::{Texts, fill};

/// Longest text in a date, a CPR number or a choice before it is called too long.
const LONGEST_SHORT_ANSWER: usize = 60;

/// A problem of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's id.
    pub field: String,
    /// What is wrong.
    pub code: ProblemCode,
    /// Values for the text: limits and labels, never what was typed.
    pub values: Vec<(&'static str, String)>,
}

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident => $code:literal [$($value:literal),*],)+) => {
        /// What can be wrong with a field. The texts are `problem.<code>` and `problem_at_field.<code>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ProblemCode { $($(#[$doc])* $variant,)+ }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(ProblemCode::$variant => $code),+ }
            }

            /// The problem with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(ProblemCode::$variant),)+ _ => None }
            }

            /// The values its texts may use, beside `label`.
            pub const fn value_names(self) -> &'static [&'static str] {
                match self { $(ProblemCode::$variant => &["label", $($value),*]),+ }
            }
        }
    };
}

problem_codes! {
    /// Must be filled.
    Required => "required" [],
    /// Must be ticked.
    MustBeConfirmed => "must_be_confirmed" [],
    /// Another kind of value than the field takes.
    WrongType => "wrong_type" [],
    /// Too many characters.
    TooLong => "too_long" ["maximum"],
    /// Too few characters.
    TooShort => "too_short" ["minimum"],
    /// Not one of the answers.
    NotAChoice => "not_a_choice" [],
    /// Not a date.
    DateUnreadable => "date_unreadable" [],
    /// After today.
    DateInFuture => "date_in_future" ["today"],
    /// Before the earliest date.
    DateTooEarly => "date_too_early" ["earliest"],
    /// After the latest date.
    DateTooLate => "date_too_late" ["latest"],
    /// Not ten digits.
    CprNotTenDigits => "cpr_not_ten_digits" [],
    /// The digits hold no date.
    CprNoSuchDate => "cpr_no_such_date" [],
    /// Born after today.
    CprNotYetBorn => "cpr_not_yet_born" [],
    /// Repeats another field's value.
    SameAsOther => "same_as_other" ["other"],
    /// Invisible characters.
    ControlCharacter => "control_character" [],
    /// Not a telephone number.
    PhoneUnreadable => "phone_unreadable" [],
    /// Not three digits.
    MunicipalityUnreadable => "municipality_unreadable" [],
    /// Not a mail address.
    EmailUnreadable => "email_unreadable" [],
    /// Warning: the check digit fails.
    CprModulus11 => "cpr_modulus_11" [],
    /// Warning: a replacement number.
    CprReplacementNumber => "cpr_replacement_number" [],
    /// Warning: a CPR number in a free text.
    CprInFreeText => "cpr_in_free_text" [],
}

impl Form {
    /// Every problem, in the order of the form. What is hidden is not checked.
    pub fn validate(&self, fields: &Fields, today: NaiveDate) -> Vec<FieldProblem> {
        self.fields
            .iter()
            .filter_map(|field| self.problem(field, fields, today))
            .collect()
    }

    /// The problems of one step.
    pub fn validate_step(&self, step: u8, fields: &Fields, today: NaiveDate) -> Vec<FieldProblem> {
        let of_step = self.fields.iter().filter(|field| field.step == step);
        of_step
            .filter_map(|field| self.problem(field, fields, today))
            .collect()
    }

    /// What staff should look at twice; none of it stops the case.
    pub fn warnings(&self, fields: &Fields) -> Vec<FieldProblem> {
        let shown = self
            .fields
            .iter()
            .filter(|field| self.is_shown(field, fields));
        shown.flat_map(|field| warnings(field, fields)).collect()
    }

    /// The two texts of a problem: for the summary, and for the field.
    pub fn explain(&self, problem: &FieldProblem, texts: &Texts) -> (String, String) {
        let field = self.field(&problem.field);
        let label = field.map(|field| field.label.as_str()).unwrap_or_default();
        let mut values = vec![("label", label)];
        values.extend(
            problem
                .values
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        let code = problem.code.code();
        match field.and_then(|field| field.messages.get(code)) {
            Some(own) => (fill(&own.summary, &values), fill(&own.at_field, &values)),
            None => (
                texts.say(&format!("problem.{code}"), &values),
                texts.say(&format!("problem_at_field.{code}"), &values),
            ),
        }
    }

    fn problem(&self, field: &Field, fields: &Fields, today: NaiveDate) -> Option<FieldProblem> {
        if !self.is_shown(field, fields) {
            return None;
        }
        let required = self.is_required(field, fields);
        match fields.get(&field.id) {
            Some(value) if !value.is_empty() => {
                self.value_problem(field, value, required, fields, today)
            }
            Some(_) | None if !required => None,
            Some(_) | None if field.must_be_true => found(field, ProblemCode::MustBeConfirmed),
            Some(_) | None => found(field, ProblemCode::Required),
        }
    }

    fn value_problem(
        &self,
        field: &Field,
        value: &FieldValue,
        required: bool,
        fields: &Fields,
        today: NaiveDate,
    ) -> Option<FieldProblem> {
        match (field.kind, value) {
            (FieldKind::Flag, FieldValue::Flag(on)) => {
                let missing = field.must_be_true && required && !on;
                if missing {
                    found(field, ProblemCode::MustBeConfirmed)
                } else {
                    None
                }
            }
            (FieldKind::Choices, FieldValue::List(values)) => {
                let offered =
                    |value: &String| self.choices(field, fields).any(|c| c.value == *value);
                if values.iter().all(offered) {
                    None
                } else {
                    found(field, ProblemCode::NotAChoice)
                }
            }
            (FieldKind::Text | FieldKind::Multiline, FieldValue::Text(text)) => {
                text_problem(field, text)
            }
            (FieldKind::Choice, FieldValue::Text(text)) => {
                short_answer(field, text).or_else(|| {
                    let offered = self
                        .choices(field, fields)
                        .any(|choice| choice.value == *text);
                    if offered {
                        None
                    } else {
                        found(field, ProblemCode::NotAChoice)
                    }
                })
            }
            (FieldKind::Date, FieldValue::Text(text)) => {
                short_answer(field, text).or_else(|| date_problem(field, text, today))
            }
            (FieldKind::Cpr, FieldValue::Text(text)) => short_answer(field, text)
                .or_else(|| cpr_problem(field, text, today))
                .or_else(|| self.repeated(field, text, fields)),
            _ => found(field, ProblemCode::WrongType),
        }
    }

    fn repeated(&self, field: &Field, text: &str, fields: &Fields) -> Option<FieldProblem> {
        let other = field.differs_from.as_deref()?;
        let FieldValue::Text(theirs) = fields.get(other)? else {
            return None;
        };
        let same = Cpr::parse(text).is_ok_and(|mine| Cpr::parse(theirs) == Ok(mine));
        let label = self
            .field(other)
            .map(|other| other.label.clone())
            .unwrap_or_default();
        same.then(|| problem(field, ProblemCode::SameAsOther, vec![("other", label)]))
    }
}

fn problem(field: &Field, code: ProblemCode, values: Vec<(&'static str, String)>) -> FieldProblem {
    FieldProblem {
        field: field.id.clone(),
        code,
        values,
    }
}

fn found(field: &Field, code: ProblemCode) -> Option<FieldProblem> {
    Some(problem(field, code, Vec::new()))
}

fn short_answer(field: &Field, text: &str) -> Option<FieldProblem> {
    (text.chars().count() > LONGEST_SHORT_ANSWER).then(|| {
        let maximum = vec![("maximum", LONGEST_SHORT_ANSWER.to_string())];
        problem(field, ProblemCode::TooLong, maximum)
    })
}

fn text_problem(field: &Field, text: &str) -> Option<FieldProblem> {
    let length = text.trim().chars().count();
    if let Some(maximum) = field.max_length.filter(|maximum| length > *maximum) {
        return Some(problem(
            field,
            ProblemCode::TooLong,
            vec![("maximum", maximum.to_string())],
        ));
    }
    let line_break_is_fine = field.kind == FieldKind::Multiline;
    if text
        .chars()
        .any(|c| is_invisible(c) && !(line_break_is_fine && matches!(c, '\n' | '\r')))
    {
        return found(field, ProblemCode::ControlCharacter);
    }
    if let Some(minimum) = field.min_length.filter(|minimum| length < *minimum) {
        return Some(problem(
            field,
            ProblemCode::TooShort,
            vec![("minimum", minimum.to_string())],
        ));
    }
    match field.pattern {
        Some(Pattern::Phone) if !looks_like_phone(text) => {
            found(field, ProblemCode::PhoneUnreadable)
        }
        Some(Pattern::Email) if !looks_like_email(text) => {
            found(field, ProblemCode::EmailUnreadable)
        }
        Some(Pattern::Municipality) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            found(field, ProblemCode::MunicipalityUnreadable)
        }
        Some(_) | None => None,
    }
}

fn date_problem(field: &Field, text: &str, today: NaiveDate) -> Option<FieldProblem> {
    let Some(day) = read_date(text) else {
        return found(field, ProblemCode::DateUnreadable);
    };
    if let Some(latest) = field
        .not_after
        .map(|limit| limit.on(today))
        .filter(|last| day > *last)
    {
        return Some(if latest == today {
            problem(
                field,
                ProblemCode::DateInFuture,
                vec![("today", show_date(today))],
            )
        } else {
            problem(
                field,
                ProblemCode::DateTooLate,
                vec![("latest", show_date(latest))],
            )
        });
    }
    let earliest = field
        .not_before
        .map(|limit| limit.on(today))
        .filter(|first| day < *first)?;
    Some(problem(
        field,
        ProblemCode::DateTooEarly,
        vec![("earliest", show_date(earliest))],
    ))
}

fn cpr_problem(field: &Field, text: &str, today: NaiveDate) -> Option<FieldProblem> {
    match Cpr::parse(text) {
        Ok(cpr) if cpr.birth_date() > today => found(field, ProblemCode::CprNotYetBorn),
        Ok(_) => None,
        Err(CprError::NoSuchMonth | CprError::NoSuchDay) => {
            found(field, ProblemCode::CprNoSuchDate)
        }
        Err(
            CprError::Empty
            | CprError::NotADigit { .. }
            | CprError::HyphenMisplaced
            | CprError::WrongLength { .. },
        ) => found(field, ProblemCode::CprNotTenDigits),
    }
}

fn warnings(field: &Field, fields: &Fields) -> Option<FieldProblem> {
    let FieldValue::Text(text) = fields.get(&field.id)? else {
        return None;
    };
    if field.kind == FieldKind::Cpr {
        let cpr = Cpr::parse(text).ok()?;
        return match cpr.warnings().first() {
            None => None,
            Some(_) if cpr.kind() == CprKind::Replacement => {
                found(field, ProblemCode::CprReplacementNumber)
            }
            Some(_) => found(field, ProblemCode::CprModulus11),
        };
    }
    let free = field.free_text && holds_cpr(text);
    if free {
        found(field, ProblemCode::CprInFreeText)
    } else {
        None
    }
}

/// Whether a text holds something that reads as a CPR number.
pub fn holds_cpr(text: &str) -> bool {
    let signs: Vec<char> = text.chars().collect();
    let is_digit = |at: usize| signs.get(at).is_some_and(char::is_ascii_digit);
    // However it is written: in one piece, or with any one sign that is no digit or letter between day and number.
    let reads_at = |start: usize, between: usize| {
        let number = start + 6 + between..start + 10 + between;
        let digits: String = (start..start + 6)
            .chain(number.clone())
            .filter(|at| is_digit(*at))
            .map(|at| signs[at])
            .collect();
        let divided = (start + 6..number.start).all(|at| !signs[at].is_alphanumeric());
        digits.len() == 10 && divided && !is_digit(number.end) && Cpr::parse(&digits).is_ok()
    };
    (0..signs.len()).any(|start| {
        let begins = is_digit(start) && (start == 0 || !is_digit(start - 1));
        begins && (reads_at(start, 0) || start + 7 < signs.len() && reads_at(start, 1))
    })
}

/// Control characters, and marks that turn the direction of writing: neither belongs in a field.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn looks_like_phone(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-' | '(' | ')');
    text.chars().all(allowed) && text.chars().any(|c| c.is_ascii_digit())
}

fn looks_like_email(text: &str) -> bool {
    let text = text.trim();
    let Some((name, place)) = text.rsplit_once('@') else {
        return false;
    };
    let dotted = place
        .split_once('.')
        .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    !name.is_empty() && dotted && !text.contains(char::is_whitespace)
}
