//! Bad input, made from the definitions: every field must complain, in Danish.

use std::collections::BTreeSet;

use skranke_forms::bad_input::{Fault, matrix, sound_with};
use skranke_forms::{FieldKind, Form, Forms};

use crate::{day, edited, forms};

/// A form for each rule set and version, with and without the settings that show more fields.
fn every_form() -> Vec<(Form, Forms)> {
    let plain = forms();
    let wide = edited(
        "profiles/demo.toml",
        "record_ground = false",
        "record_ground = true",
    )
    .expect("a municipality may record the ground");
    let mut all = Vec::new();
    for forms in [plain, wide] {
        for signed_on in ["2014-04-15", "2015-02-03", "2020-05-05", "2026-03-02"] {
            let profile = forms.profile("demo").expect("it exists");
            let form = forms
                .exemption_form(day(signed_on), profile)
                .expect("a form");
            all.push((form, forms.clone()));
        }
    }
    all
}

#[test]
fn every_field_complains_of_every_fault_in_danish() {
    let today = day("2026-03-13");
    let mut rows = 0;
    for (form, forms) in every_form() {
        for row in matrix(&form, today) {
            let found = form.validate(&row.fields, today);
            let of_field = found.iter().find(|problem| problem.field == row.field);
            let context = format!("{} {:?} under {:?}", row.field, row.fault, form.rule_set);
            assert_eq!(
                of_field.map(|problem| problem.code),
                row.expected,
                "{context}"
            );
            assert_eq!(
                found.len(),
                usize::from(row.expected.is_some()),
                "nothing else: {context}"
            );
            if let Some(problem) = of_field {
                let (summary, at_field) = form.explain(problem, forms.texts());
                for text in [summary, at_field] {
                    assert!(text.len() > 5 && !text.contains('{'), "{context}: {text}");
                    assert!(!text.starts_with("problem"), "{context} has no text");
                }
            }
            rows += 1;
        }
    }
    assert!(rows > 8 * 100, "the matrix covers the form, {rows} rows");
}

#[test]
fn every_field_is_in_the_matrix() {
    let today = day("2026-03-13");
    let mut defined = BTreeSet::new();
    let mut covered = BTreeSet::new();
    for (form, _) in every_form() {
        defined.extend(form.fields.iter().map(|field| field.id.clone()));
        let rows = matrix(&form, today);
        covered.extend(rows.iter().map(|row| row.field.clone()));
        for field in rows
            .iter()
            .map(|row| row.field.clone())
            .collect::<BTreeSet<_>>()
        {
            let faults = rows.iter().filter(|row| row.field == field).count();
            assert_eq!(faults, Fault::ALL.len(), "{field}");
        }
    }

    assert_eq!(defined, covered);
}

#[test]
fn a_sound_form_has_no_problem_for_any_field() {
    let today = day("2026-03-13");
    for (form, _) in every_form() {
        for field in &form.fields {
            if let Some(filled) = sound_with(&form, field, today) {
                assert_eq!(form.validate(&filled, today), [], "{}", field.id);
            }
        }
    }
}

#[test]
fn a_field_that_must_be_filled_says_so_when_it_is_blank() {
    let today = day("2026-03-13");
    for (form, _) in every_form() {
        for field in form
            .fields
            .iter()
            .filter(|field| field.kind != FieldKind::Flag)
        {
            let Some(mut filled) = sound_with(&form, field, today) else {
                continue;
            };
            filled.insert(field.id.clone(), " \u{00A0} ".into());
            let required = form.is_required(field, &filled);
            let complains = form
                .validate(&filled, today)
                .iter()
                .any(|p| p.field == field.id);
            assert_eq!(
                complains, required,
                "blanks are not an answer: {}",
                field.id
            );
        }
    }
}
