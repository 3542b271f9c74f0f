//! Whose data a computer held as a file: a PDF to read and print, or a CSV for a spreadsheet.
//!
//! The numbers are masked as on screen, and neither number nor name is in the file's name. What a person could read as
//! a formula is text in the CSV. Basis: reliability, goal G21; design, section 4 (privacy by default).

use skranke_documents::papers::{
    Carrier, CitizenOnPaper, LetterKind, LetterPaper, PaperText, TextSection, Words,
};
use skranke_documents::{Paper, RenderOptions};
use skranke_domain::danish_time;
use skranke_domain::ids::DeviceId;
use skranke_domain::role::Act;
use skranke_forms::DateWords;
use skranke_protocol::wire::{CaseOnDevice, HoldingsRequest, ListedDevice};
use skranke_sync::Client;

use super::asked_about;
use crate::api::devices::{HoldingsSaveRequest, ListFormat};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::papers::letterhead;
use crate::state::App;
use crate::usecases::paper;

/// Tells Excel that the file is UTF-8.
const BOM: &str = "\u{feff}";

/// A file on its way to the place a person chose for it.
pub struct ListFile {
    /// Name to propose; no CPR number, no name.
    pub name: String,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

impl App {
    /// The whole list of whose data a computer held. That it was taken out, as what and why, is in the log here and
    /// centrally.
    ///
    /// # Errors
    /// As [`App::device_holdings`]; `CharacterUnprintable` for a name no font has the letters of, in a PDF.
    pub fn device_holdings_file(
        &self,
        request: &HoldingsSaveRequest,
    ) -> Result<ListFile, AppError> {
        self.at_work(|work| work.session.needs(Act::ReadAudit))?;
        let id = asked_about(&request.id, &request.purpose)?;
        let ending = match request.format {
            ListFormat::Pdf => "pdf",
            ListFormat::Csv => "csv",
        };
        self.noted(&format!("devices.holdings.{ending}.{id}"), &request.purpose)?;
        let devices = self.as_person(Client::devices)?.devices;
        let device = devices.iter().find(|device| device.device_id == id);
        let device = device.ok_or_else(|| AppError::of(ErrorCode::NotFound))?;
        let cases = self.every_case_on(id, &request.purpose)?;
        let bytes = match request.format {
            ListFormat::Pdf => self.as_pdf(device, &cases, &request.purpose)?,
            ListFormat::Csv => self.as_csv(&cases).into_bytes(),
        };
        let name = self.forms.texts().say("file_name.device_holdings", &[]);
        let today = self.today();
        Ok(ListFile {
            name: format!("{name}-{}-{today}.{ending}", device.code),
            bytes,
        })
    }

    fn every_case_on(
        &self,
        device_id: DeviceId,
        purpose: &str,
    ) -> Result<Vec<CaseOnDevice>, AppError> {
        let mut all: Vec<CaseOnDevice> = Vec::new();
        loop {
            let asked = HoldingsRequest {
                device_id,
                purpose: purpose.to_owned(),
                after: all.last().map(|case| case.case_id),
            };
            let page = self.as_person(|client, session| client.holdings(session, &asked))?;
            let ends = page.cases.is_empty() || !page.more;
            all.extend(page.cases);
            if ends {
                return Ok(all);
            }
        }
    }

    fn as_csv(&self, cases: &[CaseOnDevice]) -> String {
        let headings = ["label.name", "label.cpr", "label.case_number"];
        let headings = headings.map(|key| self.forms.texts().say(key, &[]));
        let lines = cases
            .iter()
            .map(|case| csv_line([&case.name, &case.cpr_masked, &case.number]));
        let lines = std::iter::once(csv_line(headings.each_ref())).chain(lines);
        std::iter::once(BOM.to_owned()).chain(lines).collect()
    }

    fn as_pdf(
        &self,
        device: &ListedDevice,
        cases: &[CaseOnDevice],
        purpose: &str,
    ) -> Result<Vec<u8>, AppError> {
        let texts = self.forms.texts();
        let say = |key: &str| texts.say(key, &[]);
        let dates = DateWords::from(texts);
        let (asked_by, asked_at, profile) = self.at_work(|work| {
            let asked_at = danish_time::local(work.legal_now);
            Ok((
                work.session.name.clone(),
                asked_at,
                self.profile(work.store)?,
            ))
        })?;
        let called = format!("{} · {}", device.code, device.name);
        let rows = [
            ("devices.list_asked_by", asked_by),
            (
                "devices.list_asked_at",
                dates.date_time(asked_at.naive_local()),
            ),
            (
                "devices.list_purpose",
                say(&format!("devices.purpose_{purpose}")),
            ),
            ("devices.list_count", cases.len().to_string()),
        ];
        let line = |case: &CaseOnDevice| {
            let known = [&case.cpr_masked, &case.number];
            let known: Vec<&str> = known
                .into_iter()
                .map(String::as_str)
                .filter(|t| !t.is_empty())
                .collect();
            (case.name.clone(), known.join(" · "))
        };
        let list = TextSection {
            heading: say("devices.list_cases"),
            rows: cases.iter().map(line).collect(),
            ..TextSection::default()
        };
        let text = PaperText {
            title: texts.say("devices.holdings_title", &[("name", &called)]),
            lead: say("devices.holdings_lead"),
            rows: rows.map(|(label, value)| (say(label), value)).to_vec(),
            sections: vec![list],
            number_line: dates.date(asked_at.date_naive()),
            ..PaperText::default()
        };
        let paper = LetterPaper {
            kind: LetterKind::Other,
            letterhead: letterhead(&profile, texts)?,
            text,
            enclosed: None,
            words: Words::from(texts),
            citizen: CitizenOnPaper {
                name: String::new(),
                address: Vec::new(),
                address_protected: false,
            },
            carrier: Carrier::Case,
            written_on: None,
            reasons: Vec::new(),
            code: None,
            must_not_say: Vec::new(),
            quoted: Vec::new(),
        };
        let options = RenderOptions {
            large_print: false,
            copy_mark: None,
            created_at: self.legal_now(),
        };
        let rendered = self
            .press
            .render(&Paper::Letter(Box::new(paper)), &options)?;
        let uncovered: Vec<String> = rendered.uncovered.iter().map(char::to_string).collect();
        paper::every_character_prints(&uncovered)?;
        Ok(rendered.pdf)
    }
}

/// A line of a CSV as a Danish spreadsheet reads it.
fn csv_line(fields: [&String; 3]) -> String {
    let fields = fields.map(|field| csv_field(field));
    format!("{}\r\n", fields.join(";"))
}

/// A field, quoted where it must be. What a spreadsheet would run as a formula begins with an apostrophe.
fn csv_field(text: &str) -> String {
    let runs = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '|', '%']);
    let text = if runs || text.starts_with(['\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([';', '"', '\r', '\n', ',']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (typed, written) in [
            ("Aase Lindholm", "Aase Lindholm"),
            ("=1+1", "'=1+1"),
            ("+4533", "'+4533"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =cmd", "'  =cmd"),
            ("\t=1", "'\t=1"),
            ("=HYPERLINK(\"x\";1)", "\"'=HYPERLINK(\"\"x\"\";1)\""),
            ("Lind; holm", "\"Lind; holm\""),
        ] {
            assert_eq!(csv_field(typed), written);
        }
    }
}
