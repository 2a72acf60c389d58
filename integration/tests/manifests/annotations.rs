//! docs/annotations.md lists what the provider `aws` declares, in its words.

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
