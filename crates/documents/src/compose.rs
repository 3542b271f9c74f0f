//! Blocks to slabs: everything of a paper measured and set, but not yet on a page.
//!
//! A slab is what a page break never splits. Its ink lies at places relative to its own upper
//! left corner. Structure nodes are made here, in reading order.

mod blocks;
mod form;
mod frame;

use crate::{
    error::DocumentError,
    letterhead::Shape,
    papers::Words,
    qr::Code,
    scale::{COLUMN, Scale, TextStyle, Tone},
    shaping::{SetLine, wrap, wrap_evenly},
    sheet::{Block, Sheet},
    structure::{NodeId, Role, Structure},
    typeface::Typefaces,
};

/// What a drawn thing belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A structure element.
    Node(NodeId),
    /// Decoration, which a screen reader passes over.
    Artifact,
}

/// Something drawn; coordinates in points from the slab's upper left corner, y downwards.
#[derive(Debug, Clone)]
pub(crate) enum Ink {
    Text {
        x: f32,
        baseline: f32,
        line: SetLine,
    },
    Rule {
        from: f32,
        to: f32,
        y: f32,
        thickness: f32,
        tone: Tone,
    },
    Fill {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        tone: Tone,
    },
    Box {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        thickness: f32,
        tone: Tone,
    },
    Strokes {
        strokes: Vec<Vec<(f32, f32)>>,
        thickness: f32,
        tone: Tone,
    },
    Shapes {
        x: f32,
        y: f32,
        scale: f32,
        shapes: Vec<Shape>,
    },
    Code {
        x: f32,
        y: f32,
        side: f32,
        code: Code,
    },
}

/// A part of the paper that stays together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slab {
    pub(crate) height: f32,
    /// Space above, dropped at the top of a page.
    pub(crate) before: f32,
    /// Must not be the last of its page.
    pub(crate) keep_with_next: bool,
    /// Starts a page.
    pub(crate) on_new_page: bool,
    /// Begins something: a page may be ended before it to fill the next.
    pub(crate) opens: bool,
    /// Stands this far from the upper edge of the sheet, where nothing before it is in the way.
    pub(crate) from_edge: Option<f32>,
    /// Stands at the foot of its page.
    pub(crate) at_foot: bool,
    pub(crate) ink: Vec<(Owner, Ink)>,
}

/// A composed paper.
#[derive(Debug, Clone)]
pub(crate) struct Composed {
    pub(crate) slabs: Vec<Slab>,
    pub(crate) structure: Structure,
    pub(crate) uncovered: Vec<char>,
}

/// Composes a sheet at a scale.
pub(crate) fn compose(
    typefaces: &Typefaces,
    sheet: &Sheet,
    scale: &Scale,
) -> Result<Composed, DocumentError> {
    let mut composer = Composer {
        typefaces,
        scale,
        slabs: Vec::new(),
        structure: Structure::new(),
        section: Structure::ROOT,
        uncovered: Vec::new(),
        break_before_next: false,
        words: &sheet.words,
        field_gap: 0.0,
    };
    composer.letterhead(&sheet.letterhead);
    if let Some(address) = &sheet.address {
        composer.address(address);
    }
    if let Some(line) = &sheet.copy_line {
        composer.copy_line(line);
    }
    for block in &sheet.blocks {
        composer.block(block);
    }
    if let Some(closing) = &sheet.closing {
        composer.closing(closing)?;
    }
    for block in &sheet.enclosed {
        composer.block(block);
    }
    Ok(Composed {
        slabs: composer.slabs,
        structure: composer.structure,
        uncovered: composer.uncovered,
    })
}

/// The state of composing one paper.
pub(crate) struct Composer<'a> {
    pub(crate) typefaces: &'a Typefaces,
    pub(crate) scale: &'a Scale,
    pub(crate) slabs: Vec<Slab>,
    pub(crate) structure: Structure,
    /// The element that the next block goes into.
    pub(crate) section: NodeId,
    pub(crate) uncovered: Vec<char>,
    pub(crate) break_before_next: bool,
    pub(crate) words: &'a Words,
    /// Space above the next field.
    pub(crate) field_gap: f32,
}

