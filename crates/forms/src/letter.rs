//! Letters and receipts: texts with places to fill. Drawing them is the business of `documents`.
//!
//! A letter is filled completely or not at all: a place without a value stops it, so that no paper
//! leaves with `{citizen_name}` on it. A section whose paragraphs come out empty is left out.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::condition::Condition;
use crate::error::{FormsError, parse};
use crate::help_offer::HelpOffer;
use crate::profile::Profile;
use crate::read;
use crate::rules::RuleTexts;
use crate::source::Source;
use crate::texts::{fill, placeholders};

mod sound;

/// A letter as written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// Stable code; for a printed paper the code of its kind in the domain.
    pub code: String,
    /// Version of the wording.
    pub version: u16,
    /// `citizen` or `staff`; letters to citizens must be easy to read.
    pub audience: String,
    /// Heading.
    pub title: String,
    /// The message, first.
    pub lead: String,
    /// `f1` or `f2`, where the fields of that paper stand above the sections.
    #[serde(default)]
    pub fields_of_paper: Option<String>,
    /// Rows of the table.
    #[serde(default, rename = "row")]
    pub rows: Vec<Row>,
    /// Sections under it.
    #[serde(default, rename = "section")]
    pub sections: Vec<Section>,
    /// Lines to sign on.
    #[serde(default, rename = "signature")]
    pub signatures: Vec<SignatureLine>,
    /// Bottom of the page.
    #[serde(default)]
    pub footer: Footer,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Left.
    pub label: String,
    /// Right.
    pub value: String,
    /// When it is there.
    #[serde(default, deserialize_with = "read::condition")]
    pub when: Condition,
}

/// A heading with what belongs under it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// When it is there.
    #[serde(default, deserialize_with = "read::condition")]
    pub when: Condition,
    /// Running text.
    #[serde(default)]
    pub paragraphs: Vec<String>,
    /// A list.
    #[serde(default)]
    pub bullets: Vec<String>,
    /// Name of a list that is filled in: `rule_set.grounds`, `unmet` and so on.
    #[serde(default)]
    pub bullets_from: Option<String>,
    /// A small table.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// Where it stands, if not in line: `municipality` for the block that is reserved for it,
    /// `complaint` for the complaint guidance, `notice` for what must be seen first.
    #[serde(default)]
    pub place: Option<String>,
}

/// A line to sign on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureLine {
    /// Whose signature.
    pub label: String,
    /// When it is there.
    #[serde(default, deserialize_with = "read::condition")]
    pub when: Condition,
}

/// The bottom of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Footer {
    /// The paper's number.
    #[serde(default)]
    pub number: String,
    /// What the code beside it means; empty where there is no code.
    #[serde(default)]
    pub code: String,
}

/// What a letter is filled with.
#[derive(Clone, Default)]
pub struct LetterFacts {
    values: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
}

/// A letter ready to be drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct FilledLetter {
    /// Code and version of the wording, `refusal@1`.
    pub reference: String,
    /// Heading.
    pub title: String,
    /// The message.
    pub lead: String,
    /// Label and value.
    pub rows: Vec<(String, String)>,
    /// Sections that have something to say.
    pub sections: Vec<FilledSection>,
    /// Lines to sign on.
    pub signatures: Vec<String>,
    /// The paper's number, as a line.
    pub number_line: String,
    /// What the code means; empty where there is none.
    pub code_line: String,
}

/// A section ready to be drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct FilledSection {
    /// Heading.
    pub heading: String,
    /// Running text.
    pub paragraphs: Vec<String>,
    /// List.
    pub bullets: Vec<String>,
    /// Small table.
    pub rows: Vec<(String, String)>,
    /// Where it stands, if not in line: `municipality`, `complaint` or `notice`.
    pub place: Option<String>,
    /// Whether it is reserved for the municipality.
    pub for_municipality: bool,
}

/// What a letter still lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("letter {letter} lacks {name}")]
pub struct LetterIncomplete {
    /// The letter.
    pub letter: String,
    /// The fact or list it asks for.
    pub name: String,
}

impl LetterFacts {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Sets one list.
    #[must_use]
    pub fn with_list(mut self, name: &str, items: Vec<String>) -> Self {
        self.lists.insert(name.to_owned(), items);
        self
    }

