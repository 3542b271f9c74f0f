//! Lists every TOML file under `forms/`, so that the crate embeds exactly what the folder holds.
//!
//! Each file must at least be TOML: a typing error stops the build and names the file. Whether the
//! contents agree with each other is checked by `skranke_forms::Forms` and its tests.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folders through variables"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let crate_folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = crate_folder.join("../../forms");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut found = Vec::new();
    collect(&root, "", &mut found)?;
    found.sort();

    let mut list = String::from("&[\n");
    for (name, path) in &found {
        let text = fs::read_to_string(path)?;
        if let Err(broken) = text.parse::<toml::Table>() {
            println!("cargo::error=forms/{name}: {broken}");
        }
        // Writing to a String cannot fail.
        let _ = writeln!(
            list,
            "    ({name:?}, include_str!({:?})),",
            path.display().to_string()
        );
    }
    list.push_str("]\n");

    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("embedded.rs"), list)
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, &format!("{prefix}{name}/"), found)?;
        } else if name.ends_with(".toml") {
            found.push((format!("{prefix}{name}"), fs::canonicalize(&path)?));
        }
    }
    Ok(())
}
