//! Every text of the catalogue is said somewhere.
//!
//! A key is used when it stands whole in the product's code. A key built from a code belongs to a *family*: the code
//! says where its words come from, and each member must be one of the codes that stand there. So a text whose code is
//! gone falls out, and a family nobody builds any more does too.

use std::collections::BTreeSet;

use crate::tree::{self, File};

/// Keys built at run time: `*` stands for one code, or for two with a dot between. `built` stands in the code that
/// builds them; `codes` are the files whose words fill the place (`/*.rs`: all in a folder).
struct Family {
    keys: &'static str,
    built: &'static str,
    codes: &'static [&'static str],
}

const fn family(keys: &'static str, built: &'static str, codes: &'static [&'static str]) -> Family {
    Family { keys, built, codes }
}

const CASE: &str = "crates/domain/src/case.rs";
const CHECK: &str = "crates/forms/src/check.rs";
const CPR: &str = "crates/domain/src/cpr.rs";
const ELIGIBILITY: &str = "crates/domain/src/eligibility.rs";
const EVENT: &str = "crates/domain/src/event.rs";
const FIELD: &str = "crates/domain/src/case/field.rs";
const FORM: &str = "forms/exemption/v1.toml";
const FORM_NOW: &str = "forms/exemption/v2.toml";
const POWER_OF_ATTORNEY: &str = "crates/domain/src/power_of_attorney.rs";
const RULE_SET: &str = "crates/domain/src/rule_set.rs";
const COUNTER: &str = "ui/src/views/CounterView.svelte";
const OUTCOMES: &str = "ui/src/features/counter/outcomes.ts";
const CLI: &[&str] = &["crates/cli/src/*.rs", "crates/cli/src/commands/*.rs"];

