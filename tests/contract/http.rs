//! The protocol over real HTTP: the server on a loopback port, the desktop's own client, and clients of ill will.

mod again;
mod client;
mod crowd;
mod devices;
mod exhausted;
mod leases;
mod profiles;
mod raw;
mod recorded;
mod rights;
mod sealed;
mod sending;
mod slow;
mod tokens;
mod town;
mod tree;
mod versions;
mod weighed;
