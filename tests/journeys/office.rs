//! The fictional Borgerservice where every story takes place: the program, its folder and its clock.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use skranke_app::api::case::{
    CaseRef, CaseView, DecideRequest, Decision, TickRequest, UndoTickRequest,
};
use skranke_app::api::draft::{
    DraftCheck, DraftCheckRequest, DraftRef, DraftSaveRequest, FieldValue, Fields,
};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::paper::{PaperRequest, PaperView};
use skranke_app::api::session::{FirstRunRequest, SignInRequest};
use skranke_app::{App, AppError, Clock, Config, KeyPlace};
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{AuditFilter, Options, Store};
use skranke_testkit::danish;

use crate::cheap::CHEAP;
pub(crate) use crate::pdf_words::words_of;

/// The demo's password.
pub(crate) const PASSWORD: &str = "solbjerg-demo-2026";
/// When a story begins, unless it says otherwise.
pub(crate) const MORNING: &str = "2026-03-13 10:00";

/// Aase Lindholm, who comes herself: 56 years old, known to the demo's register.
pub(crate) const AASE: &str = "0201703984";

pub(crate) struct Office {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) folder: tempfile::TempDir,
}

impl Office {
    /// The demo on the morning of 13 March 2026, with Karin of the counter signed in.
    pub(crate) fn open() -> Self {
        Self::open_at(MORNING)
    }

    pub(crate) fn open_at(wall_clock: &str) -> Self {
        let office = Self::closed_at(wall_clock);
        office.sign_in("karin");
        office
    }

    /// The same with nobody signed in.
    pub(crate) fn closed_at(wall_clock: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::fixed(danish(wall_clock));
        let app = started(folder.path(), &clock, None).expect("the demo starts");
        Self { app, clock, folder }
    }

    /// The demo with another profile text in place of the shipped one.
    pub(crate) fn with_profile(edit: impl Fn(String) -> String) -> Self {
        Self::with_forms(MORNING, &["profiles/demo.toml"], |_, text| edit(text))
    }

    /// The demo at some time with these files of `forms/` edited; `edit` is told which file it has before it.
    pub(crate) fn with_forms(
        wall_clock: &str,
        files: &[&str],
        edit: impl Fn(&str, String) -> String,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let forms = folder.path().join("forms");
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../forms");
        for file in files {
            let text = std::fs::read_to_string(shipped.join(file)).expect("the file");
            let edited = edit(file, text.clone());
            assert_ne!(edited, text, "the edit of {file} changed nothing");
            let copy = forms.join(file);
            std::fs::create_dir_all(copy.parent().expect("a folder")).expect("made");
            std::fs::write(copy, edited).expect("written");
        }
        let clock = Clock::fixed(danish(wall_clock));
        let app = started(folder.path(), &clock, Some(forms)).expect("the demo starts");
        let office = Self { app, clock, folder };
        office.sign_in("karin");
        office
    }

    /// A municipality of its own, set up this morning: no demo, no fictional register; who set it up serves at the counter.
    pub(crate) fn set_up_at(wall_clock: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::fixed(danish(wall_clock));
        let app = App::open(configured(folder.path(), &clock, None, false)).expect("it starts");
        let request = FirstRunRequest {
            profile: "koebenhavn".to_owned(),
            location: "kvik".to_owned(),
            name: "Vibeke Holst".to_owned(),
            initials: "VH".to_owned(),
            user_name: "vibeke".to_owned(),
            password: "en lang adgangskode".to_owned(),
            serves_at_counter: true,
        };
        app.first_run(request).expect("set up");
        Self { app, clock, folder }
    }

