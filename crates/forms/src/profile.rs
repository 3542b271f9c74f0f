//! Municipality profiles: name, places, calendar, and the choices that are the municipality's own.
//!
//! Basis: design.md section 4; domain reference 11 (14): every policy is a profile value, never a
//! constant. A profile that is not fictional names no person.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use skranke_domain::eligibility::OpenPeriod;

use crate::error::{FormsError, parse};
use crate::read;
use crate::source::Source;

mod check;

pub use check::{
    LONGEST_LINE, LONGEST_TEXT, LONGEST_TOML_BYTES, ProfileProblem, ProfileProblemCode, problems,
};

/// One municipality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Stable code, as the file is called.
    pub code: String,
    /// Version of the file that came with the program; named in every event.
    pub version: u16,
    /// Which edit of the municipality's own this is, counted from 1; 0 is the file as it came.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub edition: u32,
    /// Whether the municipality is made up.
    pub fictional: bool,
    /// The municipality's name.
    pub name: String,
    /// Three digits; the tenant of the central store.
    pub municipality_code: String,
    /// The unit on letterhead and status line (row 2-01).
    pub unit: String,
    /// The centre on the letterhead; may be empty.
    pub center: String,
    /// Lines of the letterhead.
    pub address: Vec<String>,
    /// Who to ring.
    pub contact_name: String,
    /// Their number (row 2-36).
    pub contact_phone: String,
    /// EAN number; may be empty (row 2-03).
    pub ean: String,
    /// How the municipality writes its own case and document numbers, as [`Profile::takes_number`] reads it; empty
    /// where it says nothing of that (row 2-03).
    pub case_number_pattern: String,
    /// An example of it.
    pub case_number_example: String,
    /// Address of the national tool in which staff register; empty until the municipality names it.
    #[serde(default)]
    pub national_tool: String,
    /// Calendar: `kl`, `koebenhavn` or `streng`.
    pub calendar: String,
    /// Local closing days.
    pub closing_days: Vec<ClosingDay>,
    /// Journal values.
    pub case: CaseSettings,
    /// The municipality's choices.
    pub practice: Practice,
    /// Where exemptions are handled, and from when.
    #[serde(rename = "location")]
    pub locations: Vec<Location>,
    /// Fictional staff and citizens; only where the municipality is made up. They stay with the file: an edit has none.
    #[serde(default, skip_serializing)]
    pub demo: Option<Demo>,
}

/// A day on which this municipality is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosingDay {
    /// The day.
    #[serde(deserialize_with = "read::date", serialize_with = "read::write_date")]
    pub on: NaiveDate,
    /// Its name.
    pub name: String,
}

/// Values for the journal and for decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseSettings {
    /// KLE subject number.
    pub kle: String,
    /// KLE facet.
    pub kle_facet: String,
    /// ISO 8601 period from closing.
    pub retention: String,
    /// The paragraphs to cite; empty until confirmed.
    pub legal_citation: String,
    /// The municipality's own complaint guidance; empty until written.
    pub complaint_guidance: String,
}

/// The municipality's choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practice {
    /// `relative` or `anyone` (practice 9).
    pub may_represent: String,
    /// Whether outreach staff who also serve at the counter of Borgerservice decide (practice 1).
    pub outreach_may_decide: bool,
    /// Whether the municipality approved signing on the screen (practice 12).
    pub screen_signature: bool,
    /// Whether the ground is recorded (domain reference 11 (4)).
    pub record_ground: bool,
    /// Whether receipts mask the CPR number.
    pub mask_cpr: bool,
    /// Age in days from which a power of attorney warns.
    pub power_of_attorney_warn_days: u16,
    /// Days after its last contact for which the PIN of an outreach laptop opens it (decision 40).
    pub offline_lease_days: u16,
    /// Days until a parked draft is deleted.
    pub abandoned_draft_days: u16,
    /// The kinds of ID staff may choose; never their numbers.
    pub id_kinds: Vec<IdKind>,
}

