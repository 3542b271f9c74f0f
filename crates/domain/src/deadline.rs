//! Deadlines: when an answer is due, when to be alarmed, and how long the clock stands still.
//!
//! Three kinds stay apart (see [`DeadlineClass`]); which rules a municipality follows is a setting, these are defaults.
//! Days are counted as Danish dates, hours as real hours.
//! Nothing here asks what the time is: the caller says.
//!
//! Basis: spec, domain 8.2; practice 20 and 21; seeds 001 and 003.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::calendar::Calendar;
use crate::coded::coded;
use crate::danish_time;

mod policy;

pub use policy::{CountsFrom, DeadlineClass, Policy, Strength};

/// The most units a rule may have: enough for any deadline, small enough to count through.
pub const MAX_UNITS: u16 = 3_660;

/// With this much working time left until it must be acted on, a deadline turns amber.
pub const AMBER_WORKING_HOURS: i64 = 8;

/// How long a deadline runs. Written `10-hverdage`, `10-dage` or `24-timer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Working days of the calendar.
    WorkingDays(u16),
    /// Days of any kind.
    CalendarDays(u16),
    /// Literal hours.
    Hours(u16),
}

/// A text was not a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Neither `N-hverdage` nor `N-dage` nor `N-timer`.
    #[error("a rule is written N-hverdage, N-dage or N-timer")]
    UnknownUnit,
    /// The number is missing, zero or above [`MAX_UNITS`].
    #[error("the number of a rule is 1 to {MAX_UNITS}")]
    NumberOutOfRange,
}

/// When the clock started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// On a date, at no known time.
    On(NaiveDate),
    /// At an instant.
    At(DateTime<Utc>),
}

coded! {
    /// Whether the day of receipt counts. The seeds are silent, so a profile decides.
    #[derive(Default)]
    pub enum FirstDay {
        /// The day after receipt is day 1.
        #[default]
        ReceiptIsDayZero => "modtagelse_er_dag_0",
        /// The day of receipt is day 1, if it is a day that counts.
        ReceiptIsDayOne => "modtagelse_er_dag_1",
    }
}

/// A time in which the clock stands still because the municipality waits for the citizen.
///
/// Counted in days, the day it begins still counts and the day it ends is day 0 again,
/// so a question that is answered the same day moves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pause {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

/// A deadline could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// Hours are counted from an instant, and only a date is known.
    #[error("a deadline in hours needs the time of day it starts")]
    HoursNeedATime,
    /// A pause ends before it begins.
    #[error("a pause ends before it begins")]
    PauseEndsBeforeItBegins,
}

/// A running deadline: a rule, its start and its pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    rule: Rule,
    start: Start,
    first_day: FirstDay,
    pauses: Vec<Pause>,
}

/// What the clock of a deadline does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// It runs out at a known time.
    Running(Due),
    /// It stands still since then; the due date is not known before the citizen has answered.
    Paused {
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// When a deadline runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The due date as counted. It may be a closed day where calendar days or hours are counted.
    pub on: NaiveDate,
    /// The last instant: for hours the literal one, for days closing time, or midnight on a closed day.
    pub at: DateTime<Utc>,
    /// When the work must be done to be in time: the last closing time that is not after `at`,
    /// or `at` itself where it falls in opening hours or no opening hours come before it.
    pub act_by: DateTime<Utc>,
    /// When to alarm: amber by then, and always in opening hours (practice 20).
    pub alarm_at: DateTime<Utc>,
    /// The next working day, where the due date is none. For display: it does not move the deadline.
    pub next_working_day: Option<NaiveDate>,
    /// What to say beside it.
    pub warning: Option<DueWarning>,
}

coded! {
    /// What must be said beside a due date.
    pub enum DueWarning {
        /// The due date is no working day.
        EndsOnClosedDay => "slutter_paa_lukkedag",
        /// The literal hour falls outside opening hours: act before closing.
        OutsideOpeningHours => "uden_for_aabningstid",
        /// No opening hours lie between the start and the literal end.
        NoOpeningBeforeDue => "ingen_aabningstid_inden",
    }
}

