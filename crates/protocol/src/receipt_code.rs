//! The signed text in the QR code of a receipt: who issued which paper in which case, and when.
//!
//! A device signs it; the municipality's certificate for the device key travels in the code. So any Skranke that
//! knows the municipality's key tells offline whether a paper is genuine. There is no CPR number and no name in it.
//!
//! The text is `SKR1:` and Base45 (RFC 9285), which a QR code holds compactly: about 360 characters, 61 modules a
//! side, which reads well at 26 mm.
//!
//! Basis: design, section 8.

use chrono::{Days, NaiveDate};

use crate::signature::{PublicKey, Purpose, Signature, SigningKey};

/// What every code of this format starts with.
const MARK: &str = "SKR1:";
/// The alphabet of Base45, which is the alphanumeric alphabet of QR codes.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/// No part of a statement is longer.
const LONGEST_PART: usize = 40;

/// What a code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptStatement {
    /// Three digits of the municipality.
    pub tenant: String,
    /// Code of the paper's kind, such as `exemption_receipt`.
    pub kind: String,
    /// Number of the paper.
    pub paper_number: String,
    /// Number of the case.
    pub case_number: String,
    /// Danish date of issue.
    pub issued_on: NaiveDate,
}

/// The municipality's word that a key belongs to one of its devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCertificate {
    /// Three digits of the municipality.
    pub tenant: String,
    /// Short code of the device, which is also in its case numbers.
    pub device_code: String,
    /// The device's key.
    pub key: PublicKey,
    /// First day on which papers signed with the key count.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: NaiveDate,
    /// The municipality's signature.
    pub signature: Signature,
}

/// A code that was found genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// What it says.
    pub statement: ReceiptStatement,
    /// The device that issued the paper.
    pub device_code: String,
}

/// Why a code is not made or not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptCodeError {
    /// Not a code of this program, or damaged.
    #[error("this is not a receipt code")]
    Malformed,
    /// A later program made it.
    #[error("the receipt code has a format this program does not know")]
    UnknownFormat,
    /// A part is empty, too long, not plain ASCII, or looks like a CPR number.
    #[error("a part of the statement cannot stand in a code")]
    UnfitPart,
    /// The key does not belong to the certificate.
    #[error("the certificate is for another key")]
    ForAnotherKey,
    /// The municipality did not issue the certificate.
    #[error("the certificate is not signed by the municipality")]
    Certificate,
    /// The device did not sign the statement.
    #[error("the statement is not signed by the device")]
    Statement,
    /// The certificate is for another municipality than the statement.
    #[error("statement and certificate name different municipalities")]
    ForAnotherTenant,
    /// The paper was issued on a day the certificate does not cover.
    #[error("the certificate was not valid on the day of issue")]
    OutsideValidity,
}

impl DeviceCertificate {
    /// Certifies a device key with the municipality's key.
    ///
    /// # Errors
    /// [`ReceiptCodeError::UnfitPart`] when a part or a date cannot be encoded.
    pub fn issue(
        municipality: &SigningKey,
        tenant: &str,
        device_code: &str,
        key: PublicKey,
        validity: std::ops::RangeInclusive<NaiveDate>,
    ) -> Result<Self, ReceiptCodeError> {
        let mut certificate = Self {
            tenant: tenant.to_owned(),
            device_code: device_code.to_owned(),
            key,
            valid_from: *validity.start(),
            valid_until: *validity.end(),
            signature: Signature::from_bytes([0; 64]),
        };
        let body = certificate.body()?;
        certificate.signature = municipality.sign(Purpose::DeviceCertificate, &body);
        Ok(certificate)
    }

    /// Whether the municipality issued the certificate.
    ///
    /// # Errors
    /// [`ReceiptCodeError::Certificate`] when it did not.
    pub fn verify(&self, municipality: &PublicKey) -> Result<(), ReceiptCodeError> {
        municipality
            .verify(Purpose::DeviceCertificate, &self.body()?, &self.signature)
            .map_err(|_| ReceiptCodeError::Certificate)
    }

    /// The certificate as bytes, for keeping beside the device key.
    ///
    /// # Errors
    /// [`ReceiptCodeError::UnfitPart`] when a part or a date cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ReceiptCodeError> {
        let mut bytes = self.body()?;
        bytes.extend_from_slice(self.signature.as_bytes());
        Ok(bytes)
    }

    /// The certificate of such bytes.
    ///
    /// # Errors
    /// [`ReceiptCodeError::Malformed`] when they are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReceiptCodeError> {
        let mut reader = Reader(bytes);
        let certificate = reader.certificate()?;
        if reader.0.is_empty() {
            Ok(certificate)
        } else {
            Err(ReceiptCodeError::Malformed)
        }
    }

    /// What the municipality signs.
    fn body(&self) -> Result<Vec<u8>, ReceiptCodeError> {
        let mut body = Vec::with_capacity(48);
        write_tenant(&mut body, &self.tenant)?;
        write_part(&mut body, &self.device_code)?;
        body.extend_from_slice(self.key.as_bytes());
        write_day(&mut body, self.valid_from)?;
        write_day(&mut body, self.valid_until)?;
        Ok(body)
    }
}

