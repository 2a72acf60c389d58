//! docs/annotations.md lists what the providers `aws` and `gce` declare, in their words.

use std::fs::read_to_string;
use std::sync::Arc;

use seaway_core::Provider;
use seaway_provider_aws::Nlb;
use seaway_provider_aws::api::fake::Cloud;
use seaway_testkit::ManualClock;

use crate::render::root;

/// The rows that the declared annotations are in the document.
fn declared() -> Vec<String> {
    let config = toml::from_str("scheme = 'internal'").unwrap();
    let provider = Nlb::new(Cloud::new(Arc::new(ManualClock::default())), "cluster".into(), config);
    let settings = provider.capabilities().settings.into_iter();
    let row = |key: &str, doc: &str| format!("| `{key}` | {doc} |");
    // Those have a table of their own.
    settings.map(|it| row(&it.key, it.doc.trim_start_matches("not taken: "))).collect()
}

#[test]
fn the_tables_of_aws_are_what_the_provider_declares() {
    let document = read_to_string(root().join("docs/annotations.md")).unwrap();
    let (_, section) = document.split_once("\n## Annotations of `aws`\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let written: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let declared = declared();
    assert_eq!(written, declared, "write these:\n{}", declared.join("\n"));
}

/// What stands in quotes, and the names of constants, in a piece of source; lines that go on are one.
fn words(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, piece) in source.split('"').enumerate() {
        if at % 2 == 1 {
            let lines: Vec<_> = piece.split("\\\n").map(str::trim_start).collect();
            words.push(lines.concat());
        } else {
            let names = piece.split(|c: char| !c.is_ascii_uppercase() && c != '_');
            words.extend(names.filter(|name| name.len() > 1).map(str::to_owned));
        }
    }
    words
}

/// The list of this name in the source of the keys, as pairs.
fn pairs(source: &str, list: &str) -> Vec<(String, String)> {
    let (_, rest) = source.split_once(&format!("const {list}: ")).unwrap();
    let (rest, _) = rest.split_once("];\n").unwrap();
    let (_, list) = rest.split_once("= [").unwrap();
    let key = |word: &String| {
        let value = source.split_once(&format!("const {word}: &str ="));
        value.map_or_else(|| word.clone(), |(_, rest)| rest.split('"').nth(1).unwrap().to_owned())
    };
    words(list).chunks(2).map(|pair| (key(&pair[0]), pair[1].clone())).collect()
}

#[test]
fn the_tables_of_gce_are_what_the_provider_declares() {
    let document = read_to_string(root().join("docs/annotations.md")).unwrap();
    let source = read_to_string(root().join("providers/gce/src/settings/keys.rs")).unwrap();
    let (_, section) = document.split_once("\n## Annotations of `gce`\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let written: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let declared = ["TAKEN", "REFUSED"].map(|list| pairs(&source, list)).concat();
    let declared: Vec<_> =
        declared.iter().map(|(key, doc)| format!("| `{key}` | {doc} |")).collect();
    assert!(declared.len() > 10, "{declared:?}");
    assert_eq!(written, declared, "write these:\n{}", declared.join("\n"));
    let (_, rest) = source.split_once("const OF_GKE: ").unwrap();
    let (_, list) = rest.split_once("= [").unwrap();
    for key in words(list.split_once("];").unwrap().0) {
        assert!(section.contains(&format!("`{key}`")), "{key}");
    }
}
