//! The grid and the type scale of the papers, in points.
//!
//! Sizes follow the receipt of the target look; large print starts at 18 points for running text.

use crate::typeface::Typeface;

/// A4.
pub(crate) const PAGE_WIDTH: f32 = 595.276;
/// A4.
pub(crate) const PAGE_HEIGHT: f32 = 841.89;
/// Left and right margin.
pub(crate) const MARGIN_SIDE: f32 = 54.0;
/// Upper margin.
pub(crate) const MARGIN_TOP: f32 = 48.0;
/// Lower margin, under the page number.
pub(crate) const MARGIN_BOTTOM: f32 = 33.0;
/// Where the addressee begins: 45 mm, in the window of C5 and M65 envelopes (39 or 44 mm from
/// the edge and 35 mm high, 15 mm from the left).
pub(crate) const WINDOW_TOP: f32 = 45.0 * 72.0 / 25.4;
/// What must not be read through the window begins below this and the space above a title.
pub(crate) const WINDOW_BOTTOM: f32 = 75.0 * 72.0 / 25.4;
/// Width of the text.
pub(crate) const COLUMN: f32 = PAGE_WIDTH - 2.0 * MARGIN_SIDE;
/// Side of the printed code: 26 mm.
pub(crate) const CODE_SIDE: f32 = 26.0 * 72.0 / 25.4;

/// A tone of ink or paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tone(pub(crate) f32, pub(crate) f32, pub(crate) f32);

/// Text.
pub(crate) const INK: Tone = Tone(0.086, 0.086, 0.086);
/// Labels. 7:1 on white.
pub(crate) const MUTED: Tone = Tone(0.267, 0.267, 0.267);
/// Hairlines between facts.
pub(crate) const HAIRLINE: Tone = Tone(0.8, 0.8, 0.8);
/// Lines to write on.
pub(crate) const WRITING_LINE: Tone = Tone(0.45, 0.45, 0.45);
/// The one accent colour.
pub(crate) const ACCENT: Tone = Tone(0.122, 0.278, 0.533);

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TextStyle {
    pub(crate) typeface: Typeface,
    pub(crate) size: f32,
    pub(crate) leading: f32,
    pub(crate) tone: Tone,
}

const fn style(typeface: Typeface, size: f32, leading: f32, tone: Tone) -> TextStyle {
    TextStyle {
        typeface,
        size,
        leading,
        tone,
    }
}

/// All sizes of one paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) title: TextStyle,
    pub(crate) lead: TextStyle,
    pub(crate) heading: TextStyle,
    pub(crate) body: TextStyle,
    pub(crate) body_strong: TextStyle,
    pub(crate) label: TextStyle,
    pub(crate) small: TextStyle,
    pub(crate) small_strong: TextStyle,
    /// The addressee: set closely, so that five lines stay in the window.
    pub(crate) address: TextStyle,
    pub(crate) letterhead: TextStyle,
    pub(crate) letterhead_strong: TextStyle,
    pub(crate) letterhead_small: TextStyle,
    /// Height of the letterhead mark.
    pub(crate) mark_height: f32,
    /// Space above the title.
    pub(crate) before_title: f32,
    /// Space above a section heading.
    pub(crate) before_heading: f32,
    /// Space under a section heading.
    pub(crate) after_heading: f32,
    /// Space between paragraphs.
    pub(crate) between: f32,
    /// Space above a table.
    pub(crate) before_table: f32,
    /// Space above and below the text of a table row.
    pub(crate) row_padding: f32,
    /// Width of the label column of a table; 0 puts labels above values.
    pub(crate) label_column: f32,
    /// Space above a field of a form.
    pub(crate) field_gap: f32,
    /// Height of a writing line on a form.
    pub(crate) field_line: f32,
    /// Space for a signature.
    pub(crate) signature_space: f32,
    /// Fields of half width stand side by side.
    pub(crate) two_columns: bool,
}

use Typeface::{Medium, Regular, SemiBold};

