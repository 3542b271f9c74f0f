//! The command line where it meets the central store: what waits is sent, and a printed code is believed.

use std::process::{Command, Output};

use serde_json::Value;
use skranke_tests::window::build_folder;

use crate::enrolment::{PASSWORD, hire};
use crate::papers::codes;
use crate::{TENANT, Town, granted, register};

fn skranke(arguments: &[&str]) -> Output {
    Command::new(build_folder().unwrap().join("skranke"))
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap()
}

fn answered(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn sync_sends_what_waits_and_says_what_is_confirmed() {
    let town = Town::new();
    let app = town.counter("skranke-1");
    app.sync_now(()).unwrap();
    granted(&app, "0201703984", "Aase Lindholm");
    drop(app);
    hire(&town, "rie", &["counter"]);
    let path = |name: &str| town.folder.path().join(name).display().to_string();
    std::fs::write(path("password"), PASSWORD).unwrap();
    let url = format!("http://{}", town.address);

    let output = skranke(&[
        "sync",
        "--data",
        &path("skranke-1"),
        "--key-file",
        &path("skranke-1.key"),
        "--server",
        &url,
        "--tenant",
        TENANT,
        "--user",
        "rie",
        "--password-file",
        &path("password"),
    ]);

    let view = answered(&output);
    assert!(output.status.success(), "{view:#}");
    assert_eq!(
        (&view["confirmed"], &view["waiting"]),
        (&1.into(), &0.into())
    );
    let store = town.central.as_ref().unwrap().central().store();
    assert!(store.tenant(TENANT).unwrap().position() > 0);
}

#[test]
fn a_printed_code_is_believed_with_the_municipalitys_key_and_with_no_other() {
    let town = Town::new();
    let app = town.counter("skranke-1");
    app.sync_now(()).unwrap();
    let case = granted(&app, "0201703984", "Aase Lindholm");
    register(&app, &case);
    let code = codes(&app, &case).remove(0);
    let central = town.central.as_ref().unwrap().central();
    let verify = |tenant| {
        let key = central.municipality_key(tenant).to_string();
        skranke(&["verify-receipt", &code, "--key", &key])
    };

    let genuine = verify(TENANT);
    let view = answered(&genuine);
    assert!(genuine.status.success(), "{view:#}");
    assert_eq!(view["case_number"], case.row.number.as_str());

    let elsewhere = verify("991");
    assert_eq!(
        elsewhere.status.code(),
        Some(1),
        "{:#}",
        answered(&elsewhere)
    );
}
