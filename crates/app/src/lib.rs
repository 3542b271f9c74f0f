//! The use cases of Skranke: what window, command line and tests can ask for, and nothing about how it looks.
//!
//! A use case checks permission, reads the draft or the case, lets `domain` decide, seals the events, writes them
//! with their audit row, and returns what the caller shows. Shells only translate.

pub mod api;
pub mod tools;
