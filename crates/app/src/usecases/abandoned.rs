//! Drafts nobody comes back to are deleted by rule, with their files.
//!
//! How old a draft is goes by the clock that what people do is dated by. Where that leapt lately nothing is deleted: a
//! clock that is set makes no draft old. Basis: reliability, fault F6.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use skranke_store::{Action, DraftRow, Entry};

use crate::error::AppError;
use crate::state::{App, AtWork};

/// When a draft was saved, by the clock that what people do is dated by. By this computer's own the store knows it.
#[derive(Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Dated {
    #[serde(default)]
    dated_ms: Option<i64>,
}

impl Dated {
    pub(crate) fn at(legal_now: DateTime<Utc>) -> Self {
        Self {
            dated_ms: Some(legal_now.timestamp_millis()),
        }
    }

    /// When that was, or what the own clock said where nothing else was noted.
    pub(crate) fn or(self, own: DateTime<Utc>) -> DateTime<Utc> {
        self.dated_ms
            .and_then(DateTime::from_timestamp_millis)
            .unwrap_or(own)
    }

    fn of(row: &DraftRow) -> Self {
        serde_json::from_str(&row.fields).unwrap_or_default()
    }
}

impl App {
    /// Deletes for good, with their files, the drafts nobody has touched for as long as the profile keeps them.
    pub(crate) fn delete_abandoned(&self, work: &mut AtWork<'_>) -> Result<(), AppError> {
        let kept_days = self.profile(work.store)?.practice.abandoned_draft_days;
        let kept = TimeDelta::days(i64::from(kept_days));
        if !self.no_leap_for(kept, work.store)? {
            return Ok(());
        }
        // One that is dated ahead is from when the central store's clock was; its row says when that was here.
        let (now, legal_now) = (work.now, work.legal_now);
        let saved_at = |row: &DraftRow| match Dated::of(row).or(row.updated_at) {
            dated if dated > legal_now => row.updated_at + (legal_now - now),
            dated => dated,
        };
        let mut abandoned = work.store.read()?.drafts(None, u32::MAX)?;
        abandoned.retain(|row| saved_at(row) < legal_now - kept);
        if abandoned.is_empty() {
            return Ok(());
        }
        let entry = Entry::new(Action::Maintained, work.now).on("abandoned_drafts");
        let mut write = work.store.write(&work.actor, entry)?;
        // Another program may have saved one meanwhile.
        let mut untouched = Vec::new();
        for row in abandoned {
            if write.reading().draft(row.draft)? == Some(row.clone()) {
                untouched.push(row.draft);
            }
        }
        write.delete_abandoned_drafts(&untouched)?;
        write.sweep_attachments()?;
        write.commit()?;
        Ok(())
    }
}
