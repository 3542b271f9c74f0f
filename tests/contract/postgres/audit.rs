//! The audit against one who holds the database: what was sealed cannot be changed unseen.
//!
//! Basis: reliability, threat T19.

use skranke_protocol::wire::Scope;
use skranke_server::audit::{self, Fault};
use skranke_testkit::postgres::Cluster;

use super::prepared;
use crate::office::{Office, TENANT, noon};
use crate::suite::device_log;

#[test]
fn a_changed_a_removed_and_an_inserted_row_are_named() {
    let cluster = Cluster::start(&[]);
    let office = Office::over(std::sync::Arc::new(prepared(&cluster)), ());
    let mut laptop = office.laptop(1, Scope::Tenant);
    let key = skranke_protocol::signature::SigningKey::from_seed(&office.keys.signing_seed);
    let mut work = |cases: u32| {
        for _ in 0..cases {
            let (_, opening) = laptop.open_case("2512169996");
            office.push(laptop.id, &opening);
        }
    };
    let seal = || {
        let mut transaction = office.store.begin(TENANT).unwrap();
        let sealed = audit::seal(transaction.as_mut(), &key, noon()).unwrap();
        transaction.commit().unwrap();
        sealed
    };
    work(3);
    assert_eq!(seal(), 3);
    work(2);
    assert_eq!(seal(), 2);
    work(1);
    let look = || audit::verify(office.store.as_ref(), TENANT, &key.public()).unwrap();
    let whole = look().unwrap();
    assert_eq!((whole.rows, whole.seals, whole.unsealed), (6, 2, 1));

    // Each is undone again, so that only it is found.
    for (change, undo, row, seal, fault) in [
        (
            "UPDATE audit SET purpose = 'other' WHERE number = 4",
            "UPDATE audit SET purpose = 'case_work' WHERE number = 4",
            Some(4),
            Some(2),
            "changed",
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM audit WHERE number = 2; DELETE FROM audit WHERE number = 2",
            "INSERT INTO audit SELECT * FROM aside; DROP TABLE aside",
            Some(2),
            Some(1),
            "missing",
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM audit WHERE number = 6; DELETE FROM audit WHERE number = 6",
            "INSERT INTO audit SELECT * FROM aside; DROP TABLE aside",
            Some(6),
            None,
            "missing",
        ),
        (
            "INSERT INTO audit SELECT tenant, gen_random_uuid(), 7, at, device_id, staff_id, action, purpose, case_id, citizen_digest, detail FROM audit WHERE number = 1",
            "DELETE FROM audit WHERE number = 7",
            Some(7),
            None,
            "put_in",
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM audit_seal WHERE number = 1; DELETE FROM audit_seal WHERE number = 1",
            "INSERT INTO audit_seal SELECT * FROM aside; DROP TABLE aside",
            None,
            Some(1),
            "seal_missing",
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM audit_seal; UPDATE audit_seal SET digests = set_byte(digests, 0, 255 - get_byte(digests, 0)) WHERE number = 2",
            "DELETE FROM audit_seal; INSERT INTO audit_seal SELECT * FROM aside; DROP TABLE aside",
            None,
            Some(2),
            "seal_changed",
        ),
    ] {
        cluster.administer("skranke", change);
        let found = look();
        cluster.administer("skranke", undo);

        let Err(Fault {
            row: found_row,
            seal: found_seal,
            fault: found_fault,
            ..
        }) = found
        else {
            panic!("{change} was not noticed");
        };
        assert_eq!(
            (found_row, found_seal, found_fault),
            (row, seal, fault),
            "{change}"
        );
        assert!(look().is_ok(), "{undo}");
    }
}

#[test]
fn a_row_of_a_devices_log_that_was_changed_taken_out_or_put_in_is_named() {
    let cluster = Cluster::start(&[]);
    let office = Office::over(std::sync::Arc::new(prepared(&cluster)), ());
    let laptop = office.laptop(1, Scope::Tenant);
    device_log::hand_over(&office, &laptop, &device_log::log(&laptop, 4), 1, 4);
    let key = skranke_protocol::signature::SigningKey::from_seed(&office.keys.signing_seed);
    let look = || audit::verify(office.store.as_ref(), TENANT, &key.public()).unwrap();
    assert_eq!(look().unwrap().device_rows, 4);

    for (change, undo, number, fault) in [
        (
            "UPDATE device_log SET body = replace(body, 'open_work', 'quality') WHERE number = 3",
            "UPDATE device_log SET body = replace(body, 'quality', 'open_work') WHERE number = 3",
            Some(3),
            "device_row_changed",
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM device_log WHERE number = 2; DELETE FROM device_log WHERE number = 2",
            "INSERT INTO device_log SELECT * FROM aside; DROP TABLE aside",
            Some(2),
            "device_row_changed",
        ),
        (
            "INSERT INTO device_log SELECT tenant, device_id, 5, link, gen_random_uuid(), body, done_at FROM device_log WHERE number = 1",
            "DELETE FROM device_log WHERE number = 5",
            None,
            "device_row_put_in",
        ),
    ] {
        cluster.administer("skranke", change);
        let found = look();
        cluster.administer("skranke", undo);

        let found = found.expect_err(change);
        let id = number.map(|number: u64| format!("{} {number}", laptop.id));
        assert_eq!((found.id, found.fault), (id, fault), "{change}");
        assert!(look().is_ok(), "{undo}");
    }
}
