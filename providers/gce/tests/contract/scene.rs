//! What the tests of this provider have in common.

use std::collections::BTreeMap;

use seaway_testkit::rig::{Rig, pass, trouble};
use seaway_testkit::{spec, uid};
use serde_json::Value;

use crate::desk::Desk;

/// A cluster at rest with one Service, `other`.
pub(crate) async fn settled() -> Rig<Desk> {
    settled_with("").await
}

/// The same, with more lines in the configuration.
pub(crate) async fn settled_with(config: &str) -> Rig<Desk> {
    let mut rig = Rig::<Desk>::open().await;
    rig.bench.configure(config);
    rig.restart().await;
    rig.put(spec("other").port(9999));
    rig.converge().await.unwrap();
    rig.bench.mock.reset_counts();
    rig
}

/// What one pass over a Service costs.
pub(crate) async fn cost(rig: &mut Rig<Desk>, name: &str) -> BTreeMap<String, usize> {
    rig.bench.mock.reset_counts();
    let report = pass(rig, name).await;
    assert_eq!(trouble(&report, name), None);
    calls(rig)
}

/// The calls since this was asked last, without those that wait for operations.
pub(crate) fn calls(rig: &Rig<Desk>) -> BTreeMap<String, usize> {
    let counts = rig.bench.mock.counts();
    rig.bench.mock.reset_counts();
    let short = |call: String| call.trim_start_matches("compute.").to_owned();
    let counts = counts.into_iter().map(|(call, count)| (short(call), count));
    counts.filter(|(call, _)| !call.contains("Operations.")).collect()
}

/// The things of a kind that are a Service's.
pub(crate) fn things(rig: &Rig<Desk>, kind: &str, name: &str) -> Vec<Value> {
    let mark = format!("\"{}\"", uid(name));
    let mut all = rig.bench.mock.list(kind);
    all.retain(|it| {
        let description = it["description"].as_str().unwrap_or_default();
        description.contains(&mark) && description.contains("\"testkit\"")
    });
    all
}

/// The names of those.
pub(crate) fn names(rig: &Rig<Desk>, kind: &str, name: &str) -> Vec<String> {
    let all = things(rig, kind, name).into_iter();
    all.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}
