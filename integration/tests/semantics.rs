//! `docs/semantics.md` promises what is held by tests: they are there, and they run.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use seaway_integration::figure;

/// What the controller does, by number.
const BEHAVIOUR: &str = "
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 16b 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39
";

/// What its tests pin down.
const TESTS: &str = "
    sync.plain sync.protocols sync.class sync.type sync.deleted sync.finalizer hosts.each
    hosts.workers nodes.set nodes.taint nodes.deletion nodes.spurious nodes.failure nodes.lister
    nodes.id nodes.slow process.address process.conflict process.gone key.malformed key.absent
    deletion.unknown deletion.failure deletion.success cleanup update.type update.ports
    update.external update.uid update.policy update.check update.target update.app
    update.families patch.add patch.remove patch.status predicate.label predicate.taint
    trigger.single trigger.compound queue.success queue.error queue.after ranges.bad ranges.good
    ranges.none ranges.all local.only local.check finalizer.has patch.service patch.others
    equal.address equal.mode equal.ports class.ignored class.fixed class.late mixed mode
    bare.born bare.later bare.one bare.all bare.patch bare.back e2e.types e2e.ports e2e.pods
    e2e.closed e2e.ranges e2e.ranges.pods e2e.affinity e2e.affinity.switch e2e.finalizer
    e2e.bare e2e.udp.nodes e2e.udp.node e2e.rolling.cluster e2e.rolling.local e2e.local.source
    e2e.local.port e2e.local.only e2e.local.all e2e.local.pods e2e.policy e2e.check e2e.status
";

/// What went wrong elsewhere.
const FAULTS: &str = "
    orphan.down orphan.type orphan.stripped orphan.cluster orphan.kind orphan.rename
    orphan.stuck orphan.id drift.hand drift.status drift.stale scale.nodes scale.loop scale.rate
    scale.lag restart.writes restart.listeners restart.empty restart.race race.deletion
    race.paths race.finalizer nodeset.ready nodeset.healthz nodeset.outage nodeset.twice
    nodeset.drain nodeset.bad nodeset.early nodeset.limit nodeset.none owner.foreign owner.name
    owner.cluster owner.id owner.two protocol.udp
";

struct Row<'a> {
    id: &'a str,
    how: &'a str,
    why: &'a str,
    /// Files and names.
    tests: Vec<(&'a str, &'a str)>,
}

/// The rows of all tables but the legend's.
fn rows(text: &str) -> Vec<Row<'_>> {
    let lines = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| id "));
    let cells = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect());
    cells
        .filter(|cells: &Vec<_>| cells.len() != 2)
        .map(|cells| {
            let [id, _, how, why, tests] = cells[..] else { panic!("{cells:?} are not 5 cells") };
            let tests = tests.split("<br>").filter(|test| *test != "—");
            let tests = tests.map(|test| test.trim_matches('`').split_once("::").unwrap());
            Row { id, how, why, tests: tests.collect() }
        })
        .collect()
}

/// The attributes of a test; none if there is no such test.
fn attributes<'a>(source: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let head = format!("fn {name}(");
    let at = lines.iter().position(|line| line.trim_start_matches("async ").starts_with(&head))?;
    let above = lines[..at].iter().rev().copied();
    let attributes: Vec<_> = above.take_while(|line| line.starts_with("#[")).collect();
    attributes.iter().any(|line| line.contains("test")).then_some(attributes)
}

#[test]
fn every_promise_names_tests_that_run_or_says_why_there_are_none() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("docs/semantics.md")).unwrap();
    let rows = rows(&text);
    let mut faults = Vec::new();
    for Row { id, how, why, tests } in &rows {
        if !["done", "better", "other", "absent"].contains(how) {
            faults.push(format!("{id}: {how:?} is no word of the legend"));
        }
        if tests.is_empty() != (*how == "absent") || why.is_empty() {
            faults.push(format!("{id}: {how} with {} tests", tests.len()));
        }
        for (file, name) in tests {
            let source = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            match attributes(&source, name) {
                None => faults.push(format!("{id}: there is no test {name} in {file}")),
                Some(marks) if marks.iter().any(|it| it.contains("ignore")) => {
                    if !why.contains("`make ") {
                        faults.push(format!(
                            "{id}: {name} is ignored, and nobody says where it runs"
                        ));
                    }
                }
                Some(_) => {}
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let absent = rows.iter().filter(|row| row.how == "absent").count();
    figure("semantics_items", rows.len(), "count");
    figure("semantics_absent", absent, "count");
}

#[test]
fn every_item_is_there_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("docs/semantics.md")).unwrap();
    let mut wanted: BTreeSet<_> =
        [BEHAVIOUR, TESTS, FAULTS].into_iter().flat_map(str::split_whitespace).collect();
    for row in rows(&text) {
        assert!(wanted.remove(row.id), "{} is there twice, or nobody asked for it", row.id);
    }
    assert!(wanted.is_empty(), "nothing is said of {wanted:?}");
}
