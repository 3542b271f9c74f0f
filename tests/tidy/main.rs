//! The invariants of the source tree that no compiler checks.
//!
//! Each module holds one kind of check: a pure function from texts to violations, a test that runs it on the tree,
//! and tests that plant a violation, so that every check is shown to be able to fail.
//! A check that finds nothing to examine fails too.
//!
//! Basis: design, section 2; the style guide's list of invariants.

#![expect(clippy::unwrap_used, reason = "a check that cannot go on has failed")]

mod arrows;
mod commands;
mod count;
mod cpr_numbers;
mod error_codes;
mod forms;
mod licences;
mod links;
mod migrations;
mod module_docs;
mod names;
mod places;
mod portable_sql;
mod profile;
mod promises;
mod purity;
mod rehearsal;
mod sizes;
mod skipped;
mod source;
mod svelte;
mod texts;
mod tree;
