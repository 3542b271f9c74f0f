//! Window tests: the real application under Xvfb, driven through WebKitWebDriver.
//!
//! Each test starts its own display, driver, window and central store, on scratch folders only.
//! Nothing here sleeps for a fixed time: everything waits for a condition, with a limit.
//! Needs what `cargo build --workspace --all-targets` and `npm run build` in `ui` leave behind.

mod attendance;
mod closed;
mod completing;
mod conflict;
mod correcting;
mod definitions;
mod desktop;
mod devices;
mod dialogs;
mod elsewhere;
mod enrolling;
mod extending;
mod flow;
mod guidance;
mod keyboard;
mod lettering;
mod merging;
mod ordinary;
mod outcomes;
mod pin;
mod registering;
mod representative;
mod reprinting;
mod resuming;
mod review;
mod rounds;
mod rules;
mod scans;
mod screens;
mod set_up;
mod shell;
mod signing;
mod start;
mod troubles;

#[path = "../shared/openid.rs"]
mod openid;
