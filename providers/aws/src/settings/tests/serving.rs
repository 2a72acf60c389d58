use std::collections::BTreeSet;

use super::*;
use crate::api::HealthProtocol;
use crate::settings::ProxyProtocol;

const CERT: (&str, &str) = ("ssl-cert", "arn:aws:acm:eu-west-1:123456789012:certificate/0a-1b");

fn mixed() -> LbSpec {
    named(spec("web").port(443).udp(53))
}

#[test]
fn proxy_protocol_is_for_all_ports_or_for_some() {
    let all: &Want = &Reads(|it| it.proxy_protocol == ProxyProtocol::All);
    let some = Reads(|it| it.proxy_protocol == ProxyProtocol::Ports(BTreeSet::from([80])));
    check(&[("proxy-protocol", "*")], all);
    check(&[("proxy-protocol-per-target-group", "80,")], &some);
    let (key, ports) = ("proxy-protocol", "proxy-protocol-per-target-group");
    check(&[(key, "80")], &Refused(key, &["use *"]));
    check(&[(ports, "80,81")], &Refused(ports, &["\"81\"", "ports of the Service"]));
    check(&[(ports, "http")], &Refused(ports, &["ports of the Service"]));
    check(&[(ports, "")], &Refused(ports, &["by number"]));
    check(&[(key, "*"), (ports, "80")], &Refused(ports, &["remove one"]));
}

#[test]
fn proxy_protocol_as_an_attribute_means_the_same() {
    let key = "target-group-attributes";
    let (on, off) = ("proxy_protocol_v2.enabled=true", "proxy_protocol_v2.enabled=false");
    let is_all: &Want =
        &Reads(|it| it.proxy_protocol == ProxyProtocol::All && it.group_attributes.is_empty());
    check(&[(key, on)], is_all);
    check(&[(key, on), ("proxy-protocol", "*")], is_all);
    check(&[(key, off)], &Reads(|it| *it == Settings::default()));
    check(&[(key, off), ("proxy-protocol", "*")], &Refused(key, &["says otherwise"]));
    let refused = Refused(key, &["for which ports"]);
    check(&[(key, on), ("proxy-protocol-per-target-group", "80")], &refused);
}

#[test]
fn proxy_protocol_with_the_policy_local_is_refused_by_whoever_asks() {
    let local = || named(spec("web").port(80).local(31_000));
    let ways = [
        ("proxy-protocol", "*"),
        ("proxy-protocol-per-target-group", "80"),
        ("target-group-attributes", "proxy_protocol_v2.enabled=true"),
    ];
    for (key, value) in ways {
        let want = Refused(key, &["externalTrafficPolicy: Local", "31000", "Cluster"]);
        check_on(local(), &[(key, value)], &want);
    }
    let off = [("target-group-attributes", "proxy_protocol_v2.enabled=false")];
    check_on(local(), &off, &Reads(|it| it.proxy_protocol == ProxyProtocol::Off));
}

#[test]
fn a_certificate_makes_all_ports_speak_tls() {
    let is_all: &Want = &Reads(|it| {
        it.tls.as_ref().is_some_and(|tls| {
            tls.certificate == CERT.1 && tls.ports.is_none() && tls.policy.is_none()
        }) && !it.backend_tls
    });
    check(&[CERT], is_all);
    check(&[CERT, ("ssl-ports", "*")], is_all);
    check(&[CERT, ("backend-protocol", "tcp")], is_all);
    check(&[CERT, ("backend-protocol", "ssl")], &Reads(|it| it.backend_tls));
    check(&[CERT, ("backend-protocol", "http")], &Refused("backend-protocol", &["tcp or ssl"]));
    let iam = "arn:aws-cn:iam::123456789012:server-certificate/path/mine";
    check(&[("ssl-cert", iam)], &Reads(|it| it.tls.is_some()));
    let bad =
        ["", "mine", "arn:aws:s3:::certificate/x", "arn:aws:acm:eu-west-1:1:key/x", "arn:aws:acm"];
    for bad in bad {
        check(&[("ssl-cert", bad)], &Refused("ssl-cert", &["ARN of a certificate"]));
    }
    let two = format!("{},{iam}", CERT.1);
    check(&[("ssl-cert", &two)], &Refused("ssl-cert", &["2 certificates", "name one"]));
}

#[test]
fn tls_ports_are_the_services_own_by_number_or_name() {
    fn are(settings: &Settings, ports: &[u16]) -> bool {
        let given = settings.tls.as_ref().and_then(|tls| tls.ports.clone());
        given == Some(ports.iter().copied().collect())
    }
    check(&[CERT, ("ssl-ports", "443")], &Reads(|it| are(it, &[443])));
    check(&[CERT, ("ssl-ports", "https, 80")], &Reads(|it| are(it, &[80, 443])));
    check(&[CERT, ("ssl-ports", "8443")], &Refused("ssl-ports", &["ports of the Service"]));
    check(&[CERT, ("ssl-ports", "443,tls")], &Refused("ssl-ports", &["\"tls\""]));
    check(&[CERT, ("ssl-ports", "")], &Refused("ssl-ports", &["use *"]));
    check_on(mixed(), &[CERT, ("ssl-ports", "443")], &Reads(|it| are(it, &[443])));
    check_on(mixed(), &[CERT], &Refused("ssl-cert", &["53/UDP", "ssl-ports"]));
    check_on(mixed(), &[CERT, ("ssl-ports", "*")], &Refused("ssl-ports", &["53/UDP"]));
    check_on(mixed(), &[CERT, ("ssl-ports", "443,dns")], &Refused("ssl-ports", &["53/UDP"]));
    let both = named(spec("web").port(443).udp(443));
    check_on(both, &[CERT, ("ssl-ports", "443")], &Refused("ssl-ports", &["443/UDP"]));
}

