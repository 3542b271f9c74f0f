//! What can go wrong while a paper is made.
//!
//! No message carries a name, a number or any other content of the paper.

use thiserror::Error;

/// Why a paper could not be made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum DocumentError {
    /// A font that ships with the program could not be read: the installation is damaged.
    #[error("the bundled font {0} cannot be read")]
    Font(&'static str),
    /// A font could not be reduced to the characters of the paper.
    #[error("the font {0} could not be subset")]
    Subset(&'static str),
    /// The text for the QR code is longer than a code that reads well at its printed size holds.
    #[error("the text of the code is {length} characters, at most {limit} fit")]
    CodeTooLong {
        /// Characters in the text.
        length: usize,
        /// Characters that fit.
        limit: usize,
    },
    /// The letterhead mark is not an SVG of the plain shapes that are read.
    #[error("the letterhead mark cannot be read: {0}")]
    Mark(&'static str),
    /// The paper says something it may not say yet or at all.
    #[error("the paper is not allowed: {0}")]
    NotAllowed(&'static str),
    /// A part of the paper does not fit on an empty page.
    #[error("a part of the paper is taller than a page")]
    TooTall,
    /// The finished document lacks a part the finishing pass rests on.
    #[error("the document could not be finished: {0}")]
    Finish(&'static str),
}
