use super::*;

#[test]
fn nodes_come_and_go_behind_the_same_listeners() {
    let shown = case(a()).shows(&["192.0.2.7"]);
    let with = |nodes: &[&str]| shown.clone().nodes(nodes.iter().map(|name| node(name).build()));
    let text = |nodes| format!("listen on 192.0.2.7:80/TCP -> :30080 for {nodes}");
    check(&shown, &with(&["node-1", "node-2", "node-3"]), &[&text("3 nodes")]);
    check(&shown, &with(&["node-2"]), &[&text("1 node")]);
    check(&shown, &with(&[]), &[&text("no nodes")]);
    check(&with(&[]), &shown, &[&text("2 nodes")]);
    let drains = shown.clone().nodes([node("node-1").build(), node("node-2").draining().build()]);
    check(&shown, &drains, &[&text("1 node (1 draining)")]);
    let all = shown.clone().nodes([node("node-1").draining().build()]);
    check(&shown, &all, &[&text("1 node (all draining)")]);
}

fn local(nodes: &[&str]) -> Case {
    let mut case = case(a().local(31_999)).shows(&["192.0.2.7"]);
    let mut spec = a().local(31_999).build();
    spec.local_nodes = Some(nodes.iter().map(|name| NodeName::from(*name)).collect());
    case.goal.members.get_mut(&uid("a")).unwrap().want = Want::Present(Arc::new(spec));
    case
}

fn assumed(seen: &Observed) -> Vec<String> {
    let open = of(seen).open.unwrap();
    let up = open.targets.iter().filter(|target| target.1.assume_up);
    up.map(|target| target.0.clone()).collect()
}

#[test]
fn a_local_service_asks_its_health_port_and_trusts_its_hint() {
    use crate::dataplane::Probe;
    let seen = local(&["node-2"]).done();
    let healthz = Probe::Http { port: 31_999, path: "/healthz".to_owned() };
    assert_eq!(of(&seen).open.unwrap().health.probe, healthz);
    assert_eq!(assumed(&seen), ["node-2"]);
    // Without a hint its checks tell.
    let unknown = case(a().local(31_999)).done();
    assert_eq!(assumed(&unknown), Vec::<String>::new());
    // Every node serves for a Service that is not.
    assert_eq!(assumed(&case(a()).done()), ["node-1", "node-2"]);
}

#[test]
fn a_pod_that_comes_or_goes_is_no_change() {
    check(&local(&["node-2"]), &local(&["node-1"]), &[]);
    check(&local(&["node-2"]), &local(&[]), &[]);
}

#[test]
fn the_hint_counts_for_what_is_new() {
    let three = || ["node-1", "node-2", "node-3"].map(|name| node(name).build());
    let joined = local(&["node-1", "node-3"]).nodes(three());
    assert_eq!(assumed(&joined.fold(local(&["node-2"]).done()).0), ["node-2", "node-3"]);
    // A new machine of an old name knows nothing of the old one.
    let replaced = [node("node-1").build(), node("node-2").at("127.0.0.99").build()];
    let replaced = local(&["node-1"]).nodes(replaced);
    assert_eq!(assumed(&replaced.fold(local(&["node-2"]).done()).0), Vec::<String>::new());
    // Other checks, another assumption.
    let (seen, texts) = local(&["node-2"]).fold(case(a()).shows(&["192.0.2.7"]).done());
    assert_eq!(texts.len(), 1);
    assert_eq!(assumed(&seen), ["node-2"]);
}

#[test]
fn the_health_check_port_of_the_config_is_for_cluster_services() {
    use crate::dataplane::Probe;
    let config = Config { health_check_port: 10_256.try_into().ok(), ..both() };
    let port =
        |case: Case| match &of(&case.within(config.clone()).done()).open.unwrap().health.probe {
            Probe::Http { port, .. } => Some(*port),
            Probe::Tcp | Probe::ProxyV2 | Probe::None => None,
        };
    assert_eq!(port(case(a())), Some(10_256));
    assert_eq!(port(local(&[])), Some(31_999));
    assert_eq!(of(&case(a()).done()).open.unwrap().health.probe, Probe::Tcp);
}

#[test]
fn nodes_that_expect_a_proxy_header_get_one_with_each_check() {
    use crate::dataplane::Probe;
    let probe = |spec: SpecBuilder| {
        let spec = spec.setting("seaway.dev/proxy-protocol", "v2");
        of(&case(spec).done()).open.unwrap().health.probe.clone()
    };
    assert_eq!(probe(a()), Probe::ProxyV2);
    // What answers there is kube-proxy.
    let healthz = Probe::Http { port: 31_999, path: "/healthz".to_owned() };
    assert_eq!(probe(a().local(31_999)), healthz);
}

#[test]
fn a_service_of_a_family_that_no_node_has_is_warned() {
    let warnings = |families: &[Family], nodes: &[Node]| {
        let case = case(a().families(families.iter().copied())).nodes(nodes.to_vec());
        let told = case.plan(&case.done()).warnings.remove(&uid("a")).unwrap_or_default();
        told.into_iter().map(|it| format!("{}: {}", it.reason, it.message)).collect::<Vec<_>>()
    };
    let (four, other) = (node("node-1").build(), node("node-2").build());
    let six = node("node-3").at("2001:db8:1::3").build();
    let told = warnings(&[Family::IPv6], &[four.clone(), other.clone()]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("NoNodeOfFamily: none of 2 nodes has an IPv6 address"), "{told:?}");
    let one = [four.clone(), six];
    assert!(warnings(&[Family::IPv6], &one).is_empty(), "one will do");
    assert!(warnings(&[Family::IPv6, Family::IPv4], &[four, other]).is_empty());
    assert!(warnings(&[Family::IPv6], &[]).is_empty(), "that has an Event of its own");
}

#[test]
fn a_node_without_an_address_of_a_family_of_the_service_is_no_target() {
    let nodes = [node("node-1").build(), node("node-2").at("2001:db8:1::2").build()];
    let targets = |families: &[Family]| {
        let case = case(a().families(families.iter().copied())).nodes(nodes.clone());
        let open = of(&case.done()).open.unwrap();
        open.targets.values().map(|target| target.address.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(targets(&[Family::IPv4]), ["127.0.0.101"]);
    assert_eq!(targets(&[Family::IPv6]), ["2001:db8:1::2"]);
    assert_eq!(targets(&[Family::IPv6, Family::IPv4]), ["127.0.0.101", "2001:db8:1::2"]);
}
