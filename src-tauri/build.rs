//! Embeds the built window and declares which commands exist.
//!
//! `AppManifest::commands` makes every command subject to the capability file; without it Tauri
//! opens all registered commands to all windows.

fn main() {
    println!("cargo:rerun-if-changed=../ui/dist");
    tauri_build::build();
}