    /// Everything a letter may say about the rules.
    #[must_use]
    pub fn with_rule_set(mut self, set: &RuleTexts) -> Self {
        for (name, text) in &set.texts {
            self.values.insert(format!("rule_{name}"), text.clone());
        }
        self.values
            .insert("rule_set".to_owned(), set.code.code().to_owned());
        let grounds = set
            .grounds
            .iter()
            .map(|ground| ground.text.clone())
            .collect();
        let not_covered = set.not_covered.iter().map(|n| n.text.clone()).collect();
        self.with_list("rule_set.grounds", grounds)
            .with_list("rule_set.not_covered", not_covered)
    }

    /// Everything a letter may say about the municipality.
    #[must_use]
    pub fn with_profile(self, profile: &Profile) -> Self {
        let kinds: Vec<_> = profile
            .practice
            .id_kinds
            .iter()
            .filter(|k| k.code != "other")
            .map(|k| k.label.as_str())
            .collect();
        self.with("municipality", profile.name.as_str())
            .with("unit", profile.unit.as_str())
            .with("contact_name", profile.contact_name.as_str())
            .with("contact_phone", profile.contact_phone.as_str())
            .with("id_kinds", kinds.join(", "))
    }

    /// The help that can be offered. Signing up is what it helps to.
    #[must_use]
    pub fn with_offers(self, offers: &[HelpOffer]) -> Self {
        let line = |offer: &HelpOffer| {
            let known = [&offer.label, &offer.place, &offer.contact];
            let known: Vec<_> = known
                .iter()
                .filter(|t| !t.is_empty())
                .map(|t| t.as_str())
                .collect();
            known.join(" · ")
        };
        let help = offers.iter().filter(|offer| offer.kind != "sign_up");
        let lines = help.map(line).collect();
        self.with_list("help_offers", lines)
    }

    fn holds(&self, condition: &Condition) -> bool {
        condition.holds(|name| self.values.get(name).map(String::as_str))
    }
}

impl std::fmt::Debug for LetterFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LetterFacts")
            .field("names", &self.values.keys())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FilledLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilledLetter")
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FilledSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilledSection")
            .field("heading", &self.heading)
            .finish_non_exhaustive()
    }
}

