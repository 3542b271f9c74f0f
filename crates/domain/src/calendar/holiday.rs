//! Public holidays and the days off by agreement. Their Danish names stand in the catalogue, under their codes.

use chrono::{Datelike, NaiveDate};

use super::easter::easter_sunday;
use super::{CalendarProfile, Closing, NOON};
use crate::coded::coded;

/// The last year in which Store Bededag was a public holiday.
const LAST_YEAR_OF_GREAT_PRAYER_DAY: i32 = 2023;

coded! {
    /// The holidays of the national church.
    ///
    /// Basis: spec, domain 8.1; Store Bededag abolished with effect from 2024.
    pub enum Holiday {
        /// 1 January.
        NewYearsDay => "nytaarsdag",
        /// Thursday before Easter.
        MaundyThursday => "skaertorsdag",
        /// Friday before Easter.
        GoodFriday => "langfredag",
        /// Easter Sunday.
        EasterSunday => "paaskedag",
        /// Easter Monday.
        EasterMonday => "anden_paaskedag",
        /// The fourth Friday after Easter, through 2023.
        GreatPrayerDay => "store_bededag",
        /// The sixth Thursday after Easter.
        AscensionDay => "kristi_himmelfartsdag",
        /// The seventh Sunday after Easter.
        WhitSunday => "pinsedag",
        /// The Monday after Whit Sunday.
        WhitMonday => "anden_pinsedag",
        /// 25 December.
        ChristmasDay => "foerste_juledag",
        /// 26 December.
        BoxingDay => "anden_juledag",
    }
}

coded! {
    /// Days that are no public holidays but closed or half in some calendars.
    ///
    /// Basis: spec, domain 8.1.
    pub enum AgreedDay {
        /// 1 May.
        LabourDay => "foerste_maj",
        /// 5 June.
        ConstitutionDay => "grundlovsdag",
        /// 24 December.
        ChristmasEve => "juleaftensdag",
        /// 31 December.
        NewYearsEve => "nytaarsaftensdag",
    }
}

impl Holiday {
    /// The public holiday on a date, if there is one.
    ///
    /// No two fall together: Easter and what follows it lie between 19 March and 14 June.
    pub fn on(date: NaiveDate) -> Option<Self> {
        match (date.month(), date.day()) {
            (1, 1) => Some(Self::NewYearsDay),
            (12, 25) => Some(Self::ChristmasDay),
            (12, 26) => Some(Self::BoxingDay),
            (3..=6, _) => Self::around_easter(date),
            _ => None,
        }
    }

    fn around_easter(date: NaiveDate) -> Option<Self> {
        match date
            .signed_duration_since(easter_sunday(date.year())?)
            .num_days()
        {
            -3 => Some(Self::MaundyThursday),
            -2 => Some(Self::GoodFriday),
            0 => Some(Self::EasterSunday),
            1 => Some(Self::EasterMonday),
            26 if date.year() <= LAST_YEAR_OF_GREAT_PRAYER_DAY => Some(Self::GreatPrayerDay),
            39 => Some(Self::AscensionDay),
            49 => Some(Self::WhitSunday),
            50 => Some(Self::WhitMonday),
            _ => None,
        }
    }
}

impl AgreedDay {
    /// The day off by agreement that may lie on a date, whatever the profile makes of it.
    pub fn on(date: NaiveDate) -> Option<Self> {
        match (date.month(), date.day()) {
            (5, 1) => Some(Self::LabourDay),
            (6, 5) => Some(Self::ConstitutionDay),
            (12, 24) => Some(Self::ChristmasEve),
            (12, 31) => Some(Self::NewYearsEve),
            _ => None,
        }
    }

    pub(super) const fn closing(self, profile: CalendarProfile) -> Closing {
        use CalendarProfile::{Copenhagen, Kl, Strict};
        match (self, profile) {
            (Self::LabourDay, Copenhagen)
            | (Self::ConstitutionDay, Strict)
            | (Self::ChristmasEve | Self::NewYearsEve, Kl | Strict) => Closing::AllDay,
            (Self::LabourDay, Kl) | (Self::ConstitutionDay, Kl | Copenhagen) => Closing::From(NOON),
            (Self::LabourDay, Strict) | (Self::ChristmasEve | Self::NewYearsEve, Copenhagen) => {
                Closing::Never
            }
        }
    }
}