    /// A parked draft taken up again, with what was typed in it.
    pub(crate) fn resumed(&self, draft: &str) -> Sheet<'_> {
        let reference = DraftRef {
            id: draft.to_owned(),
        };
        let view = self.app.draft_open(reference).expect("it is there");
        Sheet {
            app: &self.app,
            id: view.id,
            step: view.step,
            fields: view.fields,
        }
    }

    /// Ends the program and starts it again over the same folder.
    pub(crate) fn restarted(self) -> Self {
        let Self { app, clock, folder } = self;
        drop(app);
        let app = started(folder.path(), &clock, None).expect("the demo starts");
        Self { app, clock, folder }
    }

    pub(crate) fn moves_to(&self, wall_clock: &str) {
        self.clock.set(danish(wall_clock));
    }

    /// Moves the clock and signs in again, as after a break.
    pub(crate) fn comes_back(&self, wall_clock: &str, user: &str) {
        self.moves_to(wall_clock);
        self.sign_in(user);
    }

    pub(crate) fn sign_in(&self, user: &str) {
        self.app
            .sign_in(SignInRequest {
                user_name: user.to_owned(),
                password: PASSWORD.to_owned(),
            })
            .unwrap_or_else(|error| panic!("{user} signs in: {}", error.log_line()));
    }

    /// A new draft in which Aase came herself and everything is filled in.
    pub(crate) fn draft(&self) -> Sheet<'_> {
        self.blank()
            .set("id_kind", "passport")
            .tick("id_checked")
            .set("cpr", AASE)
            .set("citizen_name", "Aase Lindholm")
            .set("citizen_address", "Ahornvej 3\n9990 Solbjerg")
            .set("register_seen", "not_exempt")
            .tick("declared")
            .tick("request_signed")
            .set("unopened_post", "registered_address")
    }

    /// A new draft as the window opens it.
    pub(crate) fn blank(&self) -> Sheet<'_> {
        let draft = self.app.draft_new(()).expect("a draft");
        Sheet {
            app: &self.app,
            id: draft.id,
            step: draft.step,
            fields: draft.fields,
        }
    }

    /// A new draft for which a representative came with a signed power of attorney.
    pub(crate) fn draft_with_representative(&self) -> Sheet<'_> {
        self.draft()
            .set("channel", "representative")
            .set("representative_name", "Mads Lindholm")
            .set("representative_relation", "child")
            .set("representative_birth_date", "14.08.1997")
            .set("poa_signed_on", "02.03.2026")
            .tick("poa_citizen_signed")
            .tick("poa_representative_signed")
    }

    /// Aase's exemption, granted now and not yet registered.
    pub(crate) fn granted(&self) -> CaseView {
        self.draft().grant().expect("granted")
    }

    /// The same, registered now.
    pub(crate) fn registered(&self) -> CaseView {
        let case = self.granted();
        self.register(&case.row.id).expect("registered")
    }

    pub(crate) fn register(&self, case: &str) -> Result<CaseView, AppError> {
        self.app.tick(TickRequest::Registered {
            case_id: case.to_owned(),
            reference: String::new(),
            registered_at: None,
        })
    }

    pub(crate) fn give_receipt(
        &self,
        case: &str,
        delivery: &str,
        reason: &str,
    ) -> Result<CaseView, AppError> {
        self.app.tick(TickRequest::Receipt {
            case_id: case.to_owned(),
            delivery: delivery.to_owned(),
            reason: reason.to_owned(),
        })
    }

    pub(crate) fn journalise(&self, case: &str, reference: &str) -> Result<CaseView, AppError> {
        self.app.tick(TickRequest::Journalised {
            case_id: case.to_owned(),
            reference: reference.to_owned(),
            journalised_at: None,
        })
    }

    pub(crate) fn undo(&self, case: &str, tick: &str, reason: &str) -> Result<CaseView, AppError> {
        self.app.tick_undo(UndoTickRequest {
            case_id: case.to_owned(),
            tick: tick.to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// Decides a case that is open already.
    pub(crate) fn decide_case(&self, case: &str, decision: Decision) -> Result<CaseView, AppError> {
        self.app.decide(DecideRequest {
            draft_id: None,
            case_id: Some(case.to_owned()),
            decision,
            no_conflict_of_interest: true,
        })
    }

    pub(crate) fn show(&self, case: &str) -> CaseView {
        self.show_because(case, Some("case_work")).expect("shown")
    }

    pub(crate) fn show_because(
        &self,
        case: &str,
        purpose: Option<&str>,
    ) -> Result<CaseView, AppError> {
        self.app.case_show(CaseRef {
            id: case.to_owned(),
            purpose: purpose.map(str::to_owned),
        })
    }

    pub(crate) fn preview(&self, case: &str, kind: &str) -> Result<PaperView, AppError> {
        self.app.paper_preview(of_case(case, kind))
    }

    /// Prints a paper on a printer that takes it.
    pub(crate) fn print(&self, case: &str, kind: &str) -> Result<Printed, AppError> {
        let prepared = self.app.paper_prepare(&of_case(case, kind))?;
        self.app.paper_record(&prepared)?;
        Ok(Printed {
            words: words_of(&prepared.pdf),
            number: prepared.view.number.clone(),
            copy: prepared.view.copy,
        })
    }

    /// The words of a paper, previewed.
    pub(crate) fn words(&self, case: &str, kind: &str) -> String {
        words_of(&pdf_of(&self.preview(case, kind).expect("a paper")))
    }

    /// The audit log of a case, as the lead reads it: action and purpose, newest first.
    pub(crate) fn audit(&self, case: &str) -> Vec<(String, String)> {
        self.sign_in("hanne");
        let lines = self.show(case).audit.into_iter();
        lines.map(|line| (line.action, line.purpose)).collect()
    }
}

impl Office {
    /// A second opening of the store under the program, as another program on this computer would have it.
    pub(crate) fn store(&self) -> Store {
        store_beside(self.folder.path(), &self.clock)
    }

    /// The whole audit log, newest first: action, subject and purpose.
    pub(crate) fn log(&self) -> Vec<(String, String, String)> {
        let store = self.store();
        let rows = store
            .read()
            .and_then(|read| read.audit(AuditFilter::All, None, 1_000))
            .expect("read");
        rows.into_iter()
            .map(|row| {
                let subject = row.subject.unwrap_or_default();
                (row.action.code().to_owned(), subject, row.purpose)
            })
            .collect()
    }
}

/// The store of the program in `folder`, opened a second time.
pub(crate) fn store_beside(folder: &Path, clock: &Clock) -> Store {
    let store = folder.join("store");
    let envelope = Envelope::load(&store).expect("there");
    let key = envelope.open(&Opener::KeyFile(&key_file(folder)));
    let options = Options {
        ballast_bytes: 0,
        ..Options::default()
    };
    Store::open(&store, &key.expect("the key"), options, clock.now()).expect("opens")
}

/// A paper that came out of the printer.
pub(crate) struct Printed {
    pub(crate) words: String,
    pub(crate) number: String,
    pub(crate) copy: u16,
}

/// A draft while it is filled in.
pub(crate) struct Sheet<'a> {
    app: &'a App,
    pub(crate) id: String,
    step: u8,
    pub(crate) fields: Fields,
}

impl Sheet<'_> {
    pub(crate) fn set(mut self, field: &str, text: &str) -> Self {
        self.fields
            .insert(field.to_owned(), FieldValue::Text(text.to_owned()));
        self
    }

    pub(crate) fn tick(mut self, field: &str) -> Self {
        self.fields.insert(field.to_owned(), FieldValue::Flag(true));
        self
    }

    /// What is gone through with whoever signs no paper that says what the exemption does not cover.
    pub(crate) fn gone_through(self) -> Self {
        let told = ["payslips", "su", "private_post", "nemsms"];
        told.iter().fold(self, |sheet, code| {
            sheet.tick(&format!("understood_{code}"))
        })
    }

    pub(crate) fn untick(mut self, field: &str) -> Self {
        self.fields
            .insert(field.to_owned(), FieldValue::Flag(false));
        self
    }

    pub(crate) fn without(mut self, field: &str) -> Self {
        self.fields.remove(field);
        self
    }

    pub(crate) fn at_step(mut self, step: u8) -> Self {
        self.step = step;
        self
    }

    pub(crate) fn reference(&self) -> DraftRef {
        DraftRef {
            id: self.id.clone(),
        }
    }

    pub(crate) fn save(self) -> Self {
        self.try_save().expect("saved");
        self
    }

    pub(crate) fn try_save(&self) -> Result<(), AppError> {
        let request = DraftSaveRequest {
            id: self.id.clone(),
            step: self.step,
            fields: self.fields.clone(),
        };
        self.app.draft_save(request).map(drop)
    }

    /// Saves and checks all steps.
    pub(crate) fn check(&self) -> DraftCheck {
        self.try_save().expect("saved");
        let request = DraftCheckRequest {
            id: self.id.clone(),
            step: 4,
        };
        self.app.draft_check(request).expect("checked")
    }

    /// Saves and decides.
    pub(crate) fn decide(self, decision: Decision) -> Result<CaseView, AppError> {
        self.decide_confirming(decision, true)
    }

    pub(crate) fn decide_confirming(
        self,
        decision: Decision,
        no_conflict_of_interest: bool,
    ) -> Result<CaseView, AppError> {
        let sheet = self.save();
        sheet.app.decide(DecideRequest {
            draft_id: Some(sheet.id.clone()),
            case_id: None,
            decision,
            no_conflict_of_interest,
        })
    }

    pub(crate) fn grant(self) -> Result<CaseView, AppError> {
        self.decide(Decision::Grant { duration: None })
    }
}

