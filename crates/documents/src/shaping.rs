//! Text to glyphs: fallback fonts, joining scripts, right-to-left runs and line breaks.
//!
//! Each glyph knows the characters it stands for. Where glyphs and characters do not pair one to
//! one, the piece carries its text as a whole, so that extraction returns what was typed.

use rustybuzz::{BufferClusterLevel, Direction, Feature, UnicodeBuffer, ttf_parser::Tag};
use unicode_bidi::{BidiInfo, Level};

use crate::{
    scale::TextStyle,
    typeface::{Typeface, Typefaces, clean, drawn_as},
};

/// Keeps Arabic letters apart; drawn as nothing.
const NON_JOINER: char = '\u{200c}';

/// One glyph; lengths in thousandths of the type size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) gid: u16,
    pub(crate) advance: f32,
    /// The advance the font itself names for the glyph, before kerning.
    pub(crate) natural: f32,
    pub(crate) dx: f32,
    pub(crate) dy: f32,
    /// The characters the glyph stands for.
    pub(crate) text: String,
}

/// Glyphs of one font that follow each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) typeface: Typeface,
    pub(crate) glyphs: Vec<Glyph>,
    /// What the piece says, where its glyphs do not say it one by one.
    pub(crate) actual_text: Option<String>,
}

impl Piece {
    fn advance(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.advance).sum()
    }
}

/// A line ready to be drawn, its pieces from left to right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SetLine {
    pub(crate) pieces: Vec<Piece>,
    /// Width in points without the spaces at the end.
    pub(crate) width: f32,
    pub(crate) style: TextStyle,
    /// Characters that no font covers.
    pub(crate) uncovered: Vec<char>,
    /// What the line says, in the order it was typed.
    pub(crate) text: String,
}

/// Sets `text` on as many lines of `width` points as it takes, at least one.
pub(crate) fn wrap(
    typefaces: &Typefaces,
    text: &str,
    style: TextStyle,
    width: f32,
) -> Vec<SetLine> {
    let text = clean(text);
    let text = text.trim();
    let mut lines = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = line_end(typefaces, text, start, style, width);
        lines.push(set(typefaces, text, start..end, style));
        start = end;
    }
    if lines.is_empty() {
        lines.push(set(typefaces, "", 0..0, style));
    }
    lines
}

/// Where the line that begins at `start` ends: after the last word that fits, or within a word
/// that is wider than the line.
fn line_end(
    typefaces: &Typefaces,
    text: &str,
    start: usize,
    style: TextStyle,
    width: f32,
) -> usize {
    let limit = width / style.size * 1000.0;
    let mut used = 0.0;
    let mut end = start;
    for stop in break_points(text, start) {
        let word = &text[end..stop];
        let trimmed = word.trim_end_matches(' ');
        let whole = width_of(typefaces, word, style.typeface);
        let bare = if trimmed.len() == word.len() {
            whole
        } else {
            width_of(typefaces, trimmed, style.typeface)
        };
        if used + bare > limit {
            break;
        }
        used += whole;
        end = stop;
    }
    if end > start {
        return end;
    }
    // One word wider than the line: as many characters as fit, at least one.
    let word = &text[start..];
    let mut used = 0.0;
    for (offset, character) in word.char_indices() {
        used += width_of(
            typefaces,
            character.encode_utf8(&mut [0; 4]),
            style.typeface,
        );
        if offset > 0 && used > limit {
            return start + offset;
        }
    }
    text.len()
}

/// Sets `text` on as few lines as fit `width`, all about equally long: for headings, which look
/// torn with one word on their last line.
pub(crate) fn wrap_evenly(
    typefaces: &Typefaces,
    text: &str,
    style: TextStyle,
    width: f32,
) -> Vec<SetLine> {
    let mut best = wrap(typefaces, text, style, width);
    let mut narrow = width / 2.0;
    let mut wide = width;
    while best.len() > 1 && wide - narrow > 8.0 {
        let middle = f32::midpoint(narrow, wide);
        let tried = wrap(typefaces, text, style, middle);
        if tried.len() > best.len() {
            narrow = middle;
        } else {
            wide = middle;
            best = tried;
        }
    }
    best
}

