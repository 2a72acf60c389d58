//! What an annotation makes of a load balancer, and what is kept where one makes no sense.

use std::collections::BTreeSet;

use seaway_provider_aws::api::fake::{Balancer, Group};
use seaway_provider_aws::api::{
    HealthCheck, HealthProtocol, IpAddressType, ListenerSpec, Scheme, Transport,
};
use seaway_testkit::rig::{pass, trouble};
use seaway_testkit::{SpecBuilder, spec};

use crate::desk::{VPC, key, settled};

const CERTIFICATE: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/one";

/// What a Service with the ports 80 and 443 has.
struct Made {
    balancer: Balancer,
    web: Group,
    tls: Group,
}

impl Made {
    fn listener(&self, port: u16) -> &ListenerSpec {
        &self.balancer.listeners[&port].spec
    }

    fn subnets(&self) -> Vec<&str> {
        self.balancer.subnets.keys().map(String::as_str).collect()
    }

    fn attribute(&self, key: &str) -> &str {
        &self.balancer.attributes[key]
    }
}

fn annotated(notes: &[(&str, &str)]) -> SpecBuilder {
    let plain = spec("a").port(80).port(443);
    notes.iter().fold(plain, |spec, (name, value)| spec.setting(&key(name), value))
}

/// Makes a Service with these annotations, in a world that can give what they ask for.
async fn made(notes: &[(&str, &str)], look: impl FnOnce(Made)) {
    let mut rig = settled().await;
    rig.put(annotated(notes));
    let report = pass(&mut rig, "a").await;
    assert_eq!(trouble(&report, "a"), None, "{notes:?}");
    let mut groups = rig.bench.groups("a");
    let [web, tls] = [80, 443].map(|port| groups.remove(&port).unwrap());
    let balancer = rig.bench.balancer("a");
    rig.converge().await.unwrap();
    rig.bench.spent();
    pass(&mut rig, "a").await;
    assert!(rig.bench.spent().is_empty(), "{notes:?} do not come to rest");
    look(Made { balancer, web, tls });
}