/// The scale of the target look.
pub(crate) const READING: Scale = Scale {
    title: style(SemiBold, 25.5, 31.5, INK),
    lead: style(Medium, 15.75, 22.5, INK),
    heading: style(SemiBold, 15.0, 19.5, INK),
    body: style(Regular, 12.75, 18.75, INK),
    body_strong: style(SemiBold, 12.75, 18.75, INK),
    label: style(Regular, 12.75, 18.75, MUTED),
    small: style(Regular, 11.25, 16.5, INK),
    small_strong: style(SemiBold, 11.25, 16.5, INK),
    address: style(Regular, 12.75, 16.5, INK),
    letterhead: style(Regular, 12.75, 18.0, INK),
    letterhead_strong: style(SemiBold, 12.75, 18.0, INK),
    letterhead_small: style(Regular, 11.25, 15.75, INK),
    mark_height: 45.0,
    before_title: 27.0,
    before_heading: 16.5,
    after_heading: 3.0,
    between: 7.5,
    before_table: 13.5,
    row_padding: 3.0,
    label_column: 204.0,
    field_gap: 8.0,
    field_line: 22.0,
    signature_space: 42.0,
    two_columns: true,
};

/// A little tighter, for a letter that would otherwise spill a few lines onto a second page.
pub(crate) const READING_TIGHT: Scale = Scale {
    title: style(SemiBold, 22.5, 28.0, INK),
    lead: style(Medium, 14.0, 20.0, INK),
    heading: style(SemiBold, 13.0, 17.0, INK),
    body: style(Regular, 11.25, 16.0, INK),
    body_strong: style(SemiBold, 11.25, 16.0, INK),
    label: style(Regular, 11.25, 16.0, MUTED),
    small: style(Regular, 10.5, 15.0, INK),
    small_strong: style(SemiBold, 10.5, 15.0, INK),
    before_title: 20.0,
    before_heading: 13.0,
    after_heading: 2.0,
    between: 6.0,
    before_table: 10.0,
    row_padding: 2.5,
    ..READING
};

/// The least a letter is set in, for one that just fits a page.
pub(crate) const READING_TIGHTEST: Scale = Scale {
    title: style(SemiBold, 20.0, 25.0, INK),
    lead: style(Medium, 13.0, 18.0, INK),
    heading: style(SemiBold, 12.0, 15.5, INK),
    body: style(Regular, 10.5, 14.5, INK),
    body_strong: style(SemiBold, 10.5, 14.5, INK),
    label: style(Regular, 10.5, 14.5, MUTED),
    small: style(Regular, 10.0, 13.5, INK),
    small_strong: style(SemiBold, 10.0, 13.5, INK),
    before_title: 14.0,
    before_heading: 10.5,
    after_heading: 1.5,
    between: 5.0,
    before_table: 8.0,
    row_padding: 2.0,
    ..READING_TIGHT
};

/// Forms that take two pages anyway.
pub(crate) const FORM_ROOMY: Scale = Scale {
    title: style(SemiBold, 22.0, 27.0, INK),
    lead: style(Medium, 13.0, 18.5, INK),
    heading: style(SemiBold, 13.5, 17.5, INK),
    body: style(Regular, 11.5, 16.5, INK),
    body_strong: style(SemiBold, 11.5, 16.5, INK),
    label: style(Regular, 10.5, 14.0, MUTED),
    small: style(Regular, 10.5, 14.5, INK),
    small_strong: style(SemiBold, 10.5, 14.5, INK),
    before_heading: 15.0,
    after_heading: 3.0,
    between: 6.0,
    field_gap: 11.0,
    field_line: 20.0,
    signature_space: 40.0,
    ..FORM
};

