//! The share of a laptop's key: always the same, for one key of one device, until the device is shut out.

use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::wire::Scope;
use skranke_server::lease::{self, Handed};

use super::devices::revoke;
use crate::office::{Laptop, Office, TENANT, noon};

/// The key with which a closed laptop asks.
fn asking(seed: u8) -> PublicKey {
    SigningKey::from_seed(&[seed; 32]).public()
}

fn begin(office: &Office, laptop: &Laptop, key: PublicKey) -> Result<Handed, ProblemCode> {
    let mut transaction = office.store.begin(TENANT).unwrap();
    let keys = office.store.server_keys().unwrap();
    let handed = lease::begin(transaction.as_mut(), &keys, laptop.id, &key, noon());
    transaction.commit().unwrap();
    handed.unwrap()
}

fn renew(
    office: &Office,
    laptop: &Laptop,
    key: PublicKey,
    ticket: &str,
) -> Result<Handed, ProblemCode> {
    let mut transaction = office.store.begin(TENANT).unwrap();
    let keys = office.store.server_keys().unwrap();
    let handed = lease::renew(transaction.as_mut(), &keys, laptop.id, &key, ticket);
    transaction.commit().unwrap();
    handed.unwrap()
}

pub(crate) fn a_device_is_given_the_same_share_until_it_is_shut_out(office: &Office) {
    let laptop = office.laptop(1, Scope::OwnCases);
    let first = begin(office, &laptop, asking(7)).unwrap();

    let again = renew(office, &laptop, asking(7), &first.ticket);
    revoke(office, &laptop, "Stjålet fra bilen", false);
    let shut_out = renew(office, &laptop, asking(7), &first.ticket);
    let begun_anew = begin(office, &laptop, asking(8));

    assert_eq!(again, Ok(first));
    assert_eq!(shut_out, Err(ProblemCode::DeviceRevoked));
    assert_eq!(begun_anew, Err(ProblemCode::DeviceRevoked));
}

pub(crate) fn a_share_is_for_one_key_of_one_device_and_begun_in_the_audit(office: &Office) {
    let laptop = office.laptop(1, Scope::OwnCases);
    let other = office.laptop(2, Scope::OwnCases);
    let first = begin(office, &laptop, asking(7)).unwrap();

    let of_another_key = begin(office, &laptop, asking(8)).unwrap();
    let of_another_device = begin(office, &other, asking(7)).unwrap();

    assert_ne!(first.share, of_another_key.share);
    assert_ne!(first.share, of_another_device.share);
    for (laptop, key, ticket) in [
        (&laptop, asking(8), &first.ticket),
        (&other, asking(7), &first.ticket),
        (&laptop, asking(7), &String::new()),
        (&Laptop::new(9), asking(7), &first.ticket),
    ] {
        let refused = renew(office, laptop, key, ticket);
        assert_eq!(refused, Err(ProblemCode::GrantNotValid));
    }
    let rows = office.store.audit(TENANT, None, 100).unwrap();
    let begun = rows.iter().filter(|row| row.action == "lease_begun");
    assert_eq!(begun.count(), 3);
}
