//! Papers: plain values in, tagged PDF bytes out.
//!
//! One layout (`compose`, `paginate`) serves every paper. A paper is described as a [`Paper`], composed into
//! blocks, laid out on A4, drawn with printpdf and finished in a pass of our own that adds the
//! structure tree, the language and the metadata a screen reader needs.
//! The papers are tagged and built to PDF/UA-1 and PDF/A-2a; they are not certified.
//!
//! This crate knows no clock, no randomness and no files: the same paper and the same options
//! give the same bytes. The Danish sentences come from the caller, who takes them from the text
//! catalogue; nothing about law or procedure is decided here, with two exceptions that no caller
//! can get wrong: an address-protected citizen's address is never printed on a paper that a third
//! person carries, and a receipt has no field for the ground of the exemption.

mod canvas;
mod compose;
mod error;
mod letterhead;
mod paginate;
pub mod papers;
mod press;
mod qr;
mod scale;
mod shaping;
mod sheet;
mod structure;
mod tagging;
mod typeface;

pub use error::DocumentError;
pub use letterhead::{Letterhead, Mark};
pub use papers::Paper;
pub use press::{CopyMark, Press, RenderOptions, RenderedPaper, render};
pub use typeface::{COVERAGE_LIST, uncovered_characters};
