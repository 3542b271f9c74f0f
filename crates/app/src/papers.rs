//! Which paper says what: letters and forms filled from a case, and handed to `documents` to be drawn.

mod carrier;

use chrono::{DateTime, NaiveDateTime, Utc};
use skranke_documents::papers::{
    CitizenOnPaper, FormField, FormPaper, FormPart, FormSignature, LetterKind, LetterPaper,
    PaperText, Words, cpr_on_paper, form_fields,
};
use skranke_documents::{Letterhead, Mark, Paper};
use skranke_domain::case::Case;
use skranke_domain::cpr::Purpose;
use skranke_domain::danish_time;
use skranke_domain::event::{Channel, PaperKind, ReceiptDelivery};
use skranke_domain::ids::CaseId;
use skranke_domain::rule_set::{Duration, LegalDays, RuleCode};
use skranke_forms::{DateWords, Form, Forms, LetterFacts, Profile, RuleTexts, Texts};
use uuid::Uuid;

use crate::api::draft::Fields;
use crate::api::error::ErrorCode;
use crate::capture;
use crate::error::AppError;
use crate::papers::carrier::carrier;
use crate::present::{duration_said, unopened_post_code};
use crate::usecases::cases::id_kind;

/// A line of a drawn signature: points between 0 and 1.
pub(crate) type Stroke = Vec<(f32, f32)>;

/// Everything a paper needs beside the case.
pub(crate) struct Desk<'a> {
    pub(crate) forms: &'a Forms,
    pub(crate) profile: &'a Profile,
    /// Name of the location.
    pub(crate) location: String,
    /// Initials of whoever did what the paper is about; empty where nobody did.
    pub(crate) initials: String,
    pub(crate) now: DateTime<Utc>,
    /// Number to print; empty on F1 and F2.
    pub(crate) number: String,
    /// Text of the QR code; `None` prints no code.
    pub(crate) code: Option<String>,
    /// The signature drawn on the screen, if there is one.
    pub(crate) strokes: Vec<Stroke>,
    /// Whether who looks may know who came. Otherwise the paper is made as if that were not known.
    pub(crate) sees_channel: bool,
    /// Code of the help that was chosen instead of an exemption.
    pub(crate) chosen_offer: Option<String>,
    /// Whether what goes with a paper of this kind follows on a page of its own.
    pub(crate) encloses: bool,
}

/// Code of the letter that goes with a paper of this kind. Basis: domain reference 3, step 8 (receipt *and* important
/// messages); row 2-15.
pub(crate) const fn enclosure(kind: PaperKind) -> Option<&'static str> {
    if matches!(kind, PaperKind::ExemptionReceipt) {
        Some("important_messages")
    } else {
        None
    }
}

/// Fills the paper of this kind from the case.
///
/// # Errors
/// `DocumentFailed` when a letter lacks a fact or the profile's mark is unusable.
pub(crate) fn compose(case: &Case, kind: PaperKind, desk: &Desk<'_>) -> Result<Paper, AppError> {
    let letter = match kind {
        PaperKind::Request | PaperKind::PowerOfAttorney => {
            return form_paper(&capture::retyped(case), Some(case), kind, desk);
        }
        PaperKind::ExemptionReceipt => {
            let (Some(granted), Some(registered)) = (&case.granted, &case.registered) else {
                return Err(AppError::of(ErrorCode::NotRegistered));
            };
            LetterKind::ExemptionReceipt {
                granted_at: danish(granted.value.decided_at),
                registered_at: danish(registered.value.registered_at),
            }
        }
        PaperKind::InterimPaper => LetterKind::Interim,
        PaperKind::Refusal if case.refused.is_none() => {
            return Err(AppError::of(ErrorCode::PaperDoesNotFit));
        }
        PaperKind::Refusal => LetterKind::Refusal {
            complaint_guidance: complaint_guidance(desk),
        },
        PaperKind::TakenBack => LetterKind::TakenBack {
            complaint_guidance: complaint_guidance(desk),
        },
        PaperKind::MissingInformation => LetterKind::MissingInformation,
        PaperKind::Rejection => LetterKind::Rejection,
        PaperKind::CorrectionToWrongPerson => LetterKind::CorrectionToWrongPerson,
        PaperKind::CorrectionToRightPerson => LetterKind::CorrectionToRightPerson,
        PaperKind::HandInSlip => LetterKind::HandInSlip,
        PaperKind::InformationSheet => LetterKind::Other,
    };
    let opened = case.opened.as_ref().filter(|_| desk.sees_channel);
    let channel = opened.map(|opened| opened.channel);
    let posted = case
        .receipt
        .as_ref()
        .is_some_and(|receipt| receipt.value.delivery == ReceiptDelivery::Posted);
    let carrier = carrier(kind, channel, posted);
    let citizen = citizen_on_paper(case, kind);
    let words = Words::from(desk.forms.texts());
    // A paper before the decision says what a decision made today would.
    let days = case.legal_days();
    let days = LegalDays {
        decided_on: days.decided_on.or(Some(danish_time::date_at(desk.now))),
        ..days
    };
    let rules = desk.forms.rules().rule_for(RuleCode::Receipt, &days);
    let mut facts = facts(case, desk, rules.map(|(set, _)| set));
    facts = facts.with("legal_basis", legal_basis(kind, &days, desk));
    if let (PaperKind::TakenBack, Some(taken)) = (kind, &case.taken_back) {
        let at = words.dates.date_time(danish(taken.value.decided_at));
        facts = facts
            .with("decided_at", at)
            .with("reasons", taken.value.reasons.clone());
    }
    if citizen.withholds_address(carrier) {
        facts = facts.with("citizen_address", words.address_withheld.clone());
    }
    let text = |code: &str| filled(code, &facts, desk.forms);
    let enclosed = enclosure(kind).filter(|_| desk.encloses);
    Ok(Paper::Letter(Box::new(LetterPaper {
        kind: letter,
        letterhead: letterhead(desk.profile, desk.forms.texts())?,
        text: text(kind.code())?,
        enclosed: enclosed.map(text).transpose()?,
        words,
        citizen,
        carrier,
        written_on: Some(danish_time::date_at(desk.now)),
        reasons: Vec::new(),
        code: desk.code.clone(),
        must_not_say: must_not_say(case, kind, desk),
        quoted: quoted(case, desk.profile),
    })))
}

