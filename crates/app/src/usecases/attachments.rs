//! Attaching files to a draft or a case, and looking at safe copies of them.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::{CaseId, Sha256Digest};
use skranke_domain::role::Act;
use skranke_protocol::problem::ProblemCode;
use skranke_store::{Action, Entry, ReadHandle};
use skranke_sync::SyncError;

use crate::api::draft::{
    AttachRequest, AttachmentCopy, AttachmentRef, AttachmentView, ScreenSignatureRequest,
};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::intake::{self, Intake};
use crate::present::rfc3339;
use crate::record::{Command, load};
use crate::rights::OPEN_WORK;
use crate::state::{App, AtWork};
use crate::usecases::{cases, drafts};

impl App {
    /// Attaches the file at `request.path`. The shell has asked for the path where the window gave none.
    ///
    /// # Errors
    /// What is wrong with the file, in the words of [`intake::take`]; nothing that was typed is lost.
    pub fn attach(&self, request: AttachRequest) -> Result<AttachmentView, AppError> {
        let path = request
            .path
            .as_deref()
            .ok_or_else(AppError::malformed_request)?;
        let purpose = AttachmentPurpose::from_code(&request.purpose)
            .ok_or_else(AppError::malformed_request)?;
        self.at_work(|work| match (&request.draft_id, &request.case_id) {
            (None, Some(case)) => work.may(Act::Supplement, case_of(case)?, None).map(|_| ()),
            (Some(_), _) | (None, None) => work.session.needs(Act::Supplement),
        })?;
        // Reading and decoding happen before the store is touched.
        let taken = intake::take(Path::new(path))?;
        self.attach_taken(
            request.draft_id.as_deref(),
            request.case_id.as_deref(),
            purpose,
            taken,
        )
    }

    /// Attaches a signature drawn on the screen, where the profile allows signing there (practice 12).
    ///
    /// # Errors
    /// `NotPermitted` where the profile does not allow it.
    pub fn screen_signature(
        &self,
        request: ScreenSignatureRequest,
    ) -> Result<AttachmentView, AppError> {
        let allowed =
            self.at_work(|work| Ok(self.profile(work.store)?.practice.screen_signature))?;
        if !allowed {
            return Err(AppError::of(ErrorCode::NotPermitted));
        }
        let png = STANDARD
            .decode(request.png_base64.as_bytes())
            .map_err(|_| AppError::of(ErrorCode::FileDamaged))?;
        // What is of another kind is refused before anything draws or decodes it.
        if intake::media_type(&png).is_some_and(|(kind, _)| kind != "image/png") {
            return Err(AppError::of(ErrorCode::FileTypeUnsupported));
        }
        let taken = intake::accept(png, "underskrift.png")?;
        self.attach_taken(
            Some(&request.draft_id),
            None,
            AttachmentPurpose::ScreenSignature,
            taken,
        )
    }

    fn attach_taken(
        &self,
        draft_id: Option<&str>,
        case_id: Option<&str>,
        purpose: AttachmentPurpose,
        taken: Intake,
    ) -> Result<AttachmentView, AppError> {
        let digest = Sha256Digest::from_bytes(Sha256::digest(&taken.original).into());
        let size_bytes = taken.original.len() as u64;
        self.at_work(|work| {
            work.session.needs(Act::Supplement)?;
            let view = AttachmentView {
                digest: digest.to_string(),
                purpose: purpose.code().to_owned(),
                media_type: taken.media_type.to_owned(),
                size_bytes,
                file_name: taken.file_name.clone(),
                added_at: rfc3339(work.legal_now),
            };
            let copy = Some(("image/png", taken.copy.as_slice()));
            match (draft_id, case_id) {
                (Some(draft), None) => {
                    let entry =
                        Entry::new(Action::AttachmentStored, work.now).on(digest.to_string());
                    let mut write = work.store.write(&work.actor, entry)?;
                    write.store_attachment(taken.media_type, &taken.original, copy)?;
                    drafts::add_attachment(
                        &mut write,
                        work.session.staff,
                        work.legal_now,
                        draft,
                        &view,
                    )?;
                    write.commit()?;
                }
                (None, Some(case)) => {
                    let id = case_of(case)?;
                    let tenant = self.tenant(work.store)?;
                    let mut command = Command::on(work, &tenant, id)?;
                    command
                        .write
                        .store_attachment(taken.media_type, &taken.original, copy)?;
                    command.add(Event::AttachmentAdded(AttachmentAdded {
                        digest,
                        purpose,
                        media_type: view.media_type.clone(),
                        size_bytes,
                        file_name: view.file_name.clone(),
                    }))?;
                    command.save()?;
                }
                (Some(_), Some(_)) | (None, None) => return Err(AppError::malformed_request()),
            }
            Ok(view)
        })
    }

