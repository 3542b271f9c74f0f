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
use crate::problem::Refusal;
use crate::store::{CentralTransaction, Device, Stored};

/// What a device shows to be enrolled.
pub enum Code {
    /// The secret of the program that started this server.
    Bootstrap,
    /// Digest of a one-time code.
    OneTime([u8; 32]),
}

/// An enrolled device and the municipality's epoch, or why it is not enrolled.
pub type Answered = Stored<Result<(Device, u64), Refusal>>;

fn refused(why: ProblemCode) -> Answered {
    Ok(Err(why.into()))
}

/// Enrols a device, or answers as before where it is known by its key; the device and the municipality's epoch. A code
/// is used up either way. The inner error is why it may not be.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn enrol(
    transaction: &mut dyn CentralTransaction,
    new: &Device,
    code: &Code,
    now: DateTime<Utc>,
) -> Answered {
    let epoch = transaction.tenant().epoch;
    let known = transaction.device(new.id)?;
    let mut device = new.clone();
    let mut fresh = None;
    if let Code::OneTime(digest) = code {
        match transaction.enrolment_code(digest)? {
            // Whoever has the code may know what became of it; nobody guesses one.
            None => return refused(ProblemCode::SignInRefused),
            Some(code) if code.device_id == Some(new.id) => {}
            Some(code) if code.device_id.is_some() => {
                return refused(ProblemCode::EnrolmentCodeUsed);
            }
            Some(code) if code.expires_at <= now => {
                return refused(ProblemCode::EnrolmentCodeExpired);
            }
            Some(code) => {
                device.scope = code.scope;
                fresh = Some(code.digest);
            }
        }
    }
    if let Some(known) = known {
        let is_same = known.public_key == new.public_key && known.state != DeviceState::Revoked;
        if !is_same {
            return refused(ProblemCode::StateMismatch);
        }
        if let Some(digest) = fresh {
            // What it may see is not changed by a code; the administrator meant another computer, or a new start.
            if device.scope != known.scope {
                return Ok(Err(Refusal::of(ProblemCode::StateMismatch, "scope")));
            }
            transaction.use_enrolment_code(&digest, known.id)?;
        }
        return Ok(Ok((known, epoch)));
    }
    device.code = transaction.insert_device(&device, now)?;
    if let Some(digest) = fresh {
        transaction.use_enrolment_code(&digest, device.id)?;
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