const FAMILIES: &[Family] = &[
    family(
        "alarm.*",
        "alarm.{code}",
        &["crates/app/src/usecases/synchronise.rs"],
    ),
    family("attachment.*", "attachment.{}", &[EVENT]),
    family(
        "case.purpose_*",
        "case.purpose_${code}",
        &["crates/app/src/usecases/cases.rs"],
    ),
    family("channel.*", "channel.{}", &[EVENT]),
    family("citizen_remedy.*", "citizen_remedy", &[ELIGIBILITY]),
    family("citizen_unmet.*", "citizen_unmet", &[ELIGIBILITY]),
    family("cli.*", "cli.{command}.{name}", CLI),
    family("cli.about", "{key}.about", &["crates/cli/src/main.rs"]),
    family("cli.usage", "{key}.usage", &["crates/cli/src/main.rs"]),
    family("cli.*.about", "{key}.about", CLI),
    family("cli.*.usage", "{key}.usage", CLI),
    family(
        "cli.audit.problem.*",
        "cli.audit.problem",
        &["crates/store/src/tables/audit_chain.rs"],
    ),
    family(
        "cli.cpr.*",
        "cli.cpr.{code}",
        &[
            "crates/cli/src/commands/cpr.rs",
            "crates/app/src/tools/cpr.rs",
            CPR,
        ],
    ),
    family("cli.cpr.warning.*", "cli.cpr.warning.{code}", &[CPR]),
    family(
        "cli.deadline.state.*",
        "cli.deadline.state.{state}",
        &["crates/domain/src/deadline.rs"],
    ),
    family(
        "cli.deadline.warning.*",
        "cli.deadline.warning.{}",
        &["crates/domain/src/deadline.rs"],
    ),
    family(
        "cli.doctor.check.*",
        "cli.doctor.check",
        &["crates/app/src/tools/health.rs"],
    ),
    family(
        "cli.doctor.outcome.*",
        "cli.doctor.outcome",
        &["crates/app/src/tools/health.rs"],
    ),
    family(
        "cli.error.*",
        "cli.error",
        &[
            "crates/app/src/tools.rs",
            "crates/app/src/tools/*.rs",
            "crates/app/src/tools/import/*.rs",
            "crates/cli/src/*.rs",
            "crates/cli/src/commands/*.rs",
            CPR,
        ],
    ),
    family(
        "cli.explain.outcome.*",
        "cli.explain.outcome.{}",
        &[ELIGIBILITY],
    ),
    family(
        "cli.import.*",
        "cli.import.{code}",
        &[
            "crates/app/src/tools/import.rs",
            "crates/app/src/tools/import/list.rs",
            "crates/cli/src/commands/import.rs",
        ],
    ),
    family(
        "cli.lix.level.*",
        "cli.lix.level.{}",
        &["crates/app/src/tools/lix.rs"],
    ),
    family(
        "devices.state_*",
        "devices.state_${row.state}",
        &[
            "crates/protocol/src/wire/code.rs",
            "crates/app/src/usecases/devices.rs",
        ],
    ),
    family(
        "conflict.field.*",
        "conflict.field.${conflict.field}",
        &[FIELD],
    ),
    family(
        "error.*",
        "error.${error.code}",
        &["crates/app/src/api/error.rs"],
    ),
    family("event.*", "event.${entry.kind}", &[EVENT]),
    family("fact.*", "fact", &[ELIGIBILITY, POWER_OF_ATTORNEY]),
    family("file_name.*", "file_name.{}", &[EVENT]),
    family(
        "guardian_scope.*",
        "guardian_scope.{scope}",
        &[EVENT, "crates/app/src/present.rs"],
    ),
    family(
        "held.*",
        "held.{subject}",
        &["crates/app/src/usecases/review.rs"],
    ),
    family(
        "held_for.*",
        "held_for.{code}",
        &[
            "crates/protocol/src/wire/code.rs",
            "crates/app/src/usecases/review.rs",
        ],
    ),
    family(
        "held_rule.*",
        "held_rule.{rule}",
        &["crates/domain/src/case/transition.rs"],
    ),
    family("label.*", "label.${tick}", &[EVENT]),
    family("offer_answer.*", "offer_answer.{}", &[EVENT]),
    family("outcome.*.note", "outcome.${end.outcome}.note", &[OUTCOMES]),
    family(
        "outcome.*.title",
        "outcome.${end.outcome}.title",
        &[OUTCOMES],
    ),
    family("paper.*", "paper.{}", &[EVENT]),
    family(
        "paper_words.*",
        "paper_words.{key}",
        &["crates/documents/src/papers/text.rs"],
    ),
    family(
        "park.reason_*",
        "park.reason_${code}",
        &["ui/src/features/counter/ParkDialog.svelte"],
    ),
    family(
        "power_of_attorney_use.*",
        "power_of_attorney_use.{purpose}",
        &["crates/app/src/capture.rs", "crates/app/src/usecases/*.rs"],
    ),
    family("problem.*", "problem.{code}", &[CHECK]),
    family("problem_at_field.*", "problem_at_field.{code}", &[CHECK]),
    family(
        "profile.*",
        "profile.{field}",
        &["crates/app/src/profile/difference.rs"],
    ),
    family(
        "profile.calendar_*",
        "profile.calendar_${value}",
        &["crates/domain/src/calendar.rs"],
    ),
    family(
        "profile.may_represent_*",
        "profile.may_represent_${value}",
        &["ui/src/features/settings/ProfileFields.svelte"],
    ),
    family(
        "profile_problem.*",
        "profile_problem.{}",
        &[
            "crates/app/src/profile/typed.rs",
            "crates/forms/src/profile.rs",
            "crates/forms/src/profile/check.rs",
            "crates/forms/src/lib.rs",
        ],
    ),
    family(
        "day.*",
        "day.{code}",
        &["crates/domain/src/calendar/holiday.rs"],
    ),
    family("receipt_delivery.*", "receipt_delivery.{}", &[EVENT]),
    family("register.*", "register.{}", &[EVENT]),
    family(
        "rejection.*",
        "rejection.{}",
        &["ui/src/features/counter/OutcomeDialog.svelte"],
    ),
    family("relation.*", "relation.{code}", &[FORM_NOW]),
    family("remedy.*", "remedy", &[ELIGIBILITY, POWER_OF_ATTORNEY]),
    family("requirement.*", "requirement.{}", &[ELIGIBILITY]),
    family("residence.*", "residence.{}", &[EVENT]),
    family("retracted.*", "retracted.{}", &[FIELD]),
    family("role.*", "role.${role}", &["crates/domain/src/role.rs"]),
    family("rule.*.source", "rule.${code}.source", &[COUNTER, FORM]),
    family("rule.*.text", "rule.${code}.text", &[COUNTER, FORM]),
    family("rule.*.title", "rule.${code}.title", &[COUNTER, FORM]),
    family("rule_title.*", "rule_title.${rule.code}", &[RULE_SET]),
    family("goes_by.*", "goes_by.${rule.goes_by}", &[RULE_SET]),
    family(
        "shortcut.group_*",
        "shortcut.group_${group}",
        &["ui/src/lib/frame/ShortcutSheet.svelte"],
    ),
    family(
        "sign_up.*",
        "sign_up.${ahead.code}",
        &["crates/domain/src/sign_up.rs"],
    ),
    family("source.*", "source.{}", &[ELIGIBILITY]),
    family("state.*", "state.{}", &[CASE, EVENT]),
    family("step.*.after", "step.${stepCode}.after", &[COUNTER]),
    family("step.*.next", "step.${stepCode}.next", &[COUNTER]),
    family("step.*.title", "step.${step}.title", &[COUNTER]),
    family("tick.*.details", "tick.${tick}.details", &[EVENT]),
    family("tick.*.title", "tick.{}.title", &[EVENT]),
    family("tick.*.todo", "tick.${tick}.todo", &[EVENT]),
    family(
        "unopened_post.*",
        "unopened_post.{}",
        &[
            "crates/app/src/present.rs",
            "crates/app/src/papers.rs",
            "ui/src/features/finish/RegisterBox.svelte",
        ],
    ),
    family(
        "warning.*",
        "warning.${warning}",
        &[ELIGIBILITY, CHECK, CPR, "crates/app/src/present.rs"],
    ),
    family(
        "window.audit_*",
        "window.audit_${code}",
        &["crates/store/src/handle.rs"],
    ),
    family(
        "window.purpose_*",
        "window.purpose_${code}",
        &["crates/app/src/rights.rs", "crates/app/src/usecases/*.rs"],
    ),
    family(
        "status.progress_*",
        "status.progress_${progress.what}",
        &["crates/app/src/usecases/synchronise/round.rs"],
    ),
    family(
        "window.paper_*",
        "window.paper_${row.paper_apart}",
        &["crates/app/src/usecases/review.rs"],
    ),
    family(
        "window.sync_*",
        "window.sync_${entry.sync}",
        &[
            "crates/store/src/tables/outbox.rs",
            "crates/store/src/tables/event.rs",
        ],
    ),
];

