//! The state of an installation, and the bundle that is sent to support.
//!
//! Neither carries personal data: no name, no path (a path holds the name of an account), no address of a server.
//!
//! Basis: design, section 9 (doctor); issue 2, H.

use std::io::{ErrorKind, Write};
use std::path::Path;

use chrono::Datelike;
use serde::Serialize;
use skranke_domain::{calendar, danish_time};

use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::state::{App, KeyPlace};
use crate::tools::ToolError;
use crate::tools::operations::written;
use crate::usecases::synchronise::MOST_CLOCK_OFFSET_MS;

/// A file that shows whether the folder can be written; removed at once.
const PROBE: &str = "doctor.tmp";
/// A day's work with its scans, and the room the database needs to tidy up.
const LEAST_FREE_MIB: u64 = 256;
/// No such program ran before.
const FIRST_YEAR: i32 = 2026;

/// Settings of the printing system of Linux; there is none of the name elsewhere.
const PRINTING_SETTINGS: &str = "/etc/cups/cupsd.conf";

/// The state of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthView {
    /// Whether nothing failed.
    pub healthy: bool,
    /// The program's version.
    pub version: &'static str,
    /// When it was looked at.
    pub checked_at: String,
    /// Each thing that was looked at.
    pub checks: Vec<HealthCheck>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// What: `folder`, `disk`, `key`, `store`, `integrity`, `audit`, `clock`, `spool`, `server`,
    /// `waiting` or `quarantined`.
    pub code: &'static str,
    /// `ok`, `failed`, `warned` or `not_set_up`. A warning is for whoever runs the computer; Skranke works all the same.
    pub outcome: &'static str,
    /// A version, a count or an error code.
    pub detail: String,
}

/// What support needs to know besides the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupportBundle {
    /// The state.
    pub health: HealthView,
    /// The operating system, `linux` or `windows`.
    pub system: &'static str,
    /// The processor, `x86_64`.
    pub processor: &'static str,
    /// The newest version of the database that this program knows.
    pub newest_database: u32,
    /// The municipality's profile with its version; none before the first run.
    pub profile: Option<String>,
    /// Rows and files by kind; empty while the store is closed.
    pub counts: Vec<(&'static str, u64)>,
}

impl HealthCheck {
    fn new(code: &'static str, outcome: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            outcome,
            detail: detail.into(),
        }
    }

    fn judged(code: &'static str, is_well: bool, detail: impl Into<String>) -> Self {
        Self::new(code, if is_well { "ok" } else { "failed" }, detail)
    }

    fn of(code: &'static str, found: Result<String, AppError>) -> Self {
        match found {
            Ok(detail) => Self::new(code, "ok", detail),
            Err(error) => Self::new(code, "failed", error.code.code()),
        }
    }
}

impl App {
    /// Looks at folder, disk, key, store, audit log, clock, printing system and central store.
    pub fn health(&self) -> HealthView {
        let mut checks = vec![self.folder_check(), self.disk_check()];
        checks.extend(self.store_checks());
        // The central store first: it tells what time it is there.
        let server = self.server_checks();
        checks.push(self.clock_check());
        checks.push(spool_check(Path::new(PRINTING_SETTINGS)));
        checks.extend(server);
        HealthView {
            healthy: checks.iter().all(|check| check.outcome != "failed"),
            version: env!("CARGO_PKG_VERSION"),
            checked_at: written(self.now()),
            checks,
        }
    }

    /// Writes the state and what else support needs to know into a new file.
    ///
    /// # Errors
    /// `file_not_new` when the file is there already or cannot be made, `output_failed` when it cannot be written.
    pub fn support_bundle(&self, health: HealthView, file: &Path) -> Result<(), ToolError> {
        let bundle = self.bundle(health);
        let json = serde_json::to_vec_pretty(&bundle);
        let json = json.map_err(|_| ToolError::environment("output_failed"))?;
        let made = std::fs::File::create_new(file);
        let mut made = made.map_err(|_| ToolError::environment("file_not_new"))?;
        let written = made.write_all(&json).and_then(|()| made.sync_all());
        written.map_err(|_| ToolError::environment("output_failed"))
    }

