//! Accounts and one-time codes of the operator, and what the audit says of them.

use chrono::TimeDelta;
use skranke_domain::ids::{DeviceId, GrantId};
use skranke_domain::role::Role;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::Scope;
use skranke_server::accounts::{self, Vouched};
use skranke_server::devices::Acting;
use skranke_server::enrolment::{self, Code};
use skranke_server::store::{Device, EnrolmentCode, Staff};

use crate::office::{Laptop, Office, TENANT, noon};

pub(crate) fn what_the_operator_does_with_accounts_stands_in_the_audit(office: &Office) {
    let staff = Staff {
        id: Laptop::new(7).staff,
        login: "karin".to_owned(),
        password_hash: "x".to_owned(),
        roles: vec!["counter".to_owned()],
        active: true,
    };
    let code = EnrolmentCode {
        digest: [4; 32],
        scope: Scope::OwnCases,
        expires_at: noon() + TimeDelta::days(1),
        device_id: None,
    };
    let store = office.store.as_ref();
    let set_active = |login: &str, active: bool| {
        accounts::set_active(store, TENANT, login, active, noon()).unwrap()
    };

    accounts::save(store, TENANT, &staff, Acting::OPERATOR, noon()).unwrap();
    let closed = set_active("karin", false);
    let found = store.staff_by_login(TENANT, "karin").unwrap();
    let reopened = set_active("karin", true);
    let nobody = set_active("nobody", false);
    accounts::add_enrolment_code(store, TENANT, &code, noon()).unwrap();

    assert_eq!((closed, reopened), (Some(staff.id), Some(staff.id)));
    assert_eq!(nobody, None);
    assert!(!found.unwrap().active);
    let rows = store.audit_rows(TENANT, 0, 100).unwrap();
    let operator = DeviceId::from_uuid(uuid::Uuid::nil());
    let told: Vec<(&str, &str)> = rows
        .iter()
        .filter(|row| row.device_id == operator && row.staff_id.is_none())
        .map(|row| (row.action.as_str(), row.detail.as_str()))
        .collect();
    let whom = staff.id.to_string();
    assert_eq!(
        told,
        [
            ("account_saved", format!("{whom} counter").as_str()),
            ("account_closed", whom.as_str()),
            ("account_reopened", whom.as_str()),
            ("enrolment_code_made", "own_cases"),
        ]
    );
    assert!(rows.iter().all(|row| !row.detail.contains("karin")));
}

/// The laptop shows a code at noon; what it may see, or why it was not enrolled.
fn enrolled(office: &Office, seed: u8, code: u8) -> Result<Scope, ProblemCode> {
    let laptop = Laptop::new(seed);
    let device = Device::new(
        laptop.id,
        format!("Skranke {seed}"),
        laptop.key.public(),
        Scope::Tenant,
    );
    let code = Code::OneTime([code; 32]);
    let mut transaction = office.store.begin(TENANT).unwrap();
    let outcome = enrolment::enrol(transaction.as_mut(), &device, &code, noon()).unwrap();
    transaction.commit().unwrap();
    outcome
        .map(|(device, _)| device.scope)
        .map_err(|refusal| refusal.code())
}

pub(crate) fn a_new_code_is_used_up_by_a_computer_that_is_known_and_changes_nothing_of_it(
    office: &Office,
) {
    let add = |digest, scope| {
        let code = EnrolmentCode {
            digest: [digest; 32],
            scope,
            expires_at: noon() + TimeDelta::days(1),
            device_id: None,
        };
        accounts::add_enrolment_code(office.store.as_ref(), TENANT, &code, noon()).unwrap();
    };
    add(1, Scope::OwnCases);
    add(2, Scope::OwnCases);
    add(3, Scope::Tenant);
    assert_eq!(enrolled(office, 1, 1), Ok(Scope::OwnCases));

    let again = enrolled(office, 1, 2);
    let another = enrolled(office, 2, 2);
    let wider = enrolled(office, 1, 3);
    let its_own = enrolled(office, 2, 3);

    assert_eq!(again, Ok(Scope::OwnCases));
    assert_eq!(another, Err(ProblemCode::EnrolmentCodeUsed));
    assert_eq!(wider, Err(ProblemCode::StateMismatch));
    assert_eq!(its_own, Ok(Scope::Tenant), "it was not used up by that");
}

