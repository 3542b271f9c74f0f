//! The program as operations start it: with settings from the environment and its log in a file.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::program::{SECRET, command, embedded};

pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) metrics: Option<String>,
    log: PathBuf,
}

impl Started {
    /// Over an embedded store.
    pub(crate) fn with(folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        Self::on(folder, &embedded(folder), change)
    }

    pub(crate) fn on(folder: &Path, store: &str, change: impl FnOnce(&mut Command)) -> Self {
        let log = folder.join("log");
        let mut command = command(folder, store);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--tenant", "0999"])
            .env("SKRANKE_SERVER_BOOTSTRAP_SECRET", SECRET)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap());
        change(&mut command);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told: serde_json::Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{}", std::fs::read_to_string(&log).unwrap()));
        Self {
            child,
            url: told["listening"].as_str().unwrap().to_owned(),
            metrics: told["metrics"].as_str().map(str::to_owned),
            log,
        }
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
