//! The citizen's CPR number: reading it, what its digits say, and keeping them out of sight.
//!
//! The number has no `Display` and a `Debug` without digits; it comes out only through
//! [`Cpr::reveal_for`], which names a purpose, or masked.
//! Neither birth date nor sex read from the digits is proof of identity.
//!
//! Basis: cpr.dk on the construction of the number; spec, integration 2.1 and domain 10.4 and 10.5.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::coded::coded;

/// Weights of the ten digits in the old check sum.
const MODULUS_11_WEIGHTS: [u32; 10] = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1];

/// What is added to the day of birth in a replacement number.
const REPLACEMENT_DAY_OFFSET: u32 = 60;

/// The digits of the mask that stands in for the serial number.
const MASKED_SERIAL: &str = "••••";

/// A CPR number, or a replacement number built the same way, whose date exists.
///
/// Ordered by its digits, so it may serve as a key; never shown as it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpr {
    digits: [u8; 10],
    birth_date: NaiveDate,
    kind: CprKind,
}

coded! {
    /// Which register, if any, stands behind a number.
    pub enum CprKind {
        /// Built as the CPR register builds its numbers.
        Ordinary => "ordinary",
        /// A replacement number (*erstatningspersonnummer*): 60 is added to the day.
        ///
        /// The CPR register and Digital Post know nothing about its holder.
        Replacement => "replacement",
    }
}

coded! {
    /// The sex that the last digit stands for.
    pub enum Sex {
        /// Even last digit.
        Female => "female",
        /// Odd last digit.
        Male => "male",
    }
}

/// Why the whole number is taken out of its wrapping; every place that does so names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The member of staff compares the number with the citizen's ID.
    IdentityCheck,
    /// A search for this citizen, here or on the central store.
    LookUp,
    /// A row of an encrypted store, or its key.
    Storage,
    /// An event, or a request to the central store, in transit.
    Transfer,
    /// A paper that must carry the whole number, by law or by the profile.
    Paper,
    /// Typing or pasting it into a national system, or handing out a person's own data.
    Disclosure,
}

coded! {
    /// What a member of staff should look at again; none of them stops the case.
    pub enum CprWarning {
        /// The old check sum fails. Numbers without it have been given out since October 2007.
        Modulus11 => "modulus_11",
        /// A replacement number: its holder is not in the CPR register nor in Digital Post.
        ReplacementNumber => "replacement_number",
    }
}

/// Why a text is not a CPR number. None of them repeats what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CprError {
    /// Nothing but spaces was typed.
    #[error("no number was given")]
    Empty,
    /// A character is neither digit, space nor hyphen. The position counts characters from 1.
    #[error("character {position} is not a digit")]
    NotADigit {
        /// The first offending character.
        position: usize,
    },
    /// A hyphen stands elsewhere than after the sixth digit.
    #[error("the hyphen belongs after the sixth digit")]
    HyphenMisplaced,
    /// Fewer or more than ten digits.
    #[error("a number has ten digits, {found} were given")]
    WrongLength {
        /// How many digits there were.
        found: usize,
    },
    /// The month is not 01 to 12.
    #[error("there is no such month")]
    NoSuchMonth,
    /// The day does not exist in that month and year.
    #[error("there is no such day in that month and year")]
    NoSuchDay,
}

impl Cpr {
    /// Reads a number as typed, pasted or scanned: ten digits, with or without hyphen, spaces anywhere.
    ///
    /// Modulus 11 is not looked at: see [`Cpr::warnings`].
    pub fn parse(text: &str) -> Result<Self, CprError> {
        let digits = ten_digits(text)?;
        let number = |from: usize| u32::from(digits[from]) * 10 + u32::from(digits[from + 1]);
        let (day, month, year) = (number(0), number(2), number(4));
        let (day, kind) = if day > REPLACEMENT_DAY_OFFSET {
            (day - REPLACEMENT_DAY_OFFSET, CprKind::Replacement)
        } else {
            (day, CprKind::Ordinary)
        };
        if !(1..=12).contains(&month) {
            return Err(CprError::NoSuchMonth);
        }
        let full_year = century(digits[6], year) + year as i32;
        let birth_date =
            NaiveDate::from_ymd_opt(full_year, month, day).ok_or(CprError::NoSuchDay)?;
        Ok(Self {
            digits,
            birth_date,
            kind,
        })
    }

    /// Ordinary or replacement.
    pub fn kind(&self) -> CprKind {
        self.kind
    }

    /// The birth date that the digits stand for.
    pub fn birth_date(&self) -> NaiveDate {
        self.birth_date
    }

