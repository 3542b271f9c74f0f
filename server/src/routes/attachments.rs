//! Attachments: how much is there, the next piece, the whole.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use skranke_domain::ids::{CaseId, Sha256Digest};
use skranke_domain::rehearsal;
use skranke_domain::role::Leave;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    CASE, MAX_ATTACHMENT_BYTES, PURPOSE, PURPOSES, Scope, UPLOAD_COMPLETE, UPLOAD_LENGTH,
    UPLOAD_OFFSET, UPLOAD_SEALED,
};
use uuid::Uuid;

use crate::attachments::{AttachmentError, Finished};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::ownership::{Doer, look_at_file};
use crate::problem::{Answer, Refusal};
use crate::store::{Attachment, AuditRow};

/// How much of an attachment is there; 404 where nothing is yet.
#[utoipa::path(
    head,
    path = "/v1/attachments/{digest}",
    operation_id = "attachment_head",
    params(("digest" = String, Path, description = "SHA-256 of the content, 64 small hexadecimal digits")),
    responses((status = 204, description = "So much is there", headers(
        ("upload-offset" = u64, description = "Bytes held"),
        ("upload-complete" = String, description = "`?1` where it is whole, otherwise `?0`"),
    ))),
    security(("device" = [])),
)]
pub(super) async fn head(
    State(central): State<Arc<Central>>,
    Name(digest): Name,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    match standing(&central, &call, digest).await? {
        Standing::Complete(attachment) => Ok(progress(attachment.size_bytes, true)),
        Standing::Partial(0) => Err(ProblemCode::NotFound.into()),
        Standing::Partial(offset) => Ok(progress(offset, false)),
    }
}

/// Appends a piece to an attachment at its offset.
#[utoipa::path(
    patch,
    path = "/v1/attachments/{digest}",
    operation_id = "attachment_patch",
    params(
        ("digest" = String, Path, description = "SHA-256 of the content, 64 small hexadecimal digits"),
        ("upload-offset" = u64, Header, description = "Where the piece begins"),
        ("upload-length" = u64, Header, description = "Bytes of the whole"),
        ("upload-sealed" = Option<String>, Header, description = "`?1` where the piece is in a box of the server's recovery key; offset and length are those of what is in the boxes"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Appended", headers(
        ("upload-offset" = u64, description = "Bytes held"),
        ("upload-complete" = String, description = "`?1` where it is whole, otherwise `?0`"),
    ))),
    security(("device" = [])),
)]
pub(super) async fn patch(
    State(central): State<Arc<Central>>,
    Name(digest): Name,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let offset = number(&call, UPLOAD_OFFSET)?;
    let length = number(&call, UPLOAD_LENGTH)?;
    if length > MAX_ATTACHMENT_BYTES {
        return Err(ProblemCode::TooLarge.into());
    }
    if length == 0 {
        return Err(Refusal::of(ProblemCode::BadParameter, UPLOAD_LENGTH));
    }
    if let Some(attachment) = complete(&central, &call, digest).await? {
        return Ok(progress(attachment.size_bytes, true));
    }
    let tenant = call.tenant()?.to_owned();
    let piece = piece(&central, &call)?;
    let size = piece.len() as u64;
    let result = central
        .read(move |central| {
            let folder = &central.attachments;
            Ok(folder.append((&tenant, &digest), (offset, length), &piece))
        })
        .await?;
    match result {
        Ok(None) => Ok(progress(offset + size, false)),
        Ok(Some(finished)) => {
            let attachment = record(&central, &call, digest, finished).await?;
            rehearsal::point("upload.recorded");
            Ok(progress(attachment.size_bytes, true))
        }
        Err(AttachmentError::Offset(held)) => {
            let mut response =
                Refusal::of(ProblemCode::StateMismatch, UPLOAD_OFFSET).into_response();
            response
                .headers_mut()
                .insert(HeaderName::from_static(UPLOAD_OFFSET), held.into());
            Ok(response)
        }
        Err(AttachmentError::Content) => Err(ProblemCode::ContentMismatch.into()),
        Err(error @ AttachmentError::Io(_)) => Err(failed(&error)),
    }
}

/// The piece as it is in the file. One that left a laptop sealed is opened here; what is in it is judged by the whole.
fn piece(central: &Central, call: &Call) -> Answer<Bytes> {
    match call.text(UPLOAD_SEALED) {
        None | Some("?0") => Ok(call.body.clone()),
        Some("?1") => match central.recovery.open(&call.body) {
            Ok(piece) => Ok(piece.into()),
            Err(_) => Err(ProblemCode::ContentMismatch.into()),
        },
        Some(_) => Err(Refusal::of(ProblemCode::BadParameter, UPLOAD_SEALED)),
    }
}

