//! The calendar of a year: closed and half days.

use std::collections::BTreeSet;

use serde::Serialize;
use skranke_domain::calendar::{
    Calendar, CalendarError, CalendarProfile, ClosedDay, DayName, LocalClosing,
};
use skranke_forms::{Forms, Profile};

use super::{ToolError, say};

/// The special days of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarView {
    /// The year.
    pub year: i32,
    /// The calendar or municipality that was asked for.
    pub profile: String,
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

/// The calendar of a year under the code of a calendar or of a municipality.
pub fn calendar_view(year: i32, profile: &str) -> Result<CalendarView, ToolError> {
    let days = calendar_of(profile)?
        .year(year)
        .map_err(|error| match error {
            CalendarError::YearOutOfRange { year } => {
                ToolError::usage("year_out_of_range").with("year", year.to_string())
            }
        })?;
    let half = days.half.into_iter().map(|day| NamedHalfDay {
        date: day.on.to_string(),
        from: day.from.format("%H:%M").to_string(),
        name: said(day.name),
    });
    Ok(CalendarView {
        year,
        profile: profile.to_owned(),
        closed: days.closed.into_iter().map(NamedDay::from).collect(),
        half: half.collect(),
        on_weekends: days.on_weekends.into_iter().map(NamedDay::from).collect(),
    })
}

/// The calendar of a municipality: the one it follows, with its own closing days.
///
/// `None` where the profile names a calendar that does not exist.
pub fn municipal_calendar(profile: &Profile) -> Option<Calendar> {
    let closings = profile.closing_days.iter();
    let closings = closings.map(|day| LocalClosing::all_day(day.on, &day.name));
    let followed = CalendarProfile::from_code(&profile.calendar)?;
    Some(Calendar::new(followed).with_local_closings(closings))
}

/// The calendar with this code, or else the one of the municipality with this code.
pub(super) fn calendar_of(code: &str) -> Result<Calendar, ToolError> {
    if let Some(plain) = CalendarProfile::from_code(code) {
        return Ok(Calendar::new(plain));
    }
    let forms = Forms::embedded();
    let forms = forms.map_err(|_| ToolError::environment("definitions_unreadable"))?;
    let municipalities = forms.profiles();
    let municipality = municipalities
        .iter()
        .find(|municipality| municipality.code == code);
    municipality.and_then(municipal_calendar).ok_or_else(|| {
        let calendars = CalendarProfile::ALL.iter().map(|profile| profile.code());
        let known: BTreeSet<_> = calendars
            .chain(municipalities.iter().map(|known| known.code.as_str()))
            .collect();
        let known: Vec<_> = known.into_iter().collect();
        ToolError::usage("profile_unknown")
            .with("profile", code)
            .with("known", known.join(", "))
    })
}

impl From<ClosedDay> for NamedDay {
    fn from(day: ClosedDay) -> Self {
        Self {
            date: day.on.to_string(),
            name: said(day.name),
        }
    }
}

fn said(name: DayName) -> String {
    match name {
        DayName::Known(code) => say(&format!("day.{code}"), &[]),
        DayName::Given(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use skranke_forms::Source;

    use super::*;

    #[test]
    fn a_municipality_closes_on_its_own_days_too() {
        let demo = Source::embedded()
            .file("profiles/demo.toml")
            .unwrap()
            .replace(
                "closing_days = []",
                "closing_days = [{ on = \"2026-12-28\", name = \"Lukket mellem jul og nytår\" }]",
            );
        let forms = Forms::read(&Source::embedded().with("profiles/demo.toml", &demo)).unwrap();
        let calendar = municipal_calendar(forms.profile("demo").unwrap()).unwrap();

        let closed = calendar.year(2026).unwrap().closed;
        assert!(
            closed
                .iter()
                .any(|day| day.name == DayName::Given("Lukket mellem jul og nytår".to_owned())),
            "{closed:?}"
        );
    }

    #[test]
    fn a_code_stands_for_a_calendar_or_a_municipality() {
        assert_eq!(
            calendar_of("streng"),
            Ok(Calendar::new(CalendarProfile::Strict))
        );
        assert!(calendar_of("demo").is_ok());
        let unknown = calendar_of("aarhus").unwrap_err();
        assert!(
            unknown.text().contains("demo, kl, koebenhavn, streng"),
            "{}",
            unknown.text()
        );
    }
}
