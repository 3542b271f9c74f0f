//! Papers of a case or a draft: preview, and what is recorded once one was printed or saved.

use std::sync::{MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Datelike;
use sha2::{Digest, Sha256};
use skranke_documents::{CopyMark, RenderOptions, RenderedPaper};
use skranke_domain::case::{Case, CaseState, Recorded, act_of, check};
use skranke_domain::danish_time;
use skranke_domain::event::{Event, PaperIssued, PaperKind, RegisterStatus};
use skranke_domain::ids::{CaseId, Sha256Digest, StaffId};
use skranke_domain::role::{Act, any_permits};
use skranke_protocol::receipt_code::{self, DeviceCertificate, ReceiptStatement};
use skranke_store::{Action, Actor, Entry, ReadHandle};

use crate::api::error::ErrorCode;
use crate::api::paper::{PaperCameOut, PaperRequest, PaperView};
use crate::error::AppError;
use crate::explain;
use crate::intake;
use crate::papers;
use crate::present::discretion;
use crate::record::{Command, Loaded, load};
use crate::state::{App, AtWork, Desk, Session, why_closed};
use crate::usecases::{drafts, paper_number, said_yes, settings};

/// A paper that was rendered and not yet recorded as issued.
pub struct Prepared {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// What the window shows of it.
    pub view: PaperView,
    /// What will be recorded; `None` for a draft's form.
    issue: Option<Issue>,
}

/// That a paper of a case went out, and who handed it out: theirs it is, whoever sits there when it is recorded.
struct Issue {
    case: CaseId,
    paper: PaperIssued,
    session: Session,
    actor: Actor,
}

impl App {
    /// Renders a paper to look at. Nothing is recorded but the look.
    ///
    /// # Errors
    /// `PaperDoesNotFit` when the case is not there yet, `CaseNotFound`, `DraftNotFound`.
    pub fn paper_preview(&self, request: PaperRequest) -> Result<PaperView, AppError> {
        Ok(self.paper_made(&request, false)?.view)
    }

    /// Renders a paper to be printed or saved. [`App::paper_record`] follows when that succeeded, so that a paper
    /// the printer did not take is not a copy the next time.
    ///
    /// # Errors
    /// As [`App::paper_preview`].
    pub fn paper_prepare(&self, request: &PaperRequest) -> Result<Prepared, AppError> {
        self.paper_made(request, true)
    }

    /// Makes a paper. One that may go out has a number of its own from now on; a look only shows the next.
    fn paper_made(&self, request: &PaperRequest, going_out: bool) -> Result<Prepared, AppError> {
        let kind = PaperKind::from_code(&request.kind).ok_or_else(AppError::malformed_request)?;
        self.paper_settle()?;
        self.at_work(|work| match (&request.case_id, &request.draft_id) {
            (Some(case), None) => self.of_case(work, case, kind, request, going_out),
            (None, Some(draft)) => self.of_draft(&work, draft, kind, request.large_print),
            (Some(_), Some(_)) | (None, None) => Err(AppError::malformed_request()),
        })
    }

    /// Held from making a paper until it is recorded or waits for its answer: of two people who hand out the same paper
    /// at the same moment, one has the original and the other a copy.
    pub fn one_paper_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.handing_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a paper was printed or saved, by whoever had it made: it is out, even where the window was locked
    /// meanwhile.
    ///
    /// # Errors
    /// `CharacterUnprintable` when the paper must not leave; what the store reports.
    pub fn paper_record(&self, prepared: &Prepared) -> Result<(), AppError> {
        let mut desk = self.lock();
        let recorded = self.record_on(&mut desk, prepared);
        recorded.map_err(|error| desk.after(error))
    }

    fn record_on(&self, desk: &mut Desk, prepared: &Prepared) -> Result<(), AppError> {
        may_leave(prepared)?;
        let Some(issue) = &prepared.issue else {
            return Ok(());
        };
        let closed = why_closed(desk.closed.as_ref());
        let moment = self.central_clock.moment();
        let work = AtWork {
            store: desk.store.as_mut().ok_or(closed)?,
            session: issue.session.clone(),
            actor: issue.actor.clone(),
            now: moment.own,
            legal_now: moment.legal,
        };
        let tenant = self.tenant(work.store)?;
        let entry = Entry::new(Action::PaperIssued, work.now)
            .on_case(issue.case)
            .on(issue.paper.kind.code());
        let mut command = Command::on(work, &tenant, issue.case)?;
        command.write.also(&entry)?;
        paper_number::used(&mut command.write, issue.case, issue.paper.kind)?;
        command.add(Event::PaperIssued(issue.paper.clone()))?;
        command.save()?;
        Ok(())
    }

    /// Keeps a paper the printer took until somebody says whether it came out. A form of a draft is never a copy
    /// and is not kept.
    ///
    /// # Errors
    /// `CharacterUnprintable`; what the store reports of the paper before it.
    pub fn paper_await(&self, prepared: Prepared) -> Result<(), AppError> {
        may_leave(&prepared)?;
        self.paper_settle()?;
        if prepared.issue.is_some() {
            *self.awaiting() = Some(prepared);
        }
        Ok(())
    }

    /// Whether the paper came out: if not, nothing was issued, and the next one has the same number and no copy mark.
    ///
    /// # Errors
    /// What the store reports; the paper is asked about again then.
    pub fn paper_came_out(&self, request: PaperCameOut) -> Result<(), AppError> {
        self.at_work(|_| Ok(()))?;
        if request.came_out {
            self.paper_settle()
        } else {
            *self.awaiting() = None;
            Ok(())
        }
    }

    /// A paper nobody answered for counts as handed out: a second one must say that it is a copy.
    pub(crate) fn paper_settle(&self) -> Result<(), AppError> {
        let mut desk = self.lock();
        let settled = self.settle_on(&mut desk);
        settled.map_err(|error| desk.after(error))
    }

    /// The same at a desk that is held already.
    pub(crate) fn settle_on(&self, desk: &mut Desk) -> Result<(), AppError> {
        let Some(prepared) = self.awaiting().take() else {
            return Ok(());
        };
        let recorded = self.record_on(desk, &prepared);
        if recorded.is_err() {
            *self.awaiting() = Some(prepared);
        }
        recorded
    }

    fn awaiting(&self) -> MutexGuard<'_, Option<Prepared>> {
        self.awaiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_draft(
        &self,
        work: &AtWork<'_>,
        draft: &str,
        kind: PaperKind,
        large_print: bool,
    ) -> Result<Prepared, AppError> {
        work.session.needs(Act::Capture)?;
        if !matches!(kind, PaperKind::Request | PaperKind::PowerOfAttorney) {
            return Err(AppError::of(ErrorCode::PaperDoesNotFit));
        }
        let draft = drafts::load(work, draft)?;
        let profile = &self.profile(work.store)?;
        // It was drawn under the request and stands on no other paper.
        let drawn = draft
            .screen_signature()
            .filter(|_| kind == PaperKind::Request);
        let desk = papers::Desk {
            forms: &self.forms,
            profile,
            location: self.location_name(
                work.store,
                crate::capture::Typed(&draft.fields).text("location"),
            )?,
            initials: work.session.initials.clone(),
            now: work.legal_now,
            number: String::new(),
            code: None,
            strokes: drawn_strokes(&work.store.read()?, drawn)?,
            sees_channel: true,
            chosen_offer: None,
            encloses: false,
        };
        let paper = papers::form_paper(&draft.fields, None, kind, &desk)?;
        let options = RenderOptions {
            large_print,
            copy_mark: None,
            created_at: work.legal_now,
        };
        let rendered = self.press.render(&paper, &options)?;
        let file_name = self
            .forms
            .texts()
            .say(&format!("file_name.{}", kind.code()), &[]);
        Ok(prepared(
            rendered,
            String::new(),
            0,
            format!("{file_name}.pdf"),
            None,
        ))
    }

    fn of_case(
        &self,
        mut work: AtWork<'_>,
        case: &str,
        kind: PaperKind,
        request: &PaperRequest,
        going_out: bool,
    ) -> Result<Prepared, AppError> {
        let id: CaseId = case
            .parse()
            .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
        work.may(Act::ReadCase, id, Some("paper"))?;
        let sees_channel = any_permits(&work.session.roles, Act::SeeChannel);
        if !sees_channel && !discretion::may_show_paper(kind) {
            return Err(AppError::of(ErrorCode::NotPermitted));
        }
        if going_out {
            work.session.needs(act_of_issuing(kind))?;
        }
        let entry = Entry::new(Action::CaseRead, work.now)
            .on_case(id)
            .on(kind.code())
            .because("paper");
        work.store.write(&work.actor, entry)?.commit()?;
        let mut read = work.store.read()?;
        let Loaded { case, recorded, .. } = load(&read, id)?;
        let own = read
            .own_device()?
            .ok_or_else(|| AppError::of(ErrorCode::FirstRunNeeded))?;
        let profile = &self.profile(work.store)?;
        let today = work.today();
        let issued_before: Vec<&PaperIssued> = case
            .papers
            .iter()
            .map(|paper| &paper.value)
            .filter(|paper| paper.kind == kind && still_counts(&case, paper, kind))
            .collect();
        let year = u16::try_from(today.year()).map_err(|_| AppError::of(ErrorCode::Internal))?;
        let copy = u16::try_from(issued_before.len()).unwrap_or(u16::MAX);
        // The receipt says that the citizen *is* exempt: a copy, or one asked for after the exemption ended, says so
        // on the register's word and not on ours.
        if kind == PaperKind::ExemptionReceipt && (copy > 0 || case.state == CaseState::Ended) {
            register_still_says_so(&case, today)?;
        }
        let fits = PaperIssued {
            kind,
            number: own.code.clone(),
            copy,
            digest: Sha256Digest::from_bytes([0; 32]),
            large_print: request.large_print,
        };
        let number = match issued_before.first() {
            Some(first) => first.number.clone(),
            None if going_out => {
                check(&case, &Event::PaperIssued(fits))?;
                drop(read);
                let number = paper_number::reserve(&mut work, id, kind, &own.code, year)?;
                read = work.store.read()?;
                number
            }
            None => paper_number::next(&read, id, kind, &own.code, year)?,
        };
        let who = who_acted(kind, &case, &recorded);
        let account = who.map(|staff| read.account(staff)).transpose()?.flatten();
        let drawn = explain::screen_signature(&case).filter(|_| kind == PaperKind::Request);
        let strokes = drawn_strokes(&read, drawn)?;
        let certificate: Option<String> = settings::read_in(&read, "device_certificate")?;
        let certificate = certificate
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| DeviceCertificate::from_bytes(&bytes).ok());
        let opened_at = case
            .opened
            .as_ref()
            .map(|opened| opened.location.clone())
            .unwrap_or_default();
        let code = (kind == PaperKind::ExemptionReceipt)
            .then_some(certificate.as_ref())
            .flatten()
            .and_then(|certificate| receipt_code_of(&case, &number, today, &own, certificate));
        let desk = papers::Desk {
            forms: &self.forms,
            profile,
            location: self.location_name(work.store, &opened_at)?,
            initials: account.map(|a| a.initials).unwrap_or_default(),
            now: work.legal_now,
            number: number.clone(),
            code,
            strokes,
            sees_channel,
            chosen_offer: said_yes::chosen_offer(&recorded).map(str::to_owned),
            encloses: request.enclosure,
        };
        let about = if kind == PaperKind::CorrectionToRightPerson {
            right_case(&read, &case)?
        } else {
            case.clone()
        };
        let paper = papers::compose(&about, kind, &desk)?;
        let copy_mark = (copy > 0).then(|| CopyMark {
            device_code: own.code.clone(),
            count: u32::from(copy),
            printed_at: danish_time::local(work.legal_now).naive_local(),
        });
        let options = RenderOptions {
            large_print: request.large_print,
            copy_mark,
            created_at: work.legal_now,
        };
        let rendered = self.press.render(&paper, &options)?;
        let digest = Sha256Digest::from_bytes(Sha256::digest(&rendered.pdf).into());
        let issued = PaperIssued {
            kind,
            number: number.clone(),
            copy,
            digest,
            large_print: request.large_print,
        };
        check(&case, &Event::PaperIssued(issued.clone()))?;
        let name = self
            .forms
            .texts()
            .say(&format!("file_name.{}", kind.code()), &[]);
        let file_name = match copy {
            0 => format!("{name}-{number}.pdf"),
            copy => {
                let said = self.forms.texts().say("file_name.copy", &[]);
                format!("{name}-{number}-{said}-{copy}.pdf")
            }
        };
        drop(read);
        let issue = Issue {
            case: id,
            paper: issued,
            session: work.session,
            actor: work.actor,
        };
        let mut prepared = prepared(rendered, number, copy, file_name, Some(issue));
        if let Some(letter) = papers::enclosure(kind) {
            let letter = self.forms.letter(letter)?;
            prepared.view.enclosure.clone_from(&letter.title);
        }
        Ok(prepared)
    }
}