/// The words of a letter.
fn filled(code: &str, facts: &LetterFacts, forms: &Forms) -> Result<PaperText, AppError> {
    let filled = forms.letter(code)?.fill(facts);
    let filled = filled.map_err(|_| AppError::of(ErrorCode::DocumentFailed))?;
    Ok(PaperText::from(filled))
}

/// What no wording may bring onto the paper: a number the profile masks, and on what the citizen keeps the grounds.
///
/// Basis: design, section 8 (receipts never name the criterion); domain reference 4.6.
fn must_not_say(case: &Case, kind: PaperKind, desk: &Desk<'_>) -> Vec<String> {
    let citizen = case.citizen.as_ref();
    let digits = citizen.map(|citizen| citizen.cpr.reveal_for(Purpose::Paper));
    let mut unsayable = match digits.filter(|_| desk.profile.practice.mask_cpr) {
        Some(digits) => vec![cpr_on_paper(&digits, false), digits],
        None => Vec::new(),
    };
    if is_receipt(kind) {
        let grounds = desk.forms.rules().all().iter().flat_map(|set| &set.grounds);
        unsayable.extend(grounds.map(|ground| ground.text.trim_end_matches('.').to_owned()));
    }
    unsayable
}

/// What stands on a letter and is not its own wording, line by line as it is set.
fn quoted(case: &Case, profile: &Profile) -> Vec<String> {
    let next_step = case.rejected.iter().map(|r| r.value.next_step.as_str());
    let contact = [profile.name.as_str(), profile.contact_name.as_str()];
    let passages = next_step.chain(contact).flat_map(str::lines);
    passages.map(|line| line.trim().to_owned()).collect()
}

/// A paper that says what was done, and is shown around.
const fn is_receipt(kind: PaperKind) -> bool {
    match kind {
        PaperKind::ExemptionReceipt
        | PaperKind::InterimPaper
        | PaperKind::HandInSlip
        | PaperKind::InformationSheet
        | PaperKind::Rejection
        | PaperKind::CorrectionToWrongPerson
        | PaperKind::CorrectionToRightPerson => true,
        PaperKind::Request
        | PaperKind::PowerOfAttorney
        | PaperKind::Refusal
        | PaperKind::TakenBack
        | PaperKind::MissingInformation => false,
    }
}

