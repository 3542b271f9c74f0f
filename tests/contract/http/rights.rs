//! Every endpoint called as everyone: what happens is what the policy table says, and the matrix here says it again.
//!
//! Basis: reliability, goal G13.

use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest as _, Sha256};
use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::{CaseId, Sha256Digest, StaffId};
use skranke_domain::role::{Act, Leave, Ownership, Role, may, permits};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::proof::{BodyDigest, Prover, Request, prove};
use skranke_protocol::wire::{
    BrowserSignInRequest, EnrolRequest, HandOverRequest, HoldingsRequest, LeaseRenewRequest,
    LeaseRequest, LogBatch, LogReadRequest, LookupRequest, PURPOSE, PushBatch, RefreshRequest,
    RekeyRequest, RevokeDeviceRequest, Scope, ScopeRequest, SealedBatch, UPLOAD_LENGTH,
    UPLOAD_OFFSET,
};
use skranke_server::policy::TABLE;
use skranke_sync::{Cancel, Client};

use super::client::refused;
use super::raw::{Answer, send};
use super::town::{SECRET, Town, now, session};
use crate::office::{Laptop, TENANT, last};
use crate::on_both::{Kind, on_both};

on_both!(
    every_endpoint_answers_everyone_as_the_policy_table_says,
    a_file_is_read_in_a_case_that_names_it_by_whoever_sees_who_came_and_may_look_at_that_case,
    a_session_of_one_municipality_opens_nothing_of_another,
);

const OTHER_TENANT: &str = "0998";

/// Who asks.
struct Visitor {
    name: &'static str,
    laptop: Option<Laptop>,
    tenant: &'static str,
    token: Option<String>,
}

/// The method and path of a row.
type Endpoint = (&'static str, &'static str);

const ATTACHMENT: &str = "/v1/attachments/{digest}";

/// A body that succeeds, or fails for another reason than rights, for whoever may send it.
fn body((method, path): Endpoint, laptop: &Laptop) -> Vec<u8> {
    let json = |value: serde_json::Result<Vec<u8>>| value.unwrap();
    match (method, path) {
        ("POST", "/v1/devices") => json(serde_json::to_vec(&EnrolRequest {
            enrolment_code: SECRET.to_owned(),
            name: "Skranke".to_owned(),
        })),
        ("POST", "/v1/sessions") => json(serde_json::to_vec(&session(laptop, &["counter"]))),
        ("POST", "/v1/sign-ins") => json(serde_json::to_vec(&BrowserSignInRequest {
            redirect_uri: "http://127.0.0.1:4711/callback".to_owned(),
        })),
        ("POST", "/v1/sessions/renew" | "/v1/sessions/end") => {
            json(serde_json::to_vec(&RefreshRequest {
                refresh_token: String::new(),
            }))
        }
        ("POST", "/v1/events") => json(serde_json::to_vec(&PushBatch::default())),
        ("POST", "/v1/sealed") => json(serde_json::to_vec(&SealedBatch {
            commands: Vec::new(),
        })),
        ("POST", "/v1/audit") => json(serde_json::to_vec(&LogBatch {
            previous: [0; 32],
            rows: Vec::new(),
        })),
        ("POST", "/v1/audit/read") => json(serde_json::to_vec(&LogReadRequest {
            purpose: "supervision".to_owned(),
            device_id: None,
            from: now(),
            until: now(),
            before: None,
        })),
        ("POST", "/v1/lookup") => json(serde_json::to_vec(&LookupRequest {
            cpr: "2512169996".to_owned(),
            purpose: "counter_entry".to_owned(),
        })),
        ("POST", "/v1/devices/revoke") => json(serde_json::to_vec(&RevokeDeviceRequest {
            device_id: Laptop::new(99).id,
            reason: "Væk".to_owned(),
            wipe: false,
        })),
        ("POST", "/v1/devices/holdings") => json(serde_json::to_vec(&HoldingsRequest {
            device_id: Laptop::new(99).id,
            purpose: "lost_device".to_owned(),
            after: None,
        })),
        ("POST", "/v1/devices/rekey") => json(serde_json::to_vec(&RekeyRequest {
            device_id: Laptop::new(98).id,
            public_key: Laptop::new(98).key.public(),
        })),
        ("POST", "/v1/leases") => json(serde_json::to_vec(&LeaseRequest {
            asking_key: Laptop::new(98).key.public(),
        })),
        ("POST", "/v1/leases/renew") => json(serde_json::to_vec(&LeaseRenewRequest {
            ticket: "0".repeat(64),
        })),
        ("POST", "/v1/scope") => json(serde_json::to_vec(&ScopeRequest {
            device_id: Laptop::new(99).id,
            case_id: CaseId::from_uuid(uuid::Uuid::nil()),
            enters: true,
        })),
        ("POST", "/v1/wipe-order") => {
            json(serde_json::to_vec(&HandOverRequest::Draft("{}".to_owned())))
        }
        ("PATCH", _) => b"x".to_vec(),
        _ => Vec::new(),
    }
}

