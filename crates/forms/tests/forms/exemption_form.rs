//! The exemption form: which version, which fields for whom, and which problems.

use skranke_domain::rule_set::RuleSetCode;
use skranke_forms::{Form, ProblemCode};

use crate::{day, edited, fields, forms};

const TODAY: &str = "2026-03-13";

/// Numbers nobody can have: 60 is added to the day.
const CITIZEN: &str = "7211883985";

fn form_on(signed_on: &str) -> Form {
    let forms = forms();
    let profile = forms.profile("demo").expect("it exists");
    forms
        .exemption_form(day(signed_on), profile)
        .expect("a form")
}

fn shown(form: &Form, step: u8, filled: &[(&str, &str)]) -> Vec<String> {
    form.shown_in_step(step, &fields(filled))
        .map(|field| field.id.clone())
        .collect()
}

#[track_caller]
fn check(field: &str, filled: &[(&str, &str)], expected: Option<ProblemCode>) {
    let form = form_on("2026-03-02");
    let found = form.validate(&fields(filled), day(TODAY));
    let of_field = found.iter().find(|problem| problem.field == field);
    assert_eq!(of_field.map(|problem| problem.code), expected, "{field}");
}

#[test]
fn practice_9_the_first_version_is_one_form_with_two_parts_and_later_there_are_two_papers() {
    let first = form_on("2014-06-30");
    let second = form_on("2014-07-01");

    assert_eq!(
        (first.reference().as_str(), first.papers.len()),
        ("exemption@1", 1)
    );
    assert_eq!(
        (second.reference().as_str(), second.papers.len()),
        ("exemption@2", 2)
    );
    let filled = fields(&[("channel", "representative")]);
    let on = |form: &Form, paper: &str, id: &str| {
        form.shown_on_paper(paper, &filled)
            .any(|field| field.id == id)
    };
    assert!(
        on(&first, "f1", "representative_name"),
        "page two of the same paper"
    );
    assert!(on(&second, "f2", "representative_name"));
    assert!(!on(&second, "f1", "representative_name"));
}

#[test]
fn practice_9_a_relative_first_and_anyone_after_the_split_unless_the_profile_says_otherwise() {
    let relations = |form: &Form| {
        let field = form
            .field("representative_relation")
            .expect("it exists")
            .clone();
        form.choices(&field, &fields(&[]))
            .map(|choice| choice.value.clone())
            .collect::<Vec<_>>()
    };
    let forms = edited(
        "profiles/demo.toml",
        "may_represent = \"anyone\"",
        "may_represent = \"relative\"",
    )
    .expect("sound");
    let profile = forms.profile("demo").expect("it exists");
    let strict = forms
        .exemption_form(day("2026-03-02"), profile)
        .expect("a form");

    assert!(!relations(&form_on("2014-06-30")).contains(&"friend".to_owned()));
    assert!(relations(&form_on("2026-03-02")).contains(&"friend".to_owned()));
    assert!(!relations(&strict).contains(&"friend".to_owned()));
}

#[test]
fn practice_6_the_declaration_goes_by_the_signing_date() {
    assert_eq!(form_on("2017-09-29").rule_set, RuleSetCode::A);
    assert_eq!(form_on("2017-10-01").rule_set, RuleSetCode::B);
    assert_eq!(form_on("2026-03-02").rule_set, RuleSetCode::C);
}

#[test]
fn row_2_26_there_is_no_form_before_1_march_2014() {
    let forms = forms();
    let profile = forms.profile("koebenhavn").expect("it exists");

    assert!(forms.exemption_form(day("2014-02-28"), profile).is_err());
    assert!(forms.exemption_form(day("2014-03-01"), profile).is_ok());
}

#[test]
fn each_channel_is_asked_only_what_concerns_it() {
    let form = form_on("2026-03-02");
    let own = shown(&form, 4, &[("channel", "self")]);
    let represented = shown(&form, 4, &[("channel", "representative")]);
    let guarded = shown(&form, 1, &[("channel", "guardian")]);

    assert!(
        !own.iter()
            .any(|id| id.starts_with("representative_") || id.starts_with("poa_"))
    );
    assert!(represented.contains(&"representative_name".to_owned()));
    assert!(guarded.contains(&"guardian_scope".to_owned()));
    assert!(
        !shown(&form, 1, &[("channel", "self")])
            .iter()
            .any(|id| id.starts_with("guardian_"))
    );
}

