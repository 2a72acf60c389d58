//! A test starts its own binary again, for itself alone, with an environment of its own.

use std::process::Stdio;

use tokio::process::Command;

/// Set in the process that a test started.
const INNER: &str = "SEAWAY_TEST_INNER";

/// Whether this is the process with the environment of interest.
pub fn is_inner() -> bool {
    std::env::var_os(INNER).is_some()
}

/// Runs the test of this whole name again, in a process with this environment and no other. Whoever
/// looks for files at home finds none.
pub async fn within(test: &str, environment: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--quiet"])
        .env_clear()
        .env(INNER, "1")
        .env("HOME", "/nonexistent")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    // A name that no test has would pass without a word.
    assert!(told.contains("1 passed"), "{test} is not the name of this test:\n{told}");
}
