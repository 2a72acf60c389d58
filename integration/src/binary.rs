use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The `seaway` under test: `$SEAWAY_BIN`, else the one beside the test itself, which is built
/// first.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let path = match std::env::var_os("SEAWAY_BIN") {
            Some(path) => PathBuf::from(path),
            None => build(),
        };
        assert!(path.is_file(), "there is no seaway at {}; see SEAWAY_BIN", path.display());
        path
    })
}

/// Builds it, with every provider, in the profile of the test, which lies at `<target>/<profile>/deps/<test>`.
fn build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "seaway", "--features", "aws,gce"]);
    command
        .arg("--target-dir")
        .arg(profile.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    // What cargo told this test about itself would make build scripts believe that they must run again.
    for (name, _) in std::env::vars_os() {
        let own = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "OUT_DIR"];
        if own.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    match profile.file_name().and_then(|name| name.to_str()).unwrap() {
        "debug" => {}
        name => {
            command.args(["--profile", name]);
        }
    }
    let status = command.status().unwrap();
    assert!(status.success(), "seaway does not build: {command:?}");
    profile.join("seaway")
}
