//! Rules, forms, letters, profiles and texts as data.
//!
//! This crate reads the TOML under `forms/`, checks that it is sound, and hands the rest of Skranke
//! plain values. It decides no case: eligibility, deadlines and permissions live in the domain.
//!
//! Basis: design.md section 4.

pub mod bad_input;
pub mod check;
pub mod condition;
mod dates;
pub mod error;
pub mod fields;
pub mod form;
pub mod help_offer;
pub mod letter;
pub mod profile;
pub mod read;
pub mod released;
pub mod rules;
pub mod source;
pub mod texts;

use std::path::Path;

use chrono::NaiveDate;
use skranke_domain::rule_set::{LegalDays, RuleCode};

pub use check::{FieldProblem, ProblemCode};
pub use dates::DateWords;
pub use error::FormsError;
pub use fields::{FieldValue, Fields};
pub use form::{Field, FieldKind, Form, FormVersion};
pub use help_offer::HelpOffer;
pub use letter::{FilledLetter, Letter, LetterFacts};
pub use profile::{Location, Profile, ProfileProblem, ProfileProblemCode};
pub use read::{read_date, show_date};
pub use rules::{Ground, Rule, RuleTexts, Rules};
pub use source::Source;
pub use texts::Texts;

/// Everything under `forms/`, read and found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forms {
    rules: Rules,
    versions: Vec<FormVersion>,
    help_offers: Vec<HelpOffer>,
    letters: Vec<Letter>,
    profiles: Vec<Profile>,
    texts: Texts,
}

impl Forms {
    /// The definitions the program was built with.
    pub fn embedded() -> Result<Self, FormsError> {
        Self::read(&Source::embedded())
    }

    /// The same, with the TOML files of a folder in place of their namesakes.
    pub fn overlaid(folder: &Path) -> Result<Self, FormsError> {
        Self::read(&Source::overlaid(folder)?)
    }

    /// Reads and checks everything, also against each other.
    pub fn read(source: &Source) -> Result<Self, FormsError> {
        let help_offers = help_offer::read(source)?;
        let forms = Self {
            texts: Texts::read(source)?,
            rules: Rules::read(source)?,
            versions: form::read_all(source)?,
            letters: letter::read(source, &help_offers)?,
            help_offers,
            profiles: profile::read(source)?,
        };
        for version in &forms.versions {
            form::check(version, &forms.texts)?;
            for set in forms.rules.all() {
                for profile in &forms.profiles {
                    form::resolve(version, set, &set.durations, profile, &forms.help_offers)?;
                }
            }
        }
        for code in ProfileProblemCode::ALL {
            let key = format!("profile_problem.{}", code.code());
            if forms.texts.get(&key).is_none() {
                return Err(FormsError::wrong("texts/profile.toml", key, "is missing"));
            }
        }
        for code in ProblemCode::ALL {
            for group in ["problem", "problem_at_field"] {
                let key = format!("{group}.{}", code.code());
                if forms.texts.get(&key).is_none() {
                    return Err(FormsError::wrong("texts/errors.toml", key, "is missing"));
                }
            }
        }
        Ok(forms)
    }

    /// The rule sets.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The text catalogue.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The help that can be offered, in order.
    pub fn help_offers(&self) -> &[HelpOffer] {
        &self.help_offers
    }

    /// Every profile.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The profile with this code.
    pub fn profile(&self, code: &str) -> Result<&Profile, FormsError> {
        let missing = || FormsError::Missing {
            what: "profile",
            code: code.to_owned(),
        };
        self.profiles
            .iter()
            .find(|profile| profile.code == code)
            .ok_or_else(missing)
    }

    /// Reads the text of a municipality's own edit of a profile and checks it as a file of `forms/profiles/` is
    /// checked: by itself, and against every form.
    ///
    /// # Errors
    /// It belongs to no profile of this program, cannot be read, or says what cannot be right.
    pub fn edited_profile(&self, text: &str) -> Result<Profile, FormsError> {
        #[derive(serde::Deserialize)]
        struct Named {
            code: String,
        }
        let named: Named = error::parse("profiles/*", text)?;
        let edited = Profile::edited(text, self.profile(&named.code)?)?;
        for version in &self.versions {
            for set in self.rules.all() {
                form::resolve(version, set, &set.durations, &edited, &self.help_offers)?;
            }
        }
        Ok(edited)
    }

    /// The letter with this code; for a printed paper, the code of its kind in the domain.
    pub fn letter(&self, code: &str) -> Result<&Letter, FormsError> {
        let missing = || FormsError::Missing {
            what: "letter",
            code: code.to_owned(),
        };
        self.letters
            .iter()
            .find(|letter| letter.code == code)
            .ok_or_else(missing)
    }

    /// Every letter.
    pub fn letters(&self) -> &[Letter] {
        &self.letters
    }

    /// Every version of every form, oldest first.
    pub fn versions(&self) -> &[FormVersion] {
        &self.versions
    }

    /// The exemption form as a citizen meets it who signs on `day` and is decided the same day. None before exemption
    /// was possible.
    ///
    /// Basis: practice 6 and 9.
    pub fn exemption_form(&self, day: NaiveDate, profile: &Profile) -> Result<Form, FormsError> {
        self.form_on(&LegalDays::default().as_if_done(day), profile)
    }

    /// The exemption form of a case with these days: form, declaration and durations each by the date it goes by.
    ///
    /// # Errors
    /// There were no rules, or no form, on those days.
    pub fn form_on(&self, days: &LegalDays, profile: &Profile) -> Result<Form, FormsError> {
        let missing = || FormsError::Missing {
            what: "form on",
            code: days
                .signed_on
                .map(|day| day.to_string())
                .unwrap_or_default(),
        };
        let of_form = self.rules.day_of(RuleCode::Form, days);
        let of_form = of_form.ok_or_else(missing)?;
        let in_use = |version: &&FormVersion| {
            version.valid_from <= of_form && version.valid_to.is_none_or(|last| of_form <= last)
        };
        let version = self.versions.iter().find(in_use).ok_or_else(missing)?;
        let declaration = self.rules.rule_for(RuleCode::Declaration, days);
        let (set, _) = declaration.ok_or_else(missing)?;
        let durations = self.rules.rule_for(RuleCode::Duration, days);
        let durations = durations.map(|(set, _)| set.durations.as_slice());
        let durations = durations.unwrap_or_default();
        form::resolve(version, set, durations, profile, &self.help_offers)
    }
}