/// The sealed original, in a case that names it, for a person who may look at that case and sees who came; audited.
#[utoipa::path(
    get,
    path = "/v1/attachments/{digest}",
    operation_id = "attachment_fetch",
    params(
        ("digest" = String, Path, description = "SHA-256 of the content, 64 small hexadecimal digits"),
        ("skranke-case" = String, Header, description = "The case that names it"),
        ("skranke-purpose" = String, Header, description = "Why, as a code; it is logged"),
    ),
    responses((status = 200, description = "The content, as its own type", content_type = "*/*", body = Vec<u8>)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn fetch(
    State(central): State<Arc<Central>>,
    Name(digest): Name,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let purpose = call
        .text(PURPOSE)
        .filter(|stated| PURPOSES.contains(stated))
        .ok_or(Refusal::of(ProblemCode::BadParameter, PURPOSE))?;
    let case_id: CaseId = call
        .text(CASE)
        .and_then(|case| case.parse().ok())
        .ok_or(Refusal::of(ProblemCode::BadParameter, CASE))?;
    let Standing::Complete(attachment) = standing(&central, &call, digest).await? else {
        return Err(ProblemCode::NotFound.into());
    };
    let (device, person) = (call.device()?, call.person()?);
    let row = AuditRow {
        id: Uuid::now_v7(),
        at: log::now(),
        device_id: device.id,
        staff_id: Some(person.staff_id),
        action: "attachment_read",
        purpose: purpose.to_owned(),
        case_id: Some(case_id),
        citizen_digest: None,
        detail: digest.to_string(),
    };
    let doer = Doer {
        staff_id: person.staff_id,
        device_id: device.id,
        is_given_cases: device.scope == Scope::OwnCases,
    };
    let roles = person.roles.clone();
    let looked = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let history = transaction.case_history(case_id)?;
            let leave = look_at_file((case_id, &history), &digest, &roles, doer);
            if leave.is_some_and(|leave| leave != Leave::Never) {
                transaction.audit(&row)?;
            }
            Ok(leave)
        })
        .await?;
    match looked {
        None => return Err(ProblemCode::NotFound.into()),
        Some(Leave::Never) => return Err(ProblemCode::NotPermitted.into()),
        Some(Leave::Free | Leave::ForPurpose) => {}
    }
    let tenant = call.tenant()?.to_owned();
    let bytes = central
        .read(move |central| Ok(central.attachments.read(&tenant, &digest)))
        .await?;
    let bytes = bytes.map_err(|error| failed(&error))?;
    Ok((
        StatusCode::OK,
        [(header::CONTENT_TYPE, attachment.media_type)],
        bytes,
    )
        .into_response())
}

/// The name of an attachment in the path: its digest. What is none names nothing.
pub(super) struct Name(Sha256Digest);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let not_found = Refusal::from(ProblemCode::NotFound);
        let Path(name) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| not_found)?;
        // Capitals would be a second name for the same content.
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(not_found);
        }
        name.parse().map(Self).map_err(|_| not_found)
    }
}

enum Standing {
    Complete(Attachment),
    Partial(u64),
}

async fn standing(central: &Arc<Central>, call: &Call, digest: Sha256Digest) -> Answer<Standing> {
    if let Some(attachment) = complete(central, call, digest).await? {
        return Ok(Standing::Complete(attachment));
    }
    let tenant = call.tenant()?.to_owned();
    let offset = central
        .read(move |central| Ok(central.attachments.offset(&tenant, &digest)))
        .await?;
    Ok(Standing::Partial(offset.map_err(|error| failed(&error))?))
}

/// An attachment that is there whole.
async fn complete(
    central: &Arc<Central>,
    call: &Call,
    digest: Sha256Digest,
) -> Answer<Option<Attachment>> {
    let tenant = call.tenant()?.to_owned();
    let (is_there, known) = {
        let tenant = tenant.clone();
        let look = move |central: &Central| {
            // A row alone is no scan: where its file is missing, a desktop that holds it sends it again.
            let is_there = central.attachments.is_there(&tenant, &digest);
            let row = is_there.then(|| central.store.attachment(&tenant, &digest));
            Ok((is_there, row.transpose()?.flatten()))
        };
        central.read(look).await?
    };
    if known.is_some() || !is_there {
        return Ok(known);
    }
    let finished = central
        .read(move |central| Ok(central.attachments.finished(&tenant, &digest)))
        .await?;
    match finished.map_err(|error| failed(&error))? {
        Some(finished) => Ok(Some(record(central, call, digest, finished).await?)),
        None => Ok(None),
    }
}

async fn record(
    central: &Arc<Central>,
    call: &Call,
    digest: Sha256Digest,
    finished: Finished,
) -> Answer<Attachment> {
    let attachment = Attachment {
        digest,
        size_bytes: finished.size_bytes,
        media_type: finished.media_type.to_owned(),
    };
    let row = attachment.clone();
    central
        .writers
        .write(call.tenant()?, move |transaction| {
            transaction.insert_attachment(&row, log::now())
        })
        .await?;
    Ok(attachment)
}

fn progress(offset: u64, is_complete: bool) -> Response {
    let complete = if is_complete { "?1" } else { "?0" };
    let headers = [
        (HeaderName::from_static(UPLOAD_OFFSET), offset.to_string()),
        (
            HeaderName::from_static(UPLOAD_COMPLETE),
            complete.to_owned(),
        ),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn number(call: &Call, name: &'static str) -> Answer<u64> {
    call.text(name)
        .and_then(|text| text.parse().ok())
        .ok_or(Refusal::of(ProblemCode::BadParameter, name))
}

fn failed(error: &AttachmentError) -> Refusal {
    log::failure("attachment_failed", error);
    if error.is_for_want_of_room() {
        return Refusal::of(ProblemCode::Unavailable, "disk");
    }
    ProblemCode::Unavailable.into()
}
