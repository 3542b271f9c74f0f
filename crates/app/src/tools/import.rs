//! A list of handed-in forms, typed up elsewhere: each row becomes a case that is received, and nothing more.
//!
//! A list decides nothing (practice 1) and registers nothing. It is checked whole before anything is saved, and saved
//! in one write: either every row is a case or none is. A problem names line and field, never what stands there.
//!
//! Basis: design, section 9; practice 1 and 16; domain reference 10.4.

use std::collections::BTreeMap;

use serde::Serialize;
use skranke_domain::case::CaseState;
use skranke_domain::cpr::Cpr;
use skranke_domain::eligibility::{Warning, explain};
use skranke_domain::ids::CaseId;
use skranke_domain::role::Act;
use skranke_forms::check::FieldProblem;
use skranke_forms::form::FieldKind;
use skranke_forms::{Field, Form, Location, Profile};
use skranke_store::{Action, Entry};
use uuid::Uuid;

use crate::api::draft::{FieldValue, Fields};
use crate::capture::{self, Typed};
use crate::error::AppError;
use crate::record::Command;
use crate::state::{App, AtWork};
use crate::tools::{ToolError, say};
use crate::usecases::decisions::policy;
use crate::usecases::settings;

mod list;

use list::Row;

/// More rows than a day's pile holds are more than a person has looked through.
const MOST_ROWS: usize = 1000;
/// Steps of the form that stand on paper; what comes after is decided here.
const LAST_STEP_ON_PAPER: u8 = 4;
/// Fields of the form that a case does not keep: taking them would lose them silently.
const NOT_KEPT: [&str; 2] = ["email", "chose_help"];
/// What is so unless a column says otherwise.
const DEFAULTS: [(&str, &str); 3] = [
    ("channel", "self"),
    ("signing_method", "paper"),
    ("register_seen", "not_looked"),
];
const YES: [&str; 5] = ["ja", "x", "1", "true", "sand"];
const NO: [&str; 4] = ["nej", "0", "false", "falsk"];
/// Why a citizen of the list is looked up.
const PURPOSE: &str = "import";

/// What became of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportView {
    /// Whether the cases are saved; in a dry run and with a problem nothing is.
    pub saved: bool,
    /// Rows in the list.
    pub rows: usize,
    /// The cases, in the order of the list. In a dry run their numbers are not given yet.
    pub cases: Vec<ImportedCase>,
    /// What must be put right first.
    pub problems: Vec<ImportRemark>,
    /// What whoever decides should look at; it stops nothing.
    pub warnings: Vec<ImportRemark>,
}

/// A case made from a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedCase {
    /// The line the row begins on.
    pub line: usize,
    /// The case's number.
    pub number: Option<String>,
}

/// Something about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportRemark {
    /// The line the row begins on.
    pub line: usize,
    /// The field, where it is about one.
    pub field: Option<String>,
    /// A stable word.
    pub code: &'static str,
    /// What it says in Danish. Never what stands in the list.
    pub text: String,
}

/// A row that has been read.
struct Entered {
    line: usize,
    fields: Fields,
    form: Form,
    cpr: Option<Cpr>,
}

#[derive(Default)]
struct Remarks {
    problems: Vec<ImportRemark>,
    warnings: Vec<ImportRemark>,
}

impl App {
    /// Checks a list, and saves its rows as received cases when `save` says so and there is no problem.
    ///
    /// # Errors
    /// `import_unreadable` and `import_too_long` for what is no list; `NotPermitted`, or what the store reports.
    pub fn import_handed_in(&self, text: &str, save: bool) -> Result<ImportView, ToolError> {
        let mut rows = list::rows(text).map_err(|error| {
            let why = say(&format!("cli.import.{}", error.code), &[]);
            ToolError::refused("import_unreadable")
                .with("line", error.line.to_string())
                .with("why", why)
        })?;
        if rows.len() < 2 {
            return Err(ToolError::refused("import_empty"));
        }
        let header = rows.remove(0);
        if rows.len() > MOST_ROWS {
            return Err(ToolError::refused("import_too_long").with("most", MOST_ROWS.to_string()));
        }
        let view = self.at_work(|mut work| {
            work.session.needs(Act::Capture)?;
            let mut remarks = Remarks::default();
            let entered = self.entered(&work, &header, &rows, &mut remarks)?;
            look_up(self, &mut work, &entered, &mut remarks)?;
            let mut view = ImportView {
                saved: false,
                rows: rows.len(),
                cases: Vec::new(),
                problems: remarks.problems,
                warnings: remarks.warnings,
            };
            if view.problems.is_empty() {
                view.cases = self.made(work, &entered, save)?;
                view.saved = save;
            }
            Ok(view)
        })?;
        if view.saved {
            self.line.nudge();
        }
        Ok(view)
    }

