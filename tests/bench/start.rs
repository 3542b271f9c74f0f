//! P15: from starting the program to a window one can use, and the memory it then holds.
//!
//! No driver is attached: the picture on the display is watched until it stands still. In turn with it, where Chromium
//! is installed, Chromium shows the same built page as an app window, with the same core answering it over loopback:
//! the shape of a system in a browser. Both start on what an earlier start left behind, and neither's central store
//! or core beside it is counted.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use skranke_tests::window::{Display, Guarded, build_folder, descendants};
use tempfile::TempDir;

use crate::figure::{Figures, ms, percentile};
use crate::page::Page;

const ROUNDS: usize = 5;
/// A picture that has not changed for so long stands still.
const STILL: Duration = Duration::from_millis(400);
const LIMIT: Duration = Duration::from_secs(30);

/// One of the two that are compared.
struct Contender {
    folder: TempDir,
    command: Box<dyn Fn(&Path) -> Command>,
    times: Vec<Duration>,
    memory_kb: Vec<u64>,
}

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let program = build_folder()?.join("skranke-desktop");
    ensure!(program.exists(), "{} is not built", program.display());
    let mut own = Contender::new(Box::new(move |folder| {
        let mut command = Command::new(&program);
        command
            .args(["--profile", "demo", "--without-central-store", "--data"])
            .arg(folder.join("data"));
        command
    }))?;
    let page = Page::serve()?;
    let address = page.address();
    let mut other = match which("chromium") {
        Some(chromium) => Some(Contender::new(Box::new(move |folder| {
            let mut command = Command::new(&chromium);
            command
                .arg(format!("--app={address}"))
                .arg(format!(
                    "--user-data-dir={}",
                    folder.join("chromium").display()
                ))
                .args([
                    "--no-sandbox",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--window-size=1366,768",
                ]);
            command
        }))?),
        None => None,
    };
    // The first start of each makes what later ones find: not measured.
    own.start()?;
    own.forget();
    if let Some(other) = &mut other {
        other.start()?;
        ensure!(
            page.was_asked(),
            "Chromium shows the page, and the page asks the core"
        );
        other.forget();
    }
    for _ in 0..ROUNDS {
        own.start()?;
        if let Some(other) = &mut other {
            other.start()?;
        }
    }
    own.tell(figures, "the window");
    match &other {
        Some(other) => {
            other.tell(figures, "Chromium, same page");
            compare(figures, &own, other);
        }
        None => figures.add(
            "P15",
            "the same in Chromium",
            "not installed".to_owned(),
            "1.0 x; 0.75 x",
            None,
        ),
    }
    Ok(())
}

fn compare(figures: &mut Figures, own: &Contender, other: &Contender) {
    let start = own.start_p50().as_secs_f64() / other.start_p50().as_secs_f64().max(1e-6);
    figures.add(
        "P15",
        "start, as a share of Chromium's",
        format!("{start:.2} x"),
        "<= 1.0 x",
        Some(start <= 1.0),
    );
    #[expect(clippy::cast_precision_loss, reason = "memory in kB is far below 2^52")]
    let memory = own.memory_p50() as f64 / other.memory_p50().max(1) as f64;
    figures.add(
        "P15",
        "memory, as a share of Chromium's",
        format!("{memory:.2} x"),
        "<= 0.75 x",
        Some(memory <= 0.75),
    );
}

impl Contender {
    fn new(command: Box<dyn Fn(&Path) -> Command>) -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            command,
            times: Vec::new(),
            memory_kb: Vec::new(),
        })
    }

    /// Starts it once on a display of its own, waits until its picture stands still, and ends it.
    fn start(&mut self) -> Result<()> {
        let folder = self.folder.path();
        let display = Display::start()?;
        let empty = display.frame()?;
        let begin = Instant::now();
        let mut command = (self.command)(folder);
        command
            .env("DISPLAY", display.name())
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env("HOME", folder)
            .env("XDG_DATA_HOME", folder.join("share"))
            .env("XDG_RUNTIME_DIR", folder)
            .env_remove("WAYLAND_DISPLAY");
        let process = Guarded::quiet(&mut command)?;
        self.times.push(until_still(&display, &empty, begin)?);
        self.memory_kb.push(memory_kb(process.id()));
        Ok(())
    }

    fn forget(&mut self) {
        self.times.clear();
        self.memory_kb.clear();
    }

    fn start_p50(&self) -> Duration {
        percentile(&self.times, 0.5)
    }

    fn memory_p50(&self) -> u64 {
        let mut sorted = self.memory_kb.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    fn tell(&self, figures: &mut Figures, who: &str) {
        let (least, most) = (self.times.iter().min(), self.times.iter().max());
        figures.add(
            "P15",
            &format!("{who}: start until it stands still, p50"),
            ms(self.start_p50()),
            &format!(
                "({} to {} in {ROUNDS} starts)",
                ms(least.copied().unwrap_or_default()),
                ms(most.copied().unwrap_or_default())
            ),
            None,
        );
        figures.add(
            "P15",
            &format!("{who}: memory then (PSS, all its processes)"),
            format!("{} MB", self.memory_p50() / 1024),
            "",
            None,
        );
    }
}

/// When the picture last changed, once it has changed and then stood still.
fn until_still(display: &Display, empty: &[u8], begin: Instant) -> Result<Duration> {
    let mut last = empty.to_vec();
    let mut changed_at: Option<Instant> = None;
    loop {
        let now = display.frame()?;
        if now != last {
            last = now;
            changed_at = Some(Instant::now());
        }
        if let Some(at) = changed_at.filter(|at| at.elapsed() > STILL) {
            return Ok(at - begin);
        }
        ensure!(begin.elapsed() < LIMIT, "the window did not come to rest");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Proportional memory of a process and everything below it.
fn memory_kb(id: u32) -> u64 {
    let mut all = descendants(id);
    all.push(id);
    all.iter().filter_map(|id| pss_kb(*id).ok()).sum()
}

fn pss_kb(id: u32) -> Result<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
    let line = rollup
        .lines()
        .find(|line| line.starts_with("Pss:"))
        .context("a process has a PSS")?;
    Ok(line
        .split_whitespace()
        .nth(1)
        .context("the PSS has a number")?
        .parse()?)
}

fn which(program: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(program);
    path.exists().then_some(path)
}
