//! Who may sign in and which devices may be enrolled, as the store keeps it.

use skranke_domain::ids::StaffId;

use super::{EnrolmentCode, Staff, Stored};

/// Accounts and one-time codes of a municipality within its one writing transaction.
pub trait AccountRegister {
    /// A member of staff.
    fn staff(&mut self, id: StaffId) -> Stored<Option<Staff>>;

    /// An account by its login.
    fn staff_by_login(&mut self, login: &str) -> Stored<Option<Staff>>;

    /// Adds or replaces an account.
    fn save_staff(&mut self, staff: &Staff) -> Stored<()>;

    /// Adds a one-time code.
    fn save_enrolment_code(&mut self, code: &EnrolmentCode) -> Stored<()>;
}
