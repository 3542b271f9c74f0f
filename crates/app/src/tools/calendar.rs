//! The calendar of a year: closed and half days.

use serde::Serialize;
use skranke_domain::calendar::{Calendar, CalendarError, CalendarProfile, ClosedDay};

use super::ToolError;

/// The special days of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarView {
    /// The year.
    pub year: i32,
    /// The calendar profile.
    pub profile: &'static str,
    /// Closed days from Monday to Friday; weekends are left out.
    pub closed: Vec<NamedDay>,
    /// Half days from Monday to Friday; they count as working days.
    pub half: Vec<NamedHalfDay>,
    /// Holidays and closing days that fall on a Saturday or Sunday.
    pub on_weekends: Vec<NamedDay>,
}

/// A closed day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedDay {
    /// The date.
    pub date: String,
    /// Its name in Danish.
    pub name: String,
}

/// A half day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedHalfDay {
    /// The date.
    pub date: String,
    /// When it closes, as `12:00`.
    pub from: String,
    /// Its name in Danish.
    pub name: String,
}

/// The calendar of a year under a profile code.
pub fn calendar_view(year: i32, profile: &str) -> Result<CalendarView, ToolError> {
    let profile = profile_of(profile)?;
    let days = Calendar::new(profile)
        .year(year)
        .map_err(|error| match error {
            CalendarError::YearOutOfRange { year } => {
                ToolError::usage("year_out_of_range").with("year", year.to_string())
            }
        })?;
    let half = days.half.into_iter().map(|day| NamedHalfDay {
        date: day.on.to_string(),
        from: day.from.format("%H:%M").to_string(),
        name: day.name,
    });
    Ok(CalendarView {
        year,
        profile: profile.code(),
        closed: days.closed.into_iter().map(NamedDay::from).collect(),
        half: half.collect(),
        on_weekends: days.on_weekends.into_iter().map(NamedDay::from).collect(),
    })
}

/// The codes a calendar may be asked for.
pub fn profile_codes() -> Vec<&'static str> {
    CalendarProfile::ALL
        .iter()
        .map(|profile| profile.code())
        .collect()
}

pub(super) fn profile_of(code: &str) -> Result<CalendarProfile, ToolError> {
    CalendarProfile::from_code(code).ok_or_else(|| {
        ToolError::usage("profile_unknown")
            .with("profile", code)
            .with("known", profile_codes().join(", "))
    })
}

impl From<ClosedDay> for NamedDay {
    fn from(day: ClosedDay) -> Self {
        Self {
            date: day.on.to_string(),
            name: day.name,
        }
    }
}
