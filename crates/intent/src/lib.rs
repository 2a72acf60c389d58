//! From a Service, the Nodes and the EndpointSlices to what the load balancer must be.
//!
//! ```text
//! object/    the Kubernetes objects, as far as they are read
//! select     which provider a Service asks for
//! node       which Nodes may be targets (KEP-3458)
//! build      a Service to its LbSpec
//! controls   what a Service asks of the controller itself: pause, retain, node selector
//! selector   label selectors
//! unread     the annotations that nobody reads, and what was meant
//! rejection  why a Service can't have one
//! annotation every annotation that is read, with its source
//! ```
//!
//! Everything here is pure, and this is the only place that reads annotations.

pub mod annotation;
pub mod build;
pub mod controls;
pub mod node;
pub mod object;
pub mod rejection;
pub mod select;
pub mod selector;
pub mod unread;

pub use build::{Around, build};
pub use node::target;
pub use object::{EndpointSlice, Node, Service};
pub use rejection::Rejection;
pub use select::{Choice, Selection};
pub use unread::{Unread, unread};
