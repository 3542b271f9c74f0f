//! May this citizen be exempted? The answer is a proof, not a yes or no.
//!
//! Every requirement says whether it is met, on which fact that rests, where the rule comes from, and what would
//! change the outcome. Screen, refusal letter and command line show the same tree; the words stand in
//! `forms/texts/` under `requirement.<code>`, `fact.<code>`, `source.<code>` and `remedy.<code>`.
//! Basis: design, section 4, *The explanation*; domain reference 1.3, 2 and 3.

use chrono::NaiveDate;

use crate::coded::coded;
use crate::cpr::Cpr;
use crate::event::{Channel, Guardian, GuardianScope, RegisterStatus, Residence};
use crate::power_of_attorney::{self, PowerOfAttorney, PowerOfAttorneyWarning};
use crate::rule_set::{LegalDays, RuleCode, RuleSetCode, RuleSets};
use crate::sign_up::AGE_OF_DIGITAL_POST;

coded! {
    /// Something the outcome rests on.
    pub enum Requirement {
        /// All of them together.
        Exemption => "exemption",
        /// The citizen is covered by compulsory Digital Post.
        Covered => "covered",
        /// 15 years or more on the day of receipt (row 2-12).
        Age15 => "age_15",
        /// A CPR number that can exist.
        HasCpr => "has_cpr",
        /// The person is alive.
        Alive => "alive",
        /// A standing in the register of persons for which the municipality decides.
        Residence => "residence",
        /// The right person came: one of these.
        RightPerson => "right_person",
        /// The citizen came.
        CitizenCame => "citizen_came",
        /// A representative came with a power of attorney.
        RepresentativeCame => "representative_came",
        /// A guardian came with the appointment.
        GuardianCame => "guardian_came",
        /// The identity of the person at the desk was checked (guide, step 2).
        IdentityValid => "identity_valid",
        /// The power of attorney holds (row 2-23).
        PowerOfAttorneyHolds => "power_of_attorney_holds",
        /// The guardian's appointment was seen and is in force.
        AppointmentHolds => "appointment_holds",
        /// The declaration that at least one ground is met (row 2-13).
        Declared => "declared",
        /// The declaration is signed.
        Signed => "signed",
        /// Signed on a day when exemption was possible (row 2-26).
        SignedInTime => "signed_in_time",
        /// Not exempt already, as far as the register was looked at (practice 3).
        NotExemptAlready => "not_exempt_already",
    }
}

impl Requirement {
    /// Whether nothing is granted before somebody knows. Our record is not the register: nobody having looked is said
    /// as it is and does not stop (practice 3).
    const fn is_waited_for(self) -> bool {
        !matches!(self, Self::NotExemptAlready)
    }

    /// Whether it is missing for as long as nobody has shown it.
    const fn is_lacking_until_shown(self) -> bool {
        matches!(
            self,
            Self::HasCpr
                | Self::IdentityValid
                | Self::PowerOfAttorneyHolds
                | Self::AppointmentHolds
                | Self::Declared
                | Self::Signed
        )
    }
}

/// How a requirement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Met.
    Met,
    /// Not met.
    NotMet,
    /// Nobody has said yet.
    NotKnown,
    /// One of its siblings is met, so this one does not matter.
    NotNeeded,
}

impl Outcome {
    /// Stable code for texts and the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Met => "met",
            Outcome::NotMet => "not_met",
            Outcome::NotKnown => "not_known",
            Outcome::NotNeeded => "not_needed",
        }
    }
}

/// A fact or a remedy: a text code and what fills its places. Never a name or a number of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Saying {
    /// Code of the text; empty where there is nothing to say.
    pub code: String,
    /// Values for the places in the text.
    pub params: Vec<(&'static str, String)>,
}

impl Saying {
    fn of(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            params: Vec::new(),
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers pass numbers and texts alike"
    )]
    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }
}

