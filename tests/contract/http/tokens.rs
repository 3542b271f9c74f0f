//! The tokens of a session: bound to the device, renewed one after another, gone at once when they must be.

use chrono::TimeDelta;
use skranke_domain::cpr::Cpr;
use skranke_domain::ids::{CaseId, StaffId};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{RefreshRequest, Scope, SessionRequest};
use skranke_server::sign_in::hash_password;
use skranke_server::store::{Revoked, Staff, TokenFamily};
use skranke_sync::{Client, Session, SyncError};
use skranke_testkit::patience::wait_until;

use super::raw::{proof_with, send};
use super::town::{Town, now, session};
use crate::office::{Laptop, TENANT};
use crate::on_both::{Kind, on_both};

on_both!(
    a_refresh_token_shown_twice_ends_the_whole_session_and_raises_an_alarm,
    a_lost_answer_is_asked_for_again_without_ending_the_session,
    a_refresh_token_shown_again_once_its_successor_is_in_use_is_a_copy,
    whoever_is_closed_while_signing_in_gets_no_grant,
    a_token_is_worth_nothing_at_another_device_and_in_the_others_place,
    a_closed_account_and_a_revoked_device_are_shut_out_with_the_next_request,
);

const PASSWORD: &str = "et langt kodeord";

fn look_up(client: &Client, session: &Session) -> Result<usize, SyncError> {
    let cpr = Cpr::parse("2512169996").unwrap();
    let answer = client.lookup(session, &cpr, "counter_entry")?;
    Ok(answer.cases.len())
}

