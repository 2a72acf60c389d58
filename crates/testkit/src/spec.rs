//! Specs, in a line.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{
    Affinity, Family, LbSpec, Moment, Port, Protocol, ServiceRef, ServiceUid, SourceRanges,
    TrafficPolicy,
};

/// Builds the spec of a Service with this name in the namespace `default`; its uid is
/// [`uid(name)`](crate::uid), and a port `p` has the NodePort `30000 + p % 2000`.
pub fn spec(name: &str) -> SpecBuilder {
    let spec = LbSpec {
        service: ServiceRef {
            namespace: "default".to_owned(),
            name: name.to_owned(),
            uid: uid(name),
        },
        created: Moment::from_millis(1_700_000_000_000),
        ports: Vec::new(),
        families: vec![Family::IPv4],
        traffic_policy: TrafficPolicy::Cluster,
        affinity: None,
        source_ranges: SourceRanges::Anyone,
        requested_address: None,
        settings: std::collections::BTreeMap::new(),
        node_selection: None,
        retain: false,
        local_nodes: None,
    };
    SpecBuilder { spec, above: 0 }
}

/// The uid of the Service with this name, in the tests.
pub fn uid(name: &str) -> ServiceUid {
    format!("uid-{name}").into()
}

/// A spec in the making.
#[derive(Clone, Debug)]
pub struct SpecBuilder {
    spec: LbSpec,
    above: u16,
}

impl SpecBuilder {
    /// Adds this to the number of every port that is named from here on; NodePorts stay.
    #[must_use]
    pub const fn above(mut self, base: u16) -> Self {
        self.above = base;
        self
    }

    /// Adds a TCP port.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.port_of(port, Protocol::Tcp)
    }

    /// Adds a UDP port.
    #[must_use]
    pub fn udp(self, port: u16) -> Self {
        self.port_of(port, Protocol::Udp)
    }

    /// Adds a port of any protocol.
    #[must_use]
    pub fn port_of(mut self, port: u16, protocol: Protocol) -> Self {
        let (node_port, port) = (Some(30_000 + port % 2000), port + self.above);
        self.spec.ports.push(Port { port, protocol, node_port, name: None, app_protocol: None });
        self
    }

    /// Gives `port`, of every protocol, this NodePort; none takes it away.
    #[must_use]
    pub fn node_port(mut self, port: u16, node_port: impl Into<Option<u16>>) -> Self {
        let (node_port, port) = (node_port.into(), port + self.above);
        for one in self.spec.ports.iter_mut().filter(|one| one.port == port) {
            one.node_port = node_port;
        }
        self
    }

    /// Lets clients of this prefix in, and nobody else but those named so.
    #[must_use]
    pub fn source(mut self, prefix: &str) -> Self {
        let prefix = prefix.parse().unwrap();
        match &mut self.spec.source_ranges {
            SourceRanges::Only(prefixes) => {
                prefixes.insert(prefix);
            }
            SourceRanges::Anyone => {
                self.spec.source_ranges = SourceRanges::Only(BTreeSet::from([prefix]));
            }
        }
        self
    }

    /// Lets a client stay with its node for so many seconds.
    #[must_use]
    pub const fn affinity(mut self, seconds: u64) -> Self {
        self.spec.affinity = Some(Affinity { timeout: Duration::from_secs(seconds) });
        self
    }

    /// `externalTrafficPolicy: Local`, with this health check NodePort.
    #[must_use]
    pub const fn local(mut self, health_check_node_port: u16) -> Self {
        self.spec.traffic_policy = TrafficPolicy::Local { health_check_node_port };
        self
    }

    /// The families to serve, the preferred one first.
    #[must_use]
    pub fn families(mut self, families: impl IntoIterator<Item = Family>) -> Self {
        self.spec.families = families.into_iter().collect();
        self
    }

    /// Asks for an address.
    #[must_use]
    pub const fn requested(mut self, address: IpAddr) -> Self {
        self.spec.requested_address = Some(address);
        self
    }

    /// Sets an annotation.
    #[must_use]
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        self.spec.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// When the Service was created.
    #[must_use]
    pub const fn created(mut self, moment: Moment) -> Self {
        self.spec.created = moment;
        self
    }

    /// The spec, with its ports in order.
    pub fn build(mut self) -> LbSpec {
        self.spec.ports.sort();
        self.spec
    }
}

impl From<SpecBuilder> for LbSpec {
    fn from(builder: SpecBuilder) -> Self {
        builder.build()
    }
}

impl From<SpecBuilder> for Arc<LbSpec> {
    fn from(builder: SpecBuilder) -> Self {
        Self::new(builder.build())
    }
}