    fn bundle(&self, health: HealthView) -> SupportBundle {
        let desk = self.lock();
        let store = desk.store.as_ref();
        let profile = store.and_then(|store| self.profile(store).ok());
        let counts = store.and_then(|store| {
            let read = store.read().ok()?;
            let waiting = read.outbox_counts().ok()?;
            let (own_cases, confirmed_cases) = read.outbox_case_counts().ok()?;
            Some(vec![
                ("own_cases", own_cases),
                ("confirmed_cases", confirmed_cases),
                ("waiting_commands", waiting.waiting),
                ("quarantined_commands", waiting.quarantined),
                ("audit_rows", read.audit_chain(None).ok()?.rows),
            ])
        });
        SupportBundle {
            health,
            system: std::env::consts::OS,
            processor: std::env::consts::ARCH,
            newest_database: skranke_store::migrate::newest_version(),
            profile: profile.map(|profile| profile.reference()),
            counts: counts.unwrap_or_default(),
        }
    }

    fn folder_check(&self) -> HealthCheck {
        let probe = self.config.folder.join(PROBE);
        let written = std::fs::write(&probe, [0; 4096]);
        let removed = written.and_then(|()| std::fs::remove_file(&probe));
        let detail = removed.as_ref().err().map(|error| error.kind().to_string());
        HealthCheck::judged("folder", removed.is_ok(), detail.unwrap_or_default())
    }

    fn disk_check(&self) -> HealthCheck {
        match fs4::available_space(&self.config.folder) {
            Ok(free) => disk_judged(free),
            Err(error) => HealthCheck::new("disk", "failed", error.kind().to_string()),
        }
    }

    fn store_checks(&self) -> Vec<HealthCheck> {
        let way = match &self.config.key {
            KeyPlace::File(_) => "key_file",
            KeyPlace::System(_) => "key_store",
        };
        let desk = self.lock();
        let Some(store) = &desk.store else {
            let Some(error) = &desk.closed else {
                let not_set_up = |code| HealthCheck::new(code, "not_set_up", "");
                return vec![not_set_up("key"), not_set_up("store")];
            };
            let is_key = matches!(
                error.code,
                ErrorCode::KeyMissing
                    | ErrorCode::KeyWrong
                    | ErrorCode::PinNeeded
                    | ErrorCode::LeaseEnded
                    | ErrorCode::ClockSetBack
            );
            let failed = |code| HealthCheck::new(code, "failed", error.code.code());
            return if is_key {
                vec![failed("key"), HealthCheck::new("store", "not_set_up", "")]
            } else {
                vec![HealthCheck::new("key", "ok", way), failed("store")]
            };
        };
        let version = store.version().map(|version| version.to_string());
        let integrity = match store.check_integrity() {
            Ok(damage) if damage.is_empty() => HealthCheck::new("integrity", "ok", ""),
            Ok(damage) => HealthCheck::new("integrity", "failed", format!("{damage:?}")),
            Err(error) => HealthCheck::of("integrity", Err(error.into())),
        };
        let chain = store.read().and_then(|read| read.audit_chain(None));
        let audit = match chain {
            Ok(chain) => match chain.broken {
                None => HealthCheck::new("audit", "ok", chain.rows.to_string()),
                Some((number, how)) => {
                    HealthCheck::new("audit", "failed", format!("{number} {}", how.code()))
                }
            },
            Err(error) => HealthCheck::of("audit", Err(error.into())),
        };
        vec![
            HealthCheck::new("key", "ok", way),
            HealthCheck::of("store", version.map_err(AppError::from)),
            integrity,
            audit,
        ]
    }

    fn clock_check(&self) -> HealthCheck {
        let moment = self.central_clock.moment();
        HealthCheck::judged(
            "clock",
            is_plausible(moment.own, moment.ahead_ms()),
            written(moment.own),
        )
    }

