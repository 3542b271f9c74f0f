//! PDFs made to break what draws them, given to the real program: it ends in time and says no.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use skranke_app::pages::{PageFault, drawn_by};
use skranke_testkit::files::{pdf_of, pdf_with};
use skranke_testkit::patience::PATIENCE;

fn drawn(pdf: Vec<u8>, patience: Duration) -> Result<Vec<Vec<u8>>, PageFault> {
    drawn_by(Path::new(env!("CARGO_BIN_EXE_skranke")), pdf, patience)
}

#[test]
fn the_program_draws_pages_in_a_process_of_its_own() {
    let pages = drawn(pdf_of(&["1 0 0 rg 0 0 595 842 re f", ""]), PATIENCE).unwrap();

    assert_eq!(pages.len(), 2);
    assert!(pages.iter().all(|page| page.starts_with(b"\x89PNG")));
    assert_eq!(drawn(pdf_of(&[""; 21]), PATIENCE), Err(PageFault::TooMany));
    assert_eq!(
        drawn(b"%PDF-1.7 broken %%EOF".to_vec(), PATIENCE),
        Err(PageFault::Unreadable)
    );
}

/// Forms within forms, each drawing the next fifty times.
fn endless() -> Vec<u8> {
    let is = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources 3 0 R";
    let next: Vec<String> = (1..9).map(|at| format!("/X{at} Do ").repeat(50)).collect();
    let forms: Vec<(&str, &[u8])> = next
        .iter()
        .map(|content| (is, content.as_bytes()))
        .chain([(is, &b"0 0 1 1 re f"[..])])
        .collect();
    pdf_with(&["/X0 Do"], &forms)
}

#[test]
fn a_file_that_never_ends_is_ended() {
    let begun = Instant::now();

    let answer = drawn(endless(), Duration::from_secs(2));

    assert_eq!(answer, Err(PageFault::Unreadable));
    assert!(begun.elapsed() >= Duration::from_secs(2), "by the clock");
}

/// A sheet with a picture of `side` by `side` zeros, packed as runs: 64 times smaller than what it unpacks to.
fn zeros(side: usize) -> Vec<u8> {
    let mut packed = [129_u8, 0].repeat(side * side * 3 / 128);
    packed.push(128);
    let is = format!(
        "/Type/XObject/Subtype/Image/Width {side}/Height {side}/ColorSpace/DeviceRGB/BitsPerComponent 8\
         /Filter/RunLengthDecode"
    );
    pdf_with(&["595 0 0 842 0 0 cm /X0 Do"], &[(&is, &packed)])
}

#[test]
fn a_picture_that_unpacks_to_more_than_the_memory_allowed_is_refused() {
    assert_eq!(
        drawn(zeros(2_048), PATIENCE).map(|pages| pages.len()),
        Ok(1)
    );

    assert_eq!(drawn(zeros(20_480), PATIENCE), Err(PageFault::Unreadable));
}

#[test]
#[cfg(target_os = "linux")]
fn the_process_that_draws_may_open_neither_file_nor_connection() {
    let mut drawer = Command::new(env!("CARGO_BIN_EXE_skranke"))
        .arg("draw-pages")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = drawer.stdout.take().unwrap();
    let mut into = drawer.stdin.take().unwrap();
    // More than a pipe holds: where all is written the process has begun to read, so its limits stand.
    into.write_all(&pdf_of(&[&" ".repeat(500_000)])).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", drawer.id())).unwrap();
    drop(into);
    out.read_to_end(&mut Vec::new()).unwrap();

    assert!(drawer.wait().unwrap().success(), "it draws all the same");
    for (what, most) in [
        ("Max open files", "0"),
        ("Max file size", "0"),
        ("Max core file size", "0"),
        ("Max data size", "1073741824"),
        ("Max cpu time", "20"),
    ] {
        let row = limits
            .lines()
            .find_map(|row| row.strip_prefix(what))
            .unwrap();
        let bounds: Vec<&str> = row.split_whitespace().take(2).collect();
        assert_eq!(bounds, [most, most], "{what}");
    }
}