coded! {
    /// How a deadline stands.
    pub enum DeadlineState {
        /// More than eight working hours left.
        Green => "green",
        /// Eight working hours or less.
        Amber => "amber",
        /// Run out.
        Red => "red",
        /// The clock stands still.
        Paused => "paused",
    }
}

impl Deadline {
    /// A deadline without pauses, the day of receipt being day 0.
    pub fn new(rule: Rule, start: Start) -> Result<Self, DeadlineError> {
        match (rule, start) {
            (Rule::Hours(_), Start::On(_)) => Err(DeadlineError::HoursNeedATime),
            _ => Ok(Self {
                rule,
                start,
                first_day: FirstDay::default(),
                pauses: Vec::new(),
            }),
        }
    }

    /// Sets whether the day of receipt counts. It has no bearing on hours.
    #[must_use]
    pub fn with_first_day(mut self, first_day: FirstDay) -> Self {
        self.first_day = first_day;
        self
    }

    /// Adds a pause. Pauses may come in any order and overlap.
    #[must_use]
    pub fn with_pause(mut self, pause: Pause) -> Self {
        self.pauses.push(pause);
        self.pauses.sort_unstable();
        self
    }

    /// When it is due. A pause that begins after the due time changes nothing any more.
    pub fn clock(&self, calendar: &Calendar) -> Clock {
        match (self.rule, self.start) {
            (Rule::WorkingDays(days), _) => {
                self.after_days(days, calendar, |date| calendar.is_working_day(date))
            }
            (Rule::CalendarDays(days), _) => self.after_days(days, calendar, |_| true),
            (Rule::Hours(hours), Start::At(start)) => self.after_hours(hours, start, calendar),
            // Refused by `new`; a whole day at least is the kindest reading.
            (Rule::Hours(hours), Start::On(date)) => {
                self.after_hours(hours, danish_time::end_of(date), calendar)
            }
        }
    }

    /// How it stands at an instant.
    pub fn state_at(&self, now: DateTime<Utc>, calendar: &Calendar) -> DeadlineState {
        let Clock::Running(due) = self.clock(calendar) else {
            return DeadlineState::Paused;
        };
        if now > due.at {
            DeadlineState::Red
        } else if self.pauses.iter().any(|pause| pause.covers(now)) {
            DeadlineState::Paused
        } else if calendar.working_time_between(now, due.act_by)
            <= TimeDelta::hours(AMBER_WORKING_HOURS)
        {
            DeadlineState::Amber
        } else {
            DeadlineState::Green
        }
    }

    fn after_days(
        &self,
        days: u16,
        calendar: &Calendar,
        counts: impl Fn(NaiveDate) -> bool,
    ) -> Clock {
        let received_on = self.start.date();
        if days == 0 {
            return Clock::Running(self.due_on(received_on, calendar));
        }
        let skipped = match self.first_day {
            FirstDay::ReceiptIsDayZero => 1,
            FirstDay::ReceiptIsDayOne => 0,
        };
        let mut left = days;
        for date in received_on.iter_days().skip(skipped) {
            if let Some(pause) = self.pauses.iter().find(|pause| pause.skips(date)) {
                if pause.until.is_none() {
                    return Clock::Paused { since: pause.from };
                }
                continue;
            }
            if counts(date) {
                left -= 1;
            }
            if left == 0 {
                return Clock::Running(self.due_on(date, calendar));
            }
        }
        // The calendar of chrono ends in the year 262142.
        Clock::Running(self.due_on(NaiveDate::MAX, calendar))
    }

