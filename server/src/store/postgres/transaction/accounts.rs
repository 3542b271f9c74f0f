//! Accounts and one-time codes.

use skranke_domain::ids::StaffId;

use super::super::link::Owned;
use super::{PostgresTransaction, owned};
use crate::store::accounts::AccountRegister;
use crate::store::{EnrolmentCode, Staff, Stored, postgres};

impl AccountRegister for PostgresTransaction {
    fn staff(&mut self, id: StaffId) -> Stored<Option<Staff>> {
        let code = self.tenant.code.clone();
        let runtime = self.runtime.clone();
        runtime.block_on(postgres::staff(self.link()?, &code, id))
    }

    fn staff_by_login(&mut self, login: &str) -> Stored<Option<Staff>> {
        let code = self.tenant.code.clone();
        let runtime = self.runtime.clone();
        runtime.block_on(postgres::staff_by_login(self.link()?, &code, login))
    }

    fn save_staff(&mut self, staff: &Staff) -> Stored<()> {
        self.send(
            "INSERT INTO staff (tenant, id, login, password_hash, roles, active)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (tenant, id) DO UPDATE
                SET login = excluded.login,
                    password_hash = excluded.password_hash,
                    roles = excluded.roles,
                    active = excluded.active",
            owned![
                self.tenant.code.clone(),
                staff.id.as_uuid(),
                staff.login.clone(),
                staff.password_hash.clone(),
                staff.roles.join(" "),
                staff.active
            ],
        )
    }

    fn save_enrolment_code(&mut self, code: &EnrolmentCode) -> Stored<()> {
        self.send(
            "INSERT INTO enrolment_code (tenant, digest, scope, expires_at, device_id)
             VALUES ($1, $2, $3, $4, NULL)",
            owned![
                self.tenant.code.clone(),
                code.digest.to_vec(),
                code.scope.code().to_owned(),
                code.expires_at
            ],
        )
    }
}