/// The right to hand out a paper of this kind: asked for before it leaves, and again when it is recorded.
fn act_of_issuing(kind: PaperKind) -> Act {
    act_of(&Event::PaperIssued(PaperIssued {
        kind,
        number: String::new(),
        copy: 0,
        digest: Sha256Digest::from_bytes([0; 32]),
        large_print: false,
    }))
}

/// Who did what the paper is about: a reprint says the same as the first print, whoever prints it.
fn who_acted(kind: PaperKind, case: &Case, recorded: &[Recorded]) -> Option<StaffId> {
    let last = |did: fn(&Event) -> bool| {
        let mut newest_first = case.history.iter().rev();
        newest_first.find_map(|id| {
            let event = recorded.iter().find(|recorded| recorded.id == *id)?;
            event.event.as_ref().filter(|event| did(event))?;
            Some(event.actor)
        })
    };
    match kind {
        PaperKind::Request | PaperKind::PowerOfAttorney => case.identity.as_ref().map(|i| i.by),
        PaperKind::ExemptionReceipt | PaperKind::InterimPaper => {
            case.granted.as_ref().map(|granted| granted.by)
        }
        PaperKind::Refusal => case.refused.as_ref().map(|refused| refused.by),
        PaperKind::TakenBack => case.taken_back.as_ref().map(|taken| taken.by),
        PaperKind::Rejection => case.rejected.as_ref().map(|rejected| rejected.by),
        PaperKind::CorrectionToWrongPerson | PaperKind::CorrectionToRightPerson => {
            case.wrongly_created.as_ref().map(|wrong| wrong.by)
        }
        PaperKind::MissingInformation => {
            last(|event| matches!(event, Event::MarkedIncomplete { .. }))
        }
        PaperKind::HandInSlip => last(|event| matches!(event, Event::CaseOpened(_))),
        PaperKind::InformationSheet => last(|event| matches!(event, Event::HelpedInstead { .. })),
    }
}

