//! From a profile to the fields of the page, and back. What cannot be read is told at its field.

use chrono::{Days, NaiveDate};
use skranke_forms::profile::{
    ClosingDay, IdKind, Location, ProfileProblem, ProfileProblemCode as Code, problems,
};
use skranke_forms::{Profile, read_date};

use crate::api::profile::{ClosingDayEdit, IdKindEdit, PlaceEdit, ProfileEdit};

/// The fields of a profile as the page shows them.
pub(crate) fn shown(profile: &Profile) -> ProfileEdit {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let case = &profile.case;
    let practice = &profile.practice;
    ProfileEdit {
        name: profile.name.clone(),
        unit: profile.unit.clone(),
        center: profile.center.clone(),
        address: profile.address.join("\n"),
        contact_name: profile.contact_name.clone(),
        contact_phone: profile.contact_phone.clone(),
        ean: profile.ean.clone(),
        case_number_pattern: profile.case_number_pattern.clone(),
        case_number_example: profile.case_number_example.clone(),
        national_tool: profile.national_tool.clone(),
        calendar: profile.calendar.clone(),
        closing_days: profile
            .closing_days
            .iter()
            .map(|closed| ClosingDayEdit {
                on: closed.on.to_string(),
                name: closed.name.clone(),
            })
            .collect(),
        kle: case.kle.clone(),
        kle_facet: case.kle_facet.clone(),
        retention: case.retention.clone(),
        legal_citation: case.legal_citation.clone(),
        complaint_guidance: case.complaint_guidance.clone(),
        may_represent: practice.may_represent.clone(),
        outreach_may_decide: practice.outreach_may_decide,
        screen_signature: practice.screen_signature,
        record_ground: practice.record_ground,
        mask_cpr: practice.mask_cpr,
        power_of_attorney_warn_days: practice.power_of_attorney_warn_days.to_string(),
        offline_lease_days: practice.offline_lease_days.to_string(),
        abandoned_draft_days: practice.abandoned_draft_days.to_string(),
        id_kinds: practice
            .id_kinds
            .iter()
            .map(|kind| IdKindEdit {
                code: kind.code.clone(),
                label: kind.label.clone(),
            })
            .collect(),
        locations: profile
            .locations
            .iter()
            .map(|place| PlaceEdit {
                code: place.code.clone(),
                name: place.name.clone(),
                from: place.opens_for_exemption_on.to_string(),
                until: day(place.closes_for_exemption_on),
            })
            .collect(),
    }
}

/// The profile that the fields say, as the edition after `base`, with everything that is wrong about it by the names
/// of the page's fields.
pub(crate) fn read(edit: &ProfileEdit, base: &Profile) -> (Profile, Vec<ProfileProblem>) {
    let mut reading = Reading(Vec::new());
    let line = |text: &str| text.trim().to_owned();
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        lines.filter(|l| !l.is_empty()).map(str::to_owned).collect()
    };
    let text = |text: &str| text.trim().replace("\r\n", "\n");
    let mut profile = base.clone();
    profile.edition = base.edition.saturating_add(1);
    profile.name = line(&edit.name);
    profile.unit = line(&edit.unit);
    profile.center = line(&edit.center);
    profile.address = lines(&edit.address);
    profile.contact_name = line(&edit.contact_name);
    profile.contact_phone = line(&edit.contact_phone);
    profile.ean = line(&edit.ean).replace(' ', "");
    profile.case_number_pattern = line(&edit.case_number_pattern);
    profile.case_number_example = line(&edit.case_number_example);
    profile.national_tool = line(&edit.national_tool);
    profile.calendar.clone_from(&edit.calendar);
    let closing_days = edit.closing_days.iter().enumerate();
    profile.closing_days = closing_days
        .map(|(n, closed)| ClosingDay {
            on: reading.day(format!("closing_days.{n}.on"), &closed.on, n),
            name: line(&closed.name),
        })
        .collect();
    profile.case.kle = line(&edit.kle);
    profile.case.kle_facet = line(&edit.kle_facet);
    profile.case.retention = line(&edit.retention);
    profile.case.legal_citation = text(&edit.legal_citation);
    profile.case.complaint_guidance = text(&edit.complaint_guidance);
    let practice = &mut profile.practice;
    practice.may_represent.clone_from(&edit.may_represent);
    practice.outreach_may_decide = edit.outreach_may_decide;
    practice.screen_signature = edit.screen_signature;
    practice.record_ground = edit.record_ground;
    practice.mask_cpr = edit.mask_cpr;
    // What is no number is no number of days either: the check tells it.
    let days = |text: &str| text.trim().parse().unwrap_or(0);
    practice.power_of_attorney_warn_days = days(&edit.power_of_attorney_warn_days);
    practice.offline_lease_days = days(&edit.offline_lease_days);
    practice.abandoned_draft_days = days(&edit.abandoned_draft_days);
    let codes = codes(edit.id_kinds.iter().map(|kind| (&kind.code, &kind.label)));
    practice.id_kinds = codes
        .into_iter()
        .zip(&edit.id_kinds)
        .map(|(code, kind)| IdKind {
            code,
            label: line(&kind.label),
        })
        .collect();
    let codes = self::codes(
        edit.locations
            .iter()
            .map(|place| (&place.code, &place.name)),
    );
    profile.locations = codes
        .into_iter()
        .zip(edit.locations.iter().enumerate())
        .map(|(code, (n, place))| Location {
            code,
            name: line(&place.name),
            opens_for_exemption_on: reading.day(format!("locations.{n}.from"), &place.from, 0),
            closes_for_exemption_on: reading.some_day(format!("locations.{n}.until"), &place.until),
        })
        .collect();
    let mut found = reading.0;
    let wrong = problems(&profile)
        .into_iter()
        .map(|problem| ProfileProblem {
            field: on_page(&problem.field),
            ..problem
        });
    for problem in wrong {
        if !found.iter().any(|known| known.field == problem.field) {
            found.push(problem);
        }
    }
    (profile, found)
}

