//! Writes every sample paper, also in large print, to `target/papers/`, for eyes.
#![expect(clippy::unwrap_used, reason = "an example that cannot go on stops")]

#[path = "../tests/documents/samples.rs"]
mod samples;

use std::{fs, path::Path, time::Instant};

use skranke_documents::{CopyMark, Paper, Press, RenderOptions};

#[expect(clippy::print_stdout, reason = "an example for people")]
fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/papers");
    fs::create_dir_all(&folder).expect("target can be written");
    let started = Instant::now();
    let press = Press::new().expect("the fonts are whole");
    println!("press {:?}", started.elapsed());
    let many =
        "فاطمة الزهراء الأنصاري, Nguyễn Thị Ngọc Ánh, Олена Їжакевич, Łukasz Źdźbło, Güneş Işık";
    let names = Paper::Letter(Box::new(samples::receipt_for(many)));
    let rendered = press.render(&names, &samples::options()).expect("names");
    fs::write(folder.join("names.pdf"), rendered.pdf).expect("the paper can be written");
    let ordinary = samples::all()
        .into_iter()
        .map(|(name, paper)| (name.to_owned(), paper));
    for (name, paper) in ordinary.chain(samples::longest()) {
        for large_print in [false, true] {
            let copy_mark = (name == "important_messages").then(|| CopyMark {
                device_code: "S3".to_owned(),
                count: 2,
                printed_at: samples::at(15, 30),
            });
            let options = RenderOptions {
                large_print,
                copy_mark,
                ..samples::options()
            };
            let started = Instant::now();
            let rendered = press.render(&paper, &options).expect(&name);
            let took = started.elapsed();
            let file = if large_print {
                format!("{name}.large.pdf")
            } else {
                format!("{name}.pdf")
            };
            println!(
                "{file}: {} pages, {} bytes, {took:?}",
                rendered.pages,
                rendered.pdf.len()
            );
            fs::write(folder.join(file), rendered.pdf).expect("the paper can be written");
        }
    }
}