/// What stands between quotation marks, of any kind, and can be a key, a code, or a pattern of one.
fn quoted(text: &str) -> BTreeSet<String> {
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-{}".contains(c);
    let marks = text.match_indices(['"', '\'', '`']);
    let found = marks.filter_map(|(at, mark)| {
        let rest = &text[at + mark.len()..];
        let end = rest.find(|c| !part(c))?;
        (end > 0 && rest[end..].starts_with(mark)).then(|| rest[..end].to_owned())
    });
    found.collect()
}

/// The text without the tests at its end.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

/// The product's code: what is shipped, without what is generated or only tests compile.
fn shipped() -> Vec<&'static File> {
    let of_product = |file: &&File| {
        let code = ["rs", "ts", "svelte"]
            .iter()
            .any(|end| file.has_extension(end));
        let place = ["crates", "src-tauri", "ui/src"]
            .iter()
            .any(|folder| file.is_under(folder));
        let only_tests = file.path.contains("/tests/")
            || file.path.ends_with("/tests.rs")
            || file.is_under("crates/testkit");
        code && place && !only_tests && !file.is_generated()
    };
    tree::files().iter().filter(of_product).collect()
}

/// The words of the files a family names; none where a name finds no file.
fn codes_of(family: &Family, files: &[File]) -> Result<BTreeSet<String>, String> {
    let mut codes = BTreeSet::new();
    for name in family.codes {
        let named = |file: &&File| match name.strip_suffix("/*.rs") {
            None => file.path == *name,
            Some(folder) => {
                let inside = file
                    .path
                    .strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/'));
                inside.is_some_and(|rest| !rest.contains('/') && file.has_extension("rs"))
            }
        };
        let before = codes.len();
        codes.extend(
            files
                .iter()
                .filter(named)
                .flat_map(|file| quoted(product(&file.text))),
        );
        if codes.len() == before {
            return Err(format!("{}: {name} has no codes", family.keys));
        }
    }
    Ok(codes)
}

