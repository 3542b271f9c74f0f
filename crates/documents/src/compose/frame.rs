//! What surrounds the body: letterhead, copy mark, addressee, and the foot with the code.

use super::{Composer, Ink, Owner, Slab};
use crate::{
    error::DocumentError,
    letterhead::Letterhead,
    qr::Code,
    scale::{CODE_SIDE, COLUMN, HAIRLINE, INK, WINDOW_BOTTOM, WINDOW_TOP},
    shaping::wrap,
    sheet::{AddressBlock, Closing},
    structure::Role,
};

impl Composer<'_> {
    /// Mark, sender and unit at the left, contact lines at the right.
    pub(super) fn letterhead(&mut self, letterhead: &Letterhead) {
        let scale = self.scale;
        let mut slab = Slab::default();
        let mut left = 0.0;
        let mut height = 0.0_f32;
        if let Some(mark) = &letterhead.mark {
            let node =
                self.structure
                    .add_described(self.section, Role::Figure, &letterhead.mark_said);
            let factor = scale.mark_height / mark.height;
            slab.ink.push((
                Owner::Node(node),
                Ink::Shapes {
                    x: 0.0,
                    y: 0.0,
                    scale: factor,
                    shapes: mark.shapes.clone(),
                },
            ));
            left = mark.width * factor + 12.0;
            height = scale.mark_height;
        }

        let sender = self.lines(&letterhead.sender, scale.letterhead_strong, COLUMN / 2.0);
        let unit = self.lines(&letterhead.unit, scale.letterhead, COLUMN / 2.0);
        let names = to_height(&sender) + to_height(&unit);
        let mut y = ((height - names) / 2.0).max(0.0);
        let node = self.node(Role::Paragraph);
        y = slab.text_at(Owner::Node(node), left, y, sender);
        if !letterhead.unit.is_empty() {
            let node = self.node(Role::Paragraph);
            y = slab.text_at(Owner::Node(node), left, y, unit);
        }
        height = height.max(y);

        let mut y = 0.0;
        for line in &letterhead.contact {
            let node = self.node(Role::Paragraph);
            let lines = self.lines(line, scale.letterhead_small, COLUMN / 2.0 - 12.0);
            y = slab.text_flush_right(Owner::Node(node), COLUMN, y, lines);
        }
        slab.height = height.max(y);
        self.push(slab);
    }

    /// The mark of a reprint, framed, above all that the paper says and clear of the window of
    /// an envelope.
    pub(super) fn copy_line(&mut self, line: &str) {
        let style = self.scale.small_strong;
        let node = self.node(Role::Paragraph);
        let lines = self.lines(line, style, COLUMN - 20.0);
        let width = lines
            .iter()
            .fold(0.0_f32, |widest, line| widest.max(line.width))
            + 20.0;
        let height = to_height(&lines) + 6.0;
        let mut slab = Slab {
            before: 12.0,
            height,
            ..Slab::default()
        };
        slab.ink.push((
            Owner::Artifact,
            Ink::Box {
                x: 0.5,
                y: 0.5,
                width,
                height: height - 1.0,
                thickness: 1.0,
                tone: INK,
            },
        ));
        slab.text_at(Owner::Node(node), 10.0, 3.0, lines);
        self.push(slab);
    }

    /// The addressee where the window of an envelope shows it, case and date beside it.
    pub(super) fn address(&mut self, address: &AddressBlock) {
        let scale = self.scale;
        let half = COLUMN * 0.55;
        let mut slab = Slab {
            before: 12.0,
            from_edge: Some(WINDOW_TOP),
            ..Slab::default()
        };
        let mut left = 0.0;
        for line in &address.lines {
            let node = self.node(Role::Paragraph);
            let lines = self.lines(line, scale.address, half - 12.0);
            left = slab.text_at(Owner::Node(node), 0.0, left, lines);
        }
        let mut right = 0.0;
        for (label, value) in &address.beside {
            let node = self.node(Role::Paragraph);
            let lines = self.lines(&format!("{label}: {value}"), scale.small, COLUMN - half);
            right = slab.text_flush_right(Owner::Node(node), COLUMN, right, lines);
        }
        // What the letter is about is not to be read through the window.
        slab.height = left.max(right).max(WINDOW_BOTTOM - WINDOW_TOP);
        self.push(slab);
    }

    /// The code, the number and what the code is for.
    pub(super) fn closing(&mut self, closing: &Closing) -> Result<(), DocumentError> {
        const PADDING: f32 = 15.0;
        let scale = self.scale;
        let mut slab = Slab {
            before: 12.0,
            at_foot: true,
            ..Slab::default()
        };
        slab.ink.push((
            Owner::Artifact,
            Ink::Rule {
                from: 0.0,
                to: COLUMN,
                y: 0.0,
                thickness: 0.75,
                tone: HAIRLINE,
            },
        ));
        let mut left = 0.0;
        let mut height = 0.0_f32;
        if let Some(text) = &closing.code {
            let code = Code::of(text)?;
            let node = self
                .structure
                .add_described(self.section, Role::Figure, &closing.code_said);
            slab.ink.push((
                Owner::Node(node),
                Ink::Code {
                    x: 0.0,
                    y: PADDING,
                    side: CODE_SIDE,
                    code,
                },
            ));
            left = CODE_SIDE + PADDING;
            height = CODE_SIDE;
        }
        let page_number = self.words.page_number(99, 99);
        let reserved = wrap(self.typefaces, &page_number, scale.small, COLUMN)
            .iter()
            .fold(0.0_f32, |w, l| w.max(l.width));
        let room = COLUMN - left - reserved - PADDING;
        let node = self.node(Role::Paragraph);
        let heading = self.lines(&closing.heading, scale.small_strong, room);
        let bodies: Vec<_> = closing
            .lines
            .iter()
            .map(|line| self.lines(line, scale.small, room))
            .collect();
        let text_height =
            to_height(&heading) + bodies.iter().map(|lines| to_height(lines)).sum::<f32>();
        let mut y = PADDING + ((height - text_height) / 2.0).max(0.0);
        y = slab.text_at(Owner::Node(node), left, y, heading);
        for lines in bodies {
            let node = self.node(Role::Paragraph);
            y = slab.text_at(Owner::Node(node), left, y, lines);
        }
        slab.height = y.max(PADDING + height);
        self.push(slab);
        Ok(())
    }
}

/// The height of set lines.
pub(super) fn to_height(lines: &[crate::shaping::SetLine]) -> f32 {
    lines.iter().map(|line| line.style.leading).sum()
}
