//! Days and times in words, as papers write them. The words come from the catalogue.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use crate::texts::{Texts, fill};

/// The words a date is written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateWords {
    months: Vec<String>,
    moment: String,
}

impl From<&Texts> for DateWords {
    fn from(texts: &Texts) -> Self {
        let months = texts.say("time.months", &[]);
        Self {
            months: months.split_whitespace().map(str::to_owned).collect(),
            moment: texts.say("time.moment", &[]),
        }
    }
}

impl DateWords {
    /// A date as "13. marts 2026".
    #[must_use]
    pub fn date(&self, on: NaiveDate) -> String {
        let month = self.months.get(on.month0() as usize);
        let month = month.map(String::as_str).unwrap_or_default();
        format!("{}. {month} {}", on.day(), on.year())
    }

    /// A Danish local time as "13. marts 2026 kl. 13.58".
    #[must_use]
    pub fn date_time(&self, at: NaiveDateTime) -> String {
        let time = format!("{}.{:02}", at.hour(), at.minute());
        fill(
            &self.moment,
            &[("date", &self.date(at.date())), ("time", &time)],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Forms;

    #[test]
    fn dates_are_written_with_the_month_of_the_catalogue() {
        let forms = Forms::embedded().unwrap();
        let words = DateWords::from(forms.texts());
        assert_eq!(words.months.len(), 12);
        let on = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();

        assert_eq!(words.date(on), "1. marts 2026");
        assert_eq!(
            words.date_time(on.and_hms_opt(9, 5, 59).unwrap()),
            "1. marts 2026 kl. 9.05"
        );
    }
}
