//! Is the code on a paper genuine? Found out offline, with the municipality's public key.

use serde::Serialize;
use skranke_protocol::receipt_code::{ReceiptCodeError, verify};
use skranke_protocol::signature::PublicKey;

use super::ToolError;

/// What a genuine code says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptCodeView {
    /// Always true: a code that is not genuine is an error.
    pub genuine: bool,
    /// Code of the paper's kind.
    pub kind: String,
    /// Number of the paper.
    pub paper_number: String,
    /// Number of the case.
    pub case_number: String,
    /// Three digits of the municipality.
    pub municipality_code: String,
    /// When it was issued.
    pub issued_on: String,
    /// The device that issued it.
    pub device_code: String,
}

/// Verifies the text of a code with the municipality's public key, 64 hexadecimal digits.
pub fn receipt_code_view(text: &str, key: &str) -> Result<ReceiptCodeView, ToolError> {
    let key: PublicKey = key
        .trim()
        .parse()
        .map_err(|_| ToolError::usage("key_unreadable"))?;
    let verified = verify(text.trim(), &key).map_err(refusal)?;
    let statement = verified.statement;
    Ok(ReceiptCodeView {
        genuine: true,
        kind: statement.kind,
        paper_number: statement.paper_number,
        case_number: statement.case_number,
        municipality_code: statement.tenant,
        issued_on: statement.issued_on.to_string(),
        device_code: verified.device_code,
    })
}

fn refusal(error: ReceiptCodeError) -> ToolError {
    ToolError::refused(match error {
        ReceiptCodeError::Malformed | ReceiptCodeError::UnfitPart => "receipt_code_malformed",
        ReceiptCodeError::UnknownFormat => "receipt_code_newer",
        ReceiptCodeError::Certificate => "receipt_code_other_municipality",
        ReceiptCodeError::ForAnotherKey
        | ReceiptCodeError::Statement
        | ReceiptCodeError::ForAnotherTenant => "receipt_code_forged",
        ReceiptCodeError::OutsideValidity => "receipt_code_outside_validity",
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use skranke_protocol::receipt_code::{DeviceCertificate, ReceiptStatement, encode};
    use skranke_protocol::signature::SigningKey;

    use super::*;

    fn code(municipality: &SigningKey) -> String {
        let device = SigningKey::from_seed(&[2; 32]);
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 2).unwrap();
        let validity = day(2026)..=day(2027);
        let certificate =
            DeviceCertificate::issue(municipality, "999", "S3", device.public(), validity);
        let statement = ReceiptStatement {
            tenant: "999".into(),
            kind: "exemption_receipt".into(),
            paper_number: "S3-2026-00001".into(),
            case_number: "2026-S3-0001".into(),
            issued_on: day(2026),
        };
        encode(&statement, &certificate.unwrap(), &device).unwrap()
    }

    #[test]
    fn a_code_is_believed_with_the_right_key_only() {
        let municipality = SigningKey::from_seed(&[1; 32]);
        let text = code(&municipality);
        let key = municipality.public().to_string();

        let genuine = receipt_code_view(&format!("{text}\n"), &key).unwrap();
        assert_eq!(
            (genuine.paper_number.as_str(), genuine.device_code.as_str()),
            ("S3-2026-00001", "S3")
        );

        let other = SigningKey::from_seed(&[3; 32]).public().to_string();
        assert_eq!(
            receipt_code_view(&text, &other).unwrap_err().code,
            "receipt_code_other_municipality"
        );
        assert_eq!(
            receipt_code_view("SKR1:AB", &key).unwrap_err().code,
            "receipt_code_malformed"
        );
        assert_eq!(
            receipt_code_view(&text, "abc").unwrap_err().code,
            "key_unreadable"
        );
    }
}
