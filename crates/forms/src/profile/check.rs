//! What can be wrong with a profile: one list for the files of `forms/profiles/` and for what an administrator edits.
//!
//! Every problem names its field, so that the window can tell it there; the words are `profile_problem.<code>`.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use skranke_domain::cpr::Cpr;
use skranke_domain::role::Role;

use super::{Demo, Profile};

/// Longest single line, in characters.
pub const LONGEST_LINE: usize = 120;
/// Longest text of several lines, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Largest profile, in bytes of TOML.
pub const LONGEST_TOML_BYTES: usize = 64 * 1024;
/// Longest code of a location or kind of ID.
const LONGEST_CODE: usize = 32;
/// Most entries of a list.
const LONGEST_LIST: usize = 400;
/// Most days of a setting counted in days.
const MOST_DAYS: u16 = 3_650;

/// Something in a profile that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileProblem {
    /// The field: `name`, `location.2.code`, `practice.may_represent`.
    pub field: String,
    /// What is wrong with it.
    pub code: ProfileProblemCode,
}

impl ProfileProblem {
    /// A problem of a field.
    pub fn of(field: impl Into<String>, code: ProfileProblemCode) -> Self {
        Self {
            field: field.into(),
            code,
        }
    }

    /// The fixed sentence for engineers.
    pub const fn message(&self) -> &'static str {
        self.code.message()
    }
}

macro_rules! profile_problem_codes {
    ($($(#[$doc:meta])* $variant:ident => $code:literal, $message:literal;)+) => {
        /// What can be wrong. The words for users are `profile_problem.<code>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ProfileProblemCode { $($(#[$doc])* $variant,)+ }

        impl ProfileProblemCode {
            /// Every code.
            pub const ALL: &'static [ProfileProblemCode] = &[$(ProfileProblemCode::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(ProfileProblemCode::$variant => $code),+ }
            }

            /// A fixed sentence for engineers.
            pub const fn message(self) -> &'static str {
                match self { $(ProfileProblemCode::$variant => $message),+ }
            }
        }
    };
}

profile_problem_codes! {
    /// Nothing stands there.
    Required => "required", "is empty";
    /// Too many characters.
    TooLong => "too_long", "is too long";
    /// Invisible characters.
    ControlCharacter => "control_character", "has invisible characters";
    /// Not a day.
    DateUnreadable => "date_unreadable", "is not a date";
    /// Ends before it begins.
    EndsBeforeStart => "ends_before_start", "ends before it begins";
    /// Not a number of days that makes sense.
    DaysOutOfRange => "days_out_of_range", "is not a number of days from 1 to 3650";
    /// Not a code.
    CodeUnreadable => "code_unreadable", "must be letters a to z, digits and underscores";
    /// Stands more than once.
    StandsTwice => "stands_twice", "stands twice";
    /// The list needs an entry.
    ListEmpty => "list_empty", "is empty";
    /// The list has too many entries.
    ListTooLong => "list_too_long", "has too many entries";
    /// Not one of the answers.
    NotAChoice => "not_a_choice", "is not one of the choices";
    /// Not an address to open.
    NotPlainHttps => "not_plain_https",
        "must be an https address without user, question mark and anchor, or empty";
    /// An example that is not written as the pattern beside it says.
    NumberUnlikePattern => "number_unlike_pattern", "is not written as the pattern says";
    /// Not an EAN number.
    EanUnreadable => "ean_unreadable", "must be thirteen digits, or empty";
    /// Not a telephone number.
    PhoneUnreadable => "phone_unreadable", "must be a telephone number";
    /// Not a KLE subject number.
    KleUnreadable => "kle_unreadable", "must be a KLE number, 00.00.00";
    /// Not a KLE facet.
    FacetUnreadable => "facet_unreadable", "must be a KLE facet, as G01";
    /// Not a period.
    PeriodUnreadable => "period_unreadable", "must be a period of days, months or years, as P5Y";
    /// Not three digits.
    MunicipalityCode => "municipality_code", "must be three digits";
    /// Identity that an edit may not change.
    NotForEditing => "not_for_editing", "belongs to the file that came with the program";
    /// A profile of a real municipality with invented people.
    DemoOfReal => "demo_of_real", "stands only in a fictional profile";
    /// An invented member of staff with an unknown role.
    UnknownRole => "unknown_role", "has an unknown role";
    /// An invented member of staff at no location.
    UnknownLocation => "unknown_location", "is not a location";
    /// An invented citizen without a number.
    NotCpr => "not_cpr", "is not a CPR number";
}

use ProfileProblemCode as Code;

