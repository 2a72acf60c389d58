use seaway_core::ErrorKind;

use super::*;

fn ready(ip: &str) -> Readiness {
    Readiness::Ready(vec![Address::Ip(ip.parse().unwrap())])
}

const NOW: Moment = Moment::from_millis(1_767_323_045_123);
const ALL_USABLE: Standing = Standing { targets: 2, usable: 2 };

fn spec(port: u16) -> LbSpec {
    let service = serde_json::from_value(json!({
        "metadata": { "namespace": "default", "name": "web", "uid": "u" },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": port, "nodePort": 30080 }] },
    }));
    let around = seaway_intent::Around {
        slices: None,
        keys: &[],
        labels: &std::collections::BTreeMap::new(),
    };
    seaway_intent::build(&service.unwrap(), around).unwrap()
}

/// What a pass that was to serve `port` found.
struct Case {
    port: u16,
    readiness: Readiness,
    settled: bool,
    error: Option<ProviderError>,
    trouble: Trouble,
    nodes: usize,
    standing: Standing,
}

fn case(readiness: Readiness) -> Case {
    Case {
        port: 80,
        readiness,
        settled: true,
        error: None,
        trouble: Trouble::Outage,
        nodes: 2,
        standing: ALL_USABLE,
    }
}

impl Case {
    fn update(&self, service: &Service) -> Option<Update> {
        let member = MemberReport {
            readiness: self.readiness.clone(),
            error: None,
            warnings: std::collections::BTreeSet::new(),
            settled: self.settled,
        };
        let found = Found {
            provider: "toy",
            mode: IpMode::Proxy,
            spec: &spec(self.port),
            member: &member,
            error: self.error.as_ref(),
            trouble: self.trouble,
            nodes: self.nodes,
            standing: self.standing,
            unread: &[],
        };
        update(service, &found, NOW)
    }
}

/// The status and the reason of a condition.
fn says(service: &Service, kind: &str) -> String {
    condition::of(service, kind)
        .map_or_else(String::new, |it| format!("{} {}", it.status, it.reason))
}

#[test]
fn address_and_conditions_go_in_one_patch_and_then_nothing_more() {
    let mut service = Service::default();
    let case = case(ready("192.0.2.1"));
    let written = case.update(&service).unwrap();
    assert!(written.moved && written.converged);
    assert_eq!(
        written.patch["status"]["loadBalancer"]["ingress"],
        json!([{ "ip": "192.0.2.1", "ipMode": "Proxy" }])
    );
    let condition = &written.patch["status"]["conditions"][0];
    assert_eq!(condition["lastTransitionTime"], "2026-01-02T03:04:05Z");
    service.status = written.status;
    assert_eq!(applied(&service, "toy"), Some(spec(80).digest()));
    assert_eq!(applied(&service, "other"), None, "which has nothing yet");
    assert_eq!(provider(&service), Some("toy"));
    assert_eq!(published(&service), [Address::Ip("192.0.2.1".parse().unwrap())]);
    assert_eq!(says(&service, ACCEPTED), "True Accepted");
    assert_eq!(says(&service, PROVISIONED), "True Converged");
    assert_eq!(says(&service, SERVING), "True Serving");
    assert_eq!(case.update(&service), None);
}