fn refused<T: std::fmt::Debug>(result: Result<T, SyncError>) -> ProblemCode {
    match result {
        Err(SyncError::Refused { code, .. }) => code,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// A device at which somebody signed in, and the session.
fn signed_in(town: &Town, seed: u8) -> (Client, Laptop, Session) {
    let (client, laptop) = town.counter(seed, &["counter"]);
    let session = client.sign_in(&session(&laptop, &["counter"])).unwrap();
    (client, laptop, session)
}

/// Shows a refresh token as it is, without the client's care.
fn renew_by_hand(town: &Town, laptop: &Laptop, refresh_token: &str) -> u16 {
    let body = serde_json::to_vec(&RefreshRequest {
        refresh_token: refresh_token.to_owned(),
    })
    .unwrap();
    let path = "/v1/sessions/renew";
    let headers = [proof_with(town, laptop, "POST", path, &body, None)];
    send(town, "POST", path, &headers, &body).status
}

#[test]
fn tokens_renew_themselves_and_the_person_notices_nothing() {
    let town = Town::new();
    let (client, laptop, session) = signed_in(&town, 1);
    let first = session.tokens().clone();
    assert_eq!(look_up(&client, &session).unwrap(), 0);
    assert_eq!(*session.tokens(), first, "a good token is kept");

    // The device's clock says that the token has nearly run out.
    session.tokens().access_until = now() + TimeDelta::seconds(5);
    assert_eq!(look_up(&client, &session).unwrap(), 0);

    let second = session.tokens().clone();
    assert_ne!(second.access_token, first.access_token);
    assert_ne!(second.refresh_token, first.refresh_token);
    // What the server does not take is renewed too.
    session.tokens().access_token = "worn.out".to_owned();
    assert_eq!(look_up(&client, &session).unwrap(), 0);
    assert_eq!(laptop.id, session.grant().device_id);
}

fn a_refresh_token_shown_twice_ends_the_whole_session_and_raises_an_alarm(kind: Kind) {
    let town = Town::on(kind);
    let (client, mut laptop, session) = signed_in(&town, 1);
    let stolen = session.tokens().refresh_token.clone();
    client.renew(&session).unwrap();
    client.renew(&session).unwrap();

    assert_eq!(renew_by_hand(&town, &laptop, &stolen), 401);

    assert_eq!(
        refused(look_up(&client, &session)),
        ProblemCode::GrantNotValid
    );
    assert_eq!(refused(client.renew(&session)), ProblemCode::GrantNotValid);
    let alarms = town.operator().alarms(TENANT).unwrap();
    assert_eq!(alarms.last().unwrap().code, "token_reused");
    // Work goes on: it is under the grant, not under the token.
    laptop.grant = session.grant().id;
    let pushed = client.push(&laptop.open_case("2512169996").1).unwrap();
    assert_eq!(pushed.confirmation.accepted, 2);
}

fn a_lost_answer_is_asked_for_again_without_ending_the_session(kind: Kind) {
    let town = Town::on(kind);
    let (client, laptop, session) = signed_in(&town, 1);
    let before = session.tokens().refresh_token.clone();

    assert_eq!(
        renew_by_hand(&town, &laptop, &before),
        200,
        "this answer is lost"
    );
    // Nobody asks for anything over lunch, so the client comes again only then.
    let operator = town.operator();
    let mut transaction = operator.begin(TENANT).unwrap();
    let stored = transaction.grant(session.grant().id).unwrap().unwrap();
    let family = TokenFamily {
        renewed_at: Some(now() - TimeDelta::hours(1)),
        ..stored.family
    };
    transaction
        .set_token_family(session.grant().id, &family)
        .unwrap();
    transaction.commit().unwrap();
    client.renew(&session).unwrap();
    client.renew(&session).unwrap();

    assert_eq!(look_up(&client, &session).unwrap(), 0);
    assert_ne!(session.tokens().refresh_token, before);
}

fn a_refresh_token_shown_again_once_its_successor_is_in_use_is_a_copy(kind: Kind) {
    let town = Town::on(kind);
    let (client, laptop, session) = signed_in(&town, 1);
    let stolen = session.tokens().refresh_token.clone();
    client.renew(&session).unwrap();
    assert!(look_up(&client, &session).is_ok());

    assert_eq!(renew_by_hand(&town, &laptop, &stolen), 401);

    assert_eq!(
        refused(look_up(&client, &session)),
        ProblemCode::GrantNotValid
    );
    let alarms = town.operator().alarms(TENANT).unwrap();
    assert_eq!(alarms.last().unwrap().code, "token_reused");
}

fn whoever_is_closed_while_signing_in_gets_no_grant(kind: Kind) {
    let town = Town::on(kind);
    let (client, laptop) = town.counter(1, &["counter"]);
    let staff = Staff {
        id: StaffId::from_uuid(uuid::Uuid::from_u128(77)),
        login: "karin".to_owned(),
        password_hash: hash_password(PASSWORD).unwrap(),
        roles: vec!["counter".to_owned()],
        active: true,
    };
    town.save_staff(&staff);
    let request = SessionRequest::Local {
        login: staff.login.clone(),
        password: PASSWORD.to_owned(),
    };
    let operator = town.operator();
    let mut closing = operator.begin(TENANT).unwrap();
    let closed = Staff {
        active: false,
        ..staff.clone()
    };
    closing.save_staff(&closed).unwrap();
    closing.revoke_grants(Revoked::Of(staff.id), now()).unwrap();

    // The password is looked at before the account is seen to be closed; the grant waits behind the closing.
    let signed_in = std::thread::scope(|scope| {
        let signing_in = scope.spawn(|| client.sign_in(&request));
        wait_until("the grant waits to be written", || {
            let central = town.server.central();
            central.oldest_commit() > std::time::Duration::ZERO
        });
        closing.commit().unwrap();
        signing_in.join().unwrap()
    });

    assert_eq!(refused(signed_in.map(|_| ())), ProblemCode::SignInRefused);
    let mut transaction = operator.begin(TENANT).unwrap();
    let grants = transaction.grants_of(laptop.id, staff.id).unwrap();
    assert!(grants.is_empty(), "nobody would ever revoke it");
}

fn a_token_is_worth_nothing_at_another_device_and_in_the_others_place(kind: Kind) {
    let town = Town::on(kind);
    let (client, _, session) = signed_in(&town, 1);
    let (_, thief, _) = signed_in(&town, 2);
    let tokens = session.tokens().clone();
    let path = "/v1/lookup";
    let body = br#"{"cpr":"2512169996","purpose":"counter_entry"}"#;
    let with = |token: &str| {
        let headers = [
            proof_with(&town, &thief, "POST", path, body, Some(token)),
            ("Authorization", format!("DPoP {token}")),
        ];
        send(&town, "POST", path, &headers, body).problem()
    };

    assert_eq!(with(&tokens.access_token), ProblemCode::GrantNotValid);
    assert_eq!(renew_by_hand(&town, &thief, &tokens.refresh_token), 401);
    // A proof for one token does not carry another (`ath`).
    let headers = [
        proof_with(&town, &thief, "POST", path, body, Some("another")),
        ("Authorization", format!("DPoP {}", tokens.access_token)),
    ];
    let moved = send(&town, "POST", path, &headers, body).problem();
    assert_eq!(moved, ProblemCode::NotAuthenticated);
    // A refresh token opens nothing, and an access token renews nothing.
    *session.tokens() = skranke_protocol::wire::Tokens {
        access_token: tokens.refresh_token.clone(),
        refresh_token: tokens.access_token.clone(),
        ..tokens
    };
    assert_eq!(
        refused(look_up(&client, &session)),
        ProblemCode::GrantNotValid
    );
    assert!(
        town.operator().alarms(TENANT).unwrap().is_empty(),
        "no family ended by that"
    );
}

#[test]
fn whoever_leaves_takes_the_tokens_along() {
    let town = Town::new();
    let (client, _, session) = signed_in(&town, 1);
    client.end(&session).unwrap();

    assert_eq!(
        refused(look_up(&client, &session)),
        ProblemCode::GrantNotValid
    );
}

fn a_closed_account_and_a_revoked_device_are_shut_out_with_the_next_request(kind: Kind) {
    let town = Town::on(kind);
    let (client, laptop) = town.counter(1, &["counter"]);
    let mut staff = Staff {
        id: StaffId::from_uuid(laptop.staff.as_uuid()),
        login: "karin".to_owned(),
        password_hash: hash_password(PASSWORD).unwrap(),
        roles: vec!["counter".to_owned()],
        active: true,
    };
    town.save_staff(&staff);
    let request = SessionRequest::Local {
        login: "karin".to_owned(),
        password: PASSWORD.to_owned(),
    };
    let session = client.sign_in(&request).unwrap();
    assert!(look_up(&client, &session).is_ok());

    staff.active = false;
    town.save_staff(&staff);
    assert_eq!(
        refused(look_up(&client, &session)),
        ProblemCode::GrantNotValid
    );
    assert_eq!(refused(client.renew(&session)), ProblemCode::GrantNotValid);
    staff.active = true;
    town.save_staff(&staff);
    assert!(look_up(&client, &session).is_ok());

    // Closing an account also withdraws every grant, for good.
    let operator = town.operator();
    let mut transaction = operator.begin(TENANT).unwrap();
    transaction
        .revoke_grants(Revoked::Of(staff.id), now())
        .unwrap();
    transaction.commit().unwrap();
    assert_eq!(
        refused(look_up(&client, &session)),
        ProblemCode::GrantNotValid
    );
    let again = client.sign_in(&request).unwrap();
    assert!(
        look_up(&client, &again).is_ok(),
        "the grant of a new sign-in holds"
    );

    town.revoke(&laptop);
    assert_eq!(
        refused(look_up(&client, &again)),
        ProblemCode::DeviceRevoked
    );
    assert_eq!(refused(client.renew(&session)), ProblemCode::DeviceRevoked);
}

#[test]
fn who_looks_up_too_fast_waits_and_the_colleague_beside_does_not() {
    let town = Town::new();
    let (client, hurried, in_a_hurry) = signed_in(&town, 1);
    let (beside, _, theirs) = signed_in(&town, 2);
    let (elsewhere, _) = town.counter(4, &["counter"]);

    let refusal = (0..200)
        .find_map(|_| look_up(&client, &in_a_hurry).err())
        .expect("at some point it is too fast");

    assert_eq!(
        refused::<()>(Err(refusal.clone())),
        ProblemCode::TooManyRequests
    );
    assert!(refusal.is_retryable());
    assert!(
        look_up(&beside, &theirs).is_ok(),
        "the same address, another device"
    );
    let again = elsewhere.sign_in(&session(&hurried, &["counter"])).unwrap();
    assert_eq!(
        refused(look_up(&elsewhere, &again)),
        ProblemCode::TooManyRequests,
        "the same person at another computer"
    );
    let (laptop, token) = town.at_work(3, Scope::Tenant, &["counter"]);
    let body = br#"{"cpr":"2512169996","purpose":"counter_entry"}"#;
    let answer = (0..200)
        .map(|_| {
            let headers = [
                proof_with(&town, &laptop, "POST", "/v1/lookup", body, Some(&token)),
                ("Authorization", format!("DPoP {token}")),
            ];
            send(&town, "POST", "/v1/lookup", &headers, body)
        })
        .find(|answer| answer.status != 200)
        .unwrap();
    assert_eq!(answer.problem(), ProblemCode::TooManyRequests);
    let head = answer.head.to_lowercase();
    let wait = head
        .split("retry-after: ")
        .nth(1)
        .expect("how long to wait");
    let seconds: u32 = wait.split_whitespace().next().unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{head}");
}

#[test]
fn whoever_looks_a_person_up_or_reads_a_file_says_why_and_it_is_logged() {
    let town = Town::new();
    let (client, _, session) = signed_in(&town, 1);
    let cpr = Cpr::parse("2512169996").unwrap();
    let nothing_there = "0".repeat(64).parse().unwrap();
    let nowhere = (CaseId::from_uuid(uuid::Uuid::nil()), &nothing_there);

    for unstated in ["", "nysgerrighed", "Counter_Entry"] {
        let looked_up = client.lookup(&session, &cpr, unstated);
        assert_eq!(refused(looked_up), ProblemCode::BadParameter, "{unstated}");
        let read = client.download(&session, nowhere, unstated);
        assert_eq!(refused(read), ProblemCode::BadParameter, "{unstated}");
    }
    client.lookup(&session, &cpr, "citizen_contact").unwrap();

    let rows = town.operator().audit(TENANT, None, 100).unwrap();
    let looked_up: Vec<_> = rows
        .iter()
        .filter(|row| row.action == "citizen_looked_up")
        .map(|row| (row.purpose.as_str(), row.staff_id))
        .collect();
    assert_eq!(
        looked_up,
        [("citizen_contact", Some(session.grant().staff_id))]
    );
}