/// Everything that is wrong with a profile, in the order of its fields.
pub fn problems(profile: &Profile) -> Vec<ProfileProblem> {
    let mut found = Found(Vec::new());
    identity(profile, &mut found);
    contact(profile, &mut found);
    calendar(profile, &mut found);
    journal(profile, &mut found);
    practice(profile, &mut found);
    places(profile, &mut found);
    match &profile.demo {
        Some(_) if !profile.fictional => found.add("demo", Code::DemoOfReal),
        Some(demo) => people(profile, demo, &mut found),
        None => {}
    }
    found.0
}

/// The same for an edit, which may not turn one municipality into another.
pub(super) fn edit_problems(edited: &Profile, released: &Profile) -> Vec<ProfileProblem> {
    let mut found = Found(Vec::new());
    let kept = [
        ("code", edited.code == released.code),
        (
            "municipality_code",
            edited.municipality_code == released.municipality_code,
        ),
        ("fictional", edited.fictional == released.fictional),
        ("edition", edited.edition > 0),
    ];
    for (field, is_kept) in kept {
        if !is_kept {
            found.add(field, Code::NotForEditing);
        }
    }
    found.0.extend(problems(edited));
    found.0
}

struct Found(Vec<ProfileProblem>);

impl Found {
    fn add(&mut self, field: impl Into<String>, code: Code) {
        self.0.push(ProfileProblem::of(field, code));
    }

    /// A line that may be empty.
    fn line(&mut self, field: impl Into<String>, text: &str) {
        let field = field.into();
        if text.chars().count() > LONGEST_LINE {
            self.add(field, Code::TooLong);
        } else if text.chars().any(char::is_control) {
            self.add(field, Code::ControlCharacter);
        }
    }

    /// A line that must say something.
    fn words(&mut self, field: impl Into<String>, text: &str) {
        let field = field.into();
        if text.trim().is_empty() {
            self.add(field, Code::Required);
        } else {
            self.line(field, text);
        }
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.chars().count() > LONGEST_TEXT {
            self.add(field, Code::TooLong);
        } else if text.chars().any(|c| c.is_control() && c != '\n') {
            self.add(field, Code::ControlCharacter);
        }
    }

    fn when(&mut self, is_wrong: bool, field: &str, code: Code) {
        if is_wrong {
            self.add(field, code);
        }
    }

    /// Entries with codes: not too many, each code readable and there once.
    fn codes<'a>(&mut self, list: &str, key: &str, codes: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (n, code) in codes.enumerate() {
            let field = format!("{list}.{n}.{key}");
            let is_code = (1..=LONGEST_CODE).contains(&code.len())
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_code {
                self.add(field, Code::CodeUnreadable);
            } else if !seen.insert(code) {
                self.add(field, Code::StandsTwice);
            }
        }
        self.when(seen.len() > LONGEST_LIST, list, Code::ListTooLong);
    }

    fn period(&mut self, field: String, first: NaiveDate, last: Option<NaiveDate>) {
        if last.is_some_and(|last| last < first) {
            self.add(field, Code::EndsBeforeStart);
        }
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn identity(profile: &Profile, found: &mut Found) {
    let is_number = is_digits(&profile.municipality_code, 3);
    found.when(!is_number, "municipality_code", Code::MunicipalityCode);
    found.words("name", &profile.name);
    found.words("unit", &profile.unit);
    found.line("center", &profile.center);
}

fn contact(profile: &Profile, found: &mut Found) {
    found.when(profile.address.is_empty(), "address", Code::ListEmpty);
    found.when(profile.address.len() > 6, "address", Code::ListTooLong);
    for line in &profile.address {
        found.words("address", line);
    }
    found.words("contact_name", &profile.contact_name);
    let phone = &profile.contact_phone;
    let is_phone = phone.chars().filter(char::is_ascii_digit).count() >= 8
        && phone.len() <= 20
        && phone
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b' ' || byte == b'+');
    found.when(!is_phone, "contact_phone", Code::PhoneUnreadable);
    let is_ean = profile.ean.is_empty() || is_digits(&profile.ean, 13);
    found.when(!is_ean, "ean", Code::EanUnreadable);
    found.line("case_number_pattern", &profile.case_number_pattern);
    found.line("case_number_example", &profile.case_number_example);
    let fits = profile.takes_number(&profile.case_number_example);
    found.when(!fits, "case_number_example", Code::NumberUnlikePattern);
    let is_address = profile.national_tool.is_empty() || is_plain_https(&profile.national_tool);
    found.when(!is_address, "national_tool", Code::NotPlainHttps);
}

