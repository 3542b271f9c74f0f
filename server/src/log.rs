//! The server's log: one JSON object a line on standard error. Codes, ids and counts only; never what a person wrote,
//! a name, a number or the text of a request.

use std::error::Error;
use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use skranke_domain::rehearsal;
use skranke_protocol::instant;

/// In milliseconds.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// The present time; the only place that reads the clock.
pub fn now() -> DateTime<Utc> {
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    if rehearsal::IS_ON {
        now + TimeDelta::milliseconds(AHEAD.load(Ordering::Relaxed))
    } else {
        now
    }
}

/// Lets this program's clock jump, so far ahead of the computer's, or behind it; nothing in a program that cannot
/// rehearse.
pub fn rehearse_ahead(by: TimeDelta) {
    AHEAD.store(by.num_milliseconds(), Ordering::Relaxed);
}

/// Writes a line with fields that the caller vouches for.
pub fn line(event: &'static str, fields: Value) {
    let mut object = Map::new();
    object.insert("at".to_owned(), json!(instant::to_text(now())));
    object.insert("event".to_owned(), json!(event));
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    // In one go: standard error is not buffered, and each part of a line would be a call to the system.
    let text = format!("{}\n", Value::Object(object));
    // There is nowhere to report that the log itself cannot be written.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes a failure with its causes, whose texts come from the database and the system, not from people.
pub fn failure(event: &'static str, error: &dyn Error) {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    line(event, json!({ "causes": causes }));
}
