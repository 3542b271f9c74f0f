//! What an administrator installs: the Debian package, and that its files say what the program understands.

use std::path::{Path, PathBuf};
use std::process::Command;

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("packaging")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(packaging(name)).unwrap()
}

fn told(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn the_package_holds_program_unit_and_settings_with_their_rights() {
    let scratch = tempfile::tempdir().unwrap();
    // Unpacked, since a program with its symbols takes long to compress.
    let built = told(
        Command::new("sh")
            .arg(packaging("build-deb.sh"))
            .arg(env!("CARGO_BIN_EXE_skranke-server"))
            .arg(scratch.path())
            .env("DEB_COMPRESSION", "none"),
    );
    let package = built.trim();

    let contents = told(Command::new("dpkg-deb").args(["-c", package]));
    let fields = told(Command::new("dpkg-deb").args(["-f", package]));

    for (rights, path) in [
        ("-rwxr-xr-x root/root", "./usr/bin/skranke-server"),
        (
            "-rw-r--r-- root/root",
            "./lib/systemd/system/skranke-server.service",
        ),
        ("-rw-r----- root/root", "./etc/skranke/server.toml"),
        ("-rw-r--r-- root/root", "./usr/share/skranke/roles.sql"),
        (
            "-rw-r--r-- root/root",
            "./usr/share/doc/skranke-server/copyright",
        ),
    ] {
        let is_there = contents
            .lines()
            .any(|line| line.starts_with(rights) && line.ends_with(path));
        assert!(is_there, "{rights} {path} is not in\n{contents}");
    }
    assert!(
        !contents.contains("/tmp/") && !contents.contains("key"),
        "{contents}"
    );
    assert!(fields.contains("Package: skranke-server"), "{fields}");
    assert!(
        fields.contains(&format!("Version: {}", env!("CARGO_PKG_VERSION"))),
        "{fields}"
    );
    assert!(
        !fields.contains('@') || fields.contains("<skranke@example.invalid>"),
        "{fields}"
    );
    let script = told(Command::new("dpkg-deb").args(["-I", package, "postinst"]));
    assert!(script.contains("adduser --system"), "{script}");
    for name in ["postinst", "prerm", "postrm"] {
        told(
            Command::new("sh")
                .arg("-n")
                .arg(packaging("debian").join(name)),
        );
        assert!(
            !text(&format!("debian/{name}")).contains("rm -"),
            "{name} removes no records"
        );
    }
}

#[test]
fn the_unit_and_the_container_call_the_program_as_it_understands() {
    let unit = text("skranke-server.service");
    let container = text("Containerfile");
    let help = told(Command::new(env!("CARGO_BIN_EXE_skranke-server")).arg("--help"));

    for word in ["check-config", "serve", "--config"] {
        assert!(help.contains(word), "{word} is not in {help}");
    }
    assert!(
        unit.contains("ExecStart=/usr/bin/skranke-server --config /etc/skranke/server.toml serve")
    );
    assert!(unit.contains("ExecReload=/bin/kill -HUP $MAINPID"));
    let stops_within = unit
        .lines()
        .find_map(|line| line.strip_prefix("TimeoutStopSec="));
    let stops_within: u64 = stops_within.unwrap().parse().unwrap();
    assert!(
        stops_within > 600,
        "nothing that stop_seconds allows is cut off"
    );
    assert!(
        unit.contains("LimitNOFILE=65536"),
        "a connection for each desktop that waits"
    );
    assert!(container.contains(
        "ENTRYPOINT [\"/usr/bin/skranke-server\", \"--config\", \"/etc/skranke/server.toml\"]"
    ));
    assert!(
        container.contains("USER skranke"),
        "it does not run as root"
    );
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert!(
        container.contains(&format!("rust:{rust}-")),
        "built with Rust {rust}"
    );
}

#[test]
fn the_example_settings_put_what_the_server_makes_where_the_unit_lets_it_write() {
    let unit = text("skranke-server.service");
    let settings = text("server.toml");

    assert!(unit.contains("ProtectSystem=strict") && unit.contains("StateDirectory=skranke"));
    for made in ["key_file", "attachments"] {
        assert!(
            settings.contains(&format!("\n{made} = \"/var/lib/skranke/")),
            "{made} in {settings}"
        );
    }
}
