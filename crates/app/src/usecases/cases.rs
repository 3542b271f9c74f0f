//! Lists, searches and the case page. Looking at a person outside open work asks for a purpose, and is logged.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use skranke_domain::case::{Case, CaseState};
use skranke_domain::cpr::{Cpr, Purpose};
use skranke_domain::danish_time;
use skranke_domain::eligibility::Warning;
use skranke_domain::event::{Ending, Tick};
use skranke_domain::ids::{CaseId, StaffId};
use skranke_domain::role::{Act, Ownership, any_permits};
use skranke_domain::rule_set::term_ends_on;
use skranke_forms::Profile;
use skranke_protocol::wire::FoundCase;
use skranke_store::{
    Action, AuditFilter, CaseFilter, CaseRow, Entry, PageKey, ReadHandle, SearchTerm,
};

use crate::api::case::{
    AuditEntry, CaseListRequest, CasePage, CaseRef, CaseRowView, CaseView, DayFigures,
    RevealRequest, Revealed, Worklist,
};
use crate::api::draft::KnownCitizen;
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::explain::proof_view;
use crate::present::{self, Surroundings, Terms, discretion, rfc3339};
use crate::record::{Loaded, load};
use crate::rights::OPEN_WORK;
use crate::state::{App, AtWork};
use crate::usecases::conflicts;
use crate::usecases::continuing;
use crate::usecases::decisions::came_instead;
use crate::usecases::review::papers_apart;
use crate::usecases::said_yes;

/// Rows of a page.
const PAGE: u32 = 50;
/// Rows of the start screen.
const ON_START: u32 = 20;
/// Lines of the audit log on a case page.
const AUDIT_LINES: u32 = 100;
/// Purposes a person may state.
const PURPOSES: [&str; 7] = [
    "citizen_contact",
    "case_work",
    "quality",
    "other",
    "register_in_digital_post",
    "paper",
    "contact",
];

impl App {
    /// The start screen: parked drafts, and cases that lack a tick.
    ///
    /// # Errors
    /// What the store reports.
    pub fn worklist(&self, (): ()) -> Result<Worklist, AppError> {
        self.at_work(|mut work| {
            let captures = any_permits(&work.session.roles, Act::Capture);
            let drafts = if captures {
                self.delete_abandoned(&mut work)?;
                self.draft_summaries(&work)?
            } else {
                Vec::new()
            };
            let returned = self.returned_rows(&work)?;
            if !any_permits(&work.session.roles, Act::Finish) {
                return Ok(Worklist {
                    drafts,
                    returned,
                    missing_ticks: Vec::new(),
                    missing_ticks_total: 0,
                    today: DayFigures::default(),
                });
            }
            let entry = Entry::new(Action::ListShown, work.now).on("missing_ticks");
            work.store.write(&work.actor, entry)?.commit()?;
            let read = work.store.read()?;
            let page = read.cases(CaseFilter::AnyTickDue, None, ON_START)?;
            let (rows, beyond) = papers_first(&read, page.rows, true)?;
            let today = danish_time::start_of(work.today());
            let mut granted_at = Vec::new();
            for row in &rows {
                granted_at.push(present::granted_at(&load(&read, row.case)?.case));
            }
            let mut missing_ticks = self.rows(&work, rows)?;
            for (row, at) in missing_ticks.iter_mut().zip(granted_at) {
                row.decided_at = at;
            }
            Ok(Worklist {
                drafts,
                returned,
                missing_ticks,
                missing_ticks_total: read.case_counts()?.any_tick_due + beyond,
                today: day_figures(&read.decided_since(today)?),
            })
        })
    }

