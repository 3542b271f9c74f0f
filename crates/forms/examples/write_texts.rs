//! Writes `ui/src/lib/texts/generated.ts` from `forms/texts/`.

use skranke_forms::{Source, Texts};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let source = Source::overlaid(std::path::Path::new(&format!("{root}/forms")))?;
    let texts = Texts::read(&source)?;
    let folder = format!("{root}/ui/src/lib/texts");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(format!("{folder}/generated.ts"), texts.to_typescript())?;
    Ok(())
}
