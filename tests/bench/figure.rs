//! A measured figure, its goal, and what it is compared with.

use std::fmt;
use std::time::Duration;

/// Everything measured in this run.
#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<Row>,
}

struct Row {
    code: String,
    what: String,
    figure: String,
    goal: String,
    note: String,
}

impl Figures {
    /// Adds a figure. `met` says whether it reaches the goal, where there is one.
    pub(crate) fn add(
        &mut self,
        code: &str,
        what: &str,
        figure: String,
        goal: &str,
        met: Option<bool>,
    ) {
        let note = match met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        self.rows.push(Row {
            code: code.to_owned(),
            what: what.to_owned(),
            figure,
            goal: goal.to_owned(),
            note: note.to_owned(),
        });
    }

    /// Says that a part could not be measured here.
    pub(crate) fn not_measured(&mut self, part: &str, error: &anyhow::Error) {
        self.rows.push(Row {
            code: String::new(),
            what: part.to_owned(),
            figure: "not measured".to_owned(),
            goal: String::new(),
            note: format!("{error:#}"),
        });
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{:<4} {:<52} {:>22}  {:<26} note",
            "", "what", "figure", "goal"
        )?;
        for row in &self.rows {
            writeln!(
                out,
                "{:<4} {:<52} {:>22}  {:<26} {}",
                row.code, row.what, row.figure, row.goal, row.note
            )?;
        }
        Ok(())
    }
}

/// The value below which this share of the samples lies.
pub(crate) fn percentile(samples: &[Duration], share: f64) -> Duration {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "sample counts are small and not negative"
    )]
    let index = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

/// Milliseconds with one decimal.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// The middle one of some figures.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A count with its thousands apart.
pub(crate) fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