/// The page's name of a field of a profile file.
fn on_page(field: &str) -> String {
    let field = field
        .strip_prefix("practice.")
        .or_else(|| field.strip_prefix("case."))
        .unwrap_or(field);
    let mut parts: Vec<&str> = field.split('.').collect();
    let is_kind = parts.first() == Some(&"id_kinds");
    for part in &mut parts {
        *part = match *part {
            "location" => "locations",
            "opens_for_exemption_on" => "from",
            "closes_for_exemption_on" => "until",
            // A code is made of the name: what is wrong with it is put right there.
            "code" if is_kind => "label",
            "code" => "name",
            other => other,
        };
    }
    parts.join(".")
}

/// What could not be read.
struct Reading(Vec<ProfileProblem>);

impl Reading {
    /// A day; where there is none, one that disturbs no other check.
    fn day(&mut self, field: String, text: &str, n: usize) -> NaiveDate {
        read_date(text).unwrap_or_else(|| {
            self.0.push(ProfileProblem::of(field, Code::DateUnreadable));
            NaiveDate::default() - Days::new(n as u64)
        })
    }

    fn some_day(&mut self, field: String, text: &str) -> Option<NaiveDate> {
        if text.trim().is_empty() {
            return None;
        }
        let day = read_date(text);
        if day.is_none() {
            self.0.push(ProfileProblem::of(field, Code::DateUnreadable));
        }
        day
    }
}

/// The codes of a list; an entry without one gets a code of its name that no other has.
fn codes<'a>(entries: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<String> {
    let entries: Vec<_> = entries.collect();
    let mut taken: Vec<String> = entries.iter().map(|(code, _)| (*code).clone()).collect();
    for (n, (code, name)) in entries.iter().enumerate() {
        if !code.is_empty() {
            continue;
        }
        let stem = stem(name);
        let mut free = stem.clone();
        let mut number = 2;
        while taken.contains(&free) {
            free = format!("{stem}_{number}");
            number += 1;
        }
        taken[n] = free;
    }
    taken
}

/// A name in letters a to z, digits and underscores.
fn stem(name: &str) -> String {
    const LONGEST: usize = 24;
    let mut stem = String::new();
    for letter in name.trim().to_lowercase().chars() {
        match letter {
            'æ' => stem.push_str("ae"),
            'ø' => stem.push_str("oe"),
            'å' => stem.push_str("aa"),
            'a'..='z' | '0'..='9' => stem.push(letter),
            _ if stem.ends_with('_') || stem.is_empty() => {}
            _ => stem.push('_'),
        }
    }
    stem.truncate(LONGEST);
    let stem = stem.trim_end_matches('_');
    if stem.is_empty() {
        "ny".to_owned()
    } else {
        stem.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use skranke_forms::Forms;

    use super::*;

    fn demo() -> Profile {
        let forms = Forms::embedded().expect("sound");
        forms.profile("demo").expect("it exists").clone()
    }

    #[test]
    fn what_is_shown_and_not_touched_reads_back_as_the_same_profile() {
        let forms = Forms::embedded().expect("sound");
        for base in forms.profiles() {
            let (read, problems) = read(&shown(base), base);

            let expected = Profile {
                edition: 1,
                ..base.clone()
            };
            assert_eq!((read, problems), (expected, vec![]), "{}", base.code);
        }
    }

    #[test]
    fn a_new_place_gets_a_code_of_its_name_that_no_other_has() {
        let base = demo();
        let mut edit = shown(&base);
        for name in ["Åens Hus, Østergade", "Åens hus Østergade", "町"] {
            edit.locations.push(PlaceEdit {
                code: String::new(),
                name: name.to_owned(),
                from: "4.1.2027".to_owned(),
                until: String::new(),
            });
        }

        let (profile, problems) = read(&edit, &base);

        let codes: Vec<_> = profile.locations[3..]
            .iter()
            .map(|l| l.code.as_str())
            .collect();
        assert_eq!(
            codes,
            ["aaens_hus_oestergade", "aaens_hus_oestergade_2", "ny"]
        );
        assert_eq!(problems, []);
        assert_eq!(
            profile.locations[3].opens_for_exemption_on.to_string(),
            "2027-01-04"
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_once_at_its_own_field() {
        let base = demo();
        let mut edit = shown(&base);
        edit.locations[1].from = "i morgen".to_owned();
        edit.locations[2].until = "31.2.2030".to_owned();
        edit.locations[0].name = String::new();
        edit.closing_days = vec![
            ClosingDayEdit {
                on: String::new(),
                name: "A".to_owned(),
            },
            ClosingDayEdit {
                on: "x".to_owned(),
                name: String::new(),
            },
        ];
        edit.abandoned_draft_days = "mange".to_owned();
        edit.address = " \n ".to_owned();

        let (_, problems) = read(&edit, &base);

        let mut told: Vec<_> = problems
            .iter()
            .map(|p| (p.field.as_str(), p.code.code()))
            .collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                ("abandoned_draft_days", "days_out_of_range"),
                ("address", "list_empty"),
                ("closing_days.0.on", "date_unreadable"),
                ("closing_days.1.name", "required"),
                ("closing_days.1.on", "date_unreadable"),
                ("locations.0.name", "required"),
                ("locations.1.from", "date_unreadable"),
                ("locations.2.until", "date_unreadable"),
            ]
        );
    }
}