/// What stands for the `*` of a family in a key.
fn place<'a>(family: &Family, key: &'a str) -> Option<&'a str> {
    match family.keys.split_once('*') {
        Some((before, after)) => key.strip_prefix(before)?.strip_suffix(after),
        None => (family.keys == key).then_some(key),
    }
}

/// Whether the words of a place are codes, or made of codes: `power_of_attorney_{}` and `revoked`.
fn is_member(words: &str, codes: &BTreeSet<String>) -> bool {
    let known = |word: &str| {
        codes.contains(word)
            || codes.iter().any(|pattern| {
                let Some((before, rest)) = pattern.split_once('{') else {
                    return false;
                };
                let (_, after) = rest.split_once('}').unwrap_or(("", ""));
                let filled = word
                    .strip_prefix(before)
                    .and_then(|word| word.strip_suffix(after));
                !(before.is_empty() && after.is_empty())
                    && filled.is_some_and(|code| codes.contains(code))
            })
    };
    known(words) || words.split('.').all(known)
}

fn violations(keys: &[String], code: &[&File], all: &[File], families: &[Family]) -> Vec<String> {
    let said: BTreeSet<String> = code
        .iter()
        .flat_map(|file| quoted(product(&file.text)))
        .collect();
    let mut used: BTreeSet<&str> = keys
        .iter()
        .map(String::as_str)
        .filter(|key| said.contains(*key))
        .collect();
    let mut found = Vec::new();
    for family in families {
        if !code
            .iter()
            .any(|file| product(&file.text).contains(family.built))
        {
            found.push(format!(
                "{}: nothing builds it with {}",
                family.keys, family.built
            ));
        }
        match codes_of(family, all) {
            Err(problem) => found.push(problem),
            Ok(codes) => {
                let member = |key: &&String| match place(family, key) {
                    Some(words) => !family.keys.contains('*') || is_member(words, &codes),
                    None => false,
                };
                used.extend(keys.iter().filter(member).map(String::as_str));
            }
        }
    }
    let unused = keys.iter().filter(|key| !used.contains(key.as_str()));
    found.extend(unused.map(|key| format!("{key} is said nowhere")));
    found
}

#[test]
fn every_text_of_the_catalogue_is_said_somewhere() {
    let texts = skranke_forms::Forms::embedded().unwrap();
    let keys: Vec<String> = texts.texts().all().map(|(key, _)| key.to_owned()).collect();

    let found = violations(&keys, &shipped(), tree::files(), FAMILIES);

    tree::none("every text is said somewhere", keys.len(), &found);
}

#[test]
fn planted_texts_nobody_says_are_caught() {
    let said = File::planted("ui/src/a.ts", "t('button.save'); say(`state.${code}`)\n");
    let codes = File::planted(
        "crates/domain/src/a.rs",
        "A => \"open\", B => \"of_{}\", C => \"law\"\n#[cfg(test)]\nmod tests { \"gone\" }",
    );
    let keys = [
        "button.save",
        "button.old",
        "state.open",
        "state.of_law",
        "state.gone",
        "gone.open",
    ]
    .map(str::to_owned);
    let states = family("state.*", "state.${code}", &["crates/domain/src/a.rs"]);
    let gone = family("gone.*", "gone.${code}", &["crates/domain/src/a.rs"]);
    let homeless = family("far.*", "state.${code}", &["crates/domain/src/b.rs"]);

    let found = violations(&keys, &[&said], &[codes], &[states, gone, homeless]);

    for part in [
        "button.old is said nowhere",
        "state.gone is said nowhere",
        "gone.*: nothing builds it",
        "b.rs has no codes",
    ] {
        tree::caught(&found, part);
    }
    assert_eq!(found.len(), 4, "{found:?}");
}
