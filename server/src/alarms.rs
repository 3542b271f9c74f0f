//! How soon somebody must look at an alarm: by its code, the same in the figures, in the log and in the list of alarms.
//!
//! Basis: issue 3, "Bad input"; decision 43.

use skranke_protocol::wire::{DeferReason, QuarantineReason, Urgency};

/// How soon somebody must look at an alarm with this code. What is no verdict's reason (a token shown twice, a log that
/// does not fit) cannot come from an honest program.
pub fn urgency_of(code: &str) -> Urgency {
    let of_quarantine = QuarantineReason::from_code(code).alarm();
    of_quarantine
        .or_else(|| DeferReason::from_code(code).alarm())
        .unwrap_or(Urgency::AtOnce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_has_its_reasons_urgency_and_any_other_is_looked_at_at_once() {
        for (code, urgency) in [
            ("bad_signature", Urgency::AtOnce),
            ("rule.file_name_not_plain", Urgency::AtOnce),
            ("rule.not_ready", Urgency::Watch),
            ("unknown_kind", Urgency::Watch),
            ("token_reused", Urgency::AtOnce),
            ("audit_gap", Urgency::AtOnce),
        ] {
            assert_eq!(urgency_of(code), urgency, "{code}");
        }
    }
}
