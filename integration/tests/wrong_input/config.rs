//! A config file with a mistake.

use seaway_integration::Controller;

use crate::refused;

const GOOD: &str = "cluster-id = \"lab\"\n\
                    default-provider = \"embedded\"\n\
                    [providers.embedded]\n\
                    pool = [\"198.18.0.200-198.18.0.203\"]\n";

/// Runs the controller with this config: the message names the file, and says all of `parts`.
async fn check(config: &str, parts: &[&str]) {
    assert_ne!(config, GOOD);
    let (_folder, args) = Controller::args("/nowhere".as_ref(), config, &[]);
    let args: Vec<_> = args.iter().map(|arg| arg.to_str().unwrap()).collect();
    let ended = refused(&args, parts).await;
    assert!(ended.stderr.contains("seaway.toml"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_unknown_key_is_named_with_those_that_there_are() {
    check(&format!("colour = \"red\"\n{GOOD}"), &["colour", "cluster-id"]).await;
    check(&GOOD.replace("pool", "pol"), &["`pol`", "`pool`"]).await;
    check(&GOOD.replace("default-provider", "provider"), &["`provider`", "default-provider"]).await;
}

#[tokio::test]
async fn a_range_that_can_not_be_is_named_with_what_can() {
    let pool = |entry: &str| GOOD.replace("198.18.0.200-198.18.0.203", entry);
    for entry in ["198.18.0.203-198.18.0.200", "198.18.0.0/33", "my-pool", "198.18.0.256"] {
        check(&pool(entry), &["pool", entry, "198.18.0.0/24"]).await;
    }
    check(&GOOD.replace("[\"198.18.0.200-198.18.0.203\"]", "[]"), &["pool", "empty"]).await;
    check(&pool("10.0.0.0/24\", \"10.0.0.7"), &["10.0.0.0/24", "10.0.0.7", "overlap"]).await;
}

#[tokio::test]
async fn an_unknown_provider_is_named() {
    check(&GOOD.replace("providers.embedded", "providers.embeded"), &["embeded", "embedded"]).await;
    let default = GOOD.replace("= \"embedded\"", "= \"metallb\"");
    check(&default, &["default-provider", "metallb", "providers of this build are"]).await;
    check("cluster-id = \"lab\"\n", &["providers", "[providers.embedded]"]).await;
}

#[tokio::test]
async fn a_cluster_id_that_can_not_be_is_named_with_what_is_allowed() {
    check(&GOOD.replace("lab", "My Lab"), &["cluster-id", "My Lab", "a-z"]).await;
    check(&GOOD.replace("cluster-id = \"lab\"\n", ""), &["cluster-id"]).await;
}

#[tokio::test]
async fn a_file_that_is_no_config_is_named() {
    check("<html>", &["1"]).await;
    let args = ["run", "--config", "/no/such/file.toml"];
    refused(&args, &["/no/such/file.toml", "No such file", "docs/config.md"]).await;
    // It never ends, and is not read to its end.
    let args = ["run", "--config", "/dev/zero"];
    refused(&args, &["/dev/zero", "longer than 1024 KiB"]).await;
    let args = ["plan", "--kubeconfig", "/dev/zero"];
    refused(&args, &["/dev/zero", "device"]).await;
}
