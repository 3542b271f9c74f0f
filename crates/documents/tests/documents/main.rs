//! Papers seen from outside: what other programs read in them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accessibility;
mod coverage;
mod pages;
mod receipt_qr;
mod rules;
mod samples;
mod tools;
