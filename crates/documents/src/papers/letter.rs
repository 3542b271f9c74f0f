//! Receipts and letters to the citizen, and what no wording may break.
//!
//! - The exemption receipt exists only after the registration and carries both times.
//! - The interim paper never says that the citizen is exempt; the hand-in slip does not even
//!   mention it.
//! - A refusal has reasons and complaint guidance; a rejection is not called a refusal.
//! - What the caller names as unsayable (the ground, a number the profile masks) is on no paper.
//!
//! Basis: design.md section 8; spec/practice.md section 1, points 1, 2 and 5; domain.md section 3.

use chrono::{NaiveDate, NaiveDateTime};

use super::{Carrier, CitizenOnPaper, PaperText, Words, reference};
use crate::{
    error::DocumentError,
    letterhead::Letterhead,
    press::CopyMark,
    sheet::{AddressBlock, Block, Closing, Density, Finding, Sheet},
};

/// What the letter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterKind {
    /// The receipt after the registration.
    ExemptionReceipt {
        /// When the exemption was granted, Danish time.
        granted_at: NaiveDateTime,
        /// When it was registered in Digital Post, Danish time.
        registered_at: NaiveDateTime,
    },
    /// Granted, not yet registered: digital post still counts as received.
    Interim,
    /// What outreach staff print when a form is handed in.
    HandInSlip,
    /// The exemption is refused (afslag).
    Refusal {
        /// The guidance as it must stand in the letter.
        complaint_guidance: String,
    },
    /// A granted exemption is taken back.
    TakenBack {
        /// The guidance as it must stand in the letter.
        complaint_guidance: String,
    },
    /// Something is missing (mangler).
    MissingInformation,
    /// The inquiry is rejected (afvist), which is no refusal.
    Rejection,
    /// To the person who was registered by mistake.
    CorrectionToWrongPerson,
    /// To the person who should have been registered.
    CorrectionToRightPerson,
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

/// A receipt or letter.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterPaper {
    /// What it is.
    pub kind: LetterKind,
    /// Who sends it.
    pub letterhead: Letterhead,
    /// The wording.
    pub text: PaperText,
    /// What goes with it, on a page of its own.
    pub enclosed: Option<PaperText>,
    /// Words of the layout.
    pub words: Words,
    /// The citizen it is about.
    pub citizen: CitizenOnPaper,
    /// Who takes it along; only a posted letter shows the addressee in the envelope's window.
    pub carrier: Carrier,
    /// The date of a posted letter, where it shows one.
    pub written_on: Option<NaiveDate>,
    /// The proof tree, told under the first section; empty where the sections tell it.
    pub reasons: Vec<Reason>,
    /// The signed text of the code. `None` prints no code.
    pub code: Option<String>,
    /// What must not stand anywhere on the paper: the ground, a CPR number the profile masks.
    pub must_not_say: Vec<String>,
    /// Passages on it that are not the letter's own words: what staff wrote in the case, what the municipality calls
    /// itself. What a kind of letter must not say is said of its own words.
    pub quoted: Vec<String>,
}

/// A page that goes with a paper, after the paper's own foot.
fn enclosed(text: &PaperText) -> Vec<Block> {
    let mut blocks = vec![Block::NewPage, Block::PartTitle(text.title.clone())];
    if !text.lead.is_empty() {
        blocks.push(Block::Lead(text.lead.clone()));
    }
    if !text.rows.is_empty() {
        blocks.push(Block::Facts(text.rows.clone()));
    }
    for section in &text.sections {
        section.add_to(&mut blocks);
    }
    blocks
}

/// One line for each sentence.
fn sentences(text: &str) -> Vec<String> {
    text.split_inclusive(". ")
        .map(|sentence| sentence.trim().to_owned())
        .collect()
}

impl LetterPaper {
    pub(super) fn sheet(&self, copy: Option<&CopyMark>) -> Result<Sheet, DocumentError> {
        self.check()?;
        let text = &self.text;
        let mut blocks = vec![Block::Title(text.title.clone())];
        let (notice, sections) = match (&self.kind, text.sections.split_first()) {
            // What counts until the registration must be seen first.
            (LetterKind::Interim, Some((first, rest))) if !first.paragraphs.is_empty() => {
                (Some(first), rest)
            }
            _ => (None, text.sections.as_slice()),
        };
        if !text.lead.is_empty() {
            blocks.push(Block::Lead(text.lead.clone()));
        }
        if let Some(section) = notice {
            blocks.push(Block::Notice {
                heading: section.heading.clone(),
                text: section.paragraphs.join(" "),
            });
        }
        if !text.rows.is_empty() {
            blocks.push(Block::Facts(text.rows.clone()));
        }
        if sections.is_empty() && !self.reasons.is_empty() {
            blocks.push(self.findings());
        }
        for (at, section) in sections.iter().enumerate() {
            section.add_to(&mut blocks);
            if at == 0 && !self.reasons.is_empty() {
                blocks.push(self.findings());
            }
        }
        let code = self.code.clone();
        let closing = (code.is_some() || matches!(self.kind, LetterKind::ExemptionReceipt { .. }))
            .then(|| Closing {
                code_said: self.words.code.clone(),
                heading: text.number_line.clone(),
                lines: code
                    .iter()
                    .flat_map(|_| sentences(&text.code_line))
                    .collect(),
                code,
            });
        Ok(Sheet {
            title: text.title.clone(),
            letterhead: self.letterhead.clone(),
            copy_line: copy.map(|copy| self.words.copy_line(copy)),
            address: self.address(),
            blocks,
            closing,
            enclosed: self.enclosed.as_ref().map(enclosed).unwrap_or_default(),
            reference: reference(&text.number_line, copy, &self.words),
            density: Density::Reading,
            words: self.words.clone(),
        })
    }