fn calendar(profile: &Profile, found: &mut Found) {
    let is_calendar = ["kl", "koebenhavn", "streng"].contains(&profile.calendar.as_str());
    found.when(!is_calendar, "calendar", Code::NotAChoice);
    let mut seen = BTreeSet::new();
    for (n, day) in profile.closing_days.iter().enumerate() {
        found.words(format!("closing_days.{n}.name"), &day.name);
        if !seen.insert(day.on) {
            found.add(format!("closing_days.{n}.on"), Code::StandsTwice);
        }
    }
    let too_many = profile.closing_days.len() > LONGEST_LIST;
    found.when(too_many, "closing_days", Code::ListTooLong);
}

fn journal(profile: &Profile, found: &mut Found) {
    let case = &profile.case;
    let parts: Vec<&str> = case.kle.split('.').collect();
    let is_kle = parts.len() == 3 && parts.iter().all(|part| is_digits(part, 2));
    found.when(!is_kle, "case.kle", Code::KleUnreadable);
    let mut facet = case.kle_facet.chars();
    let is_facet = facet.next().is_some_and(|first| first.is_ascii_uppercase())
        && is_digits(facet.as_str(), 2);
    found.when(!is_facet, "case.kle_facet", Code::FacetUnreadable);
    let is_period = case
        .retention
        .strip_prefix('P')
        .and_then(|rest| rest.strip_suffix(['D', 'M', 'Y']))
        .is_some_and(|number| {
            (1..=5).contains(&number.len())
                && !number.starts_with('0')
                && number.bytes().all(|byte| byte.is_ascii_digit())
        });
    found.when(!is_period, "case.retention", Code::PeriodUnreadable);
    found.text("case.legal_citation", &case.legal_citation);
    found.text("case.complaint_guidance", &case.complaint_guidance);
}

fn practice(profile: &Profile, found: &mut Found) {
    let practice = &profile.practice;
    let is_choice = ["relative", "anyone"].contains(&practice.may_represent.as_str());
    found.when(!is_choice, "practice.may_represent", Code::NotAChoice);
    for (field, days) in [
        (
            "practice.power_of_attorney_warn_days",
            practice.power_of_attorney_warn_days,
        ),
        ("practice.offline_lease_days", practice.offline_lease_days),
        (
            "practice.abandoned_draft_days",
            practice.abandoned_draft_days,
        ),
    ] {
        let fits = (1..=MOST_DAYS).contains(&days);
        found.when(!fits, field, Code::DaysOutOfRange);
    }
    let kinds = &practice.id_kinds;
    found.when(kinds.is_empty(), "practice.id_kinds", Code::ListEmpty);
    let codes = kinds.iter().map(|kind| kind.code.as_str());
    found.codes("practice.id_kinds", "code", codes);
    for (n, kind) in kinds.iter().enumerate() {
        found.words(format!("practice.id_kinds.{n}.label"), &kind.label);
    }
}

fn places(profile: &Profile, found: &mut Found) {
    let locations = &profile.locations;
    found.when(locations.is_empty(), "location", Code::ListEmpty);
    found.codes(
        "location",
        "code",
        locations.iter().map(|l| l.code.as_str()),
    );
    for (n, location) in locations.iter().enumerate() {
        found.words(format!("location.{n}.name"), &location.name);
        found.period(
            format!("location.{n}.closes_for_exemption_on"),
            location.opens_for_exemption_on,
            location.closes_for_exemption_on,
        );
    }
}

/// An address that the shell may hand to the browser as it is: nothing can be put into it, and nothing is.
pub(super) fn is_plain_https(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://") else {
        return false;
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let is_path =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    host.contains('.')
        && host.split('.').all(is_name)
        && path.bytes().all(is_path)
        && address.len() <= 300
}

fn people(profile: &Profile, demo: &Demo, found: &mut Found) {
    let users = demo.staff.iter().map(|staff| staff.user.as_str());
    found.codes("demo.staff", "user", users);
    let initials = demo.staff.iter().map(|staff| staff.initials.as_str());
    found.codes("demo.staff", "initials", initials);
    for staff in &demo.staff {
        let known = |code: &String| Role::from_code(code).is_some();
        if staff.roles.is_empty() || !staff.roles.iter().all(known) {
            found.add(
                format!("demo.staff.{}.roles", staff.user),
                Code::UnknownRole,
            );
        }
        // An edit may take a location away; where a demo's person begins is then chosen anew.
        if profile.edition == 0 && profile.location(&staff.location).is_none() {
            found.add(
                format!("demo.staff.{}.location", staff.user),
                Code::UnknownLocation,
            );
        }
    }
    for (n, citizen) in demo.citizens.iter().enumerate() {
        if Cpr::parse(&citizen.cpr).is_err() {
            found.add(format!("demo.citizen[{n}].cpr"), Code::NotCpr);
        }
    }
}
