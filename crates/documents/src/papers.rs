//! The papers of the counter, each as a plain value.
//!
//! A paper says only what its fields hold. Danish sentences arrive with their placeholders filled
//! in, from the letters and texts under `forms/`; dates and numbers arrive as values and are
//! written here, so that every paper writes them alike.

mod form;
mod letter;
mod receipt;

use std::fmt;

pub use form::{FormField, FormPaper, FormSection, FormSignature, FormValue};
pub use letter::{LetterKind, LetterPaper, Outcome, Reason};
pub use receipt::{ExemptionReceipt, InterimPaper, ReceiptFoot, ReceiptLabels};

use crate::{
    error::DocumentError,
    press::CopyMark,
    sheet::{AddressBlock, Block, Sheet},
};

/// A paper that can be rendered.
#[derive(Debug, Clone, PartialEq)]
pub enum Paper {
    /// The receipt after the registration: the citizen is exempt.
    ExemptionReceipt(Box<ExemptionReceipt>),
    /// Granted, not yet registered: digital post still counts as received.
    Interim(Box<InterimPaper>),
    /// A request, power of attorney or other form, filled or blank.
    Form(Box<FormPaper>),
    /// Refusal, missing information, rejection, correction or any other letter.
    Letter(Box<LetterPaper>),
}

impl Paper {
    pub(crate) fn sheet(&self, copy: Option<&CopyMark>) -> Result<Sheet, DocumentError> {
        match self {
            Self::ExemptionReceipt(paper) => paper.sheet(copy),
            Self::Interim(paper) => paper.sheet(copy),
            Self::Form(paper) => Ok(paper.sheet(copy)),
            Self::Letter(paper) => paper.sheet(copy),
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
}

impl Default for Words {
    fn default() -> Self {
        let word = str::to_owned;
        Self {
            page: word("Side"),
            of: word("af"),
            ticked: word("Afkrydset"),
            not_ticked: word("Ikke afkrydset"),
            copy: word("KOPI"),
            printed: word("udskrevet"),
            device: word("enhed"),
            code: word("QR-kode med kvitteringens nummer og kommunens underskrift"),
            signature: word("Underskrift givet på skærm"),
            address_withheld: word("Adressen er ikke trykt"),
        }
    }
}

impl Words {
    pub(crate) fn page_number(&self, number: usize, count: usize) -> String {
        format!("{} {number} {} {count}", self.page, self.of)
    }

    /// The mark of a reprint: which copy, from which device, when.
    pub(crate) fn copy_line(&self, copy: &CopyMark) -> String {
        let at = crate::danish::danish_date_time(copy.printed_at);
        format!(
            "{} {} · {} {at} · {} {}",
            self.copy, copy.count, self.printed, self.device, copy.device_code
        )
    }
}

/// A CPR number as a paper shows it. `Debug` tells nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CprOnPaper(String);

impl CprOnPaper {
    /// The birthday, the last four digits hidden.
    #[must_use]
    pub fn masked(digits: &str) -> Self {
        Self(format!(
            "{}-••••",
            Self::digits(digits).chars().take(6).collect::<String>()
        ))
    }

    /// All ten digits, where the profile prints them.
    #[must_use]
    pub fn full(digits: &str) -> Self {
        let digits = Self::digits(digits);
        let (birthday, serial) = digits.split_at(digits.len().min(6));
        Self(format!("{birthday}-{serial}"))
    }

    fn digits(text: &str) -> String {
        text.chars().filter(char::is_ascii_digit).collect()
    }

    pub(crate) fn shown(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CprOnPaper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CprOnPaper(..)")
    }
}

/// The citizen a paper is about. `Debug` tells nothing of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct CitizenOnPaper {
    /// Full name.
    pub name: String,
    /// The number as the profile prints it.
    pub cpr: CprOnPaper,
    /// Address lines, empty where the paper needs none.
    pub address: Vec<String>,
    /// The citizen has name and address protection.
    pub address_protected: bool,
}

impl fmt::Debug for CitizenOnPaper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CitizenOnPaper(..)")
    }
}

/// Who takes the paper with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The citizen at the counter.
    Citizen,
    /// The post, in an envelope to the citizen.
    Post,
    /// A representative, a guardian or a colleague of another department.
    ThirdPerson,
    /// Nobody: it stays in the case.
    Case,
}

impl CitizenOnPaper {
    /// The address, unless a third person would read a protected one.
    ///
    /// Basis: issue of stage 1: address protection is never printed on papers a third person
    /// carries.
    pub(crate) fn address_for(&self, carrier: Carrier) -> &[String] {
        if self.withholds_address(carrier) {
            &[]
        } else {
            &self.address
        }
    }

    pub(crate) fn withholds_address(&self, carrier: Carrier) -> bool {
        self.address_protected && carrier == Carrier::ThirdPerson
    }
}

/// The wording of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaperText {
    /// Heading and document title.
    pub title: String,
    /// The sentence under the heading that says it all.
    pub lead: String,
    /// What follows the facts.
    pub sections: Vec<TextSection>,
}

/// A heading with what stands under it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextSection {
    /// Empty for text without a heading.
    pub heading: String,
    /// Running text.
    pub paragraphs: Vec<String>,
    /// Points after the running text.
    pub points: Vec<String>,
}

/// Number, date and people of the case a paper belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOnPaper {
    /// The case number.
    pub case_number: String,
    /// The municipality's own case number, empty where there is none.
    pub own_number: String,
    /// Initials of the member of staff.
    pub initials: String,
}

impl CaseOnPaper {
    pub(crate) fn shown(&self) -> String {
        let parts = [&self.case_number, &self.own_number, &self.initials];
        let parts: Vec<&str> = parts
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" · ")
    }
}

/// The letter's date and the words beside the addressee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The name on the envelope.
    pub name: String,
    /// Address lines.
    pub address: Vec<String>,
}

/// Adds the sections of a text to the blocks of a sheet.
pub(crate) fn add_sections(blocks: &mut Vec<Block>, sections: &[TextSection]) {
    for section in sections {
        if !section.heading.is_empty() {
            blocks.push(Block::Heading(section.heading.clone()));
        }
        blocks.extend(section.paragraphs.iter().cloned().map(Block::Paragraph));
        if !section.points.is_empty() {
            blocks.push(Block::Bullets(section.points.clone()));
        }
    }
}

pub(crate) fn address_block(
    addressee: &Addressee,
    address: &[String],
    beside: Vec<(String, String)>,
) -> AddressBlock {
    let lines = std::iter::once(addressee.name.clone())
        .chain(address.iter().cloned())
        .collect();
    AddressBlock { lines, beside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_hides_the_last_four_digits() {
        assert_eq!(CprOnPaper::masked("2512169996").shown(), "251216-••••");
        assert_eq!(CprOnPaper::masked("251216-9996").shown(), "251216-••••");
        assert_eq!(CprOnPaper::full("2512169996").shown(), "251216-9996");
        assert!(!format!("{:?}", CprOnPaper::full("2512169996")).contains("2512"));
    }

    #[test]
    fn a_protected_address_is_withheld_only_from_third_persons() {
        let citizen = CitizenOnPaper {
            name: "Aase Lindholm".to_owned(),
            cpr: CprOnPaper::masked("2512169996"),
            address: vec!["Åvej 1".to_owned()],
            address_protected: true,
        };

        assert!(citizen.address_for(Carrier::ThirdPerson).is_empty());
        assert_eq!(citizen.address_for(Carrier::Citizen).len(), 1);
        assert_eq!(citizen.address_for(Carrier::Post).len(), 1);
    }
}
