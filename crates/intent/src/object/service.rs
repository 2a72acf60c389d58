use serde::{Deserialize, Serialize};

use super::Meta;

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// `metadata`.
    pub metadata: Meta,
    /// `spec`.
    pub spec: ServiceSpec,
    /// `status`.
    pub status: ServiceStatus,
}

/// `Service.spec`. Numbers are wider than their range, so that a bad one is told and not dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who is to make the load balancer (KEP-1959).
    pub load_balancer_class: Option<String>,
    /// The ports.
    pub ports: Vec<ServicePort>,
    /// `None` or `ClientIP`.
    pub session_affinity: Option<String>,
    /// `{"clientIP": {"timeoutSeconds": n}}`
    pub session_affinity_config: Option<SessionAffinityConfig>,
    /// The address that the user asks for; deprecated, and honoured.
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<String>,
    /// Who may connect.
    pub load_balancer_source_ranges: Vec<String>,
    /// `Cluster` or `Local`.
    pub external_traffic_policy: Option<String>,
    /// Where nodes say whether they have a pod of a `Local` Service.
    pub health_check_node_port: i32,
    /// The families, the preferred one first.
    pub ip_families: Vec<String>,
}

/// `Service.spec.ports[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Its name.
    pub name: Option<String>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Option<String>,
    /// What clients connect to.
    pub port: i32,
    /// What nodes answer on; 0 if none is allocated.
    pub node_port: i32,
    /// What clients speak on it (KEP-1435).
    pub app_protocol: Option<String>,
}

/// `Service.spec.sessionAffinityConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionAffinityConfig {
    /// The only kind there is.
    #[serde(rename = "clientIP")]
    pub client_ip: Option<ClientIpConfig>,
}

/// `Service.spec.sessionAffinityConfig.clientIP`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientIpConfig {
    /// Seconds, 1 to 86400.
    pub timeout_seconds: Option<i32>,
}

/// `Service.status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    /// Where clients reach it.
    pub load_balancer: LoadBalancerStatus,
    /// What controllers say of it.
    pub conditions: Vec<Condition>,
}

/// `Service.status.loadBalancer`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadBalancerStatus {
    /// One entry per address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<Ingress>,
}

/// `Service.status.loadBalancer.ingress[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ingress {
    /// An IP address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// A DNS name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `VIP` or `Proxy`; only beside `ip` (KEP-1860).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_mode: Option<String>,
}

/// `Service.status.conditions[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one CamelCase word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
    /// RFC 3339.
    pub last_transition_time: Option<String>,
    /// The generation of the Service that it speaks of.
    pub observed_generation: Option<i64>,
}
