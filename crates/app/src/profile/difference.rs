//! What an edit changes, in words, and how an edit goes on top of somebody else's.

use serde_json::{Map, Value};
use skranke_forms::{Texts, read_date, show_date};

use crate::api::profile::{ProfileChange, ProfileEdit};

/// The fields in the order of the page; the words for each are `profile.<field>`.
pub(crate) const FIELDS: [&str; 27] = [
    "name",
    "unit",
    "center",
    "address",
    "contact_name",
    "contact_phone",
    "ean",
    "national_tool",
    "locations",
    "calendar",
    "closing_days",
    "may_represent",
    "screen_signature",
    "record_ground",
    "mask_cpr",
    "outreach_may_decide",
    "id_kinds",
    "power_of_attorney_warn_days",
    "abandoned_draft_days",
    "legal_citation",
    "complaint_guidance",
    "case_number_pattern",
    "case_number_example",
    "kle",
    "kle_facet",
    "retention",
    "offline_lease_days",
];

/// Fields whose answers are codes with words of their own, `profile.<field>_<code>`.
const CHOICES: [&str; 2] = ["calendar", "may_represent"];

/// What differs, field by field and entry by entry.
pub(crate) fn changes(
    before: &ProfileEdit,
    after: &ProfileEdit,
    texts: &Texts,
) -> Vec<ProfileChange> {
    let (before, after) = (fields(before), fields(after));
    let mut found = Vec::new();
    for field in FIELDS {
        let label = texts.say(&format!("profile.{field}"), &[]);
        let mut add = |before: String, after: String| {
            if before != after {
                let label = label.clone();
                found.push(ProfileChange {
                    label,
                    before,
                    after,
                });
            }
        };
        match (before.get(field), after.get(field)) {
            (Some(Value::Array(old)), Some(Value::Array(new))) => {
                let of = |list: &[Value], key: &str| {
                    let found = list.iter().find(|entry| key_of(entry) == key);
                    found
                        .map(|entry| said(field, entry, texts))
                        .unwrap_or_default()
                };
                for entry in old {
                    add(said(field, entry, texts), of(new, &key_of(entry)));
                }
                for entry in new {
                    let key = key_of(entry);
                    if key.is_empty() || !old.iter().any(|known| key_of(known) == key) {
                        add(String::new(), said(field, entry, texts));
                    }
                }
            }
            (old, new) => {
                let say = |value: Option<&Value>| {
                    value
                        .map(|value| said(field, value, texts))
                        .unwrap_or_default()
                };
                add(say(old), say(new));
            }
        }
    }
    found
}

/// What was typed on top of `base`, put on top of `newest` instead: a field or entry that was not touched is as it
/// stands there now, so nobody's change is taken back unseen.
pub(crate) fn on_top_of(
    newest: &ProfileEdit,
    base: &ProfileEdit,
    typed: &ProfileEdit,
) -> Option<ProfileEdit> {
    let (newest, base, typed) = (fields(newest), fields(base), fields(typed));
    let mut merged = Map::new();
    for (field, theirs) in &newest {
        let value = match (base.get(field), typed.get(field)) {
            (Some(Value::Array(base)), Some(Value::Array(typed))) => {
                let theirs = theirs.as_array().map(Vec::as_slice).unwrap_or_default();
                Value::Array(entries(theirs, base, typed))
            }
            (base, Some(typed)) if base != Some(typed) => typed.clone(),
            _ => theirs.clone(),
        };
        merged.insert(field.clone(), value);
    }
    serde_json::from_value(Value::Object(merged)).ok()
}

fn entries(theirs: &[Value], base: &[Value], typed: &[Value]) -> Vec<Value> {
    let in_list = |list: &[Value], key: &str| -> Option<Value> {
        let found = list.iter().find(|entry| key_of(entry) == key);
        found.filter(|_| !key.is_empty()).cloned()
    };
    let mut merged: Vec<Value> = theirs
        .iter()
        .filter_map(|entry| {
            let key = key_of(entry);
            match (in_list(base, &key), in_list(typed, &key)) {
                // Taken away by whoever typed.
                (Some(_), None) => None,
                (base, Some(typed)) if base.as_ref() != Some(&typed) => Some(typed),
                _ => Some(entry.clone()),
            }
        })
        .collect();
    let added = typed.iter().filter(|entry| {
        let key = key_of(entry);
        in_list(theirs, &key).is_none() && in_list(base, &key).as_ref() != Some(entry)
    });
    merged.extend(added.cloned());
    merged
}

