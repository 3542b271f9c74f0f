//! Something else where the central store should be: the sign-in page of a guest network, for every question.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Scratch, build_folder};

const PROGRAM: &str = "skranke-desktop";
const PAGE: &str = "<!doctype html><html lang=\"da\"><title>Log på gæstenettet</title><h1>Log på gæstenettet</h1></html>";

/// Answers every question with one page, and a copy of the program whose central store is that.
pub struct ForeignServer {
    program: PathBuf,
}

impl ForeignServer {
    /// The program's own central store at `port`, which the program is told to reach at `through`: a line between.
    pub fn behind(scratch: &Scratch, port: u16, through: SocketAddr) -> Result<Self> {
        let real = build_folder()?.join("skranke-server");
        Self::instead(
            scratch,
            &format!(
                "#!/bin/sh\necho '{{\"listening\":\"http://{through}\"}}'\n\
                 SKRANKE_SERVER_LISTEN=127.0.0.1:{port} exec '{}' \"$@\" >/dev/null\n",
                real.display()
            ),
        )
    }

    /// The program's own central store, whose clock is right whatever the program's is.
    pub fn with_the_right_clock(scratch: &Scratch) -> Result<Self> {
        let real = build_folder()?.join("skranke-server");
        Self::instead(
            scratch,
            &format!(
                "#!/bin/sh\nunset SKRANKE_REHEARSE_SECONDS_AHEAD\nexec '{}' \"$@\"\n",
                real.display()
            ),
        )
    }

    /// Begins to answer, until the test ends.
    pub fn start(scratch: &Scratch) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                std::thread::spawn(move || answer(connection));
            }
        });
        Self::instead(
            scratch,
            &format!(
                "#!/bin/sh\necho '{{\"listening\":\"http://{address}\"}}'\nexec cat >/dev/null\n"
            ),
        )
    }

    /// A copy of the program beside this in place of its central store.
    fn instead(scratch: &Scratch, script: &str) -> Result<Self> {
        let folder = scratch.stand_ins();
        let program = folder.join(PROGRAM);
        fs::copy(build_folder()?.join(PROGRAM), &program).context("copying the program")?;
        let server = folder.join("skranke-server");
        fs::write(&server, script)?;
        fs::set_permissions(&server, fs::Permissions::from_mode(0o700))?;
        Ok(Self { program })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }
}

fn answer(mut connection: std::net::TcpStream) {
    let mut question = [0_u8; 8192];
    if connection.read(&mut question).is_ok() {
        // A guest who hung up needs no page.
        let _ = write!(
            connection,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
            PAGE.len()
        );
    }
}
