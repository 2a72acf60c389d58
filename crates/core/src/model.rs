//! What one Service asks for, free of Kubernetes types.

mod address;
mod digest;
mod node;
mod port;
mod port_range;
mod ranges;
mod spec;
mod target;

pub use address::{Address, Family, IpMode};
pub use digest::Digest;
pub use node::{Node, Nodes};
pub use port::{Port, Protocol};
pub use port_range::PortRange;
pub use ranges::SourceRanges;
pub use spec::{Affinity, LbSpec, ServiceRef, TrafficPolicy};
pub use target::{Health, NodeSelection, Target};