/// A refusal with these reasons, for which the party need not be consulted.
pub(crate) fn refusal(reasons: &str) -> Decision {
    Decision::Refuse {
        reasons: reasons.to_owned(),
        consultation_held_on: None,
        consultation_not_needed: "Oplysningerne er borgerens egne".to_owned(),
    }
}

pub(crate) fn of_case(case: &str, kind: &str) -> PaperRequest {
    PaperRequest {
        case_id: Some(case.to_owned()),
        draft_id: None,
        kind: kind.to_owned(),
        large_print: false,
        enclosure: false,
    }
}

pub(crate) fn of_draft(draft: &str, kind: &str) -> PaperRequest {
    PaperRequest {
        case_id: None,
        draft_id: Some(draft.to_owned()),
        kind: kind.to_owned(),
        large_print: false,
        enclosure: false,
    }
}

/// Starts the demo over a folder.
pub(crate) fn started(
    folder: &Path,
    clock: &Clock,
    forms: Option<PathBuf>,
) -> Result<App, AppError> {
    App::open(configured(folder, clock, forms, true))
}

pub(crate) fn configured(
    folder: &Path,
    clock: &Clock,
    forms: Option<PathBuf>,
    demo: bool,
) -> Config {
    Config {
        folder: folder.join("store"),
        forms,
        key: KeyPlace::File(key_file(folder)),
        demo,
        server: None,
        clock: clock.clone(),
        costs: CHEAP,
    }
}

