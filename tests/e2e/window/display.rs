//! A display of the test's own: Xvfb picks a free number, so tests never meet.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::process::Guarded;

/// An X display that ends with the test.
pub(crate) struct Display {
    name: String,
    _server: Guarded,
    window_manager: Option<Guarded>,
}

impl Display {
    pub(crate) fn start() -> Result<Self> {
        let mut server = Guarded::spawn(
            Command::new("Xvfb")
                .args([
                    "-displayfd",
                    "1",
                    "-screen",
                    "0",
                    "1400x900x24",
                    "-nolisten",
                    "tcp",
                    "-noreset",
                ])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let stdout = server
            .child()
            .stdout
            .take()
            .context("Xvfb has a standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(!line.trim().is_empty(), "Xvfb named no display");
        Ok(Self {
            name: format!(":{}", line.trim()),
            _server: server,
            window_manager: None,
        })
    }

    /// Starts a window manager, without which native dialogs get no focus.
    pub(crate) fn start_window_manager(&mut self) -> Result<()> {
        self.window_manager = Some(Guarded::quiet(
            Command::new("openbox").env("DISPLAY", &self.name),
        )?);
        Ok(())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}
