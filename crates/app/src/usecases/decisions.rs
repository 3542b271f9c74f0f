//! Step 5: from a draft or an open case to a decision, and everything a draft captured with it, as one command.

use chrono::NaiveDate;
use skranke_domain::case::{Case, CaseState};
use skranke_domain::cpr::Purpose;
use skranke_domain::danish_time;
use skranke_domain::eligibility::{
    EligibilityPolicy, Explanation, Facts, Outcome, Requirement, explain,
};
use skranke_domain::event::{
    AttachmentAdded, AttachmentPurpose, CaseOpened, Channel, Consultation, Ending, Event, Granted,
    REJECTIONS, Refused, Rejected,
};
use skranke_domain::ids::{CaseId, CaseNumber};
use skranke_domain::role::Act;
use skranke_domain::rule_set::{Duration, LegalDays, RuleCode};
use skranke_forms::{Form, Location, Profile, RuleTexts};
use skranke_store::{ReadHandle, Store};
use uuid::Uuid;

use crate::api::case::{CaseView, DecideRequest, Decision};
use crate::api::draft::Fields;
use crate::api::error::ErrorCode;
use crate::capture::{self, Typed};
use crate::error::AppError;
use crate::explain::facts_of;
use crate::record::{Command, load};
use crate::state::{App, AtWork};
use crate::usecases::cases::is_exempt;
use crate::usecases::drafts::{self, Draft};
use crate::usecases::settings;
use crate::usecases::wording;

impl App {
    /// Decides a draft or an open case, or ends it in another way.
    ///
    /// A draft becomes a case in the same command, so that nothing is half there. The draft is deleted with it.
    ///
    /// # Errors
    /// `InvalidFields` when the form has problems, `RequirementsNotMet` when the proof does not hold, or the rule
    /// that would be broken.
    pub fn decide(&self, request: DecideRequest) -> Result<CaseView, AppError> {
        let hands_in = request.decision == Decision::HandIn;
        if matches!(request.decision, Decision::Grant { .. }) {
            self.exempt_elsewhere_is_looked_up(&request)?;
        }
        let id = self.at_work(|work| {
            work.session
                .needs(if hands_in { Act::Capture } else { Act::Decide })?;
            match (&request.draft_id, &request.case_id) {
                (Some(draft), None) => self.decide_draft(work, draft, &request),
                (None, Some(case)) => {
                    let id = case
                        .parse()
                        .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
                    let tenant = self.tenant(work.store)?;
                    let profile = &self.profile(work.store)?;
                    let mut command = Command::on(work, &tenant, id)?;
                    self.conclude(&mut command, profile, &request)?;
                    command.save()
                }
                (Some(_), Some(_)) | (None, None) => Err(AppError::malformed_request()),
            }
        })?;
        self.line.nudge();
        self.at_work(|work| self.case_view(&work, id))
    }

    /// Who is exempt by another computer's record, which has not come here yet, is looked up in the register first as
    /// well. Offline nobody knows, and the work goes on.
    fn exempt_elsewhere_is_looked_up(&self, request: &DecideRequest) -> Result<(), AppError> {
        let asked = self.at_work(|work| {
            work.session.needs(Act::Decide)?;
            let today = work.today();
            let (cpr, looked_at, own) = match (&request.draft_id, &request.case_id) {
                (Some(draft), None) => {
                    let draft = drafts::load(&work, draft)?;
                    let own = match &draft.continues {
                        Some(continued) => Some(continued.case()?),
                        None => None,
                    };
                    (Typed(&draft.fields).cpr("cpr"), draft.looked_at, own)
                }
                (None, Some(case)) => {
                    let id = case
                        .parse()
                        .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
                    let case = load(&work.store.read()?, id)?.case;
                    let looked_at = case.register_look.map(|look| look.value.0);
                    (case.citizen.map(|citizen| citizen.cpr), looked_at, Some(id))
                }
                (Some(_), Some(_)) | (None, None) => return Err(AppError::malformed_request()),
            };
            let looked_today = looked_at.is_some_and(|at| danish_time::date_at(at) == today);
            Ok(cpr.filter(|_| !looked_today).map(|cpr| (cpr, own)))
        })?;
        let Some((cpr, own)) = asked else {
            return Ok(());
        };
        let central = self.look_up_centrally(&cpr);
        let mut elsewhere = central.cases.iter();
        if elsewhere.any(|case| Some(case.case_id) != own && is_exempt(case)) {
            return Err(AppError::of(ErrorCode::RegisterNotChecked));
        }
        Ok(())
    }

