//! What a provider's crate tells the testkit: how to make it, and how to see its world.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{
    Capabilities, Family, LbSpec, Mark, Node, Port, Provider, ServiceUid, TargetKind,
};

use crate::clock::ManualClock;
use crate::served::Served;
use crate::spec::SpecBuilder;

/// A provider under test, together with the world that it works on: a cloud, a daemon, a box.
///
/// Every case opens a world of its own, so cases can't disturb each other. What a bench tells of the
/// world must come from the world itself, never from the provider: it is the witness.
pub trait Bench: Sized + Send + Sync + 'static {
    /// The provider under test.
    type Provider: Provider;

    /// Whether the provider serves inside its own process, so that a restart ends what it served.
    /// A new driver must then make it all again, on the published addresses.
    const SERVES_IN_PROCESS: bool = false;

    /// Opens a new world with nothing of ours in it. All time in it comes from `clock`.
    fn open(clock: Arc<ManualClock>) -> impl Future<Output = Self> + Send;

    /// A new provider with empty memory on this world, for the cluster [`cluster_id`].
    /// The one before it is dropped by then.
    ///
    /// [`cluster_id`]: crate::cluster_id
    fn provider(&self) -> impl Future<Output = Self::Provider> + Send;

    /// Everything that there is in the world, ours and foreign.
    fn inventory(&self) -> impl Future<Output = Vec<Thing>> + Send;

    /// What clients of this Service meet; none if there is nothing for them. Half made things count
    /// as far as they go.
    fn served(&self, uid: &ServiceUid) -> impl Future<Output = Option<Served>> + Send;

    /// Puts things into the world that are not ours, at least one, as like ours as the world
    /// permits: another cluster's mark, our way of naming without a mark.
    fn plant_foreign(&self) -> impl Future<Output = ()> + Send;

    /// Lets the world finish what it has under way, where advancing the clock does not do it.
    fn lapse(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Lets the next writing call to the world meet `fault`; false if this world can't.
    fn inject(&self, fault: Fault) -> impl Future<Output = bool> + Send {
        let _ = fault;
        std::future::ready(false)
    }

    /// Takes everything of ours away, as when a box is rebuilt; false if this world can't lose it.
    fn wipe(&self) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// A spec to start from, with the settings that this provider can't do without. Where ports below
    /// 1024 can't be had, let it add to every port ([`SpecBuilder::above`]).
    fn spec(&self, name: &str) -> SpecBuilder {
        crate::spec(name)
    }

    /// The node `node-<number>`, where it answers in this world.
    fn node(&self, number: u8) -> Node {
        crate::node(&format!("node-{number}")).build()
    }

    /// Makes of `spec` one that the provider, or what it drives, refuses, although the capability
    /// check lets it through: a setting that makes no sense, a line that the daemon can't read.
    fn spoil(&self, spec: LbSpec) -> Option<LbSpec> {
        let _ = spec;
        None
    }

    /// An address of `family` that a Service may ask for, and one that it can't have.
    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let _ = family;
        None
    }

    /// How [`served`](Self::served) writes this port of this node.
    fn target(&self, capabilities: &Capabilities, node: &Node, port: &Port) -> String {
        match capabilities.target_kind {
            TargetKind::Node => node.name.to_string(),
            TargetKind::NodePort => {
                let ip = node.address(Family::IPv4).or_else(|| node.address(Family::IPv6));
                format!(
                    "{}:{}",
                    ip.map_or_else(|| "nowhere".to_owned(), |ip| ip.to_string()),
                    port.node_port.unwrap_or_default()
                )
            }
        }
    }
}

/// What goes wrong with the next writing call to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The world asks us to slow down, in its own words.
    Throttled,
    /// The world can't be reached, or fails on its own account.
    Unavailable,
}

/// Something that exists in the world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    /// What it is and what it is for, the same in every run: two things of one owner with the same
    /// role are one too many. So it holds no ids made by the world.
    pub role: String,
    /// Whose it is.
    pub mark: Option<Mark>,
    /// The rest of it as text: compared only for foreign things, which must not change.
    pub state: String,
}

impl Thing {
    /// A thing with an owner's mark, or none.
    pub fn new(role: impl Into<String>, mark: Option<Mark>, state: impl fmt::Debug) -> Self {
        Self { role: role.into(), mark, state: format!("{state:?}") }
    }

    /// A thing of a Service of the cluster under test.
    pub fn of(uid: ServiceUid, role: impl Into<String>, state: impl fmt::Debug) -> Self {
        Self::new(role, Some(Mark::of(crate::cluster_id(), uid)), state)
    }

    /// Whether it carries the mark of the cluster under test.
    pub fn is_ours(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.cluster == crate::cluster_id())
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.mark {
            Some(mark) => write!(f, "{} of {mark}", self.role),
            None => write!(f, "{} of nobody", self.role),
        }
    }
}
