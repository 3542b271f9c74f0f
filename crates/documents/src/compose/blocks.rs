//! The body of receipts and letters.

use super::{Composer, Ink, Owner, Slab, frame::to_height};
use crate::{
    scale::{ACCENT, COLUMN, HAIRLINE, INK},
    sheet::Finding,
    structure::Role,
};

/// Lines of a point that stay together.
const LINES_OF_A_POINT: usize = 6;

impl Composer<'_> {
    pub(super) fn title(&mut self, text: &str) {
        let node = self.node(Role::Heading1);
        let lines = self.even_lines(text, self.scale.title);
        self.flow_lines(node, lines, self.scale.before_title, true);
    }

    /// A later part looks like a paper of its own and is a section of this one.
    pub(super) fn part_title(&mut self, text: &str) {
        let node = self.node(Role::Heading2);
        let lines = self.even_lines(text, self.scale.title);
        self.flow_lines(node, lines, self.scale.before_title, true);
    }

    pub(super) fn lead(&mut self, text: &str) {
        let node = self.node(Role::Paragraph);
        let lines = self.sentence_lines(text, self.scale.lead);
        self.flow_lines(node, lines, 6.0, true);
    }

    pub(super) fn heading(&mut self, text: &str) {
        let node = self.node(Role::Heading2);
        let start = self.slabs.len();
        self.flow(
            node,
            text,
            self.scale.heading,
            self.scale.before_heading,
            true,
        );
        if let Some(first) = self.slabs.get_mut(start) {
            first.opens = true;
        }
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        let before = self.space_after_heading();
        let node = self.node(Role::Paragraph);
        self.flow(node, text, self.scale.body, before, false);
    }

    /// Less space under a heading than between paragraphs.
    fn space_after_heading(&self) -> f32 {
        if self.slabs.last().is_some_and(|slab| slab.keep_with_next) {
            self.scale.after_heading
        } else {
            self.scale.between
        }
    }

    /// A table of names and values; the name is the heading of its row.
    pub(super) fn facts(&mut self, rows: &[(String, String)]) {
        let scale = self.scale;
        let table = self.node(Role::Table);
        for (at, (label, value)) in rows.iter().enumerate() {
            let row = self.structure.add(table, Role::TableRow);
            let heading = self.structure.add(row, Role::TableHeading);
            let cell = self.structure.add(row, Role::TableCell);
            let labels = self.lines(label, scale.label, scale.label_column - 10.0);
            let values = self.lines(value, scale.body, COLUMN - scale.label_column);
            let mut slab = Slab {
                before: if at == 0 { scale.before_table } else { 0.0 },
                keep_with_next: at == 0 || at + 2 == rows.len(),
                ..Slab::default()
            };
            let top = scale.row_padding;
            let end = slab.text_at(Owner::Node(heading), 0.0, top, labels);
            let end = end.max(slab.text_at(Owner::Node(cell), scale.label_column, top, values));
            slab.height = end + scale.row_padding;
            let y = slab.height;
            slab.ink.push((
                Owner::Artifact,
                Ink::Rule {
                    from: 0.0,
                    to: COLUMN,
                    y,
                    thickness: 0.75,
                    tone: HAIRLINE,
                },
            ));
            self.push(slab);
        }
    }

    pub(super) fn bullets(&mut self, points: &[String]) {
        let scale = self.scale;
        let before = self.space_after_heading();
        let list = self.node(Role::List);
        let indent = scale.body.size * 1.3;
        for (at, point) in points.iter().enumerate() {
            let item = self.structure.add(list, Role::ListItem);
            let label = self.structure.add(item, Role::ItemLabel);
            let body = self.structure.add(item, Role::ItemBody);
            let bullet = self.lines("•", scale.body, indent);
            let mut lines = self.lines(point, scale.body, COLUMN - indent);
            // A short point stays whole; a long one goes on over the page, or no page might hold it.
            let rest = lines.split_off(lines.len().min(LINES_OF_A_POINT));
            let mut slab = Slab {
                before: if at == 0 { before } else { 0.0 },
                keep_with_next: points.len() > 1 && (at == 0 || at + 2 == points.len()),
                ..Slab::default()
            };
            slab.text_at(Owner::Node(label), scale.body.size * 0.35, 0.0, bullet);
            slab.text(Owner::Node(body), indent, lines);
            self.push(slab);
            for line in rest {
                let mut slab = Slab::default();
                slab.text(Owner::Node(body), indent, vec![line]);
                self.push(slab);
            }
        }
    }

    /// Requirements with their outcome in front, as the explanation tells them.
    pub(super) fn findings(&mut self, findings: &[Finding]) {
        let scale = self.scale;
        let before = self.space_after_heading();
        let list = self.node(Role::List);
        let mut column = 0.0_f32;
        for finding in findings {
            let mark = self.lines(&finding.mark, scale.body_strong, COLUMN / 3.0);
            column = mark
                .iter()
                .fold(column, |widest, line| widest.max(line.width));
        }
        let left = column + 14.0;
        for (at, finding) in findings.iter().enumerate() {
            let item = self.structure.add(list, Role::ListItem);
            let label = self.structure.add(item, Role::ItemLabel);
            let body = self.structure.add(item, Role::ItemBody);
            let mark = self.lines(&finding.mark, scale.body_strong, column.max(1.0) + 0.5);
            let mut slab = Slab {
                before: if at == 0 { before } else { scale.between / 2.0 },
                keep_with_next: findings.len() > 1 && (at == 0 || at + 2 == findings.len()),
                ..Slab::default()
            };
            let end = slab.text_at(Owner::Node(label), 0.0, 0.0, mark);
            let text = self.lines(&finding.text, scale.body, COLUMN - left);
            slab.text(Owner::Node(body), left, text);
            for note in &finding.notes {
                let lines = self.lines(note, scale.small, COLUMN - left);
                slab.text(Owner::Node(body), left, lines);
            }
            slab.height = slab.height.max(end);
            self.push(slab);
        }
    }

    /// A framed text with a bar at its left.
    pub(super) fn notice(&mut self, heading: &str, text: &str) {
        const PADDING: f32 = 10.0;
        const BAR: f32 = 4.0;
        let scale = self.scale;
        let left = BAR + PADDING + 2.0;
        let width = COLUMN - left - PADDING;
        let mut slab = Slab {
            before: scale.before_table,
            ..Slab::default()
        };
        slab.height = PADDING;
        let heading_node = self.node(Role::Paragraph);
        let lines = self.lines(heading, scale.body_strong, width);
        slab.text(Owner::Node(heading_node), left, lines);
        if !text.is_empty() {
            let node = self.node(Role::Paragraph);
            let lines = self.lines(text, scale.body, width);
            debug_assert!(to_height(&lines) > 0.0, "a set text has at least one line");
            slab.text(Owner::Node(node), left, lines);
        }
        slab.height += PADDING;
        let height = slab.height;
        slab.ink.push((
            Owner::Artifact,
            Ink::Fill {
                x: 0.0,
                y: 0.0,
                width: BAR,
                height,
                tone: ACCENT,
            },
        ));
        slab.ink.push((
            Owner::Artifact,
            Ink::Box {
                x: 0.375,
                y: 0.375,
                width: COLUMN - 0.75,
                height: height - 0.75,
                thickness: 0.75,
                tone: INK,
            },
        ));
        self.push(slab);
    }
}