/// Makes the text of a code.
///
/// # Errors
/// [`ReceiptCodeError`] says which part does not fit.
pub fn encode(
    statement: &ReceiptStatement,
    certificate: &DeviceCertificate,
    device: &SigningKey,
) -> Result<String, ReceiptCodeError> {
    if device.public() != certificate.key {
        return Err(ReceiptCodeError::ForAnotherKey);
    }
    check_against(statement, certificate)?;
    let mut bytes = body(statement)?;
    let signature = device.sign(Purpose::Paper, &bytes);
    bytes.extend_from_slice(signature.as_bytes());
    bytes.extend(certificate.to_bytes()?);
    Ok(format!("{MARK}{}", to_base45(&bytes)))
}

/// Reads a code and finds out whether it is genuine.
///
/// # Errors
/// [`ReceiptCodeError`] says why it is not believed.
pub fn verify(text: &str, municipality: &PublicKey) -> Result<VerifiedReceipt, ReceiptCodeError> {
    let (statement, signature, certificate) = parse(text)?;
    certificate.verify(municipality)?;
    certificate
        .key
        .verify(Purpose::Paper, &body(&statement)?, &signature)
        .map_err(|_| ReceiptCodeError::Statement)?;
    check_against(&statement, &certificate)?;
    Ok(VerifiedReceipt {
        statement,
        device_code: certificate.device_code,
    })
}

/// What a code claims, before anyone has checked it: enough to know which municipality's key is needed.
///
/// # Errors
/// [`ReceiptCodeError::Malformed`] or [`ReceiptCodeError::UnknownFormat`].
pub fn claimed(text: &str) -> Result<ReceiptStatement, ReceiptCodeError> {
    parse(text).map(|(statement, _, _)| statement)
}

fn check_against(
    statement: &ReceiptStatement,
    certificate: &DeviceCertificate,
) -> Result<(), ReceiptCodeError> {
    if statement.tenant != certificate.tenant {
        return Err(ReceiptCodeError::ForAnotherTenant);
    }
    if (certificate.valid_from..=certificate.valid_until).contains(&statement.issued_on) {
        Ok(())
    } else {
        Err(ReceiptCodeError::OutsideValidity)
    }
}

/// What the device signs.
fn body(statement: &ReceiptStatement) -> Result<Vec<u8>, ReceiptCodeError> {
    let mut body = Vec::with_capacity(64);
    write_tenant(&mut body, &statement.tenant)?;
    write_part(&mut body, &statement.kind)?;
    write_part(&mut body, &statement.paper_number)?;
    write_part(&mut body, &statement.case_number)?;
    write_day(&mut body, statement.issued_on)?;
    Ok(body)
}

type Parsed = (ReceiptStatement, Signature, DeviceCertificate);

fn parse(text: &str) -> Result<Parsed, ReceiptCodeError> {
    let text = text.trim();
    let Some(encoded) = text.strip_prefix(MARK) else {
        let later = text.starts_with("SKR") && text.get(..8).is_some_and(|head| head.contains(':'));
        return Err(if later {
            ReceiptCodeError::UnknownFormat
        } else {
            ReceiptCodeError::Malformed
        });
    };
    let bytes = from_base45(encoded)?;
    let mut reader = Reader(&bytes);
    let statement = ReceiptStatement {
        tenant: reader.tenant()?,
        kind: reader.part()?,
        paper_number: reader.part()?,
        case_number: reader.part()?,
        issued_on: reader.day()?,
    };
    let signature = Signature::from_bytes(reader.array()?);
    let certificate = reader.certificate()?;
    if !reader.0.is_empty() {
        return Err(ReceiptCodeError::Malformed);
    }
    Ok((statement, signature, certificate))
}

fn write_tenant(bytes: &mut Vec<u8>, tenant: &str) -> Result<(), ReceiptCodeError> {
    let digits = tenant.len() == 3 && tenant.bytes().all(|byte| byte.is_ascii_digit());
    let number: u16 = tenant
        .parse()
        .ok()
        .filter(|_| digits)
        .ok_or(ReceiptCodeError::UnfitPart)?;
    bytes.extend(number.to_be_bytes());
    Ok(())
}

fn write_part(bytes: &mut Vec<u8>, part: &str) -> Result<(), ReceiptCodeError> {
    let plain = part
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if part.is_empty() || part.len() > LONGEST_PART || !plain || holds_cpr_shape(part) {
        return Err(ReceiptCodeError::UnfitPart);
    }
    bytes.push(u8::try_from(part.len()).map_err(|_| ReceiptCodeError::UnfitPart)?);
    bytes.extend_from_slice(part.as_bytes());
    Ok(())
}

