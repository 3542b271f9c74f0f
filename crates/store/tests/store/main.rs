//! The store as its users meet it: a folder on a real disk, opened, filled, broken and put right.
#![allow(missing_docs)]

mod damage;
mod desk;
mod key;
mod opening;
mod room;
mod saving;
mod scratch;
