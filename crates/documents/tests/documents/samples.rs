//! Sample papers with fictional people, in the words of the demo municipality.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use skranke_documents::{
    Letterhead, Mark, Paper, RenderOptions,
    papers::{
        Carrier, CaseOnPaper, CitizenOnPaper, CprOnPaper, ExemptionReceipt, PaperText, ReceiptFoot,
        ReceiptLabels, TextSection, Words,
    },
};

pub fn at(hour: u32, minute: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 3, 13)
        .unwrap()
        .and_hms_opt(hour, minute, 0)
        .unwrap()
}

pub fn options() -> RenderOptions {
    RenderOptions {
        large_print: false,
        copy_mark: None,
        created_at: DateTime::from_timestamp(1_773_406_860, 0).unwrap(),
    }
}

pub fn letterhead() -> Letterhead {
    Letterhead {
        sender: "Solbjerg Kommune".to_owned(),
        unit: "Borgerservice".to_owned(),
        contact: strings(&["Rådhuspladsen 4", "9990 Solbjerg", "Telefon 70 00 00 00"]),
        mark: Some(Mark::solbjerg().unwrap()),
        mark_said: "Solbjerg Kommunes mærke".to_owned(),
    }
}

pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub fn section(heading: &str, paragraphs: &[&str], points: &[&str]) -> TextSection {
    TextSection {
        heading: heading.to_owned(),
        paragraphs: strings(paragraphs),
        points: strings(points),
    }
}

pub fn citizen() -> CitizenOnPaper {
    CitizenOnPaper {
        name: "Aase Lindholm".to_owned(),
        cpr: CprOnPaper::masked("2512169996"),
        address: strings(&["Ærøvej 12, 2. th.", "9990 Solbjerg"]),
        address_protected: false,
    }
}

pub fn case() -> CaseOnPaper {
    CaseOnPaper {
        case_number: "2026-S3-0147".to_owned(),
        own_number: String::new(),
        initials: "KT".to_owned(),
    }
}

pub fn labels() -> ReceiptLabels {
    ReceiptLabels {
        name: "Navn".to_owned(),
        cpr: "CPR-nummer".to_owned(),
        granted: "Bevilget".to_owned(),
        registered: "Registreret i Digital Post".to_owned(),
        duration: "Gælder".to_owned(),
        unopened_post: "Uåbnet post".to_owned(),
        case: "Sag og behandler".to_owned(),
    }
}

pub fn receipt() -> ExemptionReceipt {
    ExemptionReceipt {
        letterhead: letterhead(),
        text: PaperText {
            title: "Kvittering for fritagelse fra Digital Post".to_owned(),
            lead: "Aase Lindholm er fritaget fra Digital Post fra det offentlige.".to_owned(),
            sections: vec![
                section(
                    "Det betyder fritagelsen",
                    &[
                        "Du får breve fra det offentlige på papir. Du kan også bruge en anden vej \
                       end selvbetjening på nettet, hvor den ellers er obligatorisk. Udbetaling \
                       Danmark har særlige regler.",
                    ],
                    &[],
                ),
                section(
                    "Det dækker fritagelsen ikke",
                    &[],
                    &[
                        "Lønsedler fra offentlige arbejdsgivere",
                        "Beskeder om SU",
                        "Post fra banker, forsikring og andre private",
                        "NemSMS, som du melder dig til og fra særskilt",
                    ],
                ),
                section(
                    "Hvis du vil have Digital Post igen",
                    &[
                        "Du kan blive tilmeldt igen, når du vil: i Borgerservice eller selv med \
                       MitID. Flytter du til udlandet og tilbage til Danmark, ophører fritagelsen.",
                    ],
                    &[],
                ),
            ],
        },
        labels: labels(),
        words: Words::default(),
        citizen: citizen(),
        carrier: Carrier::Citizen,
        granted_at: at(13, 58),
        registered_at: at(14, 1),
        duration: "Uden udløb".to_owned(),
        unopened_post: "Sendes på papir til folkeregisteradressen".to_owned(),
        case: case(),
        foot: ReceiptFoot {
            number_line: "Kvittering nr. S3-2026-00412".to_owned(),
            code_lines: strings(&[
                "Koden viser, at kvitteringen er udstedt af Solbjerg Kommune.",
                "Den indeholder ikke dit CPR-nummer.",
            ]),
            code: Some("SKRANKE1 0999 S3-2026-00412 2026-S3-0147 2026-03-13".to_owned()),
        },
    }
}

pub fn receipt_paper() -> Paper {
    Paper::ExemptionReceipt(Box::new(receipt()))
}