    /// Reads and checks the rows against the form that was in use when each was signed.
    fn entered(
        &self,
        work: &AtWork<'_>,
        header: &Row,
        rows: &[Row],
        remarks: &mut Remarks,
    ) -> Result<Vec<Entered>, AppError> {
        let today = self.today();
        let profile = &self.profile(work.store)?;
        let location = settings::location_of(work.store, profile, work.session.staff)?;
        let known = self.form_for(&Fields::new(), profile, today)?;
        let columns: Vec<&str> = header.values.iter().map(|name| name.trim()).collect();
        for (at, column) in columns.iter().enumerate() {
            let number = (at + 1).to_string();
            // A list without its header has a person in line 1: the column's name is not repeated.
            let code = if !known.field(column).is_some_and(is_taken) {
                "column_unknown"
            } else if columns[..at].contains(column) {
                "column_twice"
            } else {
                continue;
            };
            remarks.problem(header.line, None, code, &[("column", &number)]);
        }
        if !remarks.problems.is_empty() {
            return Ok(Vec::new());
        }
        let mut entered = Vec::with_capacity(rows.len());
        for row in rows {
            if row.values.len() != columns.len() {
                let (found, wanted) = (row.values.len().to_string(), columns.len().to_string());
                let values = [("found", found.as_str()), ("wanted", wanted.as_str())];
                remarks.problem(row.line, None, "values_missing", &values);
                continue;
            }
            let mut fields = Fields::new();
            let defaults = DEFAULTS.iter().copied();
            for (id, value) in defaults.chain([("location", location.as_str())]) {
                fields.insert(id.to_owned(), FieldValue::Text(value.to_owned()));
            }
            for (column, value) in columns.iter().zip(&row.values) {
                let (value, field) = (value.trim(), known.field(column));
                if let (false, Some(field)) = (value.is_empty(), field) {
                    fields.insert((*column).to_owned(), typed_as(field, value));
                }
            }
            let form = self.form_for(&fields, profile, today)?;
            self.check_row(row.line, &form, &fields, profile, remarks);
            entered.push(Entered {
                line: row.line,
                cpr: Typed(&fields).cpr("cpr"),
                fields,
                form,
            });
        }
        Ok(entered)
    }

    fn check_row(
        &self,
        line: usize,
        form: &Form,
        fields: &Fields,
        profile: &Profile,
        remarks: &mut Remarks,
    ) {
        let today = self.today();
        let plain = capture::for_forms(fields);
        let texts = self.forms.texts();
        let remark = |problem: FieldProblem| {
            let (text, _) = form.explain(&problem, texts);
            ImportRemark {
                line,
                code: problem.code.code(),
                field: Some(problem.field),
                text,
            }
        };
        for step in 1..=LAST_STEP_ON_PAPER {
            let problems = form.validate_step(step, &plain, today);
            remarks.problems.extend(problems.into_iter().map(remark));
        }
        for (id, value) in fields {
            let is_default = DEFAULTS.iter().any(|(default, _)| default == id);
            let is_asked = form
                .field(id)
                .is_some_and(|field| form.is_shown(field, &plain));
            // What the form does not ask would be dropped: better told than lost.
            if !is_asked && !is_default && *value != FieldValue::Flag(false) {
                let label = form.field(id).map_or(id.as_str(), |field| &field.label);
                remarks.problem(line, Some(id), "not_asked", &[("label", label)]);
            }
        }
        let in_free_text = form.warnings(&plain);
        remarks
            .warnings
            .extend(in_free_text.into_iter().map(remark));
        let relevant = capture::from_forms(form.relevant(&plain));
        let typed = Typed(&relevant);
        let open = profile
            .location(typed.text("location"))
            .map(Location::open_period);
        let mut facts = typed.facts(open, &profile.municipality_code, false);
        self.tell_of_death(&mut facts, profile);
        let rules = self.forms.rules().to_domain();
        for warning in explain(&facts, &rules, &policy(profile), today).warnings {
            let code = Warning::code(warning);
            // Whoever decides looks in the register; the number's own digits are told above.
            if !matches!(
                warning,
                Warning::RegisterNotLooked | Warning::CprModulus11 | Warning::CprReplacement
            ) {
                let text = texts.say(&format!("warning.{code}"), &[]);
                remarks.warnings.push(ImportRemark {
                    line,
                    field: None,
                    code,
                    text,
                });
            }
        }
    }