    /// Lists or searches cases, a page at a time.
    ///
    /// # Errors
    /// `PurposeMissing` when searching for a person without saying why; `NotPermitted`.
    pub fn case_list(&self, request: CaseListRequest) -> Result<CasePage, AppError> {
        let filter = filter(&request.filter)?;
        let after = match &request.after {
            Some(key) => Some(key.parse::<PageKey>()?),
            None => None,
        };
        self.at_work(|work| {
            work.session.needs(Act::Search)?;
            let term = SearchTerm::read(&request.query);
            let purpose = purpose(request.purpose.as_deref())?;
            let for_person = term
                .as_ref()
                .is_some_and(|term| !matches!(term, SearchTerm::CaseNumber(_)));
            // A search reaches every case whatever list it was typed over, and the whole archive is a look-up too:
            // only lists of open work, and a citizen's number among one's own, need no purpose.
            let archive = term.is_none() && !is_open_work(filter);
            if (for_person || archive) && purpose.is_none() {
                return self.own_open_work(work, term.as_ref());
            }
            let (action, subject) = match &term {
                Some(term) => (Action::Searched, term.kind()),
                None => (Action::ListShown, "list"),
            };
            let entry = Entry::new(action, work.now)
                .on(subject)
                .because(purpose.unwrap_or_default());
            work.store.write(&work.actor, entry)?.commit()?;
            let read = work.store.read()?;
            let is_first_page = after.is_none();
            let said_yes = term.is_none() && request.filter == said_yes::FILTER;
            let page = match &term {
                Some(term) => read.search(term, after.as_ref(), PAGE)?,
                None if said_yes => said_yes::page(&read, after, PAGE)?,
                None => read.cases(filter, after.as_ref(), PAGE)?,
            };
            let (rows, beyond) = if term.is_none() && filter == CaseFilter::AnyTickDue {
                papers_first(&read, page.rows, is_first_page)?
            } else {
                (page.rows, 0)
            };
            let counts = read.case_counts()?;
            let total = match (&term, filter) {
                // Which help was chosen stands in the case and is not counted.
                (None, _) if said_yes => None,
                (Some(_), _) => None,
                (None, CaseFilter::All) => Some(counts.total()),
                (None, CaseFilter::Open) => Some(counts.open()),
                (None, CaseFilter::AnyTickDue) => Some(counts.any_tick_due + beyond),
                (None, CaseFilter::InConflict) => Some(counts.in_conflict),
                (None, CaseFilter::TickDue(Tick::Registered)) => Some(counts.registered_due),
                (None, CaseFilter::TickDue(Tick::Receipt)) => Some(counts.receipt_due),
                (None, CaseFilter::TickDue(Tick::Journalised)) => Some(counts.journalised_due),
                (None, CaseFilter::InState(state)) => counts
                    .by_state
                    .iter()
                    .find(|(of, _)| *of == state)
                    .map(|(_, cases)| *cases),
            };
            let next = page.next.as_ref().map(ToString::to_string);
            Ok(CasePage {
                rows: self.rows(&work, rows)?,
                next,
                total,
                not_shown: total.map_or(0, |shown| counts.total().saturating_sub(shown)),
                own_only: false,
            })
        })
    }

    /// The open cases of a citizen that whoever is at work has worked on.
    ///
    /// # Errors
    /// `PurposeMissing` when there is none: finding others' work is a look-up. Basis: design, section 4.
    fn own_open_work(
        &self,
        work: AtWork<'_>,
        term: Option<&SearchTerm>,
    ) -> Result<CasePage, AppError> {
        let missing = || AppError::of(ErrorCode::PurposeMissing);
        let Some(term @ SearchTerm::Cpr(cpr)) = term else {
            return Err(missing());
        };
        let mut own = Vec::new();
        let read = work.store.read()?;
        for row in read.cases_of(cpr)? {
            if work.ownership_of(&read, &row)? == Ownership::Own {
                own.push(row);
            }
        }
        drop(read);
        if own.is_empty() {
            return Err(missing());
        }
        let entry = Entry::new(Action::Searched, work.now).on(term.kind());
        work.store
            .write(&work.actor, entry.because(OPEN_WORK))?
            .commit()?;
        Ok(CasePage {
            rows: self.rows(&work, own)?,
            next: None,
            total: None,
            not_shown: 0,
            own_only: true,
        })
    }

    /// Opens a case.
    ///
    /// # Errors
    /// `PurposeMissing` for a case outside open work; `CaseNotFound`, `NotPermitted`.
    pub fn case_show(&self, request: CaseRef) -> Result<CaseView, AppError> {
        let id: CaseId = request
            .id
            .parse()
            .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
        self.at_work(|work| {
            let stated = purpose(request.purpose.as_deref())?;
            let purpose = work.may(Act::ReadCase, id, stated)?;
            let entry = Entry::new(Action::CaseRead, work.now).on_case(id);
            let entry = entry.because(purpose);
            work.store.write(&work.actor, entry)?.commit()?;
            self.case_view(&work, id)
        })
    }