#[test]
fn practice_11_a_parent_shows_no_appointment() {
    let form = form_on("2026-03-02");
    let parent = shown(
        &form,
        1,
        &[("channel", "guardian"), ("guardian_parent", "true")],
    );

    assert!(parent.contains(&"guardian_name".to_owned()));
    assert!(!parent.contains(&"guardian_document_seen".to_owned()));
}

#[test]
fn practice_12_signing_on_the_screen_is_offered_only_where_it_was_approved() {
    let allowed = edited(
        "profiles/demo.toml",
        "screen_signature = false",
        "screen_signature = true",
    )
    .expect("sound");
    let profile = allowed.profile("demo").expect("it exists");
    let offers = |form: &Form| {
        let field = form.field("signing_method").expect("it exists").clone();
        form.choices(&field, &fields(&[]))
            .any(|choice| choice.value == "screen")
    };

    assert!(!offers(&form_on("2026-03-02")), "default off");
    assert!(offers(
        &allowed
            .exemption_form(day("2026-03-02"), profile)
            .expect("a form")
    ));
    check(
        "signing_method",
        &[("signing_method", "screen")],
        Some(ProblemCode::NotAChoice),
    );
}

#[test]
fn the_ground_is_asked_for_only_where_the_profile_records_it() {
    assert!(!shown(&form_on("2026-03-02"), 4, &[]).contains(&"declared_grounds".to_owned()));
}

#[test]
fn row_2_15_every_offer_of_help_can_be_answered() {
    let form = form_on("2026-03-02");
    let ids = shown(&form, 3, &[]);

    for offer in forms().help_offers() {
        assert!(
            ids.contains(&format!("offer_{}", offer.code)),
            "{}",
            offer.code
        );
    }
}

#[test]
fn a_duration_is_chosen_only_under_rule_set_a() {
    assert!(shown(&form_on("2017-09-29"), 5, &[]).contains(&"duration_kind".to_owned()));
    assert!(!shown(&form_on("2017-10-01"), 5, &[]).contains(&"duration_kind".to_owned()));
}

#[test]
fn row_2_23_a_power_of_attorney_dated_tomorrow_has_the_text_of_its_field() {
    let form = form_on("2026-03-02");
    let filled = fields(&[
        ("channel", "representative"),
        ("poa_signed_on", "14.03.2026"),
    ]);
    let found = form.validate(&filled, day(TODAY));
    let problem = found
        .iter()
        .find(|p| p.field == "poa_signed_on")
        .expect("it is in the future");

    let texts = form.explain(problem, forms().texts());

    assert_eq!(
        texts,
        (
            "Fuldmagten er dateret efter i dag".to_owned(),
            "Datoen ligger efter i dag, 13.03.2026".to_owned()
        )
    );
}

#[test]
fn a_representative_cannot_be_the_citizen() {
    let both = |theirs| {
        [
            ("channel", "representative"),
            ("cpr", CITIZEN),
            ("representative_cpr", theirs),
        ]
    };

    check(
        "representative_cpr",
        &both("721188-3985"),
        Some(ProblemCode::SameAsOther),
    );
    check("representative_cpr", &both("7302553985"), None);
}

#[test]
fn a_representative_gives_a_birth_date_or_a_number() {
    let base = ("channel", "representative");

    check(
        "representative_birth_date",
        &[base],
        Some(ProblemCode::Required),
    );
    check(
        "representative_birth_date",
        &[base, ("representative_cpr", CITIZEN)],
        None,
    );
    check(
        "representative_birth_date",
        &[base, ("representative_birth_date", "14.08.1997")],
        None,
    );
}

