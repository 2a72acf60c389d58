//! What people type, and what they see: a transcript of kubectl, with the answers of the real API
//! server. The sandbox must give the same.
//!
//! `transcript/` has the commands and the answers, as a terminal shows them. `make e2e
//! STORIES=kubectl` compares them with the real server; with `SEAWAY_RECORD=1` it writes them anew.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may fail where it stands")]

mod entry;
mod plain;
mod terminal;

use futures::future::join_all;
use seaway_integration::{Cluster, figure};

use crate::entry::Entry;
use crate::plain::Plain;
use crate::terminal::Terminal;

/// Writes what the real server answers.
const RECORD: &str = "SEAWAY_RECORD";

/// A transcript that has lost a part differs in nothing.
const FEWEST: usize = 400;

/// The parts of the transcript; each has a namespace of its name to itself.
const PARTS: [&str; 11] = [
    "reading",
    "writing",
    "patching",
    "applying",
    "deleting",
    "waiting",
    "types",
    "families",
    "refusals",
    "conventions",
    "kinds",
];

#[tokio::test]
async fn the_sandbox_answers_as_the_real_server_does() {
    let cluster = Cluster::sandbox(1).await;
    cluster.nodes_are_ready(1).await;
    let record = std::env::var_os(RECORD).is_some();
    assert!(!record || Cluster::is_real(), "only the real server is recorded: `make e2e`");
    if Cluster::is_real() {
        Terminal::open(&cluster, "quiet").await.quieten().await;
    }
    let results = join_all(PARTS.map(|part| run(&cluster, part, record))).await;
    let commands: usize = results.iter().map(|(commands, _)| commands).sum();
    let differences: Vec<_> = results.into_iter().flat_map(|(_, different)| different).collect();
    figure("kubectl_commands", commands, "count");
    figure("kubectl_differences", differences.len(), "count");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(commands >= FEWEST, "a part of the transcript is missing: {commands} commands");
}

/// Runs a part; returns how many commands it has, and which of them are answered otherwise.
async fn run(cluster: &Cluster, part: &str, record: bool) -> (usize, Vec<String>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubectl/transcript");
    let path = format!("{folder}/{part}.txt");
    let mut entries = Entry::all(&std::fs::read_to_string(&path).unwrap());
    let terminal = Terminal::open(cluster, part).await;
    let plain = Plain::new();
    let mut differences = Vec::new();
    for entry in &mut entries {
        let answer = plain.text(&terminal.run(&entry.command).await);
        if record {
            entry.answer = answer;
        } else if entry.answer != answer {
            differences.push(format!("{part}: {}", entry.beside(&answer)));
        }
    }
    if record {
        std::fs::write(&path, Entry::text(&entries)).unwrap();
    }
    (entries.len(), differences)
}
