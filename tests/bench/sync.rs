//! P1 to P10 and P17 to P20: the desktop's store and client against the real server, over real HTTP.
//!
//! Both ends are durable and encrypted as in daily work; validation, hashing, signatures, audit and receipts are on in
//! every figure. Beside each stands, in the same run, what the databases do with the same bytes and nothing else, and
//! what a peer does.

mod alone;
mod bulk;
mod bytes;
mod cursor;
mod events;
mod files;
mod filling;
mod first;
mod growth;
mod http;
mod line;
mod local;
mod others;
mod peer;
mod polls;
mod raw;
mod single;
mod town;
mod transfer;

pub(crate) use alone::measure as alone;
pub(crate) use bulk::measure as bulk;
pub(crate) use bytes::measure as bytes;
pub(crate) use cursor::measure as cursor;
pub(crate) use files::measure as files;
pub(crate) use first::measure as first;
pub(crate) use growth::measure as growth;
pub(crate) use polls::measure as polls;
pub(crate) use single::measure as single;
pub(crate) use transfer::measure as transfer;
