//! The time between two rounds: how long it is, and what ends it sooner.
//!
//! After a round that went well the central store is asked to say when something is new (long poll), and its answer
//! begins the next round. The question waits on a thread of its own and holds neither the store nor the line. Nobody
//! waits for that thread: whoever runs a round, closes the store or ends the program hangs up on it. After a failure the
//! rest grows, with chance in it, up to a minute, and is never shorter than the central store asked for.
//!
//! Basis: design, section 6 (long poll); decision 46.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rand::RngCore;
use rand::rngs::OsRng;
use skranke_protocol::wire::Cursor;
use skranke_sync::{Backoff, Client, SyncError};

use super::{Line, LineState};
use crate::state::App;

/// The rest where nothing is heard meanwhile.
const ORDINARY: Duration = Duration::from_secs(10);
/// The shortest rest before a round that news began. In a busy hour each computer runs a round in so much time, not
/// one for each thing that is new.
const APART: Duration = Duration::from_secs(1);
/// The longest rest after failures: whoever gets the line back is in step within a minute, unasked.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a screen that was left alone is looked for, however long the rest.
const LOOK: Duration = Duration::from_secs(10);

/// A question that the central store answers when something is new.
pub(super) struct Poll {
    client: Arc<Client>,
    /// Whether something is, once it has answered or failed.
    is_news: Option<bool>,
}

/// A rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// As long as there is nothing new.
    Listening,
    /// As long as this.
    For(Duration),
}

/// What the rounds so far say of the next rest.
struct Pace {
    failures: Backoff,
    /// Where the feed stood when something behind it was said to be new.
    told_at: Option<Cursor>,
}

impl Pace {
    fn new() -> Self {
        Self {
            failures: Backoff::up_to(LONGEST),
            told_at: None,
        }
    }

    /// The rest after a round, which read the feed up to a place; `random` is any number, evenly distributed.
    fn after(
        &mut self,
        round: Option<&Result<(), SyncError>>,
        read_to: Option<Cursor>,
        random: u32,
    ) -> Rest {
        let told_at = self.told_at.take();
        match round {
            // Nobody was asked: no central store, a round that somebody else runs or stopped, a store that is closed.
            None | Some(Err(SyncError::Cancelled | SyncError::Host(_))) => Rest::For(ORDINARY),
            Some(Err(error)) => Rest::For(self.failures.next(random, error.asks_to_wait())),
            Some(Ok(())) => {
                self.failures.reset();
                let was_told_nothing = told_at.is_some() && told_at == read_to;
                if was_told_nothing {
                    // Who goes on saying so would keep us at it for ever.
                    Rest::For(ORDINARY)
                } else {
                    Rest::Listening
                }
            }
        }
    }
}

impl Line {
    /// Ends the waiting for news, if anybody waits.
    pub(crate) fn hang_up(&self) {
        let poll = self.state().poll.take();
        if let Some(poll) = poll {
            poll.client.hang_up();
        }
    }

    /// The question of this client was answered, or failed.
    fn answered(&self, client: &Arc<Client>, is_news: bool) {
        let mut state = self.state();
        if let Some(poll) = &mut state.poll
            && Arc::ptr_eq(&poll.client, client)
        {
            poll.is_news = Some(is_news);
            self.wake.notify_all();
        }
    }
}

impl LineState {
    /// Whether the central store was asked for news, and what it said.
    fn news(&self) -> Option<Option<bool>> {
        self.poll.as_ref().map(|poll| poll.is_news)
    }
}

impl App {
    /// Keeps this computer and the central store in step until [`App::stop`]. Call once, on a thread of its own.
    pub fn keep_in_step(&self) {
        let mut pace = Pace::new();
        while !self.line.cancel.is_cancelled() {
            let round = self.run_round();
            let rest = pace.after(round.as_ref(), self.read_to(), OsRng.next_u32());
            pace.told_at = self.rest(rest);
        }
    }

