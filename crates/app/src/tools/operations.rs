//! What operations script: a backup and its check, an export of case or audit log.
//!
//! Backup, check and restore need the key and so nobody's sign-in; what is read about citizens needs one.
//!
//! Basis: design, sections 5 and 9.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use skranke_domain::danish_time;
use skranke_domain::role::Act;

use skranke_store::key::StoreKey;
use skranke_store::key::envelope::{Envelope, KeyError, Opener};
use skranke_store::key::recovery::RecoveryCode;
use skranke_store::{Action, Actor, BackupReport, Entry, Options, restore_backup, verify_backup};

use crate::api::case::{CaseRef, CaseView};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::state::{App, KeyPlace, NO_DEVICE, why_closed};

/// Rows of one page of an audit export.
const AUDIT_PAGE: u32 = 1000;

/// A backup that was found whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupView {
    /// Its folder.
    pub folder: PathBuf,
    /// When it was made.
    pub made_at: String,
    /// Events in it.
    pub events: u64,
    /// Cases in it.
    pub cases: u64,
    /// Rows of the audit log in it.
    pub audit_rows: u64,
    /// The end of the audit log's chain: note it elsewhere, for `audit verify`.
    pub audit_head: Option<String>,
    /// Attached files in it.
    pub attachments: u64,
}

/// What opens a backup.
pub enum BackupKey<'a> {
    /// Where the computer it was made of keeps its key.
    Place(KeyPlace),
    /// The computer's recovery code, as typed.
    RecoveryCode(&'a str),
}

/// A row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// Its number; numbers leave no gap.
    pub number: i64,
    /// When.
    pub at: String,
    /// Id of the member of staff; the nil id is the program itself.
    pub staff: String,
    /// Id of the device.
    pub device: String,
    /// In which roles.
    pub roles: String,
    /// What.
    pub action: &'static str,
    /// On which case.
    pub case: Option<String>,
    /// On what else.
    pub subject: Option<String>,
    /// Why.
    pub purpose: String,
    /// Its link in the chain, in hexadecimal digits; none for rows from before there was one.
    pub link: Option<String>,
}

impl App {
    /// Makes a backup in a new folder inside `into`, and checks it by opening it.
    ///
    /// # Errors
    /// Why the store is closed; `DiskFull`, `StoreNotWritable`, `DatabaseDamaged`.
    pub fn backup(&self, into: &Path) -> Result<BackupView, AppError> {
        let now = self.now();
        let mut desk = self.lock();
        let desk = &mut *desk;
        let Some(store) = &mut desk.store else {
            return Err(why_closed(desk.closed.as_ref()));
        };
        let device = store
            .read()?
            .own_device()?
            .map_or(NO_DEVICE, |own| own.device);
        let entry = Entry::new(Action::Maintained, now).on("backup");
        store.write(&Actor::program(device), entry)?.commit()?;
        Ok(store.backup_to(into, now)?.into())
    }

    /// Everything the window shows of a case, for handing on. The export is audited.
    ///
    /// # Errors
    /// As [`App::case_show`].
    pub fn case_export(&self, request: CaseRef) -> Result<CaseView, AppError> {
        let case = request
            .id
            .parse()
            .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
        let purpose = request.purpose.clone().unwrap_or_default();
        let view = self.case_show(request)?;
        self.at_work(|work| {
            let entry = Entry::new(Action::CaseExported, work.now)
                .on_case(case)
                .because(purpose);
            work.store.write(&work.actor, entry)?.commit()?;
            Ok(view)
        })
    }

    /// Rows of the audit log after a number, oldest first. That it was read is audited too.
    ///
    /// # Errors
    /// `NotPermitted`, `NotSignedIn`, what the store reports.
    pub fn audit_export(&self, after: i64) -> Result<Vec<AuditLine>, AppError> {
        self.at_work(|work| {
            work.session.needs(Act::ReadAudit)?;
            let entry = Entry::new(Action::AuditRead, work.now).on("export");
            work.store.write(&work.actor, entry)?.commit()?;
            let rows = work.store.read()?.audit_after(after, AUDIT_PAGE)?;
            let lines = rows.into_iter().map(|row| AuditLine {
                number: row.number,
                at: written(row.done_at),
                staff: row.staff.to_string(),
                device: row.device.to_string(),
                roles: row.roles,
                action: row.action.code(),
                case: row.case.map(|case| case.to_string()),
                subject: row.subject,
                purpose: row.purpose,
                link: row.link.map(hex),
            });
            Ok(lines.collect())
        })
    }
}

/// Checks a backup with the key of its computer: every file, every page, every count.
///
/// # Errors
/// `KeyMissing`, `KeyWrong`, `RecoveryCodeWrong`, `DatabaseDamaged`, `NewerDatabase`, `FileUnreadable`.
pub fn verify_backup_view(backup: &Path, key: &BackupKey<'_>) -> Result<BackupView, AppError> {
    Ok(verify_backup(backup, &key_of(backup, key)?)?.into())
}

/// Puts a checked backup into a folder that holds no store.
///
/// # Errors
/// As [`verify_backup_view`]; `AlreadySetUp` when the folder holds a store.
pub fn restore_view(
    backup: &Path,
    into: &Path,
    key: &BackupKey<'_>,
    now: DateTime<Utc>,
) -> Result<BackupView, AppError> {
    let key = key_of(backup, key)?;
    if Envelope::load(into).is_ok() {
        return Err(AppError::of(ErrorCode::AlreadySetUp));
    }
    let (_, report) = restore_backup(backup, into, &key, Options::default(), now)?;
    Ok(report.into())
}

fn key_of(backup: &Path, key: &BackupKey<'_>) -> Result<StoreKey, AppError> {
    let wrong = || AppError::of(ErrorCode::RecoveryCodeWrong);
    let envelope = Envelope::load(backup)?;
    match key {
        BackupKey::Place(place) => Ok(place.lend(|place| envelope.open(place))?),
        BackupKey::RecoveryCode(typed) => {
            let code: RecoveryCode = typed.parse().map_err(|_| wrong())?;
            match envelope.open(&Opener::Recovery(&code)) {
                Err(KeyError::WrongSecret) => Err(wrong()),
                opened => Ok(opened?),
            }
        }
    }
}

pub(super) fn written(at: DateTime<Utc>) -> String {
    danish_time::local(at).to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<BackupReport> for BackupView {
    fn from(report: BackupReport) -> Self {
        Self {
            made_at: written(report.made_at),
            folder: report.folder,
            events: report.events,
            cases: report.cases,
            audit_rows: report.audit_rows,
            audit_head: report.audit_head.map(|head| head.to_string()),
            attachments: report.attachments,
        }
    }
}
