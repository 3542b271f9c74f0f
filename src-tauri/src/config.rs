//! What the program was started with. The only place in the shell that reads arguments and
//! environment; everything else is handed its settings.

use std::ffi::OsString;
use std::path::PathBuf;

/// Settings of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The profile a municipality or the demo goes by; none lets the first run choose.
    pub profile: Option<String>,
    /// Where store, log and key file lie; none means the system's folder for this program.
    pub data: Option<PathBuf>,
    /// Whether the demo's own central store is started.
    pub central_store: bool,
    /// Whether a test drives the window. Never in a release build.
    pub automated: bool,
    /// Whether the engine draws as it does by itself, and not as [`crate::run`] settles it. A driver waits for frames of
    /// its own, which come only from an engine that draws so. Never in a release build.
    pub drawn_by_engine: bool,
    /// Stands in for the native file dialogs of an automated run: files to attach are taken from
    /// this folder and saved ones put there. Never set in a release build.
    pub dialog_folder: Option<PathBuf>,
    /// Definitions of an automated run that take the place of their namesakes under `forms/`. Never set in a release
    /// build: what a municipality may change, an administrator changes in the window.
    pub forms_folder: Option<PathBuf>,
    /// Seconds by which an automated run of the demo is ahead of the computer's clock. Always 0 in a release build.
    pub seconds_ahead: i64,
}

/// An argument that means nothing here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UsageError {
    /// The argument is not known.
    #[error("unknown argument {0}\n{USAGE}")]
    Unknown(String),
    /// The argument needs a value after it.
    #[error("{0} needs a value\n{USAGE}")]
    ValueMissing(&'static str),
}

/// What the program takes.
pub const USAGE: &str = "\
usage: skranke-desktop [--profile NAME] [--data FOLDER] [--without-central-store]
  --profile NAME            the municipality's profile, or demo
  --data FOLDER             where the store lies
  --without-central-store   the demo profile starts no central store, as if there were no network";

impl Config {
    /// Reads the arguments and the environment of this process.
    ///
    /// # Errors
    /// [`UsageError`] for arguments that are not known.
    pub fn of_this_process() -> Result<Self, UsageError> {
        let mut config = Self::parse(std::env::args_os().skip(1))?;
        config.automated = is_automated();
        config.drawn_by_engine = config.automated && !is_drawn_as_shipped();
        config.dialog_folder = folder("SKRANKE_DIALOG_FOLDER").filter(|_| config.automated);
        config.forms_folder = folder("SKRANKE_FORMS_FOLDER").filter(|_| config.automated);
        if config.automated && config.is_demo() {
            config.seconds_ahead = seconds_ahead().unwrap_or_default();
        }
        Ok(config)
    }

    /// Reads a list of arguments.
    ///
    /// # Errors
    /// [`UsageError`] for arguments that are not known.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut config = Self {
            central_store: true,
            ..Self::default()
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--profile") => {
                    let value = arguments
                        .next()
                        .ok_or(UsageError::ValueMissing("--profile"))?;
                    config.profile = Some(value.to_string_lossy().into_owned());
                }
                Some("--data") => {
                    let value = arguments.next().ok_or(UsageError::ValueMissing("--data"))?;
                    config.data = Some(PathBuf::from(value));
                }
                Some("--without-central-store") => config.central_store = false,
                _ => return Err(UsageError::Unknown(argument.to_string_lossy().into_owned())),
            }
        }
        Ok(config)
    }

    /// Whether this run shows the fictional municipality.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.profile.as_deref() == Some("demo")
    }
}

/// Only a debug build knows automation: a release build has no door for it.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the shell's config module"
)]
fn is_automated() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TAURI_AUTOMATION").is_some()
}

/// An automated run that measures drawing asks for it as everybody else has it.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the shell's config module"
)]
fn is_drawn_as_shipped() -> bool {
    std::env::var_os("SKRANKE_DRAWN_AS_SHIPPED").is_some()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the shell's config module"
)]
fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// The demo's central store reads the same, where it can rehearse.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the shell's config module"
)]
fn seconds_ahead() -> Option<i64> {
    std::env::var("SKRANKE_REHEARSE_SECONDS_AHEAD")
        .ok()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Config, UsageError> {
        Config::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn demo_profile_and_data_folder_are_read() {
        let config = parse(&["--profile", "demo", "--data", "somewhere"]).unwrap();

        assert!(config.is_demo());
        assert_eq!(config.data, Some(PathBuf::from("somewhere")));
        assert!(
            config.central_store,
            "the demo has a central store unless told otherwise"
        );
    }

    #[test]
    fn unknown_argument_is_refused_with_the_usage() {
        let error = parse(&["--cpr"]).unwrap_err();

        assert!(error.to_string().contains("usage: skranke-desktop"));
    }

    #[test]
    fn argument_without_its_value_is_refused() {
        assert_eq!(parse(&["--data"]), Err(UsageError::ValueMissing("--data")));
    }
}
