//! Sample papers with fictional people, in the words of `forms/`.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use skranke_documents::{
    Letterhead, Mark, Paper, RenderOptions,
    papers::{
        Carrier, CitizenOnPaper, FormField, FormPaper, FormPart, FormSignature, FormValue,
        LetterKind, LetterPaper, Outcome, PaperText, Reason, Words, cpr_on_paper, form_fields,
    },
};
use skranke_forms::{DateWords, FieldValue, Fields, Forms, LetterFacts};
use skranke_protocol::{
    receipt_code::{self, DeviceCertificate, ReceiptStatement},
    signature::SigningKey,
};

pub(crate) const GUIDANCE: &str =
    "Du kan klage til Solbjerg Kommune inden 4 uger. Skriv eller ring til Borgerservice.";
pub(crate) const CPR: &str = "2512169996";

pub(crate) fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 13).unwrap()
}

pub(crate) fn at(hour: u32, minute: u32) -> NaiveDateTime {
    day().and_hms_opt(hour, minute, 0).unwrap()
}

pub(crate) fn dates() -> DateWords {
    DateWords::from(Forms::embedded().unwrap().texts())
}

pub(crate) fn options() -> RenderOptions {
    RenderOptions {
        large_print: false,
        copy_mark: None,
        created_at: DateTime::from_timestamp(1_773_406_860, 0).unwrap(),
    }
}

pub(crate) fn municipality_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// A real signed code of a fictional device.
pub(crate) fn code() -> String {
    let device = SigningKey::from_seed(&[2; 32]);
    let until = NaiveDate::from_ymd_opt(2027, 12, 31).unwrap();
    let validity = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()..=until;
    let certificate =
        DeviceCertificate::issue(&municipality_key(), "999", "S3", device.public(), validity)
            .unwrap();
    let statement = ReceiptStatement {
        tenant: "999".to_owned(),
        kind: "exemption_receipt".to_owned(),
        paper_number: "S3-2026-00412".to_owned(),
        case_number: "2026-S3-0147".to_owned(),
        issued_on: day(),
    };
    receipt_code::encode(&statement, &certificate, &device).unwrap()
}

pub(crate) fn words() -> Words {
    Words::from(Forms::embedded().unwrap().texts())
}

pub(crate) fn letterhead() -> Letterhead {
    let forms = Forms::embedded().unwrap();
    let profile = forms.profile("demo").unwrap();
    let mut contact = profile.address.clone();
    contact.push(format!("Telefon {}", profile.contact_phone));
    Letterhead {
        sender: profile.name.clone(),
        unit: profile.unit.clone(),
        contact,
        mark: Some(Mark::solbjerg().unwrap()),
        mark_said: "Solbjerg Kommunes mærke".to_owned(),
    }
}

