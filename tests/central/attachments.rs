//! A form that was scanned on one computer is looked at on another: fetched for that look, logged, and not kept there.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use skranke_app::api::case::CaseView;
use skranke_app::api::draft::{AttachRequest, AttachmentCopy, AttachmentRef};
use skranke_app::api::error::ErrorCode;
use skranke_app::{App, Clock};
use skranke_domain::ids::Sha256Digest;
use skranke_server::attachments::AttachmentFolder;
use skranke_server::store::key_file::KeyFile;
use skranke_testkit::files::{grainy_picture, picture};
use skranke_testkit::invariants;
use skranke_testkit::postgres::Cluster;
use skranke_testkit::small_disk::SmallDisk;

use crate::bad_lines::HURRY;
use crate::epochs::prepare;
use crate::faults::{COUNTER, Told, opened, world};
use crate::on_both::{Kind, on_both};
use crate::{TENANT, Town, granted, sign_in_as};

on_both!(
    a_form_scanned_at_one_counter_is_seen_at_another_logged_there_and_in_the_centre_and_not_kept,
    who_may_not_see_the_channel_does_not_reach_the_form_through_the_central_store,
);

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
fn scanned(kind: Kind) -> (Town, App, App, CaseView, String) {
    let town = Town::on(kind);
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    let case = granted(&one, "0201703984", "Aase Lindholm");
    let digest = attach(&one, &town, &case, &picture(60, 80));
    (town, one, other, case, digest)
}

fn a_form_scanned_at_one_counter_is_seen_at_another_logged_there_and_in_the_centre_and_not_kept(
    kind: Kind,
) {
    let (town, one, other, case, digest) = scanned(kind);
    Town::meet(&one, &other);

    let seen = look(&other, &case, &digest).unwrap();

    let shown = STANDARD.decode(&seen.pages[0]).unwrap();
    assert_eq!(seen.pages, look(&one, &case, &digest).unwrap().pages);
    assert_ne!(shown, picture(60, 80), "encoded anew, not as it came");

    // The central store says who looked, at which computer and why
    look(&other, &case, &digest).unwrap();
    let rows = town.records().audit(TENANT, None, 1_000).unwrap();
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
    let (mut town, one, other, case, digest) = scanned(Kind::Sqlite);
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
    let (town, one, other, case, digest) = scanned(Kind::Sqlite);
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

fn who_may_not_see_the_channel_does_not_reach_the_form_through_the_central_store(kind: Kind) {
    let (town, one, other, case, digest) = scanned(kind);
    Town::meet(&one, &other);
    sign_in_as(&other, "omar");

    assert_eq!(
        look(&other, &case, &digest).err(),
        Some(ErrorCode::NotPermitted)
    );

    let rows = town.records().audit(TENANT, None, 1_000).unwrap();
    assert!(rows.iter().all(|entry| entry.action != "attachment_read"));
}

/// A municipality whose scans lie on a disk of its own, and its records in `store`.
fn town_with_scans_on(disk: &SmallDisk, folder: tempfile::TempDir, store: String) -> Town {
    let scans = disk.path().join("scans");
    std::fs::create_dir(&scans).unwrap();
    std::os::unix::fs::symlink(scans, folder.path().join("central.attachments")).unwrap();
    Town::with(folder, store, None)
}

/// Forms are handed over while there is less and less room for them at the central store, and again when there is.
fn forms_end_whole_once_there_is_room(disk: &SmallDisk, town: &Town) {
    // By so much as is missing for the second piece, for the first, and for anything at all.
    let app = town.counter_at(COUNTER, Clock::System.hurried(HURRY));
    let case = granted(&app, "0201703984", "Aase Lindholm");
    assert_eq!(app.sync_now(()).unwrap().problem, "");
    let mut told = Told::default();
    told.saved.insert(case.row.id.clone());
    for (number, left_bytes) in (0..).zip([1_300_000, 300_000, 0]) {
        let story = format!("{left_bytes} bytes left");
        let form = grainy_picture(800 + number, 700);
        let digest = attach(&app, town, &case, &form);
        // That it was attached is news, too, and may find no room either.
        told.confirmed.clear();
        let full = disk.fill_but(left_bytes);

        let refused = app.sync_now(()).unwrap();

        assert_eq!(refused.problem, "server_unavailable", "{story}");
        std::fs::remove_file(full).unwrap();
        invariants::hold(&world(town, &told, &[], false), &story);

        let status = app.sync_now(()).unwrap();
        assert_eq!(
            (status.problem.as_str(), status.waiting),
            ("", 0),
            "{story}"
        );
        assert_eq!(in_the_centre(town, &digest), form, "{story}");
        told.confirmed.clone_from(&told.saved);
        invariants::hold(&world(town, &told, &[], true), &story);
    }
}

#[test]
fn a_form_that_finds_no_room_beside_an_embedded_store_ends_whole_once_there_is() {
    let name =
        "attachments::a_form_that_finds_no_room_beside_an_embedded_store_ends_whole_once_there_is";
    let Some(disk) = SmallDisk::of(name, 32) else {
        return;
    };
    let store = format!("sqlite:{}", disk.path().join("central.db").display());
    let town = town_with_scans_on(&disk, tempfile::tempdir().unwrap(), store);

    forms_end_whole_once_there_is_room(&disk, &town);
}

#[test]
fn a_form_that_finds_no_room_beside_a_postgresql_ends_whole_once_there_is() {
    let name =
        "attachments::a_form_that_finds_no_room_beside_a_postgresql_ends_whole_once_there_is";
    let Some(disk) = SmallDisk::of_nobody(name, 128) else {
        return;
    };
    let cluster = Cluster::start_on(disk.path(), &["fsync=on"]);
    let folder = tempfile::tempdir().unwrap();
    prepare(&cluster, folder.path());
    let store = format!("postgres:{}", cluster.address("skranke_runtime", "skranke"));
    let town = town_with_scans_on(&disk, folder, store);

    forms_end_whole_once_there_is_room(&disk, &town);
}