fn ask(town: &Town, visitor: &Visitor, endpoint: Endpoint) -> Answer {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let nobody = Laptop::new(99);
    let laptop = visitor.laptop.as_ref();
    let (method, path) = endpoint;
    let path = path.replace("{digest}", &"0".repeat(64));
    let body = body(endpoint, laptop.unwrap_or(&nobody));
    let mut headers = vec![
        (UPLOAD_OFFSET, "0".to_owned()),
        (UPLOAD_LENGTH, "2".to_owned()),
        (PURPOSE, "case_work".to_owned()),
    ];
    if let Some(token) = &visitor.token {
        headers.push(("Authorization", format!("DPoP {token}")));
    }
    if let Some(laptop) = laptop {
        let nonce = format!("rights-{:020}", SERIAL.fetch_add(1, Ordering::SeqCst));
        let url = format!("{}{path}", town.server.url());
        let request = Request {
            method,
            url: &url,
            query: "",
            body: BodyDigest::of(&body),
            token: visitor.token.as_deref(),
        };
        let prover = Prover {
            tenant: visitor.tenant,
            device_id: laptop.id,
            at: now(),
            nonce: &nonce,
        };
        let proof = prove(&request, &prover, &laptop.key).unwrap();
        headers.push(("DPoP", proof));
    }
    send(town, method, &path, &headers, &body)
}

/// Everyone who might ask, in the order of the matrix below.
fn visitors(town: &Town) -> Vec<Visitor> {
    let of = |name, laptop: Laptop, token| Visitor {
        name,
        laptop: Some(laptop),
        tenant: TENANT,
        token,
    };
    let signed_in = |name, seed, scope: Scope, role: Role| {
        let (laptop, token) = town.at_work(seed, scope, &[role.code()]);
        of(name, laptop, Some(token))
    };
    let (foreign, foreign_token) = town.abroad(OTHER_TENANT, 40);
    let (revoked, revoked_token) = town.at_work(41, Scope::Tenant, &["counter"]);
    town.revoke(&revoked);
    let (_, token_of_another) = town.at_work(42, Scope::Tenant, &["counter"]);
    let (thief, _) = town.at_work(43, Scope::Tenant, &["administrator"]);
    let (alone, _) = town.at_work(44, Scope::Tenant, &["counter"]);
    let mut all = vec![
        Visitor {
            name: "nobody",
            laptop: None,
            tenant: TENANT,
            token: None,
        },
        of("a stranger", Laptop::new(50), None),
        of("another municipality's", foreign, Some(foreign_token)),
        of("revoked", revoked, Some(revoked_token)),
        of("with another's token", thief, Some(token_of_another)),
        of("device alone", alone, None),
    ];
    for (seed, role) in (60..).zip(Role::ALL) {
        all.push(signed_in(role.code(), seed, Scope::Tenant, role));
    }
    for (seed, role) in (70..).zip([Role::Counter, Role::Outreach]) {
        all.push(signed_in("own cases alone", seed, Scope::OwnCases, role));
    }
    all
}

