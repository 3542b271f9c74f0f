//! The municipality's profile: one administrator at a time makes the next edition, every device fetches it.
//!
//! The text is checked here exactly as a profile file is, whatever the window said. Editions are only added.
//! Basis: design, section 4 (profiles edited in the window) and section 3 (exactly one winner).

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use skranke_forms::{Forms, Profile};
use skranke_protocol::confirmation::Signed;
use skranke_protocol::instant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    MAX_EDITIONS, ProfileEdition, ProfileSaveAnswer, ProfileSaveRequest, ProfilesAnswer,
};
use uuid::Uuid;

use super::{answer, json, unpacked};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::policy::PROFILE_BODY_BYTES;
use crate::problem::{Answer, Refusal};
use crate::store::{AuditRow, CentralTransaction, Stored, StoredEdition};

/// Longest reason, in characters.
const LONGEST_REASON: usize = 400;
/// Longest initials, in characters.
const LONGEST_INITIALS: usize = 6;

/// The next edition of the municipality's profile; the one it was edited from must still be the newest.
#[utoipa::path(
    post,
    path = "/v1/profiles",
    operation_id = "profile_save",
    request_body = ProfileSaveRequest,
    responses((status = 200, description = "The edition as it was taken", body = ProfileSaveAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn save(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: ProfileSaveRequest = json(&unpacked(&call, PROFILE_BODY_BYTES)?)?;
    is_line(&request.initials, LONGEST_INITIALS, "initials")?;
    is_line(&request.reason, LONGEST_REASON, "reason")?;
    let profile = read(&request.text)?;
    if Some(profile.edition) != request.based_on.checked_add(1) {
        return Err(Refusal::of(ProblemCode::BadParameter, "text"));
    }
    let new = StoredEdition {
        edition: profile.edition,
        body: request.text,
        device_id: call.device()?.id,
        staff_id: call.person()?.staff_id,
        initials: request.initials,
        reason: request.reason,
        made_at: instant::to_millisecond(log::now()),
    };
    let known = {
        let (tenant, after) = (
            call.tenant()?.to_owned(),
            request.based_on.saturating_sub(1),
        );
        let found = central
            .read(move |central| central.store.editions(&tenant, after, 2))
            .await?;
        // Another municipality's profile cannot take this one's place.
        let is_other = |edition: &StoredEdition| {
            read(&edition.body).is_ok_and(|before| before.code != profile.code)
        };
        if found.iter().any(is_other) {
            return Err(Refusal::of(ProblemCode::BadParameter, "text"));
        }
        found
    };
    let taken = central
        .writers
        .write(call.tenant()?, move |transaction| {
            take(transaction, &new, &known)
        })
        .await?;
    let edition = taken.ok_or(Refusal::of(ProblemCode::StateMismatch, "based_on"))?;
    answer(
        call.headers(),
        &ProfileSaveAnswer {
            edition: signed(&central, call.tenant()?, edition)?,
            server_time: log::now(),
        },
    )
}

/// What the list is asked for.
#[derive(serde::Deserialize)]
pub(super) struct After {
    after: Option<u32>,
}

/// Adds the edition where it is the next one. The same edition again, as after an answer that was lost, is answered
/// with the one that was taken.
fn take(
    transaction: &mut dyn CentralTransaction,
    new: &StoredEdition,
    known: &[StoredEdition],
) -> Stored<Option<StoredEdition>> {
    let newest = transaction.newest_edition()?;
    if newest == new.edition {
        let same = |old: &&StoredEdition| {
            old.edition == new.edition && old.body == new.body && old.staff_id == new.staff_id
        };
        return Ok(known.iter().find(same).cloned());
    }
    if newest.checked_add(1) != Some(new.edition) {
        return Ok(None);
    }
    transaction.insert_edition(new)?;
    transaction.audit(&AuditRow {
        id: Uuid::now_v7(),
        at: new.made_at,
        device_id: new.device_id,
        staff_id: Some(new.staff_id),
        action: "profile_edited",
        purpose: "administration".to_owned(),
        case_id: None,
        citizen_digest: None,
        detail: new.edition.to_string(),
    })?;
    Ok(Some(new.clone()))
}

/// The editions of the profile after a number, oldest first.
#[utoipa::path(
    get,
    path = "/v1/profiles",
    operation_id = "profile_list",
    params(("after" = Option<u32>, Query, description = "The last edition known; all where left out")),
    responses((status = 200, description = "What came after it", body = ProfilesAnswer)),
    security(("device" = [])),
)]
pub(super) async fn list(
    State(central): State<Arc<Central>>,
    query: Result<Query<After>, QueryRejection>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let Query(After { after }) =
        query.map_err(|_| Refusal::of(ProblemCode::BadParameter, "after"))?;
    let after = after.unwrap_or(0);
    let tenant = call.tenant()?.to_owned();
    let editions = central
        .read(move |central| central.store.editions(&tenant, after, MAX_EDITIONS))
        .await?;
    // A row can be seen before the standby has it; this commit answers for what is handed out.
    central.writers.write(call.tenant()?, |_| Ok(())).await?;
    let editions = editions
        .into_iter()
        .map(|edition| signed(&central, call.tenant()?, edition))
        .collect::<Answer<_>>()?;
    answer(
        call.headers(),
        &ProfilesAnswer {
            editions,
            server_time: log::now(),
        },
    )
}

fn signed(
    central: &Central,
    tenant: &str,
    stored: StoredEdition,
) -> Answer<Signed<ProfileEdition>> {
    let edition = ProfileEdition {
        tenant: tenant.to_owned(),
        edition: stored.edition,
        text: stored.body,
        staff_id: stored.staff_id,
        initials: stored.initials,
        reason: stored.reason,
        made_at: stored.made_at,
    };
    Signed::new(&edition, &central.signing_key).map_err(|_| Refusal::from(ProblemCode::Unavailable))
}

/// The profile as this program reads it.
fn read(text: &str) -> Answer<Profile> {
    static FORMS: OnceLock<Option<Forms>> = OnceLock::new();
    FORMS
        .get_or_init(|| Forms::embedded().ok())
        .as_ref()
        .and_then(|forms| forms.edited_profile(text).ok())
        .ok_or(Refusal::of(ProblemCode::BadParameter, "text"))
}

fn is_line(text: &str, longest: usize, part: &'static str) -> Answer<()> {
    let length = text.trim().chars().count();
    if (1..=longest).contains(&length) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Refusal::of(ProblemCode::BadParameter, part))
    }
}
