//! Nodes, in a line.

use std::net::IpAddr;

use seaway_core::Node;

/// Builds the node of this name. `node-7` has the address 127.0.0.107 unless told otherwise, the
/// provider id `test:///zone-a/i-node-7` and the zone `zone-a`; odd ones are in `zone-b`.
pub fn node(name: &str) -> NodeBuilder {
    let number: u8 = name.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let zone = if number.is_multiple_of(2) { "zone-a" } else { "zone-b" };
    NodeBuilder(Node {
        name: name.into(),
        provider_id: Some(format!("test:///{zone}/i-{name}")),
        zone: Some(zone.to_owned()),
        addresses: vec![IpAddr::from([127, 0, 0, 100_u8.saturating_add(number)])],
        draining: false,
    })
}

/// A node in the making.
#[derive(Clone, Debug)]
pub struct NodeBuilder(Node);

impl NodeBuilder {
    /// Its only address.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        self.0.addresses = vec![address.parse().unwrap()];
        self
    }

    /// One more address.
    #[must_use]
    pub fn and_at(mut self, address: &str) -> Self {
        self.0.addresses.push(address.parse().unwrap());
        self
    }

    /// Its zone.
    #[must_use]
    pub fn zone(mut self, zone: &str) -> Self {
        self.0.zone = Some(zone.to_owned());
        self
    }

    /// It is about to go.
    #[must_use]
    pub const fn draining(mut self) -> Self {
        self.0.draining = true;
        self
    }

    /// The node.
    pub fn build(self) -> Node {
        self.0
    }
}

impl From<NodeBuilder> for Node {
    fn from(builder: NodeBuilder) -> Self {
        builder.build()
    }
}