    /// The sex that the last digit stands for.
    pub fn sex(&self) -> Sex {
        if self.digits[9].is_multiple_of(2) {
            Sex::Female
        } else {
            Sex::Male
        }
    }

    /// Full years of age on a date; `None` before birth.
    ///
    /// One who was born on 29 February turns a year older on 1 March in other years.
    pub fn age_on(&self, date: NaiveDate) -> Option<u16> {
        let birthday_passed =
            (date.month(), date.day()) >= (self.birth_date.month(), self.birth_date.day());
        let years = date.year() - self.birth_date.year() - i32::from(!birthday_passed);
        u16::try_from(years).ok()
    }

    /// The first date on which the person is that many years old, for "turns 15 next week".
    pub fn reaches_age_on(&self, years: u16) -> NaiveDate {
        let year = self.birth_date.year() + i32::from(years);
        self.birth_date
            .with_year(year)
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
            .unwrap_or(NaiveDate::MAX)
    }

    /// Whether the old check sum holds. A hint about typing errors, never a ground for refusal.
    pub fn modulus_11_holds(&self) -> bool {
        let sum: u32 = self
            .digits
            .iter()
            .zip(MODULUS_11_WEIGHTS)
            .map(|(digit, weight)| u32::from(*digit) * weight)
            .sum();
        sum.is_multiple_of(11)
    }

    /// What to look at again.
    ///
    /// A failing check sum is not mentioned for births on 1 January, where the register ran out of
    /// numbers that satisfy it, nor for replacement numbers, which are not built to.
    pub fn warnings(&self) -> Vec<CprWarning> {
        match self.kind {
            CprKind::Replacement => vec![CprWarning::ReplacementNumber],
            CprKind::Ordinary if self.modulus_11_holds() => Vec::new(),
            CprKind::Ordinary => missing_check_sum(self.birth_date),
        }
    }

    /// The ten digits, for a stated purpose.
    pub fn reveal_for(&self, _purpose: Purpose) -> String {
        self.digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect()
    }

    /// The number as people write it, with the hyphen, for a stated purpose.
    pub fn reveal_hyphenated_for(&self, purpose: Purpose) -> String {
        let mut text = self.reveal_for(purpose);
        text.insert(6, '-');
        text
    }

    /// The birth date digits with the serial number hidden, for lists and receipts.
    pub fn masked(&self) -> String {
        let date: String = self.digits[..6]
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        format!("{date}-{MASKED_SERIAL}")
    }
}

impl fmt::Debug for Cpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cpr(hidden)")
    }
}

impl CprError {
    /// The code used by the command line and the window.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotADigit { .. } => "not_a_digit",
            Self::HyphenMisplaced => "hyphen_misplaced",
            Self::WrongLength { .. } => "wrong_length",
            Self::NoSuchMonth => "no_such_month",
            Self::NoSuchDay => "no_such_day",
        }
    }
}

/// The century that the seventh digit and the year's two digits stand for.
///
/// Basis: cpr.dk, table of the seventh digit.
fn century(seventh: u8, year: u32) -> i32 {
    match (seventh, year) {
        (0..=3, _) | (4 | 9, 37..) => 1900,
        (4 | 9, _) | (5..=8, 0..=57) => 2000,
        _ => 1800,
    }
}

/// What a number without the check sum says of itself: on 1 January such numbers are usual.
fn missing_check_sum(birth_date: NaiveDate) -> Vec<CprWarning> {
    let is_usual = birth_date.ordinal() == 1;
    if is_usual {
        Vec::new()
    } else {
        vec![CprWarning::Modulus11]
    }
}

fn ten_digits(text: &str) -> Result<[u8; 10], CprError> {
    let mut digits = [0_u8; 10];
    let mut found = 0;
    let mut hyphen_after = None;
    for (index, character) in text.chars().enumerate() {
        match character {
            '0'..='9' => {
                if let Some(place) = digits.get_mut(found) {
                    *place = character as u8 - b'0';
                }
                found += 1;
            }
            '-' | '\u{2010}'..='\u{2013}' | '\u{2212}' => {
                if hyphen_after.replace(found).is_some() {
                    return Err(CprError::HyphenMisplaced);
                }
            }
            _ if character.is_whitespace() => {}
            _ => {
                return Err(CprError::NotADigit {
                    position: index + 1,
                });
            }
        }
    }
    match (found, hyphen_after) {
        (0, None) => Err(CprError::Empty),
        (10, None | Some(6)) => Ok(digits),
        (10, Some(_)) => Err(CprError::HyphenMisplaced),
        _ => Err(CprError::WrongLength { found }),
    }
}

#[cfg(test)]
mod tests;
