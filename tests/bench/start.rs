//! From starting the program to a window one can use, and the memory it then holds.
//!
//! No driver is attached: the picture on the display is watched until it stands still.
//! Beside it, where Chromium is installed, Chromium showing the same built page as an app window.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use skranke_tests::window::{Display, Guarded, build_folder, descendants, workspace};

use crate::figure::{Figures, ms, percentile};

const ROUNDS: usize = 5;
/// A picture that has not changed for so long stands still.
const STILL: Duration = Duration::from_millis(400);
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let program = build_folder()?.join("skranke-desktop");
    ensure!(program.exists(), "{} is not built", program.display());
    let (own, own_memory) = rounds(|folder| {
        let mut command = Command::new(&program);
        command
            .args(["--profile", "demo", "--data"])
            .arg(folder.join("data"));
        command
    })?;
    let own_start = percentile(&own, 0.5);
    figures.add(
        "P15",
        "start to a window that stands still, p50",
        ms(own_start),
        "",
        None,
    );
    figures.add(
        "P15",
        "memory then (PSS, all processes)",
        megabytes(own_memory),
        "",
        None,
    );

    let page = workspace().join("ui/dist/index.html");
    let Some(chromium) = which("chromium") else {
        figures.add(
            "P15",
            "the same in Chromium",
            "not compared".to_owned(),
            "1.0 x; 0.75 x",
            None,
        );
        return Ok(());
    };
    let (other, other_memory) = rounds(|folder| {
        let mut command = Command::new(&chromium);
        command
            .arg(format!("--app=file://{}", page.display()))
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
    })?;
    let other_start = percentile(&other, 0.5);
    let ratio = own_start.as_secs_f64() / other_start.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "memory in kB is far below 2^52")]
    let memory_ratio = own_memory as f64 / other_memory as f64;
    figures.add(
        "P15",
        "Chromium app window, same page, p50",
        ms(other_start),
        "",
        None,
    );
    figures.add(
        "P15",
        "start, as a share of Chromium's",
        format!("{ratio:.2} x"),
        "<= 1.0 x",
        Some(ratio <= 1.0),
    );
    figures.add(
        "P15",
        "memory, as a share of Chromium's",
        format!("{memory_ratio:.2} x"),
        "<= 0.75 x",
        Some(memory_ratio <= 0.75),
    );
    Ok(())
}

/// Starts the program several times on a fresh display and folder; gives the times and the last memory in kB.
fn rounds(command: impl Fn(&Path) -> Command) -> Result<(Vec<Duration>, u64)> {
    let mut times = Vec::new();
    let mut memory = 0;
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let display = Display::start()?;
        let empty = display.frame()?;
        let begin = Instant::now();
        let mut command = command(folder.path());
        command
            .env("DISPLAY", display.name())
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path().join("share"))
            .env("XDG_RUNTIME_DIR", folder.path())
            .env_remove("WAYLAND_DISPLAY");
        let process = Guarded::quiet(&mut command)?;
        times.push(until_still(&display, &empty, begin)?);
        memory = memory_kb(process.id());
    }
    Ok((times, memory))
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

fn megabytes(kb: u64) -> String {
    format!("{} MB", kb / 1024)
}

fn which(program: &str) -> Option<std::path::PathBuf> {
    let path = Path::new("/usr/bin").join(program);
    path.exists().then_some(path)
}
