//! Accounts and one-time codes.

use rusqlite::named_params;
use skranke_domain::ids::StaffId;
use skranke_protocol::instant;

use super::SqliteTransaction;
use crate::store::accounts::AccountRegister;
use crate::store::{EnrolmentCode, Staff, Stored, sqlite};

impl AccountRegister for SqliteTransaction<'_> {
    fn staff(&mut self, id: StaffId) -> Stored<Option<Staff>> {
        sqlite::staff(&self.connection, &self.tenant.code, id)
    }

    fn staff_by_login(&mut self, login: &str) -> Stored<Option<Staff>> {
        sqlite::staff_by_login(&self.connection, &self.tenant.code, login)
    }

    fn save_staff(&mut self, staff: &Staff) -> Stored<()> {
        self.connection.execute(
            "INSERT INTO staff (tenant, id, login, password_hash, roles, active)
             VALUES (:tenant, :id, :login, :password_hash, :roles, :active)
             ON CONFLICT (tenant, id) DO UPDATE
                SET login = excluded.login,
                    password_hash = excluded.password_hash,
                    roles = excluded.roles,
                    active = excluded.active",
            named_params! {
                ":tenant": self.tenant.code,
                ":id": staff.id.as_uuid().as_bytes(),
                ":login": staff.login,
                ":password_hash": staff.password_hash,
                ":roles": staff.roles.join(" "),
                ":active": staff.active,
            },
        )?;
        Ok(())
    }

    fn save_enrolment_code(&mut self, code: &EnrolmentCode) -> Stored<()> {
        self.connection.execute(
            "INSERT INTO enrolment_code (tenant, digest, scope, expires_at, device_id)
             VALUES (:tenant, :digest, :scope, :expires_at, NULL)",
            named_params! {
                ":tenant": self.tenant.code,
                ":digest": code.digest,
                ":scope": code.scope.code(),
                ":expires_at": instant::to_text(code.expires_at),
            },
        )?;
        Ok(())
    }
}
