//! What comes after a decision: putting a wrong registration right, taking back, ending, notes, revocation.

use skranke_domain::case::check_rule_set;
use skranke_domain::event::{Ending, Event, Extended, TakenBack, WronglyCreated};
use skranke_domain::ids::CaseId;
use skranke_domain::role::Act;
use uuid::Uuid;

use crate::api::case::{
    CaseRef, CaseView, DeathUndoRequest, EndRequest, ExtendRequest, NoteRequest,
    RevokePowerOfAttorneyRequest, TakeBackRequest, WrongPersonDone, WrongPersonRequest,
};
use crate::api::draft::{DraftRef, FieldValue, Fields};
use crate::api::error::ErrorCode;
use crate::capture;
use crate::error::AppError;
use crate::record::load;
use crate::state::App;
use crate::usecases::decisions::{consultation, ended_by};
use crate::usecases::wording;
use crate::usecases::{drafts, reason};

/// Fields that say who the citizen is: they never follow into the draft for the right person.
const ABOUT_THE_CITIZEN: [&str; 8] = [
    "cpr",
    "citizen_name",
    "citizen_address",
    "citizen_residence",
    "citizen_municipality",
    "address_protected",
    "phone",
    "register_seen",
];

impl App {
    /// Puts right that the wrong person was registered, and may open a draft for the right one.
    ///
    /// # Errors
    /// `NotDecided` when nothing was granted, `ReasonMissing`.
    pub fn correct_wrong_person(
        &self,
        request: WrongPersonRequest,
    ) -> Result<WrongPersonDone, AppError> {
        let id: CaseId = request
            .case_id
            .parse()
            .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
        let captured = self.at_work(|work| {
            let loaded = load(&work.store.read()?, id)?;
            Ok(capture::retyped(&loaded.case))
        })?;
        // The right person's case is named now, so that the letter about the mistake can be theirs and not name
        // the person who was registered.
        let right_case = request
            .open_draft_for_right_person
            .then(|| CaseId::from_uuid(Uuid::now_v7()));
        // The draft first: cut between the two, a draft too many can be thrown away, and no letter names a case that
        // never comes.
        let draft = right_case
            .map(|right_case| {
                let usual = drafts::USUAL
                    .map(|(id, value)| (id.to_owned(), FieldValue::Text(value.to_owned())));
                let kept = captured.into_iter().filter(|(id, value)| {
                    !ABOUT_THE_CITIZEN.contains(&id.as_str())
                        && *value != FieldValue::Text(String::new())
                });
                let fields: Fields = usual.into_iter().chain(kept).collect();
                self.at_work(|work| drafts::create(work, 2, &fields, Some(right_case)))
            })
            .transpose()?;
        let draft_id = draft.map(|draft| draft.id);
        let corrected = self.on_case(Act::Correct, &request.case_id, |command| {
            command.add(Event::WronglyCreated(WronglyCreated {
                corrected_at: command.legal_now,
                reason: request.reason.trim().to_owned(),
                removed_from_register: request.removed_from_register,
                resend_post: request.resend_post,
                right_case,
            }))
        });
        match corrected {
            Ok(case) => Ok(WrongPersonDone { case, draft_id }),
            Err(refused) => {
                if let Some(id) = draft_id {
                    // What cannot be thrown away stands among the parked ones.
                    let _ = self.draft_delete(DraftRef { id });
                }
                Err(refused)
            }
        }
    }

    /// Takes back a granted exemption, after consultation of the party.
    ///
    /// # Errors
    /// `ConflictOfInterest`, `ReasonMissing`, `CprInLetter`, `CharacterUnprintable`, or the rule that would be broken,
    /// such as `StillInRegister`.
    pub fn take_back(&self, request: TakeBackRequest) -> Result<CaseView, AppError> {
        let consultation = consultation(
            request.consultation_held_on.as_deref(),
            &request.consultation_not_needed,
        )?;
        let reasons = request.reasons.trim().to_owned();
        let profile = self.at_work(|work| self.profile(work.store))?;
        wording::fits_a_letter(&reasons, &profile)?;
        self.on_case(Act::TakeBack, &request.case_id, |command| {
            command.has_no_conflict(request.no_conflict_of_interest)?;
            command.add(Event::TakenBack(TakenBack {
                decided_at: command.legal_now,
                reasons,
                consultation,
                removed_from_register: Some(request.removed_from_register),
            }))
        })
    }

