//! Native file dialogs, which no WebDriver reaches: found by title, driven with xdotool.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::POLL;
use super::display::Display;

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
                begin.elapsed() < Duration::from_secs(20),
                "no dialog titled \"{title}\" came"
            );
            std::thread::sleep(POLL);
        }
    }

    /// Types the path of a file and confirms.
    pub fn choose(&self, path: &Path) -> Result<()> {
        let path = path.to_str().context("scratch paths are plain text")?;
        xdotool(&self.display, &["windowfocus", "--sync", &self.id])?;
        // Typing a slash opens the path field of the GTK dialog.
        xdotool(&self.display, &["type", "--delay", "15", path])?;
        xdotool(&self.display, &["key", "Return"])?;
        self.wait_until_closed()
    }

    /// Closes the dialog without choosing.
    pub fn cancel(&self) -> Result<()> {
        xdotool(&self.display, &["windowfocus", "--sync", &self.id])?;
        xdotool(&self.display, &["key", "Escape"])?;
        self.wait_until_closed()
    }

    fn wait_until_closed(&self) -> Result<()> {
        let begin = Instant::now();
        while self.is_open()? {
            ensure!(
                begin.elapsed() < Duration::from_secs(10),
                "the dialog did not close"
            );
            std::thread::sleep(POLL);
        }
        Ok(())
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