    /// Shows a CPR number or a protected address, and logs that it did.
    ///
    /// # Errors
    /// `PurposeMissing`, `CaseNotFound`, `NotPermitted`.
    pub fn reveal(&self, request: RevealRequest) -> Result<Revealed, AppError> {
        let id: CaseId = request
            .case_id
            .parse()
            .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
        self.at_work(|work| {
            let stated = purpose(Some(&request.purpose))?;
            work.may(Act::ReadCase, id, stated)?;
            // The number is covered in open work too: whoever uncovers it says why.
            let why = stated.ok_or_else(|| AppError::of(ErrorCode::PurposeMissing))?;
            let action = match request.what.as_str() {
                "cpr" => Action::CitizenLookedUp,
                "address" => Action::AddressRevealed,
                _ => return Err(AppError::malformed_request()),
            };
            let entry = Entry::new(action, work.now).on_case(id).because(why);
            work.store.write(&work.actor, entry)?.commit()?;
            let case = load(&work.store.read()?, id)?.case;
            let citizen = case
                .citizen
                .ok_or_else(|| AppError::of(ErrorCode::NotFound))?;
            let text = if action == Action::AddressRevealed {
                citizen.address
            } else {
                citizen.cpr.reveal_for(Purpose::Disclosure)
            };
            Ok(Revealed { text })
        })
    }

    /// The case page, for whoever is at work.
    pub(crate) fn case_view(&self, work: &AtWork<'_>, id: CaseId) -> Result<CaseView, AppError> {
        let read = work.store.read()?;
        let loaded = load(&read, id)?;
        let initials = initials(&read, &loaded)?;
        let Loaded {
            case,
            recorded,
            origin,
        } = &loaded;
        let profile = &self.profile(work.store)?;
        let texts = self.forms.texts();
        let today = work.today();
        let location = case
            .opened
            .as_ref()
            .map(|opened| opened.location.as_str())
            .unwrap_or_default();
        let case_numbers = Self::numbers_of_merged(&read, recorded)?;
        let around = Surroundings {
            texts,
            rules: self.forms.rules(),
            initials: &initials,
            origin,
            location: self.location_name(work.store, location)?,
            id_kind: id_kind(case, profile),
            grounds: self.grounds(case),
            case_numbers: &case_numbers,
            offers: self.forms.help_offers(),
            sync: loaded.sync(),
            roles: &work.session.roles,
            reader: work.session.staff,
        };
        let updated_at = recorded
            .iter()
            .map(|r| r.recorded_at)
            .max()
            .unwrap_or(DateTime::UNIX_EPOCH);
        let explanation = self.explain_known(&read, case, profile, today)?;
        let sees_channel = around.sees_channel();
        let told = if sees_channel {
            explanation.proof
        } else {
            discretion::proof(explanation.proof)
        };
        let citizen = case.citizen.as_ref();
        let protected = citizen.is_some_and(|citizen| citizen.address_protected);
        let channel = case
            .opened
            .as_ref()
            .map(|opened| opened.channel.code())
            .unwrap_or_default();
        let sets = self.forms.rules().to_domain();
        let terms = Terms::of(case, &sets, today);
        let audit = if any_permits(&work.session.roles, Act::ReadAudit) {
            audit(&read, id)?
        } else {
            Vec::new()
        };
        let exempt = case.is_exempt_on(today, &sets);
        let mut row = present::row(case, &around, updated_at);
        if case.is_exempt() && !exempt {
            row.state = Ending::Expired.code().to_owned();
        }
        Ok(CaseView {
            row,
            age: present::age(case, today),
            channel: if sees_channel {
                channel.to_owned()
            } else {
                String::new()
            },
            came_instead: if sees_channel {
                came_instead(case)
            } else {
                String::new()
            },
            address: citizen
                .filter(|_| !protected)
                .map(|c| c.address.clone())
                .unwrap_or_default(),
            address_protected: protected,
            facts: present::facts(case, &around),
            proof: proof_view(&told, texts),
            rules: present::rules::rules_met(self.forms.rules(), &case.legal_days(), today),
            missing: if sees_channel {
                case.missing.clone()
            } else {
                Vec::new()
            },
            warnings: explanation
                .warnings
                .iter()
                .filter(|warning| sees_channel || discretion::may_warn(**warning))
                .map(|w| Warning::code(*w).to_owned())
                .chain(present::done_apart(case))
                .collect(),
            exempt,
            ticks: present::ticks(case, &around),
            id_kind: around.id_kind.clone(),
            id_seen: present::id_seen(case, &around),
            papers_possible: present::papers_possible(case, &work.session.roles)
                .into_iter()
                .map(|kind| kind.code().to_owned())
                .collect(),
            papers: present::papers(case, &around),
            attachments: present::attachments(case, &around),
            scans_missing: present::scans_missing(case, &around),
            timeline: present::timeline(case, recorded, &around),
            audit,
            actions: present::actions(case, &work.session.roles, terms)
                .into_iter()
                .filter(|action| {
                    action != "continue" || continuing::may_continue(recorded, &work.session)
                })
                .collect(),
            register_seen: case
                .register_look
                .as_ref()
                .map(|look| look.value.1.code().to_owned())
                .unwrap_or_default(),
            register_seen_at: case
                .register_look
                .as_ref()
                .map(|l| rfc3339(l.value.0))
                .unwrap_or_default(),
            expires_on: case
                .expires_on(danish_time::date_at)
                .map(|day| day.to_string())
                .unwrap_or_default(),
            extends_to: term_ends_on(today)
                .filter(|_| terms.extends)
                .map(|day| day.to_string())
                .unwrap_or_default(),
            unopened_post: present::unopened_post_code(case.unopened_post.as_ref()).to_owned(),
            duplicates: Self::possible_duplicates(work, &read, case)?,
            merged: Self::merged_with(&read, case)?,
            conflicts: conflicts::views(case, recorded, &names(&read, &loaded)?, &around),
        })
    }

