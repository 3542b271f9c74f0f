//! The wording of a paper, as the letters under `forms/` fill it in.

use skranke_forms::{DateWords, FilledLetter, Texts};

use crate::{press::CopyMark, sheet::Block};

/// The wording of a paper.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PaperText {
    /// Heading and document title.
    pub title: String,
    /// The sentence under the heading that says it all.
    pub lead: String,
    /// Names and values under the lead.
    pub rows: Vec<(String, String)>,
    /// What follows.
    pub sections: Vec<TextSection>,
    /// Lines to sign on.
    pub signatures: Vec<String>,
    /// The paper's number, as a line.
    pub number_line: String,
    /// What the code beside it means.
    pub code_line: String,
}

/// A heading with what stands under it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TextSection {
    /// Empty for text without a heading.
    pub heading: String,
    /// Running text.
    pub paragraphs: Vec<String>,
    /// Points after the running text.
    pub points: Vec<String>,
    /// Names and values after the points.
    pub rows: Vec<(String, String)>,
    /// Reserved for the municipality: stands after the signatures.
    pub for_municipality: bool,
}

impl std::fmt::Debug for PaperText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PaperText(..)")
    }
}

impl std::fmt::Debug for TextSection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TextSection(..)")
    }
}

impl From<FilledLetter> for PaperText {
    fn from(letter: FilledLetter) -> Self {
        Self {
            title: letter.title,
            lead: letter.lead,
            rows: without_gaps(letter.rows),
            sections: letter
                .sections
                .into_iter()
                .map(|section| TextSection {
                    heading: section.heading,
                    paragraphs: section.paragraphs,
                    points: section.bullets,
                    rows: without_gaps(section.rows),
                    for_municipality: section.for_municipality,
                })
                .collect(),
            signatures: letter.signatures,
            number_line: letter.number_line,
            code_line: letter.code_line,
        }
    }
}

/// Values of several parts keep no divider around a part that came out empty.
fn without_gaps(rows: Vec<(String, String)>) -> Vec<(String, String)> {
    rows.into_iter()
        .map(|(label, value)| {
            let parts: Vec<&str> = value
                .split(" · ")
                .map(|part| part.trim_matches([' ', '·']))
                .filter(|part| !part.is_empty())
                .collect();
            let value = if value.contains(" ·") || value.contains("· ") {
                parts.join(" · ")
            } else {
                value
            };
            (label, value)
        })
        .collect()
}

impl PaperText {
    /// Every text of the paper.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        [&self.title, &self.lead, &self.number_line, &self.code_line]
            .into_iter()
            .chain(self.rows.iter().flat_map(|(label, value)| [label, value]))
            .chain(self.signatures.iter())
            .chain(self.sections.iter().flat_map(TextSection::all))
            .map(String::as_str)
    }
}

impl TextSection {
    fn all(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.heading)
            .chain(&self.paragraphs)
            .chain(&self.points)
            .chain(self.rows.iter().flat_map(|(label, value)| [label, value]))
    }

    /// Adds the section to the body of a paper.
    pub(crate) fn add_to(&self, blocks: &mut Vec<Block>) {
        if !self.heading.is_empty() {
            blocks.push(Block::Heading(self.heading.clone()));
        }
        blocks.extend(self.paragraphs.iter().cloned().map(Block::Paragraph));
        if !self.points.is_empty() {
            blocks.push(Block::Bullets(self.points.clone()));
        }
        if !self.rows.is_empty() {
            blocks.push(Block::Facts(self.rows.clone()));
        }
    }
}

/// The words that the layout itself says, on every paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Before the page number.
    pub page: String,
    /// Between the page number and the number of pages.
    pub of: String,
    /// A ticked box, for those who cannot see it.
    pub ticked: String,
    /// An empty box, for those who cannot see it.
    pub not_ticked: String,
    /// The mark of a reprint.
    pub copy: String,
    /// Before the time of the reprint.
    pub printed: String,
    /// Before the code of the device that reprinted.
    pub device: String,
    /// The code of a receipt, for those who cannot see it.
    pub code: String,
    /// A signature given on screen, for those who cannot see it.
    pub signature: String,
    /// In place of an address that is protected.
    pub address_withheld: String,
    /// The label beside the date of a letter.
    pub date: String,
    /// How days and times are written.
    pub dates: DateWords,
}

impl From<&Texts> for Words {
    fn from(texts: &Texts) -> Self {
        let word = |key: &str| texts.say(&format!("paper_words.{key}"), &[]);
        Self {
            page: word("page"),
            of: word("of"),
            ticked: word("ticked"),
            not_ticked: word("not_ticked"),
            copy: word("copy"),
            printed: word("printed"),
            device: word("device"),
            code: word("code"),
            signature: word("signature"),
            address_withheld: word("address_withheld"),
            date: word("date"),
            dates: DateWords::from(texts),
        }
    }
}

impl Words {
    pub(crate) fn page_number(&self, number: usize, count: usize) -> String {
        format!("{} {number} {} {count}", self.page, self.of)
    }

    /// The mark of a reprint: which copy, from which device, when.
    pub(crate) fn copy_line(&self, copy: &CopyMark) -> String {
        let at = self.dates.date_time(copy.printed_at);
        format!(
            "{} {} · {} {at} · {} {}",
            self.copy, copy.count, self.printed, self.device, copy.device_code
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_layout_stands_in_the_catalogue() {
        let forms = skranke_forms::Forms::embedded().expect("the shipped forms are sound");

        let words = format!("{:?}", Words::from(forms.texts()));

        assert!(!words.contains("paper_words."), "{words}");
    }

    #[test]
    fn an_empty_part_leaves_no_divider_behind() {
        let rows = vec![
            ("Modtaget".to_owned(), " · ".to_owned()),
            ("Sag".to_owned(), "2026-S3-0147 · ".to_owned()),
            ("Navn".to_owned(), "Aase Lindholm".to_owned()),
        ];

        let kept: Vec<String> = without_gaps(rows)
            .into_iter()
            .map(|(_, value)| value)
            .collect();

        assert_eq!(kept, ["", "2026-S3-0147", "Aase Lindholm"]);
    }
}