/// The places after `start` where a line may end, the end of the text last.
///
/// A telephone number, a paragraph sign or "kl." and "nr." stay with the number they belong to.
fn break_points(text: &str, start: usize) -> impl Iterator<Item = usize> + '_ {
    let mut characters = text[start..].char_indices().peekable();
    let mut before = ' ';
    let mut word_start = start;
    std::iter::from_fn(move || {
        while let Some((offset, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            let splits_compound = matches!(character, '-' | '–' | '/')
                && before.is_alphabetic()
                && next.is_some_and(char::is_alphabetic);
            let number_follows = next.is_some_and(|next| next.is_ascii_digit());
            let word = &text[word_start..start + offset];
            let belongs_together = number_follows
                && (before.is_ascii_digit() || matches!(word, "§" | "kl." | "nr." | "stk."));
            let ends_word = character == ' ' && next != Some(' ') && !belongs_together;
            if character == ' ' {
                word_start = start + offset + 1;
            }
            before = character;
            if splits_compound || ends_word || next.is_none() {
                return Some(start + offset + character.len_utf8());
            }
        }
        None
    })
}

/// The width of a text that is not split, in thousandths of the type size.
fn width_of(typefaces: &Typefaces, text: &str, wanted: Typeface) -> f32 {
    let mut uncovered = Vec::new();
    same_font_runs(typefaces, text, wanted, &mut uncovered)
        .into_iter()
        .map(|(typeface, run)| {
            let rtl = run.chars().any(is_right_to_left);
            shape(typefaces, typeface, run, rtl)
                .iter()
                .map(|glyph| glyph.advance)
                .sum::<f32>()
        })
        .sum()
}

/// Sets the part `range` of `text` as one line.
fn set(
    typefaces: &Typefaces,
    text: &str,
    range: std::ops::Range<usize>,
    style: TextStyle,
) -> SetLine {
    let mut uncovered = Vec::new();
    let mut pieces = Vec::new();
    let line = &text[range.clone()];
    if text.chars().any(is_right_to_left) {
        let bidi = BidiInfo::new(text, Some(Level::ltr()));
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, range.clone());
            for run in runs {
                let rtl = levels[run.start].is_rtl();
                add_pieces(
                    typefaces,
                    &text[run],
                    style.typeface,
                    rtl,
                    &mut pieces,
                    &mut uncovered,
                );
            }
        }
    } else {
        add_pieces(
            typefaces,
            line,
            style.typeface,
            false,
            &mut pieces,
            &mut uncovered,
        );
    }
    let trailing = line.len() - line.trim_end_matches(' ').len();
    let spaces = if trailing > 0 {
        width_of(typefaces, &line[line.len() - trailing..], style.typeface)
    } else {
        0.0
    };
    let width = (pieces.iter().map(Piece::advance).sum::<f32>() - spaces) * style.size / 1000.0;
    SetLine {
        pieces,
        width,
        style,
        uncovered,
        text: line.to_owned(),
    }
}

fn add_pieces(
    typefaces: &Typefaces,
    run: &str,
    wanted: Typeface,
    rtl: bool,
    pieces: &mut Vec<Piece>,
    uncovered: &mut Vec<char>,
) {
    let mut parts = same_font_runs(typefaces, run, wanted, uncovered);
    if rtl {
        parts.reverse();
    }
    for (typeface, part) in parts {
        let glyphs = shape(typefaces, typeface, part, rtl);
        if rtl {
            let glyphs = unfold_ligatures(typefaces, typeface, glyphs);
            pieces.push(Piece {
                typeface,
                glyphs,
                actual_text: None,
            });
        } else {
            add_left_to_right(typeface, glyphs, pieces);
        }
    }
}

/// Splits shaped glyphs into pieces whose glyphs say their characters, and pieces of several
/// glyphs that only together say theirs.
fn add_left_to_right(typeface: Typeface, glyphs: Vec<Glyph>, pieces: &mut Vec<Piece>) {
    let mut plain: Vec<Glyph> = Vec::new();
    let mut cluster: Vec<Glyph> = Vec::new();
    let mut glyphs = glyphs.into_iter().peekable();
    while let Some(glyph) = glyphs.next() {
        cluster.push(glyph);
        if glyphs.peek().is_some_and(|next| next.text.is_empty()) {
            continue;
        }
        if cluster.len() == 1 {
            plain.append(&mut cluster);
            continue;
        }
        if !plain.is_empty() {
            let glyphs = std::mem::take(&mut plain);
            pieces.push(Piece {
                typeface,
                glyphs,
                actual_text: None,
            });
        }
        let text = cluster.iter().map(|glyph| glyph.text.as_str()).collect();
        let glyphs = std::mem::take(&mut cluster);
        pieces.push(Piece {
            typeface,
            glyphs,
            actual_text: Some(text),
        });
    }
    if !plain.is_empty() {
        pieces.push(Piece {
            typeface,
            glyphs: plain,
            actual_text: None,
        });
    }
}

