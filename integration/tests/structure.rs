//! Who may depend on whom, kept by a machine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The workspace's packages, with the names of what each depends on outside of tests.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let used = dependencies.filter(|dependency| dependency["kind"] != "dev");
            (text(&package["name"]), used.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect()
}

#[test]
fn dependencies_run_one_way() {
    for (package, dependencies) in packages() {
        let ours = dependencies.iter().filter(|name| name.starts_with("seaway-"));
        let allowed: &[&str] = match package.as_str() {
            "seaway-core" | "seaway-health" | "seaway-sandbox" | "seaway-mock-gce" => &[],
            // The demonstration and the benchmark stand on it.
            "seaway-integration" => &["seaway-mock-gce"],
            "seaway-intent" | "seaway-pace" | "seaway-pool" | "seaway-testkit" => &["seaway-core"],
            "seaway-box" => &["seaway-core", "seaway-pool"],
            "seaway-controller" => &["seaway-core", "seaway-intent"],
            name if name.starts_with("seaway-provider-") => {
                &["seaway-box", "seaway-core", "seaway-health", "seaway-pace", "seaway-pool"]
            }
            // The binary wires all of them, but for what is there for tests only.
            "seaway" => {
                for name in ["seaway-testkit", "seaway-mock-gce"] {
                    assert!(!dependencies.contains(name), "{name} is for tests only");
                }
                continue;
            }
            other => panic!("{other} is new: say here what it may depend on"),
        };
        for name in ours {
            assert!(allowed.contains(&name.as_str()), "{package} must not depend on {name}");
        }
    }
}

#[test]
fn only_the_outer_crates_know_kubernetes_and_only_they_do_io() {
    for (package, dependencies) in packages() {
        let inner = package == "seaway-core"
            || package == "seaway-intent"
            || package.starts_with("seaway-provider-");
        if inner {
            for name in ["kube", "k8s-openapi"] {
                assert!(!dependencies.contains(name), "{package} must not know {name}");
            }
        }
        if package == "seaway-core" || package == "seaway-intent" {
            for name in ["tokio", "hyper", "socket2", "rustix"] {
                assert!(!dependencies.contains(name), "{package} does no I/O, so no {name}");
            }
        }
    }
}

#[test]
fn versions_are_named_once_in_the_workspace() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut manifests = vec![format!("{root}/integration/Cargo.toml")];
    for folder in ["crates", "providers"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).unwrap() {
            manifests.push(format!("{}/Cargo.toml", entry.unwrap().path().display()));
        }
    }
    for manifest in manifests {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let own = text.lines().find(|line| {
            line.contains("version = \"")
                || line.split(" = ").nth(1).is_some_and(|v| {
                    v.starts_with('"') && v[1..].starts_with(|c: char| c.is_ascii_digit())
                })
        });
        assert_eq!(own, None, "{manifest} names a version; the root Cargo.toml does that");
    }
}
