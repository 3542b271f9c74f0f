//! Can this citizen be exempted, and why: facts in, proof tree out.
//!
//! The facts are the fields of a draft by their ids, as the window saves them, in JSON. Nothing is recorded, and what
//! was not said is "not known yet".

use serde::Serialize;
use skranke_domain::eligibility::{EligibilityPolicy, explain};
use skranke_forms::{Forms, Location};

use super::{Remark, ToolError, say};
use crate::api::draft::{Fields, ProofView};
use crate::capture::{self, Typed};
use crate::clock::Clock;
use crate::explain::proof_view;

/// Fields that stand in no form: the window keeps them beside it.
const BESIDE_THE_FORM: &[&str] = &["channel", "received_on", "location", "register_seen"];

/// The proof and what stands beside it.
#[derive(Serialize)]
pub struct ExplainView {
    /// `met`, `not_met` or `not_known`.
    pub outcome: String,
    /// The rule set that the day of signing, or else of receipt, falls under.
    pub rule_set: Option<&'static str>,
    /// The day on which the question was answered.
    pub today: String,
    /// The proof.
    pub proof: ProofView,
    /// What staff should look at twice.
    pub warnings: Vec<Remark>,
}

/// Explains the facts under a municipality's profile, on a day (`YYYY-MM-DD`) or today.
pub fn explain_view(
    facts: &str,
    profile: &str,
    today: Option<&str>,
) -> Result<ExplainView, ToolError> {
    let today = match today {
        None => Clock::System.today(),
        Some(day) => day
            .parse()
            .map_err(|_| ToolError::usage("time_unreadable"))?,
    };
    let typed: Fields =
        serde_json::from_str(facts).map_err(|error| unreadable(error.line(), error.column()))?;
    let forms = Forms::embedded().map_err(|_| ToolError::environment("definitions_unreadable"))?;
    let profile = forms.profile(profile).map_err(|_| {
        let known: Vec<_> = forms
            .profiles()
            .iter()
            .map(|known| known.code.as_str())
            .collect();
        ToolError::usage("municipality_unknown")
            .with("profile", profile)
            .with("known", known.join(", "))
    })?;
    let signed_on = Typed(&typed)
        .day("signed_on")
        .filter(|day| *day <= today)
        .unwrap_or(today);
    let form = forms
        .exemption_form(signed_on, profile)
        .or_else(|_| forms.exemption_form(today, profile))
        .map_err(|_| ToolError::refused("no_rules_that_day"))?;
    let is_known = |id: &String| form.field(id).is_some() || BESIDE_THE_FORM.contains(&id.as_str());
    if let Some(unknown) = typed.keys().find(|id| !is_known(id)) {
        return Err(ToolError::usage("fact_unknown").with("fact", unknown.clone()));
    }
    let relevant = capture::from_forms(form.relevant(&capture::for_forms(&typed)));
    let typed = Typed(&relevant);
    let location = profile.location(typed.text("location"));
    let policy = EligibilityPolicy {
        power_of_attorney_warn_after_days: profile.practice.power_of_attorney_warn_days,
    };
    let open = location.map(Location::open_period);
    let explanation = explain(
        &typed.facts(open, &profile.municipality_code, true),
        &forms.rules().to_domain(),
        &policy,
        today,
    );
    let proof = proof_view(&explanation.proof, forms.texts());
    let warnings = explanation.warnings.iter().map(|warning| Remark {
        code: warning.code(),
        text: say(&format!("warning.{}", warning.code()), &[]),
    });
    Ok(ExplainView {
        outcome: proof.outcome.clone(),
        rule_set: explanation.rule_set.map(|set| set.code()),
        today: today.to_string(),
        proof,
        warnings: warnings.collect(),
    })
}

/// Where reading stopped; never what stood there.
fn unreadable(line: usize, column: usize) -> ToolError {
    ToolError::usage("facts_unreadable")
        .with("line", line.to_string())
        .with("column", column.to_string())
}
