//! Child processes that never outlive the test, and the processes they start in turn.

use std::collections::HashMap;
use std::fs;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

/// A child process that is asked to end, then made to end, when it is dropped.
pub struct Guarded {
    child: Child,
}

impl Guarded {
    /// Starts the command with nothing connected, so that no pipe keeps a test waiting.
    pub fn quiet(command: &mut Command) -> Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self::spawn(command)
    }

    /// Starts the command with the streams it was given.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self { child })
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let below = descendants(self.id());
        signal("TERM", &[self.id()]);
        for _ in 0..100 {
            if self.has_ended() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        signal("KILL", &below);
    }
}

/// Sends a signal to the processes that still live.
pub(crate) fn signal(name: &str, ids: &[u32]) {
    let living: Vec<String> = ids
        .iter()
        .filter(|id| fs::exists(format!("/proc/{id}")).unwrap_or(false))
        .map(u32::to_string)
        .collect();
    if living.is_empty() {
        return;
    }
    let _ = Command::new("kill")
        .arg(format!("-{name}"))
        .args(living)
        .stderr(Stdio::null())
        .status();
}

/// Every process below the given one.
pub fn descendants(id: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for (child, parent) in all_processes() {
        children.entry(parent).or_default().push(child);
    }
    let mut found = Vec::new();
    let mut open = vec![id];
    while let Some(next) = open.pop() {
        for child in children.get(&next).into_iter().flatten() {
            found.push(*child);
            open.push(*child);
        }
    }
    found
}

/// The name of a process's program, without its folder.
pub(crate) fn program_name(id: u32) -> Option<String> {
    let path = fs::read_link(format!("/proc/{id}/exe")).ok()?;
    let name = path.file_name()?.to_string_lossy().into_owned();
    // A program that was built anew while it runs is called deleted.
    Some(name.trim_end_matches(" (deleted)").to_owned())
}

fn all_processes() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // The second field is the name in brackets and may hold blanks; the parent follows the state.
            let parent = stat
                .rsplit_once(')')?
                .1
                .split_whitespace()
                .nth(1)?
                .parse()
                .ok()?;
            Some((id, parent))
        })
        .collect()
}
