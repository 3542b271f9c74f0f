//! Whether a letter agrees with itself and with what a letter can know.

use skranke_domain::event::{Channel, REJECTIONS};
use skranke_domain::rule_set::{Duration, RuleSetCode};

use super::Letter;
use crate::condition::{Clause, Condition};
use crate::error::FormsError;
use crate::help_offer::HelpOffer;
use crate::texts::placeholders;

/// The lists a letter may ask for.
const LISTS: [&str; 6] = [
    "rule_set.grounds",
    "rule_set.not_covered",
    "help_offers",
    "unmet",
    "would_change",
    "missing",
];

/// How a request can be signed: what the form's `signing_method` can be.
pub(super) const SIGNING_METHODS: [&str; 3] = ["paper", "screen", "unable"];

/// The places a section may have.
const PLACES: [&str; 3] = ["municipality", "complaint", "notice"];

/// The facts a letter may ask for, beside those of rule set and profile.
pub(super) const FACTS: [&str; 38] = [
    "form_version",
    "channel",
    "citizen_name",
    "citizen_cpr",
    "citizen_address",
    "representative_name",
    "guardian_name",
    "granted_at",
    "registered_at",
    "decided_at",
    "corrected_at",
    "received_on",
    "signed_on",
    "duration",
    "duration_kind",
    "unopened_post",
    "case_number",
    "municipal_case_number",
    "paper_number",
    "paper_title",
    "initials",
    "location",
    "identity_seen",
    "signing_method",
    "outcome",
    "reason",
    "next_step",
    "reasons",
    "legal_basis",
    "complaint_guidance",
    "resend_post",
    "was_registered",
    "poa_covers_unopened_post",
    "copy_number",
    "issued_at",
    "authority",
    "chosen_offer",
    "chosen_offer_said",
];

/// Papers that say what was done and are shown around: they name no ground and nobody who came instead.
///
/// Basis: design.md section 8; spec/practice.md point 13.
pub(super) const RECEIPTS: [&str; 7] = [
    "exemption_receipt",
    "interim_paper",
    "important_messages",
    "hand_in_slip",
    "information_sheet",
    "correction_wrong_person",
    "correction_right_person",
];

/// What such a paper must not ask for.
const NOT_ON_RECEIPTS: [&str; 6] = [
    "channel",
    "representative_name",
    "guardian_name",
    "poa_covers_unopened_post",
    "reasons",
    "rule_set.grounds",
];

/// Checks one letter: every fact, list and place it names exists, a condition asks for what a fact can be, and a
/// receipt says no more than it may.
pub(super) fn check(file: &str, letter: &Letter, offers: &[HelpOffer]) -> Result<(), FormsError> {
    if format!("letters/{}.toml", letter.code) != file {
        return Err(FormsError::wrong(
            file,
            "code",
            "differs from the file's name",
        ));
    }
    if !["citizen", "staff"].contains(&letter.audience.as_str()) {
        return Err(FormsError::wrong(
            file,
            "audience",
            "must be citizen or staff",
        ));
    }
    for (key, text) in letter.all_texts() {
        if let Some(name) = placeholders(text).iter().find(|name| !is_fact(name)) {
            return Err(FormsError::wrong(
                file,
                key,
                format!("there is no fact {{{name}}}"),
            ));
        }
    }
    for clause in letter.conditions().flat_map(Condition::clauses) {
        if !is_fact(&clause.fact) {
            return Err(FormsError::wrong(
                file,
                "when",
                format!("there is no fact \"{}\"", clause.fact),
            ));
        }
        can_hold(clause, offers).map_err(|why| FormsError::wrong(file, "when", why))?;
    }
    for section in &letter.sections {
        if let Some(place) = &section.place
            && !PLACES.contains(&place.as_str())
        {
            let key = format!("section.{}.place", section.heading);
            return Err(FormsError::wrong(
                file,
                key,
                format!("there is no place \"{place}\""),
            ));
        }
        let key = format!("section.{}.bullets_from", section.heading);
        if let Some(list) = &section.bullets_from
            && !LISTS.contains(&list.as_str())
        {
            return Err(FormsError::wrong(
                file,
                key,
                format!("there is no list \"{list}\""),
            ));
        }
    }
    if RECEIPTS.contains(&letter.code.as_str())
        && let Some(name) = letter
            .asks_for()
            .into_iter()
            .find(|name| NOT_ON_RECEIPTS.contains(name))
    {
        let why = format!("a receipt names no ground and nobody who came instead: {{{name}}}");
        return Err(FormsError::wrong(file, "code", why));
    }
    Ok(())
}

/// A condition compares a fact with what it can be, or it would never hold and nobody would see why.
fn can_hold(clause: &Clause, offers: &[HelpOffer]) -> Result<(), String> {
    let fact = clause.fact.as_str();
    for value in clause.values() {
        let is_word = match fact {
            "channel" => Channel::from_code(value).is_some(),
            "rule_set" => RuleSetCode::from_code(value).is_some(),
            "duration_kind" => Duration::from_code(value).is_some(),
            "signing_method" => SIGNING_METHODS.contains(&value.as_str()),
            "reason" => REJECTIONS.contains(&value.as_str()),
            "was_registered" | "resend_post" | "poa_covers_unopened_post" => {
                ["true", "false"].contains(&value.as_str())
            }
            "chosen_offer" => offers.iter().any(|offer| offer.code == *value),
            "form_version" => value.parse::<u16>().is_ok(),
            _ => return Err(format!("{fact} can only be given or empty")),
        };
        if !is_word {
            return Err(format!("{fact} is never \"{value}\""));
        }
    }
    Ok(())
}

fn is_fact(name: &str) -> bool {
    const OF_PROFILE: [&str; 5] = [
        "municipality",
        "unit",
        "contact_name",
        "contact_phone",
        "id_kinds",
    ];
    const OF_RULE_SET: [&str; 5] = [
        "rule_set",
        "rule_declaration",
        "rule_meaning",
        "rule_rejoin",
        "rule_duration_note",
    ];
    FACTS.contains(&name) || OF_PROFILE.contains(&name) || OF_RULE_SET.contains(&name)
}
