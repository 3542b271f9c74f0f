//! The body of forms: fields, boxes to tick and lines to sign on.

use super::{Composer, Ink, Owner, Slab, baseline};
use crate::{
    scale::{COLUMN, INK, WRITING_LINE},
    sheet::{Field, FieldValue, SignatureLine},
    structure::{NodeId, Role},
};

const GUTTER: f32 = 18.0;
/// The part of a signature's line that is for the date.
const DATE_SHARE: f32 = 0.27;

impl Composer<'_> {
    /// Fields in two columns; wide fields and long choices take a row of their own.
    pub(super) fn fields(&mut self, fields: &[Field]) {
        let list = self.node(Role::List);
        let mut waiting: Option<&Field> = None;
        let mut before: Option<&Field> = None;
        for field in fields {
            // Ticks stand close together and clear of the answers to another question.
            let ticks = matches!(field.value, FieldValue::Tick { .. });
            let follows_tick = before.is_some_and(|f| matches!(f.value, FieldValue::Tick { .. }));
            self.field_gap = if before.is_none() {
                // Clear of the sentence above.
                self.scale.field_gap.max(8.0)
            } else if ticks && follows_tick {
                1.5
            } else {
                self.scale.field_gap
            };
            before = Some(field);
            let alone = field.wide
                || !self.scale.two_columns
                || !matches!(field.value, FieldValue::Text(_));
            match (waiting.take(), alone) {
                (Some(first), false) => self.field_row(list, &[first, field]),
                (Some(first), true) => {
                    self.field_row(list, &[first]);
                    self.field_row(list, &[field]);
                }
                (None, true) => self.field_row(list, &[field]),
                (None, false) => waiting = Some(field),
            }
        }
        if let Some(field) = waiting {
            self.field_row(list, &[field]);
        }
    }

    fn field_row(&mut self, list: NodeId, fields: &[&Field]) {
        let half = (COLUMN - GUTTER) / 2.0;
        let mut slab = Slab {
            before: self.field_gap,
            opens: true,
            ..Slab::default()
        };
        for (at, field) in fields.iter().enumerate() {
            let item = self.structure.add(list, Role::ListItem);
            // A field with nobody beside it takes the whole line.
            let alone = fields.len() == 1;
            let (x, width) = if alone || !matches!(field.value, FieldValue::Text(_)) {
                (0.0, COLUMN)
            } else if at == 0 {
                (0.0, half)
            } else {
                (half + GUTTER, half)
            };
            let end = match &field.value {
                FieldValue::Text(value) => self.text_field(&mut slab, item, field, value, x, width),
                FieldValue::Tick { ticked } => {
                    self.tick(&mut slab, item, *ticked, &field.label, (x, 0.0), width)
                }
                FieldValue::Choice(options) => self.choice(&mut slab, item, field, options, width),
            };
            slab.height = slab.height.max(end);
        }
        self.push(slab);
    }

    /// The label above, the value on a line to write on.
    fn text_field(
        &mut self,
        slab: &mut Slab,
        item: NodeId,
        field: &Field,
        value: &str,
        x: f32,
        width: f32,
    ) -> f32 {
        let scale = self.scale;
        let label = self.structure.add(item, Role::ItemLabel);
        let lines = self.lines(&field.label, scale.label, width);
        let top = slab.text_at(Owner::Node(label), x, 0.0, lines);
        let mut end = top + scale.field_line;
        if !value.is_empty() {
            let body = self.structure.add(item, Role::ItemBody);
            let lines = self.lines(value, scale.body, width);
            let written = slab.text_at(Owner::Node(body), x, top + 1.0, lines) + 1.0;
            end = end.max(written);
        }
        slab.ink.push((
            Owner::Artifact,
            Ink::Rule {
                from: x,
                to: x + width,
                y: end,
                thickness: 0.75,
                tone: WRITING_LINE,
            },
        ));
        end + 1.0
    }

    /// A box to tick with its text at the right. Returns where it ends.
    fn tick(
        &mut self,
        slab: &mut Slab,
        item: NodeId,
        ticked: bool,
        text: &str,
        (x, top): (f32, f32),
        width: f32,
    ) -> f32 {
        let words = self.words;
        let said = if ticked {
            &words.ticked
        } else {
            &words.not_ticked
        };
        let style = self.scale.body;
        let side = style.size * 0.95;
        let box_top = top + baseline(style) - side * 0.86;
        let label = self.structure.add_described(item, Role::ItemLabel, said);
        slab.ink.push((
            Owner::Node(label),
            Ink::Box {
                x,
                y: box_top,
                width: side,
                height: side,
                thickness: 0.9,
                tone: INK,
            },
        ));
        if ticked {
            let (a, b) = (side * 0.2, side * 0.8);
            let cross = vec![
                vec![(x + a, box_top + a), (x + b, box_top + b)],
                vec![(x + b, box_top + a), (x + a, box_top + b)],
            ];
            slab.ink.push((
                Owner::Node(label),
                Ink::Strokes {
                    strokes: cross,
                    thickness: 1.4,
                    tone: INK,
                },
            ));
        }
        let body = self.structure.add(item, Role::ItemBody);
        let left = side + style.size * 0.6;
        let lines = self.lines(text, style, width - left);
        slab.text_at(Owner::Node(body), x + left, top, lines)
    }

    /// A question and its answers, in as many columns as the longest answer leaves room for.
    fn choice(
        &mut self,
        slab: &mut Slab,
        item: NodeId,
        field: &Field,
        options: &[(String, bool)],
        width: f32,
    ) -> f32 {
        let scale = self.scale;
        let body = self.structure.add(item, Role::ItemBody);
        let lines = self.lines(&field.label, scale.label, width);
        let mut y = slab.text_at(Owner::Node(body), 0.0, 0.0, lines) + 1.0;
        let list = self.structure.add(body, Role::List);
        let left = scale.body.size * 1.55;
        let longest = options.iter().fold(0.0_f32, |longest, (text, _)| {
            let set = self.lines(text, scale.body, width - left);
            set.iter()
                .fold(longest, |widest, line| widest.max(line.width))
        });
        let column = left + longest + GUTTER;
        let mut x = 0.0;
        let mut end = y;
        for (text, ticked) in options {
            if x > 0.0 && x + column > width + GUTTER {
                x = 0.0;
                y = end + 2.0;
            }
            let option = self.structure.add(list, Role::ListItem);
            end = end.max(self.tick(slab, option, *ticked, text, (x, y), width - x));
            x += column;
        }
        end
    }

    /// A line for the date and one to sign on, with who signs under them; a signature given on
    /// screen is drawn. Nobody signs on a page without a word on it.
    pub(super) fn signatures(&mut self, lines: &[SignatureLine]) {
        let scale = self.scale;
        let style = scale.body;
        self.keep_with_previous();
        for (at, line) in lines.iter().enumerate() {
            let mut slab = Slab {
                before: scale.between,
                keep_with_next: at + 1 < lines.len(),
                ..Slab::default()
            };
            let y = scale.signature_space;
            let date = DATE_SHARE * COLUMN;
            let mut left = date + GUTTER;
            let node = self.node(Role::Paragraph);
            if !line.signed_on.is_empty() {
                let set = self.lines(&line.signed_on, style, COLUMN / 3.0);
                left = set.iter().fold(date, |widest, line| widest.max(line.width)) + GUTTER;
                slab.text_at(Owner::Node(node), 0.0, y - style.leading - 1.0, set);
            }
            if !line.strokes.is_empty() {
                let said = &line.strokes_said;
                let figure = self
                    .structure
                    .add_described(self.section, Role::Figure, said);
                let (width, height) = ((COLUMN - left).min(y * 4.0), y - 4.0);
                let strokes = line
                    .strokes
                    .iter()
                    .map(|stroke| {
                        let place = |(x, y): &(f32, f32)| {
                            let (x, y) = (x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
                            (left + x * width, 2.0 + y * height)
                        };
                        stroke.iter().map(place).collect()
                    })
                    .collect();
                slab.ink.push((
                    Owner::Node(figure),
                    Ink::Strokes {
                        strokes,
                        thickness: 1.2,
                        tone: INK,
                    },
                ));
            }
            let said = if line.name.is_empty() {
                line.label.clone()
            } else {
                format!("{}: {}", line.label, line.name)
            };
            let name = self.node(Role::Paragraph);
            let set = self.lines(&said, scale.label, COLUMN);
            let end = slab.text_at(Owner::Node(name), 0.0, y + 2.0, set);
            for (from, to) in [(0.0, left - GUTTER), (left, COLUMN)] {
                slab.ink.push((
                    Owner::Artifact,
                    Ink::Rule {
                        from,
                        to,
                        y,
                        thickness: 0.75,
                        tone: WRITING_LINE,
                    },
                ));
            }
            slab.height = end;
            self.push(slab);
        }
    }

    /// A frame with rows that somebody else fills in, on lines where they are empty. It stays
    /// with what it is about.
    pub(super) fn reserved(&mut self, heading: &str, rows: &[(String, String)]) {
        const PADDING: f32 = 9.0;
        let scale = self.scale;
        self.keep_with_previous();
        let mut slab = Slab {
            before: scale.before_heading,
            height: PADDING,
            ..Slab::default()
        };
        let node = self.node(Role::Heading2);
        let set = self.lines(heading, scale.heading, COLUMN - 2.0 * PADDING);
        slab.text(Owner::Node(node), PADDING, set);
        let table = self.node(Role::Table);
        let values_at = PADDING + scale.label_column;
        let right = COLUMN - PADDING;
        for (label, value) in rows {
            let row = self.structure.add(table, Role::TableRow);
            let heading = self.structure.add(row, Role::TableHeading);
            let cell = self.structure.add(row, Role::TableCell);
            let top = slab.height + scale.row_padding;
            let labels = self.lines(label, scale.label, scale.label_column - 10.0);
            let drop = (scale.body.leading - scale.label.leading).max(0.0);
            let end = slab.text_at(Owner::Node(heading), PADDING, top + drop, labels);
            let values = self.lines(value, scale.body, right - values_at);
            let end = end.max(slab.text_at(Owner::Node(cell), values_at, top, values));
            slab.height = end + scale.row_padding;
            slab.ink.push((
                Owner::Artifact,
                Ink::Rule {
                    from: values_at,
                    to: right,
                    y: slab.height,
                    thickness: 0.75,
                    tone: WRITING_LINE,
                },
            ));
        }
        slab.height += PADDING;
        let height = slab.height;
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
