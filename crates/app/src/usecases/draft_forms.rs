//! What the form says of a draft: its fields, what is to be filled in, and the check of each step.

use chrono::NaiveDate;
use skranke_domain::eligibility::{Warning, explain};
use skranke_domain::role::Act;
use skranke_domain::rule_set::LegalDays;
use skranke_domain::sign_up::{SignUp, automatic_sign_up};
use skranke_forms::check::ProblemCode;
use skranke_forms::{Field, Form, Location, Profile};

use crate::api::draft::{
    DraftCheck, DraftCheckRequest, DraftRef, FieldProblem, FieldView, Fields, FormView, SignUpView,
};
use crate::api::settings::Choice;
use crate::capture::{self, Typed};
use crate::error::AppError;
use crate::explain::proof_view;
use crate::present::rules;
use crate::record;
use crate::state::App;
use crate::tools::calendar::municipal_calendar;
use crate::usecases::decisions::policy;
use crate::usecases::drafts::load;
use crate::usecases::{continuing, printable};

impl App {
    /// The form a draft follows.
    ///
    /// # Errors
    /// `DraftNotFound`.
    pub fn form_view(&self, request: DraftRef) -> Result<FormView, AppError> {
        let today = self.today();
        self.at_work(|work| {
            work.session.needs(Act::Capture)?;
            let draft = load(&work, &request.id)?;
            let form = self.form_for(&draft.fields, &*self.profile(work.store)?, today)?;
            let (shown, required) = shown_and_required(&form, &draft.fields);
            let plain = capture::for_forms(&draft.fields);
            let fields = form
                .fields
                .iter()
                .map(|field| field_view(&form, field, &plain))
                .collect();
            Ok(FormView {
                reference: form.reference(),
                fields,
                shown,
                required,
            })
        })
    }

    /// Checks a draft up to a step: problems, warnings, and the proof as it stands.
    ///
    /// # Errors
    /// `DraftNotFound`.
    pub fn draft_check(&self, request: DraftCheckRequest) -> Result<DraftCheck, AppError> {
        let today = self.today();
        self.at_work(|work| {
            work.session.needs(Act::Capture)?;
            let draft = load(&work, &request.id)?;
            let profile = &self.profile(work.store)?;
            let form = self.form_for(&draft.fields, profile, today)?;
            let plain = capture::for_forms(&draft.fields);
            let texts = self.forms.texts();
            let mut problems = Vec::new();
            for step in 1..=request.step.min(6) {
                for problem in form.validate_step(step, &plain, today) {
                    let (summary, at_field) = form.explain(&problem, texts);
                    let code = problem.code.code().to_owned();
                    problems.push(FieldProblem {
                        field: problem.field,
                        step,
                        code,
                        summary,
                        at_field,
                    });
                }
                problems.extend(printable::problems(&form, &plain, step, texts));
            }
            let relevant = capture::from_forms(form.relevant(&plain));
            let typed = Typed(&relevant);
            let open = profile
                .location(typed.text("location"))
                .map(Location::open_period);
            let mut facts = typed.facts(
                open,
                &profile.municipality_code,
                draft.screen_signature().is_some(),
            );
            let read = work.store.read()?;
            let mut own = None;
            if let Some(continued) = &draft.continues {
                let case = record::load(&read, continued.case()?)?.case;
                continuing::complete_facts(&mut facts, &case);
                own = Some(case.id);
            }
            self.tell_of_death(&mut facts, profile);
            Self::tell_of_recorded_death(&read, &mut facts)?;
            self.tell_of_recorded_exemption(&read, &mut facts, own, today)?;
            let explanation = explain(
                &facts,
                &self.forms.rules().to_domain(),
                &policy(profile),
                today,
            );
            let mut warnings: Vec<String> = explanation
                .warnings
                .iter()
                .map(|w| Warning::code(*w).to_owned())
                .collect();
            // What the number itself says is in the proof's own warnings already.
            let in_free_text = form.warnings(&plain);
            if in_free_text
                .iter()
                .any(|found| found.code == ProblemCode::CprInFreeText)
            {
                warnings.push(ProblemCode::CprInFreeText.code().to_owned());
            }
            let days = decided_today(&draft.fields, today);
            Ok(DraftCheck {
                problems,
                warnings,
                proof: proof_view(&explanation.proof, texts),
                rule_set: explanation
                    .rule_set
                    .map(|set| set.code().to_owned())
                    .unwrap_or_default(),
                durations: form.durations.iter().map(|d| d.code().to_owned()).collect(),
                rules: rules::rules_met(self.forms.rules(), &days, today),
                grounds: rules::grounds(self.forms.rules(), &days),
                sign_up: automatic_sign_up(&facts, today)
                    .map(|ahead| sign_up_view(ahead, profile, today)),
            })
        })
    }

    /// The form for what was typed: by the day of signing, or today's while that is unknown or impossible.
    pub(crate) fn form_for(
        &self,
        fields: &Fields,
        profile: &Profile,
        today: NaiveDate,
    ) -> Result<Form, AppError> {
        let days = decided_today(fields, today);
        let form = self.forms.form_on(&days, profile);
        Ok(form.or_else(|_| self.forms.exemption_form(today, profile))?)
    }
}

/// The days a draft's rules go by, were it decided today; signed today while that is unknown or impossible.
fn decided_today(fields: &Fields, today: NaiveDate) -> LegalDays {
    let signed_on = Typed(fields).day("signed_on");
    LegalDays {
        signed_on: signed_on.filter(|day| *day <= today).or(Some(today)),
        decided_on: Some(today),
        registered_on: None,
    }
}

/// When somebody is signed up for Digital Post, and the first day they could come: the municipality's own closing days
/// count (row 2-05).
fn sign_up_view(ahead: SignUp, profile: &Profile, today: NaiveDate) -> SignUpView {
    let on = ahead.on();
    let open_on = on
        .zip(municipal_calendar(profile))
        .map(|(on, calendar)| calendar.working_day_from(on));
    let written = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let days = on.map_or(0, |on| (on - today).num_days());
    SignUpView {
        code: ahead.code().to_owned(),
        on: written(on),
        days: u32::try_from(days).unwrap_or(0),
        open_on: written(open_on),
    }
}

/// Ids of the fields that are shown, and of those that must be filled in.
pub(crate) fn shown_and_required(form: &Form, fields: &Fields) -> (Vec<String>, Vec<String>) {
    let plain = capture::for_forms(fields);
    let ids = |keep: &dyn Fn(&Field) -> bool| {
        form.fields
            .iter()
            .filter(|field| keep(field))
            .map(|field| field.id.clone())
            .collect()
    };
    (
        ids(&|field| form.is_shown(field, &plain)),
        ids(&|field| form.is_required(field, &plain)),
    )
}

fn field_view(form: &Form, field: &Field, fields: &skranke_forms::Fields) -> FieldView {
    FieldView {
        id: field.id.clone(),
        step: field.step,
        part: field.part.clone(),
        label: field.label.clone(),
        help: field.help.clone(),
        kind: field.kind.code().to_owned(),
        width: field.width.unwrap_or(0),
        rule: field.rule.clone().unwrap_or_default(),
        max_length: field
            .max_length
            .and_then(|most| u16::try_from(most).ok())
            .unwrap_or(0),
        coming: field.is_coming(),
        choices: form
            .choices(field, fields)
            .map(|choice| Choice {
                code: choice.value.clone(),
                label: choice.label.clone(),
                detail: String::new(),
            })
            .collect(),
    }
}