#[tokio::test]
async fn the_scheme_decides_where_it_stands() {
    let private = ["subnet-1-private-a", "subnet-1-private-b", "subnet-1-private-c"];
    let public = ["subnet-1-public-a", "subnet-1-public-b", "subnet-1-public-c"];
    for (notes, scheme, subnets) in [
        (&[][..], Scheme::Internal, private),
        (&[("scheme", "internal")], Scheme::Internal, private),
        (&[("scheme", "internet-facing")], Scheme::InternetFacing, public),
        (&[("internal", "true")], Scheme::Internal, private),
        (&[("internal", "false")], Scheme::InternetFacing, public),
    ] {
        made(notes, |it| {
            assert_eq!((it.balancer.scheme, it.subnets()), (scheme, subnets.to_vec()), "{notes:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn subnets_are_named_by_id_or_by_name() {
    let named = format!("subnet-1-private-a, {VPC}-private-c");
    made(&[("subnets", &named)], |it| {
        assert_eq!(it.subnets(), ["subnet-1-private-a", "subnet-1-private-c"]);
    })
    .await;
}

#[tokio::test]
async fn addresses_go_to_the_subnets_in_order() {
    let public = ("subnets", "subnet-1-public-b,subnet-1-public-a");
    let allocations = ("eip-allocations", "eipalloc-1,eipalloc-2");
    made(&[("scheme", "internet-facing"), public, allocations], |it| {
        let given = |zone: &str| it.balancer.subnets[zone].allocation.clone();
        assert_eq!(given("subnet-1-public-b").as_deref(), Some("eipalloc-1"));
        assert_eq!(given("subnet-1-public-a").as_deref(), Some("eipalloc-2"));
    })
    .await;
    let private = ("subnets", "subnet-1-private-a,subnet-1-private-b");
    made(&[private, ("private-ipv4-addresses", "10.0.0.5,10.0.1.5")], |it| {
        let given = |zone: &str| it.balancer.subnets[zone].private_ipv4.unwrap().to_string();
        assert_eq!(given("subnet-1-private-a"), "10.0.0.5");
        assert_eq!(given("subnet-1-private-b"), "10.0.1.5");
    })
    .await;
}

#[tokio::test]
async fn security_groups_stand_beside_the_one_that_the_nodes_let_in() {
    let mut rig = settled().await;
    let theirs = rig.bench.cloud.edit(|world| world.add_security_group("web", VPC, [].into()));
    rig.put(annotated(&[("security-groups", &theirs)]));
    pass(&mut rig, "a").await;
    let roles: BTreeSet<_> = {
        let world = rig.bench.cloud.state();
        let groups = rig.bench.balancer("a").security_groups.into_iter();
        groups.map(|id| world.security_groups[&id].clone()).map(|it| (it.name, it.id)).collect()
    };
    assert_eq!(roles.len(), 2, "{roles:?}");
    assert!(roles.contains(&("web".to_owned(), theirs)), "{roles:?}");
    assert!(roles.iter().any(|(name, _)| name.contains("backend")), "{roles:?}");

    // Without the annotation everybody may come again.
    rig.put(annotated(&[]));
    rig.converge().await.unwrap();
    rig.check_served_by("a").await.unwrap();
}

#[tokio::test]
async fn attributes_are_set_by_whichever_annotation() {
    const CROSS: &str = "load_balancing.cross_zone.enabled";
    made(&[("cross-zone-load-balancing-enabled", "true")], |it| {
        assert_eq!(it.attribute(CROSS), "true");
    })
    .await;
    let list = format!("{CROSS}=true, dns_record.client_routing_policy=availability_zone_affinity");
    made(&[("attributes", &list)], |it| {
        assert_eq!(it.attribute(CROSS), "true");
        let policy = "dns_record.client_routing_policy";
        assert_eq!(it.attribute(policy), "availability_zone_affinity");
    })
    .await;
    let logs = [
        ("access-log-enabled", "true"),
        ("access-log-s3-bucket-name", "logs"),
        ("access-log-s3-bucket-prefix", "lab"),
    ];
    made(&logs, |it| {
        assert_eq!(it.attribute("access_logs.s3.enabled"), "true");
        assert_eq!(it.attribute("access_logs.s3.bucket"), "logs");
        assert_eq!(it.attribute("access_logs.s3.prefix"), "lab");
    })
    .await;
    let list = "deregistration_delay.timeout_seconds=60,preserve_client_ip.enabled=false";
    made(&[("target-group-attributes", list)], |it| {
        for group in [&it.web, &it.tls] {
            assert_eq!(group.attributes["deregistration_delay.timeout_seconds"], "60");
            assert_eq!(group.attributes["preserve_client_ip.enabled"], "false");
        }
    })
    .await;
}

fn health(group: &Group) -> (HealthProtocol, Option<u16>) {
    (group.health_check.protocol, group.health_check.port)
}

/// With PROXY protocol the checks speak it too, and kube-proxy does not understand them.
#[tokio::test]
async fn proxy_protocol_is_checked_by_a_connection() {
    let proxied = |group: &Group| group.attributes["proxy_protocol_v2.enabled"] == "true";
    made(&[("proxy-protocol", "*")], |it| {
        assert!(proxied(&it.web) && proxied(&it.tls));
        assert_eq!(health(&it.web), (HealthProtocol::Tcp, None));
    })
    .await;
    made(&[("proxy-protocol-per-target-group", "443")], |it| {
        assert!(!proxied(&it.web) && proxied(&it.tls));
        assert_eq!(health(&it.web), (HealthProtocol::Http, Some(10_256)));
        assert_eq!(health(&it.tls), (HealthProtocol::Tcp, None));
    })
    .await;
}

#[tokio::test]
async fn tls_ends_at_the_ports_that_are_named() {
    let plain = |it: &Made, port| {
        let ListenerSpec { protocol, certificate, policy, .. } = it.listener(port).clone();
        (protocol, certificate, policy)
    };
    let policy = Some("ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned());
    let certificate = Some(CERTIFICATE.to_owned());
    made(&[("ssl-cert", CERTIFICATE)], |it| {
        for port in [80, 443] {
            let expected = (Transport::Tls, certificate.clone(), policy.clone());
            assert_eq!(plain(&it, port), expected);
        }
        assert_eq!(it.tls.protocol, Transport::Tcp);
    })
    .await;
    made(&[("ssl-cert", CERTIFICATE), ("ssl-ports", "443")], |it| {
        assert_eq!(plain(&it, 80), (Transport::Tcp, None, None));
        assert_eq!(plain(&it, 443).0, Transport::Tls);
    })
    .await;
    let older = "ELBSecurityPolicy-2016-08";
    let notes = [
        ("ssl-cert", CERTIFICATE),
        ("ssl-ports", "443"),
        ("ssl-negotiation-policy", older),
        ("backend-protocol", "ssl"),
    ];
    made(&notes, |it| {
        let expected = (Transport::Tls, certificate.clone(), Some(older.to_owned()));
        assert_eq!(plain(&it, 443), expected);
        assert_eq!((it.web.protocol, it.tls.protocol), (Transport::Tcp, Transport::Tls));
    })
    .await;
}

#[tokio::test]
async fn health_checks_are_as_annotated() {
    let usual = HealthCheck {
        protocol: HealthProtocol::Http,
        port: Some(10_256),
        path: Some("/healthz".to_owned()),
        codes: Some("200-399".to_owned()),
        interval: 10,
        timeout: 6,
        healthy: 2,
        unhealthy: 2,
    };
    let text = |text: &str| Some(text.to_owned());
    let tcp =
        HealthCheck { protocol: HealthProtocol::Tcp, port: None, path: None, codes: None, ..usual };
    let http = || HealthCheck {
        port: Some(10_256),
        path: text("/healthz"),
        codes: text("200-399"),
        protocol: HealthProtocol::Http,
        ..tcp.clone()
    };
    let table = [
        ("healthcheck-protocol", "tcp", tcp.clone()),
        (
            "healthcheck-protocol",
            "https",
            HealthCheck { protocol: HealthProtocol::Https, port: None, ..http() },
        ),
        ("healthcheck-port", "8080", HealthCheck { port: Some(8080), ..http() }),
        ("healthcheck-port", "traffic-port", HealthCheck { port: None, ..http() }),
        ("healthcheck-path", "/ready", HealthCheck { path: text("/ready"), ..http() }),
        ("healthcheck-success-codes", "200,204", HealthCheck { codes: text("200,204"), ..http() }),
        ("healthcheck-interval", "20", HealthCheck { interval: 20, ..http() }),
        ("healthcheck-interval", "5", HealthCheck { interval: 5, timeout: 5, ..http() }),
        ("healthcheck-timeout", "3", HealthCheck { timeout: 3, ..http() }),
        ("healthcheck-timeout", "30", HealthCheck { interval: 30, timeout: 30, ..http() }),
        ("healthcheck-healthy-threshold", "5", HealthCheck { healthy: 5, ..http() }),
        ("healthcheck-unhealthy-threshold", "4", HealthCheck { unhealthy: 4, ..http() }),
    ];
    made(&[], |it| assert_eq!(it.web.health_check, http())).await;
    for (name, value, expected) in table {
        made(&[(name, value)], |it| assert_eq!(it.web.health_check, expected, "{name}={value}"))
            .await;
    }
}

#[tokio::test]
async fn names_tags_and_families_are_as_annotated() {
    made(&[("name", "shop")], |it| assert_eq!(it.balancer.name, "shop")).await;
    made(&[("additional-resource-tags", "team=web, cost-centre=7")], |it| {
        for tags in [&it.balancer.tags, &it.web.tags, &it.balancer.listeners[&80].tags] {
            assert_eq!((tags["team"].as_str(), tags["cost-centre"].as_str()), ("web", "7"));
        }
    })
    .await;
    for (value, expected) in
        [("ipv4", IpAddressType::Ipv4), ("dualstack", IpAddressType::Dualstack)]
    {
        made(&[("ip-address-type", value)], |it| assert_eq!(it.balancer.ip_address_type, expected))
            .await;
    }
}

#[tokio::test]
async fn an_annotation_that_goes_leaves_the_default_behind() {
    let mut rig = settled().await;
    rig.put(annotated(&[]));
    rig.converge().await.unwrap();
    let (balancer, groups) = (rig.bench.balancer("a"), rig.bench.groups("a"));
    for notes in [
        &[("cross-zone-load-balancing-enabled", "true")][..],
        &[("proxy-protocol", "*")],
        &[("additional-resource-tags", "team=web,tier=front")],
        &[("access-log-enabled", "true"), ("access-log-s3-bucket-name", "logs")],
        &[("healthcheck-interval", "30")],
        &[("ip-address-type", "dualstack")],
        &[("ssl-cert", CERTIFICATE), ("ssl-ports", "443")],
    ] {
        rig.put(annotated(notes));
        rig.converge().await.unwrap();
        let changed = (rig.bench.balancer("a"), rig.bench.groups("a"));
        assert_ne!(changed, (balancer.clone(), groups.clone()), "{notes:?}");
        // What was asked for is known by what is there, not by what this process remembers.
        rig.restart().await;
        rig.put(annotated(&[]));
        rig.converge().await.unwrap();
        let mut after = (rig.bench.balancer("a"), rig.bench.groups("a"));
        // Where the logs would go may stay while they are off.
        after.0.attributes.insert("access_logs.s3.bucket".to_owned(), String::new());
        assert_eq!(after, (balancer.clone(), groups.clone()), "{notes:?}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name_and_changes_nothing() {
    let mut rig = settled().await;
    let good = [("cross-zone-load-balancing-enabled", "true"), ("healthcheck-interval", "20")];
    rig.put(annotated(&good));
    rig.converge().await.unwrap();
    let before = rig.belongings("a").await;
    for (name, value) in [
        ("access-log-enabled", "yes"),
        ("access-log-s3-bucket-name", "logs"),
        ("access-log-s3-bucket-prefix", "AWSLogs"),
        ("additional-resource-tags", "seaway.dev/cluster=other"),
        ("alpn-policy", "HTTP2Only"),
        ("attributes", "no.such.attribute=1"),
        ("backend-protocol", "http"),
        ("cross-zone-load-balancing-enabled", "TRUE"),
        ("eip-allocations", "1.2.3.4"),
        ("healthcheck-healthy-threshold", "11"),
        ("healthcheck-interval", "4"),
        ("healthcheck-path", "ready"),
        ("healthcheck-port", "0"),
        ("healthcheck-protocol", "udp"),
        ("healthcheck-success-codes", "600"),
        ("healthcheck-timeout", "121"),
        ("healthcheck-unhealthy-threshold", "1"),
        ("internal", "0.0.0.0/0"),
        ("ip-address-type", "ipv6"),
        ("name", "-shop"),
        ("nlb-target-type", "ip"),
        ("private-ipv4-addresses", "here"),
        ("proxy-protocol", "v2"),
        ("proxy-protocol-per-target-group", "81"),
        ("scheme", "public"),
        ("seaway.dev/load-balancer-arn", "arn:aws:s3:::bucket"),
        ("seaway.dev/load-balancer-group", "a group"),
        ("security-groups", "web"),
        ("ssl-cert", "certificate"),
        ("ssl-negotiation-policy", "strict"),
        ("ssl-ports", "443"),
        ("subnets", ","),
        ("target-group-attributes", "stickiness.enabled=maybe"),
        ("type", "alb"),
    ] {
        rig.put(annotated(&[good[0], good[1], (name, value)]));
        let report = pass(&mut rig, "a").await;
        let error = trouble(&report, "a").unwrap_or_else(|| panic!("{name}={value} is taken"));
        let text = error.to_string();
        assert!(text.contains(&key(name)) && text.contains(value), "{name}={value}: {text}");
        assert!(error.kind().is_user_error(), "{error:?}");
        assert!(!report.wrote(), "{name}={value}: {report:?}");
        assert_eq!(rig.belongings("a").await, before, "{name}={value}");
    }
    rig.put(annotated(&good));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}
