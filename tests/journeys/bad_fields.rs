//! Every field of the form empty, too long, of the wrong type and out of range: told in Danish, kept as typed, and
//! nothing personal in any error.

use skranke_app::api::draft::{FieldValue, Fields};
use skranke_app::api::error::ErrorCode;
use skranke_forms::bad_input::{BadInput, Fault, matrix};
use skranke_forms::{FieldValue as FormValue, Forms};

use crate::office::{MORNING, Office, said};

fn as_typed(fields: skranke_forms::Fields) -> Fields {
    let plain = |value| match value {
        FormValue::Text(text) => FieldValue::Text(text),
        FormValue::Flag(on) => FieldValue::Flag(on),
        FormValue::List(values) => FieldValue::Many(values),
    };
    fields
        .into_iter()
        .map(|(id, value)| (id, plain(value)))
        .collect()
}

fn rows_on(wall_clock: &str) -> Vec<BadInput> {
    let forms = Forms::embedded().expect("the shipped forms");
    let profile = forms.profile("demo").expect("the profile");
    let today = wall_clock[..10].parse().expect("a day");
    let form = forms.exemption_form(today, profile).expect("the form");
    matrix(&form, today)
}

#[test]
fn every_bad_field_is_told_in_danish_and_kept_as_typed() {
    every_bad_field_on(MORNING);
}

#[test]
fn every_bad_field_of_the_first_form_is_told_in_danish_and_kept_as_typed() {
    every_bad_field_on("2014-05-05 10:00");
}

fn every_bad_field_on(wall_clock: &str) {
    let office = Office::open_at(wall_clock);
    let rows = rows_on(wall_clock);
    assert!(rows.len() > 120, "the matrix has {} rows", rows.len());
    let mut expected_faults = 0;
    for row in rows {
        // Given a form that is sound but for one field
        let mut sheet = office.blank();
        sheet.fields = as_typed(row.fields.clone());
        let what = format!("{} {:?}", row.field, row.fault);

        // When it is saved and checked
        sheet
            .try_save()
            .unwrap_or_else(|error| panic!("{what}: {}", error.log_line()));
        let request = skranke_app::api::draft::DraftCheckRequest {
            id: sheet.id.clone(),
            step: 6,
        };
        let check = office.app.draft_check(request).expect("checked");

        // Then exactly that field has its problem, in words
        let problems: Vec<_> = check
            .problems
            .iter()
            .filter(|p| p.field == row.field)
            .collect();
        match row.expected {
            None => assert!(problems.is_empty(), "{what}: {problems:?}"),
            Some(code) => {
                expected_faults += 1;
                assert_eq!(problems.len(), 1, "{what}: {problems:?}");
                assert_eq!(problems[0].code, code.code(), "{what}");
                for text in [&problems[0].summary, &problems[0].at_field] {
                    assert!(!text.is_empty() && !text.contains('{'), "{what}: {text}");
                    assert!(!text.starts_with("problem"), "{what} has no words: {text}");
                }
            }
        }

        // And what was typed is there as typed
        let back = office.app.draft_open(sheet.reference()).expect("opened");
        assert_eq!(back.fields, sheet.fields, "{what}");
    }
    assert!(
        expected_faults > 100,
        "only {expected_faults} faults were expected"
    );
}

#[test]
fn no_bad_field_of_the_first_four_steps_leads_to_a_grant() {
    let office = Office::open();
    let forms = Forms::embedded().expect("the shipped forms");
    let profile = forms.profile("demo").expect("the profile");
    let today = MORNING[..10].parse().expect("a day");
    let form = forms.exemption_form(today, profile).expect("the form");
    // One fault of each field is enough here: the check itself is shown above.
    for row in rows_on(MORNING)
        .into_iter()
        .filter(|row| row.fault == Fault::WrongType)
    {
        let step = form.field(&row.field).expect("there").step;
        if step > 4 {
            continue;
        }
        let mut sheet = office.blank();
        sheet.fields = as_typed(row.fields);

        let error = sheet.grant().err();

        let error = error.unwrap_or_else(|| panic!("{} was granted", row.field));
        assert_eq!(error.code, ErrorCode::InvalidFields, "{}", row.field);
        said(&error);
        assert!(
            error.params.values().all(|value| value.is_ascii()),
            "codes only: {:?}",
            error.params
        );
    }
}

#[test]
fn more_than_a_field_can_ever_hold_is_refused_by_name_and_what_was_saved_stays() {
    let office = Office::open();
    let sheet = office.draft().save();
    let before = sheet.fields.clone();

    let sheet = sheet.set("citizen_name", &"Aase Lindholm ".repeat(10_000));
    let error = sheet.try_save().expect_err("too long");

    assert_eq!(error.code, ErrorCode::InvalidFields);
    assert_eq!(error.params["field"], "citizen_name");
    assert!(!error.log_line().contains("Aase"));
    assert_eq!(
        office
            .app
            .draft_open(sheet.reference())
            .expect("opened")
            .fields,
        before
    );
}

#[test]
fn fields_nobody_knows_are_kept_and_ignored() {
    let office = Office::open();
    let sheet = office.draft().set("ukendt_felt", "noget");

    let case = sheet.grant().expect("granted");

    assert!(
        !serde_json::to_string(&case)
            .expect("JSON")
            .contains("noget")
    );
}

#[test]
fn a_request_of_another_shape_is_refused_and_says_nothing_of_what_it_held() {
    let office = Office::open();
    let strange = serde_json::json!({ "id": 7, "navn": "Sentinelsen" });
    for name in skranke_app::COMMANDS {
        let answer = skranke_app::dispatch(&office.app, name, strange.clone());
        let error = answer.expect_err(name);
        assert_eq!(error.code, ErrorCode::MalformedRequest, "{name}");
        assert!(!error.log_line().contains("Sentinelsen"), "{name}");
        said(&error);
    }
    let unknown = skranke_app::dispatch(&office.app, "findes_ikke", serde_json::Value::Null);
    assert_eq!(
        unknown.expect_err("unknown").code,
        ErrorCode::MalformedRequest
    );
}
