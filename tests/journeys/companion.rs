//! The right to have somebody along, and to be helped to sign.

use skranke_app::api::error::ErrorCode;

use crate::office::{Office, code};

#[test]
fn row_4_33_a_companion_is_recorded_named_or_not() {
    // Given a citizen with a companion who wants no name written
    let office = Office::open();
    let unnamed = office
        .draft()
        .tick("companion_present")
        .grant()
        .expect("granted");
    let fact = unnamed
        .facts
        .iter()
        .find(|fact| fact.label == "label.companion");
    assert!(!fact.expect("the companion").value.is_empty());

    // When another gives their name
    let named = office
        .draft()
        .tick("companion_present")
        .set("companion_name", "Else Marie Toft")
        .grant()
        .expect("granted");

    // Then it stands on the case and on no paper
    let fact = named
        .facts
        .iter()
        .find(|fact| fact.label == "label.companion");
    assert_eq!(fact.expect("the companion").value, "Else Marie Toft");
    for kind in ["interim_paper", "request"] {
        assert!(
            !office.words(&named.row.id, kind).contains("Toft"),
            "{kind}"
        );
    }
}

#[test]
fn a_companion_who_left_again_leaves_no_name_behind() {
    let office = Office::open();
    let case = office
        .draft()
        .set("companion_name", "Else Marie Toft")
        .untick("companion_present")
        .grant()
        .expect("granted");

    let told = serde_json::to_string(&case).expect("JSON");

    assert!(!told.contains("Toft"), "a hidden field is not kept");
}

#[test]
fn who_cannot_sign_needs_a_reason_and_a_witness() {
    let office = Office::open();
    let unable = || office.draft().set("signing_method", "unable");
    let check = unable().check();
    let fields: Vec<&str> = check.problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(fields[..2], ["unable_reason", "witness_name"]);
    assert_eq!(code(unable().grant()), ErrorCode::InvalidFields);

    let witnessed = unable()
        .gone_through()
        .set("unable_reason", "Armen er i gips")
        .set("witness_name", "Else Marie Toft");

    let case = witnessed.grant().expect("granted");
    assert!(
        office
            .words(&case.row.id, "request")
            .contains("Else Marie Toft")
    );
}

#[test]
fn what_is_not_covered_is_gone_through_with_whoever_signs_no_paper_that_says_it() {
    // Given a citizen who signs on paper: the form that is signed says it
    let office = Office::open();
    let signed = office.draft();
    let reference = signed.reference();
    assert!(signed.check().problems.is_empty());
    let paper = office
        .app
        .paper_preview(crate::office::of_draft(&reference.id, "request"));
    let words = crate::office::words_of(&crate::office::pdf_of(&paper.expect("made")));
    assert!(words.contains("Det dækker fritagelsen ikke"), "{words}");

    // When a citizen cannot sign
    let witnessed = || {
        office
            .draft()
            .set("signing_method", "unable")
            .set("unable_reason", "Armen er i gips")
            .set("witness_name", "Else Marie Toft")
    };

    // Then each line is to be gone through, and said so
    let check = witnessed().check();
    let fields: Vec<&str> = check.problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "understood_payslips",
            "understood_su",
            "understood_private_post",
            "understood_nemsms"
        ]
    );
    assert_eq!(code(witnessed().grant()), ErrorCode::InvalidFields);
    witnessed().gone_through().grant().expect("granted");
}

#[test]
fn practice_13_a_number_in_a_free_text_is_warned_about() {
    let office = Office::open();
    let sheet = |reason: &str| {
        office
            .draft()
            .set("signing_method", "unable")
            .set("unable_reason", reason)
            .set("witness_name", "Else Marie Toft")
    };
    let warned = "cpr_in_free_text".to_owned();
    assert!(!sheet("Armen er i gips").check().warnings.contains(&warned));

    let check = sheet("Se sagen om 221177-1212").check();

    assert!(check.warnings.contains(&warned));
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    assert!(forms.texts().get("warning.cpr_in_free_text").is_some());
}

#[test]
fn practice_12_signing_on_screen_is_possible_only_where_the_profile_allows_it() {
    use skranke_app::api::draft::ScreenSignatureRequest;
    let shut = Office::open();
    let sheet = shut.draft().set("signing_method", "screen");
    assert_eq!(sheet.check().problems[0].code, "not_a_choice");
    let drawn = ScreenSignatureRequest {
        draft_id: sheet.id.clone(),
        png_base64: String::new(),
    };
    assert_eq!(
        code(shut.app.screen_signature(drawn)),
        ErrorCode::NotPermitted
    );

    let open = Office::with_profile(|text| {
        text.replace("screen_signature = false", "screen_signature = true")
    });

    let sheet = open.draft().gone_through();
    let sheet = sheet.set("signing_method", "screen");
    assert!(sheet.check().problems.is_empty());
    for (png_base64, fault) in [
        (String::new(), ErrorCode::FileEmpty),
        ("ikke base64!".to_owned(), ErrorCode::FileDamaged),
        (
            "JVBERi0xLjcKJSVFT0Y=".to_owned(),
            ErrorCode::FileTypeUnsupported,
        ),
    ] {
        let drawn = ScreenSignatureRequest {
            draft_id: sheet.id.clone(),
            png_base64,
        };
        assert_eq!(code(open.app.screen_signature(drawn)), fault);
    }
}
