//! When something is due, counted from a date or a time of day in Denmark.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::Serialize;
use skranke_domain::calendar::YEARS;
use skranke_domain::danish_time;
use skranke_domain::deadline::{
    Clock, Deadline, DeadlineError, MAX_UNITS, Pause, Policy, Rule, RuleError, Start,
};

use super::calendar::calendar_of;
use super::{Remark, ToolError, say};

/// What is asked about a deadline, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineQuestion<'a> {
    /// A date, or a date and time in Denmark, or a time with its offset.
    pub from: &'a str,
    /// `N-hverdage`, `N-dage`, `N-timer`, or a named deadline.
    pub rule: &'a str,
    /// The code of a calendar or of a municipality.
    pub profile: &'a str,
    /// Times in which the citizen was awaited: `from/until`, or `from/` where it still lasts.
    pub pauses: Vec<&'a str>,
    /// The time to judge the state at.
    pub at: Option<&'a str>,
}

/// When something is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadlineView {
    /// Where the count began, as understood.
    pub from: String,
    /// The rule that was counted.
    pub rule: String,
    /// The named deadline, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyView>,
    /// The calendar or municipality that was asked for.
    pub profile: String,
    /// The due date, for hours the due time; nothing while the clock stands still.
    pub due: Option<String>,
    /// The last time to act: a closing time, where the due time lies outside opening hours.
    pub act_by: Option<String>,
    /// When to be reminded; always in opening hours.
    pub alarm_at: Option<String>,
    /// The next working day, where the due date is none. It does not move the deadline.
    pub next_working_day: Option<String>,
    /// Since when the clock stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<String>,
    /// `green`, `amber`, `red` or `paused` at the time asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// What must be said beside it.
    pub warnings: Vec<Remark>,
}

/// What a named deadline is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyView {
    /// Its code.
    pub code: &'static str,
    /// Which of the three kinds it is.
    pub class: &'static str,
    /// Whether it is kept or aimed at.
    pub strength: &'static str,
    /// What starts its clock.
    pub counts_from: &'static str,
}

/// Answers when something is due.
pub fn deadline_view(question: &DeadlineQuestion<'_>) -> Result<DeadlineView, ToolError> {
    let calendar = calendar_of(question.profile)?;
    let (rule, policy) = rule_of(question.rule)?;
    let start = start_of(question.from)?;
    let mut deadline = Deadline::new(rule, start).map_err(refusal)?;
    for pause in &question.pauses {
        deadline = deadline.with_pause(pause_of(pause)?);
    }
    let state = question
        .at
        .map(|at| Ok::<_, ToolError>(deadline.state_at(instant_of(at)?, &calendar).code()));
    let mut view = DeadlineView {
        from: match start {
            Start::On(date) => date.to_string(),
            Start::At(instant) => written(instant),
        },
        rule: rule.to_string(),
        policy,
        profile: question.profile.to_owned(),
        due: None,
        act_by: None,
        alarm_at: None,
        next_working_day: None,
        paused_since: None,
        state: state.transpose()?,
        warnings: Vec::new(),
    };
    match deadline.clock(&calendar) {
        Clock::Paused { since } => view.paused_since = Some(written(since)),
        Clock::Running(due) => {
            view.due = Some(match rule {
                Rule::Hours(_) => written(due.at),
                Rule::WorkingDays(_) | Rule::CalendarDays(_) => due.on.to_string(),
            });
            view.act_by = Some(written(due.act_by));
            view.alarm_at = Some(written(due.alarm_at));
            view.next_working_day = due.next_working_day.map(|date| date.to_string());
            view.warnings.extend(due.warning.map(|warning| Remark {
                code: warning.code(),
                text: say(&format!("cli.deadline.warning.{}", warning.code()), &[]),
            }));
        }
    }
    Ok(view)
}

/// The codes of the named deadlines.
pub fn policy_codes() -> Vec<&'static str> {
    Policy::ALL.iter().map(|policy| policy.code()).collect()
}

fn rule_of(text: &str) -> Result<(Rule, Option<PolicyView>), ToolError> {
    if let Some(policy) = Policy::from_code(text) {
        let view = PolicyView {
            code: policy.code(),
            class: policy.class().code(),
            strength: policy.strength().code(),
            counts_from: policy.counts_from().code(),
        };
        return Ok((policy.default_rule(), Some(view)));
    }
    let rule = text.parse().map_err(|error| match error {
        RuleError::UnknownUnit => {
            ToolError::usage("rule_unknown").with("known", policy_codes().join(", "))
        }
        RuleError::NumberOutOfRange => {
            ToolError::usage("rule_number_out_of_range").with("maximum", MAX_UNITS.to_string())
        }
    })?;
    Ok((rule, None))
}

fn start_of(text: &str) -> Result<Start, ToolError> {
    match text.parse::<NaiveDate>() {
        Ok(date) => within_calendar(date).map(Start::On),
        Err(_) => instant_of(text).map(Start::At),
    }
}

fn pause_of(text: &str) -> Result<Pause, ToolError> {
    let (from, until) = text
        .split_once('/')
        .ok_or_else(|| ToolError::usage("pause_unreadable"))?;
    let from = instant_or_day(from)?;
    if until.is_empty() {
        return Ok(Pause::since(from));
    }
    Pause::between(from, instant_or_day(until)?).map_err(refusal)
}

fn instant_or_day(text: &str) -> Result<DateTime<Utc>, ToolError> {
    Ok(match start_of(text)? {
        Start::On(date) => danish_time::start_of(date),
        Start::At(instant) => instant,
    })
}

fn instant_of(text: &str) -> Result<DateTime<Utc>, ToolError> {
    let instant = match DateTime::parse_from_rfc3339(text) {
        Ok(instant) => instant.with_timezone(&Utc),
        Err(_) => {
            let local = [
                "%Y-%m-%dT%H:%M:%S",
                "%Y-%m-%dT%H:%M",
                "%Y-%m-%d %H:%M:%S",
                "%Y-%m-%d %H:%M",
            ]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .ok_or_else(|| ToolError::usage("time_unreadable"))?;
            within_calendar(local.date())?;
            match danish_time::instants_of(local) {
                MappedLocalTime::Single(instant) | MappedLocalTime::Ambiguous(instant, _) => {
                    instant
                }
                MappedLocalTime::None => return Err(ToolError::usage("time_skipped")),
            }
        }
    };
    within_calendar(danish_time::date_at(instant)).map(|_| instant)
}

fn within_calendar(date: NaiveDate) -> Result<NaiveDate, ToolError> {
    use chrono::Datelike;
    if YEARS.contains(&date.year()) {
        Ok(date)
    } else {
        Err(ToolError::usage("year_out_of_range").with("year", date.year().to_string()))
    }
}

fn written(instant: DateTime<Utc>) -> String {
    danish_time::local(instant).to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn refusal(error: DeadlineError) -> ToolError {
    ToolError::usage(match error {
        DeadlineError::HoursNeedATime => "hours_need_a_time",
        DeadlineError::PauseEndsBeforeItBegins => "pause_reversed",
    })
}