/// A node of the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What must hold.
    pub requirement: Requirement,
    /// How it stands.
    pub outcome: Outcome,
    /// The fact it rests on.
    pub fact: Saying,
    /// Code of the rule's source.
    pub source: &'static str,
    /// What would change the outcome; empty where it is met.
    pub remedy: Saying,
    /// What it is made of.
    pub parts: Vec<Proof>,
}

impl Proof {
    /// Codes of the leaves that are not met, for a refusal's reasons.
    pub fn unmet(&self) -> Vec<Requirement> {
        self.leaves(Outcome::NotMet)
    }

    /// Codes of the leaves that are met: what a grant rests on.
    pub fn met(&self) -> Vec<Requirement> {
        self.leaves(Outcome::Met)
    }

    /// Codes of the leaves nobody has answered yet and the outcome waits for.
    pub fn not_known(&self) -> Vec<Requirement> {
        let mut open = self.leaves(Outcome::NotKnown);
        open.retain(|requirement| requirement.is_waited_for());
        open
    }

    /// Codes of what a decision to refuse may rest on: what is not met, and what nobody has shown, as far as that is a
    /// lack by itself. Who never answered has not declared; but nobody is known to be too young, or never registered,
    /// because it was not looked up (fvl sections 22 to 24: no reason that is not so).
    pub fn lacking(&self) -> Vec<Requirement> {
        let mut lacking = self.unmet();
        let open = self.not_known().into_iter();
        lacking.extend(open.filter(|requirement| requirement.is_lacking_until_shown()));
        lacking
    }

    fn is_waited_for(&self) -> bool {
        self.outcome == Outcome::NotKnown && self.requirement.is_waited_for()
    }

    fn leaves(&self, outcome: Outcome) -> Vec<Requirement> {
        if self.outcome == Outcome::NotNeeded {
            Vec::new()
        } else if self.parts.is_empty() {
            if self.outcome == outcome {
                vec![self.requirement]
            } else {
                Vec::new()
            }
        } else {
            self.parts
                .iter()
                .flat_map(|part| part.leaves(outcome))
                .collect()
        }
    }
}

coded! {
    /// Something staff should look at twice; never a stop.
    pub enum Warning {
        /// Turns 15 within the next month.
        Turns15Soon => "turns_15_soon",
        /// The location was not open for exemptions on that day: not yet, or no longer (row 2-26).
        LocationNotOpen => "location_not_open",
        /// The CPR number fails modulus 11, which new numbers may.
        CprModulus11 => "cpr_modulus_11",
        /// A replacement number.
        CprReplacement => "cpr_replacement",
        /// The power of attorney is older than the municipality likes.
        PowerOfAttorneyOld => "power_of_attorney_old",
        /// The representative is under 18.
        RepresentativeUnder18 => "representative_under_18",
        /// The representative, whose number is not known, was born on the citizen's birthday: perhaps one person.
        RepresentativeBornAsCitizen => "representative_born_as_citizen",
        /// The citizen's own document instead of form F2.
        PowerOfAttorneySelfMade => "power_of_attorney_self_made",
        /// The appointment covers economic matters only.
        GuardianEconomicOnly => "guardian_economic_only",
        /// Registered in another municipality.
        OtherMunicipality => "other_municipality",
        /// The register has not been looked at.
        RegisterNotLooked => "register_not_looked",
    }
}

/// Days on which a place takes requests, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenPeriod {
    /// First day.
    pub first: NaiveDate,
    /// Last day, where there is one.
    pub last: Option<NaiveDate>,
}

impl OpenPeriod {
    /// Whether the place takes requests on this day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }
}

