//! The papers of the counter, each as a plain value.
//!
//! A paper says what its text says: wording, rows and sections come filled in from the letters
//! under `forms/`, so that editing a letter changes the paper without touching code. What no
//! wording may break is checked here before anything is drawn (`letter`).

mod form;
mod letter;
mod text;

use std::fmt;

pub use form::{FormField, FormPaper, FormPart, FormSignature, FormValue, form_fields};
pub use letter::{LetterKind, LetterPaper, Outcome, Reason};
pub use text::{PaperText, TextSection, Words};

use crate::{error::DocumentError, press::CopyMark, sheet::Sheet};

/// A paper that can be rendered.
#[derive(Debug, Clone, PartialEq)]
pub enum Paper {
    /// A receipt, interim paper, refusal or any other letter.
    Letter(Box<LetterPaper>),
    /// A request, power of attorney or other form, filled or blank.
    Form(Box<FormPaper>),
}

impl Paper {
    pub(crate) fn sheet(&self, copy: Option<&CopyMark>) -> Result<Sheet, DocumentError> {
        match self {
            Self::Letter(paper) => paper.sheet(copy),
            Self::Form(paper) => Ok(paper.sheet(copy)),
        }
    }
}

/// The citizen a paper is about. `Debug` tells nothing of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct CitizenOnPaper {
    /// Full name.
    pub name: String,
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

impl CitizenOnPaper {
    /// Whether the paper must not show the address.
    ///
    /// Basis: design.md section 8; the address of a protected citizen is never printed on a paper
    /// that a third person carries.
    #[must_use]
    pub fn withholds_address(&self, carrier: Carrier) -> bool {
        self.address_protected
            && matches!(carrier, Carrier::ThirdPerson | Carrier::PostOrThirdPerson)
    }

    /// Whether the text says where the citizen lives: the address, or the part of it that names street and house.
    fn lives_where(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let parts = || {
            self.address
                .iter()
                .flat_map(|line| line.split(','))
                .map(|part| part.trim().to_lowercase())
                .filter(|part| !part.is_empty())
        };
        let names_a_house = |part: &String| {
            part.starts_with(char::is_alphabetic) && part.contains(|c: char| c.is_ascii_digit())
        };
        let street = parts().filter(names_a_house).collect::<Vec<_>>();
        let telling = if street.is_empty() {
            parts().collect()
        } else {
            street
        };
        telling.iter().any(|part| text.contains(part.as_str()))
    }
}

/// Who takes the paper with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The citizen at the counter.
    Citizen,
    /// The post, in an envelope to the addressee.
    Post,
    /// A representative, a guardian or a colleague of another department.
    ThirdPerson,
    /// The post, or whoever came for the citizen: addressed, unless the address is protected.
    PostOrThirdPerson,
    /// Nobody: it stays in the case.
    Case,
}

/// A CPR number as a paper shows it: birthday and four digits, the last four hidden where the
/// profile masks them.
#[must_use]
pub fn cpr_on_paper(digits: &str, masked: bool) -> String {
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let (birthday, serial) = digits.split_at(digits.len().min(6));
    format!("{birthday}-{}", if masked { "••••" } else { serial })
}

/// The left of the page foot; a copy says so on every page.
fn reference(number: &str, copy: Option<&CopyMark>, words: &Words) -> String {
    let copy = copy
        .map(|copy| format!("{} {}", words.copy, copy.count))
        .unwrap_or_default();
    let parts = [copy.as_str(), number];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_hides_the_last_four_digits() {
        assert_eq!(cpr_on_paper("2512169996", true), "251216-••••");
        assert_eq!(cpr_on_paper("251216-9996", true), "251216-••••");
        assert_eq!(cpr_on_paper("2512169996", false), "251216-9996");
    }
}
