//! A lost computer from the operator's command line, beside the running server.

use serde_json::Value;
use skranke_protocol::wire::HandOverRequest;

use crate::program::{Counter, Program, run};

/// What a command printed; it must succeed.
fn told(folder: &std::path::Path, arguments: &[&str]) -> Value {
    let tenant = [arguments, &["--tenant", "0999"]].concat();
    let (code, told, error) = run(folder, &tenant, "");
    assert_eq!(code, Some(0), "{arguments:?}: {error}");
    serde_json::from_str(&told).unwrap()
}

#[test]
fn the_operator_lists_a_lost_computer_shuts_it_out_and_reads_what_it_handed_over() {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path();
    let program = Program::start(at);
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    let opened = counter.open_case();
    counter.client.push(std::slice::from_ref(&opened)).unwrap();

    let listed = told(at, &["devices"]);
    let held = told(at, &["device-holdings", "--device", "s1"]);
    let reason = "Glemt i toget";
    let revoke = ["revoke-device", "--device", "S1", "--reason", reason];
    let revoked = told(at, &[&revoke[..], &["--wipe"]].concat());

    assert_eq!(listed["devices"][0]["code"], "S1");
    assert_eq!(listed["devices"][0]["state"], "active");
    assert_eq!(held["total"], 1);
    assert_eq!(held["cases"][0], "2026-S1-0001");
    assert_eq!(revoked["device"]["state"], "revoked");
    assert_eq!(revoked["device"]["revocation"]["reason"], reason);
    assert!(counter.client.profiles(0).is_err(), "it is out at once");
    assert!(counter.client.is_wipe_ordered().unwrap());

    // Ordered to, it hands a draft over; the operator alone can read it, in a new folder.
    let draft = HandOverRequest::Draft(r#"{"step":4}"#.to_owned());
    counter.client.hand_over(&draft).unwrap();
    let to = at.join("handed-over");
    let folder = to.to_str().unwrap();
    let written = told(at, &["handed-over", "--device", "S1", "--to", folder]);

    assert_eq!(written["drafts"], 1);
    let kept = std::fs::read_to_string(to.join("1.json")).unwrap();
    assert_eq!(kept, r#"{"step":4}"#);
    #[cfg(unix)]
    {
        let rights = std::fs::metadata(&to).unwrap().permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&rights);
        assert_eq!(mode & 0o777, 0o700, "nobody else may look into it");
    }
    let unknown = ["revoke-device", "--device", "S9", "--reason", reason];
    let (code, _, error) = run(at, &[&unknown[..], &["--tenant", "0999"]].concat(), "");
    assert_eq!(code, Some(3));
    assert!(error.contains("no device with this code"), "{error}");
}

#[test]
fn the_operator_reads_the_alarms_by_code_computer_and_time_and_no_person() {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path();
    let program = Program::start(at);
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    assert_eq!(told(at, &["alarms"])["alarms"], serde_json::json!([]));

    counter.forks();

    let answer = told(at, &["alarms"]);
    let alarms = answer["alarms"].as_array().unwrap();
    for alarm in alarms {
        let keys: Vec<_> = alarm.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["alarm", "device", "raised_at", "urgency"]);
        assert!(alarm["raised_at"].as_str().unwrap().starts_with("20"));
        assert_eq!(alarm["device"], "S1");
    }
    // The other branch of the chain is of a case that nobody opened.
    let said: Vec<_> = alarms.iter().map(|alarm| &alarm["alarm"]).collect();
    assert_eq!(said, ["rule.not_opened", "chain_fork"]);
    assert_eq!(alarms[1]["urgency"], "at_once");
}
