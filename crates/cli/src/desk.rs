//! Opening the store of this computer account, and signing in where a use case asks who it is.
//!
//! The key is found as the window finds it.

use std::path::PathBuf;

use clap::{ArgMatches, Command};
use skranke_app::api::session::SignInRequest;
use skranke_app::tools::{ToolError, say};
use skranke_app::{App, Clock, Config, Costs, KeyPlace, ServerAddress};

use crate::{input, usage};

/// Adds what every command on the store takes.
pub(crate) fn with_store(command: Command) -> Command {
    command
        .arg(usage::option("store", "data").required(true))
        .arg(usage::option("store", "key-file"))
        .arg(usage::option("store", "server"))
        .arg(usage::option("store", "tenant").requires("server"))
        .arg(usage::option("store", "ca-file").requires("server"))
}

/// Adds what a command takes that is somebody's work.
pub(crate) fn with_person(command: Command) -> Command {
    with_store(command)
        .arg(usage::option("store", "user").required(true))
        .arg(usage::option("store", "password-file").required(true))
}

/// The folder of the store.
pub(crate) fn folder(matches: &ArgMatches) -> PathBuf {
    path(matches, "data").unwrap_or_default()
}

/// A path that was given.
pub(crate) fn path(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.get_one::<String>(name).map(PathBuf::from)
}

/// Opens the store.
pub(crate) fn open(matches: &ArgMatches, demo: bool) -> Result<App, ToolError> {
    let server = matches
        .get_one::<String>("server")
        .map(|url| ServerAddress {
            url: url.clone(),
            tenant: matches
                .get_one::<String>("tenant")
                .cloned()
                .unwrap_or_default(),
            bootstrap: None,
            ca_file: path(matches, "ca-file"),
        });
    let folder = folder(matches);
    let mut key_file = path(matches, "key-file");
    // As in the window, the demo never asks for the key store.
    if demo && key_file.is_none() {
        key_file = Some(KeyPlace::file_in(&folder));
    }
    let app = App::open(Config {
        key: KeyPlace::of_folder(&folder, key_file),
        folder,
        forms: None,
        demo,
        server,
        clock: Clock::System,
        costs: Costs::default(),
    });
    Ok(app?)
}

/// Opens the store and signs in. The password is the first line of a file, or of standard input for `-`.
pub(crate) fn sign_in(matches: &ArgMatches) -> Result<App, ToolError> {
    let text = |name| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let password = input::first_line_of(&text("password-file"))?;
    let app = open(matches, false)?;
    app.sign_in(SignInRequest {
        user_name: text("user"),
        password,
    })?;
    Ok(app)
}

/// A code in Danish: its text in the catalogue, or the code itself where it has none.
pub(crate) fn word(group: &str, code: &str) -> String {
    let key = format!("{group}.{code}");
    let text = say(&key, &[]);
    if text == key { code.to_owned() } else { text }
}
