//! Pages to printpdf operations: coordinates, marked content and the glyphs used.

use std::collections::BTreeMap;

use printpdf::{
    Codepoint, Color, DictItem, Line, LinePoint, Mm, Op, PaintMode, PdfFontHandle, PdfPage, Point,
    Polygon, PolygonRing, Pt, Rect, Rgb, TextItem, TextMatrix, WindingOrder,
};

use crate::{
    compose::{Ink, Owner},
    paginate::Page,
    scale::{MARGIN_SIDE, PAGE_HEIGHT, PAGE_WIDTH, Tone},
    shaping::{Glyph, Piece, SetLine},
    structure::{Role, Structure},
    typeface::Typeface,
};

/// The glyphs a paper uses of each font, renumbered for the subset.
#[derive(Default)]
pub(crate) struct UsedGlyphs {
    pub(crate) fonts: BTreeMap<Typeface, FontUse>,
}

/// The glyphs of one font.
///
/// A code stands for one glyph and one text: a hyphen that forbids a break shares its glyph with
/// the ordinary one and has a code of its own, so that both are extracted as typed.
#[derive(Default)]
pub(crate) struct FontUse {
    pub(crate) remapper: subsetter::GlyphRemapper,
    codes: BTreeMap<(u16, String), u16>,
    /// The glyph of the subset for each code, code 1 first, and its advance in thousandths.
    pub(crate) glyphs: Vec<(u16, f32)>,
}

impl UsedGlyphs {
    /// The code of the glyph.
    fn use_glyph(&mut self, typeface: Typeface, glyph: &Glyph) -> u16 {
        let font = self.fonts.entry(typeface).or_default();
        let key = (glyph.gid, glyph.text.clone());
        if let Some(code) = font.codes.get(&key) {
            return *code;
        }
        font.glyphs
            .push((font.remapper.remap(glyph.gid), glyph.natural));
        let code = u16::try_from(font.glyphs.len()).unwrap_or(u16::MAX);
        font.codes.insert(key, code);
        code
    }
}

/// Draws the pages and notes in the structure which marked content shows which element.
pub(crate) fn draw(
    pages: &[Page],
    structure: &mut Structure,
    used: &mut UsedGlyphs,
) -> Vec<PdfPage> {
    pages
        .iter()
        .enumerate()
        .map(|(number, page)| {
            let mut canvas = Canvas {
                ops: Vec::new(),
                used,
            };
            let mut mcid = 0;
            let mut ink = page.ink.iter().peekable();
            while let Some((_, owner, _)) = ink.peek() {
                let owner = *owner;
                canvas.begin(owner, structure, number, &mut mcid);
                while let Some((top, _, drawn)) = ink.next_if(|(_, next, _)| *next == owner) {
                    canvas.ink(*top, drawn);
                    note_bounds(structure, owner, *top, drawn);
                    note_text(structure, owner, drawn);
                }
                canvas.ops.push(Op::EndMarkedContent);
            }
            PdfPage::new(Mm(210.0), Mm(297.0), canvas.ops)
        })
        .map(|mut page| {
            let a4 = Rect {
                x: Pt(0.0),
                y: Pt(0.0),
                width: Pt(PAGE_WIDTH),
                height: Pt(PAGE_HEIGHT),
                mode: None,
                winding_order: None,
            };
            page.media_box = a4.clone();
            page.trim_box = a4.clone();
            page.crop_box = a4;
            page
        })
        .collect()
}

struct Canvas<'u> {
    ops: Vec<Op>,
    used: &'u mut UsedGlyphs,
}