#[test]
fn a_changed_spec_changes_the_digest_and_not_the_address() {
    let mut service = Service::default();
    service.status = case(ready("192.0.2.1")).update(&service).unwrap().status;
    let written = Case { port: 81, ..case(ready("192.0.2.1")) }.update(&service).unwrap();
    assert!(!written.moved && written.converged);
    assert_eq!(written.patch["status"].get("loadBalancer"), None);
    assert_eq!(written.patch["status"]["conditions"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_not_ready_or_not_settled_does_not_look_as_if() {
    let pending = Readiness::Pending { look_again: std::time::Duration::from_secs(1) };
    for readiness in [pending, Readiness::Gone] {
        let mut service = Service::default();
        service.status = case(readiness).update(&service).unwrap().status;
        assert_eq!(says(&service, PROVISIONED), "False Pending");
        assert_eq!(says(&service, SERVING), "False Pending");
        assert_eq!(applied(&service, "toy"), None);
    }
    let mut service = Service::default();
    let part = Case { settled: false, ..case(ready("192.0.2.1")) };
    service.status = part.update(&service).unwrap().status;
    assert_eq!(says(&service, PROVISIONED), "False Pending");
    assert_eq!(says(&service, SERVING), "True Serving");
}

#[test]
fn an_error_is_told_until_it_is_over_and_withdraws_the_digest_of_another_spec_only() {
    let full = || Some(ProviderError::new(ErrorKind::QuotaExceeded, "pool", "it is full"));
    let mut service = Service::default();
    let failed = Case { error: full(), settled: false, ..case(Readiness::Gone) };
    service.status = failed.update(&service).unwrap().status;
    assert_eq!(says(&service, PROVISIONED), "False QuotaExceeded");
    assert_eq!(says(&service, ACCEPTED), "True Accepted");
    assert_eq!(failed.update(&service), None, "it is told once");

    service.status = case(ready("192.0.2.1")).update(&service).unwrap().status;
    assert_eq!(says(&service, PROVISIONED), "True Converged");
    let outage = Case { error: full(), settled: false, ..case(ready("192.0.2.1")) };
    assert_eq!(outage.update(&service), None, "it is no less there");
    let other = Case { port: 81, ..outage };
    service.status = other.update(&service).unwrap().status;
    assert_eq!(applied(&service, "toy"), None);
}

#[test]
fn what_is_lost_serves_nobody_and_what_is_denied_serves_on_and_the_address_stays() {
    let there = || {
        let mut service = Service::default();
        service.status = case(ready("192.0.2.1")).update(&service).unwrap().status;
        service
    };
    let shown = published(&there());
    let error = || Some(ProviderError::new(ErrorKind::Conflict, "listen", "it is taken"));
    let failed =
        |readiness, trouble| Case { error: error(), trouble, settled: false, ..case(readiness) };
    // The provider could not even look.
    let blind = failed(Readiness::Gone, Trouble::Outage);
    assert_eq!(blind.update(&there()), None);

    let mut service = there();
    service.status = failed(Readiness::Gone, Trouble::Lost).update(&service).unwrap().status;
    assert_eq!(says(&service, PROVISIONED), "False Conflict");
    assert_eq!(says(&service, SERVING), "False Conflict");
    assert_eq!(applied(&service, "toy"), None);
    assert_eq!(published(&service), shown);
    let again = case(ready("192.0.2.1")).update(&service).unwrap();
    assert!(again.converged && !again.moved);
    service.status = again.status;
    assert_eq!(says(&service, SERVING), "True Serving");

    let mut service = there();
    let denied = failed(ready("192.0.2.1"), Trouble::Denied);
    service.status = denied.update(&service).unwrap().status;
    assert_eq!(says(&service, PROVISIONED), "False Conflict");
    assert_eq!(says(&service, SERVING), "True Serving");
    assert_eq!(denied.update(&service), None, "it is told once");
}

#[test]
fn who_has_lost_what_it_had_and_is_refused_serves_nobody() {
    let mut service = Service::default();
    service.status = case(ready("192.0.2.1")).update(&service).unwrap().status;
    let error = ProviderError::new(ErrorKind::InvalidSpec, "Service", "it is no good");
    service.status = refusal(&service, &error, (false, false), NOW).unwrap().status;
    assert_eq!(says(&service, SERVING), "True Serving", "what it has stays");
    service.status = refusal(&service, &error, (false, true), NOW).unwrap().status;
    assert_eq!(says(&service, SERVING), "False InvalidSpec");
}

#[test]
fn without_a_usable_target_nobody_is_served() {
    let mut service = Service::default();
    let with = |targets, usable| Case {
        standing: Standing { targets, usable },
        ..case(ready("192.0.2.1"))
    };
    service.status = with(0, 0).update(&service).unwrap().status;
    assert_eq!(says(&service, SERVING), "False NoNodes");
    let message = |service: &Service| condition::of(service, SERVING).unwrap().message.clone();
    assert_eq!(message(&service), "no node has an address of IPv4");
    let none = Case { nodes: 0, ..with(0, 0) };
    service.status = none.update(&service).unwrap().status;
    assert_eq!(message(&service), "there is no node that may be a target");
    service.status = with(2, 0).update(&service).unwrap().status;
    assert_eq!(says(&service, SERVING), "False NoHealthyTargets");
    service.status = with(2, 1).update(&service).unwrap().status;
    assert_eq!(says(&service, SERVING), "True Serving");
    assert_eq!(with(3, 2).update(&service), None, "numbers are no change");
}

#[test]
fn a_refusal_is_told_once_and_mixed_protocols_by_the_condition_of_kep_1435() {
    let mut service = Service::default();
    let error = ProviderError::new(ErrorKind::Unsupported, "spec.ports", "TCP and UDP");
    service.status = refusal(&service, &error, (true, false), NOW).unwrap().status;
    assert_eq!(says(&service, ACCEPTED), "False Unsupported");
    assert_eq!(says(&service, PORTS_ERROR), "True LoadBalancerMixedProtocolNotSupported");
    assert_eq!(refusal(&service, &error, (true, false), NOW), None);
    service.status = case(ready("192.0.2.1")).update(&service).unwrap().status;
    assert_eq!(says(&service, PORTS_ERROR), "False Supported");
    assert_eq!(says(&service, ACCEPTED), "True Accepted");
}

#[test]
fn the_welcome_says_that_it_is_on_its_way() {
    let mut service = Service::default();
    let unread = ["seaway.dev/paused".to_owned()];
    let update = welcome(&service, "toy", &unread, NOW);
    assert_eq!(update.patch["metadata"]["finalizers"], json!([FINALIZER]));
    service.status = update.status;
    assert_eq!(provider(&service), Some("toy"));
    assert_eq!(says(&service, PROVISIONED), "False Pending");
    assert_eq!(welcome(&service, "toy", &unread, NOW).patch.get("status"), None);
    let accepted = condition::of(&service, ACCEPTED).unwrap();
    assert!(accepted.message.ends_with("nobody reads seaway.dev/paused"), "{accepted:?}");
}

#[test]
fn the_farewell_takes_back_what_is_ours_only() {
    let mut service = Service::default();
    assert_eq!(farewell(&service, false).get("status"), None);
    service.status = case(ready("192.0.2.1")).update(&service).unwrap().status;
    let patch = farewell(&service, false);
    assert_eq!(patch["metadata"]["$deleteFromPrimitiveList/finalizers"], json!([FINALIZER]));
    assert_eq!(patch["status"]["loadBalancer"], json!({ "ingress": null }));
    let conditions = patch["status"]["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), 3);
    assert!(conditions.iter().all(|condition| condition["$patch"] == "delete"));
    assert_eq!(farewell(&service, true)["status"].get("loadBalancer"), None);
}