/// What is known when the question is asked.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Who came.
    pub channel: Option<Channel>,
    /// The citizen's number.
    pub cpr: Option<Cpr>,
    /// Whether the number fails modulus 11.
    pub cpr_fails_modulus_11: bool,
    /// Whether it is a replacement number.
    pub cpr_is_replacement: bool,
    /// Day of death, where known.
    pub died: Option<bool>,
    /// Standing in the register of persons.
    pub residence: Option<Residence>,
    /// Whether the identity check was made, and held.
    pub identity_valid: Option<bool>,
    /// The power of attorney.
    pub power_of_attorney: Option<PowerOfAttorney>,
    /// When it was revoked.
    pub power_of_attorney_revoked_on: Option<NaiveDate>,
    /// The guardian.
    pub guardian: Option<Guardian>,
    /// Whether at least one ground was declared to be met.
    pub declared: Option<bool>,
    /// Whether the declaration is signed, by whatever way is allowed.
    pub signed: Option<bool>,
    /// Day of signing.
    pub signed_on: Option<NaiveDate>,
    /// What was seen in the register.
    pub register: Option<RegisterStatus>,
    /// Whether another record of ours says that the citizen is exempt.
    pub recorded_exempt: bool,
    /// Day of receipt.
    pub received_on: Option<NaiveDate>,
    /// Day on which it was decided or turned away, once it was.
    pub decided_on: Option<NaiveDate>,
    /// The days on which the location takes requests.
    pub location_open: Option<OpenPeriod>,
    /// Whether the citizen is registered in this municipality, where known.
    pub own_municipality: Option<bool>,
}

/// Settings of the municipality that the question needs.
#[derive(Debug, Clone)]
pub struct EligibilityPolicy {
    /// Days after which a power of attorney warns.
    pub power_of_attorney_warn_after_days: u16,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The proof.
    pub proof: Proof,
    /// Warnings, in the order of the flow.
    pub warnings: Vec<Warning>,
    /// The rule set of the day of signing, or of receipt while unsigned.
    pub rule_set: Option<RuleSetCode>,
}

/// Explains whether the exemption can be granted on `today`.
pub fn explain(
    facts: &Facts,
    rule_sets: &RuleSets,
    policy: &EligibilityPolicy,
    today: NaiveDate,
) -> Explanation {
    let day = facts.received_on.unwrap_or(today);
    // What was decided is explained by that day, whatever ran out, was revoked or had its birthday since.
    let decided_on = facts.decided_on.unwrap_or(today);
    let proof = all(
        Requirement::Exemption,
        "rule_set",
        vec![
            covered(facts, decided_on),
            right_person(facts, decided_on),
            declaration(facts, rule_sets, decided_on),
            register(facts),
        ],
    );
    Explanation {
        proof,
        warnings: warnings(facts, policy, day, today),
        rule_set: rule_sets
            .for_rule(RuleCode::Declaration, &days_of(facts).as_if_done(day))
            .map(|set| set.code),
    }
}

/// The days known before anything is decided.
fn days_of(facts: &Facts) -> LegalDays {
    LegalDays {
        signed_on: facts.signed_on,
        ..LegalDays::default()
    }
}

/// A draft for one who turns 15 within these days lasts until then: drafts are kept for 30 days unless a municipality
/// chose fewer.
const SOON_DAYS: u64 = 28;

/// Whether somebody is 14 and turns 15 so soon that a draft can wait for it.
fn turns_15_soon(cpr: &Cpr, today: NaiveDate) -> bool {
    let birthday = cpr.reaches_age_on(AGE_OF_DIGITAL_POST);
    today < birthday && birthday <= today + chrono::Days::new(SOON_DAYS)
}