pub(crate) fn citizen() -> CitizenOnPaper {
    CitizenOnPaper {
        name: "Aase Lindholm".to_owned(),
        address: vec!["Ærøvej 12, 2. th.".to_owned(), "9990 Solbjerg".to_owned()],
        address_protected: false,
    }
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

/// Everything a letter may ask for.
pub(crate) fn facts(name: &str) -> LetterFacts {
    let forms = Forms::embedded().unwrap();
    let profile = forms.profile("demo").unwrap();
    let rules = forms.rules().on(day()).unwrap();
    LetterFacts::new()
        .with_rule_set(rules)
        .with_profile(profile)
        .with_offers(forms.help_offers())
        .with("channel", "self")
        .with("form_version", "2")
        .with("chosen_offer", "sign_up")
        .with(
            "chosen_offer_said",
            "Tilmelding nu: ja tak til Digital Post",
        )
        .with("citizen_name", name)
        .with("citizen_cpr", cpr_on_paper(CPR, true))
        .with("citizen_address", "Ærøvej 12, 2. th., 9990 Solbjerg")
        .with("representative_name", "Mads Lindholm")
        .with("guardian_name", "")
        .with("granted_at", dates().date_time(at(13, 58)))
        .with("registered_at", dates().date_time(at(14, 1)))
        .with("decided_at", dates().date_time(at(13, 58)))
        .with("corrected_at", dates().date_time(at(15, 20)))
        .with("received_on", dates().date(day()))
        .with("signed_on", dates().date(day()))
        .with("issued_at", dates().date_time(at(14, 2)))
        .with("duration", "Uden udløb")
        .with("duration_kind", "permanent")
        .with("unopened_post", "Sendes på papir til folkeregisteradressen")
        .with("case_number", "2026-S3-0147")
        .with("municipal_case_number", "2026-01234-2")
        .with("paper_number", "S3-2026-00412")
        .with("paper_title", "Anmodning om fritagelse fra Digital Post")
        .with("initials", "KT")
        .with("location", "Borgerservice Solbjerg")
        .with("identity_seen", "Kørekort · set af KT")
        .with("next_step", "Kom igen med legitimation.")
        .with("signing_method", "paper")
        .with("outcome", "Bevilget")
        .with("reason", "no_valid_id")
        .with("reasons", "Du opfylder ikke det, der står herunder.")
        .with("has_citizen_views", "true")
        .with(
            "citizen_views",
            "Du har sagt, at du gerne vil have post på papir.",
        )
        .with(
            "legal_basis",
            "Lov om Digital Post fra offentlige afsendere § 5.",
        )
        .with("complaint_guidance", GUIDANCE)
        .with("resend_post", "false")
        .with("was_registered", "true")
        .with("poa_covers_unopened_post", "true")
        .with("copy_number", "")
        .with("authority", "")
        .with_list("unmet", list(&["Du er ikke fyldt 15 år."]))
        .with_list(
            "would_change",
            list(&[
                "Når du fylder 15 år, kan du bede om fritagelse. Det er den 25. december 2031.",
            ]),
        )
        .with_list(
            "missing",
            list(&[
                "Din underskrift på blanketten",
                "Fuldmagt med underskrift fra jer begge",
            ]),
        )
}

pub(crate) fn text(letter: &str, facts: &LetterFacts) -> PaperText {
    let forms = Forms::embedded().unwrap();
    forms.letter(letter).unwrap().fill(facts).unwrap().into()
}

/// The receipt with what goes with it.
pub(crate) fn receipt_with_enclosure() -> LetterPaper {
    LetterPaper {
        enclosed: Some(text("important_messages", &facts("Aase Lindholm"))),
        ..receipt()
    }
}

pub(crate) fn letter(kind: LetterKind, code_of_letter: &str, carrier: Carrier) -> LetterPaper {
    let citizen = citizen();
    LetterPaper {
        kind,
        letterhead: letterhead(),
        text: text(code_of_letter, &facts(&citizen.name)),
        enclosed: None,
        words: words(),
        citizen,
        carrier,
        written_on: Some(day()),
        reasons: Vec::new(),
        code: None,
        must_not_say: list(&["251216-9996", CPR]),
        quoted: Vec::new(),
    }
}

pub(crate) fn receipt() -> LetterPaper {
    let kind = LetterKind::ExemptionReceipt {
        granted_at: at(13, 58),
        registered_at: at(14, 1),
    };
    LetterPaper {
        code: Some(code()),
        ..letter(kind, "exemption_receipt", Carrier::Citizen)
    }
}

/// A receipt for a citizen of another name.
pub(crate) fn receipt_for(name: &str) -> LetterPaper {
    let mut paper = receipt();
    paper.text = text("exemption_receipt", &facts(name));
    paper.citizen.name = name.to_owned();
    paper
}

pub(crate) fn interim() -> LetterPaper {
    letter(LetterKind::Interim, "interim_paper", Carrier::Citizen)
}

pub(crate) fn refusal() -> LetterPaper {
    let kind = LetterKind::Refusal {
        complaint_guidance: GUIDANCE.to_owned(),
    };
    LetterPaper {
        reasons: vec![
            Reason {
                outcome: Outcome::Met,
                outcome_said: "Opfyldt".to_owned(),
                requirement: "Du har vist gyldig legitimation.".to_owned(),
                notes: vec!["Kørekort set den 13. marts 2026 kl. 13.52.".to_owned()],
            },
            Reason {
                outcome: Outcome::NotMet,
                outcome_said: "Ikke opfyldt".to_owned(),
                requirement: "Du er fyldt 15 år.".to_owned(),
                notes: vec!["Du bliver 15 år den 25. december 2031.".to_owned()],
            },
        ],
        text: text(
            "refusal",
            &facts("Aase Lindholm").with_list("unmet", Vec::new()),
        ),
        ..letter(kind, "refusal", Carrier::Post)
    }
}

pub(crate) fn answers() -> Fields {
    let text = |value: &str| FieldValue::from(value);
    Fields::from([
        ("channel".to_owned(), text("representative")),
        ("received_on".to_owned(), text("2026-03-13")),
        ("cpr".to_owned(), text(CPR)),
        ("citizen_name".to_owned(), text("Aase Lindholm")),
        (
            "citizen_address".to_owned(),
            text("Ærøvej 12, 2. th.\n9990 Solbjerg"),
        ),
        ("phone".to_owned(), text("20 00 00 01")),
        ("representative_name".to_owned(), text("Mads Lindholm")),
        ("representative_relation".to_owned(), text("child")),
        ("representative_birth_date".to_owned(), text("1969-05-04")),
        (
            "representative_address".to_owned(),
            text("Fyrrebakken 3\n9990 Solbjerg"),
        ),
        ("poa_signed_on".to_owned(), text("2026-03-10")),
        (
            "poa_covers_unopened_post".to_owned(),
            FieldValue::from(true),
        ),
        ("declared".to_owned(), FieldValue::from(true)),
        ("request_signed".to_owned(), FieldValue::from(true)),
        ("signature_kind".to_owned(), text("paper")),
        ("signed_on".to_owned(), text("2026-03-12")),
        ("unopened_post".to_owned(), text("registered_address")),
    ])
}

/// The fields of a paper; a power of attorney names its giver first.
fn fields_of(form: &skranke_forms::Form, paper: &str, blank: bool) -> Vec<FormField> {
    let mut giver = form.clone();
    giver
        .fields
        .retain(|field| ["citizen_name", "cpr", "citizen_address"].contains(&field.id.as_str()));
    let mut fields = match paper {
        "f2" => form_fields(&giver, "f1", &answers(), blank, &dates()),
        _ => Vec::new(),
    };
    fields.extend(form_fields(form, paper, &answers(), blank, &dates()));
    fields
}

pub(crate) fn form(signed_on: NaiveDate, paper: &str, letter: &str, blank: bool) -> FormPaper {
    let forms = Forms::embedded().unwrap();
    let profile = forms.profile("demo").unwrap();
    let form = forms.exemption_form(signed_on, profile).unwrap();
    let title = form
        .papers
        .iter()
        .find(|known| known.code == paper)
        .unwrap()
        .title
        .clone();
    let facts = facts("Aase Lindholm")
        .with("channel", "representative")
        .with("form_version", form.version.to_string())
        .with("paper_title", title)
        .with("outcome", "")
        .with("registered_at", "");
    FormPaper {
        letterhead: letterhead(),
        words: words(),
        parts: vec![FormPart {
            text: text(letter, &facts),
            fields: fields_of(&form, paper, blank),
            signatures: Vec::new(),
            blank,
        }],
        reference: if blank {
            format!("Blanket {}", form.reference())
        } else {
            format!("Blanket {} · sag 2026-S3-0147", form.reference())
        },
        carrier: Carrier::Citizen,
        citizen: citizen(),
    }
}

/// Every kind of paper by a name for its file.
pub(crate) fn all() -> Vec<(&'static str, Paper)> {
    let other = |kind, code, carrier| Paper::Letter(Box::new(letter(kind, code, carrier)));
    let first_form = NaiveDate::from_ymd_opt(2014, 4, 15).unwrap();
    let form = |day, paper, letter, blank| Paper::Form(Box::new(form(day, paper, letter, blank)));
    vec![
        ("exemption_receipt", Paper::Letter(Box::new(receipt()))),
        (
            "exemption_receipt_posted",
            Paper::Letter(Box::new(LetterPaper {
                carrier: Carrier::Post,
                ..receipt()
            })),
        ),
        (
            "exemption_receipt_enclosing",
            Paper::Letter(Box::new(receipt_with_enclosure())),
        ),
        (
            "information_sheet",
            other(LetterKind::Other, "information_sheet", Carrier::Citizen),
        ),
        ("interim_paper", Paper::Letter(Box::new(interim()))),
        (
            "hand_in_slip",
            other(LetterKind::HandInSlip, "hand_in_slip", Carrier::Citizen),
        ),
        ("refusal", Paper::Letter(Box::new(refusal()))),
        (
            "missing_information",
            other(
                LetterKind::MissingInformation,
                "missing_information",
                Carrier::Post,
            ),
        ),
        (
            "rejection",
            other(LetterKind::Rejection, "rejection", Carrier::Citizen),
        ),
        (
            "taken_back",
            other(
                LetterKind::TakenBack {
                    complaint_guidance: GUIDANCE.to_owned(),
                },
                "taken_back",
                Carrier::Post,
            ),
        ),
        (
            "correction_wrong_person",
            other(
                LetterKind::CorrectionToWrongPerson,
                "correction_wrong_person",
                Carrier::Post,
            ),
        ),
        (
            "correction_right_person",
            other(
                LetterKind::CorrectionToRightPerson,
                "correction_right_person",
                Carrier::Post,
            ),
        ),
        (
            "important_messages",
            other(LetterKind::Other, "important_messages", Carrier::Citizen),
        ),
        ("request", form(day(), "f1", "request", false)),
        ("request_blank", form(day(), "f1", "request", true)),
        (
            "power_of_attorney",
            form(day(), "f2", "power_of_attorney", false),
        ),
        (
            "power_of_attorney_blank",
            form(day(), "f2", "power_of_attorney", true),
        ),
        ("request_2014", form(first_form, "f1", "request", false)),
    ]
}

/// Names that are long, or written in another way than Danish ones.
const NAMES: [(&str, &str); 3] = [
    (
        "greenlandic",
        "Navarana Kristiane Arnannguaq Petersen-Ittoqqortoormeermioq",
    ),
    ("vietnamese", "Nguyễn Thị Ngọc Ánh Tuyết Phương Thảo"),
    ("arabic", "فاطمة الزهراء بنت عبد الرحمن الأنصاري"),
];

/// The longest content that makes sense, under names from far away.
pub(crate) fn longest() -> Vec<(String, Paper)> {
    NAMES
        .iter()
        .flat_map(|(tongue, name)| {
            [
                ("receipt", long_letter(receipt(), "exemption_receipt", name)),
                ("interim", long_letter(interim(), "interim_paper", name)),
                ("refusal", long_letter(refusal(), "refusal", name)),
                (
                    "missing",
                    long_letter(
                        letter(
                            LetterKind::MissingInformation,
                            "missing_information",
                            Carrier::Post,
                        ),
                        "missing_information",
                        name,
                    ),
                ),
                ("request", long_form("f1", "request", name)),
                (
                    "power_of_attorney",
                    long_form("f2", "power_of_attorney", name),
                ),
            ]
            .map(|(kind, paper)| (format!("longest_{kind}_{tongue}"), paper))
        })
        .collect()
}

fn long_letter(paper: LetterPaper, code_of_letter: &str, name: &str) -> Paper {
    let many = |text: &str| -> Vec<String> {
        (1..=7)
            .map(|at| {
                format!(
                    "{text} Punkt {at} af syv, som her fylder mere end en enkelt linje på papiret."
                )
            })
            .collect()
    };
    let reasons =
        "Vi har lagt vægt på, hvad du har fortalt os i Borgerservice, og på de oplysninger, \
                   som du har givet os lov til at hente. "
            .repeat(7);
    let facts = facts(name)
        .with("citizen_name", name)
        .with("reasons", reasons.trim())
        .with("location", "Borgerservice i Medborgerhuset ved Ærøskøbing Havn")
        .with("citizen_views", reasons.trim())
        .with("unopened_post", "Sendes på papir til Nordre Strandvejsgade 112, st. tv., c/o Mads Lindholm, 9990 Solbjerg")
        .with_list("missing", many("Vi mangler din underskrift."))
        .with_list("unmet", many("Du opfylder ikke kravet."))
        .with_list("would_change", many("Du kan søge igen."));
    let mut text = text(code_of_letter, &facts);
    if matches!(paper.kind, LetterKind::Refusal { .. }) {
        text.lead
            .push_str(" Brevet er langt, fordi der er mange grunde til svaret.");
    }
    Paper::Letter(Box::new(LetterPaper {
        text,
        reasons: Vec::new(),
        citizen: CitizenOnPaper {
            name: name.to_owned(),
            address: list(&[
                "c/o Mads Lindholm",
                "Nordre Strandvejsgade 112, st. tv.",
                "Lille Solbjerg Gammelby",
                "9990 Solbjerg",
            ]),
            address_protected: false,
        },
        ..paper
    }))
}

fn long_form(paper: &str, letter: &str, name: &str) -> Paper {
    let mut form = form(day(), paper, letter, false);
    for part in &mut form.parts {
        for field in &mut part.fields {
            if matches!(&field.value, FormValue::Text(text) if text.contains("Lindholm")) {
                field.value = FormValue::Text(name.to_owned());
            }
        }
        let waves: Vec<(f32, f32)> = (0..60u8)
            .map(|step| f32::from(step) / 60.0)
            .map(|x| (x, 0.5 + 0.45 * (x * 25.0).sin()))
            .collect();
        part.signatures = part
            .text
            .signatures
            .iter()
            .map(|label| FormSignature {
                label: label.clone(),
                name: name.to_owned(),
                signed_on: dates().date(day()),
                strokes: vec![waves.clone()],
            })
            .collect();
    }
    Paper::Form(Box::new(form))
}