impl Letter {
    /// Code and version, `refusal@1`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.code, self.version)
    }

    /// Fills every place.
    pub fn fill(&self, facts: &LetterFacts) -> Result<FilledLetter, LetterIncomplete> {
        let text = |text: &str| self.fill_text(text, facts);
        let rows = |rows: &[Row]| {
            let there = rows.iter().filter(|row| facts.holds(&row.when));
            there
                .map(|row| Ok((text(&row.label)?, text(&row.value)?)))
                .collect::<Result<Vec<_>, _>>()
        };
        let mut sections = Vec::new();
        for section in self
            .sections
            .iter()
            .filter(|section| facts.holds(&section.when))
        {
            let filled = section
                .paragraphs
                .iter()
                .map(|p| text(p))
                .collect::<Result<Vec<_>, _>>()?;
            // What somebody wrote on lines of their own stands so on the paper.
            let lines = filled.iter().flat_map(|paragraph| paragraph.lines());
            let mut paragraphs: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
            paragraphs.retain(|paragraph| !paragraph.is_empty());
            let mut bullets = section
                .bullets
                .iter()
                .map(|b| text(b))
                .collect::<Result<Vec<_>, _>>()?;
            if let Some(list) = &section.bullets_from {
                let items = facts.lists.get(list).ok_or_else(|| self.lacks(list))?;
                bullets.extend(items.iter().cloned());
            }
            let rows = rows(&section.rows)?;
            if paragraphs.is_empty() && bullets.is_empty() && rows.is_empty() {
                continue;
            }
            sections.push(FilledSection {
                heading: text(&section.heading)?,
                paragraphs,
                bullets,
                rows,
                place: section.place.clone(),
                for_municipality: section.place.as_deref() == Some("municipality"),
            });
        }
        let signatures = self
            .signatures
            .iter()
            .filter(|line| facts.holds(&line.when));
        Ok(FilledLetter {
            reference: self.reference(),
            title: text(&self.title)?,
            lead: text(&self.lead)?,
            rows: rows(&self.rows)?,
            sections,
            signatures: signatures.map(|line| line.label.clone()).collect(),
            number_line: text(&self.footer.number)?,
            code_line: text(&self.footer.code)?,
        })
    }

    fn fill_text(&self, text: &str, facts: &LetterFacts) -> Result<String, LetterIncomplete> {
        let mut values = Vec::new();
        for name in placeholders(text) {
            let value = facts.values.get(name).ok_or_else(|| self.lacks(name))?;
            values.push((name, value.as_str()));
        }
        Ok(fill(text, &values))
    }

    fn lacks(&self, name: &str) -> LetterIncomplete {
        LetterIncomplete {
            letter: self.code.clone(),
            name: name.to_owned(),
        }
    }

    /// Every text of the letter with the key it stands under.
    pub fn all_texts(&self) -> Vec<(String, &str)> {
        let mut all = vec![
            ("title".to_owned(), self.title.as_str()),
            ("lead".to_owned(), self.lead.as_str()),
            ("footer.number".to_owned(), self.footer.number.as_str()),
            ("footer.code".to_owned(), self.footer.code.as_str()),
        ];
        let rows = self
            .rows
            .iter()
            .chain(self.sections.iter().flat_map(|s| &s.rows));
        for row in rows {
            all.push(("row.label".to_owned(), row.label.as_str()));
            all.push((format!("row.{}", row.label), row.value.as_str()));
        }
        for section in &self.sections {
            let key = format!("section.{}", section.heading);
            all.push((key.clone(), section.heading.as_str()));
            all.extend(
                section
                    .paragraphs
                    .iter()
                    .map(|text| (key.clone(), text.as_str())),
            );
            all.extend(
                section
                    .bullets
                    .iter()
                    .map(|text| (key.clone(), text.as_str())),
            );
        }
        all
    }

    /// Every fact and list the letter asks for.
    fn asks_for(&self) -> Vec<&str> {
        let texts = self.all_texts();
        let of_texts = texts.iter().flat_map(|(_, text)| placeholders(text));
        let of_conditions = self.conditions().flat_map(Condition::clauses);
        let lists = self
            .sections
            .iter()
            .filter_map(|s| s.bullets_from.as_deref());
        of_texts
            .chain(of_conditions.map(|clause| clause.fact.as_str()))
            .chain(lists)
            .collect()
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let rows = self
            .rows
            .iter()
            .chain(self.sections.iter().flat_map(|s| &s.rows));
        rows.map(|row| &row.when)
            .chain(self.sections.iter().map(|section| &section.when))
            .chain(self.signatures.iter().map(|line| &line.when))
    }
}

/// Every letter, each found sound.
pub(crate) fn read(source: &Source, offers: &[HelpOffer]) -> Result<Vec<Letter>, FormsError> {
    let mut letters = Vec::new();
    for (file, text) in source.folder("letters") {
        let letter: Letter = parse(file, text)?;
        sound::check(file, &letter, offers)?;
        letters.push(letter);
    }
    Ok(letters)
}

#[cfg(test)]
mod tests {
    use super::sound::{FACTS, RECEIPTS, SIGNING_METHODS};
    use super::*;

    fn read(source: &Source) -> Result<Vec<Letter>, FormsError> {
        super::read(source, &crate::help_offer::read(source)?)
    }

    fn letter(code: &str) -> Letter {
        let letters = read(&Source::embedded()).expect("the letters are sound");
        letters
            .into_iter()
            .find(|letter| letter.code == code)
            .expect("it exists")
    }

    #[test]
    fn a_letter_that_lacks_a_fact_is_not_filled() {
        let lacking = letter("hand_in_slip")
            .fill(&LetterFacts::new())
            .expect_err("nothing is known");

        assert_eq!(lacking.letter, "hand_in_slip");
    }

    #[test]
    fn a_section_that_has_nothing_to_say_is_left_out() {
        let facts = FACTS
            .iter()
            .fold(LetterFacts::new(), |facts, name| facts.with(name, "x"));
        let facts = ["municipality", "contact_name", "contact_phone"]
            .iter()
            .fold(facts, |facts, name| facts.with(name, "x"))
            .with("reasons", "")
            .with_list("unmet", Vec::new())
            .with_list("would_change", Vec::new());

        let filled = letter("refusal").fill(&facts).expect("complete");

        let headings: Vec<_> = filled.sections.iter().map(|s| s.heading.as_str()).collect();
        assert_eq!(headings, ["Reglerne", "Hvis du vil klage", "Hjælp"]);
    }