impl Canvas<'_> {
    fn begin(&mut self, owner: Owner, structure: &mut Structure, page: usize, mcid: &mut usize) {
        match owner {
            Owner::Artifact => {
                self.ops.push(Op::BeginMarkedContent {
                    tag: "Artifact".to_owned(),
                });
            }
            Owner::Node(node) => {
                let number = i64::try_from(*mcid).unwrap_or(i64::MAX);
                let map = BTreeMap::from([("MCID".to_owned(), DictItem::Int(number))]);
                self.ops.push(Op::BeginMarkedContentWithProperties {
                    tag: structure.nodes[node.0].role.tag().to_owned(),
                    properties: DictItem::Dict { map },
                });
                structure.shown_by(node, page, *mcid);
                *mcid += 1;
            }
        }
    }

    fn ink(&mut self, top: f32, ink: &Ink) {
        match ink {
            Ink::Text { x, baseline, line } => self.text(*x, top + baseline, line),
            Ink::Rule {
                from,
                to,
                y,
                thickness,
                tone,
            } => {
                self.stroke(*thickness, *tone);
                self.line(&[(*from, top + y), (*to, top + y)]);
            }
            Ink::Fill {
                x,
                y,
                width,
                height,
                tone,
            } => {
                self.ops.push(Op::SetFillColor { col: color(*tone) });
                self.rectangle(*x, top + y, *width, *height, PaintMode::Fill);
            }
            Ink::Box {
                x,
                y,
                width,
                height,
                thickness,
                tone,
            } => {
                self.stroke(*thickness, *tone);
                self.rectangle(*x, top + y, *width, *height, PaintMode::Stroke);
            }
            Ink::Strokes {
                strokes,
                thickness,
                tone,
            } => {
                self.stroke(*thickness, *tone);
                for stroke in strokes {
                    let points: Vec<_> = stroke.iter().map(|(x, y)| (*x, top + y)).collect();
                    self.line(&points);
                }
            }
            Ink::Shapes {
                x,
                y,
                scale,
                shapes,
            } => {
                for shape in shapes {
                    let (r, g, b) = shape.fill;
                    self.ops.push(Op::SetFillColor {
                        col: color(Tone(r, g, b)),
                    });
                    let points = shape
                        .points
                        .iter()
                        .map(|((px, py), bezier)| LinePoint {
                            p: at(x + px * scale, top + y + py * scale),
                            bezier: *bezier,
                        })
                        .collect();
                    self.polygon(vec![PolygonRing { points }]);
                }
            }
            Ink::Code { x, y, side, code } => {
                self.ops.push(Op::SetFillColor {
                    col: color(Tone(0.0, 0.0, 0.0)),
                });
                let module = side / units(code.side);
                let rings = code
                    .runs()
                    .into_iter()
                    .map(|(row, column, length)| {
                        let left = x + units(column) * module;
                        let right = left + units(length) * module;
                        let upper = top + y + units(row) * module;
                        let lower = upper + module;
                        let points = [(left, upper), (right, upper), (right, lower), (left, lower)]
                            .map(|(px, py)| LinePoint {
                                p: at(px, py),
                                bezier: false,
                            })
                            .to_vec();
                        PolygonRing { points }
                    })
                    .collect();
                self.polygon(rings);
            }
        }
    }

    /// One line of text as one text object.
    fn text(&mut self, x: f32, baseline: f32, line: &SetLine) {
        if line.pieces.is_empty() {
            return;
        }
        let size = line.style.size;
        self.ops.push(Op::SetFillColor {
            col: color(line.style.tone),
        });
        self.ops.push(Op::StartTextSection);
        let mut pen = x;
        for piece in &line.pieces {
            self.piece(pen, baseline, size, piece);
            pen += piece.glyphs.iter().map(|glyph| glyph.advance).sum::<f32>() * size / 1000.0;
        }
        self.ops.push(Op::EndTextSection);
    }

    fn piece(&mut self, x: f32, baseline: f32, size: f32, piece: &Piece) {
        let resource = piece.typeface.resource().to_owned();
        let font = PdfFontHandle::External(printpdf::FontId(resource));
        self.ops.push(Op::SetFont {
            font,
            size: Pt(size),
        });
        if let Some(said) = &piece.actual_text {
            self.begin_said(said);
        }
        let mut pen = x;
        let mut run: Vec<Codepoint> = Vec::new();
        let mut run_start = x;
        let em = size / 1000.0;
        for glyph in &piece.glyphs {
            let code = self.used.use_glyph(piece.typeface, glyph);
            // The glyphs of a whole said together have no text of their own.
            let said = if glyph.text.is_empty() {
                " ".to_owned()
            } else {
                glyph.text.clone()
            };
            if glyph.dx.abs() > 0.01 || glyph.dy.abs() > 0.01 {
                self.run(run_start, baseline, &mut run);
                let mut single = vec![Codepoint::with_cid(code, 0.0, said)];
                self.run(pen + glyph.dx * em, baseline - glyph.dy * em, &mut single);
                run_start = pen + glyph.advance * em;
            } else {
                // TJ numbers move left, and the viewer itself advances by the natural width.
                let kern = rounded(glyph.natural - glyph.advance);
                run.push(Codepoint::with_cid(code, kern, said));
            }
            pen += glyph.advance * em;
        }
        self.run(run_start, baseline, &mut run);
        if piece.actual_text.is_some() {
            self.ops.push(Op::EndMarkedContent);
        }
    }

    fn run(&mut self, x: f32, baseline: f32, glyphs: &mut Vec<Codepoint>) {
        if glyphs.is_empty() {
            return;
        }
        let origin = at(x, baseline);
        self.ops.push(Op::SetTextMatrix {
            matrix: TextMatrix::Raw([1.0, 0.0, 0.0, 1.0, origin.x.0, origin.y.0]),
        });
        let items = vec![TextItem::GlyphIds(std::mem::take(glyphs))];
        self.ops.push(Op::ShowText { items });
    }

    /// Opens a span that says its text as a whole.
    fn begin_said(&mut self, said: &str) {
        let mut data = vec![0xfe, 0xff];
        data.extend(said.encode_utf16().flat_map(u16::to_be_bytes));
        let text = DictItem::String {
            data,
            literal: false,
        };
        self.ops.push(Op::BeginMarkedContentWithProperties {
            tag: "Span".to_owned(),
            properties: DictItem::Dict {
                map: BTreeMap::from([("ActualText".to_owned(), text)]),
            },
        });
    }

    fn stroke(&mut self, thickness: f32, tone: Tone) {
        self.ops.push(Op::SetOutlineThickness { pt: Pt(thickness) });
        self.ops.push(Op::SetOutlineColor { col: color(tone) });
    }

    fn line(&mut self, points: &[(f32, f32)]) {
        let points = points
            .iter()
            .map(|(x, y)| LinePoint {
                p: at(*x, *y),
                bezier: false,
            })
            .collect();
        self.ops.push(Op::DrawLine {
            line: Line {
                points,
                is_closed: false,
            },
        });
    }

    fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32, mode: PaintMode) {
        let corner = at(x, y + height);
        self.ops.push(Op::DrawRectangle {
            rectangle: Rect {
                x: corner.x,
                y: corner.y,
                width: Pt(rounded(width)),
                height: Pt(rounded(height)),
                mode: Some(mode),
                winding_order: Some(WindingOrder::NonZero),
            },
        });
    }

    fn polygon(&mut self, rings: Vec<PolygonRing>) {
        self.ops.push(Op::DrawPolygon {
            polygon: Polygon {
                rings,
                mode: PaintMode::Fill,
                winding_order: WindingOrder::NonZero,
            },
        });
    }
}

