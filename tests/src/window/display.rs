//! A display of the test's own: Xvfb picks a free number, so tests never meet.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use tempfile::TempDir;

use super::process::Guarded;
use super::{PATIENCE, POLL};

/// The file Xvfb keeps its picture in.
const SCREEN: &str = "Xvfb_screen0";

/// An X display that ends with the test.
pub struct Display {
    name: String,
    frames: TempDir,
    _server: Guarded,
    window_manager: Option<Guarded>,
}

impl Display {
    /// Starts a display.
    pub fn start() -> Result<Self> {
        let frames = tempfile::Builder::new()
            .prefix("skranke-display-")
            .tempdir()?;
        let mut server = Guarded::spawn(
            Command::new("Xvfb")
                .arg("-fbdir")
                .arg(frames.path())
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
        // The display is named before it has a screen.
        let begin = Instant::now();
        while fs::metadata(frames.path().join(SCREEN)).map_or(0, |facts| facts.len()) == 0 {
            ensure!(begin.elapsed() < PATIENCE, "Xvfb made no screen");
            std::thread::sleep(POLL);
        }
        Ok(Self {
            name: format!(":{}", line.trim()),
            frames,
            _server: server,
            window_manager: None,
        })
    }

    /// Starts a window manager, without which native dialogs get no focus.
    pub fn start_window_manager(&mut self) -> Result<()> {
        self.window_manager = Some(Guarded::quiet(
            Command::new("openbox").env("DISPLAY", &self.name),
        )?);
        Ok(())
    }

    /// What the display shows now, as raw bytes: equal bytes are an equal picture.
    pub fn frame(&self) -> Result<Vec<u8>> {
        let path = self.frames.path().join(SCREEN);
        fs::read(&path).with_context(|| format!("reading {}", path.display()))
    }

    /// The display's name for `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }
}