    fn decide_draft(
        &self,
        work: AtWork<'_>,
        draft: &str,
        request: &DecideRequest,
    ) -> Result<CaseId, AppError> {
        let draft = drafts::load(&work, draft)?;
        if draft.continues.is_some() {
            return self.decide_continued(work, draft, request);
        }
        let profile = &self.profile(work.store)?;
        let tenant = self.tenant(work.store)?;
        let today = work.today();
        let form = self.form_for(&draft.fields, profile, today)?;
        let fields = capture::from_forms(form.relevant(&capture::for_forms(&draft.fields)));
        let typed = Typed(&fields);
        // A rejected person was perhaps never identified, and one who chose help need not sign: then the form may
        // have holes. Everything else needs a form without problems.
        let may_have_holes = matches!(
            request.decision,
            Decision::Reject { .. }
                | Decision::Withdraw
                | Decision::HelpInstead { .. }
                | Decision::Forward { .. }
                | Decision::Died { .. }
                | Decision::Incomplete { .. }
                | Decision::Refuse { .. }
        );
        if !may_have_holes {
            check_form(&form, &fields, today)?;
        }
        identified_today(&draft, request, today)?;
        let location = settings::location_of(work.store, profile, work.session.staff)?;
        let now = work.legal_now;
        let id = draft
            .becomes
            .unwrap_or_else(|| CaseId::from_uuid(Uuid::now_v7()));
        let mut command = Command::opening(work, &tenant, id)?;
        self.open_typed(&mut command, profile, &form, typed, &location)?;
        let rejected = matches!(request.decision, Decision::Reject { .. });
        for event in typed.captured(now, draft.looked_at, form.rule_set) {
            // Nobody was identified: then nothing about a citizen is kept (practice 8).
            let about_citizen = !matches!(event, Event::IdentityChecked(_));
            if !(rejected && about_citizen) {
                command.add(event)?;
            }
        }
        // Nor its scans, which are about the citizen.
        let files = if rejected { Vec::new() } else { draft.files };
        for file in files {
            command.add(Event::AttachmentAdded(AttachmentAdded {
                digest: file
                    .digest
                    .parse()
                    .map_err(|_| AppError::of(ErrorCode::Internal))?,
                purpose: AttachmentPurpose::from_code(&file.purpose)
                    .unwrap_or(AttachmentPurpose::Other),
                media_type: file.media_type,
                size_bytes: file.size_bytes,
                file_name: file.file_name,
            }))?;
        }
        self.conclude(&mut command, profile, request)?;
        command.write.delete_draft(draft.id)?;
        if rejected {
            // Its scans are about the citizen too, and no case names them.
            command.write.sweep_attachments()?;
        }
        command.save()
    }

    /// Adds the event that opens the case; `location` is where nothing else was typed.
    pub(crate) fn open_typed(
        &self,
        command: &mut Command<'_>,
        profile: &Profile,
        form: &Form,
        typed: Typed<'_>,
        location: &str,
    ) -> Result<CaseNumber, AppError> {
        let channel = typed
            .channel()
            .ok_or_else(|| AppError::of(ErrorCode::InvalidFields).with("field", "channel"))?;
        let typed_location = Some(typed.text("location")).filter(|code| !code.is_empty());
        let number = self.next_number(command)?;
        command.add(Event::CaseOpened(CaseOpened {
            number: number.clone(),
            channel,
            location: typed_location.unwrap_or(location).to_owned(),
            municipality: profile.municipality_code.clone(),
            profile: profile.reference(),
            form: form.reference(),
            received_on: typed.day("received_on").unwrap_or_else(|| command.today()),
        }))?;
        Ok(number)
    }

