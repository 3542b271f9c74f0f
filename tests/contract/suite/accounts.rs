//! Accounts and one-time codes of the operator, and what the audit says of them.

use chrono::TimeDelta;
use skranke_domain::ids::DeviceId;
use skranke_protocol::wire::Scope;
use skranke_server::accounts;
use skranke_server::devices::Acting;
use skranke_server::store::{EnrolmentCode, Staff};

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