/// Whether the citizen is covered on the day of the decision: who was 14 at the visit may be 15 by then.
fn covered(facts: &Facts, decided_on: NaiveDate) -> Proof {
    let (cpr, age) = match &facts.cpr {
        None => {
            let missing = || Saying::of("cpr_missing");
            (
                leaf(
                    Requirement::HasCpr,
                    Outcome::NotKnown,
                    missing(),
                    "row_2_12",
                    "enter_cpr",
                ),
                leaf(
                    Requirement::Age15,
                    Outcome::NotKnown,
                    missing(),
                    "row_2_12",
                    "enter_cpr",
                ),
            )
        }
        Some(cpr) => {
            let age = cpr.age_on(decided_on);
            let outcome = if age.is_some_and(|age| age >= AGE_OF_DIGITAL_POST) {
                Outcome::Met
            } else {
                Outcome::NotMet
            };
            let fact = Saying::of("age").with("age", age.unwrap_or(0));
            let has_cpr = Saying::of("cpr_given");
            let mut of_age = leaf(
                Requirement::Age15,
                outcome,
                fact,
                "row_2_12",
                "no_exemption_needed",
            );
            if turns_15_soon(cpr, decided_on) {
                let birthday = cpr.reaches_age_on(AGE_OF_DIGITAL_POST).format("%d.%m.%Y");
                of_age.remedy = Saying::of("wait_for_15").with("date", birthday);
            }
            (
                leaf(
                    Requirement::HasCpr,
                    Outcome::Met,
                    has_cpr,
                    "row_2_12",
                    "enter_cpr",
                ),
                of_age,
            )
        }
    };
    let alive = match facts.died {
        Some(true) => leaf(
            Requirement::Alive,
            Outcome::NotMet,
            Saying::of("died"),
            "domain_1_3",
            "close_deceased",
        ),
        Some(false) | None => leaf(
            Requirement::Alive,
            Outcome::Met,
            Saying::of("not_reported_dead"),
            "domain_1_3",
            "",
        ),
    };
    let (outcome, fact, remedy) = match facts.residence {
        None | Some(Residence::Unknown) => {
            (Outcome::NotKnown, "residence_unknown", "look_up_residence")
        }
        Some(Residence::Fixed) => (Outcome::Met, "residence_fixed", ""),
        Some(Residence::LeftDenmark) => (Outcome::Met, "residence_left", ""),
        Some(Residence::NoFixedAbode) => (Outcome::Met, "residence_no_fixed_abode", ""),
        Some(Residence::NeverRegistered) => {
            (Outcome::NotMet, "residence_never", "forward_to_agency")
        }
    };
    let residence = leaf(
        Requirement::Residence,
        outcome,
        Saying::of(fact),
        "digital_post_act_5",
        remedy,
    );
    all(
        Requirement::Covered,
        "row_2_12",
        vec![cpr, age, alive, residence],
    )
}

fn right_person(facts: &Facts, today: NaiveDate) -> Proof {
    let identity = || {
        let (outcome, fact) = match facts.identity_valid {
            None => (Outcome::NotKnown, "identity_not_checked"),
            Some(true) => (Outcome::Met, "identity_checked"),
            Some(false) => (Outcome::NotMet, "identity_failed"),
        };
        leaf(
            Requirement::IdentityValid,
            outcome,
            Saying::of(fact),
            "guide_step_2",
            "show_id",
        )
    };
    let came = |channel: Channel, requirement, source, parts: Vec<Proof>| match facts.channel {
        Some(chosen) if chosen == channel => all(requirement, source, parts),
        Some(_) => Proof {
            requirement,
            outcome: Outcome::NotNeeded,
            fact: Saying::default(),
            source,
            remedy: Saying::default(),
            parts: Vec::new(),
        },
        None => leaf(
            requirement,
            Outcome::NotKnown,
            Saying::of("who_unknown"),
            source,
            "say_who",
        ),
    };
    let parts = vec![
        came(
            Channel::InPerson,
            Requirement::CitizenCame,
            "row_2_23",
            vec![identity()],
        ),
        came(
            Channel::Representative,
            Requirement::RepresentativeCame,
            "row_2_23",
            vec![identity(), power_of_attorney_part(facts, today)],
        ),
        came(
            Channel::Guardian,
            Requirement::GuardianCame,
            "practice_11",
            vec![identity(), appointment_part(facts, today)],
        ),
    ];
    let outcome = parts
        .iter()
        .map(|part| part.outcome)
        .find(|outcome| *outcome != Outcome::NotNeeded)
        .unwrap_or(Outcome::NotKnown);
    Proof {
        requirement: Requirement::RightPerson,
        outcome,
        fact: Saying::of("one_of_these"),
        source: "row_2_23",
        remedy: Saying::default(),
        parts,
    }
}

