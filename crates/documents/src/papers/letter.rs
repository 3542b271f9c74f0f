//! Letters to the citizen: refusal, missing information, rejection, corrected registration.
//!
//! Basis: domain.md section 3, rules around refusal; spec/practice.md section 1, point 5.

use chrono::NaiveDate;

use super::{
    Addressee, Carrier, CaseOnPaper, CitizenOnPaper, PaperText, TextSection, Words, add_sections,
    address_block, receipt::reference,
};
use crate::{
    danish::danish_date,
    error::DocumentError,
    letterhead::Letterhead,
    press::CopyMark,
    sheet::{Block, Closing, Density, Finding, Sheet},
};

/// What the letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterKind {
    /// The exemption is refused (afslag): reasons and complaint guidance belong to it.
    Refusal,
    /// Something is missing (mangler).
    MissingInformation,
    /// The inquiry is rejected (afvist), which is no refusal.
    Rejection,
    /// To the person who was registered by mistake.
    WrongRegistrationToWrongPerson,
    /// To the person who should have been registered.
    WrongRegistrationToRightPerson,
    /// Any other letter.
    Other,
}

/// What a requirement of the explanation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The requirement is met.
    Met,
    /// The requirement is not met.
    NotMet,
    /// Not known yet.
    NotKnown,
}

/// One requirement of the proof tree, told in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What it came to.
    pub outcome: Outcome,
    /// The outcome in words, for example "Ikke opfyldt".
    pub outcome_said: String,
    /// The requirement.
    pub requirement: String,
    /// The fact it rests on, its source, and what would change the outcome; one line each.
    pub notes: Vec<String>,
}

/// A letter.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterPaper {
    /// What the letter is.
    pub kind: LetterKind,
    /// Who sends it.
    pub letterhead: Letterhead,
    /// Title, lead and the sections after the reasons.
    pub text: PaperText,
    /// Words of the layout.
    pub words: Words,
    /// The citizen the letter is about.
    pub citizen: CitizenOnPaper,
    /// Who is written to: the citizen, or the representative.
    pub addressee: Addressee,
    /// Who takes the paper along.
    pub carrier: Carrier,
    /// The date of the letter.
    pub written_on: NaiveDate,
    /// "Dato".
    pub date_label: String,
    /// "Sag".
    pub case_label: String,
    /// The case.
    pub case: CaseOnPaper,
    /// Names and values above the text, where the letter has any.
    pub facts: Vec<(String, String)>,
    /// "Begrundelse".
    pub reasons_heading: String,
    /// The requirements and what they came to.
    pub reasons: Vec<Reason>,
    /// How to complain; its heading is part of it.
    pub complaint_guidance: Option<TextSection>,
    /// Who signs: greeting, name and unit, one line each.
    pub sign_off: Vec<String>,
    /// Number and code, where the letter is a receipt.
    pub foot: Option<super::ReceiptFoot>,
}

impl LetterPaper {
    pub(super) fn sheet(&self, copy: Option<&CopyMark>) -> Result<Sheet, DocumentError> {
        self.check()?;
        let mut blocks = vec![Block::Title(self.text.title.clone())];
        if !self.text.lead.is_empty() {
            blocks.push(Block::Lead(self.text.lead.clone()));
        }
        if !self.facts.is_empty() {
            blocks.push(Block::Facts(self.facts.clone()));
        }
        if !self.reasons.is_empty() {
            if !self.reasons_heading.is_empty() {
                blocks.push(Block::Heading(self.reasons_heading.clone()));
            }
            blocks.push(Block::Findings(self.reasons.iter().map(finding).collect()));
        }
        add_sections(&mut blocks, &self.text.sections);
        add_sections(&mut blocks, self.complaint_guidance.as_slice());
        if !self.sign_off.is_empty() {
            blocks.push(Block::SignOff(self.sign_off.clone()));
        }
        let address: &[String] = if self.citizen.withholds_address(self.carrier)
            && self.addressee.name == self.citizen.name
        {
            &[]
        } else {
            &self.addressee.address
        };
        let beside = vec![
            (self.date_label.clone(), danish_date(self.written_on)),
            (self.case_label.clone(), self.case.shown()),
        ];
        let number = self
            .foot
            .as_ref()
            .map_or(&self.case.case_number, |foot| &foot.number_line);
        Ok(Sheet {
            title: self.text.title.clone(),
            letterhead: self.letterhead.clone(),
            copy_line: copy.map(|copy| self.words.copy_line(copy)),
            address: Some(address_block(&self.addressee, address, beside)),
            blocks,
            closing: self.foot.as_ref().map(|foot| Closing {
                code: foot.code.clone(),
                code_said: self.words.code.clone(),
                heading: foot.number_line.clone(),
                lines: if foot.code.is_some() {
                    foot.code_lines.clone()
                } else {
                    Vec::new()
                },
            }),
            reference: reference(number, copy, &self.words),
            density: Density::Reading,
            words: self.words.clone(),
        })
    }

    /// What a letter of its kind must have, and must not say.
    fn check(&self) -> Result<(), DocumentError> {
        match self.kind {
            LetterKind::Refusal => {
                if self
                    .reasons
                    .iter()
                    .all(|reason| reason.outcome == Outcome::Met)
                {
                    return Err(DocumentError::NotAllowed("a refusal names what is not met"));
                }
                if self.complaint_guidance.is_none() {
                    return Err(DocumentError::NotAllowed(
                        "a refusal has complaint guidance",
                    ));
                }
            }
            LetterKind::Rejection => {
                let said = [&self.text.title, &self.text.lead];
                if said
                    .iter()
                    .any(|text| text.to_lowercase().contains("afslag"))
                {
                    return Err(DocumentError::NotAllowed(
                        "a rejection is not called a refusal",
                    ));
                }
            }
            LetterKind::MissingInformation => {
                if self.reasons.is_empty() && self.text.sections.is_empty() {
                    return Err(DocumentError::NotAllowed("the letter says what is missing"));
                }
            }
            LetterKind::WrongRegistrationToWrongPerson
            | LetterKind::WrongRegistrationToRightPerson
            | LetterKind::Other => {}
        }
        Ok(())
    }
}

fn finding(reason: &Reason) -> Finding {
    Finding {
        mark: reason.outcome_said.clone(),
        text: reason.requirement.clone(),
        notes: reason.notes.clone(),
    }
}
