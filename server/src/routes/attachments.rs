//! Attachments: how much is there, the next piece, the whole.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use skranke_domain::ids::{CaseId, Sha256Digest};
use skranke_domain::rehearsal;
use skranke_domain::role::Leave;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::proof::BodyDigest;
use skranke_protocol::wire::{
    CASE, MAX_ATTACHMENT_BYTES, MAX_CHUNK_BYTES, PURPOSE, PURPOSES, Scope, UPLOAD_COMPLETE,
    UPLOAD_LENGTH, UPLOAD_OFFSET, UPLOAD_SEALED,
};
use uuid::Uuid;

use crate::attachments::{AttachmentError, Finished, Piece};
use crate::auth::Call;
use crate::central::Central;
use crate::incoming::Incoming;
use crate::log;
use crate::ownership::{Doer, look_at_file};
use crate::policy::FILE;
use crate::problem::{Answer, Refusal};
use crate::store::{Attachment, AuditRow};

/// How much longer than another body a file may take on its way. Who sends it gives up sooner, and goes on.
const BODY_TIMES: u32 = 2;
/// What a piece counts at least: with one byte a file is begun, too.
const LEAST_BYTES: usize = 64 * 1024;

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

/// Appends to an attachment at its offset: the rest of it, or a part of the rest. What came of a body that was cut off
/// is kept.
#[utoipa::path(
    patch,
    path = "/v1/attachments/{digest}",
    operation_id = "attachment_patch",
    params(
        ("digest" = String, Path, description = "SHA-256 of the content, 64 small hexadecimal digits"),
        ("upload-offset" = u64, Header, description = "Where the body begins"),
        ("upload-length" = u64, Header, description = "Bytes of the whole"),
        ("upload-sealed" = Option<String>, Header, description = "`?1` where the body is one box of the server's recovery key, of 1 MiB at most; offset and length are those of what is in the boxes"),
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
    body: Body,
) -> Answer<Response> {
    // By itself: whoever hangs up ends the request, and what came until then is still to be kept.
    let taking = tokio::spawn(async move {
        let within = BODY_TIMES * central.body_within;
        let mut incoming = Incoming::new(body, FILE, within);
        let taken = take(&central, &call, digest, &mut incoming).await;
        incoming.pass().await;
        taken
    });
    taking
        .await
        .map_err(|_| Refusal::from(ProblemCode::Unavailable))?
}

/// Takes a body in, piece by piece: the next one arrives while one is sealed and written.
async fn take(
    central: &Arc<Central>,
    call: &Call,
    digest: Sha256Digest,
    incoming: &mut Incoming,
) -> Answer<Response> {
    let mut at = number(call, UPLOAD_OFFSET)?;
    let length = number(call, UPLOAD_LENGTH)?;
    if length > MAX_ATTACHMENT_BYTES {
        return Err(ProblemCode::TooLarge.into());
    }
    if length == 0 {
        return Err(Refusal::of(ProblemCode::BadParameter, UPLOAD_LENGTH));
    }
    if let Some(attachment) = complete(central, call, digest).await? {
        return Ok(progress(attachment.size_bytes, true));
    }
    let is_sealed = match call.text(UPLOAD_SEALED) {
        None | Some("?0") => false,
        Some("?1") => true,
        Some(_) => return Err(Refusal::of(ProblemCode::BadParameter, UPLOAD_SEALED)),
    };
    let by = Uuid::now_v7();
    // What was proved of a box is the box.
    let is_all_of_it =
        !is_sealed && at == 0 && call.digest == BodyDigest::from_bytes(*digest.as_bytes());
    let mut wrote = false;
    let mut came = incoming.piece(MAX_CHUNK_BYTES).await;
    loop {
        if is_sealed {
            came = opened(central, call, incoming, &came).await?;
        }
        let behind = at + came.len() as u64;
        if behind == length {
            incoming.end().await?;
        }
        let is_last = incoming.is_over();
        let tenant = call.tenant()?.to_owned();
        if is_last && is_another(call, incoming) {
            if wrote {
                let forget =
                    move |central: &Central| Ok(central.attachments.forget(&tenant, &digest));
                let forgotten = central.read(forget).await?;
                forgotten.map_err(|error| failed(&error))?;
            }
            // What was proved by the file's own name is not the file; otherwise it is not what was proved.
            let why = if is_all_of_it {
                ProblemCode::ContentMismatch
            } else {
                ProblemCode::NotAuthenticated
            };
            return Err(why.into());
        }
        call.weigh(central, came.len().max(LEAST_BYTES))?;
        let piece = Piece {
            by,
            offset: at,
            bytes: came,
            // Compared just now.
            is_the_file: is_last && is_all_of_it,
        };
        let append = central.read(move |central| {
            let folder = &central.attachments;
            Ok(folder.append((&tenant, &digest), length, piece))
        });
        let (appended, next) = tokio::join!(append, incoming.piece(MAX_CHUNK_BYTES));
        match appended? {
            Ok(None) => wrote = true,
            Ok(Some(finished)) => {
                let attachment = record(central, call, digest, finished).await?;
                rehearsal::point("upload.recorded");
                return Ok(progress(attachment.size_bytes, true));
            }
            // Nothing new so far: it came with a request that was given up, and what is new may follow.
            Err(AttachmentError::Offset(held)) if behind <= held && !is_last => {}
            Err(AttachmentError::Offset(held)) => {
                let whole = complete(central, call, digest).await?;
                return Ok(whole.map_or_else(
                    || elsewhere(held),
                    |attachment| progress(attachment.size_bytes, true),
                ));
            }
            Err(AttachmentError::Content) => return Err(ProblemCode::ContentMismatch.into()),
            Err(error @ AttachmentError::Io(_)) => return Err(failed(&error)),
        }
        at = behind;
        if is_last {
            incoming.digest()?;
            return Ok(progress(at, false));
        }
        came = next;
    }
}

/// What is in a box that left a laptop sealed, once all of it is here as it was proved.
async fn opened(
    central: &Central,
    call: &Call,
    incoming: &mut Incoming,
    sealed: &[u8],
) -> Answer<Vec<u8>> {
    incoming.end().await?;
    if is_another(call, incoming) {
        return Err(ProblemCode::NotAuthenticated.into());
    }
    // What is in it is judged by the whole.
    let piece = central.recovery.open(sealed);
    piece.map_err(|_| ProblemCode::ContentMismatch.into())
}

/// Whether a body that came whole is another than the one that was proved.
fn is_another(call: &Call, incoming: &Incoming) -> bool {
    incoming.digest().is_ok_and(|digest| digest != call.digest)
}

/// The upload stands elsewhere than the sender thought.
fn elsewhere(held: u64) -> Response {
    let mut response = Refusal::of(ProblemCode::StateMismatch, UPLOAD_OFFSET).into_response();
    response
        .headers_mut()
        .insert(HeaderName::from_static(UPLOAD_OFFSET), held.into());
    response
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
    let offset = offset.map_err(|error| failed(&error))?;
    // It may have been finished while its end was waited for.
    let finished = if offset == 0 {
        complete(central, call, digest).await?
    } else {
        None
    };
    Ok(finished.map_or(Standing::Partial(offset), Standing::Complete))
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
