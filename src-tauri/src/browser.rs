//! Opens the person's own browser: at the national tool, and at the identity provider to sign in.
//!
//! The address is the profile's, or the central store's for a sign-in: the window names none, and nothing of a case
//! goes with it.
//!
//! Basis: spec practice 2 (register in the window beside); spec domain, section 7.

use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::SessionView;
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

/// Signs a person in through the identity provider's page.
pub(crate) fn sign_in(app: &App) -> Result<SessionView, AppError> {
    app.browser_sign_in(|address| {
        let is_web = ["https://", "http://127.0.0.1:"]
            .iter()
            .any(|start| address.starts_with(start));
        if !is_web {
            return Err(AppError::of(ErrorCode::BrowserNotOpened));
        }
        open::that_detached(address).map_err(|_| AppError::of(ErrorCode::BrowserNotOpened))
    })
}
