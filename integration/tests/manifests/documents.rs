//! docs/config.md has every key of the providers on a box, and docs/boxes.md the files as they are.

use std::collections::BTreeSet;
use std::fs::read_to_string;

use crate::render::root;

fn read(path: &str) -> String {
    read_to_string(root().join(path)).unwrap()
}

/// The part of a document below a heading of the second level.
fn section(document: &str, heading: &str) -> String {
    let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    section.split_once("\n## ").map_or(section, |(section, _)| section).to_owned()
}

/// What stands in backquotes in the first cells of the tables.
fn first_cells(section: &str) -> BTreeSet<String> {
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split_once("` |").unwrap().0);
    cells.flat_map(|cell| cell.split("`, `")).map(str::to_owned).collect()
}

/// The keys that a provider's `Config` has: its fields, in kebab case.
fn keys(source: &str) -> BTreeSet<String> {
    let (_, fields) = source.split_once("\npub struct Config {\n").unwrap();
    let (fields, _) = fields.split_once("\n}\n").unwrap();
    let fields = fields.lines().filter_map(|line| line.strip_prefix("    pub "));
    fields.map(|field| field.split_once(':').unwrap().0.replace('_', "-")).collect()
}

#[test]
fn every_key_of_a_provider_is_documented_and_no_other() {
    let document = read("docs/config.md");
    for provider in ["aws", "embedded", "gce", "haproxy", "nginx"] {
        let source = read(&format!("providers/{provider}/src/config.rs"));
        let section = section(&document, &format!("`[providers.{provider}]`"));
        assert_eq!(first_cells(&section), keys(&source), "{provider}");
    }
}

#[test]
fn the_annotations_of_daemons_are_documented_in_their_own_words() {
    let source = read("crates/core/src/setting/tuning.rs");
    let section = section(&read("docs/annotations.md"), "Annotations of `haproxy` and `nginx`");
    let keys = source.lines().filter_map(|line| {
        let value = line.strip_prefix("pub const ")?.split_once(": &str = \"")?.1;
        Some(value.trim_end_matches("\";"))
    });
    let keys: Vec<_> = keys.collect();
    assert_eq!(keys.len(), 4);
    for key in keys {
        let row = section.lines().find(|line| line.starts_with(&format!("| `{key}` | ")));
        let words = row.unwrap().split(" | ").nth(1).unwrap();
        assert!(source.contains(&format!("\"{words}\"")), "{key}: {words}");
    }
}

#[test]
fn the_page_shows_the_config_of_keepalived_as_it_is() {
    let file = read("manifests/systemd/keepalived.conf");
    let body = &file[file.find("global_defs").unwrap()..];
    let page = read("docs/boxes.md");
    assert!(page.contains(&format!("```\n{body}```\n")));
}

/// Whatever is to be installed is named on the page, and whatever is named is there.
#[test]
fn the_page_names_every_file_for_a_box() {
    let page = read("docs/boxes.md");
    let folder = root().join("manifests/systemd");
    for name in [
        "haproxy.service.d/seaway.conf",
        "haproxy.toml",
        "keepalived.conf",
        "kubeconfig.sh",
        "nginx.conf",
        "nginx.toml",
        "seaway.service",
        "seaway.service.d/interface.conf",
        "seaway.service.d/nginx.conf",
        "seaway.service.d/start.conf",
        "sysctl.conf",
        "sysusers.conf",
        "tmpfiles.conf",
        "token.yaml",
    ] {
        assert!(folder.join(name).is_file() && page.contains(name), "{name}");
    }
}