    /// Makes the cases in one write, which a dry run does not keep.
    fn made(
        &self,
        work: AtWork<'_>,
        entered: &[Entered],
        save: bool,
    ) -> Result<Vec<ImportedCase>, AppError> {
        let tenant = self.tenant(work.store)?;
        let profile = &self.profile(work.store)?;
        let location: String = settings::read(work.store, "location")?.unwrap_or_default();
        let now = work.legal_now;
        let mut work = Some(work);
        let mut open: Option<Command<'_>> = None;
        let mut cases = Vec::with_capacity(entered.len());
        for row in entered {
            let id = CaseId::from_uuid(Uuid::now_v7());
            let mut command = match (open.take(), work.take()) {
                (Some(command), _) => command.and_opening(id)?,
                (None, Some(work)) => Command::opening(work, &tenant, id)?,
                (None, None) => break,
            };
            let relevant = row.form.relevant(&capture::for_forms(&row.fields));
            let fields = capture::from_forms(relevant);
            let typed = Typed(&fields);
            let number = self.open_typed(&mut command, profile, &row.form, typed, &location)?;
            for event in typed.captured(now, Some(now), row.form.rule_set) {
                command.add(event)?;
            }
            cases.push(ImportedCase {
                line: row.line,
                number: save.then(|| number.to_string()),
            });
            open = Some(command);
        }
        if let (true, Some(command)) = (save, open) {
            command.save()?;
        }
        Ok(cases)
    }
}

/// Finds citizens who stand in the list twice or have a case already. Each look is audited, in a dry run too.
fn look_up(
    app: &App,
    work: &mut AtWork<'_>,
    entered: &[Entered],
    remarks: &mut Remarks,
) -> Result<(), AppError> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let entry = Entry::new(Action::CitizenLookedUp, work.now).on(PURPOSE);
    let mut looks = entered
        .iter()
        .filter_map(|row| Some((row, row.cpr.as_ref()?)))
        .peekable();
    if looks.peek().is_none() {
        return Ok(());
    }
    let today = work.today();
    // The first look is the write's own entry.
    let write = work
        .store
        .write(&work.actor, entry.clone().because(PURPOSE))?;
    for (at, (row, cpr)) in looks.enumerate() {
        if at > 0 {
            write.also(&entry.clone().because(PURPOSE))?;
        }
        let digits = cpr.reveal_for(skranke_domain::cpr::Purpose::LookUp);
        if let Some(first) = seen.insert(digits, row.line) {
            let first = first.to_string();
            remarks.problem(row.line, Some("cpr"), "citizen_twice", &[("first", &first)]);
        }
        let cases = write.reading().cases_of(cpr)?;
        let mut going_on = None;
        for case in cases {
            let waits = case.state == CaseState::Granted && !case.is_registered_exemption;
            if case.state.is_open() || waits || app.any_runs(&write.reading(), [&case], today)? {
                going_on = Some(case);
                break;
            }
        }
        if let Some(case) = going_on {
            let values = [("number", case.number.as_str())];
            remarks.problem(row.line, Some("cpr"), "citizen_has_case", &values);
        }
    }
    write.commit()?;
    Ok(())
}

impl Remarks {
    fn problem(
        &mut self,
        line: usize,
        field: Option<&str>,
        code: &'static str,
        values: &[(&str, &str)],
    ) {
        self.problems.push(ImportRemark {
            line,
            field: field.map(str::to_owned),
            code,
            text: say(&format!("cli.import.{code}"), values),
        });
    }
}

fn is_taken(field: &Field) -> bool {
    field.step <= LAST_STEP_ON_PAPER && !NOT_KEPT.contains(&field.id.as_str())
}

/// What stands in the list as the form takes it: a tick by yes or no, an answer by its code or its label.
fn typed_as(field: &Field, value: &str) -> FieldValue {
    let lower = value.to_lowercase();
    match field.kind {
        FieldKind::Flag if YES.contains(&lower.as_str()) => FieldValue::Flag(true),
        FieldKind::Flag if NO.contains(&lower.as_str()) => FieldValue::Flag(false),
        FieldKind::Choice => {
            let choice = field
                .choices
                .iter()
                .find(|choice| choice.label.to_lowercase() == lower);
            FieldValue::Text(
                choice
                    .map_or(value, |choice| choice.value.as_str())
                    .to_owned(),
            )
        }
        FieldKind::Choices => FieldValue::Many(
            value
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect(),
        ),
        // A tick that is neither yes nor no stays text, which the form refuses.
        FieldKind::Flag
        | FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Cpr
        | FieldKind::Date => FieldValue::Text(value.to_owned()),
    }
}
