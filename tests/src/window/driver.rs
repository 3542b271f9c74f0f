//! WebKitWebDriver and the session in which it starts the real program.
//!
//! `WEBKIT_DISABLE_DMABUF_RENDERER` and `WEBKIT_DISABLE_COMPOSITING_MODE` must not be set here:
//! with either of them the first click never returns.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::display::Display;
use super::process::{Guarded, descendants, program_name, signal};
use super::{Opening, PATIENCE, POLL, Scratch, build_folder, drivable_folder};

const PROGRAM: &str = "skranke-desktop";

/// A running driver. It ends with the test and takes the program with it.
pub(crate) struct Driver {
    process: Guarded,
    port: u16,
}

impl Driver {
    pub(crate) fn start(
        display: &Display,
        scratch: &Scratch,
        opening: Opening<'_>,
    ) -> Result<Self> {
        // Another program may take the free port before the driver does, hence more than one try.
        for _ in 0..5 {
            let port = free_port()?;
            let mut process = Guarded::quiet(&mut command(display, scratch, opening, port)?)?;
            if answers(port, &mut process) {
                return Ok(Self { process, port });
            }
        }
        bail!("WebKitWebDriver did not start");
    }

    /// Starts the program in a new session.
    pub(crate) async fn session(&self, scratch: &Scratch, opening: Opening<'_>) -> Result<Client> {
        let program = match opening.foreign_server {
            Some(foreign) => foreign.program().to_owned(),
            None => drivable_folder()?.join(PROGRAM),
        };
        ensure!(
            program.exists(),
            "{} is not built: cargo build --workspace --all-targets",
            program.display()
        );
        let mut args = vec![json!("--data"), json!(scratch.store_folder())];
        if !opening.new_computer {
            args.extend([json!("--profile"), json!("demo")]);
        }
        if opening.offline {
            args.push(json!("--without-central-store"));
        }
        let capabilities: Value = json!({
            "browserName": "wry",
            "webkitgtk:browserOptions": { "binary": program, "args": args },
        });
        let Value::Object(capabilities) = capabilities else {
            bail!("capabilities are an object")
        };
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .context("opening the window")
    }

    /// Numbers of the running programs of this name below the driver.
    pub(crate) fn programs(&self, name: &str) -> Vec<u32> {
        let below = descendants(self.process.id());
        below
            .into_iter()
            .filter(|id| program_name(*id).is_some_and(|found| found == name))
            .collect()
    }

    /// Kills the program, and says how many processes that were.
    pub(crate) fn kill_program(&self) -> Result<usize> {
        let ids = self.programs(PROGRAM);
        signal("KILL", &ids);
        wait_until_gone(&ids)?;
        Ok(ids.len())
    }
}

/// Waits until none of the processes runs any more.
pub fn wait_until_gone(ids: &[u32]) -> Result<()> {
    let begin = Instant::now();
    while ids.iter().any(|id| program_name(*id).is_some()) {
        ensure!(begin.elapsed() < PATIENCE, "processes {ids:?} did not end");
        std::thread::sleep(POLL);
    }
    Ok(())
}

fn command(
    display: &Display,
    scratch: &Scratch,
    opening: Opening<'_>,
    port: u16,
) -> Result<Command> {
    let mut command = Command::new("WebKitWebDriver");
    command
        .arg("--host=127.0.0.1")
        .arg(format!("--port={port}"))
        .env("DISPLAY", display.name())
        .env("GDK_BACKEND", "x11")
        .env("TAURI_AUTOMATION", "true")
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("NO_AT_BRIDGE", "1")
        .env("LC_ALL", "da_DK.UTF-8")
        .env("HOME", scratch.home())
        .env("XDG_DATA_HOME", scratch.home().join("share"))
        .env("XDG_CONFIG_HOME", scratch.home().join("config"))
        .env("XDG_CACHE_HOME", scratch.home().join("cache"))
        .env("XDG_RUNTIME_DIR", scratch.runtime())
        // Without a graphics card the same drawing programs are compiled for each window: a quarter of all its work.
        .env(
            "MESA_SHADER_CACHE_DIR",
            build_folder()?.join("window-shaders"),
        )
        // No session bus: the key store falls back to its key file, and no dialog asks for a password.
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .env("PATH", path_with_stand_ins(scratch))
        .env_remove("WAYLAND_DISPLAY");
    match opening.printing {
        Some(cups) => command.env("CUPS_SERVER", cups.server()),
        None => command.env("CUPS_SERVER", scratch.runtime().join("no-printing-system")),
    };
    if opening.drawn_as_shipped {
        command.env("SKRANKE_DRAWN_AS_SHIPPED", "true");
    }
    if let Some(ahead) = opening.day.and_then(seconds_ahead) {
        command.env("SKRANKE_REHEARSE_SECONDS_AHEAD", ahead.to_string());
    }
    if !opening.native_dialogs {
        command.env("SKRANKE_DIALOG_FOLDER", scratch.files());
    }
    if scratch.forms().exists() {
        command.env("SKRANKE_FORMS_FOLDER", scratch.forms());
    }
    Ok(command)
}

/// From now to nine in the morning of a day, in UTC: ten or eleven in Denmark.
fn seconds_ahead(day: &str) -> Option<i64> {
    let morning = day.parse::<NaiveDate>().ok()?.and_hms_opt(9, 0, 0)?;
    let now: DateTime<Utc> = std::time::SystemTime::now().into();
    Some((morning.and_utc() - now).num_seconds())
}

/// The program's own search path, with what stands in for a person's browser in front.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test inherits the path of the machine"
)]
fn path_with_stand_ins(scratch: &Scratch) -> std::ffi::OsString {
    let mut path = scratch.stand_ins().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn answers(port: u16, process: &mut Guarded) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE && !process.has_ended() {
        if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
            return true;
        }
        std::thread::sleep(POLL);
    }
    false
}