pub(crate) fn who_leaves_or_loses_a_role_keeps_no_grant(office: &Office) {
    let store = office.store.as_ref();
    let laptop = office.laptop(1, Scope::Tenant);
    let with = |roles: &[&str]| Staff {
        id: laptop.staff,
        login: "karin".to_owned(),
        password_hash: "x".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        active: true,
    };
    let save = |roles| accounts::save(store, TENANT, &with(roles), Acting::OPERATOR, noon());
    let signs_in = || {
        let id = GrantId::from_uuid(uuid::Uuid::now_v7());
        office.grant(&laptop, id, &[Role::Counter, Role::Lead]);
        move || {
            store
                .grant(TENANT, id)
                .unwrap()
                .unwrap()
                .revoked_at
                .is_some()
        }
    };
    save(&["counter"]).unwrap();

    let is_shut_out = signs_in();
    save(&["counter", "lead"]).unwrap();
    assert!(!is_shut_out(), "who may do more than before goes on");
    save(&["lead", "counter"]).unwrap();
    assert!(!is_shut_out());
    save(&["counter"]).unwrap();
    assert!(is_shut_out(), "who is no lead any more");

    let is_shut_out = signs_in();
    accounts::set_active(store, TENANT, "karin", true, noon()).unwrap();
    assert!(!is_shut_out());
    accounts::set_active(store, TENANT, "karin", false, noon()).unwrap();
    assert!(is_shut_out(), "who is here no more");
}

pub(crate) fn a_provider_at_a_new_address_locks_nobody_out_and_lets_nobody_back_in(
    office: &Office,
) {
    let store = office.store.as_ref();
    let device = Laptop::new(1).id;
    let vouched = |id: u8, subject: &str| {
        let vouched = Vouched {
            id: Laptop::new(id).staff,
            login: format!("openid:{subject}"),
            roles: vec!["counter".to_owned()],
        };
        accounts::vouched_for(store, TENANT, &vouched, device, noon()).unwrap()
    };
    let close = |login: &str| accounts::set_active(store, TENANT, login, false, noon()).unwrap();
    assert!(vouched(11, "karin") && vouched(12, "bo"));
    close("openid:bo").unwrap();

    // The same two, whom the new address makes others.
    assert!(vouched(21, "karin"));
    assert!(!vouched(22, "bo"));

    assert!(vouched(21, "karin") && !vouched(12, "bo"));
    assert_eq!(close("openid:karin"), Some(Laptop::new(21).staff));
    assert!(!vouched(21, "karin"), "a sign-in does not reopen it");
    let before = store.staff(TENANT, Laptop::new(11).staff).unwrap().unwrap();
    assert!(before.active && before.login.starts_with("openid:karin@"));
}

pub(crate) fn a_code_enrols_one_computer_once_and_for_a_day(office: &Office) {
    for (digest, hours) in [(1, 1), (2, 0)] {
        let code = EnrolmentCode {
            digest: [digest; 32],
            scope: Scope::OwnCases,
            expires_at: noon() + TimeDelta::hours(hours),
            device_id: None,
        };
        accounts::add_enrolment_code(office.store.as_ref(), TENANT, &code, noon()).unwrap();
    }

    let first = enrolled(office, 1, 1);
    let again = enrolled(office, 1, 1);
    let another = enrolled(office, 2, 1);
    let late = enrolled(office, 2, 2);
    let unknown = enrolled(office, 2, 3);

    assert_eq!((first, again), (Ok(Scope::OwnCases), Ok(Scope::OwnCases)));
    assert_eq!(another, Err(ProblemCode::EnrolmentCodeUsed));
    assert_eq!(late, Err(ProblemCode::EnrolmentCodeExpired));
    assert_eq!(unknown, Err(ProblemCode::SignInRefused));
    let rows = office.store.audit_rows(TENANT, 0, 100).unwrap();
    let noted = rows.iter().filter(|row| row.action == "device_enrolled");
    let by: Vec<_> = noted.map(|row| row.device_id).collect();
    assert_eq!(by, [Laptop::new(1).id], "once, and nothing of the refused");
}