    fn due_on(&self, on: NaiveDate, calendar: &Calendar) -> Due {
        let open = calendar.open_between(on);
        let at = open.map_or_else(|| danish_time::end_of(on), |(_, closes)| closes);
        let closed = !calendar.is_working_day(on);
        self.due(
            on,
            at,
            closed.then_some(DueWarning::EndsOnClosedDay),
            calendar,
        )
    }

    fn after_hours(&self, hours: u16, start: DateTime<Utc>, calendar: &Calendar) -> Clock {
        let mut left = TimeDelta::hours(hours.into());
        let mut running_from = start;
        for pause in &self.pauses {
            // A pause inside an earlier one begins before the clock runs again: nothing to count in between.
            let ran = (pause.from - running_from).max(TimeDelta::zero());
            if ran >= left {
                break;
            }
            left -= ran;
            match pause.until {
                Some(until) => running_from = running_from.max(until),
                None => return Clock::Paused { since: pause.from },
            }
        }
        let at = running_from + left;
        let outside = !calendar.is_open_at(at);
        let warning = outside.then_some(DueWarning::OutsideOpeningHours);
        Clock::Running(self.due(danish_time::date_at(at), at, warning, calendar))
    }

    fn due(
        &self,
        on: NaiveDate,
        at: DateTime<Utc>,
        warning: Option<DueWarning>,
        calendar: &Calendar,
    ) -> Due {
        let start = self.start.instant();
        let in_time = calendar.working_time_between(start, at) > TimeDelta::zero();
        let (act_by, warning) = if calendar.is_open_at(at) {
            (at, warning)
        } else if in_time {
            (calendar.closing_until(at).unwrap_or(at), warning)
        } else {
            (at, Some(DueWarning::NoOpeningBeforeDue))
        };
        let amber = TimeDelta::hours(AMBER_WORKING_HOURS);
        let amber_from = calendar
            .working_time_before(act_by, amber)
            .unwrap_or(start)
            .max(start);
        Due {
            on,
            at,
            act_by,
            alarm_at: calendar.opening_from(amber_from).unwrap_or(amber_from),
            next_working_day: (!calendar.is_working_day(on)).then(|| calendar.next_working_day(on)),
            warning,
        }
    }
}

impl Pause {
    /// A pause that is over.
    pub fn between(from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Self, DeadlineError> {
        if until < from {
            return Err(DeadlineError::PauseEndsBeforeItBegins);
        }
        Ok(Self {
            from,
            until: Some(until),
        })
    }

    /// A pause that still lasts.
    pub fn since(from: DateTime<Utc>) -> Self {
        Self { from, until: None }
    }

    fn covers(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    fn skips(&self, date: NaiveDate) -> bool {
        danish_time::date_at(self.from) < date
            && self
                .until
                .is_none_or(|until| date <= danish_time::date_at(until))
    }
}

impl Start {
    /// The Danish date of receipt.
    pub fn date(self) -> NaiveDate {
        match self {
            Self::On(date) => date,
            Self::At(instant) => danish_time::date_at(instant),
        }
    }

    /// The instant, or the beginning of the day.
    fn instant(self) -> DateTime<Utc> {
        match self {
            Self::On(date) => danish_time::start_of(date),
            Self::At(instant) => instant,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkingDays(days) => write!(f, "{days}-hverdage"),
            Self::CalendarDays(days) => write!(f, "{days}-dage"),
            Self::Hours(hours) => write!(f, "{hours}-timer"),
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (number, unit) = text.split_once('-').ok_or(RuleError::UnknownUnit)?;
        let of_unit = match unit {
            "hverdage" => Self::WorkingDays,
            "dage" => Self::CalendarDays,
            "timer" => Self::Hours,
            _ => return Err(RuleError::UnknownUnit),
        };
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse() {
            Ok(number @ 1..=MAX_UNITS) if plain => Ok(of_unit(number)),
            _ => Err(RuleError::NumberOutOfRange),
        }
    }
}

#[cfg(test)]
mod tests;
