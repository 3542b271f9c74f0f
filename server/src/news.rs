//! What a commit put into the feed, and who waits for it: a commit wakes only those whom it concerns. The alarms it
//! raised go with it, so that an alarm is counted once it is committed, whatever raised it.
//!
//! A desktop that holds the whole municipality is woken by every commit that brings something, one of limited scope by
//! its own cases alone; nobody is woken by a commit that only wrote to the audit. What is committed shortly after comes
//! along, so a busy quarter of an hour costs each desktop some pages a second and not one page for each commit.
//!
//! Basis: design, section 6 (long poll); sync-and-speed 3.3.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use skranke_domain::ids::{CaseId, DeviceId};
use skranke_protocol::wire::Scope;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::store::{Device, NewFeedItem};

/// Commits that are remembered for whoever is slow to hear of them; who is slower looks for himself.
pub(crate) const REMEMBERED: usize = 32;
/// How long others have to come along once somebody was woken.
const GATHERED_FOR: Duration = Duration::from_millis(20);

/// What one commit put into the feed of a municipality, and the alarms it raised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Cases with new events.
    cases: BTreeSet<CaseId>,
    /// Devices that an item names, or whose scope grew.
    devices: BTreeSet<DeviceId>,
    /// Codes of the alarms raised.
    alarms: Vec<String>,
}

impl News {
    /// Adds an item of the feed.
    pub fn add(&mut self, item: &NewFeedItem) {
        match item {
            NewFeedItem::Event { case_id, .. } => {
                self.cases.insert(*case_id);
            }
            NewFeedItem::ScopeEntered { device_id, .. }
            | NewFeedItem::ScopeLeft { device_id, .. } => self.add_device(*device_id),
        }
    }

    /// Adds a device that must look for itself.
    pub fn add_device(&mut self, device: DeviceId) {
        self.devices.insert(device);
    }

    /// Adds an alarm.
    pub fn add_alarm(&mut self, code: &str) {
        self.alarms.push(code.to_owned());
    }

    /// Takes out the codes of the alarms.
    pub fn take_alarms(&mut self) -> Vec<String> {
        std::mem::take(&mut self.alarms)
    }

    /// Whether nothing came into the feed.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.devices.is_empty()
    }

    /// Whether something came for a device; `own_cases` are those in its scope, where that is limited.
    pub fn concerns(&self, device: &Device, own_cases: &BTreeSet<CaseId>) -> bool {
        let has_events = if device.scope == Scope::Tenant {
            !self.cases.is_empty()
        } else {
            !self.cases.is_disjoint(own_cases)
        };
        has_events || self.devices.contains(&device.id)
    }
}

/// Hears of a municipality's commits from when it was made.
pub struct Listener(pub(crate) Receiver<Arc<News>>);

impl Listener {
    /// Forgets what was heard so far: the feed is about to be looked at.
    pub fn catch_up(&mut self) {
        self.0 = self.0.resubscribe();
    }

    /// Returns shortly after something came that concerns a device, together with what came meanwhile.
    pub async fn concerning(&mut self, device: &Device, own_cases: &BTreeSet<CaseId>) {
        loop {
            match self.0.recv().await {
                Ok(news) if !news.concerns(device, own_cases) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => break,
                // The writer has ended and with it all news; whoever waits is answered when their time is up.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
        tokio::time::sleep(GATHERED_FOR).await;
    }
}

#[cfg(test)]
mod tests;