fn power_of_attorney_part(facts: &Facts, today: NaiveDate) -> Proof {
    let requirement = Requirement::PowerOfAttorneyHolds;
    let Some(paper) = &facts.power_of_attorney else {
        let fact = Saying::of("power_of_attorney_missing");
        return leaf(
            requirement,
            Outcome::NotKnown,
            fact,
            "row_2_23",
            "bring_power_of_attorney",
        );
    };
    let revoked_on = facts.power_of_attorney_revoked_on;
    let faults = power_of_attorney::faults(paper, facts.cpr.as_ref(), revoked_on, today);
    match faults.first() {
        None => leaf(
            requirement,
            Outcome::Met,
            Saying::of("power_of_attorney_signed"),
            "row_2_23",
            "",
        ),
        Some(fault) => {
            let code = format!("power_of_attorney_{}", fault.code());
            let mut node = leaf(
                requirement,
                Outcome::NotMet,
                Saying::of(&code),
                "row_2_23",
                "mend",
            );
            node.remedy = Saying::of(&code);
            node
        }
    }
}

fn appointment_part(facts: &Facts, today: NaiveDate) -> Proof {
    let requirement = Requirement::AppointmentHolds;
    let (outcome, fact) = match &facts.guardian {
        None => (Outcome::NotKnown, "appointment_not_seen"),
        Some(guardian) if guardian.is_parent => match age_on_receipt(facts, today) {
            Some(age) if age >= 18 => (Outcome::NotMet, "parent_of_adult"),
            Some(_) | None => (Outcome::Met, "parental_responsibility"),
        },
        Some(guardian) if !guardian.appointment_seen => (Outcome::NotMet, "appointment_not_seen"),
        Some(guardian) if guardian.valid_from.is_some_and(|first| today < first) => {
            (Outcome::NotMet, "appointment_not_yet_valid")
        }
        Some(guardian) if guardian.valid_to.is_some_and(|last| last < today) => {
            (Outcome::NotMet, "appointment_expired")
        }
        Some(_) => (Outcome::Met, "appointment_seen"),
    };
    leaf(
        requirement,
        outcome,
        Saying::of(fact),
        "practice_11",
        "show_appointment",
    )
}

fn age_on_receipt(facts: &Facts, today: NaiveDate) -> Option<u16> {
    facts
        .cpr
        .as_ref()
        .and_then(|cpr| cpr.age_on(facts.received_on.unwrap_or(today)))
}

fn declaration(facts: &Facts, rule_sets: &RuleSets, today: NaiveDate) -> Proof {
    let (outcome, fact) = match facts.declared {
        None => (Outcome::NotKnown, "not_declared_yet"),
        Some(true) => (Outcome::Met, "declared"),
        Some(false) => (Outcome::NotMet, "not_declared"),
    };
    let declared = leaf(
        Requirement::Declared,
        outcome,
        Saying::of(fact),
        "row_2_13",
        "declare_or_withdraw",
    );
    let (outcome, fact) = match facts.signed {
        None => (Outcome::NotKnown, "not_signed_yet"),
        Some(true) => (Outcome::Met, "signed"),
        Some(false) => (Outcome::NotMet, "not_signed"),
    };
    let signed = leaf(
        Requirement::Signed,
        outcome,
        Saying::of(fact),
        "guide_step_3",
        "sign",
    );
    let (outcome, fact, remedy) = match facts.signed_on {
        None => (Outcome::NotKnown, "signing_day_missing", "sign"),
        Some(day) if day > today => (Outcome::NotMet, "signed_in_future", "correct_signing_day"),
        Some(_)
            if rule_sets
                .for_rule(RuleCode::Declaration, &days_of(facts))
                .is_none() =>
        {
            (Outcome::NotMet, "signed_before_exemption", "sign_again")
        }
        Some(_) => (Outcome::Met, "signed_in_time", ""),
    };
    let in_time = leaf(
        Requirement::SignedInTime,
        outcome,
        Saying::of(fact),
        "row_2_26",
        remedy,
    );
    all(
        Requirement::Declared,
        "row_2_13",
        vec![declared, signed, in_time],
    )
}