    /// Records that the exemption ended.
    ///
    /// # Errors
    /// `InvalidFields` for an ending or day there is not; `NotRegistered` when it never began.
    pub fn end_exemption(&self, request: EndRequest) -> Result<CaseView, AppError> {
        let wrong = |field: &str| AppError::of(ErrorCode::InvalidFields).with("field", field);
        let ending = Ending::from_code(&request.ending).ok_or_else(|| wrong("ending"))?;
        self.on_case(Act::Finish, &request.case_id, |command| {
            let ended_on = ended_by(&request.ended_on, "ended_on", command.today())?;
            command.add(Event::Ended { ending, ended_on })
        })
    }

    /// Takes back that the citizen is dead, recorded by mistake: the case is again what it was. What stood in the
    /// journal is filed anew.
    ///
    /// # Errors
    /// `NoDeathRecorded` where no death closed the case; `ReasonMissing`.
    pub fn death_undo(&self, request: DeathUndoRequest) -> Result<CaseView, AppError> {
        self.on_case(Act::Correct, &request.case_id, |command| {
            let reason = reason::given(&request.reason)?;
            command.add(Event::DeathUndone { reason })
        })
    }

    /// Extends a time-limited exemption that still runs, after it was extended in the national register.
    ///
    /// # Errors
    /// `RegisterNotChecked` when nobody looked there today and saw the exemption; `TermRanOut`, `ReasonMissing`;
    /// `InvalidFields` for a day that is not later than the present end; `RequirementsNotMet` where the rules of today
    /// know no time limit.
    pub fn extend(&self, request: ExtendRequest) -> Result<CaseView, AppError> {
        let until = skranke_forms::read::read_date(&request.until)
            .ok_or_else(|| AppError::of(ErrorCode::InvalidFields).with("field", "until"))?;
        let reason = request.reason.trim().to_owned();
        self.on_case(Act::Prolong, &request.case_id, |command| {
            let extended = Event::Extended(Extended {
                extended_at: command.legal_now,
                until,
                reason,
            });
            check_rule_set(&command.case, &extended, &self.forms.rules().to_domain())?;
            command.add(extended)
        })
    }

    /// Records that a time-limited exemption is permanent from the day the law made it so.
    ///
    /// # Errors
    /// `RequirementsNotMet` where the law did not.
    pub fn make_permanent(&self, request: CaseRef) -> Result<CaseView, AppError> {
        let sets = self.forms.rules().to_domain();
        self.on_case(Act::Prolong, &request.id, |command| {
            let on = command.case.permanent_by_law_on(&sets);
            let on = on.filter(|day| *day <= command.today());
            let on = on.ok_or_else(|| AppError::of(ErrorCode::RequirementsNotMet))?;
            command.add(Event::MadePermanent { on })
        })
    }

    /// Adds a note. Notes are never changed (row 4-26).
    ///
    /// # Errors
    /// `ReasonMissing` for an empty note, `InvalidFields` for one that is too long.
    pub fn note_add(&self, request: NoteRequest) -> Result<CaseView, AppError> {
        const LONGEST: usize = 4_000;
        let text = request.text.trim().to_owned();
        if text.chars().count() > LONGEST {
            return Err(AppError::of(ErrorCode::InvalidFields)
                .with("field", "note")
                .with("maximum", LONGEST));
        }
        self.on_case(Act::Supplement, &request.case_id, |command| {
            command.add(Event::NoteAdded { text })
        })
    }

    /// Revokes the power of attorney. Whether there is one is for those who may see the channel.
    ///
    /// # Errors
    /// `PowerOfAttorneyMissing` when there is none, `NotPermitted`.
    pub fn revoke_power_of_attorney(
        &self,
        request: RevokePowerOfAttorneyRequest,
    ) -> Result<CaseView, AppError> {
        let revoked_on = skranke_forms::read::read_date(&request.revoked_on)
            .ok_or_else(|| AppError::of(ErrorCode::InvalidFields).with("field", "revoked_on"))?;
        let reason = request.reason.trim().to_owned();
        self.on_case(Act::SeeChannel, &request.case_id, |command| {
            command.add(Event::PowerOfAttorneyRevoked { revoked_on, reason })
        })
    }
}
