//! A form that was scanned on one computer is looked at on another: fetched for that look, logged, and not kept there.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use skranke_app::App;
use skranke_app::api::case::CaseView;
use skranke_app::api::draft::{AttachRequest, AttachmentCopy, AttachmentRef};
use skranke_app::api::error::ErrorCode;
use skranke_domain::ids::Sha256Digest;
use skranke_server::attachments::AttachmentFolder;
use skranke_server::store::CentralStore;
use skranke_server::store::key_file::KeyFile;
use skranke_testkit::files::picture;

use crate::faults::opened;
use crate::{TENANT, Town, granted, sign_in_as};

/// Attaches a signed form to a case; the digest it is known by.
pub(crate) fn attach(app: &App, town: &Town, case: &CaseView, bytes: &[u8]) -> String {
    attach_from(&town.folder.path().join("anmodning.png"), app, case, bytes)
}

/// The same where there is no town at hand.
pub(crate) fn attach_from(scan: &Path, app: &App, case: &CaseView, bytes: &[u8]) -> String {
    std::fs::write(scan, bytes).unwrap();
    let request = AttachRequest {
        draft_id: None,
        case_id: Some(case.row.id.clone()),
        purpose: "signed_request".to_owned(),
        path: Some(scan.display().to_string()),
    };
    app.attach(request).unwrap().digest
}

pub(crate) fn look(app: &App, case: &CaseView, digest: &str) -> Result<AttachmentCopy, ErrorCode> {
    app.attachment_copy(AttachmentRef {
        digest: digest.to_owned(),
        case_id: Some(case.row.id.clone()),
        draft_id: None,
        purpose: Some("case_work".to_owned()),
    })
    .map_err(|error| error.code)
}

/// The bytes of a form as the central store gives them out.
pub(crate) fn in_the_centre(town: &Town, digest: &str) -> Vec<u8> {
    let path = |name: &str| town.folder.path().join(name);
    let key = KeyFile::read(&path("central.key")).unwrap();
    let folder = AttachmentFolder::open(&path("central.attachments"), key.as_bytes()).unwrap();
    folder.read(TENANT, &digest.parse().unwrap()).unwrap()
}

/// The sealed files of a computer.
fn sealed(town: &Town, name: &str) -> Vec<PathBuf> {
    let folder = town.folder.path().join(name).join("attachments");
    let files = std::fs::read_dir(folder).into_iter().flatten();
    files.map(|file| file.unwrap().path()).collect()
}

/// A case with a scanned form, made at one counter and known at another.
fn scanned() -> (Town, App, App, CaseView, String) {
    let town = Town::new();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    let case = granted(&one, "0201703984", "Aase Lindholm");
    let digest = attach(&one, &town, &case, &picture(60, 80));
    (town, one, other, case, digest)
}

#[test]
fn a_form_scanned_at_one_counter_is_seen_at_another_logged_there_and_in_the_centre_and_not_kept() {
    let (town, one, other, case, digest) = scanned();
    Town::meet(&one, &other);

    let seen = look(&other, &case, &digest).unwrap();

    let shown = STANDARD.decode(&seen.pages[0]).unwrap();
    assert_eq!(seen.pages, look(&one, &case, &digest).unwrap().pages);
    assert_ne!(shown, picture(60, 80), "encoded anew, not as it came");

    // The central store says who looked, at which computer and why
    look(&other, &case, &digest).unwrap();
    let rows = town.central_store().audit(TENANT, None, 1_000).unwrap();
    let looks: Vec<_> = rows
        .iter()
        .filter(|row| row.action == "attachment_read" && row.detail == digest)
        .collect();
    assert_eq!(looks.len(), 2, "each look is one line");
    assert!(looks.iter().all(|row| row.purpose == "case_work"));
    assert!(looks.iter().all(|row| row.staff_id.is_some()));
    let named = looks.iter().filter_map(|row| row.case_id);
    assert!(named.eq([&case.row.id; 2].map(|id| id.parse().unwrap())));

    // Nothing of it stays at the other computer
    drop(other);
    assert_eq!(sealed(&town, "skranke-1").len(), 2, "the form and its copy");
    assert_eq!(sealed(&town, "skranke-2"), Vec::<PathBuf>::new());
    let store = opened(town.folder.path(), "skranke-2");
    let name: Sha256Digest = digest.parse().unwrap();
    assert!(store.read().unwrap().attachment(name).unwrap().is_none());
}

#[test]
fn without_a_line_it_is_said_where_the_form_is_and_its_own_counter_sees_it_all_the_same() {
    let (mut town, one, other, case, digest) = scanned();
    Town::meet(&one, &other);
    town.close_central();

    assert_eq!(
        look(&other, &case, &digest).err(),
        Some(ErrorCode::AttachmentElsewhere)
    );
    assert!(look(&one, &case, &digest).is_ok());
}

#[test]
fn a_form_that_has_not_been_sent_yet_is_said_to_be_at_its_own_counter() {
    // Given a counter that sent what was done, and lost the line before the form itself
    let (town, one, other, case, digest) = scanned();
    let forms = town.folder.path().join("skranke-1").join("attachments");
    let aside = town.folder.path().join("aside");
    std::fs::rename(&forms, &aside).unwrap();
    one.sync_now(()).unwrap();
    std::fs::rename(&aside, &forms).unwrap();
    other.sync_now(()).unwrap();

    assert_eq!(
        look(&other, &case, &digest).err(),
        Some(ErrorCode::AttachmentNotSent)
    );

    one.sync_now(()).unwrap();
    assert!(
        look(&other, &case, &digest).is_ok(),
        "after the next contact"
    );
}

#[test]
fn who_may_not_see_the_channel_does_not_reach_the_form_through_the_central_store() {
    let (town, one, other, case, digest) = scanned();
    Town::meet(&one, &other);
    sign_in_as(&other, "omar");

    assert_eq!(
        look(&other, &case, &digest).err(),
        Some(ErrorCode::NotPermitted)
    );

    let rows = town.central_store().audit(TENANT, None, 1_000).unwrap();
    assert!(rows.iter().all(|entry| entry.action != "attachment_read"));
}
