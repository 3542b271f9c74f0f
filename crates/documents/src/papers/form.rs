//! Forms, filled or blank: the request, the power of attorney and those that follow.
//!
//! The definition under `forms/` drives screen, check and paper: [`form_fields`] turns it into
//! the fields of a paper, whatever it asks.

use skranke_forms::{DateWords, FieldKind, FieldValue as Answer, Fields, Form};

use super::{Carrier, CitizenOnPaper, PaperText, TextSection, Words, reference};
use crate::{
    letterhead::Letterhead,
    press::CopyMark,
    sheet::{Block, Density, Field, FieldValue, Sheet, SignatureLine},
};

/// A form of one or more parts.
#[derive(Debug, Clone, PartialEq)]
pub struct FormPaper {
    /// Who issues it.
    pub letterhead: Letterhead,
    /// Words of the layout.
    pub words: Words,
    /// The parts; each but the first starts a page.
    ///
    /// Basis: spec/practice.md section 2, point 9: in the first form version the power of
    /// attorney is page two of the request.
    pub parts: Vec<FormPart>,
    /// Form code and version, and the case of a filled form; at the foot of each page.
    pub reference: String,
    /// Who takes the paper along.
    pub carrier: Carrier,
    /// The citizen it is about.
    pub citizen: CitizenOnPaper,
}

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FormPart {
    /// Title, lead, sections, and the block reserved for the municipality.
    pub text: PaperText,
    /// The fields, between the lead and the sections.
    pub fields: Vec<FormField>,
    /// Lines to sign on; `text.signatures` is used where this is empty.
    pub signatures: Vec<FormSignature>,
    /// The municipality's block is left for writing by hand.
    pub blank: bool,
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
    /// Boxes of which one, several or none are ticked.
    Choice(Vec<(String, bool)>),
}

/// A line to sign on.
#[derive(Clone, PartialEq, Default)]
pub struct FormSignature {
    /// Who signs, for example "Dato og borgerens underskrift".
    pub label: String,
    /// The name in print, empty on a blank form.
    pub name: String,
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

/// The fields that stand on one paper of a form, in order.
///
/// `answers` decides which fields the paper has. With `blank` they are left empty all the same,
/// to be filled in by hand. `dates` says how a day is written.
#[must_use]
pub fn form_fields(
    form: &Form,
    paper: &str,
    answers: &Fields,
    blank: bool,
    dates: &DateWords,
) -> Vec<FormField> {
    form.shown_on_paper(paper, answers)
        .map(|field| {
            let answer = answers.get(&field.id).filter(|_| !blank);
            let chosen = |value: &str| match answer {
                Some(Answer::Text(text)) => text == value,
                Some(Answer::List(list)) => list.iter().any(|item| item == value),
                Some(Answer::Flag(_)) | None => false,
            };
            let text = written(answer);
            let value = match field.kind {
                FieldKind::Choice | FieldKind::Choices => FormValue::Choice(
                    form.choices(field, answers)
                        .map(|choice| (choice.label.clone(), chosen(&choice.value)))
                        .collect(),
                ),
                FieldKind::Flag => FormValue::Tick(matches!(answer, Some(Answer::Flag(true)))),
                FieldKind::Date => text.map_or(FormValue::Blank, |text| {
                    FormValue::Text(text.parse().map_or(text, |on| dates.date(on)))
                }),
                FieldKind::Cpr => text.map_or(FormValue::Blank, |text| {
                    FormValue::Text(super::cpr_on_paper(&text, false))
                }),
                FieldKind::Text | FieldKind::Multiline => {
                    text.map_or(FormValue::Blank, FormValue::Text)
                }
            };
            FormField {
                label: field.label.clone(),
                value,
                wide: field.kind == FieldKind::Multiline,
                holds_address: field.id.contains("address")
                    && field.kind != FieldKind::Choice
                    && !field.id.contains("representative"),
            }
        })
        .collect()
}

fn written(answer: Option<&Answer>) -> Option<String> {
    match answer {
        Some(Answer::Text(text)) if !text.trim().is_empty() => {
            Some(text.lines().map(str::trim).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

impl FormPaper {
    pub(super) fn sheet(&self, copy: Option<&CopyMark>) -> Sheet {
        let mut blocks = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                blocks.push(Block::NewPage);
            }
            self.part(part, at == 0, &mut blocks);
        }
        Sheet {
            title: self
                .parts
                .first()
                .map(|part| part.text.title.clone())
                .unwrap_or_default(),
            letterhead: self.letterhead.clone(),
            copy_line: copy.map(|copy| self.words.copy_line(copy)),
            address: None,
            blocks,
            closing: None,
            enclosed: Vec::new(),
            reference: reference(&self.reference, copy, &self.words),
            density: Density::Form,
            words: self.words.clone(),
        }
    }

    fn part(&self, part: &FormPart, first: bool, blocks: &mut Vec<Block>) {
        let text = &part.text;
        if first {
            blocks.push(Block::Title(text.title.clone()));
        } else {
            blocks.push(Block::PartTitle(text.title.clone()));
        }
        if !text.lead.is_empty() {
            blocks.push(Block::Lead(text.lead.clone()));
        }
        if !part.fields.is_empty() {
            blocks.push(Block::Fields(
                part.fields.iter().map(|field| self.field(field)).collect(),
            ));
        }
        for section in text
            .sections
            .iter()
            .filter(|section| !section.for_municipality)
        {
            section.add_to(blocks);
        }
        let signatures: Vec<SignatureLine> = if part.signatures.is_empty() {
            let unsigned = |label: &String| FormSignature {
                label: label.clone(),
                ..FormSignature::default()
            };
            text.signatures
                .iter()
                .map(|label| self.signature(&unsigned(label)))
                .collect()
        } else {
            part.signatures
                .iter()
                .map(|line| self.signature(line))
                .collect()
        };
        if !signatures.is_empty() {
            blocks.push(Block::Signatures(signatures));
        }
        for section in text
            .sections
            .iter()
            .filter(|section| section.for_municipality)
        {
            let mut section: TextSection = section.clone();
            if part.blank {
                section.rows.iter_mut().for_each(|(_, value)| value.clear());
            }
            blocks.push(Block::Reserved {
                heading: section.heading,
                rows: section.rows,
            });
        }
    }

    fn field(&self, field: &FormField) -> Field {
        let says_address = match &field.value {
            FormValue::Blank => false,
            FormValue::Text(text) => field.holds_address || self.citizen.lives_where(text),
            FormValue::Tick(_) | FormValue::Choice(_) => field.holds_address,
        };
        let withheld = says_address && self.citizen.withholds_address(self.carrier);
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
            signed_on: line.signed_on.clone(),
            strokes: line.strokes.clone(),
            strokes_said: self.words.signature.clone(),
        }
    }
}