/// A kind of identity document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdKind {
    /// Stable code.
    pub code: String,
    /// What it is called.
    pub label: String,
}

/// A place where exemptions are handled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Stable code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// First day it takes requests (row 2-26).
    #[serde(deserialize_with = "read::date", serialize_with = "read::write_date")]
    pub opens_for_exemption_on: NaiveDate,
    /// Last day it takes requests, where that is known.
    #[serde(
        default,
        deserialize_with = "read::some_date",
        serialize_with = "read::write_some_date",
        skip_serializing_if = "Option::is_none"
    )]
    pub closes_for_exemption_on: Option<NaiveDate>,
}

impl Location {
    /// The days on which it takes requests.
    pub fn open_period(&self) -> OpenPeriod {
        OpenPeriod {
            first: self.opens_for_exemption_on,
            last: self.closes_for_exemption_on,
        }
    }
}

/// The made-up people of a demo.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// The password of every demo account.
    pub password: String,
    /// Staff.
    pub staff: Vec<DemoStaff>,
    /// Citizens.
    #[serde(rename = "citizen")]
    pub citizens: Vec<DemoCitizen>,
}

/// A made-up member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoStaff {
    /// User name.
    pub user: String,
    /// Full name.
    pub name: String,
    /// Initials on papers.
    pub initials: String,
    /// Role codes.
    pub roles: Vec<String>,
    /// Location code.
    pub location: String,
}

/// A made-up citizen.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoCitizen {
    /// A number no real person can have.
    pub cpr: String,
    /// Full name.
    pub name: String,
    /// `fixed`, `left_denmark`, `no_fixed_abode` or `never_registered`.
    pub residence: String,
    /// Address lines; may be empty.
    pub address: String,
    /// Whether the address is protected.
    #[serde(default)]
    pub address_protected: bool,
    /// Whether the person is registered as dead.
    #[serde(default)]
    pub deceased: bool,
    /// What the national register would show: `not_exempt`, `exempt` or `not_registered`.
    pub register: String,
}

impl std::fmt::Debug for DemoCitizen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoCitizen").finish_non_exhaustive()
    }
}

