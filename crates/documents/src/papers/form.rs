//! Forms, filled or blank: the request, the power of attorney and those that follow.
//!
//! The definition under `forms/` drives screen, check and paper; here a form is sections of
//! fields and lines to sign on, whatever they ask.

use super::{Carrier, CaseOnPaper, Words, receipt::reference};
use crate::{
    letterhead::Letterhead,
    press::CopyMark,
    sheet::{Block, Density, Field, FieldValue, Sheet, SignatureLine},
};

/// A form.
#[derive(Debug, Clone, PartialEq)]
pub struct FormPaper {
    /// Who issues it.
    pub letterhead: Letterhead,
    /// Heading and document title.
    pub title: String,
    /// Text under the heading.
    pub intro: String,
    /// Form code and version, for example "F1, version 2".
    pub form_code: String,
    /// Words of the layout.
    pub words: Words,
    /// The parts of the form.
    pub sections: Vec<FormSection>,
    /// The case of a filled form.
    pub case: Option<CaseOnPaper>,
    /// Who takes the paper along.
    pub carrier: Carrier,
    /// The citizen has name and address protection.
    pub address_protected: bool,
}

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FormSection {
    /// Heading; empty for a part without one.
    pub heading: String,
    /// Text above the fields.
    pub paragraphs: Vec<String>,
    /// Points above the fields.
    pub points: Vec<String>,
    /// The fields.
    pub fields: Vec<FormField>,
    /// Lines to sign on, after the fields.
    pub signatures: Vec<FormSignature>,
    /// The part starts a page of its own.
    pub on_new_page: bool,
}

/// A field.
#[derive(Clone, PartialEq)]
pub struct FormField {
    /// What is asked.
    pub label: String,
    /// What was answered.
    pub value: FormValue,
    /// Takes the whole width.
    pub wide: bool,
    /// Holds an address of the citizen, which protection may withhold.
    pub holds_address: bool,
}

impl std::fmt::Debug for FormField {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "FormField({:?}, ..)", self.label)
    }
}

/// An answer.
#[derive(Clone, PartialEq)]
pub enum FormValue {
    /// Nothing yet: a line to write on.
    Blank,
    /// Text.
    Text(String),
    /// A box beside the label.
    Tick(bool),
    /// Boxes of which one or none is ticked.
    Choice(Vec<(String, bool)>),
}

/// A line to sign on.
#[derive(Clone, PartialEq)]
pub struct FormSignature {
    /// Who signs, for example "Borgerens underskrift".
    pub label: String,
    /// The name in print, empty on a blank form.
    pub name: String,
    /// "Dato".
    pub date_label: String,
    /// The date as it is written, empty where it is written by hand.
    pub signed_on: String,
    /// A signature given on screen: strokes of points between 0 and 1.
    pub strokes: Vec<Vec<(f32, f32)>>,
}

impl std::fmt::Debug for FormSignature {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "FormSignature({:?}, ..)", self.label)
    }
}

impl FormPaper {
    pub(super) fn sheet(&self, copy: Option<&CopyMark>) -> Sheet {
        let mut blocks = vec![Block::Title(self.title.clone())];
        if !self.intro.is_empty() {
            blocks.push(Block::Paragraph(self.intro.clone()));
        }
        for section in &self.sections {
            if section.on_new_page {
                blocks.push(Block::NewPage);
            }
            if !section.heading.is_empty() {
                blocks.push(Block::Heading(section.heading.clone()));
            }
            blocks.extend(section.paragraphs.iter().cloned().map(Block::Paragraph));
            if !section.points.is_empty() {
                blocks.push(Block::Bullets(section.points.clone()));
            }
            if !section.fields.is_empty() {
                blocks.push(Block::Fields(
                    section
                        .fields
                        .iter()
                        .map(|field| self.field(field))
                        .collect(),
                ));
            }
            if !section.signatures.is_empty() {
                blocks.push(Block::Signatures(
                    section
                        .signatures
                        .iter()
                        .map(|line| self.signature(line))
                        .collect(),
                ));
            }
        }
        let reference_line = match &self.case {
            Some(case) => format!("{} · {}", self.form_code, case.shown()),
            None => self.form_code.clone(),
        };
        Sheet {
            title: self.title.clone(),
            letterhead: self.letterhead.clone(),
            copy_line: copy.map(|copy| self.words.copy_line(copy)),
            address: None,
            blocks,
            closing: None,
            reference: reference(&reference_line, copy, &self.words),
            density: Density::Form,
            words: self.words.clone(),
        }
    }

    fn field(&self, field: &FormField) -> Field {
        let withheld = field.holds_address
            && self.address_protected
            && self.carrier == Carrier::ThirdPerson
            && field.value != FormValue::Blank;
        let value = match &field.value {
            _ if withheld => FieldValue::Text(self.words.address_withheld.clone()),
            FormValue::Blank => FieldValue::Text(String::new()),
            FormValue::Text(text) => FieldValue::Text(text.clone()),
            FormValue::Tick(ticked) => FieldValue::Tick { ticked: *ticked },
            FormValue::Choice(options) => FieldValue::Choice(options.clone()),
        };
        Field {
            label: field.label.clone(),
            value,
            wide: field.wide,
        }
    }

    fn signature(&self, line: &FormSignature) -> SignatureLine {
        SignatureLine {
            label: line.label.clone(),
            name: line.name.clone(),
            date_label: line.date_label.clone(),
            signed_on: line.signed_on.clone(),
            strokes: line.strokes.clone(),
            strokes_said: self.words.signature.clone(),
        }
    }
}