#[test]
fn what_is_about_tls_is_refused_without_a_certificate() {
    let policy = "ELBSecurityPolicy-TLS13-1-2-2021-06";
    let idle =
        [("ssl-ports", "443"), ("ssl-negotiation-policy", policy), ("backend-protocol", "ssl")];
    for (key, value) in idle {
        check(&[(key, value)], &Refused(key, &["ssl-cert"]));
    }
    check(&[("backend-protocol", "tcp")], &Reads(|it| *it == Settings::default()));
    let want = Reads(|it| it.tls.as_ref().is_some_and(|tls| tls.policy.is_some()));
    check(&[CERT, ("ssl-negotiation-policy", policy)], &want);
    let key = "ssl-negotiation-policy";
    for bad in ["", "mine", "ELBSecurityPolicy-", "ELBSecurityPolicy-a b"] {
        check(&[CERT, (key, bad)], &Refused(key, &["ELBSecurityPolicy-TLS13"]));
    }
}

#[test]
fn health_checks_are_read_within_their_ranges() {
    use HealthProtocol::{Http, Https, Tcp};
    check(&[("healthcheck-protocol", "tcp")], &Reads(|it| it.health.protocol == Some(Tcp)));
    check(&[("healthcheck-protocol", "HTTP")], &Reads(|it| it.health.protocol == Some(Http)));
    check(&[("healthcheck-protocol", "https")], &Reads(|it| it.health.protocol == Some(Https)));
    check(&[("healthcheck-port", "traffic-port")], &Reads(|it| it.health.port == Some(None)));
    check(&[("healthcheck-port", "65535")], &Reads(|it| it.health.port == Some(Some(65_535))));
    check(&[("healthcheck-path", "/a?b=c")], &Reads(|it| it.health.path.is_some()));
    let codes = Reads(|it| it.health.codes.as_deref() == Some("200,300-399"));
    check(&[("healthcheck-success-codes", "200, 300-399")], &codes);
    check(&[("healthcheck-interval", "5")], &Reads(|it| it.health.interval == Some(5)));
    check(&[("healthcheck-interval", "300")], &Reads(|it| it.health.interval == Some(300)));
    check(&[("healthcheck-timeout", "2")], &Reads(|it| it.health.timeout == Some(2)));
    check(&[("healthcheck-healthy-threshold", "10")], &Reads(|it| it.health.healthy == Some(10)));
    check(&[("healthcheck-unhealthy-threshold", "2")], &Reads(|it| it.health.unhealthy == Some(2)));

    let bad: [(&str, &[&str], &'static [&str]); 8] = [
        ("healthcheck-protocol", &["", "udp", "grpc"], &["use tcp, http or https"]),
        ("healthcheck-port", &["", "0", "65536", "http"], &["use traffic-port or 1 to 65535"]),
        ("healthcheck-path", &["", "a", "/a b"], &["begins with /"]),
        ("healthcheck-success-codes", &["", "199", "200-600", "300-200", "ok"], &["200 to 599"]),
        ("healthcheck-interval", &["", "4", "301", "10s"], &["use 5 to 300 seconds"]),
        ("healthcheck-timeout", &["1", "121", "-1"], &["use 2 to 120 seconds"]),
        ("healthcheck-healthy-threshold", &["1", "11", "2.5"], &["use 2 to 10"]),
        ("healthcheck-unhealthy-threshold", &["1", "11", "x"], &["use 2 to 10"]),
    ];
    for (key, values, parts) in bad {
        for value in values {
            check(&[(key, value)], &Refused(key, parts));
        }
    }
}

#[test]
fn health_checks_that_can_not_be_are_refused() {
    let (timeout, interval) = ("healthcheck-timeout", "healthcheck-interval");
    check(&[(timeout, "10"), (interval, "10")], &Reads(|it| it.health.timeout == Some(10)));
    check(&[(timeout, "11"), (interval, "10")], &Refused(timeout, &["interval", "10 seconds"]));
    let (path, protocol) = (("healthcheck-path", "/"), "healthcheck-protocol");
    check(&[path, (protocol, "http")], &Reads(|it| it.health.path.is_some()));
    check(&[path, (protocol, "tcp")], &Refused("healthcheck-path", &["http or https"]));
    let codes = ("healthcheck-success-codes", "200");
    check(&[codes, (protocol, "TCP")], &Refused("healthcheck-success-codes", &["http or https"]));
    let proxied = ("proxy-protocol", "*");
    check(&[path, proxied], &Refused("healthcheck-path", &["healthcheck-protocol"]));
    check(&[path, proxied, (protocol, "http")], &Reads(|it| it.health.path.is_some()));
}