    fn server_checks(&self) -> Vec<HealthCheck> {
        match self.sync_now(()) {
            Err(error) => vec![HealthCheck::new("server", "not_set_up", error.code.code())],
            Ok(view) if !view.configured => vec![HealthCheck::new("server", "not_set_up", "")],
            Ok(view) => vec![
                HealthCheck::judged("server", view.online, view.problem),
                HealthCheck::new("waiting", "ok", view.waiting.to_string()),
                HealthCheck::judged(
                    "quarantined",
                    view.quarantined == 0,
                    view.quarantined.to_string(),
                ),
            ],
        }
    }
}

fn disk_judged(free_bytes: u64) -> HealthCheck {
    let free = free_bytes / (1024 * 1024);
    HealthCheck::judged("disk", free >= LEAST_FREE_MIB, format!("{free} MiB"))
}

/// Whether the printing system forgets a paper once it is printed. It keeps it for a day where its settings do not say
/// otherwise, and that paper names a citizen.
///
/// Basis: spec reliability, T14.
fn spool_check(settings: &Path) -> HealthCheck {
    match std::fs::read_to_string(settings) {
        Ok(text) if forgets_papers(&text) => HealthCheck::new("spool", "ok", ""),
        Ok(_) => HealthCheck::new("spool", "warned", "PreserveJobFiles"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            HealthCheck::new("spool", "not_set_up", "")
        }
        Err(error) => HealthCheck::new("spool", "warned", error.kind().to_string()),
    }
}

/// What CUPS makes of its settings: the last line counts, upper and lower case are alike.
fn forgets_papers(settings: &str) -> bool {
    const NOT_KEPT: [&str; 4] = ["no", "off", "false", "0"];
    let lines = settings.lines().map(str::to_ascii_lowercase);
    let mut said = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let is_it = words.next() == Some("preservejobfiles");
        is_it.then(|| words.next().is_some_and(|word| NOT_KEPT.contains(&word)))
    });
    said.next_back().unwrap_or(false)
}

fn is_plausible(now: chrono::DateTime<chrono::Utc>, offset_ms: i64) -> bool {
    let year = danish_time::date_at(now).year();
    calendar::YEARS.contains(&year)
        && year >= FIRST_YEAR
        && offset_ms.saturating_abs() <= MOST_CLOCK_OFFSET_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_for_a_day_is_told() {
        let mib = 1024 * 1024;
        assert_eq!(disk_judged(LEAST_FREE_MIB * mib).outcome, "ok");
        assert_eq!(disk_judged(LEAST_FREE_MIB * mib - 1).outcome, "failed");
    }

    #[test]
    fn a_printing_system_that_keeps_papers_is_warned_about() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cupsd.conf");
        assert_eq!(spool_check(&file).outcome, "not_set_up", "no CUPS here");
        for (settings, outcome) in [
            (
                "LogLevel warn\nPreserveJobFiles No\nListen localhost:631\n",
                "ok",
            ),
            ("  preservejobfiles\toff", "ok"),
            ("PreserveJobFiles 0", "ok"),
            ("PreserveJobFiles Yes\nPreserveJobFiles No", "ok"),
            ("LogLevel warn\n", "warned"),
            ("#PreserveJobFiles No", "warned"),
            ("PreserveJobFilesOld No", "warned"),
            ("PreserveJobFiles No\nPreserveJobFiles 86400", "warned"),
            ("PreserveJobFiles", "warned"),
        ] {
            std::fs::write(&file, settings).expect("written");
            assert_eq!(spool_check(&file).outcome, outcome, "{settings}");
        }
        std::fs::write(&file, [0xff, 0xfe]).expect("written");
        assert_eq!(spool_check(&file).outcome, "warned", "nobody knows");
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_told() {
        let day = |text: &str| text.parse().unwrap();
        assert!(is_plausible(day("2026-11-21T08:00:00Z"), 0));
        assert!(is_plausible(
            day("2026-11-21T08:00:00Z"),
            -MOST_CLOCK_OFFSET_MS
        ));
        for (now, offset) in [
            ("2026-11-21T08:00:00Z", MOST_CLOCK_OFFSET_MS + 1),
            ("2026-11-21T08:00:00Z", i64::MIN),
            ("1970-01-01T00:00:00Z", 0),
            ("2300-01-01T00:00:00Z", 0),
        ] {
            assert!(!is_plausible(day(now), offset), "{now} {offset}");
        }
    }
}