/// Days since 1 January 2000 in two bytes.
fn write_day(bytes: &mut Vec<u8>, day: NaiveDate) -> Result<(), ReceiptCodeError> {
    let days = u16::try_from(day.signed_duration_since(first_day()).num_days())
        .map_err(|_| ReceiptCodeError::UnfitPart)?;
    bytes.extend(days.to_be_bytes());
    Ok(())
}

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default()
}

/// Six digits, perhaps a hyphen, four digits, and no digit beside them.
fn holds_cpr_shape(part: &str) -> bool {
    let bytes = part.as_bytes();
    let digits = |from: usize, count: usize| {
        bytes
            .get(from..from + count)
            .is_some_and(|run| run.iter().all(u8::is_ascii_digit))
    };
    let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).any(|start| {
        let serial = start + 6 + usize::from(bytes.get(start + 6) == Some(&b'-'));
        digits(start, 6)
            && digits(serial, 4)
            && !digit_at(serial + 4)
            && !start.checked_sub(1).is_some_and(digit_at)
    })
}

/// Reads the parts of a code from its bytes.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReceiptCodeError> {
        let (head, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(ReceiptCodeError::Malformed)?;
        self.0 = rest;
        Ok(*head)
    }

    fn tenant(&mut self) -> Result<String, ReceiptCodeError> {
        let number = u16::from_be_bytes(self.array()?);
        if number > 999 {
            Err(ReceiptCodeError::Malformed)
        } else {
            Ok(format!("{number:03}"))
        }
    }

    fn part(&mut self) -> Result<String, ReceiptCodeError> {
        let [length] = self.array::<1>()?;
        let (part, rest) = self
            .0
            .split_at_checked(usize::from(length))
            .ok_or(ReceiptCodeError::Malformed)?;
        self.0 = rest;
        let part = std::str::from_utf8(part).map_err(|_| ReceiptCodeError::Malformed)?;
        // What could not have been written is not believed either.
        write_part(&mut Vec::new(), part).map_err(|_| ReceiptCodeError::Malformed)?;
        Ok(part.to_owned())
    }

    fn day(&mut self) -> Result<NaiveDate, ReceiptCodeError> {
        let days = u16::from_be_bytes(self.array()?);
        first_day()
            .checked_add_days(Days::new(u64::from(days)))
            .ok_or(ReceiptCodeError::Malformed)
    }

    fn certificate(&mut self) -> Result<DeviceCertificate, ReceiptCodeError> {
        Ok(DeviceCertificate {
            tenant: self.tenant()?,
            device_code: self.part()?,
            key: PublicKey::from_bytes(self.array()?),
            valid_from: self.day()?,
            valid_until: self.day()?,
            signature: Signature::from_bytes(self.array()?),
        })
    }
}

fn to_base45(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let mut value = pair
            .iter()
            .fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
        for _ in 0..=pair.len() {
            text.push(char::from(ALPHABET[value % 45]));
            value /= 45;
        }
    }
    text
}

