//! The Danish calendar: which days are closed, half or open, and in which hours.
//!
//! Everything is computed, for any year from 1900 to 2199; nothing is looked up.
//! A working day (*hverdag*) is Monday to Friday, not a public holiday, not a whole closing day of the profile.
//! A half day counts as a working day. No legal definition of the word was found, so this is the municipality's choice and the screen says so.
//! Saturdays are taken as closed in every year, also when offices still kept them.
//!
//! Basis: spec, domain 8.1 and 8.2; practice 21.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use crate::coded::coded;

mod easter;
mod holiday;
mod opening;

pub use holiday::{AgreedDay, Holiday};
pub use opening::{OpeningHours, OpeningHoursError};

/// The years a calendar can be asked for.
pub const YEARS: RangeInclusive<i32> = 1900..=2199;

coded! {
    /// Which days beside the public holidays are closed, and which are half.
    pub enum CalendarProfile {
        /// Municipalities that follow KL: 24 and 31 December closed, 1 May and 5 June from 12:00.
        Kl => "kl",
        /// Copenhagen and Frederiksberg: 1 May closed, 5 June from 12:00, 24 and 31 December ordinary.
        Copenhagen => "koebenhavn",
        /// The model of the Limitation Act § 27(2): 5 June, 24 and 31 December closed, no half days.
        Strict => "streng",
    }
}

/// Why a day is closed or half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason<'a> {
    /// Saturday or Sunday, and nothing else.
    Weekend(Weekday),
    /// A public holiday.
    Holiday(Holiday),
    /// A day off by agreement.
    Agreed(AgreedDay),
    /// A closing day of this municipality, under the name it gave.
    Local(&'a str),
}

/// What kind of day a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// An ordinary working day.
    Open,
    /// A working day that closes early.
    Half {
        /// When it closes.
        from: NaiveTime,
        /// Why.
        reason: Reason<'a>,
    },
    /// Not a working day.
    Closed(Reason<'a>),
}

/// A closing day that one municipality has set for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalClosing {
    on: NaiveDate,
    from: Option<NaiveTime>,
    name: String,
}

/// What a special day is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayName {
    /// A day every calendar knows, by its code; the catalogue has its name.
    Known(&'static str),
    /// As the municipality called it.
    Given(String),
}

/// A closed day of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedDay {
    /// The date.
    pub on: NaiveDate,
    /// What it is called.
    pub name: DayName,
}

/// A half day of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfDay {
    /// The date.
    pub on: NaiveDate,
    /// When it closes.
    pub from: NaiveTime,
    /// What it is called.
    pub name: DayName,
}

/// What is special about a year, each list in order of date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarYear {
    /// Closed days from Monday to Friday.
    pub closed: Vec<ClosedDay>,
    /// Holidays and closing days that fall on a Saturday or Sunday and so close nothing more.
    pub on_weekends: Vec<ClosedDay>,
    /// Half days from Monday to Friday.
    pub half: Vec<HalfDay>,
}

/// A calendar could not be made or asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The year is not between 1900 and 2199.
    #[error("the calendar covers 1900 to 2199, not {year}")]
    YearOutOfRange {
        /// The year that was asked for.
        year: i32,
    },
}

/// The calendar of one municipality: a profile, its own closing days and its opening hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    profile: CalendarProfile,
    local_closings: BTreeMap<NaiveDate, LocalClosing>,
    opening_hours: OpeningHours,
}

impl Calendar {
    /// The profile's calendar without local closing days, with [`OpeningHours::default`].
    pub fn new(profile: CalendarProfile) -> Self {
        Self {
            profile,
            local_closings: BTreeMap::new(),
            opening_hours: OpeningHours::default(),
        }
    }

    /// Adds closing days of the municipality's own. Of two on one date the longer closing holds.
    #[must_use]
    pub fn with_local_closings(mut self, closings: impl IntoIterator<Item = LocalClosing>) -> Self {
        for closing in closings {
            // No time at all means the whole day, and sorts before any time.
            let longer = self
                .local_closings
                .get(&closing.on)
                .is_none_or(|known| closing.from < known.from);
            if longer {
                self.local_closings.insert(closing.on, closing);
            }
        }
        self
    }

    /// Sets the opening hours.
    #[must_use]
    pub fn with_opening_hours(mut self, opening_hours: OpeningHours) -> Self {
        self.opening_hours = opening_hours;
        self
    }