/// Forms.
pub(crate) const FORM: Scale = Scale {
    title: style(SemiBold, 20.0, 25.0, INK),
    lead: style(Medium, 12.0, 17.0, INK),
    heading: style(SemiBold, 12.5, 16.0, INK),
    body: style(Regular, 10.5, 15.0, INK),
    body_strong: style(SemiBold, 10.5, 15.0, INK),
    label: style(Regular, 9.5, 13.0, MUTED),
    small: style(Regular, 9.5, 13.5, INK),
    small_strong: style(SemiBold, 9.5, 13.5, INK),
    address: style(Regular, 11.25, 15.0, INK),
    letterhead: style(Regular, 11.25, 15.5, INK),
    letterhead_strong: style(SemiBold, 11.25, 15.5, INK),
    letterhead_small: style(Regular, 9.5, 13.5, INK),
    mark_height: 38.0,
    before_title: 16.0,
    before_heading: 13.0,
    after_heading: 2.0,
    between: 5.0,
    before_table: 8.0,
    row_padding: 2.0,
    label_column: 150.0,
    field_gap: 9.0,
    field_line: 18.0,
    signature_space: 34.0,
    two_columns: true,
};

/// Forms whose last lines would otherwise stand on a page of their own.
pub(crate) const FORM_TIGHT: Scale = Scale {
    body: style(Regular, 10.5, 14.0, INK),
    before_title: 11.0,
    before_heading: 8.0,
    after_heading: 1.0,
    between: 3.0,
    field_gap: 4.0,
    field_line: 16.5,
    signature_space: 30.0,
    ..FORM
};

/// Large print, for receipts, letters and forms alike.
pub(crate) const LARGE: Scale = Scale {
    title: style(SemiBold, 28.0, 35.0, INK),
    lead: style(Medium, 20.0, 28.0, INK),
    heading: style(SemiBold, 20.0, 26.0, INK),
    body: style(Regular, 18.0, 26.0, INK),
    body_strong: style(SemiBold, 18.0, 26.0, INK),
    label: style(Regular, 18.0, 26.0, MUTED),
    small: style(Regular, 16.0, 22.0, INK),
    small_strong: style(SemiBold, 16.0, 22.0, INK),
    address: style(Regular, 16.0, 19.5, INK),
    letterhead: style(Regular, 16.0, 21.0, INK),
    letterhead_strong: style(SemiBold, 16.0, 21.0, INK),
    letterhead_small: style(Regular, 16.0, 21.0, INK),
    mark_height: 52.0,
    before_title: 24.0,
    before_heading: 22.0,
    after_heading: 4.0,
    between: 11.0,
    before_table: 16.0,
    row_padding: 5.0,
    label_column: 200.0,
    field_gap: 16.0,
    field_line: 32.0,
    signature_space: 58.0,
    two_columns: false,
};

/// Large print set more closely, for a paper that would otherwise need a page more. The letters
/// are as large.
pub(crate) const LARGE_TIGHT: Scale = Scale {
    title: style(SemiBold, 26.0, 32.0, INK),
    lead: style(Medium, 19.0, 25.0, INK),
    heading: style(SemiBold, 19.0, 24.0, INK),
    body: style(Regular, 18.0, 24.0, INK),
    body_strong: style(SemiBold, 18.0, 24.0, INK),
    label: style(Regular, 18.0, 24.0, MUTED),
    small: style(Regular, 16.0, 20.5, INK),
    small_strong: style(SemiBold, 16.0, 20.5, INK),
    before_title: 16.0,
    before_heading: 16.0,
    after_heading: 3.0,
    between: 8.0,
    before_table: 12.0,
    row_padding: 3.5,
    field_gap: 11.0,
    field_line: 30.0,
    signature_space: 50.0,
    ..LARGE
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_print_never_goes_below_sixteen_points() {
        let smallest = [
            LARGE_TIGHT.lead,
            LARGE_TIGHT.body,
            LARGE_TIGHT.label,
            LARGE_TIGHT.small,
            LARGE.address,
            LARGE.title,
            LARGE.lead,
            LARGE.heading,
            LARGE.body,
            LARGE.label,
            LARGE.small,
            LARGE.letterhead_small,
        ]
        .iter()
        .fold(f32::MAX, |least, style| least.min(style.size));

        assert!(
            smallest >= 16.0,
            "large print has text of {smallest} points"
        );
        const {
            assert!(
                LARGE_TIGHT.body.size >= 18.0,
                "running text is 18 points or more"
            )
        };
        const { assert!(LARGE.body.size >= 18.0, "running text is 18 points or more") };
    }
}