impl Profile {
    /// Name and version as events carry it: `demo@1` as it came, `demo@1.2` for the municipality's second edit.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.code, self.version_text())
    }

    /// The version as people read it: `1`, `1.2`.
    pub fn version_text(&self) -> String {
        match self.edition {
            0 => self.version.to_string(),
            edition => format!("{}.{edition}", self.version),
        }
    }

    /// The profile as a file of `forms/profiles/` would say it, without the demo's people.
    ///
    /// # Errors
    /// Never for a profile that was read from a file.
    pub fn to_toml(&self) -> Result<String, FormsError> {
        toml::to_string(self).map_err(|error| FormsError::Malformed {
            file: self.file(),
            message: error.to_string(),
        })
    }

    /// Reads the text of an edit and checks it as a file is checked. The demo's people come from the file with the
    /// same code.
    ///
    /// # Errors
    /// It is not TOML, lacks or misspells a key, or says what cannot be right.
    pub fn edited(text: &str, released: &Profile) -> Result<Self, FormsError> {
        let file = released.file();
        if text.len() > LONGEST_TOML_BYTES {
            return Err(FormsError::wrong(&file, "", "is too long"));
        }
        let mut profile: Profile = parse(&file, text)?;
        if profile.demo.is_some() {
            return Err(FormsError::wrong(
                &file,
                "demo",
                "does not belong in an edit",
            ));
        }
        profile.demo.clone_from(&released.demo);
        refuse(&file, &check::edit_problems(&profile, released))?;
        Ok(profile)
    }

    fn file(&self) -> String {
        format!("profiles/{}.toml", self.code)
    }

    /// The location with this code.
    pub fn location(&self, code: &str) -> Option<&Location> {
        self.locations.iter().find(|location| location.code == code)
    }

    /// Whether a number typed as the municipality's own may be one: none, or one as its pattern says.
    ///
    /// In the pattern `Y` and `N` stand for a digit and a plus behind it for as many as there are; what stands in
    /// brackets at the end may be left out, and everything else is written as it stands. `YYYY-N+(-N+)` takes the case
    /// number 2013-93233 and the document number 2013-93233-19.
    ///
    /// Basis: seed 002, letterhead (row 2-03).
    pub fn takes_number(&self, number: &str) -> bool {
        let (short, more) = match self.case_number_pattern.split_once('(') {
            Some((short, more)) => (short, more.trim_end_matches(')')),
            None => (self.case_number_pattern.as_str(), ""),
        };
        let whole = format!("{short}{more}");
        number.is_empty() || whole.is_empty() || is_like(short, number) || is_like(&whole, number)
    }

    /// What a condition may ask of the profile.
    pub(crate) fn fact(&self, name: &str) -> Option<&str> {
        let flag = |on: bool| Some(if on { "true" } else { "false" });
        match name {
            "may_represent" => Some(&self.practice.may_represent),
            "screen_signature" => flag(self.practice.screen_signature),
            "record_ground" => flag(self.practice.record_ground),
            "mask_cpr" => flag(self.practice.mask_cpr),
            _ => None,
        }
    }

    /// What a condition could answer here, for checking that it asks for something possible.
    pub(crate) fn possible(name: &str) -> Option<&'static [&'static str]> {
        match name {
            "may_represent" => Some(&["relative", "anyone"]),
            "screen_signature" | "record_ground" | "mask_cpr" => Some(&["true", "false"]),
            _ => None,
        }
    }
}

/// Whether a number is written sign by sign as a pattern without brackets says.
fn is_like(pattern: &str, number: &str) -> bool {
    let mut left = number;
    let mut signs = pattern.chars().peekable();
    while let Some(sign) = signs.next() {
        let digits = left.len() - left.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let taken = match sign {
            'Y' | 'N' if signs.next_if_eq(&'+').is_some() => digits,
            'Y' | 'N' => digits.min(1),
            exact if left.starts_with(exact) => exact.len_utf8(),
            _ => 0,
        };
        if taken == 0 {
            return false;
        }
        left = &left[taken..];
    }
    left.is_empty()
}

pub(crate) fn read(source: &Source) -> Result<Vec<Profile>, FormsError> {
    let mut profiles = Vec::new();
    for (file, text) in source.folder("profiles") {
        let profile: Profile = parse(file, text)?;
        check(file, &profile)?;
        profiles.push(profile);
    }
    Ok(profiles)
}

fn check(file: &str, profile: &Profile) -> Result<(), FormsError> {
    if profile.file() != file {
        return Err(FormsError::wrong(
            file,
            "code",
            "differs from the file's name",
        ));
    }
    if profile.edition != 0 {
        return Err(FormsError::wrong(
            file,
            "edition",
            "is for the municipality's own edits",
        ));
    }
    refuse(file, &problems(profile))
}

