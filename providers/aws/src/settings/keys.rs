//! The annotations that are taken, and those that are refused by name.

use seaway_core::SettingKey;

macro_rules! key {
    ($name:literal) => {
        concat!("service.beta.kubernetes.io/aws-load-balancer-", $name)
    };
}

pub(super) const ACCESS_LOG_BUCKET: &str = key!("access-log-s3-bucket-name");
pub(super) const ACCESS_LOG_ENABLED: &str = key!("access-log-enabled");
pub(super) const ACCESS_LOG_PREFIX: &str = key!("access-log-s3-bucket-prefix");
pub(super) const ADDITIONAL_TAGS: &str = key!("additional-resource-tags");
pub(super) const ATTRIBUTES: &str = key!("attributes");
pub(super) const BACKEND_PROTOCOL: &str = key!("backend-protocol");
pub(super) const CROSS_ZONE: &str = key!("cross-zone-load-balancing-enabled");
pub(super) const EIP_ALLOCATIONS: &str = key!("eip-allocations");
pub(super) const HEALTH_CODES: &str = key!("healthcheck-success-codes");
pub(super) const HEALTH_HEALTHY: &str = key!("healthcheck-healthy-threshold");
pub(super) const HEALTH_INTERVAL: &str = key!("healthcheck-interval");
pub(super) const HEALTH_PATH: &str = key!("healthcheck-path");
pub(super) const HEALTH_PORT: &str = key!("healthcheck-port");
pub(super) const HEALTH_PROTOCOL: &str = key!("healthcheck-protocol");
pub(super) const HEALTH_TIMEOUT: &str = key!("healthcheck-timeout");
pub(super) const HEALTH_UNHEALTHY: &str = key!("healthcheck-unhealthy-threshold");
pub(super) const INTERNAL: &str = key!("internal");
pub(super) const IP_ADDRESS_TYPE: &str = key!("ip-address-type");
pub(super) const NAME: &str = key!("name");
pub(super) const PRIVATE_ADDRESSES: &str = key!("private-ipv4-addresses");
pub(super) const PROXY_PROTOCOL: &str = key!("proxy-protocol");
pub(super) const PROXY_PROTOCOL_PORTS: &str = key!("proxy-protocol-per-target-group");
pub(super) const SCHEME: &str = key!("scheme");
pub(super) const SECURITY_GROUPS: &str = key!("security-groups");
pub(super) const SSL_CERT: &str = key!("ssl-cert");
pub(super) const SSL_POLICY: &str = key!("ssl-negotiation-policy");
pub(super) const SSL_PORTS: &str = key!("ssl-ports");
pub(super) const SUBNETS: &str = key!("subnets");
pub(super) const TARGET_GROUP_ATTRIBUTES: &str = key!("target-group-attributes");
pub(super) const TARGET_NODE_LABELS: &str = key!("target-node-labels");
pub(super) const TARGET_TYPE: &str = key!("nlb-target-type");
pub(super) const TYPE: &str = key!("type");

/// An existing load balancer to use.
pub(super) const ADOPT: &str = "seaway.dev/load-balancer-arn";
/// Services that share a load balancer.
pub(super) const GROUP: &str = "seaway.dev/load-balancer-group";