/// Glyphs of a right-to-left run stand in the order they are seen, and readers turn them around.
/// A ligature is one glyph for several letters, so the letters after its first get an invisible
/// glyph of no width each, before it: turned around, all follow in the order they were typed.
fn unfold_ligatures(typefaces: &Typefaces, typeface: Typeface, glyphs: Vec<Glyph>) -> Vec<Glyph> {
    let Some(invisible) = typefaces.face(typeface).glyph_index(NON_JOINER) else {
        return glyphs;
    };
    let mut unfolded = Vec::with_capacity(glyphs.len());
    for mut glyph in glyphs {
        let mut letters = glyph.text.chars();
        let first = letters.next().map(String::from).unwrap_or_default();
        for letter in letters.rev() {
            unfolded.push(Glyph {
                gid: invisible.0,
                advance: 0.0,
                natural: 0.0,
                dx: 0.0,
                dy: 0.0,
                text: letter.to_string(),
            });
        }
        glyph.text = first;
        unfolded.push(glyph);
    }
    unfolded
}

/// Splits a run where the font changes. Characters that no font covers stay with the run they
/// stand in and are drawn as a question mark.
fn same_font_runs<'t>(
    typefaces: &Typefaces,
    run: &'t str,
    wanted: Typeface,
    uncovered: &mut Vec<char>,
) -> Vec<(Typeface, &'t str)> {
    let mut runs: Vec<(Typeface, &str)> = Vec::new();
    let mut start = 0;
    let mut current: Option<Typeface> = None;
    for (offset, character) in run.char_indices() {
        let joiner = matches!(character, '\u{200c}' | '\u{200d}');
        let typeface = match typefaces.covering(wanted, character) {
            _ if joiner => current.unwrap_or(wanted),
            Some(typeface) => typeface,
            None => {
                if !uncovered.contains(&character) {
                    uncovered.push(character);
                }
                wanted
            }
        };
        if let Some(before) = current.filter(|before| *before != typeface) {
            runs.push((before, &run[start..offset]));
            start = offset;
        }
        current = Some(typeface);
    }
    if let Some(typeface) = current {
        runs.push((typeface, &run[start..]));
    }
    runs
}

/// Shapes a run of one font and direction; the glyphs come from left to right.
fn shape(typefaces: &Typefaces, typeface: Typeface, run: &str, rtl: bool) -> Vec<Glyph> {
    // Ligatures would pair one glyph with two letters for a look nobody misses.
    const NO_LIGATURES: [Feature; 3] = [
        feature_off(*b"liga"),
        feature_off(*b"clig"),
        feature_off(*b"calt"),
    ];
    let face = typefaces.face(typeface);
    let mut buffer = UnicodeBuffer::new();
    if rtl {
        // Each mark keeps its own character.
        buffer.set_cluster_level(BufferClusterLevel::Characters);
    }
    for (offset, character) in run.char_indices() {
        let drawn = drawn_as(character);
        let joiner = matches!(character, '\u{200c}' | '\u{200d}');
        let drawn = if joiner || face.glyph_index(drawn).is_some() {
            drawn
        } else {
            '?'
        };
        buffer.add(drawn, u32::try_from(offset).unwrap_or(u32::MAX));
    }
    buffer.set_direction(if rtl {
        Direction::RightToLeft
    } else {
        Direction::LeftToRight
    });
    buffer.guess_segment_properties();
    buffer.set_direction(if rtl {
        Direction::RightToLeft
    } else {
        Direction::LeftToRight
    });
    let features: &[Feature] = if typeface == Typeface::Arabic {
        &[]
    } else {
        &NO_LIGATURES
    };
    let shaped = rustybuzz::shape(face, features, buffer);

    let scale = 1000.0 / to_f32(face.units_per_em());
    let starts = cluster_starts(shaped.glyph_infos(), run.len());
    let mut seen = None;
    shaped
        .glyph_infos()
        .iter()
        .zip(shaped.glyph_positions())
        .map(|(glyph, position)| {
            let gid = u16::try_from(glyph.glyph_id).unwrap_or(0);
            let start = glyph.cluster as usize;
            let text = if seen == Some(glyph.cluster) {
                String::new()
            } else {
                let next = starts
                    .iter()
                    .position(|known| *known == start)
                    .map_or(run.len(), |at| starts[at + 1]);
                run[start..next].to_owned()
            };
            seen = Some(glyph.cluster);
            let natural = face
                .glyph_hor_advance(rustybuzz::ttf_parser::GlyphId(gid))
                .map_or(0.0, |advance| f32::from(advance) * scale);
            Glyph {
                gid,
                advance: to_f32(position.x_advance) * scale,
                natural,
                dx: to_f32(position.x_offset) * scale,
                dy: to_f32(position.y_offset) * scale,
                text,
            }
        })
        .collect()
}

