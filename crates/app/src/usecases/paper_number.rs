//! Numbers of papers: given before the paper goes out, to one paper only, and kept for it until it did.
//!
//! A number is printed before anybody knows whether the printer takes the paper, so it is taken out of the series in a
//! transaction of its own when the paper is made to go out. Two papers made before either is recorded have two
//! numbers; a paper made again because the printer failed has its own. A paper that never goes out leaves a gap.

use std::collections::BTreeMap;

use skranke_domain::event::PaperKind;
use skranke_domain::ids::CaseId;
use skranke_store::{Action, Entry, ReadHandle, WriteHandle};

use crate::error::AppError;
use crate::state::AtWork;
use crate::usecases::settings;

/// The setting that holds numbers of papers made and not yet recorded.
const RESERVED: &str = "paper_numbers_reserved";
/// The series of the device's papers.
const SERIES: &str = "paper";

/// Numbers by case and kind.
type Reserved = BTreeMap<String, String>;

/// The number a paper would have, for looking at it.
///
/// # Errors
/// What the store reports.
pub(crate) fn next(
    read: &ReadHandle<'_>,
    case: CaseId,
    kind: PaperKind,
    device: &str,
    year: u16,
) -> Result<String, AppError> {
    if let Some(number) = reserved(read)?.remove(&key(case, kind)) {
        return Ok(number);
    }
    Ok(said(device, year, read.last_serial(SERIES, year)? + 1))
}

/// Takes a number for a paper that goes out now, or gives the one it has already.
///
/// # Errors
/// What the store reports; then no number was taken.
pub(crate) fn reserve(
    work: &mut AtWork<'_>,
    case: CaseId,
    kind: PaperKind,
    device: &str,
    year: u16,
) -> Result<String, AppError> {
    let entry = Entry::new(Action::Maintained, work.now).on("paper_number");
    let mut write = work.store.write(&work.actor, entry)?;
    let mut numbers = reserved(&write.reading())?;
    if let Some(number) = numbers.get(&key(case, kind)) {
        return Ok(number.clone());
    }
    let number = said(device, year, write.next_serial(SERIES, year)?);
    numbers.insert(key(case, kind), number.clone());
    keep(&mut write, &numbers)?;
    write.commit()?;
    Ok(number)
}

/// The paper went out: the next original of its kind has another number.
///
/// # Errors
/// What the store reports.
pub(crate) fn used(
    write: &mut WriteHandle<'_>,
    case: CaseId,
    kind: PaperKind,
) -> Result<(), AppError> {
    let mut numbers = reserved(&write.reading())?;
    if numbers.remove(&key(case, kind)).is_some() {
        keep(write, &numbers)?;
    }
    Ok(())
}

fn key(case: CaseId, kind: PaperKind) -> String {
    format!("{case}/{}", kind.code())
}

fn said(device: &str, year: u16, serial: u32) -> String {
    format!("{device}-{year}-{serial:05}")
}

fn reserved(read: &ReadHandle<'_>) -> Result<Reserved, AppError> {
    Ok(settings::read_in(read, RESERVED)?.unwrap_or_default())
}

fn keep(write: &mut WriteHandle<'_>, numbers: &Reserved) -> Result<(), AppError> {
    settings::write(write, RESERVED, numbers)
}