/// F1 or F2, filled from what was typed; blank where nothing was.
pub(crate) fn form_paper(
    fields: &Fields,
    case: Option<&Case>,
    kind: PaperKind,
    desk: &Desk<'_>,
) -> Result<Paper, AppError> {
    let typed = capture::Typed(fields);
    let today = danish_time::date_at(desk.now);
    let signed_on = typed.day("signed_on").unwrap_or(today);
    let form = desk
        .forms
        .exemption_form(signed_on, desk.profile)
        .or_else(|_| desk.forms.exemption_form(today, desk.profile))?;
    let code = if kind == PaperKind::PowerOfAttorney {
        "f2"
    } else {
        "f1"
    };
    let title = form
        .papers
        .iter()
        .find(|paper| paper.code == code)
        .or_else(|| form.papers.first())
        .map(|paper| paper.title.clone())
        .unwrap_or_default();
    let nobody = Case::empty(CaseId::from_uuid(Uuid::nil()));
    let words = Words::from(desk.forms.texts());
    let carrier = carrier(kind, typed.channel(), false);
    let citizen = CitizenOnPaper {
        name: typed.text("citizen_name").to_owned(),
        address: address_lines(typed.text("citizen_address")),
        address_protected: typed.flag("address_protected"),
    };
    let declaration = desk.forms.rules().get(form.rule_set);
    let mut facts = facts(case.unwrap_or(&nobody), desk, declaration)
        .with("paper_title", title)
        .with("form_version", form.version.to_string())
        .with("channel", typed.text("channel"))
        .with("signing_method", typed.text("signing_method"))
        .with(
            "poa_covers_unopened_post",
            typed.flag("poa_covers_unopened_post").to_string(),
        );
    if citizen.withholds_address(carrier) {
        facts = facts.with("citizen_address", words.address_withheld.clone());
    }
    let text = filled(kind.code(), &facts, desk.forms)?;
    let number = case
        .and_then(|case| case.opened.as_ref())
        .map(|opened| opened.number.to_string());
    let reference = [Some(form.reference()), number]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    let written = fields_of(&form, code, &capture::for_forms(fields), &words.dates);
    Ok(Paper::Form(Box::new(FormPaper {
        letterhead: letterhead(desk.profile, desk.forms.texts())?,
        words,
        parts: vec![FormPart {
            signatures: drawn_signature(&text.signatures, typed, desk),
            text,
            fields: written,
            blank: case.is_none(),
        }],
        reference: reference.join(" · "),
        carrier,
        citizen,
    })))
}

/// The lines of a form the citizen signed on the screen; none where the lines are to be signed by hand.
fn drawn_signature(
    lines: &[String],
    typed: capture::Typed<'_>,
    desk: &Desk<'_>,
) -> Vec<FormSignature> {
    if desk.strokes.is_empty() || typed.text("signing_method") != "screen" {
        return Vec::new();
    }
    // Whose line it is: the guardian signs for the citizen.
    let signer = if typed.channel() == Some(Channel::Guardian) {
        "guardian_name"
    } else {
        "citizen_name"
    };
    let first = |label: &String| FormSignature {
        label: label.clone(),
        name: typed.text(signer).to_owned(),
        signed_on: typed.text("signed_on").to_owned(),
        strokes: desk.strokes.clone(),
    };
    let others = |label: &String| FormSignature {
        label: label.clone(),
        ..FormSignature::default()
    };
    let mut lines = lines.iter();
    lines
        .next()
        .map(first)
        .into_iter()
        .chain(lines.map(others))
        .collect()
}

/// The fields of a paper. A power of attorney says first who gives it: the citizen of the request.
fn fields_of(
    form: &Form,
    paper: &str,
    typed: &skranke_forms::Fields,
    dates: &DateWords,
) -> Vec<FormField> {
    const GIVER: [&str; 3] = ["citizen_name", "cpr", "citizen_address"];
    let own = form_fields(form, paper, typed, false, dates);
    if paper != "f2" {
        return own;
    }
    let mut of_giver = form.clone();
    of_giver
        .fields
        .retain(|field| GIVER.contains(&field.id.as_str()));
    let mut fields = form_fields(&of_giver, "f1", typed, false, dates);
    fields.extend(own);
    fields
}

