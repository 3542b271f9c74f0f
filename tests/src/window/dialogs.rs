//! Native file dialogs, which no WebDriver reaches: found by title, driven with xdotool.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::display::Display;
use super::{PATIENCE, POLL};

/// An open native dialog.
pub struct NativeDialog {
    display: String,
    id: String,
    title: String,
}

impl NativeDialog {
    /// Waits for a dialog with this title.
    pub fn wait_for(display: &Display, title: &str) -> Result<Self> {
        let begin = Instant::now();
        loop {
            let found = xdotool(
                display.name(),
                &["search", "--onlyvisible", "--name", title],
            )?;
            if let Some(id) = found.lines().next() {
                return Ok(Self {
                    display: display.name().to_owned(),
                    id: id.to_owned(),
                    title: title.to_owned(),
                });
            }
            ensure!(
                begin.elapsed() < PATIENCE,
                "no dialog titled \"{title}\" came"
            );
            std::thread::sleep(POLL);
        }
    }

    /// Types the path of a file and confirms.
    pub fn choose(&self, path: &Path) -> Result<()> {
        let path = path.to_str().context("scratch paths are plain text")?;
        self.focus()?;
        // Ctrl L opens the path field of the GTK dialog, whatever it showed last.
        self.keys(&["key", "ctrl+l"])?;
        self.keys(&["key", "ctrl+a"])?;
        self.keys(&["type", "--delay", "25", path])?;
        self.press_until_closed("Return")
    }

    /// Closes the dialog without choosing.
    pub fn cancel(&self) -> Result<()> {
        self.focus()?;
        self.press_until_closed("Escape")
    }

    fn focus(&self) -> Result<()> {
        self.keys(&["windowactivate", "--sync", &self.id])?;
        self.keys(&["windowfocus", "--sync", &self.id])
    }

    /// The list of proposals under the path field takes the first key for itself, if it is open.
    fn press_until_closed(&self, key: &str) -> Result<()> {
        let begin = Instant::now();
        loop {
            self.keys(&["key", key])?;
            let pressed = Instant::now();
            while pressed.elapsed() < Duration::from_secs(1) {
                if !self.is_open()? {
                    return Ok(());
                }
                std::thread::sleep(POLL);
            }
            ensure!(begin.elapsed() < PATIENCE, "the dialog did not close");
        }
    }

    fn keys(&self, args: &[&str]) -> Result<()> {
        xdotool(&self.display, args).map(drop)
    }

    fn is_open(&self) -> Result<bool> {
        let open = xdotool(
            &self.display,
            &["search", "--onlyvisible", "--name", &self.title],
        )?;
        Ok(open.lines().any(|id| id == self.id))
    }
}

/// Runs xdotool; a search that finds nothing is an empty answer, not an error.
fn xdotool(display: &str, args: &[&str]) -> Result<String> {
    let output = Command::new("xdotool")
        .args(args)
        .env("DISPLAY", display)
        .stderr(Stdio::null())
        .output()
        .context("running xdotool")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
