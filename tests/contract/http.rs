//! The protocol over real HTTP.
