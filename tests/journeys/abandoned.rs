//! Drafts nobody comes back to are deleted by rule, with the files attached to them.

use skranke_app::api::case::Decision;
use skranke_app::api::draft::{AttachRequest, AttachmentRef};
use skranke_app::api::error::ErrorCode;
use skranke_testkit::files::scanned_pdf;

use crate::office::{Office, code};

#[test]
fn an_abandoned_draft_is_deleted_after_thirty_days_with_its_files() {
    // Given a draft with a scan, left on 13 March
    let office = Office::open_at("2026-03-13 10:00");
    let sheet = office.draft().save();
    let scan = office.folder.path().join("scan.pdf");
    std::fs::write(&scan, scanned_pdf()).expect("written");
    let attached = office.app.attach(AttachRequest {
        draft_id: Some(sheet.id.clone()),
        case_id: None,
        purpose: "signed_request".to_owned(),
        path: Some(scan.to_string_lossy().into_owned()),
    });
    let digest = attached.expect("attached").digest;
    assert_eq!(
        office.app.draft_list(()).expect("listed")[0].deleted_on,
        "2026-04-12"
    );

    // When thirty days have gone, it is still there
    office.comes_back("2026-04-12 10:59", "karin");
    assert_eq!(office.app.draft_list(()).expect("listed").len(), 1);

    // Then it is gone, and so is the file
    office.comes_back("2026-04-12 11:01", "karin");
    assert!(office.app.worklist(()).expect("shown").drafts.is_empty());
    assert_eq!(
        code(office.app.draft_open(sheet.reference()).map(|d| d.id)),
        ErrorCode::DraftNotFound
    );
    assert_eq!(
        code(office.app.draft_restore(sheet.reference()).map(|d| d.id)),
        ErrorCode::DraftNotFound
    );
    let copy = office.app.attachment_copy(AttachmentRef {
        digest: digest.clone(),
        case_id: None,
        draft_id: Some(sheet.id.clone()),
        purpose: None,
    });
    assert_eq!(code(copy.map(|copy| copy.pages)), ErrorCode::DraftNotFound);
    assert!(!is_stored(&office, &digest), "nor is the file kept");
}

/// Whether the store still has a file.
fn is_stored(office: &Office, digest: &str) -> bool {
    let digest = digest.parse().expect("a digest");
    let store = office.store();
    let row = store.read().and_then(|read| read.attachment(digest));
    row.expect("read").is_some()
}

#[test]
fn an_abandoned_draft_is_deleted_also_behind_two_hundred_newer_ones() {
    let office = Office::open_at("2026-03-13 10:00");
    let old = office.draft().save();
    office.comes_back("2026-04-12 11:01", "karin");
    for _ in 0..200 {
        office.blank();
    }

    office.app.draft_list(()).expect("listed");

    assert_eq!(
        code(office.app.draft_restore(old.reference()).map(|d| d.id)),
        ErrorCode::DraftNotFound
    );
}

#[test]
fn practice_8_the_scans_of_somebody_turned_away_are_not_kept() {
    // Given a scan attached before it turned out that the ID does not hold
    let office = Office::open();
    let sheet = office.draft().untick("id_checked").save();
    let scan = office.folder.path().join("scan.pdf");
    std::fs::write(&scan, scanned_pdf()).expect("written");
    let attached = office.app.attach(AttachRequest {
        draft_id: Some(sheet.id.clone()),
        case_id: None,
        purpose: "signed_request".to_owned(),
        path: Some(scan.to_string_lossy().into_owned()),
    });
    let digest = attached.expect("attached").digest;
    assert!(is_stored(&office, &digest));

    // When the person is turned away
    let turned_away = Decision::Reject {
        reason: "no_valid_id".to_owned(),
        next_step: String::new(),
    };
    sheet.decide(turned_away).expect("rejected");

    // Then the scan is gone with the draft
    assert!(!is_stored(&office, &digest));
}

#[test]
fn a_draft_somebody_works_on_is_not_abandoned() {
    let office = Office::open_at("2026-03-13 10:00");
    let sheet = office.draft().save();
    office.comes_back("2026-04-10 10:00", "karin");
    let sheet = sheet.set("phone", "70 11 22 33").save();

    office.comes_back("2026-04-20 10:00", "karin");

    assert_eq!(office.app.draft_list(()).expect("listed").len(), 1);
    office.app.draft_open(sheet.reference()).expect("opened");
}
