//! The fonts of the papers and the characters they cover.
//!
//! IBM Plex Sans carries Latin and Cyrillic; Noto Sans Arabic takes over where Plex has no glyph.
//! A character that neither has is named to the caller before printing and left out of no text
//! silently: it is drawn as a replacement mark and reported in `uncovered`.

use std::sync::OnceLock;

use rustybuzz::Face;
use unicode_normalization::UnicodeNormalization;

use crate::error::DocumentError;

/// A font file of the papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Typeface {
    /// Running text.
    Regular,
    /// The lead sentence.
    Medium,
    /// Headings and what must be seen.
    SemiBold,
    /// Arabic letters in every weight.
    Arabic,
}

impl Typeface {
    /// The resource name of the font in the PDF.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Self::Regular => "R1",
            Self::Medium => "R2",
            Self::SemiBold => "R3",
            Self::Arabic => "R4",
        }
    }

    /// The PostScript name of the font.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Regular => "IBMPlexSans",
            Self::Medium => "IBMPlexSans-Medium",
            Self::SemiBold => "IBMPlexSans-SemiBold",
            Self::Arabic => "NotoSansArabic",
        }
    }

    /// The whole font file.
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => include_bytes!("../../../assets/fonts/IBMPlexSans-Regular.ttf"),
            Self::Medium => include_bytes!("../../../assets/fonts/IBMPlexSans-Medium.ttf"),
            Self::SemiBold => include_bytes!("../../../assets/fonts/IBMPlexSans-SemiBold.ttf"),
            Self::Arabic => {
                include_bytes!("../../../assets/fonts/NotoSansArabic-Regular-Subset.ttf")
            }
        }
    }
}

/// The parsed fonts, made once and used for every paper.
pub(crate) struct Typefaces {
    faces: [Face<'static>; 4],
}

impl Typefaces {
    /// The fonts, parsed at the first call.
    pub(crate) fn shared() -> Result<&'static Self, DocumentError> {
        static FONTS: OnceLock<Result<Typefaces, DocumentError>> = OnceLock::new();
        FONTS.get_or_init(Self::load).as_ref().map_err(Clone::clone)
    }

    fn load() -> Result<Self, DocumentError> {
        let face = |typeface: Typeface| {
            Face::from_slice(typeface.bytes(), 0).ok_or(DocumentError::Font(typeface.name()))
        };
        Ok(Self {
            faces: [
                face(Typeface::Regular)?,
                face(Typeface::Medium)?,
                face(Typeface::SemiBold)?,
                face(Typeface::Arabic)?,
            ],
        })
    }

    /// The parsed font.
    pub(crate) fn face(&self, typeface: Typeface) -> &Face<'static> {
        &self.faces[typeface as usize]
    }

    /// The font that draws `character` in a text set in `wanted`, if any does.
    pub(crate) fn covering(&self, wanted: Typeface, character: char) -> Option<Typeface> {
        [wanted, Typeface::Arabic].into_iter().find(|typeface| {
            self.face(*typeface)
                .glyph_index(drawn_as(character))
                .is_some()
        })
    }
}

/// The character whose glyph stands for `character`.
///
/// A hyphen or space that forbids a line break looks like the ordinary one.
pub(crate) fn drawn_as(character: char) -> char {
    match character {
        '\u{2010}' | '\u{2011}' => '-',
        '\u{202f}' | '\u{a0}' => ' ',
        other => other,
    }
}

/// Text as it is set: composed (NFC), with line ends and tabs as spaces, without characters that
/// are never drawn and would only disturb the order of the line.
pub(crate) fn clean(text: &str) -> String {
    text.nfc()
        .filter_map(|character| match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\u{ad}' | '\u{200b}' | '\u{feff}' | '\u{2060}' => None,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            control if control.is_control() => None,
            other => Some(other),
        })
        .collect()
}

/// The letters that every paper must be able to show, language by language.
///
/// Basis: design.md section 8: each of them is extractable from the PDF as typed.
pub const COVERAGE_LIST: &[(&str, &str)] = &[
    ("dansk", include_str!("../coverage/danish.txt")),
    ("grønlandsk", include_str!("../coverage/greenlandic.txt")),
    ("færøsk", include_str!("../coverage/faroese.txt")),
    ("tyrkisk", include_str!("../coverage/turkish.txt")),
    ("polsk", include_str!("../coverage/polish.txt")),
    ("vietnamesisk", include_str!("../coverage/vietnamese.txt")),
    ("ukrainsk", include_str!("../coverage/ukrainian.txt")),
    ("arabisk", include_str!("../coverage/arabic.txt")),
];

/// The characters of `text` that no font of the papers covers, each once, in order.
///
/// The window names them before printing. Damage to the bundled fonts counts as covering nothing.
#[must_use]
pub fn uncovered_characters(text: &str) -> Vec<char> {
    let Ok(typefaces) = Typefaces::shared() else {
        return clean(text).chars().collect();
    };
    let mut uncovered = Vec::new();
    for character in clean(text).chars() {
        let joiner = matches!(character, '\u{200c}' | '\u{200d}');
        if !joiner
            && typefaces.covering(Typeface::Regular, character).is_none()
            && !uncovered.contains(&character)
        {
            uncovered.push(character);
        }
    }
    uncovered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_the_coverage_list_has_a_glyph_in_every_weight() {
        let typefaces = Typefaces::shared().unwrap();

        for (language, letters) in COVERAGE_LIST {
            assert!(letters.chars().count() > 20, "{language} lists its letters");
            for letter in clean(letters).chars() {
                for weight in [Typeface::Regular, Typeface::Medium, Typeface::SemiBold] {
                    assert!(
                        typefaces.covering(weight, letter).is_some(),
                        "{language}: {letter} (U+{:04X}) has no glyph",
                        letter as u32
                    );
                }
            }
        }
    }

    #[test]
    fn characters_no_font_has_are_named_once() {
        assert_eq!(
            uncovered_characters("Aase 李 Lind李holm ไ"),
            vec!['李', 'ไ']
        );
        assert!(uncovered_characters("Åse-Marie Ørsted Đặng Олена محمد").is_empty());
    }

    #[test]
    fn decomposed_letters_count_as_their_composed_form() {
        assert_eq!(clean("A\u{30a}se\nØ\u{200f}"), "Åse Ø");
        assert!(uncovered_characters("e\u{302}\u{301}").is_empty());
    }
}
