//! Drafts nobody comes back to are deleted by rule, with their files.
//!
//! How old a draft is goes by the clock that what people do is dated by. Where that clock or this computer's own was
//! moved lately, nothing is deleted: a clock that is set makes no draft old. Basis: reliability, fault F6.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::DraftId;
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
        if !self.clocks_stood_for(kept, work.store)? {
            return Ok(());
        }
        let drafts = work.store.read()?.drafts(None, u32::MAX)?;
        let abandoned: Vec<DraftId> = drafts
            .iter()
            .filter(|row| Dated::of(row).or(row.updated_at) < work.legal_now - kept)
            .map(|row| row.draft)
            .collect();
        if abandoned.is_empty() {
            return Ok(());
        }
        let entry = Entry::new(Action::Maintained, work.now).on("abandoned_drafts");
        let mut write = work.store.write(&work.actor, entry)?;
        write.delete_abandoned_drafts(&abandoned)?;
        write.sweep_attachments()?;
        write.commit()?;
        Ok(())
    }
}
