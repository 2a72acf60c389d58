use std::process::Stdio;

use seaway_provider_gce::api::Fault;
use seaway_provider_gce::api::sdk::Gce;
use tokio::process::Command;

use crate::server::options;

/// Set in a process that a test started for the sake of its environment.
const INNER: &str = "SEAWAY_TEST_INNER";

/// Runs a test of this file again, in a process with this environment and no other.
async fn within(test: &str, environment: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("connect::{test}"), "--quiet"])
        .env_clear()
        .env(INNER, "1")
        .env("HOME", "/nonexistent")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn without_credentials_it_says_what_to_set() {
    if std::env::var_os(INNER).is_none() {
        let name = "without_credentials_it_says_what_to_set";
        // A file that is not there, and an instance that has none.
        within(name, &[("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent")]).await;
        return within(name, &[("GCE_METADATA_HOST", "127.0.0.1:1")]).await;
    }
    let mut options = options("");
    options.endpoint = None;
    let fault = Gce::connect(options).await.unwrap_err();
    let told = matches!(&fault, Fault::NotSent(why)
        if why.contains("GOOGLE_APPLICATION_CREDENTIALS") && !why.contains('\n'));
    assert!(told, "{fault:?}");
}
