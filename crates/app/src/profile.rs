//! The municipality's set-up between what an administrator types and what a profile file says.
//!
//! Nothing is decided here: what can be wrong with a profile stands in `skranke_forms`, for files and edits alike.

pub(crate) mod difference;
pub(crate) mod typed;
