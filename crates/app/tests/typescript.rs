//! The window's types are generated and committed; this test rewrites them when asked and fails when they drift.

use std::path::PathBuf;

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch of this one test")]
fn the_windows_types_are_those_of_the_code() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/api/generated/types.ts");
    let expected = skranke_app::typescript();
    if std::env::var_os("SKRANKE_WRITE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().expect("has a folder")).expect("can be made");
        std::fs::write(&path, &expected).expect("can be written");
    }

    let committed = std::fs::read_to_string(&path).expect("the generated types are committed");

    assert_eq!(
        committed, expected,
        "run `make generate` and commit the result"
    );
}