const TAKEN: [(&str, &str); 34] = [
    (ACCESS_LOG_BUCKET, "the S3 bucket of the access logs, with access-log-enabled"),
    (ACCESS_LOG_ENABLED, "true or false: whether TLS requests are logged to S3"),
    (ACCESS_LOG_PREFIX, "the prefix of the access logs in their bucket; it has no AWSLogs in it"),
    (ADDITIONAL_TAGS, "key=value,…: up to 40 more tags for what is made"),
    (
        ATTRIBUTES,
        "key=value,…: attributes of the load balancer, e.g. deletion_protection.enabled=true",
    ),
    (BACKEND_PROTOCOL, "tcp or ssl: what the targets of TLS ports speak"),
    (CROSS_ZONE, "true or false: whether targets get traffic from all zones"),
    (EIP_ALLOCATIONS, "eipalloc-…,…: elastic IP addresses, one per subnet; internet-facing only"),
    (HEALTH_CODES, "e.g. 200,204 or 200-399: HTTP codes from 200 to 599 that are well"),
    (HEALTH_HEALTHY, "2 to 10 answers until a target is well"),
    (HEALTH_INTERVAL, "5 to 300 seconds from one health check to the next"),
    (HEALTH_PATH, "the path of HTTP and HTTPS health checks, e.g. /healthz"),
    (HEALTH_PORT, "traffic-port, or the number of the nodes' port that is checked"),
    (HEALTH_PROTOCOL, "tcp, http or https: what health checks speak"),
    (HEALTH_TIMEOUT, "2 to 120 seconds to wait for an answer, the interval at most"),
    (HEALTH_UNHEALTHY, "2 to 10 failures until a target is not well"),
    (INTERNAL, "true or false: the same as the scheme internal or internet-facing"),
    (IP_ADDRESS_TYPE, "ipv4 or dualstack: the families of its addresses"),
    (NAME, "the name of the load balancer: up to 32 letters, digits and hyphens"),
    (PRIVATE_ADDRESSES, "IPv4 addresses, one per subnet; internal only"),
    (PROXY_PROTOCOL, "*: targets are told the client's address by PROXY protocol version 2"),
    (PROXY_PROTOCOL_PORTS, "80,443: the same, for these ports of the Service only"),
    (SCHEME, "internal or internet-facing; it can't be changed without a new load balancer"),
    (SECURITY_GROUPS, "sg-…,…: up to 4 security groups that decide who may connect"),
    (SSL_CERT, "the ARN of a certificate of ACM or IAM: ports speak TLS"),
    (SSL_POLICY, "the security policy of TLS ports, e.g. ELBSecurityPolicy-TLS13-1-2-2021-06"),
    (SSL_PORTS, "* or 443,https: the ports, by number or name, that speak TLS; all without it"),
    (SUBNETS, "subnet-…,… or Name tags: one subnet per zone"),
    (
        TARGET_GROUP_ATTRIBUTES,
        "key=value,…: attributes of target groups, e.g. stickiness.enabled=true",
    ),
    (TARGET_NODE_LABELS, "key=value,…: only nodes with these labels are targets"),
    (TARGET_TYPE, "instance: targets are instances"),
    (TYPE, "nlb or external: both are Network Load Balancers"),
    (ADOPT, "the ARN of an existing Network Load Balancer to use; it is left as it is"),
    (GROUP, "up to 63 letters, digits, dots, hyphens and underscores: Services that share one"),
];

/// What would change who may connect, or what is served, and is not taken; and why.
pub(super) const REFUSED: [(&str, &str); 11] = [
    (key!("alpn-policy"), "ALPN is not negotiated"),
    (
        key!("disable-nlb-sg"),
        "every load balancer has security groups, without which nobody is kept out",
    ),
    (key!("enable-prefix-for-ipv6-source-nat"), "IPv6 source NAT is not set up"),
    (
        key!("inbound-sg-rules-on-private-link-traffic"),
        "security groups decide about PrivateLink too",
    ),
    (key!("ipv6-addresses"), "AWS chooses the IPv6 addresses"),
    (
        key!("manage-backend-security-group-rules"),
        "the nodes are opened once per cluster, see providers.aws.node-security-groups",
    ),
    (key!("minimum-load-balancer-capacity"), "capacity is not reserved"),
    (key!("multi-cluster-target-group"), "a target group is of one cluster"),
    (key!("quic-enabled-ports"), "QUIC is carried as UDP only"),
    (
        key!("security-group-prefix-lists"),
        "prefix lists are not read, use loadBalancerSourceRanges or security-groups",
    ),
    (key!("source-nat-ipv6-prefixes"), "IPv6 source NAT is not set up"),
];

/// Every annotation that is read, with its values.
pub(crate) fn declared() -> Vec<SettingKey> {
    let refused = REFUSED.iter().map(|(key, why)| (*key, format!("not taken: {why}")));
    let taken = TAKEN.iter().map(|(key, doc)| (*key, (*doc).to_owned()));
    taken.chain(refused).map(|(key, doc)| SettingKey { key: key.to_owned(), doc }).collect()
}
