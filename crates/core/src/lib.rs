//! What should be, what is, and how to get there: the model, the provider trait and the driver.
//!
//! ```text
//! model/     LbSpec, Node, Address: what one Service asks for, free of Kubernetes types
//! key        what one pass works on: the ground, or one load balancer
//! goal       the Services that a key is to carry
//! plan       stages of steps from what is to what should be
//! provider   the trait of a provider, typed: observe, plan, apply
//! driver/    the loop around it, written once: look, plan, fence, apply, learn
//! context    what the caller brings to a pass: the time, the fence and the pace
//! capability what a provider can do, as data, and the check of a spec against it
//! setting/   the annotations that providers take, and the ways to read and refuse them
//! measure    what a provider counts and measures itself, for whoever watches over it
//! ownership  the mark that says "ours"
//! error      the one error that crosses a provider's border
//! ```
//!
//! There is no I/O and no Kubernetes here, and no clock is read: time comes in through [`Context`].

pub mod capability;
pub mod context;
pub mod driver;
pub mod error;
pub mod goal;
pub mod key;
pub mod measure;
pub mod model;
pub mod moment;
pub mod ownership;
pub mod plan;
pub mod provider;
pub mod setting;

pub use capability::{AffinitySupport, Capabilities, ProxyProtocol, SettingKey, TargetKind};
pub use context::{Call, Clock, Context, Fence, Pace, Tap, Turn};
pub use driver::{Driver, MemberReport, Report, SharedDriver, StepReport, drive};
pub use error::{Class, ErrorKind, ProviderError};
pub use goal::{Goal, Member, Want};
pub use key::{BalancerKey, ClusterId, Key, NodeName, ServiceUid};
pub use measure::{Measure, MeasureKind, Reading, Subject};
pub use model::{
    Address, Affinity, Digest, Family, Health, IpMode, LbSpec, Node, NodeSelection, Nodes, Port,
    PortRange, Protocol, ServiceRef, SourceRanges, Target, TrafficPolicy,
};
pub use moment::Moment;
pub use ownership::Mark;
pub use plan::{Needs, Plan, Planned, Warning};
pub use provider::{Claim, Depth, Lane, Provider, Readiness, Step, Urgency};