/// Every fact a letter may ask for, with the words of a rule set. What the case does not have is empty, so a letter never
/// stops on it.
fn facts(case: &Case, desk: &Desk<'_>, rules: Option<&RuleTexts>) -> LetterFacts {
    let texts = desk.forms.texts();
    let dates = DateWords::from(texts);
    let citizen = case.citizen.as_ref();
    let who_came = |text: Option<&str>| {
        let told = text.filter(|_| desk.sees_channel);
        told.unwrap_or_default().to_owned()
    };
    let decided_at = case
        .granted
        .as_ref()
        .map(|g| g.value.decided_at)
        .or_else(|| case.refused.as_ref().map(|r| r.value.decided_at))
        .or_else(|| case.rejected.as_ref().map(|r| r.value.rejected_at))
        .or_else(|| case.taken_back.as_ref().map(|t| t.value.decided_at));
    let at = |time: Option<DateTime<Utc>>| {
        time.map(|time| dates.date_time(danish(time)))
            .unwrap_or_default()
    };
    let outcome = if case.state.is_open() {
        String::new()
    } else {
        texts.say(&format!("state.{}", case.state.code()), &[])
    };
    let reasons = case
        .refused
        .as_ref()
        .map(|refused| refused.value.reasons.clone())
        .or_else(|| {
            case.taken_back
                .as_ref()
                .map(|taken| taken.value.reasons.clone())
        })
        .unwrap_or_default();
    let id_kind = id_kind(case, desk.profile);
    let identity_seen = if id_kind.is_empty() {
        String::new()
    } else {
        let values = [("id_kind", id_kind.as_str()), ("initials", &desk.initials)];
        texts.say("letter.identity_seen", &values)
    };
    let wrong = case.wrongly_created.as_ref();
    // The reasons are those of the day of the decision, whatever the case says by now.
    let to_citizen = |group: &str| -> Vec<String> {
        let unmet = case.refused.iter().flat_map(|refused| &refused.value.unmet);
        unmet
            .map(|code| texts.say(&format!("{group}.{code}"), &[]))
            .filter(|said| !said.is_empty())
            .collect()
    };
    let mut unmet = to_citizen("citizen_unmet");
    let mut reasons = reasons;
    if unmet.is_empty() && case.refused.is_some() {
        // Refused although every requirement of the proof was met: the reasons carry it, and stand there once.
        unmet.push(std::mem::take(&mut reasons));
    }
    let mut facts = LetterFacts::new()
        .with_profile(desk.profile)
        .with_offers(desk.forms.help_offers())
        .with_list("missing", case.missing.clone())
        .with_list("unmet", unmet)
        .with_list("would_change", to_citizen("citizen_remedy"))
        .with(
            "channel",
            who_came(case.opened.as_ref().map(|o| o.channel.code())),
        )
        .with(
            "citizen_name",
            citizen.map(|c| c.name.clone()).unwrap_or_default(),
        )
        .with("citizen_cpr", cpr_said(case, desk.profile))
        .with(
            "citizen_address",
            citizen
                .map(|c| c.address.replace('\n', ", "))
                .unwrap_or_default(),
        )
        .with(
            "representative_name",
            who_came(
                case.power_of_attorney
                    .as_ref()
                    .map(|p| p.representative.name.as_str()),
            ),
        )
        .with(
            "guardian_name",
            who_came(case.guardian.as_ref().map(|g| g.name.as_str())),
        )
        .with(
            "granted_at",
            at(case.granted.as_ref().map(|g| g.value.decided_at)),
        )
        .with(
            "registered_at",
            at(case.registered.as_ref().map(|r| r.value.registered_at)),
        )
        .with("decided_at", at(decided_at))
        .with("corrected_at", at(wrong.map(|w| w.value.corrected_at)))
        .with(
            "received_on",
            case.opened
                .as_ref()
                .map(|o| dates.date(o.received_on))
                .unwrap_or_default(),
        )
        .with(
            "signed_on",
            case.declaration
                .as_ref()
                .map(|d| dates.date(d.signed_on))
                .unwrap_or_default(),
        )
        .with("duration", duration_said(case, texts))
        .with("duration_kind", duration_kind(case))
        .with("unopened_post", unopened_post_said(case, desk))
        .with(
            "case_number",
            case.opened
                .as_ref()
                .map(|o| o.number.to_string())
                .unwrap_or_default(),
        )
        .with(
            "municipal_case_number",
            case.journalised
                .as_ref()
                .map(|j| j.value.reference.clone())
                .unwrap_or_default(),
        )
        .with("paper_number", desk.number.clone())
        .with("paper_title", "")
        .with("initials", desk.initials.clone())
        .with("location", desk.location.clone())
        .with("identity_seen", identity_seen)
        .with("signing_method", "")
        .with("outcome", outcome)
        .with(
            "reason",
            case.rejected
                .as_ref()
                .map(|r| r.value.reason.clone())
                .unwrap_or_default(),
        )
        .with(
            "next_step",
            case.rejected
                .as_ref()
                .map(|r| r.value.next_step.clone())
                .unwrap_or_default(),
        )
        .with("reasons", reasons)
        .with("legal_basis", "")
        .with("complaint_guidance", complaint_guidance(desk))
        .with("was_registered", case.registered.is_some().to_string())
        .with(
            "resend_post",
            wrong.is_some_and(|w| w.value.resend_post).to_string(),
        )
        .with(
            "poa_covers_unopened_post",
            case.power_of_attorney
                .as_ref()
                .is_some_and(|p| p.covers_unopened_post)
                .to_string(),
        )
        .with("copy_number", "")
        .with("issued_at", dates.date_time(danish(desk.now)))
        .with("authority", "")
        .with("form_version", "")
        .with(
            "chosen_offer",
            desk.chosen_offer.clone().unwrap_or_default(),
        )
        .with("chosen_offer_said", offer_said(desk));
    if let Some(set) = rules {
        facts = facts.with_rule_set(set);
    }
    facts
}