#[test]
fn a_cpr_number_says_what_is_wrong_with_it() {
    check(
        "cpr",
        &[("cpr", "180655-")],
        Some(ProblemCode::CprNotTenDigits),
    );
    check(
        "cpr",
        &[("cpr", "311399-3984")],
        Some(ProblemCode::CprNoSuchDate),
    );
    check(
        "cpr",
        &[("cpr", "150636-9984")],
        Some(ProblemCode::CprNotYetBorn),
    );
    check("cpr", &[("cpr", "721188-3985")], None);
}

#[test]
fn a_failing_check_digit_only_warns() {
    let form = form_on("2026-03-02");
    let warned = |cpr: &str| {
        form.warnings(&fields(&[("cpr", cpr)]))
            .first()
            .map(|warning| warning.code)
    };

    assert_eq!(warned("2512169996"), Some(ProblemCode::CprModulus11));
    assert_eq!(warned(CITIZEN), Some(ProblemCode::CprReplacementNumber));
    check("cpr", &[("cpr", "2512169996")], None);
}

#[test]
fn a_cpr_number_in_a_free_text_warns() {
    let form = form_on("2026-03-02");
    let filled = fields(&[
        ("signing_method", "unable"),
        ("unable_reason", "Ringet til 721188-3985 i dag"),
    ]);

    let warned: Vec<_> = form
        .warnings(&filled)
        .into_iter()
        .map(|w| (w.field, w.code))
        .collect();

    assert_eq!(
        warned,
        [("unable_reason".to_owned(), ProblemCode::CprInFreeText)]
    );
}

#[test]
fn a_protected_address_need_not_be_written_and_never_stands_on_the_paper() {
    let form = form_on("2026-03-02");
    let filled = |protected| {
        fields(&[
            ("citizen_residence", "fixed"),
            ("citizen_address", "Ahornvej 3"),
            ("address_protected", protected),
        ])
    };
    let on_paper = |protected| {
        let filled = filled(protected);
        form.shown_on_paper("f1", &filled)
            .any(|field| field.id == "citizen_address")
    };

    assert!(on_paper("false"));
    assert!(!on_paper("true"));
    check(
        "citizen_address",
        &[("citizen_residence", "fixed")],
        Some(ProblemCode::Required),
    );
    check(
        "citizen_address",
        &[
            ("citizen_residence", "fixed"),
            ("address_protected", "true"),
        ],
        None,
    );
}

#[test]
fn names_in_any_letters_are_fine() {
    for name in [
        "Åse Ærø",
        "Nguyễn Thị Hoa",
        "Łucja Wiśniewska",
        "محمد علي",
        "Олена",
        "Aviâja ĸ",
    ] {
        check("citizen_name", &[("citizen_name", name)], None);
    }
}

#[test]
fn row_4_33_a_companions_name_is_asked_for_but_never_required() {
    let form = form_on("2026-03-02");

    assert!(
        shown(&form, 1, &[("companion_present", "true")]).contains(&"companion_name".to_owned())
    );
    check("companion_name", &[("companion_present", "true")], None);
}

#[test]
fn row_4_31_nobody_decides_without_the_conflict_of_interest_check() {
    check(
        "conflict_checked",
        &[("conflict_checked", "false")],
        Some(ProblemCode::MustBeConfirmed),
    );
    check("conflict_checked", &[("conflict_checked", "true")], None);
}

#[test]
fn what_is_hidden_does_not_become_part_of_a_case() {
    let form = form_on("2026-03-02");
    let filled = fields(&[
        ("channel", "self"),
        ("representative_name", "Mads Lindholm"),
        ("made_up", "x"),
        ("citizen_name", "Aase Lindholm"),
    ]);

    let relevant = form.relevant(&filled);

    let kept: Vec<_> = relevant.keys().map(String::as_str).collect();
    assert_eq!(kept, ["channel", "citizen_name"]);
}

#[test]
fn values_never_show_in_debug_output() {
    let filled = fields(&[("cpr", CITIZEN), ("citizen_name", "Aase Lindholm")]);
    let printed = format!("{filled:?}");

    assert!(
        !printed.contains("Aase") && !printed.contains(CITIZEN),
        "{printed}"
    );
}
