//! `skranke-server`: the municipality's central store over HTTP.
//!
//! Stores what devices signed, decides with the domain's own rules, hands out the feed and signs what it holds.
//! Layers: [`routes`] speak HTTP, [`writer`] groups writes, [`admission`] decides, [`store`] speaks SQL.
//!
//! Basis: design, section 6.

pub mod accounts;
pub mod admission;
pub mod alarms;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod central;
mod clock;
pub mod config;
pub mod contact;
pub mod device_log;
pub mod devices;
pub mod enrolment;
pub mod health;
pub(crate) mod incoming;
pub mod lease;
pub mod log;
pub mod metrics;
pub mod news;
pub mod openapi;
pub mod openid;
pub mod operator;
pub mod ownership;
pub mod pace;
pub(crate) mod place;
pub mod policy;
pub mod problem;
pub mod restore;
pub mod routes;
pub mod scope;
pub mod serve;
pub mod sign_in;
pub mod store;
pub mod tls;
pub mod tokens;
mod unread;
pub mod writer;