/// The strokes of a signature drawn on the screen.
fn drawn_strokes(
    read: &ReadHandle<'_>,
    drawn: Option<Sha256Digest>,
) -> Result<Vec<papers::Stroke>, AppError> {
    match drawn {
        Some(digest) if read.attachment(digest)?.is_some() => {
            intake::strokes(&read.attachment_view(digest)?)
        }
        Some(_) | None => Ok(Vec::new()),
    }
}

/// The case of the person who should have been registered, as the letter about the mistake tells it. Nothing of the
/// person who was registered is in it but when the mistake was put right.
fn right_case(read: &ReadHandle<'_>, wrong: &Case) -> Result<Case, AppError> {
    let missing = || AppError::of(ErrorCode::PaperDoesNotFit);
    let corrected = wrong.wrongly_created.clone().ok_or_else(missing)?;
    let id = corrected.value.right_case.ok_or_else(missing)?;
    let mut right = load(read, id).map_err(|_| missing())?.case;
    right.wrongly_created = Some(corrected);
    Ok(right)
}

/// A copy says again that the citizen is exempt, and our record is not the register: someone must have looked there
/// today, or have made the registration today (practice 3).
fn register_still_says_so(case: &Case, today: chrono::NaiveDate) -> Result<(), AppError> {
    let is_today = |at| danish_time::date_at(at) == today;
    let registered = case.registered.as_ref();
    let look = case.register_look.as_ref().map(|look| look.value);
    let after_registration = |at| registered.is_none_or(|tick| at > tick.value.registered_at);
    match look.filter(|(at, _)| is_today(*at) && after_registration(*at)) {
        Some((_, RegisterStatus::Exempt)) => Ok(()),
        Some((_, RegisterStatus::NotExempt | RegisterStatus::NotRegistered)) => {
            Err(AppError::of(ErrorCode::PaperDoesNotFit))
        }
        None if case.is_exempt() && registered.is_some_and(|tick| is_today(tick.at)) => Ok(()),
        None => Err(AppError::of(ErrorCode::RegisterNotChecked)),
    }
}

