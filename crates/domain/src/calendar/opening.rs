//! Opening hours, and working time measured in them.
//!
//! Hours are Danish wall-clock time; what is measured is real time, so the night the clocks change costs nothing.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

use super::{Calendar, Day};
use crate::danish_time;

/// How many days a search for an opening goes: longer than any run of closed days.
const SEARCH_DAYS: usize = 60;

/// When the house is open, by day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningHours {
    /// Monday first; `None` where the house stays closed all day.
    days: [Option<(NaiveTime, NaiveTime)>; 5],
}

/// Opening hours were not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningHoursError {
    /// A day closes before it opens.
    #[error("{0} closes before it opens")]
    ClosesBeforeOpening(Weekday),
    /// Working days are Monday to Friday, so hours at the weekend would never be used.
    #[error("{0} is never a working day")]
    Weekend(Weekday),
    /// No day of the week is open.
    #[error("no day of the week is open")]
    NeverOpen,
}

impl Default for OpeningHours {
    /// 08:00 to 16:00 from Monday to Friday, until a profile says otherwise.
    fn default() -> Self {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0);
        Self {
            days: [hour(8).zip(hour(16)); 5],
        }
    }
}

impl OpeningHours {
    /// Opening hours from the days that have them; a day that is not named is closed all day.
    pub fn new(
        days: impl IntoIterator<Item = (Weekday, NaiveTime, NaiveTime)>,
    ) -> Result<Self, OpeningHoursError> {
        let mut hours = Self { days: [None; 5] };
        for (weekday, opens, closes) in days {
            let place = hours
                .days
                .get_mut(weekday.num_days_from_monday() as usize)
                .ok_or(OpeningHoursError::Weekend(weekday))?;
            if closes <= opens {
                return Err(OpeningHoursError::ClosesBeforeOpening(weekday));
            }
            *place = Some((opens, closes));
        }
        if hours.days.iter().all(Option::is_none) {
            return Err(OpeningHoursError::NeverOpen);
        }
        Ok(hours)
    }

    fn on(&self, weekday: Weekday) -> Option<(NaiveTime, NaiveTime)> {
        self.days
            .get(weekday.num_days_from_monday() as usize)
            .copied()
            .flatten()
    }
}

impl Calendar {
    /// From when to when the house is open on a date; `None` if it stays closed.
    pub fn open_between(&self, date: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (opens, closes) = self.opening_hours.on(date.weekday())?;
        let closes = match self.day(date) {
            Day::Open => closes,
            Day::Half { from, .. } => closes.min(from),
            Day::Closed(_) => return None,
        };
        (opens < closes).then(|| {
            (
                danish_time::first_instant_of(date, opens),
                danish_time::first_instant_of(date, closes),
            )
        })
    }

    /// Whether the house is open at an instant; the closing time itself still belongs to it.
    pub fn is_open_at(&self, instant: DateTime<Utc>) -> bool {
        self.open_between(danish_time::date_at(instant))
            .is_some_and(|(opens, closes)| (opens..=closes).contains(&instant))
    }

    /// The instant itself if the house is open then, otherwise the next opening.
    ///
    /// `None` only where local closing days leave no opening for two months.
    pub fn opening_from(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        danish_time::date_at(instant)
            .iter_days()
            .take(SEARCH_DAYS)
            .filter_map(|date| self.open_between(date))
            .find(|(_, closes)| instant < *closes)
            .map(|(opens, _)| opens.max(instant))
    }

    /// The last closing time at or before an instant.
    pub fn closing_until(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let dates = std::iter::successors(Some(danish_time::date_at(instant)), NaiveDate::pred_opt);
        dates
            .take(SEARCH_DAYS)
            .filter_map(|date| self.open_between(date))
            .map(|(_, closes)| closes)
            .find(|closes| *closes <= instant)
    }

    /// How long the house is open between two instants; zero if the second comes first.
    pub fn working_time_between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> TimeDelta {
        let last = danish_time::date_at(until);
        danish_time::date_at(from)
            .iter_days()
            .take_while(|date| *date <= last)
            .filter_map(|date| self.open_between(date))
            .map(|(opens, closes)| (closes.min(until) - opens.max(from)).max(TimeDelta::zero()))
            .fold(TimeDelta::zero(), |sum, open| sum + open)
    }

    /// The instant from which exactly that much working time is left until `until`.
    ///
    /// `None` where local closing days leave too little within two months.
    pub fn working_time_before(
        &self,
        until: DateTime<Utc>,
        amount: TimeDelta,
    ) -> Option<DateTime<Utc>> {
        let mut left = amount;
        let dates = std::iter::successors(Some(danish_time::date_at(until)), NaiveDate::pred_opt);
        for (opens, closes) in dates
            .take(SEARCH_DAYS)
            .filter_map(|date| self.open_between(date))
        {
            let closes = closes.min(until);
            if closes - opens >= left {
                return Some(closes - left);
            }
            left -= (closes - opens).max(TimeDelta::zero());
        }
        None
    }
}
