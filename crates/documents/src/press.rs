//! From a paper to bytes: the one way a PDF comes into being.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use printpdf::{FontId, ParsedFont, PdfDocument, PdfFont, PdfSaveOptions};

use crate::{
    canvas::{FontUse, UsedGlyphs, draw},
    compose::{Composed, compose},
    error::DocumentError,
    paginate::{Page, paginate},
    papers::Paper,
    scale::{
        FORM, FORM_ROOMY, FORM_TIGHT, LARGE, LARGE_TIGHT, READING, READING_TIGHT, READING_TIGHTEST,
        Scale,
    },
    sheet::{Density, Sheet},
    tagging,
    typeface::{Typeface, Typefaces},
};

/// How a paper is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderOptions {
    /// Running text of 18 points.
    pub large_print: bool,
    /// Set for a reprint.
    pub copy_mark: Option<CopyMark>,
    /// The creation date in the file; the program has no clock of its own.
    pub created_at: DateTime<Utc>,
}

/// The mark of a reprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyMark {
    /// The device that reprints.
    pub device_code: String,
    /// The number of this copy, from 1.
    pub count: u32,
    /// When it is printed, Danish time.
    pub printed_at: NaiveDateTime,
}

/// A finished paper. `Debug` tells nothing of its content.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedPaper {
    /// The file.
    pub pdf: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
    /// Characters that no font covers, each once. They stand as a question mark on the paper and
    /// as themselves in the text that is copied or read aloud.
    pub uncovered: Vec<char>,
}

impl std::fmt::Debug for RenderedPaper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "RenderedPaper({} pages, {} bytes)",
            self.pages,
            self.pdf.len()
        )
    }
}

/// Renders papers with fonts that are parsed once.
pub struct Press {
    typefaces: &'static Typefaces,
}

impl Press {
    /// Parses the fonts, if no press before has done so.
    ///
    /// # Errors
    /// [`DocumentError::Font`] when a bundled font is damaged.
    pub fn new() -> Result<Self, DocumentError> {
        Ok(Self {
            typefaces: Typefaces::shared()?,
        })
    }

    /// Renders a paper. The same paper and options give the same bytes.
    ///
    /// # Errors
    /// Any [`DocumentError`]; none of them carries content of the paper.
    pub fn render(
        &self,
        paper: &Paper,
        options: &RenderOptions,
    ) -> Result<RenderedPaper, DocumentError> {
        let sheet = paper.sheet(options.copy_mark.as_ref())?;
        let (mut composed, pages) = self.fit(&sheet, options.large_print)?;
        let mut used = UsedGlyphs::default();
        let drawn = draw(&pages, &mut composed.structure, &mut used);

        let mut document = PdfDocument::new(&sheet.title);
        let mut names = Vec::new();
        for (typeface, font) in &used.fonts {
            let id = FontId(typeface.resource().to_owned());
            let (name, subset) = self.subset(*typeface, font)?;
            names.push((name, font.glyphs.iter().map(|(gid, _)| *gid).collect()));
            document.resources.fonts.map.insert(id, subset);
        }
        let glyph_maps: BTreeMap<&str, Vec<u16>> = names
            .iter()
            .map(|(name, map): &(String, Vec<u16>)| (name.as_str(), map.clone()))
            .collect();
        document.with_pages(drawn);
        let mut warnings = Vec::new();
        let raw = document.to_lopdf_document(&PdfSaveOptions::default(), &mut warnings);
        let count = pages.len();
        let pdf = tagging::finish(
            raw,
            &composed.structure,
            &glyph_maps,
            &sheet.title,
            options.created_at,
        )?;
        Ok(RenderedPaper {
            pdf,
            pages: count,
            uncovered: composed.uncovered,
        })
    }

    /// The largest scale of the paper's kind that needs the fewest pages.
    fn fit(
        &self,
        sheet: &Sheet,
        large_print: bool,
    ) -> Result<(Composed, Vec<Page>), DocumentError> {
        let scales: &[&Scale] = match (large_print, sheet.density) {
            (true, _) => &[&LARGE, &LARGE_TIGHT],
            (false, Density::Reading) => &[&READING, &READING_TIGHT, &READING_TIGHTEST],
            (false, Density::Form) => &[&FORM_ROOMY, &FORM, &FORM_TIGHT],
        };
        let mut best: Option<(Composed, Vec<Page>)> = None;
        for scale in scales {
            let composed = compose(self.typefaces, sheet, scale)?;
            let set = paginate(
                self.typefaces,
                &composed,
                scale,
                &sheet.reference,
                &sheet.words,
            );
            let pages = match set {
                // What no page holds at this size may fit at a smaller one.
                Err(DocumentError::TooTall) => continue,
                set => set?,
            };
            let single = pages.len() == 1;
            if best
                .as_ref()
                .is_none_or(|(_, fewest)| pages.len() < fewest.len())
            {
                best = Some((composed, pages));
            }
            if single {
                break;
            }
        }
        best.ok_or(DocumentError::TooTall)
    }

    /// The font reduced to the glyphs of one paper, with its name there.
    fn subset(
        &self,
        typeface: Typeface,
        font: &FontUse,
    ) -> Result<(String, PdfFont), DocumentError> {
        let broken = DocumentError::Subset(typeface.name());
        let bytes =
            subsetter::subset(typeface.bytes(), 0, &font.remapper).map_err(|_| broken.clone())?;
        let mut warnings = Vec::new();
        let mut parsed = ParsedFont::from_bytes(&bytes, 0, &mut warnings).ok_or(broken)?;
        let name = format!("{}+{}", tag(typeface, &bytes), typeface.name());
        parsed.font_name = Some(name.clone());
        // printpdf looks widths up by the code it writes.
        let units = f32::from(parsed.pdf_font_metrics.units_per_em) / 1000.0;
        parsed.glyph_widths = (1..)
            .zip(&font.glyphs)
            .map(|(code, (_, advance))| (code, whole_units(advance * units)))
            .collect();
        Ok((name, PdfFont::new(parsed)))
    }
}

/// Advances are whole numbers of font units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an advance is a small number and not negative"
)]
fn whole_units(advance: f32) -> u16 {
    advance.round().max(0.0) as u16
}

/// The six letters before the name of a subset font, different for different subsets.
fn tag(typeface: Typeface, bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(bytes);
    let letters = hash.iter().take(5).map(|byte| char::from(b'A' + byte % 26));
    let first = match typeface {
        Typeface::Regular => 'R',
        Typeface::Medium => 'M',
        Typeface::SemiBold => 'S',
        Typeface::Arabic => 'A',
    };
    std::iter::once(first).chain(letters).collect()
}

/// Renders one paper with a press of its own.
///
/// # Errors
/// As [`Press::render`].
pub fn render(paper: &Paper, options: &RenderOptions) -> Result<RenderedPaper, DocumentError> {
    Press::new()?.render(paper, options)
}
