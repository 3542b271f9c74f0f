//! Rules, forms, letters, profiles and texts as data.
//!
//! This crate reads the TOML under `forms/`, checks that it is sound, and hands the rest of Skranke
//! plain values. It decides no case: eligibility, deadlines and permissions live in the domain.
//!
//! Basis: design.md section 4.

pub mod error;
pub mod source;
pub mod texts;

pub use error::FormsError;
pub use source::Source;
pub use texts::Texts;