    /// Adds the decision's own events.
    pub(crate) fn conclude(
        &self,
        command: &mut Command<'_>,
        profile: &Profile,
        request: &DecideRequest,
    ) -> Result<(), AppError> {
        let (now, today) = (command.legal_now, command.today());
        let explanation =
            self.explain_known(&command.write.reading(), &command.case, profile, today)?;
        if request.decision == Decision::HandOver {
            command.add(Event::ConflictOfInterestChecked { none: false })?;
        } else if request.no_conflict_of_interest
            || matches!(
                request.decision,
                Decision::Grant { .. } | Decision::Refuse { .. }
            )
        {
            command.has_no_conflict(request.no_conflict_of_interest)?;
        }
        let days = LegalDays {
            decided_on: Some(today),
            ..command.case.legal_days()
        };
        match &request.decision {
            // Handed in is received and nothing more: whoever decides finds it ready or not (practice 1).
            // What was incomplete and no longer lacks anything is ready for them.
            Decision::HandIn | Decision::HandOver => {
                let complete = explanation.proof.outcome == Outcome::Met;
                if command.case.state == CaseState::Incomplete && complete {
                    command.add(Event::MarkedReady)?;
                }
            }
            Decision::Grant { duration } => {
                if explanation.proof.outcome != Outcome::Met {
                    return Err(not_met(&explanation));
                }
                self.already_exempt_is_looked_up(command, today)?;
                let rule_set = self.rule_set_for(RuleCode::Decision, &days)?.code;
                let duration = self.duration(&days, duration.as_deref())?;
                command.add(Event::MarkedReady)?;
                command.add(Event::Granted(Granted {
                    decided_at: now,
                    rule_set,
                    duration,
                    met: codes(&explanation.proof.met()),
                }))?;
            }
            Decision::Refuse {
                reasons,
                consultation_held_on,
                consultation_not_needed,
            } => {
                wording::fits_a_letter(reasons, profile)?;
                let consultation =
                    consultation(consultation_held_on.as_deref(), consultation_not_needed)?;
                command.add(Event::Refused(Refused {
                    decided_at: now,
                    rule_set: self.rule_set_for(RuleCode::Decision, &days)?.code,
                    unmet: codes(&explanation.proof.lacking()),
                    reasons: reasons.trim().to_owned(),
                    consultation,
                }))?;
            }
            Decision::Reject { reason, next_step } => {
                if !REJECTIONS.contains(&reason.as_str()) {
                    return Err(AppError::of(ErrorCode::InvalidFields).with("field", "reason"));
                }
                wording::fits_a_letter(next_step, profile)?;
                command.add(Event::Rejected(Rejected {
                    rejected_at: now,
                    reason: reason.clone(),
                    next_step: next_step.trim().to_owned(),
                }))?;
            }
            Decision::Died { died_on } => command.add(Event::Ended {
                ending: Ending::Deceased,
                ended_on: ended_by(died_on, "died_on", today)?,
            })?,
            Decision::Withdraw => command.add(Event::Withdrawn { withdrawn_at: now })?,
            Decision::HelpInstead { offer } => {
                if !self.forms.help_offers().iter().any(|o| o.code == *offer) {
                    return Err(AppError::of(ErrorCode::InvalidFields).with("field", "offer"));
                }
                command.add(Event::HelpedInstead {
                    ended_at: now,
                    offer: offer.clone(),
                })?;
            }
            Decision::Forward { authority } => {
                let authority = authority.trim().to_owned();
                command.add(Event::Forwarded {
                    forwarded_at: now,
                    authority,
                })?;
            }
            Decision::Incomplete { missing } => {
                let missing: Vec<String> = missing
                    .iter()
                    .map(|line| line.trim().to_owned())
                    .filter(|line| !line.is_empty())
                    .collect();
                if missing.is_empty() {
                    return Err(AppError::of(ErrorCode::ReasonMissing));
                }
                for line in &missing {
                    wording::fits_a_letter(line, profile)?;
                }
                command.add(Event::MarkedIncomplete { missing })?;
            }
        }
        Ok(())
    }

    /// The proof of an open case, with what other cases of the citizen say.
    ///
    /// # Errors
    /// What the store reports.
    pub(crate) fn explain_known(
        &self,
        read: &ReadHandle<'_>,
        case: &Case,
        profile: &Profile,
        today: NaiveDate,
    ) -> Result<Explanation, AppError> {
        let mut facts = Self::facts_at(case, profile);
        self.tell_of_death(&mut facts, profile);
        if case.state.is_open() {
            Self::tell_of_recorded_death(read, &mut facts)?;
        }
        Ok(self.explain_facts(&facts, profile, today))
    }

