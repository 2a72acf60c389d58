//! Things as we say them.

use std::collections::BTreeSet;

use seaway_core::{Family, Protocol};
use seaway_provider_gce::api::{
    Address, Affinity, BackendService, Firewall, ForwardingRule, HealthCheck, Instance, Name, Open,
    Purpose, Scheme, Tier,
};

pub(crate) const ROOT: &str = "https://www.googleapis.com/compute/v1/projects";

pub(crate) fn rule() -> ForwardingRule {
    ForwardingRule {
        name: "sw-a".to_owned(),
        description: "ours".to_owned(),
        scheme: Scheme::External,
        family: Family::IPv4,
        protocol: Protocol::Tcp,
        ports: [80, 443].into(),
        ip: Some("192.0.2.1".parse().unwrap()),
        tier: Some(Tier::Premium),
        subnet: None,
        global_access: false,
        backend_service: "sw-b".to_owned(),
    }
}

pub(crate) fn address() -> Address {
    Address {
        name: "sw-i".to_owned(),
        description: "ours".to_owned(),
        ip: None,
        family: Family::IPv4,
        scheme: Scheme::Internal,
        tier: None,
        purpose: Some(Purpose::Shared),
        subnet: Some("nodes".to_owned()),
    }
}

pub(crate) fn backend() -> BackendService {
    BackendService {
        name: "sw-b".to_owned(),
        description: "ours".to_owned(),
        scheme: Scheme::External,
        protocol: Protocol::Tcp,
        groups: [group()].into(),
        health_check: "sw-h".to_owned(),
        affinity: Affinity::None,
        drain_seconds: 30,
        weighted: false,
    }
}

pub(crate) fn check() -> HealthCheck {
    HealthCheck {
        name: "sw-h".to_owned(),
        description: "ours".to_owned(),
        port: 10256,
        path: "/healthz".to_owned(),
        interval_seconds: 8,
        timeout_seconds: 1,
        healthy: 1,
        unhealthy: 3,
    }
}

pub(crate) fn firewall() -> Firewall {
    let open = |protocol, from, to| Open { protocol, from, to };
    Firewall {
        name: "sw-f".to_owned(),
        description: "ours".to_owned(),
        sources: ["198.51.100.0/24".parse().unwrap()].into(),
        destinations: ["192.0.2.1/32".parse().unwrap()].into(),
        open: [
            open(Protocol::Tcp, 80, 80),
            open(Protocol::Tcp, 8000, 8010),
            open(Protocol::Udp, 53, 53),
        ]
        .into(),
        target_tags: BTreeSet::new(),
    }
}

pub(crate) fn group() -> Name {
    Name::InstanceGroup { zone: "r1-a".to_owned(), name: "sw-g".to_owned() }
}

pub(crate) fn instance(name: &str) -> Instance {
    Instance { zone: "r1-a".to_owned(), name: name.to_owned() }
}
