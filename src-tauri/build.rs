//! Embeds the built window and gives every command a permission of its own.
//!
//! `AppManifest::commands` makes each command subject to the capability file; without it Tauri
//! opens all registered commands to all windows.

use std::path::Path;

include!("src/commands/names.rs");

fn main() {
    println!("cargo:rerun-if-changed=../ui/dist");
    println!("cargo:rerun-if-changed=src/commands/names.rs");
    assert!(
        Path::new("../ui/dist/index.html").exists(),
        "the window is not built yet: run `make install`, then `npm run build` in ui"
    );
    let manifest = tauri_build::AppManifest::new().commands(NAMES);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("{error:#}");
    }
}
