//! What stands on a paper, as a program that is not ours reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The words of a PDF as a reader selects them, on one line.
pub(crate) fn words_of(pdf: &[u8]) -> String {
    let mut reader = Command::new("pdftotext")
        .args(["-enc", "UTF-8", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext of poppler-utils");
    let mut input = reader.stdin.take().expect("piped");
    input.write_all(pdf).expect("taken");
    drop(input);
    let answer = reader.wait_with_output().expect("read");
    assert!(answer.status.success(), "the paper is a PDF");
    let text = String::from_utf8(answer.stdout).expect("UTF-8");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