    /// A copy to look at: pictures encoded anew, the pages of a PDF drawn. The look is logged. A file of another computer
    /// is fetched from the central store.
    ///
    /// A file is asked for where it belongs: in a draft, or in a case under the same rule of purpose as the case. A
    /// scan says who came and may say more, so a role that may not see the channel opens those of drafts alone: there
    /// it writes the channel itself (practice 13).
    ///
    /// # Errors
    /// `NotFound` where the case or draft has no such file, `PurposeMissing`, `NotPermitted`; `AttachmentElsewhere` and
    /// `AttachmentNotSent` where it is not on this computer and cannot be fetched.
    pub fn attachment_copy(&self, request: AttachmentRef) -> Result<AttachmentCopy, AppError> {
        let missing = || AppError::of(ErrorCode::NotFound);
        let digest: Sha256Digest = request.digest.parse().map_err(|_| missing())?;
        let (entry, purpose, case) = self.at_work(|work| {
            work.session.needs(Act::ReadCase)?;
            let entry = Entry::new(Action::AttachmentRead, work.now).on(digest.to_string());
            match (&request.case_id, &request.draft_id) {
                (None, Some(draft)) => {
                    work.session.needs(Act::Capture)?;
                    let draft = drafts::load(&work, draft)?;
                    let mut files = draft.files.iter();
                    let holds = files.any(|file| file.digest == request.digest);
                    if let (false, Some(continued)) = (holds, &draft.continues) {
                        // What the case it adds to holds is shown in the draft too.
                        work.session.needs(Act::SeeChannel)?;
                        let case = continued.case()?;
                        holds_file(&work, case, digest)?;
                        let entry = entry.on_case(case).because(OPEN_WORK);
                        Ok((entry, OPEN_WORK, Some(case)))
                    } else if holds {
                        Ok((entry, OPEN_WORK, None))
                    } else {
                        Err(missing())
                    }
                }
                (Some(case), None) => {
                    let case = case_of(case)?;
                    work.session.needs(Act::SeeChannel)?;
                    let stated = cases::purpose(request.purpose.as_deref())?;
                    let purpose = work.may(Act::ReadCase, case, stated)?;
                    holds_file(&work, case, digest)?;
                    let entry = entry.on_case(case).because(purpose);
                    Ok((entry, purpose, Some(case)))
                }
                (Some(_), Some(_)) | (None, None) => Err(AppError::malformed_request()),
            }
        })?;
        let here = self.at_work(|work| {
            work.store.write(&work.actor, entry)?.commit()?;
            kept_copy(&work.store.read()?, digest)
        })?;
        match (here, case) {
            (Some(copy), _) => Ok(copy),
            (None, Some(case)) => self.copy_from_central_store(case, digest, purpose),
            // A draft's own file was never anywhere else.
            (None, None) => Err(AppError::of(ErrorCode::AttachmentNotSent)),
        }
    }

    /// A copy of a file that was attached on another computer, made for this one look.
    ///
    /// Nothing of it is kept here: a lost computer holds no scan but its own, and each look is logged where the file
    /// lies (decision 35).
    fn copy_from_central_store(
        &self,
        case: CaseId,
        digest: Sha256Digest,
        purpose: &str,
    ) -> Result<AttachmentCopy, AppError> {
        let fetched = self.as_person(|client, session| {
            match client.download(session, (case, &digest), purpose) {
                Err(SyncError::Refused {
                    code: ProblemCode::NotFound,
                    ..
                }) => Ok(None),
                fetched => fetched.map(Some),
            }
        });
        let original = fetched.map_err(|error| {
            if error.code == ErrorCode::OnlineOnly {
                AppError::of(ErrorCode::AttachmentElsewhere)
            } else {
                error
            }
        })?;
        let original = original.ok_or_else(|| AppError::of(ErrorCode::AttachmentNotSent))?;
        made_anew(original)
    }
}

/// The copy of a file that is kept on this computer; of a file that was taken before PDFs were drawn it is made now.
fn kept_copy(
    read: &ReadHandle<'_>,
    digest: Sha256Digest,
) -> Result<Option<AttachmentCopy>, AppError> {
    let Some(row) = read.attachment(digest)? else {
        return Ok(None);
    };
    if row.view_media_type.as_deref() == Some("image/png") {
        return Ok(Some(to_look_at(&read.attachment_view(digest)?)));
    }
    made_anew(read.attachment_original(digest)?.to_vec()).map(Some)
}

fn made_anew(original: Vec<u8>) -> Result<AttachmentCopy, AppError> {
    Ok(to_look_at(&intake::accept(original, "")?.copy))
}

fn to_look_at(copy: &[u8]) -> AttachmentCopy {
    let pages = intake::pictures(copy).into_iter();
    AttachmentCopy {
        pages: pages.map(|page| STANDARD.encode(page)).collect(),
    }
}

fn holds_file(work: &AtWork<'_>, case: CaseId, digest: Sha256Digest) -> Result<(), AppError> {
    let case = load(&work.store.read()?, case)?.case;
    let mut files = case.attachments.iter();
    if files.any(|file| file.value.digest == digest) {
        Ok(())
    } else {
        Err(AppError::of(ErrorCode::NotFound))
    }
}

fn case_of(text: &str) -> Result<CaseId, AppError> {
    text.parse()
        .map_err(|_| AppError::of(ErrorCode::CaseNotFound))
}
