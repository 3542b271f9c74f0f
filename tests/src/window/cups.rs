//! A printing system of the test's own: a private CUPS daemon whose one printer is the test itself.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::process::Guarded;
use super::{PATIENCE, POLL};

/// The one printer's name.
pub const PRINTER: &str = "Skranke1";

/// A running printing system.
pub struct Cups {
    folder: TempDir,
    papers: Receiver<Vec<u8>>,
    _daemon: Guarded,
}

impl Cups {
    /// Starts the daemon and adds the printer as default.
    pub fn start() -> Result<Self> {
        // A path to a socket may be about a hundred characters long.
        let folder = tempfile::Builder::new()
            .prefix("skranke-cups-")
            .tempdir_in("/tmp")?;
        let root = folder.path();
        for part in ["root", "spool", "cache", "state", "tmp", "log"] {
            fs::create_dir(root.join(part))?;
        }
        let socket = root.join("socket");
        fs::write(root.join("root/cupsd.conf"), settings(&socket))?;
        fs::write(root.join("root/cups-files.conf"), places(root))?;
        let daemon = Guarded::quiet(
            Command::new("/usr/sbin/cupsd")
                .arg("-f")
                .arg("-c")
                .arg(root.join("root/cupsd.conf"))
                .arg("-s")
                .arg(root.join("root/cups-files.conf")),
        )?;
        let begin = Instant::now();
        while !socket.exists() {
            ensure!(
                begin.elapsed() < PATIENCE,
                "the printing system did not start"
            );
            std::thread::sleep(POLL);
        }
        let (address, papers) = printer()?;
        let cups = Self {
            folder,
            papers,
            _daemon: daemon,
        };
        cups.admin(
            "lpadmin",
            &["-p", PRINTER, "-E", "-v", &address, "-m", "raw"],
        )?;
        cups.admin("lpadmin", &["-d", PRINTER])?;
        Ok(cups)
    }

    /// What a program needs in `CUPS_SERVER` to print here.
    pub fn server(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Switches the printer off, as a paper jam would.
    pub fn stop_printer(&self) -> Result<()> {
        self.admin("cupsdisable", &[PRINTER])
    }

    /// Switches the printer on again.
    pub fn start_printer(&self) -> Result<()> {
        self.admin("cupsenable", &[PRINTER])
    }

    /// Waits for what came out of the printer.
    pub fn paper(&self) -> Result<Vec<u8>> {
        self.papers
            .recv_timeout(PATIENCE)
            .context("no paper came out of the printer")
    }

    /// Names of files the spooler keeps; a paper's own starts with `d`.
    pub fn spooled_papers(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.path().join("spool"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with('d') {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn admin(&self, program: &str, args: &[&str]) -> Result<()> {
        let status = Command::new(program)
            .args(args)
            .env("CUPS_SERVER", self.server())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("running {program}"))?;
        ensure!(status.success(), "{program} {args:?} failed");
        Ok(())
    }
}

/// A printer that takes whatever is sent to a port; gives its address.
fn printer() -> Result<(String, Receiver<Vec<u8>>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = format!("socket://{}", listener.local_addr()?);
    let (sender, papers) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut paper = Vec::new();
            let read = connection.and_then(|mut connection| connection.read_to_end(&mut paper));
            if read.is_ok() && sender.send(paper).is_err() {
                return;
            }
        }
    });
    Ok((address, papers))
}

fn settings(socket: &Path) -> String {
    format!(
        "Listen {}\nBrowsing No\nDefaultAuthType None\nWebInterface No\nPreserveJobFiles No\nLogLevel warn\n\
         <Location />\nOrder allow,deny\nAllow all\n</Location>\n\
         <Policy default>\n<Limit All>\nOrder deny,allow\nAllow all\n</Limit>\n</Policy>\n",
        socket.display()
    )
}

fn places(root: &Path) -> String {
    let root = root.display();
    format!(
        "SystemGroup root\nServerRoot {root}/root\nServerBin /usr/lib/cups\nDataDir /usr/share/cups\n\
         CacheDir {root}/cache\nStateDir {root}/state\nRequestRoot {root}/spool\nTempDir {root}/tmp\n\
         ErrorLog {root}/log/error\nAccessLog {root}/log/access\nPageLog {root}/log/page\n"
    )
}
