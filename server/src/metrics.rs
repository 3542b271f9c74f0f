//! Figures for monitoring, as Prometheus reads them. Codes and counts only: no person, device, case or municipality.
//!
//! They are given on an address of their own, so that nobody reaches them through the interface.
//! Basis: issue 3, part A.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{CommandVerdict, Outcome, Verdict};

use crate::alarms;
use crate::central::Central;
use crate::log;

/// Labels of a counter: names and codes of the program, never a value of a request.
type Labels = Vec<(&'static str, String)>;

/// All figures.
pub struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    latency: Family<Labels, Histogram>,
    problems: Family<Labels, Counter>,
    verdicts: Family<Labels, Counter>,
    alarms: Family<Labels, Counter>,
    looks: Counter,
    waiting_polls: Gauge,
    waiting_writes: Gauge,
    oldest_commit: Gauge<f64, AtomicU64>,
    open_requests: Gauge,
    clock_set_on: Gauge,
}

/// Upper ends of the latency's steps in seconds.
const STEPS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

impl Default for Metrics {
    fn default() -> Self {
        let steps: fn() -> Histogram = || Histogram::new(STEPS);
        let latency: Family<Labels, Histogram> = Family::new_with_constructor(steps);
        let mut metrics = Self {
            registry: Registry::with_prefix("skranke"),
            requests: Family::default(),
            latency: latency.clone(),
            problems: Family::default(),
            verdicts: Family::default(),
            alarms: Family::default(),
            looks: Counter::default(),
            waiting_polls: Gauge::default(),
            waiting_writes: Gauge::default(),
            oldest_commit: Gauge::default(),
            open_requests: Gauge::default(),
            clock_set_on: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time to an answer; a long poll's waiting is part of it",
            Unit::Seconds,
            latency,
        );
        registry.register(
            "problems",
            "Problem answers by code",
            metrics.problems.clone(),
        );
        registry.register(
            "verdicts",
            "Commands by verdict and reason",
            metrics.verdicts.clone(),
        );
        registry.register(
            "alarms",
            "Alarms raised, by code and by how soon somebody must look",
            metrics.alarms.clone(),
        );
        registry.register(
            "feed_looks",
            "Times the feed was looked through for a device",
            metrics.looks.clone(),
        );
        registry.register(
            "long_polls",
            "Long polls that wait now",
            metrics.waiting_polls.clone(),
        );
        registry.register(
            "waiting_writes",
            "Writes in the queues",
            metrics.waiting_writes.clone(),
        );
        registry.register_with_unit(
            "oldest_commit_age",
            "How long the oldest commit under way has waited, for disk or standby",
            Unit::Seconds,
            metrics.oldest_commit.clone(),
        );
        registry.register(
            "open_requests",
            "Requests under way",
            metrics.open_requests.clone(),
        );
        registry.register_with_unit(
            "clock_set_on",
            "How far the computer's clock was set on since the start; less than nothing where it was set back",
            Unit::Seconds,
            metrics.clock_set_on.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn answered(
        &self,
        method: &str,
        endpoint: &str,
        status: u16,
        problem: Option<ProblemCode>,
        took: Duration,
    ) {
        let place = || {
            vec![
                ("method", method.to_owned()),
                ("endpoint", endpoint.to_owned()),
            ]
        };
        let mut labels = place();
        labels.push(("status", status.to_string()));
        self.requests.get_or_create(&labels).inc();
        self.latency
            .get_or_create(&place())
            .observe(took.as_secs_f64());
        if let Some(problem) = problem {
            let labels = vec![("code", problem.code().to_owned())];
            self.problems.get_or_create(&labels).inc();
        }
    }

    /// Counts an alarm that is committed, and tells the log of it.
    pub(crate) fn alarmed(&self, code: &str) {
        let urgency = alarms::urgency_of(code).code();
        self.alarms.get_or_create(&alarm_labels(code)).inc();
        log::line(
            "alarm",
            serde_json::json!({ "code": code, "urgency": urgency }),
        );
    }

    /// How often an alarm was raised since the start.
    pub fn alarms(&self, code: &str) -> u64 {
        let counted = self.alarms.get(&alarm_labels(code));
        counted.map_or(0, |counter| counter.get())
    }

    /// Counts what became of commands.
    pub(crate) fn judged(&self, verdicts: &[CommandVerdict]) {
        for CommandVerdict { verdict, .. } in verdicts {
            let (code, reason) = match verdict {
                Verdict::Duplicate(_) => ("duplicate", ""),
                Verdict::First(Outcome::Quarantined { reason }) => ("quarantined", reason.code()),
                Verdict::First(Outcome::Deferred { reason }) => ("deferred", reason.code()),
                Verdict::First(outcome) => (outcome.code(), ""),
            };
            let labels = vec![("verdict", code.to_owned()), ("reason", reason.to_owned())];
            self.verdicts.get_or_create(&labels).inc();
        }
    }

    /// Counts that the feed was looked through.
    pub(crate) fn looked(&self) {
        self.looks.inc();
    }

    /// How often it was.
    pub(crate) fn looks(&self) -> u64 {
        self.looks.get()
    }

    /// How many long polls wait now.
    pub(crate) fn waiting_polls(&self) -> u64 {
        u64::try_from(self.waiting_polls.get()).unwrap_or(0)
    }

    /// Counts a long poll for as long as what is returned lives.
    pub(crate) fn waiting_poll(&self) -> Waiting {
        self.waiting_polls.inc();
        Waiting(self.waiting_polls.clone())
    }

    fn text(&self, central: &Central) -> String {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.waiting_writes.set(count(central.writers.waiting()));
        let oldest = central.writers.oldest_commit();
        self.oldest_commit.set(oldest.as_secs_f64());
        let open = central.max_requests - central.requests.available_permits();
        self.open_requests.set(count(open));
        self.clock_set_on.set(central.clock_set_on_seconds());
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn alarm_labels(code: &str) -> Labels {
    let urgency = alarms::urgency_of(code).code();
    vec![("code", code.to_owned()), ("urgency", urgency.to_owned())]
}

/// A long poll that waits.
pub(crate) struct Waiting(Gauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The one route of the address for monitoring.
pub fn router(central: Arc<Central>) -> Router {
    Router::new()
        .route("/metrics", get(figures))
        .with_state(central)
}

async fn figures(State(central): State<Arc<Central>>) -> impl IntoResponse {
    const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [(header::CONTENT_TYPE, MEDIA_TYPE)],
        central.metrics.text(&central),
    )
}