    fn facts_at(case: &Case, profile: &Profile) -> Facts {
        let open = case
            .opened
            .as_ref()
            .and_then(|opened| profile.location(&opened.location))
            .map(Location::open_period);
        facts_of(case, open, &profile.municipality_code)
    }

    fn explain_facts(&self, facts: &Facts, profile: &Profile, today: NaiveDate) -> Explanation {
        explain(
            facts,
            &self.forms.rules().to_domain(),
            &policy(profile),
            today,
        )
    }

    /// Whether a death was recorded in another case of the citizen on this computer.
    pub(crate) fn tell_of_recorded_death(
        read: &ReadHandle<'_>,
        facts: &mut Facts,
    ) -> Result<(), AppError> {
        let Some(cpr) = &facts.cpr else { return Ok(()) };
        for row in read.cases_of(cpr)? {
            if row.state == CaseState::Ended {
                let ending = load(read, row.case)?.case.ending;
                if ending.is_some_and(|(how, _)| how == Ending::Deceased) {
                    facts.died = Some(true);
                }
            }
        }
        Ok(())
    }

    /// Whether our own records say that the citizen is exempt already; nothing before somebody was identified.
    pub(crate) fn tell_of_recorded_exemption(
        &self,
        read: &ReadHandle<'_>,
        facts: &mut Facts,
        own: Option<CaseId>,
        today: NaiveDate,
    ) -> Result<(), AppError> {
        if let (Some(cpr), Some(true)) = (&facts.cpr, facts.identity_valid) {
            facts.recorded_exempt = self.exempt_by_another_case(read, cpr, own, today)?;
        }
        Ok(())
    }

    /// The demo's register knows who is dead; there is no other register of persons to ask yet.
    pub(crate) fn tell_of_death(&self, facts: &mut Facts, profile: &Profile) {
        let demo = profile.demo.as_ref().filter(|_| self.config.demo);
        let (Some(demo), Some(cpr)) = (demo, &facts.cpr) else {
            return;
        };
        let digits = cpr.reveal_for(Purpose::LookUp);
        if demo
            .citizens
            .iter()
            .any(|citizen| citizen.deceased && citizen.cpr == digits)
        {
            facts.died = Some(true);
        }
    }

    /// The rule set whose rule a case with these days meets.
    fn rule_set_for(&self, rule: RuleCode, days: &LegalDays) -> Result<&RuleTexts, AppError> {
        let met = self.forms.rules().rule_for(rule, days);
        let (set, _) = met.ok_or_else(|| AppError::of(ErrorCode::RequirementsNotMet))?;
        Ok(set)
    }

    /// The duration asked for, if the rule of durations has it; its only one where none was asked for.
    fn duration(&self, days: &LegalDays, asked: Option<&str>) -> Result<Duration, AppError> {
        let choices = &self.rule_set_for(RuleCode::Duration, days)?.durations;
        let chosen = match (asked, choices.as_slice()) {
            (Some(code), choices) => Duration::from_code(code).filter(|d| choices.contains(d)),
            (None, [only]) => Some(*only),
            (None, _) => None,
        };
        chosen.ok_or_else(|| AppError::of(ErrorCode::InvalidFields).with("field", "duration_kind"))
    }

    fn next_number(&self, command: &mut Command<'_>) -> Result<CaseNumber, AppError> {
        use chrono::Datelike;
        let year = command.today().year();
        let year = u16::try_from(year).map_err(|_| AppError::of(ErrorCode::Internal))?;
        Ok(command.write.next_case_number(year)?)
    }

    /// Our record is not the register: where ours says exempt, somebody must have looked in theirs that same day
    /// (practice 3).
    fn already_exempt_is_looked_up(
        &self,
        command: &Command<'_>,
        today: NaiveDate,
    ) -> Result<(), AppError> {
        let look = command.case.register_look.as_ref();
        let looked_today = look.is_some_and(|look| danish_time::date_at(look.value.0) == today);
        let (Some(citizen), false) = (&command.case.citizen, looked_today) else {
            return Ok(());
        };
        let read = command.write.reading();
        if self.exempt_by_another_case(&read, &citizen.cpr, Some(command.case.id), today)? {
            Err(AppError::of(ErrorCode::RegisterNotChecked))
        } else {
            Ok(())
        }
    }