    /// Rests until it is time for the next round; where news ended it, the place they are behind.
    fn rest(&self, rest: Rest) -> Option<Cursor> {
        let begun = Instant::now();
        let (asked_at, length) = match rest {
            Rest::Listening => (self.listen(), ORDINARY),
            Rest::For(length) => (None, length),
        };
        let was_away = !self.line.state().online;
        let is_over = |state: &LineState| {
            let is_back = was_away && state.online;
            state.something_new || is_back || self.line.cancel.is_cancelled()
        };
        loop {
            self.close_unattended(&mut self.lock());
            if self.lock().store.is_none() {
                self.line.hang_up();
            }
            let state = self.line.state();
            let news = state.news();
            let left = self.left(news, length, begun.elapsed());
            if is_over(&state) || left.is_zero() {
                break;
            }
            let still = |state: &mut LineState| !is_over(state) && state.news() == news;
            drop(
                self.line
                    .wake
                    .wait_timeout_while(state, left.min(LOOK), still)
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
        let is_told = self.line.state().news() == Some(Some(true));
        self.line.hang_up();
        self.line.state().something_new = false;
        asked_at.filter(|_| is_told)
    }

    /// How much of a rest is left.
    fn left(&self, news: Option<Option<bool>>, length: Duration, rested: Duration) -> Duration {
        let length = match news {
            // The central store ends it, or the time-out of the question does.
            Some(None) => return LOOK,
            Some(Some(true)) => APART,
            Some(Some(false)) | None => length,
        };
        self.config.clock.wait_of(length).saturating_sub(rested)
    }

    /// Asks the central store to say when something is behind what was read; that place, where it could be asked.
    fn listen(&self) -> Option<Cursor> {
        let after = self.read_to()?;
        let client = Arc::new(self.enrolled_client().ok()?);
        self.line.state().poll = Some(Poll {
            client: Arc::clone(&client),
            is_news: None,
        });
        let line = Arc::clone(&self.line);
        let asking = move || {
            let is_news = client.has_news(after).unwrap_or(false);
            line.answered(&client, is_news);
        };
        let thread = std::thread::Builder::new().name("news".to_owned());
        if thread.spawn(asking).is_err() {
            self.line.hang_up();
        }
        Some(after)
    }

    /// How far the feed was read; none while the store is closed.
    fn read_to(&self) -> Option<Cursor> {
        self.with_store(|store| Ok(store.read()?.cursor()?)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOMEWHERE: Option<Cursor> = Some(Cursor {
        epoch: 1,
        position: 7,
    });

    #[test]
    fn after_failures_the_rest_grows_to_a_minute_and_starts_anew_after_a_success() {
        let mut pace = Pace::new();
        let failed = Err(SyncError::Offline);
        let mut rests = || {
            let rest = |_| match pace.after(Some(&failed), SOMEWHERE, u32::MAX) {
                Rest::For(time) => time.as_secs(),
                Rest::Listening => 0,
            };
            (0..8).map(rest).collect::<Vec<_>>()
        };

        assert_eq!(rests(), [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pace.after(Some(&Ok(())), SOMEWHERE, 0), Rest::Listening);
        let after_that = pace.after(Some(&failed), SOMEWHERE, 0);
        assert_eq!(after_that, Rest::For(Duration::from_millis(500)));
    }

    #[test]
    fn the_rest_is_as_long_as_the_central_store_asks() {
        let asked = Err(SyncError::Busy {
            retry_after: Some(Duration::from_secs(90)),
        });

        let rest = Pace::new().after(Some(&asked), SOMEWHERE, 0);

        assert_eq!(rest, Rest::For(Duration::from_secs(90)));
    }

    #[test]
    fn news_that_are_none_are_not_listened_to_for_a_while() {
        let mut pace = Pace::new();
        pace.told_at = SOMEWHERE;

        assert_eq!(
            pace.after(Some(&Ok(())), SOMEWHERE, 0),
            Rest::For(ORDINARY),
            "the round found nothing there"
        );
        assert_eq!(pace.after(Some(&Ok(())), SOMEWHERE, 0), Rest::Listening);
    }

    #[test]
    fn a_round_in_which_nobody_was_asked_is_no_failure() {
        let closed = Err(SyncError::Host("closed".to_owned()));
        for round in [None, Some(&Err(SyncError::Cancelled)), Some(&closed)] {
            let mut pace = Pace::new();

            assert_eq!(pace.after(round, None, 0), Rest::For(ORDINARY));
            assert_eq!(pace.failures, Backoff::up_to(LONGEST));
        }
    }
}