fn receipt_code_of(
    case: &Case,
    number: &str,
    today: chrono::NaiveDate,
    own: &skranke_store::OwnDevice,
    certificate: &DeviceCertificate,
) -> Option<String> {
    let opened = case.opened.as_ref()?;
    let statement = ReceiptStatement {
        tenant: certificate.tenant.clone(),
        kind: PaperKind::ExemptionReceipt.code().to_owned(),
        paper_number: number.to_owned(),
        case_number: opened.number.to_string(),
        issued_on: today,
    };
    receipt_code::encode(&statement, certificate, &own.signing_key()).ok()
}

/// Whether an earlier issue makes the next one a copy. A receipt from before the registration was undone and made
/// anew carries other times, and one from before an extension another last day: the new one is an original.
fn still_counts(case: &Case, paper: &PaperIssued, kind: PaperKind) -> bool {
    if kind != PaperKind::ExemptionReceipt {
        return true;
    }
    let issued_at = case
        .papers
        .iter()
        .find(|issued| issued.value.digest == paper.digest)
        .map(|issued| issued.at);
    let registered = case.registered.as_ref().map(|tick| tick.at);
    let changed = registered.into_iter().chain(case.term_changed_at()).max();
    changed.is_none_or(|changed| issued_at.is_none_or(|at| at >= changed))
}