/// What a paper cites: the municipality's own citation under a burdensome decision, and the confirmed citations of the
/// rules behind the paper, each by the date it goes by. Nothing where nobody has confirmed any.
fn legal_basis(kind: PaperKind, days: &LegalDays, desk: &Desk<'_>) -> String {
    let is_burdensome = matches!(kind, PaperKind::Refusal | PaperKind::TakenBack);
    let own = desk.profile.case.legal_citation.trim();
    let own = Some(own).filter(|cited| is_burdensome && !cited.is_empty());
    let behind: &[RuleCode] = if is_burdensome {
        &[RuleCode::Decision]
    } else {
        &[
            RuleCode::Decision,
            RuleCode::Duration,
            RuleCode::LegalEffect,
            RuleCode::Receipt,
        ]
    };
    let confirmed = desk.forms.rules().citations(behind, days);
    let cited: Vec<&str> = own.into_iter().chain(confirmed).collect();
    cited.join(". ")
}

fn complaint_guidance(desk: &Desk<'_>) -> String {
    let own = &desk.profile.case.complaint_guidance;
    if own.trim().is_empty() {
        desk.forms.texts().say("refusal.complaint_unconfirmed", &[])
    } else {
        own.clone()
    }
}

/// The chosen help by its name.
fn offer_said(desk: &Desk<'_>) -> String {
    let offers = desk.forms.help_offers().iter();
    let mut chosen = offers.filter(|offer| Some(&offer.code) == desk.chosen_offer.as_ref());
    chosen
        .next()
        .map(|offer| offer.label.clone())
        .unwrap_or_default()
}

/// `until` or `permanent`, as the form says it.
fn duration_kind(case: &Case) -> &'static str {
    let limited = case
        .granted
        .as_ref()
        .is_some_and(|g| g.value.duration == Duration::TimeLimited);
    if limited && case.permanent_since.is_none() {
        "time_limited"
    } else {
        "permanent"
    }
}

/// A rejected person was not identified, so the note names nobody (practice 8).
fn citizen_on_paper(case: &Case, kind: PaperKind) -> CitizenOnPaper {
    let citizen = case
        .citizen
        .as_ref()
        .filter(|_| kind != PaperKind::Rejection);
    CitizenOnPaper {
        name: citizen
            .map(|citizen| citizen.name.clone())
            .unwrap_or_default(),
        address: citizen
            .map(|citizen| address_lines(&citizen.address))
            .unwrap_or_default(),
        address_protected: citizen.is_some_and(|citizen| citizen.address_protected),
    }
}

fn address_lines(address: &str) -> Vec<String> {
    address.lines().map(|line| line.trim().to_owned()).collect()
}

fn cpr_said(case: &Case, profile: &Profile) -> String {
    let digits = case
        .citizen
        .as_ref()
        .map(|citizen| citizen.cpr.reveal_for(Purpose::Paper));
    digits
        .map(|digits| cpr_on_paper(&digits, profile.practice.mask_cpr))
        .unwrap_or_default()
}

fn unopened_post_said(case: &Case, desk: &Desk<'_>) -> String {
    let code = unopened_post_code(case.unopened_post.as_ref());
    let key = if code.is_empty() { "none" } else { code };
    desk.forms.texts().say(&format!("unopened_post.{key}"), &[])
}

pub(crate) fn letterhead(profile: &Profile, texts: &Texts) -> Result<Letterhead, AppError> {
    let mark = if profile.fictional {
        Some(Mark::solbjerg()?)
    } else {
        None
    };
    let mut contact = profile.address.clone();
    if !profile.contact_phone.is_empty() {
        contact.push(texts.say("letter.phone", &[("number", &profile.contact_phone)]));
    }
    if !profile.ean.is_empty() {
        contact.push(texts.say("letter.ean", &[("number", &profile.ean)]));
    }
    Ok(Letterhead {
        sender: profile.name.clone(),
        unit: [profile.unit.as_str(), profile.center.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        contact,
        mark,
        mark_said: profile.name.clone(),
    })
}

fn danish(at: DateTime<Utc>) -> NaiveDateTime {
    danish_time::local(at).naive_local()
}