fn refuse(file: &str, problems: &[ProfileProblem]) -> Result<(), FormsError> {
    match problems.first() {
        None => Ok(()),
        Some(problem) => Err(FormsError::wrong(
            file,
            problem.field.as_str(),
            problem.message(),
        )),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(edition: &u32) -> bool {
    *edition == 0
}

#[cfg(test)]
mod tests {
    use skranke_domain::cpr::{Cpr, CprKind};
    use skranke_domain::role::Role;

    use super::*;

    fn profile(code: &str) -> Profile {
        let profiles = read(&Source::embedded()).expect("the profiles are sound");
        profiles
            .into_iter()
            .find(|profile| profile.code == code)
            .expect("it exists")
    }

    #[test]
    fn the_profile_of_koebenhavn_names_no_person_and_no_mail() {
        let text = Source::embedded();
        let text = text.file("profiles/koebenhavn.toml").expect("it exists");

        for person in ["Lone", "Boe", "Rasmussen", "B76W", "5146", "5262"] {
            assert!(!text.contains(person), "seed 002's {person} is a person's");
        }
        assert!(!text.contains('@'), "no mail address");
        assert_eq!(profile("koebenhavn").demo, None, "no staff and no citizens");
    }

    #[test]
    fn the_national_tool_is_a_plain_https_address_or_none() {
        let demo = profile("demo");
        assert!(
            check::is_plain_https(&demo.national_tool),
            "{}",
            demo.national_tool
        );
        assert_eq!(
            profile("koebenhavn").national_tool,
            "",
            "no source names it"
        );
        for wrong in [
            "http://tool.example/",
            "https://",
            "https://localhost",
            "https://tool.example/?cpr=1",
            "https://tool.example/#a",
            "https://somebody@tool.example/",
            "https://tool.example:443/",
            "https://tool.example/a b",
            "https://tool.example\\a",
            "https://-a.example",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            assert!(!check::is_plain_https(wrong), "{wrong}");
            let mut edited = demo.clone();
            edited.national_tool = wrong.to_owned();
            assert!(check("profiles/demo.toml", &edited).is_err(), "{wrong}");
        }
    }

    #[test]
    fn row_2_26_three_centres_open_on_1_march_2014_and_kvik_on_1_august() {
        let profile = profile("koebenhavn");
        let opens = |day: &str| {
            let day: NaiveDate = day.parse().expect("a day");
            profile
                .locations
                .iter()
                .filter(|l| l.opens_for_exemption_on == day)
                .count()
        };

        assert_eq!(opens("2014-03-01"), 3);
        assert_eq!(opens("2014-08-01"), 1);
        assert_eq!(profile.locations.len(), 4);
    }

    #[test]
    fn row_2_03_case_and_document_numbers_are_written_as_the_pattern_says() {
        let mut profile = profile("koebenhavn");
        for (number, fits) in [
            ("2013-93233", true),
            ("2013-93233-19", true),
            ("", true),
            ("2013-", false),
            ("2013-93233-", false),
            ("2013-93233-19-1", false),
            ("213-93233", false),
            ("20134-93233", false),
            ("26/1234", false),
            ("2013-93233 ", false),
            ("２０１３-93233", false),
        ] {
            assert_eq!(profile.takes_number(number), fits, "{number}");
        }
        profile.case_number_pattern = String::new();
        assert!(profile.takes_number("26/1234"), "no pattern, no opinion");
    }

    #[test]
    fn row_2_36_the_contact_centre_has_its_number() {
        assert_eq!(profile("koebenhavn").contact_phone, "33 66 33 66");
    }

    #[test]
    fn a_demo_number_can_belong_to_nobody() {
        for citizen in profile("demo").demo.expect("a demo").citizens {
            let cpr = Cpr::parse(&citizen.cpr).expect("it can be read");
            let impossible = cpr.kind() == CprKind::Replacement
                || (!cpr.modulus_11_holds() && !citizen.cpr.starts_with("0101"));
            assert!(impossible, "{}", cpr.masked());
        }
    }

    #[test]
    fn the_demo_has_staff_of_every_role() {
        let staff = profile("demo").demo.expect("a demo").staff;
        for role in Role::ALL {
            assert!(
                staff
                    .iter()
                    .any(|s| s.roles.iter().any(|r| r == role.code())),
                "{}",
                role.code()
            );
        }
    }

    #[test]
    fn no_profile_cites_a_law_or_names_a_complaint_board_by_default() {
        for profile in read(&Source::embedded()).expect("sound") {
            assert_eq!(profile.case.legal_citation, "", "{}", profile.code);
            assert_eq!(profile.case.complaint_guidance, "", "{}", profile.code);
        }
    }

    fn refused(edit: impl Fn(&mut Profile)) -> Vec<(String, &'static str)> {
        let mut edited = profile("demo");
        edited.edition = 1;
        edit(&mut edited);
        let found = problems(&edited).into_iter();
        found
            .map(|problem| (problem.field, problem.code.code()))
            .collect()
    }

    #[test]
    fn a_profile_that_is_written_reads_back_as_it_was() {
        for mut profile in read(&Source::embedded()).expect("sound") {
            let released = profile.clone();
            profile.edition = 3;
            profile.locations[0].closes_for_exemption_on = "2030-06-30".parse().ok();
            let text = profile.to_toml().expect("it can be written");

            assert!(
                !text.contains("[demo") && !text.contains("\ncpr ="),
                "the demo's people are not sent along"
            );
            assert_eq!(Profile::edited(&text, &released), Ok(profile));
        }
    }

    #[test]
    fn an_edit_counts_beside_the_version_of_the_file() {
        let mut edited = profile("demo");
        assert_eq!(edited.reference(), "demo@1");
        edited.edition = 2;

        assert_eq!(edited.reference(), "demo@1.2");
    }

    #[test]
    fn an_edit_cannot_turn_one_municipality_into_another_or_take_a_files_place() {
        let released = profile("demo");
        let refused = |edit: fn(&mut Profile)| {
            let mut edited = released.clone();
            edited.edition = 1;
            edit(&mut edited);
            let text = edited.to_toml().expect("written");
            Profile::edited(&text, &released)
                .expect_err("refused")
                .to_string()
        };

        for (edit, key) in [
            (
                (|p| p.municipality_code = "101".to_owned()) as fn(&mut Profile),
                "municipality_code",
            ),
            (|p| p.fictional = false, "fictional"),
            (|p| p.edition = 0, "edition"),
            (|p| p.code = "koebenhavn".to_owned(), "code"),
        ] {
            assert!(refused(edit).contains(&format!(": {key}:")), "{key}");
        }
        let with_people = "code = \"demo\"\n[demo]\npassword = \"x\"\nstaff = []\ncitizen = []\n";
        assert!(Profile::edited(with_people, &released).is_err());
    }

    #[test]
    fn every_error_of_a_profile_is_told_at_its_field() {
        let found = refused(|profile| {
            profile.name = " ".to_owned();
            profile.contact_phone = "ring".to_owned();
            profile.closing_days = vec![
                ClosingDay {
                    on: "2026-12-28".parse().expect("a day"),
                    name: String::new(),
                },
                ClosingDay {
                    on: "2026-12-28".parse().expect("a day"),
                    name: "Lukket".to_owned(),
                },
            ];
            profile.case.kle = "23.15".to_owned();
            profile.case.retention = "fem år".to_owned();
            profile.practice.abandoned_draft_days = 0;
            profile.locations[1].code = "town_hall".to_owned();
            profile.locations[2].closes_for_exemption_on = "2014-01-01".parse().ok();
            profile.locations[0].name = "a\u{7}".to_owned();
            profile.case_number_example = "26/1234".to_owned();
        });
        let found: Vec<_> = found
            .iter()
            .map(|(field, code)| (field.as_str(), *code))
            .collect();

        assert_eq!(
            found,
            [
                ("name", "required"),
                ("contact_phone", "phone_unreadable"),
                ("case_number_example", "number_unlike_pattern"),
                ("closing_days.0.name", "required"),
                ("closing_days.1.on", "stands_twice"),
                ("case.kle", "kle_unreadable"),
                ("case.retention", "period_unreadable"),
                ("practice.abandoned_draft_days", "days_out_of_range"),
                ("location.1.code", "stands_twice"),
                ("location.0.name", "control_character"),
                ("location.2.closes_for_exemption_on", "ends_before_start"),
            ]
        );
        assert_eq!(refused(|_| {}), []);
    }
}
