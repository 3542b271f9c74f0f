//! Papers seen from outside: what other programs read in them.

mod accessibility;
mod coverage;
mod receipt_qr;
mod rules;
mod samples;
mod tools;
