//! The share of a laptop's key over HTTP: had by the device, then by the key it named, and by nobody once it is shut out.

use chrono::TimeDelta;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::Scope;
use skranke_sync::{Client, Connection};

use super::client::refused;
use super::raw::send;
use super::town::{Town, environment};
use crate::office::{Laptop, TENANT};

/// A closed laptop: it has the key that asks, and not its own.
fn closed(town: &Town, laptop: &Laptop, key: &SigningKey) -> Client {
    let connection = Connection {
        base_url: town.server.url().to_owned(),
        tenant: TENANT.to_owned(),
        device_id: laptop.id,
        key: key.clone(),
        server_key: None,
        ca_file: None,
    };
    Client::new(connection, environment(TimeDelta::zero()))
}

#[test]
fn a_closed_laptop_gets_its_share_with_the_key_it_named_and_a_server_that_was_restarted_knows_it() {
    let town = Town::new();
    let (client, laptop) = town.client_at_work(1, Scope::OwnCases, &["outreach"]);
    let asking = SigningKey::from_seed(&[7; 32]);
    let begun = client.begin_lease(asking.public()).unwrap();

    let again = closed(&town, &laptop, &asking).renew_lease(&begun.ticket);
    let town = town.restart();
    let after = closed(&town, &laptop, &asking).renew_lease(&begun.ticket);
    let stranger = closed(&town, &laptop, &SigningKey::from_seed(&[8; 32]));

    assert_eq!(again.unwrap().share, begun.share);
    assert_eq!(after.unwrap().share, begun.share);
    assert_eq!(
        refused(stranger.renew_lease(&begun.ticket)),
        ProblemCode::GrantNotValid
    );
    // The key that asks for the share asks for nothing else.
    let nosy = closed(&town, &laptop, &asking);
    assert_eq!(refused(nosy.status()), ProblemCode::NotAuthenticated);
    let anyone = send(&town, "POST", "/v1/leases/renew", &[], b"{}");
    assert_eq!(anyone.problem(), ProblemCode::NotAuthenticated);
    town.revoke(&laptop);
    assert_eq!(
        refused(closed(&town, &laptop, &asking).renew_lease(&begun.ticket)),
        ProblemCode::DeviceRevoked
    );
}