fn register(facts: &Facts) -> Proof {
    let (outcome, fact, remedy) = match facts.register {
        None if facts.recorded_exempt => (Outcome::NotMet, "recorded_exempt", "look_in_register"),
        None => (Outcome::NotKnown, "register_not_looked", ""),
        Some(RegisterStatus::Exempt) => (Outcome::NotMet, "register_exempt", "reprint_instead"),
        Some(RegisterStatus::NotExempt) => (Outcome::Met, "register_not_exempt", ""),
        Some(RegisterStatus::NotRegistered) => (Outcome::Met, "register_not_registered", ""),
    };
    leaf(
        Requirement::NotExemptAlready,
        outcome,
        Saying::of(fact),
        "practice_3",
        remedy,
    )
}

fn warnings(
    facts: &Facts,
    policy: &EligibilityPolicy,
    day: NaiveDate,
    today: NaiveDate,
) -> Vec<Warning> {
    let mut found = Vec::new();
    if facts.location_open.is_some_and(|open| !open.holds(day)) {
        found.push(Warning::LocationNotOpen);
    }
    if facts.cpr_fails_modulus_11 {
        found.push(Warning::CprModulus11);
    }
    if facts.cpr_is_replacement {
        found.push(Warning::CprReplacement);
    }
    if facts.cpr.is_some_and(|cpr| turns_15_soon(&cpr, today)) {
        found.push(Warning::Turns15Soon);
    }
    if facts.own_municipality == Some(false) {
        found.push(Warning::OtherMunicipality);
    }
    if facts.channel == Some(Channel::Representative)
        && let Some(paper) = &facts.power_of_attorney
    {
        let days = policy.power_of_attorney_warn_after_days;
        found.extend(
            power_of_attorney::warnings(paper, days, today)
                .into_iter()
                .map(|warning| match warning {
                    PowerOfAttorneyWarning::Old => Warning::PowerOfAttorneyOld,
                    PowerOfAttorneyWarning::RepresentativeUnder18 => Warning::RepresentativeUnder18,
                    PowerOfAttorneyWarning::SelfMade => Warning::PowerOfAttorneySelfMade,
                }),
        );
        let representative = &paper.representative;
        let birthday = facts.cpr.as_ref().map(Cpr::birth_date);
        if representative.cpr.is_none()
            && birthday.is_some()
            && representative.birth_date == birthday
        {
            found.push(Warning::RepresentativeBornAsCitizen);
        }
    }
    if facts
        .guardian
        .as_ref()
        .is_some_and(|guardian| !guardian.is_parent && guardian.scope == GuardianScope::Economic)
    {
        found.push(Warning::GuardianEconomicOnly);
    }
    if facts.register.is_none() {
        found.push(Warning::RegisterNotLooked);
    }
    found
}

fn leaf(
    requirement: Requirement,
    outcome: Outcome,
    fact: Saying,
    source: &'static str,
    remedy: &str,
) -> Proof {
    let remedy = if outcome == Outcome::Met {
        Saying::default()
    } else {
        Saying::of(remedy)
    };
    Proof {
        requirement,
        outcome,
        fact,
        source,
        remedy,
        parts: Vec::new(),
    }
}

/// All parts must hold: one unmet part decides, then one unknown.
fn all(requirement: Requirement, source: &'static str, parts: Vec<Proof>) -> Proof {
    let outcome = if parts.iter().any(|part| part.outcome == Outcome::NotMet) {
        Outcome::NotMet
    } else if parts.iter().any(Proof::is_waited_for) {
        Outcome::NotKnown
    } else {
        Outcome::Met
    };
    Proof {
        requirement,
        outcome,
        fact: Saying::default(),
        source,
        remedy: Saying::default(),
        parts,
    }
}

#[cfg(test)]
mod tests;
