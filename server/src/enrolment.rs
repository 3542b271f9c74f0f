//! Whether a device may be enrolled, and enrolling it: one code, one device, one day.
//!
//! Only a digest of the code is kept. Whoever shows a whole code may know whether it was used or ran out; that tells
//! nothing to anybody who guesses.
//!
//! Basis: design, section 6 (enrolment).

use chrono::{DateTime, Utc};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::DeviceState;

use crate::devices::{Acting, note};
use crate::store::{CentralTransaction, Device, Stored};

/// What a device shows to be enrolled.
pub enum Code {
    /// The secret of the program that started this server.
    Bootstrap,
    /// Digest of a one-time code.
    OneTime([u8; 32]),
}

/// Enrols a device, or answers as before where it was enrolled with this code; the device and the municipality's epoch.
/// The inner error is why it may not be.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn enrol(
    transaction: &mut dyn CentralTransaction,
    new: &Device,
    code: &Code,
    now: DateTime<Utc>,
) -> Stored<Result<(Device, u64), ProblemCode>> {
    let epoch = transaction.tenant().epoch;
    let known = transaction.device(new.id)?;
    let mut device = new.clone();
    if let Code::OneTime(digest) = code {
        match transaction.enrolment_code(digest)? {
            // Whoever has the code may know what became of it; nobody guesses one.
            None => return Ok(Err(ProblemCode::SignInRefused)),
            Some(code) if code.device_id == Some(new.id) => {}
            Some(code) if code.device_id.is_some() => {
                return Ok(Err(ProblemCode::EnrolmentCodeUsed));
            }
            Some(code) if code.expires_at <= now => {
                return Ok(Err(ProblemCode::EnrolmentCodeExpired));
            }
            Some(code) => device.scope = code.scope,
        }
    }
    if let Some(known) = known {
        let is_same = known.public_key == new.public_key && known.state != DeviceState::Revoked;
        return Ok(if is_same {
            Ok((known, epoch))
        } else {
            Err(ProblemCode::StateMismatch)
        });
    }
    device.code = transaction.insert_device(&device, now)?;
    if let Code::OneTime(digest) = code {
        transaction.use_enrolment_code(digest, device.id)?;
    }
    let by = Acting {
        device_id: device.id,
        staff_id: None,
    };
    note(
        transaction,
        by,
        "device_enrolled",
        "access",
        String::new(),
        now,
    )?;
    Ok(Ok((device, epoch)))
}
