use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{BalancerKey, Claim, ServiceUid, SharedDriver};
use seaway_intent::object::Service;
use seaway_intent::{Around, Selection};

use crate::object::Seen;
use crate::status;
use crate::write::uid;

/// What Services show of their places.
pub(crate) type Claims = BTreeMap<ServiceUid, Claim>;

/// Which addresses each provider must not give to anybody else: those that its Services show. Where
/// it can't be told whose a Service was, all providers are told.
///
/// A Service that leaves may show an address that it gave back already, and that another has now:
/// who stays wins.
pub(crate) fn made(
    selection: &Selection,
    services: &[Seen<Service>],
    drivers: &BTreeMap<&'static str, SharedDriver>,
) -> BTreeMap<&'static str, Claims> {
    let (staying, leaving): (Vec<_>, Vec<_>) = services
        .iter()
        .map(|seen| &seen.object)
        .partition(|service| selection.provider(service).is_some());
    let taken: BTreeSet<_> =
        staying.iter().flat_map(|service| status::published(service)).collect();
    let mut claims: BTreeMap<_, Claims> =
        drivers.keys().map(|name| (*name, BTreeMap::new())).collect();
    for service in staying {
        let provider = selection.provider(service).unwrap_or_default();
        if let Some(claimed) = claims.get_mut(provider) {
            let at = drivers.get(provider).and_then(|driver| place(service, driver));
            let claim = Claim { published: status::published(service), at };
            claimed.insert(uid(&service.metadata), claim);
        }
    }
    for service in leaving {
        if !status::is_ours(&service.metadata) {
            continue;
        }
        let mut shown = status::published(service);
        shown.retain(|address| !taken.contains(address));
        for claimed in claims.values_mut() {
            let claim = Claim { published: shown.clone(), at: None };
            claimed.insert(uid(&service.metadata), claim);
        }
    }
    for claimed in claims.values_mut() {
        claimed.retain(|_, claim| !claim.published.is_empty());
    }
    claims
}

/// The load balancer that is to carry a Service, if it asks for what can be.
fn place(service: &Service, driver: &SharedDriver) -> Option<BalancerKey> {
    let labels = BTreeMap::new();
    let keys = &driver.capabilities().settings;
    let around = Around { slices: None, keys, labels: &labels };
    Some(driver.balancer(&seaway_intent::build(service, around).ok()?))
}

#[cfg(test)]
mod tests {
    use seaway_core::drive;
    use serde_json::{Value, json};

    use super::*;
    use crate::FINALIZER;
    use crate::roster::paper::Paper;

    fn service(uid: &str, ip: &str, class: Option<&str>, deleting: bool) -> Seen<Service> {
        let mut object: Service = serde_json::from_value(json!({
            "metadata": { "name": uid, "namespace": "default", "uid": uid,
                          "finalizers": [FINALIZER] },
            "spec": { "type": "LoadBalancer", "loadBalancerClass": class },
            "status": { "loadBalancer": { "ingress": [{ "ip": ip }] } },
        }))
        .unwrap();
        object.metadata.deleting = deleting;
        Seen { version: 1, object }
    }

    fn check(services: &[Seen<Service>], expected: &Value) {
        let drivers = BTreeMap::from([("paper", drive(Paper::default()))]);
        let selection = Selection {
            served: BTreeSet::from(["paper".to_owned()]),
            default: Some("paper".to_owned()),
        };
        let claims = made(&selection, services, &drivers);
        let texts: BTreeMap<_, Vec<_>> = claims["paper"]
            .iter()
            .map(|(uid, claim)| {
                (uid.to_string(), claim.published.iter().map(ToString::to_string).collect())
            })
            .collect();
        assert_eq!(json!(texts), *expected);
    }

    #[test]
    fn what_our_services_show_is_claimed() {
        let others = Some("example.com/other");
        let mut theirs = service("c", "192.0.2.3", others, false);
        theirs.object.metadata.finalizers.clear();
        let services = [
            service("a", "192.0.2.1", None, false),
            service("b", "192.0.2.2", Some("seaway.dev/paper"), false),
            theirs,
        ];
        check(&services, &json!({ "a": ["192.0.2.1"], "b": ["192.0.2.2"] }));
    }

    #[test]
    fn who_stays_wins_over_who_leaves() {
        let services = [
            service("a", "192.0.2.1", None, true),
            service("b", "192.0.2.1", None, false),
            service("c", "192.0.2.3", None, true),
        ];
        check(&services, &json!({ "b": ["192.0.2.1"], "c": ["192.0.2.3"] }));
    }
}