impl Composer<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(text) => self.title(text),
            Block::Lead(text) => self.lead(text),
            Block::Heading(text) => self.heading(text),
            Block::Paragraph(text) => self.paragraph(text),
            Block::Facts(rows) => self.facts(rows),
            Block::Bullets(points) => self.bullets(points),
            Block::Findings(findings) => self.findings(findings),
            Block::Notice { heading, text } => self.notice(heading, text),
            Block::Fields(fields) => self.fields(fields),
            Block::PartTitle(text) => self.part_title(text),
            Block::Reserved { heading, rows } => self.reserved(heading, rows),
            Block::Signatures(lines) => self.signatures(lines),
            Block::NewPage => self.break_before_next = true,
        }
    }

    /// Adds a slab.
    pub(crate) fn push(&mut self, mut slab: Slab) {
        slab.on_new_page = std::mem::take(&mut self.break_before_next);
        self.slabs.push(slab);
    }

    /// Adds an element to the current section.
    pub(crate) fn node(&mut self, role: Role) -> NodeId {
        self.structure.add(self.section, role)
    }

    /// Sets a text on lines of the given width.
    pub(crate) fn lines(&mut self, text: &str, style: TextStyle, width: f32) -> Vec<SetLine> {
        let lines = wrap(self.typefaces, text, style, width);
        self.note_uncovered(&lines);
        lines
    }

    /// Sets a heading on lines of about the same length.
    pub(crate) fn even_lines(&mut self, text: &str, style: TextStyle) -> Vec<SetLine> {
        let lines = wrap_evenly(self.typefaces, text, style, COLUMN);
        self.note_uncovered(&lines);
        lines
    }

    /// Sets the sentence that says it all: lines end where sentences end if that takes no more
    /// lines, else they are of about the same length.
    pub(crate) fn sentence_lines(&mut self, text: &str, style: TextStyle) -> Vec<SetLine> {
        let even = self.even_lines(text, style);
        let mut start = 0;
        let mut end = 0;
        let mut by_sentence = Vec::new();
        for sentence in sentences(text) {
            let longer = end + sentence.len();
            if end > start && wrap(self.typefaces, &text[start..longer], style, COLUMN).len() > 1 {
                by_sentence.extend(wrap_evenly(
                    self.typefaces,
                    &text[start..end],
                    style,
                    COLUMN,
                ));
                start = end;
            }
            end = longer;
        }
        by_sentence.extend(wrap_evenly(
            self.typefaces,
            &text[start..end],
            style,
            COLUMN,
        ));
        if by_sentence.len() > even.len() {
            even
        } else {
            by_sentence
        }
    }

    /// What was set last stays on the page of what comes next.
    pub(crate) fn keep_with_previous(&mut self) {
        if let Some(last) = self.slabs.last_mut() {
            last.keep_with_next = true;
        }
    }

    fn note_uncovered(&mut self, lines: &[SetLine]) {
        for character in lines.iter().flat_map(|line| &line.uncovered) {
            if !self.uncovered.contains(character) {
                self.uncovered.push(*character);
            }
        }
    }

    /// One slab per line, so that long text flows over pages, never leaving one line alone.
    pub(crate) fn flow(
        &mut self,
        node: NodeId,
        text: &str,
        style: TextStyle,
        before: f32,
        keep_with_next: bool,
    ) {
        let lines = self.lines(text, style, COLUMN);
        self.flow_lines(node, lines, before, keep_with_next);
    }

    /// One slab per set line.
    pub(crate) fn flow_lines(
        &mut self,
        node: NodeId,
        lines: Vec<SetLine>,
        before: f32,
        keep_with_next: bool,
    ) {
        let count = lines.len();
        for (at, line) in lines.into_iter().enumerate() {
            let first_or_last_but_one = count > 1 && (at == 0 || at + 2 == count);
            let mut slab = Slab {
                before: if at == 0 { before } else { 0.0 },
                keep_with_next: keep_with_next || first_or_last_but_one,
                ..Slab::default()
            };
            slab.text(Owner::Node(node), 0.0, vec![line]);
            self.push(slab);
        }
    }
}

impl Slab {
    /// Draws lines under what is there and grows by them.
    pub(crate) fn text(&mut self, owner: Owner, x: f32, lines: Vec<SetLine>) {
        self.height = self.text_at(owner, x, self.height, lines);
    }

    /// Draws lines at a place and returns where they end, without growing.
    pub(crate) fn text_at(&mut self, owner: Owner, x: f32, top: f32, lines: Vec<SetLine>) -> f32 {
        let mut y = top;
        for line in lines {
            let style = line.style;
            let baseline = y + baseline(style);
            self.ink.push((owner, Ink::Text { x, baseline, line }));
            y += style.leading;
        }
        y
    }

    /// Draws lines that end at `right`.
    pub(crate) fn text_flush_right(
        &mut self,
        owner: Owner,
        right: f32,
        top: f32,
        lines: Vec<SetLine>,
    ) -> f32 {
        let mut y = top;
        for line in lines {
            let x = right - line.width;
            y = self.text_at(owner, x, y, vec![line]);
        }
        y
    }
}

/// The sentences of a text, each with the space after it. "kl.", "nr." and an initial end none.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(". ") {
        let word = text[start..at].rsplit(' ').next().unwrap_or_default();
        let ends = word.chars().count() > 2
            && word.chars().last().is_some_and(char::is_lowercase)
            && text[at + 2..].starts_with(char::is_uppercase);
        if ends {
            found.push(&text[start..at + 2]);
            start = at + 2;
        }
    }
    found.push(&text[start..]);
    found
}

/// Where the baseline lies under the top of a line box.
pub(crate) fn baseline(style: TextStyle) -> f32 {
    // Half the difference between IBM Plex Sans' ascent (1.025 em) and descent (0.275 em).
    style.leading / 2.0 + 0.375 * style.size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_neither_at_an_abbreviation_nor_at_an_initial() {
        assert_eq!(
            sentences("Det sker kl. 14 for Aase B. Lindholm, nr. 5. Det er rettet. Vi beklager."),
            [
                "Det sker kl. 14 for Aase B. Lindholm, nr. 5. Det er rettet. ",
                "Vi beklager."
            ]
        );
    }
}
