//! The demo's central store: `skranke-server` as a child process on loopback.
//!
//! The child gets its settings in its environment and names its address on standard output. It ends
//! when its standard input closes, so that it never outlives this program, however this program ends.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const PROGRAM: &str = "skranke-server";
const START_LIMIT: Duration = Duration::from_secs(20);
const END_LIMIT: Duration = Duration::from_secs(5);

/// Why the demo has no central store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CentralError {
    /// The program is missing or could not be started.
    #[error("the central store could not be started")]
    NotStarted(#[source] io::Error),
    /// The program started and did not name its address in time.
    #[error("the central store named no address")]
    NoAddress,
}

/// A running central store. It ends when this is dropped.
pub(crate) struct CentralStore {
    child: Child,
    /// Kept open: closing it tells the child to end.
    input: Option<ChildStdin>,
    /// Kept open, so that the child can go on writing.
    _output: ChildStdout,
    address: String,
}

impl CentralStore {
    /// Starts the central store on the folder's own database and waits for its address.
    pub(crate) fn start(
        program: &Path,
        data: &Path,
        tenant: &str,
        bootstrap_secret: &str,
    ) -> Result<Self, CentralError> {
        std::fs::create_dir_all(data).map_err(CentralError::NotStarted)?;
        let mut store = OsString::from("sqlite:");
        store.push(data.join("central.db"));
        let mut child = Command::new(program)
            .args(["serve", "--exit-with-parent"])
            .env("SKRANKE_SERVER_LISTEN", "127.0.0.1:0")
            .env("SKRANKE_SERVER_STORE", store)
            .env("SKRANKE_SERVER_KEY_FILE", data.join("key"))
            .env("SKRANKE_SERVER_TENANT", tenant)
            .env("SKRANKE_SERVER_BOOTSTRAP_SECRET", bootstrap_secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(CentralError::NotStarted)?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or(CentralError::NoAddress)?;
        let (output, line) = first_line(output).ok_or(CentralError::NoAddress)?;
        let address = address_in(&line).ok_or(CentralError::NoAddress)?;
        Ok(Self {
            child,
            input,
            _output: output,
            address,
        })
    }

    /// Where it listens, as `http://127.0.0.1:<port>`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for CentralStore {
    fn drop(&mut self) {
        drop(self.input.take());
        let begin = Instant::now();
        while begin.elapsed() < END_LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the server program lies: beside this one.
pub(crate) fn program_beside_this_one() -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?
        .with_file_name(format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX)))
}

/// Waits for the child's first line without waiting for ever.
fn first_line(output: ChildStdout) -> Option<(ChildStdout, String)> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = String::new();
        let read = reader.read_line(&mut line);
        // The receiver may have given up; then nobody needs the line.
        let _ = sender.send(
            read.ok()
                .filter(|length| *length > 0)
                .map(|_| (reader.into_inner(), line)),
        );
    });
    receiver.recv_timeout(START_LIMIT).ok().flatten()
}

/// The address in what the child says; only loopback is believed.
fn address_in(line: &str) -> Option<String> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    let address = said.get("listening")?.as_str()?;
    address
        .starts_with("http://127.0.0.1:")
        .then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_read_from_the_first_line_and_only_loopback_is_believed() {
        let line = "{\"listening\":\"http://127.0.0.1:40123\",\"tenant\":\"990\"}\n";

        assert_eq!(address_in(line).as_deref(), Some("http://127.0.0.1:40123"));
        assert_eq!(
            address_in("{\"listening\":\"http://10.0.0.1:40123\"}"),
            None
        );
    }

    #[test]
    fn program_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();

        let missing = CentralStore::start(
            &folder.path().join("nothing"),
            folder.path(),
            "990",
            "secret",
        );

        assert!(matches!(missing, Err(CentralError::NotStarted(_))));
    }

    #[cfg(unix)]
    #[test]
    fn program_that_names_no_address_is_an_error() {
        let folder = tempfile::tempdir().unwrap();

        let silent = CentralStore::start(Path::new("/bin/true"), folder.path(), "990", "secret");

        assert!(silent.is_err());
    }
}
