//! Accounts and one-time codes.

use super::super::link::Owned;
use super::{PostgresTransaction, owned};
use crate::store::accounts::AccountRegister;
use crate::store::{EnrolmentCode, Staff, Stored};

impl AccountRegister for PostgresTransaction {
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
