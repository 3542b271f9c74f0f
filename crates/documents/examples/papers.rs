//! Writes every sample paper to `target/papers/`, for eyes.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/documents/samples.rs"]
mod samples;

use skranke_documents::Press;

fn main() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/papers");
    std::fs::create_dir_all(&folder).expect("target can be written");
    let press = Press::new().expect("the fonts are whole");
    let started = std::time::Instant::now();
    let rendered = press
        .render(&samples::receipt_paper(), &samples::options())
        .unwrap();
    println!("{} bytes in {:?}", rendered.pdf.len(), started.elapsed());
    std::fs::write(folder.join("receipt.pdf"), &rendered.pdf).expect("the paper can be written");
}
