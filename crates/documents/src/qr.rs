//! The code at the foot of a receipt.
//!
//! The code holds the text it is given and nothing else; what the text says and how it is signed
//! is decided elsewhere. The text never holds a CPR number.

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::error::DocumentError;

/// Version 17 has 85 modules: 0.29 mm each at 26 mm with the quiet zone, which an ordinary phone
/// or a webcam still reads from paper.
const LARGEST: u8 = 17;
/// What an alphanumeric text of that version with medium correction holds.
const LIMIT: usize = 734;

/// The dark modules of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    /// Modules along one side, without the quiet zone.
    pub(crate) side: usize,
    dark: Vec<bool>,
}

impl Code {
    /// Makes the code of a text, with as much error correction as fits its size.
    pub(crate) fn of(text: &str) -> Result<Self, DocumentError> {
        let segments = QrSegment::make_segments(text);
        let code = QrCode::encode_segments_advanced(
            &segments,
            QrCodeEcc::Medium,
            Version::MIN,
            Version::new(LARGEST),
            None,
            true,
        )
        .map_err(|_| DocumentError::CodeTooLong {
            length: text.len(),
            limit: LIMIT,
        })?;
        let side = code.size();
        let dark = (0..side)
            .flat_map(|y| (0..side).map(move |x| (x, y)))
            .map(|(x, y)| code.get_module(x, y))
            .collect();
        Ok(Self {
            side: usize::try_from(side).unwrap_or_default(),
            dark,
        })
    }

    /// Runs of dark modules: row, first column, length.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for (y, row) in self.dark.chunks(self.side.max(1)).enumerate() {
            let mut x = 0;
            while x < row.len() {
                let length = row[x..].iter().take_while(|dark| **dark).count();
                if length > 0 {
                    runs.push((y, x, length));
                }
                x += length.max(1);
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_too_long_to_read_well_is_refused() {
        let refused = Code::of(&"A".repeat(LIMIT + 1));

        assert_eq!(
            refused,
            Err(DocumentError::CodeTooLong {
                length: LIMIT + 1,
                limit: LIMIT
            })
        );
        assert!(Code::of(&"A".repeat(LIMIT)).is_ok());
    }
}
