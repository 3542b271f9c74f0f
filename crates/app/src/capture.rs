//! From what was typed to what it means: fields of a draft become facts for the proof and events for the case.
//!
//! Reading is forgiving (a half-typed draft gives half the facts); nothing here decides.

use chrono::{DateTime, NaiveDate, Utc};
use skranke_domain::cpr::{Cpr, CprKind, CprWarning};
use skranke_domain::eligibility::{Facts, OpenPeriod};
use skranke_domain::event::{
    Channel, CitizenRecorded, DeclarationSigned, Event, Guardian, GuardianScope, IdentityChecked,
    OfferAnswer, RegisterStatus, Residence, Signature, UnopenedPost,
};
use skranke_domain::power_of_attorney::{PowerOfAttorney, Representative};
use skranke_domain::rule_set::RuleSetCode;

use crate::api::draft::{FieldValue, Fields};

/// The fields of a draft, read by id.
#[derive(Clone, Copy)]
pub(crate) struct Typed<'a>(pub(crate) &'a Fields);

impl<'a> Typed<'a> {
    /// Trimmed text; empty where nothing was typed.
    pub(crate) fn text(&self, id: &str) -> &'a str {
        match self.0.get(id) {
            Some(FieldValue::Text(text)) => text.trim(),
            Some(FieldValue::Flag(_) | FieldValue::Many(_)) | None => "",
        }
    }

    /// Whether a box is ticked.
    pub(crate) fn flag(&self, id: &str) -> bool {
        matches!(self.0.get(id), Some(FieldValue::Flag(true)))
    }

    /// What was chosen where several may be.
    fn many(&self, id: &str) -> Vec<String> {
        match self.0.get(id) {
            Some(FieldValue::Many(values)) => values.clone(),
            Some(FieldValue::Text(_) | FieldValue::Flag(_)) | None => Vec::new(),
        }
    }

    /// A day, if what was typed is one.
    pub(crate) fn day(&self, id: &str) -> Option<NaiveDate> {
        skranke_forms::read::read_date(self.text(id))
    }

    /// A CPR number, if what was typed is one.
    pub(crate) fn cpr(&self, id: &str) -> Option<Cpr> {
        Cpr::parse(self.text(id)).ok()
    }

    /// Ids with this prefix and their values, prefix removed.
    fn with_prefix(&self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a FieldValue)> {
        self.0
            .iter()
            .filter_map(move |(id, value)| Some((id.strip_prefix(prefix)?, value)))
    }

    /// Who came.
    pub(crate) fn channel(&self) -> Option<Channel> {
        Channel::from_code(self.text("channel"))
    }

    /// What was seen in the register; `None` where nobody looked.
    pub(crate) fn register(&self) -> Option<RegisterStatus> {
        RegisterStatus::from_code(self.text("register_seen"))
    }

    /// Whether declaration and signature are given, as far as anybody said so; what is drawn on the screen is a file.
    pub(crate) fn has_declared(&self) -> bool {
        self.flag("declared")
            && (self.text("signing_method") != "paper" || self.flag("request_signed"))
    }

    /// Whether somebody said that declaration or signature are not given. A draft from before anybody was asked to see
    /// the signature says nothing of it.
    pub(crate) fn takes_declaration_back(&self) -> bool {
        let was_asked = self.0.contains_key("request_signed");
        !self.flag("declared") || (was_asked && !self.has_declared())
    }

    /// A signature on paper is one when somebody says they saw it, one on the screen only when it was drawn: `drawn`
    /// says whether the file is there.
    fn signed(&self, drawn: bool) -> Option<bool> {
        match self.text("signing_method") {
            "" => None,
            "paper" => self
                .0
                .contains_key("request_signed")
                .then(|| self.flag("request_signed") && self.day("signed_on").is_some()),
            "screen" => Some(drawn && self.day("signed_on").is_some()),
            "unable" => Some(
                !self.text("unable_reason").is_empty() && !self.text("witness_name").is_empty(),
            ),
            _ => Some(self.day("signed_on").is_some()),
        }
    }

    fn power_of_attorney(&self) -> Option<PowerOfAttorney> {
        if self.channel() != Some(Channel::Representative)
            || self.text("representative_name").is_empty()
        {
            return None;
        }
        Some(PowerOfAttorney {
            representative: Representative {
                name: self.text("representative_name").to_owned(),
                cpr: self.cpr("representative_cpr"),
                birth_date: self.day("representative_birth_date"),
                address: self.text("representative_address").to_owned(),
                relation: self.text("representative_relation").to_owned(),
            },
            signed_on: self.day("poa_signed_on"),
            citizen_signed: self.flag("poa_citizen_signed"),
            representative_signed: self.flag("poa_representative_signed"),
            self_made: self.flag("poa_self_made"),
            covers_unopened_post: self.flag("poa_covers_unopened_post"),
        })
    }

    fn guardian(&self) -> Option<Guardian> {
        if self.channel() != Some(Channel::Guardian) || self.text("guardian_name").is_empty() {
            return None;
        }
        Some(Guardian {
            name: self.text("guardian_name").to_owned(),
            scope: GuardianScope::from_code(self.text("guardian_scope"))
                .unwrap_or(GuardianScope::Both),
            is_parent: self.flag("guardian_parent"),
            appointment_seen: self.flag("guardian_document_seen"),
            valid_from: self.day("guardian_valid_from"),
            valid_to: self.day("guardian_valid_to"),
        })
    }

    fn residence(&self) -> Residence {
        Residence::from_code(self.text("citizen_residence")).unwrap_or(Residence::Unknown)
    }

    fn unopened_post(&self) -> Option<UnopenedPost> {
        match self.text("unopened_post") {
            "registered_address" => Some(UnopenedPost::ToRegisteredAddress),
            "other_address" => Some(UnopenedPost::ToOtherAddress(
                self.text("unopened_post_address").to_owned(),
            )),
            "no" => Some(UnopenedPost::NotSent),
            _ => None,
        }
    }

    /// What is known so far, for the proof. `drawn`: whether there is a signature drawn on the screen.
    pub(crate) fn facts(
        &self,
        location_open: Option<OpenPeriod>,
        own_municipality: &str,
        drawn: bool,
    ) -> Facts {
        let cpr = self.cpr("cpr");
        let warnings = cpr.as_ref().map(Cpr::warnings).unwrap_or_default();
        let touched = |id: &str| self.0.contains_key(id);
        Facts {
            channel: self.channel(),
            cpr_fails_modulus_11: warnings.contains(&CprWarning::Modulus11),
            cpr_is_replacement: cpr
                .as_ref()
                .is_some_and(|cpr| cpr.kind() == CprKind::Replacement),
            cpr,
            died: None,
            residence: residence_told(
                self.residence(),
                self.text("citizen_address"),
                self.flag("address_protected"),
            ),
            identity_valid: touched("id_checked").then(|| self.flag("id_checked")),
            power_of_attorney: self.power_of_attorney(),
            power_of_attorney_revoked_on: None,
            guardian: self.guardian(),
            declared: touched("declared").then(|| self.flag("declared")),
            signed: self.signed(drawn),
            signed_on: self.day("signed_on"),
            register: self.register(),
            recorded_exempt: false,
            received_on: self.day("received_on"),
            decided_on: None,
            location_open,
            own_municipality: is_own(self.text("citizen_municipality"), own_municipality),
        }
    }

    /// What was captured, as events in the order of the flow. The opening event is the caller's.
    ///
    /// `looked_at` is when somebody looked in the register; without it there was no look.
    pub(crate) fn captured(
        &self,
        now: DateTime<Utc>,
        looked_at: Option<DateTime<Utc>>,
        rule_set: RuleSetCode,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(cpr) = self.cpr("cpr") {
            let protected = self.flag("address_protected");
            events.push(Event::CitizenRecorded(CitizenRecorded {
                cpr,
                name: self.text("citizen_name").to_owned(),
                address: self.text("citizen_address").to_owned(),
                address_protected: protected,
                residence: self.residence(),
                phone: self.text("phone").to_owned(),
                municipality: self.text("citizen_municipality").to_owned(),
            }));
        }
        if let Some(guardian) = self.guardian() {
            events.push(Event::GuardianRecorded(guardian));
        }
        if self.flag("companion_present") {
            events.push(Event::CompanionRecorded {
                name: self.text("companion_name").to_owned(),
            });
        }
        if !self.text("id_kind").is_empty() {
            events.push(Event::IdentityChecked(IdentityChecked {
                id_kind: self.text("id_kind").to_owned(),
                shows_cpr: self.flag("id_shows_cpr"),
                valid: self.flag("id_checked"),
            }));
        }
        if let (Some(seen), Some(looked_at)) = (self.register(), looked_at) {
            events.push(Event::RegisterLookedUp { looked_at, seen });
        }
        let offers: Vec<_> = self
            .with_prefix("offer_")
            .filter_map(|(code, value)| match value {
                FieldValue::Text(answer) => {
                    Some((code.to_owned(), OfferAnswer::from_code(answer)?))
                }
                FieldValue::Flag(_) | FieldValue::Many(_) => None,
            })
            .collect();
        if !offers.is_empty() {
            events.push(Event::GuidanceRecorded { offers });
        }
        if let Some(paper) = self.power_of_attorney() {
            events.push(Event::PowerOfAttorneyRecorded(paper));
            events.push(Event::PowerOfAttorneyUsed {
                used_at: now,
                purpose: "request_exemption".to_owned(),
            });
        }
        if let (true, Some(signed_on), Some(signature)) =
            (self.has_declared(), self.day("signed_on"), self.signature())
        {
            events.push(Event::DeclarationSigned(DeclarationSigned {
                signed_on,
                rule_set,
                signature,
                understood: self
                    .with_prefix("understood_")
                    .filter(|(_, value)| **value == FieldValue::Flag(true))
                    .map(|(code, _)| code.to_owned())
                    .collect(),
                grounds: self.many("declared_grounds"),
            }));
        }
        if let Some(choice) = self.unopened_post() {
            events.push(Event::UnopenedPostChosen(choice));
        }
        events
    }

    fn signature(&self) -> Option<Signature> {
        match self.text("signing_method") {
            "paper" => Some(Signature::OnPaper),
            "screen" => Some(Signature::OnScreen),
            "unable" => Some(Signature::Unable {
                reason: self.text("unable_reason").to_owned(),
                witness: self.text("witness_name").to_owned(),
            }),
            _ => None,
        }
    }
}

