//! The store as its users meet it: a folder on a real disk, opened, filled, broken and put right.
#![allow(missing_docs)]

mod crash;
mod damage;
mod desk;
mod key;
mod opening;
mod room;
mod ruin;
mod saving;
mod scratch;
mod sharing;
