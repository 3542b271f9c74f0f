//! The cases of the fictional municipality: one of each kind that a newcomer will want to look at.
//!
//! Made through the use cases like any other, so that each has its history, its audit and its place in the queue.
//!
//! Basis: design, section 9 (demo).

use skranke_forms::profile::DemoCitizen;

use crate::api::case::{DecideRequest, Decision, TickRequest};
use crate::api::draft::DraftSaveRequest;
use crate::api::draft::FieldValue;
use crate::api::error::ErrorCode;
use crate::api::session::SignInRequest;
use crate::error::AppError;
use crate::state::App;

/// Who of the demo's staff may grant and register.
const WHO: &str = "pia";
/// The step on which a decision is made.
const DECISION: u8 = 5;

/// How each case stands, one for each of the demo's citizens.
#[derive(Clone, Copy)]
enum Stands {
    /// Granted, and registered in the national register: the receipt is due.
    Registered,
    /// Granted; the registration is due.
    Granted,
    /// Handed in: a decision is due.
    HandedIn,
    /// The citizen withdrew.
    Withdrawn,
}

const STORY: [Stands; 4] = [
    Stands::Registered,
    Stands::Granted,
    Stands::HandedIn,
    Stands::Withdrawn,
];

impl App {
    /// Opens the demo's cases where it has none, and gives how many it has now. Whoever was signed in is signed out.
    ///
    /// # Errors
    /// `BadProfile` where this is no demo; what the use cases report.
    pub fn open_demo_cases(&self) -> Result<u64, AppError> {
        let no_demo = || AppError::of(ErrorCode::BadProfile);
        let profile = self.forms.profile("demo")?;
        let demo = profile.demo.as_ref().ok_or_else(no_demo)?;
        self.sign_in(SignInRequest {
            user_name: WHO.to_owned(),
            password: demo.password.clone(),
        })?;
        if self.sync_status(())?.cases == 0 {
            let ordinary = |citizen: &&DemoCitizen| {
                citizen.register == "not_exempt" && !citizen.deceased && !citizen.address_protected
            };
            for (stands, citizen) in STORY.iter().zip(demo.citizens.iter().filter(ordinary)) {
                self.open_demo_case(*stands, citizen)?;
            }
        }
        let cases = self.sync_status(())?.cases;
        self.sign_out(())?;
        Ok(cases)
    }

    fn open_demo_case(&self, stands: Stands, citizen: &DemoCitizen) -> Result<(), AppError> {
        let draft = self.draft_new(())?;
        let mut fields = draft.fields;
        for (id, text) in [
            ("id_kind", "passport"),
            ("cpr", &citizen.cpr),
            ("citizen_name", &citizen.name),
            ("citizen_address", &citizen.address),
            ("register_seen", &citizen.register),
            ("unopened_post", "registered_address"),
        ] {
            fields.insert(id.to_owned(), FieldValue::Text(text.to_owned()));
        }
        for id in ["id_checked", "declared", "request_signed"] {
            fields.insert(id.to_owned(), FieldValue::Flag(true));
        }
        self.draft_save(DraftSaveRequest {
            id: draft.id.clone(),
            step: DECISION,
            fields,
        })?;
        let case = self.decide(DecideRequest {
            draft_id: Some(draft.id),
            case_id: None,
            decision: match stands {
                Stands::Registered | Stands::Granted => Decision::Grant { duration: None },
                Stands::HandedIn => Decision::HandIn,
                Stands::Withdrawn => Decision::Withdraw,
            },
            no_conflict_of_interest: true,
        })?;
        if matches!(stands, Stands::Registered) {
            self.tick(TickRequest::Registered {
                case_id: case.row.id,
                reference: String::new(),
                registered_at: None,
            })?;
        }
        Ok(())
    }
}
