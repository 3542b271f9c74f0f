//! A thousand computers at once, and a server that ends in the middle: nothing is lost, nothing comes twice.
//!
//! Basis: reliability, section 3.3; sync-and-speed, P9.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use skranke_domain::role::Role;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::Scope;
use skranke_sync::{Client, Connection};
use skranke_testkit::invariants::{self, Desktop, World};
use skranke_testkit::times;

use super::town::{Town, environment, now};
use crate::in_words::central_in_words;
use crate::office::{Laptop, TENANT, insert, insert_grant};

const COMPUTERS: u16 = 1_000;
const STACK: usize = 1 << 20;

/// Enrols them all and gives each a person who may work there.
fn enrolled(town: &Town) -> (Vec<Laptop>, SigningKey) {
    let store = town.operator();
    let server = SigningKey::from_seed(&store.server_keys().unwrap().signing_seed);
    let mut transaction = store.begin(TENANT).unwrap();
    let laptops = (1..=COMPUTERS).map(|number| {
        let mut laptop = Laptop::numbered(number);
        laptop.at = now();
        insert(transaction.as_mut(), &laptop, Scope::Tenant);
        let grant = laptop.grant_from(laptop.grant, &[Role::Counter], laptop.at);
        insert_grant(transaction.as_mut(), &grant, &server);
        laptop
    });
    let laptops = laptops.collect();
    transaction.commit().unwrap();
    (laptops, server)
}

/// Offers the events until the server has them, as a computer does; anything but "come again" is a fault.
fn push(client: &Client, events: &[SealedEvent]) {
    loop {
        match client.push(events) {
            Ok(_) => return,
            Err(error) if error.is_retryable() => std::thread::sleep(Duration::from_millis(50)),
            Err(error) => panic!("a thousand computers: {error}"),
        }
    }
}

#[test]
fn a_thousand_computers_at_once_and_a_server_that_ends_meanwhile_lose_nothing_and_repeat_nothing() {
    let town = Town::new();
    let (laptops, server) = enrolled(&town);
    let url = town.server.url().to_owned();
    let cases = times(2);
    let (acknowledged, done) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let town = std::thread::scope(|scope| {
        for (nth, mut laptop) in laptops.into_iter().enumerate() {
            let connection = Connection {
                base_url: url.clone(),
                tenant: TENANT.to_owned(),
                device_id: laptop.id,
                key: laptop.key.clone(),
                server_key: Some(server.public()),
                ca_file: None,
            };
            let (acknowledged, done) = (&acknowledged, &done);
            let work = move || {
                let client = Client::new(connection, environment(chrono::TimeDelta::zero()));
                for _ in 0..cases {
                    let (_, opening) = laptop.open_case("2512169996");
                    push(&client, &opening);
                    if nth % 10 == 0 {
                        // Its answer was lost.
                        push(&client, &opening);
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                    acknowledged.lock().unwrap().extend(opening);
                }
            };
            let thread = std::thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, work).unwrap();
        }
        while done.load(Ordering::Relaxed) < usize::from(COMPUTERS) / 2 {
            std::thread::sleep(Duration::from_millis(20));
        }
        town.restart()
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let store = town.operator();
    assert_eq!(store.alarms(TENANT).unwrap(), []);
    let world = World {
        desktops: vec![Desktop {
            name: "all computers".to_owned(),
            confirmed: acknowledged.iter().map(|event| *event.hash()).collect(),
            events: acknowledged,
            ..Desktop::default()
        }],
        central: Some(central_in_words(store.as_ref(), TENANT)),
        is_quiet: true,
        left: vec![town.folder.path().to_owned()],
        ..World::default()
    };
    invariants::hold(&world, "after a thousand computers at once");
}
