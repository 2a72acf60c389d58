use k8s_openapi::jiff::Timestamp;
use seaway_core::{Address, Digest, IpMode, MemberReport, Moment, Readiness};
use seaway_intent::object::{Condition, Ingress, LoadBalancerStatus, Service, ServiceStatus};
use serde_json::{Value, json};

use crate::{CONDITION, FINALIZER};

/// The addresses that the status of `service` shows.
pub(crate) fn published(service: &Service) -> Vec<Address> {
    let ingress = service.status.load_balancer.ingress.iter();
    ingress
        .filter_map(|entry| match (&entry.ip, &entry.hostname) {
            (Some(ip), _) => ip.parse().ok().map(Address::Ip),
            (None, Some(name)) => Some(Address::Hostname(name.clone())),
            (None, None) => None,
        })
        .collect()
}

/// The digest of the spec that was converged last.
pub(crate) fn applied(service: &Service) -> Option<Digest> {
    let condition = condition(service)?;
    Digest::parse(condition.message.strip_prefix(MESSAGE)?)
}

/// What the condition's message says before the digest.
const MESSAGE: &str = "the load balancer is as asked, spec ";

fn condition(service: &Service) -> Option<&Condition> {
    service.status.conditions.iter().find(|condition| condition.kind == CONDITION)
}

/// What the status of a Service is to become.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    /// The status after the update.
    pub(crate) status: ServiceStatus,
    /// The strategic merge patch that makes it so, without the uid.
    pub(crate) patch: Value,
    /// Clients find the Service at another place than before.
    pub(crate) moved: bool,
}

/// What to write after a pass; none if the status says it already. An address that the provider has
/// is shown, whatever else is amiss; the digest follows once everything asked for is there.
pub(crate) fn update(
    service: &Service,
    report: &MemberReport,
    digest: &Digest,
    mode: IpMode,
    now: Moment,
) -> Option<Update> {
    let Readiness::Ready(addresses) = &report.readiness else { return None };
    let shown = &service.status.load_balancer;
    let ingress: Vec<_> = addresses.iter().map(|address| entry(address, mode)).collect();
    let moved = ingress != shown.ingress;
    let converged = report.settled && applied(service).as_ref() != Some(digest);
    if !moved && !converged {
        return None;
    }
    let mut status = service.status.clone();
    let mut patch = json!({});
    if moved {
        patch["loadBalancer"] = json!({ "ingress": ingress });
        status.load_balancer = LoadBalancerStatus { ingress };
    }
    if converged {
        let condition = provisioned(service, digest, now);
        patch["conditions"] = json!([condition]);
        status.conditions.retain(|other| other.kind != CONDITION);
        status.conditions.push(condition);
    }
    Some(Update { status, patch: json!({ "status": patch }), moved })
}

fn entry(address: &Address, mode: IpMode) -> Ingress {
    match address {
        // The mode is always said: the API server would add VIP, and the next look would differ.
        Address::Ip(ip) => Ingress {
            ip: Some(ip.to_string()),
            ip_mode: Some(mode.to_string()),
            ..Ingress::default()
        },
        Address::Hostname(name) => Ingress { hostname: Some(name.clone()), ..Ingress::default() },
    }
}

fn provisioned(service: &Service, digest: &Digest, now: Moment) -> Condition {
    let since = condition(service)
        .filter(|condition| condition.status == "True")
        .and_then(|condition| condition.last_transition_time.clone());
    Condition {
        kind: CONDITION.to_owned(),
        status: "True".to_owned(),
        reason: "Converged".to_owned(),
        message: format!("{MESSAGE}{digest}"),
        last_transition_time: Some(since.unwrap_or_else(|| rfc3339(now))),
        observed_generation: service.metadata.generation,
    }
}