pub(crate) fn key_file(folder: &Path) -> PathBuf {
    folder.join("store.key")
}

pub(crate) fn pdf_of(paper: &PaperView) -> Vec<u8> {
    STANDARD.decode(&paper.pdf_base64).expect("base64")
}

/// The code of what went wrong.
pub(crate) fn code<T>(outcome: Result<T, AppError>) -> ErrorCode {
    match outcome {
        Ok(_) => panic!("must not succeed"),
        Err(error) => error.code,
    }
}

/// What the person at the desk reads for an error.
pub(crate) fn said(error: &AppError) -> String {
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    let shown = error.to_ui();
    let values: Vec<(&str, &str)> = shown
        .params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let key = format!("error.{}", shown.code.code());
    let text = forms.texts().say(&key, &values);
    assert!(
        !text.contains('{'),
        "{key} has a place nothing fills: {text}"
    );
    assert_ne!(text, key, "no Danish text");
    text
}

/// The demo's set-up with another name, as an administrator would send it.
pub(crate) fn demo_edit() -> serde_json::Value {
    static EDIT: std::sync::OnceLock<serde_json::Value> = std::sync::OnceLock::new();
    let make = || {
        let office = Office::closed_at(MORNING);
        office.sign_in("anders");
        let mut edit = office.app.profile_show(()).expect("shown").edit;
        edit.unit = "Borgerservice og bibliotek".to_owned();
        serde_json::to_value(edit).expect("it can be written")
    };
    EDIT.get_or_init(make).clone()
}
