//! Papers of every computer of a municipality are believed by whoever knows the municipality's key.

use std::process::Command;

use skranke_app::App;
use skranke_app::api::case::CaseView;
use skranke_app::api::paper::PaperRequest;
use skranke_protocol::receipt_code;

use super::{TENANT, Town, granted, register};

pub(crate) fn receipt_of(case: &CaseView) -> PaperRequest {
    PaperRequest {
        case_id: Some(case.row.id.clone()),
        draft_id: None,
        kind: "exemption_receipt".to_owned(),
        large_print: false,
        enclosure: false,
    }
}

/// The codes a reader finds on the printed receipt of a case.
pub(crate) fn codes(app: &App, case: &CaseView) -> Vec<String> {
    let request = receipt_of(case);
    let folder = tempfile::tempdir().unwrap();
    let pdf = folder.path().join("paper.pdf");
    std::fs::write(&pdf, app.paper_prepare(&request).unwrap().pdf).unwrap();
    let status = Command::new("pdftoppm")
        .args(["-r", "200", "-gray", "-png", "-singlefile"])
        .arg(&pdf)
        .arg(folder.path().join("page"))
        .status()
        .unwrap();
    assert!(status.success());
    let page = image::open(folder.path().join("page.png")).unwrap();
    // Held over the lower left quarter, where the code stands.
    let (width, height) = (page.width() / 2, page.height() / 2);
    let part = page.crop_imm(0, height, width, height).to_luma8();
    let (width, height) = (part.width() as usize, part.height() as usize);
    let grey = part.into_raw();
    rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x])
        .detect_grids()
        .into_iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn receipts_of_two_computers_are_checked_with_the_same_key() {
    let town = Town::new();
    let key = town.central.as_ref().unwrap().central();
    let key = key.municipality_key(TENANT);
    let mut devices = Vec::new();
    for (counter, cpr, name) in [
        ("first", "0201703984", "Aase Lindholm"),
        ("second", "2304483984", "Bodil Kvist"),
    ] {
        let app = town.counter(counter);
        app.sync_now(()).unwrap();
        let case = granted(&app, cpr, name);
        register(&app, &case);

        let codes = codes(&app, &case);

        assert_eq!(codes.len(), 1, "{counter}");
        let verified = receipt_code::verify(&codes[0], &key).unwrap();
        devices.push(verified.device_code);
        let elsewhere = town.central.as_ref().unwrap().central();
        let elsewhere = elsewhere.municipality_key("991");
        assert!(
            receipt_code::verify(&codes[0], &elsewhere).is_err(),
            "another municipality's key believes nothing of this"
        );
    }
    assert_ne!(devices[0], devices[1]);
}
