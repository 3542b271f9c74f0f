//! The pages of a PDF from outside, drawn as pictures by a process of its own.
//!
//! A PDF can be made to break what reads it, to fill the memory or never to end. The program starts itself once more, and
//! that process gets the file, may open nothing else, and is ended when it takes too long; all that comes back is colours,
//! which this process encodes. The reader is of safe Rust, so the process is the second fence, not the first.
//!
//! Basis: reliability 2.1, T4.

use std::ffi::OsStr;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{ImageFormat, RgbImage};

use crate::intake::LARGEST_FILE_BYTES;

/// What the program is asked as its only argument.
const ASKED: &str = "draw-pages";
/// Most pages of a file that is taken.
pub const MOST_PAGES: usize = 20;
/// Longest side of a drawn page, in pixels.
const PAGE_SIDE: u16 = 1_600;
/// How long the process may draw, and how much processor time it may use.
const PATIENCE: Duration = Duration::from_secs(20);
/// Memory the process may take for itself.
#[cfg(unix)]
const MEMORY_BYTES: u64 = 1024 * 1024 * 1024;
/// Deeply nested files need a deep stack.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// How the process ends on a file with too many pages.
const TOO_MANY: u8 = 10;

/// The program itself, where its main function asks [`asked`] first.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Why a PDF has no pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFault {
    /// It has more than [`MOST_PAGES`] pages.
    TooMany,
    /// It cannot be drawn: broken, locked, or too much for the limits.
    Unreadable,
}

/// Draws a PDF for the program that started this one, where `argument` asks for it; called first by a main function.
pub fn asked(argument: Option<&OsStr>) -> Option<ExitCode> {
    if argument.is_some_and(|argument| argument == ASKED) {
        return Some(be_the_drawer());
    }
    // A path that is not known is an empty one, which nothing can be started by: a PDF is refused then.
    let _ = PROGRAM.set(std::env::current_exe().unwrap_or_default());
    None
}

/// The pages as PNG, in order: by a process of its own, or on a thread in a program that cannot be started so (a test).
///
/// # Errors
/// [`PageFault`]; nothing of the file is kept either way.
pub fn drawn(pdf: Vec<u8>) -> Result<Vec<Vec<u8>>, PageFault> {
    match PROGRAM.get() {
        Some(program) => drawn_by(program, pdf, PATIENCE),
        None => {
            let colours = on_a_deep_stack(move || {
                let mut colours = Vec::new();
                draw(pdf, &mut colours).map(|()| colours)
            })?;
            pages_of(&mut Cursor::new(colours))
        }
    }
}

/// The pages as a process of `program` draws them, which is ended when it takes longer than `patience`.
///
/// # Errors
/// As [`drawn`].
pub fn drawn_by(
    program: &Path,
    pdf: Vec<u8>,
    patience: Duration,
) -> Result<Vec<Vec<u8>>, PageFault> {
    let mut drawer = Command::new(program)
        .arg(ASKED)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| PageFault::Unreadable)?;
    let (Some(mut into), Some(mut out)) = (drawer.stdin.take(), drawer.stdout.take()) else {
        return Err(PageFault::Unreadable);
    };
    // Written and read beside the waiting: a drawer that stops in the middle stops nobody else.
    let given = std::thread::spawn(move || into.write_all(&pdf));
    let taken = std::thread::spawn(move || pages_of(&mut out));
    let ended = ends_in_time(&mut drawer, patience);
    let _ = given.join();
    let pages = joined(taken)?;
    match ended {
        Some(0) => pages,
        Some(code) if code == i32::from(TOO_MANY) => Err(PageFault::TooMany),
        _ => Err(PageFault::Unreadable),
    }
}

/// The code it ended with; none where it was ended, by us or by its limits.
fn ends_in_time(drawer: &mut Child, patience: Duration) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        match drawer.try_wait() {
            Ok(Some(status)) => return status.code(),
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(_) => break,
        }
    }
    let _ = drawer.kill();
    let _ = drawer.wait();
    None
}

fn be_the_drawer() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    limit_this_process();
    let mut pdf = Vec::new();
    let read = std::io::stdin()
        .take(LARGEST_FILE_BYTES)
        .read_to_end(&mut pdf);
    let outcome = match read {
        Ok(_) => on_a_deep_stack(move || draw(pdf, &mut std::io::stdout().lock())),
        Err(_) => Err(PageFault::Unreadable),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(PageFault::TooMany) => ExitCode::from(TOO_MANY),
        Err(PageFault::Unreadable) => ExitCode::FAILURE,
    }
}

/// From here on: no more memory than this, no file or connection opened, no core file, no endless work.
#[cfg(unix)]
fn limit_this_process() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    for (what, most) in [
        (Resource::Data, MEMORY_BYTES),
        (Resource::Cpu, PATIENCE.as_secs()),
        (Resource::Nofile, 0),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        if setrlimit(what, limit).is_err() {
            std::process::exit(1);
        }
    }
}

/// Elsewhere the clock of the parent process is the limit.
#[cfg(not(unix))]
fn limit_this_process() {}

fn on_a_deep_stack<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, PageFault> + Send + 'static,
) -> Result<T, PageFault> {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    joined(thread.spawn(run).map_err(|_| PageFault::Unreadable)?)?
}

fn joined<T>(thread: JoinHandle<T>) -> Result<T, PageFault> {
    thread.join().map_err(|_| PageFault::Unreadable)
}

