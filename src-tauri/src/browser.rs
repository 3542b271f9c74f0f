//! Opens the national tool in the person's own browser.
//!
//! The address is the profile's and nothing else: the window names none, and nothing of the case goes with it.
//!
//! Basis: spec practice 2 (register in the window beside); spec domain, section 7.

use skranke_app::api::error::ErrorCode;
use skranke_app::{App, AppError};

/// Opens it, without waiting for the browser.
pub(crate) fn open_national_tool(app: &App) -> Result<(), AppError> {
    let address = app.national_tool()?;
    // Checked when the profile was read; a browser must never be handed anything else.
    if !address.starts_with("https://") {
        return Err(AppError::of(ErrorCode::NationalToolNotOpened));
    }
    open::that_detached(address).map_err(|_| AppError::of(ErrorCode::NationalToolNotOpened))
}