    /// The addressee of a posted letter.
    fn address(&self) -> Option<AddressBlock> {
        let addressed = matches!(self.carrier, Carrier::Post | Carrier::PostOrThirdPerson)
            && !self.citizen.withholds_address(self.carrier)
            && !self.citizen.address.is_empty();
        addressed.then(|| AddressBlock {
            lines: std::iter::once(&self.citizen.name)
                .chain(&self.citizen.address)
                .cloned()
                .collect(),
            beside: self
                .written_on
                .map(|on| (self.words.date.clone(), self.words.dates.date(on)))
                .into_iter()
                .collect(),
        })
    }

    fn findings(&self) -> Block {
        Block::Findings(
            self.reasons
                .iter()
                .map(|reason| Finding {
                    mark: reason.outcome_said.clone(),
                    text: reason.requirement.clone(),
                    notes: reason.notes.clone(),
                })
                .collect(),
        )
    }

    /// What a letter of its kind must have, and must not say.
    fn check(&self) -> Result<(), DocumentError> {
        let refused = |why| Err(DocumentError::NotAllowed(why));
        match &self.kind {
            LetterKind::ExemptionReceipt {
                granted_at,
                registered_at,
            } => {
                for at in [granted_at, registered_at] {
                    let said = self.words.dates.date_time(*at);
                    if !self
                        .text
                        .rows
                        .iter()
                        .any(|(_, value)| value.contains(&said))
                    {
                        return refused("the exemption receipt carries both times");
                    }
                }
                if self.text.number_line.is_empty() {
                    return refused("the exemption receipt carries a number");
                }
            }
            LetterKind::Interim => {
                if self.says_itself("er fritaget") {
                    return refused("the interim paper does not say that the citizen is exempt");
                }
            }
            LetterKind::HandInSlip => {
                if self.says_itself("fritage") {
                    return refused("the hand-in slip contains no word of being exempt");
                }
            }
            LetterKind::Refusal { complaint_guidance } => {
                let told = self
                    .reasons
                    .iter()
                    .any(|reason| reason.outcome == Outcome::NotMet)
                    || self
                        .text
                        .sections
                        .iter()
                        .any(|section| !section.points.is_empty());
                if !told {
                    return refused("a refusal names what is not met");
                }
                if complaint_guidance.trim().is_empty() || !self.says(complaint_guidance.trim()) {
                    return refused("a refusal has complaint guidance");
                }
            }
            LetterKind::TakenBack { complaint_guidance } => {
                if complaint_guidance.trim().is_empty() || !self.says(complaint_guidance.trim()) {
                    return refused("taking back has complaint guidance");
                }
            }
            LetterKind::Rejection => {
                if self.says_itself("afslag") {
                    return refused("a rejection is not called a refusal");
                }
            }
            LetterKind::MissingInformation => {
                if self
                    .text
                    .sections
                    .iter()
                    .all(|section| section.points.is_empty())
                {
                    return refused("the letter says what is missing");
                }
            }
            LetterKind::CorrectionToWrongPerson
            | LetterKind::CorrectionToRightPerson
            | LetterKind::Other => {}
        }
        let withheld = if self.citizen.withholds_address(self.carrier) {
            &self.citizen.address[..]
        } else {
            &[]
        };
        if self
            .must_not_say
            .iter()
            .chain(withheld)
            .any(|text| self.says(text))
        {
            return refused("the paper says what it must not say");
        }
        Ok(())
    }

    /// Whether the words stand anywhere on the paper.
    fn says(&self, words: &str) -> bool {
        self.says_beside(&[], words)
    }

    /// Whether they do beside what is quoted.
    fn says_itself(&self, words: &str) -> bool {
        self.says_beside(&self.quoted, words)
    }

    fn says_beside(&self, quoted: &[String], words: &str) -> bool {
        let words = words.to_lowercase();
        let own = |text: &str| {
            let quoted = quoted.iter().filter(|passage| !passage.is_empty());
            let own = quoted.fold(text.to_owned(), |own, passage| own.replace(passage, ""));
            own.to_lowercase()
        };
        let reasons = self.reasons.iter().flat_map(|reason| {
            std::iter::once(&reason.requirement)
                .chain(&reason.notes)
                .map(String::as_str)
        });
        !words.is_empty()
            && self
                .text
                .all()
                .chain(self.enclosed.iter().flat_map(PaperText::all))
                .chain(reasons)
                .chain(self.code.as_deref())
                .any(|text| own(text).contains(&words))
    }
}
