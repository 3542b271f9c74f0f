//! What a paper consists of, before anyone asks where it goes on the page.
//!
//! Every paper becomes one [`Sheet`]; the layout knows sheets and no papers.

use crate::{letterhead::Letterhead, papers::Words};

/// One paper as a sequence of blocks.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// The document title, also the first heading.
    pub(crate) title: String,
    /// Who sends the paper.
    pub(crate) letterhead: Letterhead,
    /// The words "KOPI ..." of a reprint.
    pub(crate) copy_line: Option<String>,
    /// The addressee in the window of the envelope, and what stands beside it.
    pub(crate) address: Option<AddressBlock>,
    /// The body.
    pub(crate) blocks: Vec<Block>,
    /// What stands at the foot of the last page of the body: code and number.
    pub(crate) closing: Option<Closing>,
    /// What follows the closing.
    pub(crate) enclosed: Vec<Block>,
    /// What stands at the foot of every page, left of the page number.
    pub(crate) reference: String,
    /// Forms are set more tightly than letters.
    pub(crate) density: Density,
    /// The words the layout itself says.
    pub(crate) words: Words,
}

/// How much text a paper of this kind carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Density {
    /// Receipts and letters: read by the citizen.
    Reading,
    /// Forms: many fields.
    Form,
}

/// The addressee and the lines at the right of it.
#[derive(Debug, Clone)]
pub(crate) struct AddressBlock {
    pub(crate) lines: Vec<String>,
    pub(crate) beside: Vec<(String, String)>,
}

/// A part of the body.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    /// The heading of the paper.
    Title(String),
    /// The heading of a later part of a form.
    PartTitle(String),
    /// The one sentence that says it all.
    Lead(String),
    /// The heading of a section.
    Heading(String),
    /// Running text.
    Paragraph(String),
    /// Names and values, one per line.
    Facts(Vec<(String, String)>),
    /// Points with a bullet.
    Bullets(Vec<String>),
    /// Points with a mark of their own: met, not met, not known yet.
    Findings(Vec<Finding>),
    /// A framed text that must be seen.
    Notice { heading: String, text: String },
    /// The fields of a form.
    Fields(Vec<Field>),
    /// The framed block of a form that others fill in.
    Reserved {
        heading: String,
        rows: Vec<(String, String)>,
    },
    /// Lines to sign on.
    Signatures(Vec<SignatureLine>),
    /// What follows starts on a new page.
    NewPage,
}

/// One requirement as it is told to the citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) mark: String,
    pub(crate) text: String,
    pub(crate) notes: Vec<String>,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) label: String,
    pub(crate) value: FieldValue,
    /// Takes the whole width instead of half of it.
    pub(crate) wide: bool,
}

/// What stands in a field.
#[derive(Debug, Clone)]
pub(crate) enum FieldValue {
    /// Text on a line; empty on a blank form.
    Text(String),
    /// A box with the label at its right.
    Tick { ticked: bool },
    /// Several boxes of which one is ticked.
    Choice(Vec<(String, bool)>),
}

/// A line to sign on.
#[derive(Debug, Clone)]
pub(crate) struct SignatureLine {
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) signed_on: String,
    /// Strokes of a signature given on screen, in a box of width 1 and height 1.
    pub(crate) strokes: Vec<Vec<(f32, f32)>>,
    /// What the strokes are, for those who cannot see them.
    pub(crate) strokes_said: String,
}

/// The foot of a receipt: code, number and what the code is for.
#[derive(Debug, Clone)]
pub(crate) struct Closing {
    pub(crate) code: Option<String>,
    pub(crate) code_said: String,
    pub(crate) heading: String,
    pub(crate) lines: Vec<String>,
}