fn from_base45(text: &str) -> Result<Vec<u8>, ReceiptCodeError> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for group in text.as_bytes().chunks(3) {
        let mut value = 0_usize;
        for symbol in group.iter().rev() {
            let digit = ALPHABET.iter().position(|known| known == symbol);
            value = value * 45 + digit.ok_or(ReceiptCodeError::Malformed)?;
        }
        if group.len() == 3 {
            let pair = u16::try_from(value).map_err(|_| ReceiptCodeError::Malformed)?;
            bytes.extend(pair.to_be_bytes());
        } else if group.len() == 2 {
            bytes.push(u8::try_from(value).map_err(|_| ReceiptCodeError::Malformed)?);
        } else {
            return Err(ReceiptCodeError::Malformed);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn municipality() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }

    fn device() -> SigningKey {
        SigningKey::from_seed(&[2; 32])
    }

    fn certificate() -> DeviceCertificate {
        let validity = day(2026, 1, 1)..=day(2027, 12, 31);
        DeviceCertificate::issue(&municipality(), "999", "S3", device().public(), validity).unwrap()
    }

    fn statement() -> ReceiptStatement {
        ReceiptStatement {
            tenant: "999".to_owned(),
            kind: "exemption_receipt".to_owned(),
            paper_number: "S3-2026-00412".to_owned(),
            case_number: "2026-S3-0147".to_owned(),
            issued_on: day(2026, 3, 13),
        }
    }

    #[test]
    fn a_code_verifies_with_the_municipality_key_alone() {
        let text = encode(&statement(), &certificate(), &device()).unwrap();

        let verified = verify(&text, &municipality().public()).unwrap();

        assert_eq!(
            verified,
            VerifiedReceipt {
                statement: statement(),
                device_code: "S3".to_owned()
            }
        );
        assert_eq!(claimed(&text).unwrap(), statement());
    }

    #[test]
    fn a_code_fits_a_small_qr_code() {
        let text = encode(&statement(), &certificate(), &device()).unwrap();

        assert!(
            text.len() <= 366,
            "{} characters do not fit version 11 with medium correction",
            text.len()
        );
        assert!(
            text.bytes().all(|byte| ALPHABET.contains(&byte)),
            "alphanumeric mode"
        );
    }

    #[test]
    fn another_municipality_does_not_vouch_for_it() {
        let text = encode(&statement(), &certificate(), &device()).unwrap();

        let verified = verify(&text, &SigningKey::from_seed(&[3; 32]).public());

        assert_eq!(verified, Err(ReceiptCodeError::Certificate));
    }

    #[test]
    fn a_changed_number_is_found_out() {
        let text = encode(&statement(), &certificate(), &device()).unwrap();
        let mut bytes = from_base45(text.strip_prefix(MARK).unwrap()).unwrap();
        let at = bytes.windows(5).position(|part| part == b"00412").unwrap();
        bytes[at + 4] = b'3';
        let forged = format!("{MARK}{}", to_base45(&bytes));

        assert_eq!(claimed(&forged).unwrap().paper_number, "S3-2026-00413");
        assert_eq!(
            verify(&forged, &municipality().public()),
            Err(ReceiptCodeError::Statement)
        );
    }

    #[test]
    fn a_day_outside_the_certificate_is_neither_signed_nor_believed() {
        let mut late = statement();
        late.issued_on = day(2028, 1, 1);

        assert_eq!(
            encode(&late, &certificate(), &device()),
            Err(ReceiptCodeError::OutsideValidity)
        );
    }

    #[test]
    fn only_the_certified_key_signs() {
        let other = SigningKey::from_seed(&[4; 32]);

        assert_eq!(
            encode(&statement(), &certificate(), &other),
            Err(ReceiptCodeError::ForAnotherKey)
        );
    }

    #[test]
    fn no_part_may_look_like_a_cpr_number() {
        for part in [
            "2512169996",
            "251216-9996",
            "SAG-2512169996",
            "X2211771212Y",
        ] {
            let mut unfit = statement();
            unfit.case_number = part.to_owned();
            assert_eq!(
                encode(&unfit, &certificate(), &device()),
                Err(ReceiptCodeError::UnfitPart),
                "{part}"
            );
        }
        assert!(!holds_cpr_shape("2013-93233-19"));
        assert!(!holds_cpr_shape("12345678901234"));
    }

    #[test]
    fn a_certificate_survives_being_kept_as_bytes() {
        let kept = certificate().to_bytes().unwrap();

        assert_eq!(DeviceCertificate::from_bytes(&kept), Ok(certificate()));
        assert_eq!(
            DeviceCertificate::from_bytes(&kept[1..]),
            Err(ReceiptCodeError::Malformed)
        );
    }

    #[test]
    fn a_later_format_is_told_apart_from_nonsense() {
        assert_eq!(claimed("SKR2:ABC"), Err(ReceiptCodeError::UnknownFormat));
        assert_eq!(claimed("hello"), Err(ReceiptCodeError::Malformed));
        assert_eq!(claimed("SKR1:"), Err(ReceiptCodeError::Malformed));
        assert_eq!(claimed("SKR1:æøå"), Err(ReceiptCodeError::Malformed));
    }

    #[test]
    fn base45_matches_the_standard() {
        // The examples of RFC 9285, section 4.
        assert_eq!(to_base45(b"AB"), "BB8");
        assert_eq!(to_base45(b"Hello!!"), "%69 VD92EX0");
        assert_eq!(to_base45(b"base-45"), "UJCLQE7W581");
        assert_eq!(from_base45("QED8WEX0").unwrap(), b"ietf!");
        assert_eq!(from_base45("FGW"), Ok(vec![0xff, 0xff]));
        assert_eq!(from_base45("GGW"), Err(ReceiptCodeError::Malformed));
        assert_eq!(from_base45(":::"), Err(ReceiptCodeError::Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_survive_base45(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(from_base45(&to_base45(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,400}") {
            let _ = claimed(&text);
            let _ = claimed(&format!("{MARK}{text}"));
        }

        #[test]
        fn a_flipped_byte_is_never_believed(at in 0_usize..220, bit in 0_u32..8) {
            let text = encode(&statement(), &certificate(), &device()).unwrap();
            let mut bytes = from_base45(text.strip_prefix(MARK).unwrap()).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let forged = format!("{MARK}{}", to_base45(&bytes));

            prop_assert!(verify(&forged, &municipality().public()).is_err());
        }
    }
}