    /// The grounds the citizen named, in the words of the rules of that day.
    fn grounds(&self, case: &Case) -> String {
        let Some(declaration) = &case.declaration else {
            return String::new();
        };
        let set = self.forms.rules().get(declaration.rule_set);
        let grounds = set.map(|set| set.grounds.as_slice()).unwrap_or_default();
        let named = grounds
            .iter()
            .filter(|ground| declaration.grounds.contains(&ground.code));
        let named: Vec<&str> = named.map(|ground| ground.text.as_str()).collect();
        named.join(" · ")
    }

    /// What our own records, and the central store's, say of a citizen; a protected address too, which is the caller's
    /// to hide.
    pub(crate) fn known_citizen(
        &self,
        work: &AtWork<'_>,
        cpr: &Cpr,
        central: crate::usecases::synchronise::CentralLook,
    ) -> Result<KnownCitizen, AppError> {
        let read = work.store.read()?;
        let mut rows = read.cases_of(cpr)?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.updated_at));
        let mut known = KnownCitizen {
            shown: true,
            name: rows.first().map(|row| row.name.clone()).unwrap_or_default(),
            address: String::new(),
            address_protected: rows.first().is_some_and(|row| row.is_address_protected),
            address_hidden: false,
            exempt_by_our_record: self.any_runs(&read, &rows, work.today())?
                || central.cases.iter().any(is_exempt),
            cases: Vec::new(),
            reach: central.reach.to_owned(),
        };
        if let Some(newest) = rows.first() {
            let citizen = load(&read, newest.case)?.case.citizen;
            known.address = citizen.map(|citizen| citizen.address).unwrap_or_default();
        }
        if rows.is_empty() && self.config.demo {
            self.fill_from_demo_register(work, cpr, &mut known)?;
        }
        let here: Vec<String> = rows.iter().map(|row| row.case.to_string()).collect();
        known.cases = self.rows(work, rows)?;
        let elsewhere = central
            .cases
            .into_iter()
            .filter(|case| !here.contains(&case.case_id.to_string()));
        known.cases.extend(elsewhere.map(found_elsewhere));
        Ok(known)
    }

    /// The demo has a register of fictional citizens, so that nobody need invent names while trying the flow.
    fn fill_from_demo_register(
        &self,
        work: &AtWork<'_>,
        cpr: &Cpr,
        known: &mut KnownCitizen,
    ) -> Result<(), AppError> {
        let digits = cpr.reveal_for(Purpose::LookUp);
        let profile = &self.profile(work.store)?;
        let demo = profile.demo.as_ref();
        let citizen =
            demo.and_then(|demo| demo.citizens.iter().find(|citizen| citizen.cpr == digits));
        if let Some(citizen) = citizen {
            known.name.clone_from(&citizen.name);
            known.address_protected = citizen.address_protected;
            known.address.clone_from(&citizen.address);
        }
        Ok(())
    }

    /// Whether the exemption of a row runs on a day. Only what was registered while there were time limits can have run
    /// out, so that no other case is opened for it; nothing is stored that would have to be renewed each night.
    fn runs(&self, read: &ReadHandle<'_>, row: &CaseRow, day: NaiveDate) -> Result<bool, AppError> {
        let registered_on = row.registered_at.map(danish_time::date_at);
        let (true, Some(registered_on)) = (row.is_registered_exemption, registered_on) else {
            return Ok(false);
        };
        let sets = self.forms.rules().to_domain();
        let is_unlimited = sets
            .unlimited_from()
            .is_some_and(|from| from <= registered_on);
        Ok(is_unlimited || load(read, row.case)?.case.is_exempt_on(day, &sets))
    }

    /// Whether a case on this computer says that the citizen is exempt on a day; `own` is the case that asks.
    pub(crate) fn exempt_by_another_case(
        &self,
        read: &ReadHandle<'_>,
        cpr: &Cpr,
        own: Option<CaseId>,
        day: NaiveDate,
    ) -> Result<bool, AppError> {
        let known = read.cases_of(cpr)?;
        self.any_runs(read, known.iter().filter(|row| Some(row.case) != own), day)
    }

    /// Whether any of these cases says that the citizen is exempt on a day.
    pub(crate) fn any_runs<'r>(
        &self,
        read: &ReadHandle<'_>,
        rows: impl IntoIterator<Item = &'r CaseRow>,
        day: NaiveDate,
    ) -> Result<bool, AppError> {
        for row in rows {
            if self.runs(read, row, day)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rows(&self, work: &AtWork<'_>, rows: Vec<CaseRow>) -> Result<Vec<CaseRowView>, AppError> {
        let read = work.store.read()?;
        let today = work.today();
        let apart = papers_apart(&read)?;
        let view = |row: CaseRow| {
            let ran_out = row.is_registered_exemption && !self.runs(&read, &row, today)?;
            let state = if ran_out {
                Ending::Expired.code().to_owned()
            } else if row.state == CaseState::Ended {
                // How it ended stands in the case alone.
                present::state_code(&load(&read, row.case)?.case)
            } else {
                row.state.code().to_owned()
            };
            let done = |at: Option<DateTime<Utc>>, tick: Tick| at.map(|_| tick.code().to_owned());
            let ticks_done = [
                done(row.registered_at, Tick::Registered),
                done(row.receipt_at, Tick::Receipt),
                done(row.journalised_at, Tick::Journalised),
            ];
            Ok(CaseRowView {
                id: row.case.to_string(),
                number: row.number,
                name: row.name,
                cpr_masked: row.cpr.map(|cpr| cpr.masked()).unwrap_or_default(),
                state,
                ticks_done: ticks_done.into_iter().flatten().collect(),
                tick_times: [row.registered_at, row.receipt_at, row.journalised_at]
                    .into_iter()
                    .flatten()
                    .map(rfc3339)
                    .collect(),
                decided_at: String::new(),
                ticks_missing: row
                    .ticks_due
                    .iter()
                    .map(|tick| tick.code().to_owned())
                    .collect(),
                received_on: row.received_on.to_string(),
                updated_at: rfc3339(row.updated_at),
                location: self.location_name(work.store, &row.location)?,
                conflict: row.conflicts > 0,
                sync: row.sync.code().to_owned(),
                paper_apart: apart.get(&row.case).copied().unwrap_or_default().to_owned(),
            })
        };
        rows.into_iter().map(view).collect()
    }
}

/// The ID that was seen, as the municipality calls it.
pub(crate) fn id_kind(case: &Case, profile: &Profile) -> String {
    let identity = case.identity.as_ref();
    let seen = identity.map(|identity| &identity.value.id_kind);
    let mut kinds = profile.practice.id_kinds.iter();
    kinds
        .find(|kind| Some(&kind.code) == seen)
        .map(|kind| kind.label.clone())
        .unwrap_or_default()
}

/// Whether a case the central store knows says that the citizen is exempt.
pub(crate) fn is_exempt(case: &FoundCase) -> bool {
    case.registered && case.state == CaseState::Granted.code()
}

/// A page of the queue with the cases first whose paper may not stand, whatever day they are due and whether or not a
/// tick is missing; and how many of them the queue would not hold otherwise. Basis: design, section 8.
fn papers_first(
    read: &ReadHandle<'_>,
    mut rows: Vec<CaseRow>,
    is_first_page: bool,
) -> Result<(Vec<CaseRow>, u64), AppError> {
    let apart = papers_apart(read)?;
    rows.retain(|row| !apart.contains_key(&row.case));
    let mut first = Vec::new();
    for case in apart.keys() {
        first.extend(read.case_row(*case)?);
    }
    let beyond = first.iter().filter(|row| row.ticks_due.is_empty()).count();
    if is_first_page {
        rows.splice(0..0, first);
    }
    Ok((rows, beyond as u64))
}

/// A case the central store knows and this computer does not hold: what a list shows of it, and no more.
fn found_elsewhere(case: FoundCase) -> CaseRowView {
    CaseRowView {
        id: String::new(),
        number: case.number,
        name: String::new(),
        cpr_masked: String::new(),
        state: case.state,
        ticks_done: if case.registered {
            vec![Tick::Registered.code().to_owned()]
        } else {
            Vec::new()
        },
        tick_times: Vec::new(),
        ticks_missing: Vec::new(),
        decided_at: String::new(),
        received_on: case.received_on.to_string(),
        updated_at: String::new(),
        location: String::new(),
        conflict: case.in_conflict,
        sync: "confirmed".to_owned(),
        paper_apart: String::new(),
    }
}

fn day_figures(decided: &[CaseState]) -> DayFigures {
    let in_state = |state| decided.iter().filter(|other| **other == state).count() as u64;
    DayFigures {
        finished: decided.len() as u64,
        granted: in_state(CaseState::Granted),
        helped_instead: in_state(CaseState::HelpedInstead),
        rejected: in_state(CaseState::Rejected),
    }
}

fn is_open_work(filter: CaseFilter) -> bool {
    match filter {
        CaseFilter::InState(state) => state.is_open(),
        CaseFilter::All => false,
        CaseFilter::Open
        | CaseFilter::AnyTickDue
        | CaseFilter::TickDue(_)
        | CaseFilter::InConflict => true,
    }
}

fn filter(code: &str) -> Result<CaseFilter, AppError> {
    Ok(match code {
        "" | "all" => CaseFilter::All,
        "open" => CaseFilter::Open,
        "missing_ticks" => CaseFilter::AnyTickDue,
        "conflict" => CaseFilter::InConflict,
        said_yes::FILTER => CaseFilter::InState(CaseState::HelpedInstead),
        code => match (Tick::from_code(code), CaseState::from_code(code)) {
            (Some(tick), _) => CaseFilter::TickDue(tick),
            (None, Some(state)) => CaseFilter::InState(state),
            (None, None) => return Err(AppError::malformed_request()),
        },
    })
}

/// A stated purpose; free text would end in the log, so only known codes pass.
///
/// # Errors
/// `PurposeMissing` for any other.
pub(crate) fn purpose(stated: Option<&str>) -> Result<Option<&'static str>, AppError> {
    match stated.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match PURPOSES.into_iter().find(|known| *known == text) {
            Some(known) => Ok(Some(known)),
            None => Err(AppError::of(ErrorCode::PurposeMissing)),
        },
    }
}