/// The patch that takes back everything of ours: the addresses, the condition and the finalizer.
pub(crate) fn farewell(service: &Service) -> Value {
    let mut patch = json!({
        "metadata": { "$deleteFromPrimitiveList/finalizers": [FINALIZER] },
    });
    if !service.status.load_balancer.ingress.is_empty() {
        patch["status"]["loadBalancer"] = json!({ "ingress": null });
    }
    if condition(service).is_some() {
        patch["status"]["conditions"] = json!([{ "$patch": "delete", "type": CONDITION }]);
    }
    patch
}

/// RFC 3339, to the second, as the API writes times.
pub(crate) fn rfc3339(moment: Moment) -> String {
    let seconds = i64::try_from(moment.as_millis() / 1000).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(readiness: Readiness, settled: bool) -> MemberReport {
        MemberReport { readiness, error: None, settled }
    }

    fn ready(ip: &str) -> Readiness {
        Readiness::Ready(vec![Address::Ip(ip.parse().unwrap())])
    }

    const NOW: Moment = Moment::from_millis(1_767_323_045_123);

    fn digest() -> Digest {
        Digest::of(&"spec")
    }

    #[test]
    fn the_address_and_the_digest_go_in_one_patch_and_then_nothing_more() {
        let mut service = Service::default();
        let written =
            update(&service, &report(ready("192.0.2.1"), true), &digest(), IpMode::Proxy, NOW)
                .unwrap();
        assert!(written.moved);
        assert_eq!(
            written.patch["status"]["loadBalancer"]["ingress"],
            json!([{ "ip": "192.0.2.1", "ipMode": "Proxy" }])
        );
        let condition = &written.patch["status"]["conditions"][0];
        assert_eq!(condition["lastTransitionTime"], "2026-01-02T03:04:05Z");
        service.status = written.status;
        assert_eq!(applied(&service), Some(digest()));
        assert_eq!(published(&service), [Address::Ip("192.0.2.1".parse().unwrap())]);
        let again =
            update(&service, &report(ready("192.0.2.1"), true), &digest(), IpMode::Proxy, NOW);
        assert_eq!(again, None);
    }

    #[test]
    fn a_changed_spec_changes_the_digest_and_not_the_address() {
        let mut service = Service::default();
        let first = report(ready("192.0.2.1"), true);
        service.status = update(&service, &first, &digest(), IpMode::Vip, NOW).unwrap().status;
        let later = Moment::from_millis(NOW.as_millis() + 60_000);
        let other = Digest::of(&"other");
        let written = update(&service, &first, &other, IpMode::Vip, later).unwrap();
        assert!(!written.moved);
        assert_eq!(written.patch["status"].get("loadBalancer"), None);
        let condition = &written.patch["status"]["conditions"][0];
        assert_eq!(
            condition["lastTransitionTime"], "2026-01-02T03:04:05Z",
            "it was true all along"
        );
    }

    #[test]
    fn what_is_not_ready_or_not_settled_does_not_look_as_if() {
        let service = Service::default();
        let pending = Readiness::Pending { look_again: std::time::Duration::from_secs(1) };
        for readiness in [pending, Readiness::Gone] {
            let report = report(readiness, true);
            assert_eq!(update(&service, &report, &digest(), IpMode::Vip, NOW), None);
        }
        let part = report(ready("192.0.2.1"), false);
        let written = update(&service, &part, &digest(), IpMode::Vip, NOW).unwrap();
        assert_eq!(written.patch["status"].get("conditions"), None);
    }

    #[test]
    fn the_farewell_takes_back_what_is_ours_only() {
        let mut service = Service::default();
        assert_eq!(farewell(&service).get("status"), None);
        let ready = report(ready("192.0.2.1"), true);
        service.status = update(&service, &ready, &digest(), IpMode::Vip, NOW).unwrap().status;
        let patch = farewell(&service);
        assert_eq!(patch["metadata"]["$deleteFromPrimitiveList/finalizers"], json!([FINALIZER]));
        assert_eq!(patch["status"]["loadBalancer"], json!({ "ingress": null }));
        assert_eq!(patch["status"]["conditions"][0]["type"], CONDITION);
    }
}