/// The starts of all clusters in rising order, followed by the end of the run.
fn cluster_starts(glyphs: &[rustybuzz::GlyphInfo], end: usize) -> Vec<usize> {
    let mut starts: Vec<usize> = glyphs.iter().map(|glyph| glyph.cluster as usize).collect();
    starts.sort_unstable();
    starts.dedup();
    starts.push(end);
    starts
}

const fn feature_off(tag: [u8; 4]) -> Feature {
    Feature {
        tag: Tag::from_bytes(&tag),
        value: 0,
        start: 0,
        end: u32::MAX,
    }
}

/// Font units fit a float exactly.
#[expect(clippy::cast_precision_loss, reason = "font units are far below 2^24")]
fn to_f32(units: i32) -> f32 {
    units as f32
}

/// Letters of the scripts that are written from right to left.
pub(crate) fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::READING;

    fn said(line: &SetLine) -> String {
        line.pieces
            .iter()
            .map(|piece| {
                piece.actual_text.clone().unwrap_or_else(|| {
                    piece
                        .glyphs
                        .iter()
                        .map(|glyph| glyph.text.as_str())
                        .collect()
                })
            })
            .collect()
    }

    #[test]
    fn lines_break_between_words_and_stay_within_the_width() {
        let typefaces = Typefaces::shared().unwrap();
        let text = "Du får breve fra det offentlige på papir. Du kan også bruge en anden vej.";

        let lines = wrap(typefaces, text, READING.body, 200.0);

        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| line.width <= 200.0));
        assert_eq!(
            lines.iter().map(said).collect::<String>(),
            text,
            "no character is lost"
        );
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken_and_not_cut_off() {
        let typefaces = Typefaces::shared().unwrap();
        let text = "Speciallægepraksisplanlægningsstabiliseringsperiode";

        let lines = wrap(typefaces, text, READING.body, 120.0);

        assert!(lines.iter().all(|line| line.width <= 120.0));
        assert_eq!(lines.iter().map(said).collect::<String>(), text);
    }

    #[test]
    fn numbers_with_a_hyphen_stay_on_one_line() {
        assert_eq!(
            break_points("251216-9996 og 2026-S3-0147", 0).collect::<Vec<_>>(),
            [12, 15, 27]
        );
        assert_eq!(
            break_points("Borgerservice-Kvik", 0).collect::<Vec<_>>(),
            [14, 18]
        );
    }

    #[test]
    fn arabic_letters_join_and_run_from_right_to_left() {
        let typefaces = Typefaces::shared().unwrap();

        let line = &wrap(typefaces, "Navn: محمد علي", READING.body, 400.0)[0];

        let isolated = typefaces.face(Typeface::Arabic).glyph_index('م').unwrap().0;
        let arabic: Vec<&Glyph> = line
            .pieces
            .iter()
            .filter(|piece| piece.typeface == Typeface::Arabic)
            .flat_map(|piece| &piece.glyphs)
            .collect();
        assert!(
            arabic.iter().all(|glyph| glyph.gid != isolated),
            "letters join"
        );
        assert_eq!(arabic[0].text, "ي", "the last letter stands left");
        assert_eq!(arabic.last().unwrap().text, "م");
        assert_eq!(line.text, "Navn: محمد علي");
    }

    #[test]
    fn a_ligature_still_says_each_of_its_letters() {
        let typefaces = Typefaces::shared().unwrap();

        let line = &wrap(typefaces, "الأب", READING.body, 400.0)[0];

        let said: String = line
            .pieces
            .iter()
            .flat_map(|piece| &piece.glyphs)
            .map(|glyph| glyph.text.as_str())
            .collect();
        assert_eq!(said.chars().rev().collect::<String>(), "الأب");
    }

    #[test]
    fn a_character_without_glyph_is_reported() {
        let typefaces = Typefaces::shared().unwrap();

        let line = &wrap(typefaces, "Li 李", READING.body, 400.0)[0];

        assert_eq!(line.uncovered, vec!['李']);
        assert!(
            line.pieces
                .iter()
                .all(|piece| piece.glyphs.iter().all(|glyph| glyph.gid != 0))
        );
    }
}