    /// The municipality under which events are recorded.
    pub(crate) fn tenant(&self, store: &Store) -> Result<String, AppError> {
        match self.server() {
            Some(server) => Ok(server.tenant),
            None => Ok(self.profile(store)?.municipality_code.clone()),
        }
    }
}

/// Whoever grants has seen the person's ID that same day: a tick from another day is about another visit.
pub(crate) fn identified_today(
    draft: &Draft,
    request: &DecideRequest,
    today: NaiveDate,
) -> Result<(), AppError> {
    let grants = matches!(request.decision, Decision::Grant { .. });
    let another_day = |at| danish_time::date_at(at) != today;
    if grants && draft.identified_at.is_some_and(another_day) {
        return Err(AppError::of(ErrorCode::InvalidFields).with("field", "id_checked"));
    }
    Ok(())
}

/// Steps 1 to 4 must hold; what step 5 asks is answered by the request itself.
pub(crate) fn check_form(form: &Form, fields: &Fields, today: NaiveDate) -> Result<(), AppError> {
    let problems = form.validate(&capture::for_forms(fields), today);
    let before_decision = |field: &str| form.field(field).is_some_and(|field| field.step < 5);
    match problems
        .into_iter()
        .find(|problem| before_decision(&problem.field))
    {
        None => Ok(()),
        Some(problem) => Err(AppError::of(ErrorCode::InvalidFields)
            .with("problem", problem.code.code())
            .with("field", problem.field)),
    }
}

/// The day something ended: it can be read, and is not in the future.
///
/// # Errors
/// `InvalidFields` naming the field.
pub(crate) fn ended_by(typed: &str, field: &str, today: NaiveDate) -> Result<NaiveDate, AppError> {
    let day = skranke_forms::read::read_date(typed).filter(|day| *day <= today);
    day.ok_or_else(|| AppError::of(ErrorCode::InvalidFields).with("field", field))
}

/// The municipality's own settings for the proof.
pub(crate) fn policy(profile: &Profile) -> EligibilityPolicy {
    EligibilityPolicy {
        power_of_attorney_warn_after_days: profile.practice.power_of_attorney_warn_days,
    }
}

/// The consultation of the party, or why there was none.
pub(crate) fn consultation(
    held_on: Option<&str>,
    not_needed: &str,
) -> Result<Consultation, AppError> {
    match held_on.map(str::trim).filter(|day| !day.is_empty()) {
        Some(day) => {
            let held_on = skranke_forms::read::read_date(day).ok_or_else(|| {
                AppError::of(ErrorCode::InvalidFields).with("field", "consultation_held_on")
            })?;
            Ok(Consultation::Held { held_on })
        }
        None if not_needed.trim().is_empty() => Err(AppError::of(ErrorCode::ReasonMissing)),
        None => Ok(Consultation::NotNeeded {
            reason: not_needed.trim().to_owned(),
        }),
    }
}

fn codes(requirements: &[Requirement]) -> Vec<String> {
    let codes = requirements.iter().map(|requirement| requirement.code());
    codes.map(str::to_owned).collect()
}

fn not_met(explanation: &Explanation) -> AppError {
    let open: Vec<_> = explanation
        .proof
        .unmet()
        .into_iter()
        .chain(explanation.proof.not_known())
        .collect();
    let codes: Vec<_> = open.into_iter().map(Requirement::code).collect();
    AppError::of(ErrorCode::RequirementsNotMet).with("requirements", codes.join(","))
}

/// Whether a person came for the citizen.
pub(crate) fn came_instead(case: &Case) -> String {
    match case.opened.as_ref().map(|opened| opened.channel) {
        Some(Channel::Representative) => case
            .power_of_attorney
            .as_ref()
            .map(|p| p.representative.name.clone())
            .unwrap_or_default(),
        Some(Channel::Guardian) => case
            .guardian
            .as_ref()
            .map(|g| g.name.clone())
            .unwrap_or_default(),
        Some(Channel::InPerson) | None => String::new(),
    }
}