    /// The profile it was made from.
    pub fn profile(&self) -> CalendarProfile {
        self.profile
    }

    /// What kind of day a date is. A holiday on a weekend is named as the holiday.
    pub fn day(&self, date: NaiveDate) -> Day<'_> {
        if let Some(holiday) = Holiday::on(date) {
            return Day::Closed(Reason::Holiday(holiday));
        }
        let agreed =
            AgreedDay::on(date).map(|day| (day.closing(self.profile), Reason::Agreed(day)));
        let local = self.local_closings.get(&date);
        let local = local.map(|closing| (closing.closing(), Reason::Local(&closing.name)));
        let mut closings: Vec<_> = agreed.into_iter().chain(local).collect();
        // Stable, so that the agreed day gives its name where both close alike.
        closings.sort_by_key(|(closing, _)| *closing);
        match closings.first() {
            Some((Closing::AllDay, reason)) => Day::Closed(*reason),
            _ if is_weekend(date) => Day::Closed(Reason::Weekend(date.weekday())),
            Some((Closing::From(from), reason)) => Day::Half {
                from: *from,
                reason: *reason,
            },
            Some((Closing::Never, _)) | None => Day::Open,
        }
    }

    /// Whether the date counts as a working day; half days do.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        !matches!(self.day(date), Day::Closed(_))
    }

    /// The first working day after a date, which itself is not considered.
    pub fn next_working_day(&self, after: NaiveDate) -> NaiveDate {
        after
            .iter_days()
            .skip(1)
            .find(|date| self.is_working_day(*date))
            .unwrap_or(NaiveDate::MAX)
    }

    /// The date itself if it is a working day, otherwise the next one.
    pub fn working_day_from(&self, date: NaiveDate) -> NaiveDate {
        if self.is_working_day(date) {
            date
        } else {
            self.next_working_day(date)
        }
    }

    /// The last working day before a date, which itself is not considered.
    pub fn previous_working_day(&self, before: NaiveDate) -> NaiveDate {
        std::iter::successors(before.pred_opt(), NaiveDate::pred_opt)
            .find(|date| self.is_working_day(*date))
            .unwrap_or(NaiveDate::MIN)
    }

    /// The special days of a year.
    pub fn year(&self, year: i32) -> Result<CalendarYear, CalendarError> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1);
        let first = first.filter(|_| YEARS.contains(&year));
        let first = first.ok_or(CalendarError::YearOutOfRange { year })?;
        let mut found = CalendarYear {
            closed: vec![],
            on_weekends: vec![],
            half: vec![],
        };
        for on in first.iter_days().take_while(|date| date.year() == year) {
            let (from, reason) = match self.day(on) {
                Day::Open => continue,
                Day::Half { from, reason } => (Some(from), reason),
                Day::Closed(reason) => (None, reason),
            };
            let Some(name) = reason.name() else { continue };
            match from {
                Some(from) => found.half.push(HalfDay { on, from, name }),
                None if is_weekend(on) => found.on_weekends.push(ClosedDay { on, name }),
                None => found.closed.push(ClosedDay { on, name }),
            }
        }
        Ok(found)
    }
}

impl LocalClosing {
    /// Closed the whole day: not a working day.
    pub fn all_day(on: NaiveDate, name: impl Into<String>) -> Self {
        Self {
            on,
            from: None,
            name: name.into(),
        }
    }

    /// Closed from a time on; the day still counts as a working day.
    pub fn from_time(on: NaiveDate, from: NaiveTime, name: impl Into<String>) -> Self {
        Self {
            on,
            from: Some(from),
            name: name.into(),
        }
    }

    fn closing(&self) -> Closing {
        self.from.map_or(Closing::AllDay, Closing::From)
    }
}

impl Reason<'_> {
    /// What the day is called; a Saturday or Sunday that is nothing else has no name of its own.
    pub fn name(self) -> Option<DayName> {
        match self {
            Self::Weekend(_) => None,
            Self::Holiday(holiday) => Some(DayName::Known(holiday.code())),
            Self::Agreed(day) => Some(DayName::Known(day.code())),
            Self::Local(name) => Some(DayName::Given(name.to_owned())),
        }
    }
}

/// How much of a day is closed; the longer closing sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closing {
    AllDay,
    From(NaiveTime),
    Never,
}

/// 12:00, when half days close.
const NOON: NaiveTime = match NaiveTime::from_hms_opt(12, 0, 0) {
    Some(noon) => noon,
    None => NaiveTime::MIN,
};

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests;
