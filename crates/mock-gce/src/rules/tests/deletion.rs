use serde_json::json;

use super::{REGION, Site, ZONE, act, check, make, on, refused, rule};
use crate::state::{InUse, Verb};

/// What is used, from the outermost on.
fn chain() -> [String; 3] {
    [
        format!("{REGION}/backendServices/tcp"),
        format!("{REGION}/healthChecks/hc"),
        format!("{ZONE}/instanceGroups/ig"),
    ]
}

#[test]
fn what_is_in_use_is_refused_when_the_operation_runs() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    for path in chain() {
        let act = act(Verb::Delete, &path, json!({}));
        check(&site.state, &act).unwrap();
        let refusal = make(&mut site.state, &act).unwrap_err();
        assert_eq!(refusal.code, "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE");
        assert!(refusal.message.contains("is already being used by"), "{refusal:?}");
    }
}

#[test]
fn what_is_in_use_is_refused_at_once_in_two_ways() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    for path in chain() {
        let act = act(Verb::Delete, &path, json!({}));
        site.state.limits.in_use = InUse::BadRequest;
        let answer = check(&site.state, &act);
        refused(answer, 400, "resourceInUseByAnotherResource", "is already being used by");
        site.state.limits.in_use = InUse::Precondition;
        refused(check(&site.state, &act), 412, "conditionNotMet", "being used by");
    }
}

#[test]
fn what_nothing_uses_goes() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    site.delete(&rule("a")).unwrap();
    for name in ["tcp", "udp", "both", "inner"] {
        site.delete(&format!("{REGION}/backendServices/{name}")).unwrap();
    }
    for path in &chain()[1..] {
        site.delete(path).unwrap();
    }
    refused(site.delete(&rule("a")), 404, "notFound", "was not found");
}

#[test]
fn what_is_only_read_is_not_written() {
    let mut site = Site::new();
    let answer = site.insert("global/networks/new", json!({}));
    refused(answer, 501, "notImplemented", "not served here");
}