    #[test]
    fn practice_1_and_2_no_paper_before_registration_says_that_the_citizen_is_exempt() {
        for code in [
            "interim_paper",
            "hand_in_slip",
            "missing_information",
            "rejection",
        ] {
            for (key, text) in letter(code).all_texts() {
                let says = text.contains("er fritaget") || text.contains("fritagelseskvittering");
                assert!(!says, "{code}, {key}: {text}");
            }
        }
        for (key, text) in letter("hand_in_slip").all_texts() {
            assert!(!text.to_lowercase().contains("fritag"), "{key}: {text}");
        }
    }

    #[test]
    fn no_receipt_can_name_the_ground_or_who_came_instead() {
        for code in RECEIPTS {
            let file = format!("letters/{code}.toml");
            let text = Source::embedded()
                .file(&file)
                .expect("it exists")
                .to_owned();
            for (place, name) in [
                ("paragraphs = [\"{reasons}\"]", "reasons"),
                (
                    "paragraphs = [\"{representative_name}\"]",
                    "representative_name",
                ),
                (
                    "when = \"channel = guardian\"\nparagraphs = [\"x\"]",
                    "channel",
                ),
                ("bullets_from = \"rule_set.grounds\"", "rule_set.grounds"),
            ] {
                let added = format!("{text}\n[[section]]\nheading = \"x\"\n{place}\n");

                let refused = read(&Source::embedded().with(&file, &added));

                let told = refused.expect_err("must be refused").to_string();
                assert!(told.contains(&format!("{{{name}}}")), "{told}");
            }
        }
    }

    #[test]
    fn every_printed_paper_of_the_domain_has_its_letter() {
        for kind in skranke_domain::event::PaperKind::ALL {
            assert_eq!(letter(kind.code()).code, kind.code());
        }
    }

    #[test]
    fn an_unknown_place_is_refused_with_file_and_key() {
        let text = Source::embedded()
            .file("letters/rejection.toml")
            .expect("it exists")
            .to_owned();
        let edited = text.replacen("{location}", "{place}", 1);

        let refused = read(&Source::embedded().with("letters/rejection.toml", &edited))
            .expect_err("there is no such fact");

        assert_eq!(
            refused.to_string(),
            "forms/letters/rejection.toml: row.Sted: there is no fact {place}"
        );
    }

    #[test]
    fn a_letter_can_ask_for_the_ways_of_signing_that_the_form_has() {
        let forms = crate::Forms::embedded().expect("sound");
        for version in &forms.versions {
            let fields = version.fields.iter();
            for field in fields.filter(|field| field.id == "signing_method") {
                let choices = field.choices.iter().map(|choice| choice.value.as_str());
                assert!(choices.eq(SIGNING_METHODS));
            }
        }
    }

    #[test]
    fn a_condition_on_what_never_is_names_the_letter() {
        let when = |condition: &str| {
            let file = "letters/rejection.toml";
            let text = Source::embedded().file(file).expect("it exists").to_owned();
            let added = format!("{text}\n[[section]]\nheading = \"x\"\nwhen = \"{condition}\"\n");
            read(&Source::embedded().with(file, &added)).map_err(|refused| refused.to_string())
        };

        for (condition, told) in [
            ("reason = no_id", "reason is never \"no_id\""),
            ("was_registered != yes", "was_registered is never \"yes\""),
            (
                "chosen_offer in [sign_up, cake]",
                "chosen_offer is never \"cake\"",
            ),
            ("form_version = first", "form_version is never \"first\""),
            (
                "citizen_name = karin",
                "citizen_name can only be given or empty",
            ),
        ] {
            let refused = when(condition).expect_err(condition);
            assert_eq!(
                refused,
                format!("forms/letters/rejection.toml: when: {told}")
            );
        }
        when("rule_set = c and channel = self and next_step is given").expect("all of it can be");
    }
}