/// Who gets past the table: nobody, stranger, another municipality's device, revoked, another's token, device alone;
/// counter, outreach, exemption unit, lead, auditor, administrator; counter and outreach seeing their own cases alone.
#[rustfmt::skip]
const MATRIX: &[(Endpoint, &str)] = &[
    (("GET", "/healthz"),       "yyyyyy yyyyyy yy"),
    (("GET", "/readyz"),        "yyyyyy yyyyyy yy"),
    (("GET", "/v1/openapi.json"),  "yyyyyy yyyyyy yy"),
    (("POST", "/v1/devices"),   "-yyyyy yyyyyy yy"),
    (("GET", "/v1/devices"),    "------ ---yyy --"),
    (("POST", "/v1/devices/revoke"), "------ -----y --"),
    (("POST", "/v1/devices/holdings"), "------ ---yy- --"),
    (("POST", "/v1/devices/rekey"), "----yy yyyyyy yy"),
    (("POST", "/v1/leases"),    "----yy yyyyyy yy"),
    (("POST", "/v1/leases/renew"), "-yyyyy yyyyyy yy"),
    (("GET", "/v1/wipe-order"), "---yyy yyyyyy yy"),
    (("POST", "/v1/wipe-order"), "---yyy yyyyyy yy"),
    (("POST", "/v1/sign-ins"),      "----yy yyyyyy yy"),
    (("POST", "/v1/sessions"),  "----yy yyyyyy yy"),
    (("POST", "/v1/sessions/renew"), "----yy yyyyyy yy"),
    (("POST", "/v1/sessions/end"), "----yy yyyyyy yy"),
    (("POST", "/v1/events"),    "---yyy yyyyyy yy"),
    (("GET", "/v1/events"),     "----yy yyyyyy yy"),
    (("POST", "/v1/sealed"),    "---yyy yyyyyy yy"),
    (("POST", "/v1/audit"),     "---yyy yyyyyy yy"),
    (("POST", "/v1/audit/read"), "------ ---yy- --"),
    (("POST", "/v1/lookup"),    "------ y-yyy- --"),
    (("POST", "/v1/profiles"),  "------ -----y --"),
    (("GET", "/v1/profiles"),   "----yy yyyyyy yy"),
    (("GET", "/v1/held"),       "------ --yy-- --"),
    (("POST", "/v1/held"),      "------ --yy-- --"),
    (("GET", "/v1/scope"),      "------ --yy-- --"),
    (("POST", "/v1/scope"),     "------ --yy-- --"),
    (("GET", "/v1/returned"),   "----yy yyyyyy yy"),
    (("GET", "/v1/status"),     "---yyy yyyyyy yy"),
    (("GET", "/v1/confirmation"),"---yyy yyyyyy yy"),
    (("HEAD", ATTACHMENT),      "---yyy yyyyyy yy"),
    (("PATCH", ATTACHMENT),     "---yyy yyyyyy yy"),
    (("GET", ATTACHMENT),       "------ y-yy-- --"),
];

/// Why the visitor at this place in the order is turned away.
fn reason(visitor: &Visitor) -> ProblemCode {
    match visitor.name {
        "nobody" | "a stranger" | "another municipality's" => ProblemCode::NotAuthenticated,
        "revoked" => ProblemCode::DeviceRevoked,
        "device alone" | "with another's token" => ProblemCode::GrantNotValid,
        _ => ProblemCode::NotPermitted,
    }
}

fn every_endpoint_answers_everyone_as_the_policy_table_says(kind: Kind) {
    let listed: Vec<_> = MATRIX.iter().map(|(endpoint, _)| *endpoint).collect();
    let table: Vec<_> = TABLE.iter().map(|rule| (rule.method, rule.path)).collect();
    assert_eq!(listed, table, "every endpoint has its row here");
    let town = Town::on(kind);
    let visitors = visitors(&town);

    // Whoever was enrolled on the way would be a stranger no longer.
    let (enrolment, others): (Vec<_>, Vec<_>) = MATRIX
        .iter()
        .partition(|(endpoint, _)| *endpoint == ("POST", "/v1/devices"));
    for (endpoint, row) in others.into_iter().chain(enrolment) {
        let row: Vec<_> = row.chars().filter(|mark| *mark != ' ').collect();
        assert_eq!(row.len(), visitors.len(), "{endpoint:?}");
        for (visitor, mark) in visitors.iter().zip(row) {
            let said = ask(&town, visitor, endpoint);
            let case = format!("{endpoint:?} as {}: {}", visitor.name, said.head);
            let asks_in_the_body = ["/v1/sessions/renew", "/v1/sessions/end", "/v1/leases/renew"];
            if mark == 'y' && asks_in_the_body.contains(&endpoint.1) {
                // Past the table, and turned away by what stands in the body.
                assert_eq!(said.problem(), ProblemCode::GrantNotValid, "{case}");
            } else if mark == 'y' {
                assert!(![401, 403].contains(&said.status), "{case}");
                assert!(said.status < 500, "{case}");
            } else if endpoint.0 == "HEAD" {
                // Without a body, the status alone tells.
                assert_eq!(said.status, reason(visitor).status(), "{case}");
            } else {
                assert_eq!(said.problem(), reason(visitor), "{case}");
            }
        }
    }
}

const SCAN: &[u8] = b"%PDF-1.7 anmodning";

fn scan() -> Sha256Digest {
    Sha256Digest::from_bytes(Sha256::digest(SCAN).into())
}

