//! Who may sign in and which devices may be enrolled, as the store keeps it.

use super::{EnrolmentCode, Staff, Stored};

/// Accounts and one-time codes of a municipality within its one writing transaction.
pub trait AccountRegister {
    /// Adds or replaces an account.
    fn save_staff(&mut self, staff: &Staff) -> Stored<()>;

    /// Adds a one-time code.
    fn save_enrolment_code(&mut self, code: &EnrolmentCode) -> Stored<()>;
}
