//! The proof tree in Danish: the same words for screen, refusal letter and command line.

use skranke_domain::case::Case;
use skranke_domain::cpr::{Cpr, CprKind, CprWarning};
use skranke_domain::danish_time;
use skranke_domain::eligibility::{Facts, OpenPeriod, Proof, Saying};
use skranke_domain::event::{AttachmentPurpose, Signature};
use skranke_domain::ids::Sha256Digest;
use skranke_forms::Texts;

use crate::api::draft::ProofView;
use crate::capture::{is_own, residence_told};

/// Puts a proof into words.
pub(crate) fn proof_view(proof: &Proof, texts: &Texts) -> ProofView {
    ProofView {
        code: proof.requirement.code().to_owned(),
        text: texts.say(&format!("requirement.{}", proof.requirement.code()), &[]),
        outcome: proof.outcome.code().to_owned(),
        fact: say(&proof.fact, "fact", texts),
        source: texts.say(&format!("source.{}", proof.source), &[]),
        remedy: say(&proof.remedy, "remedy", texts),
        parts: proof
            .parts
            .iter()
            .map(|part| proof_view(part, texts))
            .collect(),
    }
}

fn say(saying: &Saying, group: &str, texts: &Texts) -> String {
    if saying.code.is_empty() {
        return String::new();
    }
    let values: Vec<(&str, &str)> = saying
        .params
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    texts.say(&format!("{group}.{}", saying.code), &values)
}

/// The file with the signature drawn on the screen, if there is one; the last counts.
pub(crate) fn screen_signature(case: &Case) -> Option<Sha256Digest> {
    let drawn = |purpose| purpose == AttachmentPurpose::ScreenSignature;
    let mut files = case.attachments.iter().rev();
    files
        .find(|file| drawn(file.value.purpose))
        .map(|file| file.value.digest)
}

/// What a case says, as facts for the proof.
pub(crate) fn facts_of(
    case: &Case,
    location_open: Option<OpenPeriod>,
    own_municipality: &str,
) -> Facts {
    let cpr = case.citizen.as_ref().map(|citizen| citizen.cpr);
    let warnings = cpr.as_ref().map(Cpr::warnings).unwrap_or_default();
    let declaration = case.declaration.as_ref();
    let turned_away = case.rejected.as_ref();
    let turned_away_on = turned_away.map(|no| danish_time::date_at(no.value.rejected_at));
    Facts {
        channel: case.opened.as_ref().map(|opened| opened.channel),
        cpr_fails_modulus_11: warnings.contains(&CprWarning::Modulus11),
        cpr_is_replacement: cpr
            .as_ref()
            .is_some_and(|cpr| cpr.kind() == CprKind::Replacement),
        cpr,
        died: case
            .ending
            .map(|(ending, _)| ending == skranke_domain::event::Ending::Deceased),
        residence: case.citizen.as_ref().and_then(|citizen| {
            residence_told(
                citizen.residence,
                &citizen.address,
                citizen.address_protected,
            )
        }),
        identity_valid: case.identity.as_ref().map(|checked| checked.value.valid),
        power_of_attorney: case.power_of_attorney.clone(),
        power_of_attorney_revoked_on: case.power_of_attorney_revoked_on,
        guardian: case.guardian.clone(),
        declared: declaration.map(|_| true),
        // A signature on the screen is one only with the drawing.
        signed: declaration.map(|declaration| {
            declaration.signature != Signature::OnScreen || screen_signature(case).is_some()
        }),
        signed_on: declaration.map(|declaration| declaration.signed_on),
        // A look made after the registration shows our own exemption; only one from before speaks against it.
        register: case
            .register_look
            .as_ref()
            .filter(|look| {
                case.registered
                    .as_ref()
                    .is_none_or(|tick| look.at < tick.at)
            })
            .map(|look| look.value.1),
        recorded_exempt: false,
        received_on: case.opened.as_ref().map(|opened| opened.received_on),
        decided_on: case.legal_days().decided_on.or(turned_away_on),
        location_open,
        own_municipality: case
            .citizen
            .as_ref()
            .and_then(|citizen| is_own(&citizen.municipality, own_municipality)),
    }
}

/// A moment as Danes write it: `13.03.2026 kl. 14.01`.
pub(crate) fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
    danish_time::local(at)
        .format("%d.%m.%Y kl. %H.%M")
        .to_string()
}

/// A day as Danes write it: `13.03.2026`.
pub(crate) fn day(on: chrono::NaiveDate) -> String {
    on.format("%d.%m.%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use skranke_domain::eligibility::{EligibilityPolicy, Outcome, Requirement, Warning, explain};
    use skranke_forms::Forms;

    fn every_leaf<'a>(proof: &'a Proof, leaves: &mut Vec<&'a Proof>) {
        leaves.push(proof);
        for part in &proof.parts {
            every_leaf(part, leaves);
        }
    }

    #[test]
    fn every_requirement_and_warning_has_words() {
        let forms = Forms::embedded().expect("the shipped forms are sound");
        for requirement in Requirement::ALL {
            let key = format!("requirement.{}", requirement.code());
            assert!(forms.texts().get(&key).is_some(), "{key} has no text");
        }
        for warning in Warning::ALL {
            let key = format!("warning.{}", warning.code());
            assert!(forms.texts().get(&key).is_some(), "{key} has no text");
        }
    }

    #[test]
    fn every_fact_source_and_remedy_met_on_the_way_has_words() {
        let forms = Forms::embedded().expect("the shipped forms are sound");
        let policy = EligibilityPolicy {
            power_of_attorney_warn_after_days: 90,
        };
        let today = "2026-03-13".parse().expect("a day");
        let explanation = explain(
            &Facts::default(),
            &forms.rules().to_domain(),
            &policy,
            today,
        );
        let mut nodes = Vec::new();
        every_leaf(&explanation.proof, &mut nodes);

        for node in nodes {
            for (group, code) in [
                ("fact", node.fact.code.as_str()),
                ("source", node.source),
                ("remedy", &node.remedy.code),
            ] {
                if !code.is_empty() {
                    let key = format!("{group}.{code}");
                    assert!(forms.texts().get(&key).is_some(), "{key} has no text");
                }
            }
            assert_ne!(node.outcome, Outcome::NotMet, "nothing has been said yet");
        }
    }
}