/// Keeps what an element says. Only where letters run from right to left does the element need
/// it: its glyphs stand in the order they are seen.
fn note_text(structure: &mut Structure, owner: Owner, ink: &Ink) {
    if let (Owner::Node(node), Ink::Text { line, .. }) = (owner, ink) {
        structure.nodes[node.0].text.push_str(&line.text);
    }
}

/// Keeps where a figure lies, which its structure element must name.
fn note_bounds(structure: &mut Structure, owner: Owner, top: f32, ink: &Ink) {
    let Owner::Node(node) = owner else { return };
    let node = &mut structure.nodes[node.0];
    if node.role != Role::Figure {
        return;
    }
    let (left, upper, right, lower) = match ink {
        Ink::Code { x, y, side, .. } => (*x, *y, x + side, y + side),
        Ink::Shapes {
            x,
            y,
            scale,
            shapes,
        } => {
            let corners = shapes.iter().flat_map(|shape| &shape.points);
            let (right, lower) = corners
                .fold((0.0_f32, 0.0_f32), |(right, lower), ((px, py), _)| {
                    (right.max(*px), lower.max(*py))
                });
            (*x, *y, x + right * scale, y + lower * scale)
        }
        Ink::Strokes { strokes, .. } => strokes.iter().flatten().fold(
            (f32::MAX, f32::MAX, 0.0, 0.0),
            |(left, upper, right, lower), (x, y)| {
                (
                    left.min(*x),
                    upper.min(*y),
                    f32::max(right, *x),
                    f32::max(lower, *y),
                )
            },
        ),
        Ink::Text { .. } | Ink::Rule { .. } | Ink::Fill { .. } | Ink::Box { .. } => return,
    };
    let (start, end) = (at(left, top + lower), at(right, top + upper));
    node.bounds = Some([start.x.0, start.y.0, end.x.0, end.y.0]);
}

/// A place of the column in PDF coordinates.
fn at(x: f32, y: f32) -> Point {
    Point {
        x: Pt(rounded(MARGIN_SIDE + x)),
        y: Pt(rounded(PAGE_HEIGHT - y)),
    }
}

/// Hundredths of a point are finer than any printer.
fn rounded(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

fn color(tone: Tone) -> Color {
    Color::Rgb(Rgb {
        r: tone.0,
        g: tone.1,
        b: tone.2,
        icc_profile: None,
    })
}

/// Counts of modules are small and fit a float exactly.
#[expect(clippy::cast_precision_loss, reason = "a code has at most 177 modules")]
fn units(count: usize) -> f32 {
    count as f32
}