fn prepared(
    rendered: RenderedPaper,
    number: String,
    copy: u16,
    file_name: String,
    issue: Option<Issue>,
) -> Prepared {
    let view = PaperView {
        pdf_base64: STANDARD.encode(&rendered.pdf),
        number,
        pages: u16::try_from(rendered.pages).unwrap_or(u16::MAX),
        copy,
        uncovered: rendered.uncovered.iter().map(char::to_string).collect(),
        file_name,
        enclosure: String::new(),
    };
    Prepared {
        pdf: rendered.pdf,
        view,
        issue,
    }
}

/// A paper with a character no font has is named on screen and not handed out.
fn may_leave(prepared: &Prepared) -> Result<(), AppError> {
    every_character_prints(&prepared.view.uncovered)
}

/// # Errors
/// `CharacterUnprintable`, naming those no font has.
pub(crate) fn every_character_prints(uncovered: &[String]) -> Result<(), AppError> {
    if uncovered.is_empty() {
        return Ok(());
    }
    let characters = uncovered.join(" ");
    Err(AppError::of(ErrorCode::CharacterUnprintable)
        .with("characters", &characters)
        .with("field", characters))
}

/// Whether the paper may be printed or saved: asked before the printer is.
///
/// # Errors
/// `CharacterUnprintable`.
pub fn may_be_printed(prepared: &Prepared) -> Result<(), AppError> {
    may_leave(prepared)
}