fn initials(read: &ReadHandle<'_>, loaded: &Loaded) -> Result<HashMap<StaffId, String>, AppError> {
    let mut known = HashMap::new();
    for recorded in &loaded.recorded {
        if !known.contains_key(&recorded.actor)
            && let Some(account) = read.account(recorded.actor)?
        {
            known.insert(recorded.actor, account.initials);
        }
    }
    Ok(known)
}

/// Names of those who made a conflict, where this computer knows them.
fn names(read: &ReadHandle<'_>, loaded: &Loaded) -> Result<HashMap<StaffId, String>, AppError> {
    let mut known = HashMap::new();
    if loaded.case.conflicts.is_empty() {
        return Ok(known);
    }
    for recorded in &loaded.recorded {
        if let Some(account) = read.account(recorded.actor)? {
            known.insert(recorded.actor, account.name);
        }
    }
    Ok(known)
}

fn audit(read: &ReadHandle<'_>, id: CaseId) -> Result<Vec<AuditEntry>, AppError> {
    let mut entries = Vec::new();
    for row in read.audit(AuditFilter::Case(id), None, AUDIT_LINES)? {
        let initials = read.account(row.staff)?.map(|account| account.initials);
        entries.push(AuditEntry {
            at: rfc3339(row.done_at),
            initials: initials.unwrap_or_else(|| "–".to_owned()),
            action: row.action.code().to_owned(),
            purpose: row.purpose,
        });
    }
    Ok(entries)
}