/// Opens a case with the scan in it, in the name of whoever `laptop` is just now.
fn scanned_case(client: &Client, laptop: &mut Laptop, is_over: bool) -> CaseId {
    let signed_in = client.sign_in(&session(laptop, &["counter"])).unwrap();
    laptop.grant = signed_in.grant().id;
    let (case, opening) = laptop.open_case("2512169996");
    let mut events = vec![Event::AttachmentAdded(AttachmentAdded {
        digest: scan(),
        purpose: AttachmentPurpose::Other,
        media_type: "application/pdf".to_owned(),
        size_bytes: SCAN.len() as u64,
        file_name: "anmodning.pdf".to_owned(),
    })];
    if is_over {
        events.push(Event::HelpedInstead {
            ended_at: now(),
            offer: "mitid".to_owned(),
        });
    }
    let rest = laptop.command(case, &last(&opening), &events);
    client.push(&[opening, rest].concat()).unwrap();
    case
}

/// A case with the scan in it of each ownership to whoever sits at `here`.
fn one_of_each(town: &Town, client: &Client, here: &mut Laptop) -> Vec<(Ownership, CaseId)> {
    let (other_client, mut elsewhere) = town.counter(2, &["counter"]);
    let me = here.staff;
    let own = [false, true].map(|is_over| scanned_case(client, here, is_over));
    here.staff = StaffId::from_uuid(uuid::Uuid::now_v7());
    let computers = [false, true].map(|is_over| scanned_case(client, here, is_over));
    here.staff = me;
    let others = [false, true].map(|is_over| scanned_case(&other_client, &mut elsewhere, is_over));
    vec![
        (Ownership::Own, own[0]),
        (Ownership::Computer, computers[0]),
        (Ownership::HandedIn, others[0]),
        (Ownership::OwnDone, own[1]),
        (Ownership::OwnDone, computers[1]),
        (Ownership::OthersDone, others[1]),
    ]
}

fn a_file_is_read_in_a_case_that_names_it_by_whoever_sees_who_came_and_may_look_at_that_case(
    kind: Kind,
) {
    let town = Town::on(kind);
    let (client, mut here) = town.counter(1, &["counter"]);
    let cases = one_of_each(&town, &client, &mut here);
    let (bare, opening) = here.open_case("2512169996");
    client.push(&opening).unwrap();
    client
        .upload(&scan(), SCAN, &Cancel::default(), |_| {})
        .unwrap();

    for role in Role::ALL {
        let signed_in = client.sign_in(&session(&here, &[role.code()])).unwrap();
        let read = |case| client.download(&signed_in, (case, &scan()), "case_work");
        let sees_who_came = permits(role, Act::SeeChannel);
        for (whose, case) in &cases {
            let looks = may(&[role], Act::ReadCase, Some(*whose)) != Leave::Never;
            let tried = format!("{role:?} {whose:?}");
            if sees_who_came && looks {
                assert_eq!(read(*case).unwrap(), SCAN, "{tried}");
            } else {
                assert_eq!(refused(read(*case)), ProblemCode::NotPermitted, "{tried}");
            }
        }
        if sees_who_came {
            for without in [bare, CaseId::from_uuid(uuid::Uuid::nil())] {
                assert_eq!(refused(read(without)), ProblemCode::NotFound, "{role:?}");
            }
        }
    }
    let rows = town.operator().audit(TENANT, None, 1_000).unwrap();
    let looks = rows.iter().filter(|row| row.action == "attachment_read");
    let named: Vec<_> = looks.map(|row| row.case_id).collect();
    let roles = Role::ALL
        .iter()
        .filter(|role| permits(**role, Act::SeeChannel));
    assert_eq!(named.len(), roles.count() * cases.len());
    assert!(
        named.iter().all(Option::is_some),
        "each look names its case"
    );
}

#[test]
fn what_stands_in_no_row_is_not_there() {
    let town = Town::new();
    for rule in &TABLE {
        let path = rule.path.replace("{digest}", &"0".repeat(64));
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let in_table = TABLE
                .iter()
                .any(|other| other.path == rule.path && other.method == method);
            let answer = send(&town, method, &path, &[], b"");
            if in_table {
                assert_ne!(answer.status, 405, "{method} {path}");
            } else {
                assert_eq!(answer.problem(), ProblemCode::MethodNotAllowed, "{path}");
            }
        }
    }
}

fn a_session_of_one_municipality_opens_nothing_of_another(kind: Kind) {
    let town = Town::on(kind);
    let (foreign, token) = town.abroad(OTHER_TENANT, 40);
    let at_home = Visitor {
        name: "at home",
        laptop: Some(foreign),
        tenant: OTHER_TENANT,
        token: Some(token),
    };

    let (client, mut laptop) = town.counter(1, &["counter"]);
    client.push(&laptop.open_case("2512169996").1).unwrap();
    let found = ask(&town, &at_home, ("POST", "/v1/lookup"));

    assert_eq!(found.status, 200, "{}", found.head);
    assert!(String::from_utf8_lossy(&found.body).contains(r#""cases":[]"#));
}