/// Each page as its width, its height, and red, green and blue of each point.
fn draw(pdf: Vec<u8>, out: &mut impl Write) -> Result<(), PageFault> {
    let pdf = Pdf::new(pdf).map_err(|_| PageFault::Unreadable)?;
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(PageFault::Unreadable);
    }
    if pages.len() > MOST_PAGES {
        return Err(PageFault::TooMany);
    }
    let cache = RenderCache::new();
    for page in pages.iter() {
        let (width, height) = page.render_dimensions();
        let scale = f32::from(PAGE_SIDE) / width.max(height);
        let narrowest = width.min(height) * scale;
        if !(scale.is_finite() && narrowest >= 1.0) {
            return Err(PageFault::Unreadable);
        }
        let pixmap = render(
            page,
            &cache,
            &InterpreterSettings::default(),
            &RenderSettings::default(),
            &PixmapSettings {
                x_scale: scale,
                y_scale: scale,
                bg_color: WHITE,
            },
        );
        let colours = pixmap.data_as_u8_slice().chunks_exact(4);
        let colours: Vec<u8> = colours
            .flat_map(|point| [point[0], point[1], point[2]])
            .collect();
        let size = [pixmap.width().to_be_bytes(), pixmap.height().to_be_bytes()];
        out.write_all(&size.concat())
            .and_then(|()| out.write_all(&colours))
            .map_err(|_| PageFault::Unreadable)?;
    }
    out.flush().map_err(|_| PageFault::Unreadable)
}

/// What was drawn, encoded page by page. A drawer that says other than it should is not believed.
fn pages_of(drawn: &mut impl Read) -> Result<Vec<Vec<u8>>, PageFault> {
    let mut pages = Vec::new();
    let mut size = [0_u8; 4];
    while drawn.read_exact(&mut size).is_ok() {
        let [width, height] = [[size[0], size[1]], [size[2], size[3]]].map(u16::from_be_bytes);
        if width.max(height) > PAGE_SIDE || pages.len() == MOST_PAGES {
            return Err(PageFault::Unreadable);
        }
        let mut colours = vec![0; usize::from(width) * usize::from(height) * 3];
        drawn
            .read_exact(&mut colours)
            .map_err(|_| PageFault::Unreadable)?;
        let picture = RgbImage::from_raw(width.into(), height.into(), colours);
        let mut page = Cursor::new(Vec::new());
        picture
            .ok_or(PageFault::Unreadable)?
            .write_to(&mut page, ImageFormat::Png)
            .map_err(|_| PageFault::Unreadable)?;
        pages.push(page.into_inner());
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skranke_testkit::files::{pdf_of, scanned_pdf};

    const BLUE_ABOVE: &str = "0 0 1 rg 0 421 595 421 re f";

    fn point(page: &[u8], x: u32, y: u32) -> [u8; 3] {
        let picture = image::load_from_memory(page).expect("a picture");
        picture.to_rgb8().get_pixel(x, y).0
    }

    #[test]
    fn each_page_is_a_picture_of_what_stands_on_it() {
        let pages = drawn(pdf_of(&["", BLUE_ABOVE, ""])).expect("drawn");

        assert_eq!(pages.len(), 3);
        let picture = image::load_from_memory(&pages[1]).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (1_130, 1_600));
        assert_eq!(point(&pages[1], 500, 400), [0, 0, 255]);
        assert_eq!(point(&pages[1], 500, 1_200), [255, 255, 255]);
        assert_eq!(
            point(&pages[0], 500, 400),
            [255, 255, 255],
            "paper is white"
        );
    }

    #[test]
    fn a_file_of_too_many_pages_or_none_that_can_be_drawn_is_refused() {
        let pages = |number| drawn(pdf_of(&vec![""; number]));
        assert_eq!(pages(MOST_PAGES).map(|pages| pages.len()), Ok(MOST_PAGES));
        assert_eq!(pages(MOST_PAGES + 1), Err(PageFault::TooMany));
        for broken in [
            b"%PDF-1.7\nnothing of the kind\n%%EOF\n".to_vec(),
            pdf_of(&[]),
            locked(),
            String::from_utf8_lossy(&scanned_pdf())
                .replace("0 0 595 842", "0 0 1 99999999")
                .into_bytes(),
        ] {
            assert_eq!(drawn(broken), Err(PageFault::Unreadable));
        }
    }

    /// A file that asks for a password.
    fn locked() -> Vec<u8> {
        let (owner, user) = ("6f".repeat(32), "75".repeat(32));
        let lock = format!(
            "/ID[<{id}><{id}>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<{owner}>/U<{user}>>>",
            id = "69".repeat(16)
        );
        String::from_utf8_lossy(&scanned_pdf())
            .replace("trailer <<", &format!("trailer <<{lock}"))
            .into_bytes()
    }

    /// A program that does not draw.
    #[cfg(unix)]
    fn instead(does: &str) -> (tempfile::TempDir, PathBuf) {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("drawer");
        std::fs::write(&program, format!("#!/bin/sh\n{does}\n")).expect("written");
        let may_run = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&program, may_run).expect("may run");
        (folder, program)
    }

    #[test]
    #[cfg(unix)]
    fn a_drawer_that_hangs_dies_or_lies_is_not_waited_for_nor_believed() {
        for does in [
            "exec sleep 600",
            "kill -9 $$",
            "exit 1",
            "printf '\\377\\377\\377\\377'",
            "printf '\\0\\1\\0\\1abc'; exit 3",
            "exec cat /dev/zero",
        ] {
            let (_folder, program) = instead(does);
            let begun = Instant::now();
            let answer = drawn_by(&program, scanned_pdf(), Duration::from_millis(500));
            assert_eq!(answer, Err(PageFault::Unreadable), "{does}");
            assert!(begun.elapsed() < Duration::from_secs(120), "{does}");
        }
    }
}