/// Whether the citizen is registered in the municipality that works here; `None` where nobody said where.
pub(crate) fn is_own(registered_in: &str, own: &str) -> Option<bool> {
    (!registered_in.is_empty()).then(|| registered_in == own)
}

/// The residence, once somebody told it: a fixed one is offered before anybody has, and told with its address.
pub(crate) fn residence_told(
    residence: Residence,
    address: &str,
    address_protected: bool,
) -> Option<Residence> {
    let is_told = residence != Residence::Fixed || address_protected || !address.is_empty();
    is_told.then_some(residence)
}

/// What a case holds, typed back into the form: for its filled papers, and for a draft that starts from it.
pub(crate) fn retyped(case: &skranke_domain::case::Case) -> Fields {
    use skranke_domain::cpr::Purpose;

    let mut fields = Fields::new();
    let mut text = |id: &str, value: String| {
        fields.insert(id.to_owned(), FieldValue::Text(value));
    };
    let show = skranke_forms::read::show_date;
    if let Some(opened) = &case.opened {
        text("channel", opened.channel.code().to_owned());
        text("location", opened.location.clone());
        text("received_on", show(opened.received_on));
    }
    if let Some(citizen) = &case.citizen {
        text("cpr", citizen.cpr.reveal_for(Purpose::Paper));
        text("citizen_name", citizen.name.clone());
        text("citizen_address", citizen.address.clone());
        text("citizen_residence", citizen.residence.code().to_owned());
        text("phone", citizen.phone.clone());
        text("citizen_municipality", citizen.municipality.clone());
    }
    if let Some(guardian) = &case.guardian {
        text("guardian_name", guardian.name.clone());
        text("guardian_scope", guardian.scope.code().to_owned());
        text(
            "guardian_valid_from",
            guardian.valid_from.map(show).unwrap_or_default(),
        );
        text(
            "guardian_valid_to",
            guardian.valid_to.map(show).unwrap_or_default(),
        );
    }
    if let Some(identity) = &case.identity {
        text("id_kind", identity.value.id_kind.clone());
    }
    if let Some(paper) = &case.power_of_attorney {
        let representative = &paper.representative;
        text("representative_name", representative.name.clone());
        text("representative_relation", representative.relation.clone());
        text("representative_address", representative.address.clone());
        let cpr = representative
            .cpr
            .as_ref()
            .map(|cpr| cpr.reveal_for(Purpose::Paper));
        text("representative_cpr", cpr.unwrap_or_default());
        text(
            "representative_birth_date",
            representative.birth_date.map(show).unwrap_or_default(),
        );
        text(
            "poa_signed_on",
            paper.signed_on.map(show).unwrap_or_default(),
        );
    }
    if let Some(declaration) = &case.declaration {
        text("signed_on", show(declaration.signed_on));
        let (method, reason, witness) = match &declaration.signature {
            Signature::OnPaper => ("paper", "", ""),
            Signature::OnScreen => ("screen", "", ""),
            Signature::Unable { reason, witness } => ("unable", reason.as_str(), witness.as_str()),
        };
        text("signing_method", method.to_owned());
        text("unable_reason", reason.to_owned());
        text("witness_name", witness.to_owned());
    }
    if let Some(choice) = &case.unopened_post {
        text(
            "unopened_post",
            crate::present::unopened_post_code(Some(choice)).to_owned(),
        );
        if let UnopenedPost::ToOtherAddress(address) = choice {
            text("unopened_post_address", address.clone());
        }
    }
    for (code, answer) in &case.guidance {
        text(&format!("offer_{code}"), answer.code().to_owned());
    }
    if let Some(name) = &case.companion {
        text("companion_name", name.clone());
    }
    let flags = [
        (
            "id_checked",
            case.identity
                .as_ref()
                .is_some_and(|identity| identity.value.valid),
        ),
        (
            "id_shows_cpr",
            case.identity
                .as_ref()
                .is_some_and(|identity| identity.value.shows_cpr),
        ),
        ("companion_present", case.companion.is_some()),
        (
            "address_protected",
            case.citizen
                .as_ref()
                .is_some_and(|citizen| citizen.address_protected),
        ),
        ("declared", case.declaration.is_some()),
        (
            "request_signed",
            case.declaration
                .as_ref()
                .is_some_and(|declaration| declaration.signature == Signature::OnPaper),
        ),
        (
            "guardian_parent",
            case.guardian
                .as_ref()
                .is_some_and(|guardian| guardian.is_parent),
        ),
        (
            "guardian_document_seen",
            case.guardian
                .as_ref()
                .is_some_and(|guardian| guardian.appointment_seen),
        ),
        (
            "poa_citizen_signed",
            case.power_of_attorney
                .as_ref()
                .is_some_and(|p| p.citizen_signed),
        ),
        (
            "poa_representative_signed",
            case.power_of_attorney
                .as_ref()
                .is_some_and(|p| p.representative_signed),
        ),
        (
            "poa_self_made",
            case.power_of_attorney.as_ref().is_some_and(|p| p.self_made),
        ),
        (
            "poa_covers_unopened_post",
            case.power_of_attorney
                .as_ref()
                .is_some_and(|p| p.covers_unopened_post),
        ),
    ];
    for (id, on) in flags {
        fields.insert(id.to_owned(), FieldValue::Flag(on));
    }
    if let Some(declaration) = &case.declaration {
        if !declaration.grounds.is_empty() {
            let grounds = FieldValue::Many(declaration.grounds.clone());
            fields.insert("declared_grounds".to_owned(), grounds);
        }
        for code in &declaration.understood {
            fields.insert(format!("understood_{code}"), FieldValue::Flag(true));
        }
    }
    fields
}

/// The same values as the forms crate takes them.
pub(crate) fn for_forms(fields: &Fields) -> skranke_forms::Fields {
    let plain = |value: &FieldValue| match value {
        FieldValue::Text(text) => skranke_forms::FieldValue::Text(text.clone()),
        FieldValue::Flag(on) => skranke_forms::FieldValue::Flag(*on),
        FieldValue::Many(values) => skranke_forms::FieldValue::List(values.clone()),
    };
    fields
        .iter()
        .map(|(id, value)| (id.clone(), plain(value)))
        .collect()
}

/// The values a draft keeps, back from the forms crate.
pub(crate) fn from_forms(fields: skranke_forms::Fields) -> Fields {
    let plain = |value| match value {
        skranke_forms::FieldValue::Text(text) => FieldValue::Text(text),
        skranke_forms::FieldValue::Flag(on) => FieldValue::Flag(on),
        skranke_forms::FieldValue::List(values) => FieldValue::Many(values),
    };
    fields
        .into_iter()
        .map(|(id, value)| (id, plain(value)))
        .collect()
}