fn fields(edit: &ProfileEdit) -> Map<String, Value> {
    match serde_json::to_value(edit) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// What an entry is known by: its code, or its day; empty for one that was just added.
fn key_of(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    match entry.get("code") {
        Some(_) => text("code").to_owned(),
        None => text("on").to_owned(),
    }
}

/// A value as a reader sees it.
fn said(field: &str, value: &Value, texts: &Texts) -> String {
    match value {
        Value::Bool(true) => texts.say("word.yes", &[]),
        Value::Bool(false) => texts.say("word.no", &[]),
        Value::String(text) if CHOICES.contains(&field) => {
            texts.say(&format!("profile.{field}_{text}"), &[])
        }
        Value::String(text) => text.clone(),
        Value::Object(entry) => {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
            let day = |name: &str, key: &str| match text(name) {
                "" => String::new(),
                typed => {
                    let date = read_date(typed).map_or_else(|| typed.to_owned(), show_date);
                    texts.say(key, &[("date", &date)])
                }
            };
            let parts = [
                text("name").to_owned(),
                text("label").to_owned(),
                day("on", "profile.on_day"),
                day("from", "profile.from_day"),
                day("until", "profile.until_day"),
            ];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(" · ")
        }
        Value::Null | Value::Number(_) | Value::Array(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use skranke_forms::Forms;

    use super::*;
    use crate::api::profile::PlaceEdit;
    use crate::profile::typed::shown;

    fn demo() -> (Forms, ProfileEdit) {
        let forms = Forms::embedded().expect("sound");
        let edit = shown(forms.profile("demo").expect("it exists"));
        (forms, edit)
    }

    fn place(name: &str) -> PlaceEdit {
        PlaceEdit {
            code: String::new(),
            name: name.to_owned(),
            from: "2027-01-04".to_owned(),
            until: String::new(),
        }
    }

    #[test]
    fn every_field_has_its_words_and_its_place_on_the_page() {
        let (forms, edit) = demo();
        let mut listed: Vec<_> = FIELDS.to_vec();
        listed.sort_unstable();
        let mut there: Vec<_> = fields(&edit).keys().cloned().collect();
        there.sort_unstable();

        assert_eq!(listed, there);
        for field in FIELDS {
            let key = format!("profile.{field}");
            assert!(forms.texts().get(&key).is_some(), "{key}");
        }
    }

    #[test]
    fn the_difference_names_what_changes_from_what_to_what() {
        let (forms, before) = demo();
        let mut after = before.clone();
        after.contact_phone = "70 11 22 33".to_owned();
        after.screen_signature = true;
        after.calendar = "koebenhavn".to_owned();
        after.locations[1].until = "2026-12-31".to_owned();
        after.locations.push(place("Åens Hus"));
        after.id_kinds.remove(5);

        let told: Vec<_> = changes(&before, &after, forms.texts())
            .into_iter()
            .map(|change| [change.label, change.before, change.after])
            .collect();

        let told: Vec<_> = told
            .iter()
            .map(|c| c.each_ref().map(String::as_str))
            .collect();
        assert_eq!(
            told,
            [
                ["Telefonnummer", "70 00 00 00", "70 11 22 33"],
                [
                    "Lokationer",
                    "Biblioteket i Nørreby · fra 01.08.2014",
                    "Biblioteket i Nørreby · fra 01.08.2014 · til og med 31.12.2026"
                ],
                ["Lokationer", "", "Åens Hus · fra 04.01.2027"],
                ["Kalender", "KL", "København"],
                ["Borgeren kan skrive under på skærmen", "Nej", "Ja"],
                ["Legitimation, som kan vælges", "Legitimationskort", ""],
            ]
        );
        assert_eq!(changes(&before, &before, forms.texts()), []);
    }

    #[test]
    fn what_was_typed_goes_on_top_of_anothers_edit_and_takes_nothing_back() {
        let (_, base) = demo();
        let mut newest = base.clone();
        newest.contact_phone = "70 44 55 66".to_owned();
        newest.locations[0].name = "Borgerservice på Rådhuset".to_owned();
        newest.locations.push(PlaceEdit {
            code: "aa".to_owned(),
            ..place("Åens Hus")
        });
        let mut typed = base.clone();
        typed.unit = "Borgerservice og bibliotek".to_owned();
        typed.locations[1].until = "2026-12-31".to_owned();
        typed.locations.remove(2);
        typed.locations.push(place("Skovens Hus"));

        let merged = on_top_of(&newest, &base, &typed).expect("merged");

        assert_eq!(merged.contact_phone, "70 44 55 66", "not touched here");
        assert_eq!(merged.unit, "Borgerservice og bibliotek");
        let places: Vec<_> = merged
            .locations
            .iter()
            .map(|l| (l.name.as_str(), l.until.as_str()))
            .collect();
        assert_eq!(
            places,
            [
                ("Borgerservice på Rådhuset", ""),
                ("Biblioteket i Nørreby", "2026-12-31"),
                ("Åens Hus", ""),
                ("Skovens Hus", ""),
            ]
        );
    }
}
