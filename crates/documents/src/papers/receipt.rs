//! The exemption receipt and the interim paper before it.
//!
//! The receipt exists only after the registration, carries both times and has no place for the
//! ground of the exemption. Until then the citizen gets the interim paper.
//! Basis: design.md section 8; spec/practice.md section 1, point 2.

use chrono::NaiveDateTime;

use super::{
    Addressee, Carrier, CaseOnPaper, CitizenOnPaper, PaperText, Words, add_sections, address_block,
};
use crate::{
    danish::danish_date_time,
    error::DocumentError,
    letterhead::Letterhead,
    press::CopyMark,
    sheet::{Block, Closing, Density, Sheet},
};

/// The exemption receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct ExemptionReceipt {
    /// Who sends it.
    pub letterhead: Letterhead,
    /// Title, lead and sections.
    pub text: PaperText,
    /// Names of the facts.
    pub labels: ReceiptLabels,
    /// Words of the layout.
    pub words: Words,
    /// Who is exempt.
    pub citizen: CitizenOnPaper,
    /// Who takes the paper along.
    pub carrier: Carrier,
    /// When the exemption was granted, Danish time.
    pub granted_at: NaiveDateTime,
    /// When it was registered in Digital Post, Danish time.
    pub registered_at: NaiveDateTime,
    /// How long it holds, in words.
    pub duration: String,
    /// What happens to unopened post, in words.
    pub unopened_post: String,
    /// The case.
    pub case: CaseOnPaper,
    /// Number and code.
    pub foot: ReceiptFoot,
}

/// The names of the facts on a receipt or interim paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptLabels {
    /// "Navn".
    pub name: String,
    /// "CPR-nummer".
    pub cpr: String,
    /// "Bevilget".
    pub granted: String,
    /// "Registreret i Digital Post".
    pub registered: String,
    /// "Gælder".
    pub duration: String,
    /// "Uåbnet post".
    pub unopened_post: String,
    /// "Sag og behandler".
    pub case: String,
}

/// The foot of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptFoot {
    /// "Kvittering nr. S3-2026-00412".
    pub number_line: String,
    /// What the code is for, one line each.
    pub code_lines: Vec<String>,
    /// The signed text of the code. `None` prints no code.
    pub code: Option<String>,
}

impl ReceiptFoot {
    fn closing(&self, words: &Words) -> Closing {
        Closing {
            code: self.code.clone(),
            code_said: words.code.clone(),
            heading: self.number_line.clone(),
            lines: if self.code.is_some() {
                self.code_lines.clone()
            } else {
                Vec::new()
            },
        }
    }
}

impl ExemptionReceipt {
    pub(super) fn sheet(&self, copy: Option<&CopyMark>) -> Result<Sheet, DocumentError> {
        let labels = &self.labels;
        let rows = vec![
            (labels.name.clone(), self.citizen.name.clone()),
            (labels.cpr.clone(), self.citizen.cpr.shown().to_owned()),
            (labels.granted.clone(), danish_date_time(self.granted_at)),
            (
                labels.registered.clone(),
                danish_date_time(self.registered_at),
            ),
            (labels.duration.clone(), self.duration.clone()),
            (labels.unopened_post.clone(), self.unopened_post.clone()),
            (labels.case.clone(), self.case.shown()),
        ];
        let mut blocks = vec![Block::Title(self.text.title.clone())];
        if !self.text.lead.is_empty() {
            blocks.push(Block::Lead(self.text.lead.clone()));
        }
        blocks.push(Block::Facts(rows));
        add_sections(&mut blocks, &self.text.sections);
        Ok(Sheet {
            title: self.text.title.clone(),
            letterhead: self.letterhead.clone(),
            copy_line: copy.map(|copy| self.words.copy_line(copy)),
            address: posted_to(&self.citizen, self.carrier),
            blocks,
            closing: Some(self.foot.closing(&self.words)),
            reference: reference(&self.foot.number_line, copy, &self.words),
            density: Density::Reading,
            words: self.words.clone(),
        })
    }
}

/// The paper between grant and registration.
#[derive(Debug, Clone, PartialEq)]
pub struct InterimPaper {
    /// Who sends it.
    pub letterhead: Letterhead,
    /// Title, lead and sections.
    pub text: PaperText,
    /// What must be seen: digital post still counts.
    pub notice_heading: String,
    /// The sentence under it.
    pub notice: String,
    /// Names of the facts; `registered` and `duration` name what is still to come.
    pub labels: ReceiptLabels,
    /// Words of the layout.
    pub words: Words,
    /// Whose case it is.
    pub citizen: CitizenOnPaper,
    /// Who takes the paper along.
    pub carrier: Carrier,
    /// When the exemption was granted, Danish time.
    pub granted_at: NaiveDateTime,
    /// What the registration fact says, for example "Ikke endnu".
    pub not_yet_registered: String,
    /// What happens to unopened post, in words.
    pub unopened_post: String,
    /// The case.
    pub case: CaseOnPaper,
}

impl InterimPaper {
    pub(super) fn sheet(&self, copy: Option<&CopyMark>) -> Result<Sheet, DocumentError> {
        let labels = &self.labels;
        let rows = vec![
            (labels.name.clone(), self.citizen.name.clone()),
            (labels.cpr.clone(), self.citizen.cpr.shown().to_owned()),
            (labels.granted.clone(), danish_date_time(self.granted_at)),
            (labels.registered.clone(), self.not_yet_registered.clone()),
            (labels.unopened_post.clone(), self.unopened_post.clone()),
            (labels.case.clone(), self.case.shown()),
        ];
        let mut blocks = vec![Block::Title(self.text.title.clone())];
        if !self.text.lead.is_empty() {
            blocks.push(Block::Lead(self.text.lead.clone()));
        }
        blocks.push(Block::Notice {
            heading: self.notice_heading.clone(),
            text: self.notice.clone(),
        });
        blocks.push(Block::Facts(rows));
        add_sections(&mut blocks, &self.text.sections);
        Ok(Sheet {
            title: self.text.title.clone(),
            letterhead: self.letterhead.clone(),
            copy_line: copy.map(|copy| self.words.copy_line(copy)),
            address: posted_to(&self.citizen, self.carrier),
            blocks,
            closing: None,
            reference: reference(&self.case.case_number, copy, &self.words),
            density: Density::Reading,
            words: self.words.clone(),
        })
    }
}

/// A posted paper has its addressee in the window of the envelope.
fn posted_to(citizen: &CitizenOnPaper, carrier: Carrier) -> Option<crate::sheet::AddressBlock> {
    let address = citizen.address_for(carrier);
    (carrier == Carrier::Post && !address.is_empty()).then(|| {
        let addressee = Addressee {
            name: citizen.name.clone(),
            address: Vec::new(),
        };
        address_block(&addressee, address, Vec::new())
    })
}

/// The left of the page foot; a copy says so on every page.
pub(super) fn reference(number: &str, copy: Option<&CopyMark>, words: &Words) -> String {
    match copy {
        Some(copy) => format!("{} {} · {number}", words.copy, copy.count),
        None => number.to_owned(),
    }
}
