//! Files that are not what they say: each is refused in words, and the draft keeps what it had.

use std::fs::File;
use std::path::Path;

use skranke_app::api::draft::AttachRequest;
use skranke_app::api::error::ErrorCode;
use skranke_testkit::files::{pdf_of, png_that_claims, scanned_pdf};

use crate::office::{Office, Sheet, code, said};

fn attach(
    office: &Office,
    sheet: &Sheet<'_>,
    path: &Path,
) -> Result<String, skranke_app::AppError> {
    let request = AttachRequest {
        draft_id: Some(sheet.id.clone()),
        case_id: None,
        purpose: "signed_power_of_attorney".to_owned(),
        path: Some(path.to_string_lossy().into_owned()),
    };
    office.app.attach(request).map(|file| file.file_name)
}

#[test]
fn files_that_are_not_what_they_say_are_refused_in_words_and_nothing_typed_is_lost() {
    // Given a draft with one good scan, and a folder of bad files
    let office = Office::open();
    let sheet = office.draft_with_representative().save();
    let folder = tempfile::tempdir().expect("a folder");
    let good = folder.path().join("fuldmagt.pdf");
    std::fs::write(&good, scanned_pdf()).expect("written");
    attach(&office, &sheet, &good).expect("attached");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let huge = folder.path().join("stor.pdf");
    File::create(&huge)
        .and_then(|file| file.set_len(2 * 1024 * 1024 * 1024))
        .expect("sparse");
    let bad = [
        (
            write("brev.pdf", b"<html>ikke en PDF</html>"),
            ErrorCode::FileTypeUnsupported,
        ),
        (
            write("program.pdf", b"MZ\x90\x00"),
            ErrorCode::FileTypeUnsupported,
        ),
        (write("tom.pdf", b""), ErrorCode::FileEmpty),
        (
            write("halv.pdf", &scanned_pdf()[..60]),
            ErrorCode::FileDamaged,
        ),
        (
            write("tom-skal.pdf", b"%PDF-1.7\nikke mere\n%%EOF\n"),
            ErrorCode::FileDamaged,
        ),
        (
            write("bog.pdf", &pdf_of(&[""; 21])),
            ErrorCode::TooManyPages,
        ),
        (
            write("bombe.png", &png_that_claims(60_000, 60_000)),
            ErrorCode::ImageTooLarge,
        ),
        (
            write("halv.png", &png_that_claims(20, 20)),
            ErrorCode::FileDamaged,
        ),
        (huge, ErrorCode::FileTooLarge),
        (folder.path().to_owned(), ErrorCode::FileUnreadable),
        (
            folder.path().join("Sentinelsen 2512169996.pdf"),
            ErrorCode::FileUnreadable,
        ),
    ];

    // When each is attached
    for (path, expected) in bad {
        let error = attach(&office, &sheet, &path).expect_err("must be refused");

        // Then it is told which fault it has, what to do, and not what the file is called
        assert_eq!(error.code, expected, "{}", path.display());
        said(&error);
        let log = format!("{} {:?}", error.log_line(), error.params);
        assert!(
            !log.contains("Sentinelsen") && !log.contains(".pdf"),
            "{log}"
        );
    }

    // And the draft is as it was
    let back = office.app.draft_open(sheet.reference()).expect("opened");
    assert_eq!(back.fields, sheet.fields);
    assert_eq!(back.attachments.len(), 1);
}

#[test]
fn a_file_name_is_words_and_never_a_path_a_direction_or_a_number() {
    let office = Office::open();
    let sheet = office.draft_with_representative().save();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, kept) in [
        ("scan\u{202e}fdp.exe", "scanfdp.pdf"),
        ("251216-9996.pdf", "bilag.pdf"),
        ("C:\\Users\\fuldmagt.pdf", "fuldmagt.pdf"),
        ("Fuldmagt Åse.PDF", "Fuldmagt Åse.pdf"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, scanned_pdf()).expect("written");
        assert_eq!(
            attach(&office, &sheet, &path).expect("attached"),
            kept,
            "{name}"
        );
    }
}

#[test]
fn a_file_goes_to_a_draft_or_a_case_that_is_there() {
    let office = Office::open();
    let path = office.folder.path().join("scan.pdf");
    std::fs::write(&path, scanned_pdf()).expect("written");
    let request = |draft: Option<&str>, case: Option<&str>, purpose: &str| AttachRequest {
        draft_id: draft.map(str::to_owned),
        case_id: case.map(str::to_owned),
        purpose: purpose.to_owned(),
        path: Some(path.to_string_lossy().into_owned()),
    };
    let nobody = "00000000-0000-0000-0000-000000000000";
    for (asked, expected) in [
        (
            request(Some(nobody), None, "other"),
            ErrorCode::DraftNotFound,
        ),
        (
            request(None, Some(nobody), "other"),
            ErrorCode::CaseNotFound,
        ),
        (request(None, None, "other"), ErrorCode::MalformedRequest),
        (
            request(Some(nobody), Some(nobody), "other"),
            ErrorCode::MalformedRequest,
        ),
        (
            request(Some(nobody), None, "ukendt"),
            ErrorCode::MalformedRequest,
        ),
    ] {
        assert_eq!(
            code(office.app.attach(asked).map(|file| file.digest)),
            expected
        );
    }

    let sheet = office.draft().save();
    office.app.draft_delete(sheet.reference()).expect("deleted");
    let outcome = office.app.attach(request(Some(&sheet.id), None, "other"));
    assert_eq!(
        code(outcome.map(|file| file.digest)),
        ErrorCode::DraftNotFound,
        "nothing is added to what was deleted"
    );
}

#[test]
fn a_scan_added_to_a_decided_case_stands_on_its_page() {
    let office = Office::open();
    let case = office.granted().row.id;
    let path = office.folder.path().join("anmodning.pdf");
    std::fs::write(&path, scanned_pdf()).expect("written");
    let request = AttachRequest {
        draft_id: None,
        case_id: Some(case.clone()),
        purpose: "signed_request".to_owned(),
        path: Some(path.to_string_lossy().into_owned()),
    };

    office.app.attach(request).expect("attached");

    let shown = office.show(&case);
    assert_eq!(shown.attachments[0].purpose, "signed_request");
    assert_eq!(shown.attachments[0].size_bytes, scanned_pdf().len() as u64);
}
