use crate::world::protocol::Protocol;
use k8s_openapi::{
    api::core::v1::{Service, ServicePort},
    apimachinery::pkg::util::intstr::IntOrString,
};
use kube::ResourceExt as _;
use std::{collections::BTreeMap, time::Duration};

/// What is read of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceView {
    pub(crate) uid: String,
    /// Empty: somebody else keeps the endpoints.
    pub(crate) selector: BTreeMap<String, String>,
    pub(crate) ports: Vec<PortView>,
    pub(crate) policy: Policy,
    /// How long a client stays with its pod.
    pub(crate) affinity: Option<Duration>,
    pub(crate) health_port: Option<u16>,
    pub(crate) publish_not_ready: bool,
    pub(crate) external_name: bool,
    /// IPv4 is among the families: only that is simulated.
    pub(crate) ipv4: bool,
}

/// `externalTrafficPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Cluster,
    Local,
}

/// What is read of a port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortView {
    pub(crate) name: Option<String>,
    pub(crate) protocol: Protocol,
    pub(crate) target: PortTarget,
    pub(crate) node_port: Option<u16>,
}

/// `targetPort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortTarget {
    Number(u16),
    Name(String),
}

impl From<&Service> for ServiceView {
    fn from(service: &Service) -> Self {
        let spec = service.spec.clone().unwrap_or_default();
        let port =
            |number: Option<i32>| number.and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
        let external = matches!(spec.type_.as_deref(), Some("NodePort" | "LoadBalancer"));
        let policy = match spec.external_traffic_policy.as_deref() {
            Some("Local") => Policy::Local,
            _ => Policy::Cluster,
        };
        let view = |p: ServicePort| {
            Some(PortView {
                target: match p.target_port {
                    Some(IntOrString::Int(number)) => PortTarget::Number(port(Some(number))?),
                    Some(IntOrString::String(name)) => PortTarget::Name(name),
                    None => PortTarget::Number(port(Some(p.port))?),
                },
                protocol: Protocol::parse(p.protocol.as_deref())?,
                node_port: port(p.node_port).filter(|_| external),
                name: p.name.filter(|n| !n.is_empty()),
            })
        };
        let timeout = (spec.session_affinity_config.and_then(|c| c.client_ip))
            .and_then(|c| c.timeout_seconds)
            .and_then(|s| u64::try_from(s).ok())
            .unwrap_or(10_800);
        Self {
            uid: service.uid().unwrap_or_default(),
            selector: spec.selector.unwrap_or_default(),
            ports: spec.ports.unwrap_or_default().into_iter().filter_map(view).collect(),
            policy,
            affinity: (spec.session_affinity.as_deref() == Some("ClientIP"))
                .then(|| Duration::from_secs(timeout)),
            health_port: port(spec.health_check_node_port)
                .filter(|_| external && policy == Policy::Local),
            publish_not_ready: spec.publish_not_ready_addresses.unwrap_or(false),
            external_name: spec.type_.as_deref() == Some("ExternalName"),
            ipv4: spec.ip_families.is_none_or(|f| f.is_empty() || f.iter().any(|f| f == "IPv4")),
        }
    }
}
