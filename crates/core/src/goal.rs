//! The Services that a key is to carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Address, Digest, LbSpec, Moment, Node, Nodes, ServiceUid};

/// What is wanted for a member. Who is to be absent is not a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Want {
    /// It is to be served as this spec says.
    Present(Arc<LbSpec>),
    /// What it has stays as it is, and nothing is made.
    Hold,
}

/// A Service that a key is to carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What is wanted for it.
    pub want: Want,
    /// The addresses that its status shows.
    pub published: Vec<Address>,
    /// The digest of the spec that was converged last, as its status tells. It vouches for all that
    /// a listing does not show, nodes included: so it is withdrawn before a change is begun, and
    /// not given while the nodes are others than they were then.
    pub applied: Option<Digest>,
}

impl Member {
    /// A member that is to be served as `spec` says, and of which nothing is published yet.
    pub fn present(spec: impl Into<Arc<LbSpec>>) -> Self {
        Self { want: Want::Present(spec.into()), published: Vec::new(), applied: None }
    }

    /// A member whose things stay as they are.
    pub const fn held() -> Self {
        Self { want: Want::Hold, published: Vec::new(), applied: None }
    }

    /// The spec to serve; none for a member on hold.
    pub fn spec(&self) -> Option<&Arc<LbSpec>> {
        match &self.want {
            Want::Present(spec) => Some(spec),
            Want::Hold => None,
        }
    }
}

/// What a pass over one key is to reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The time of the pass.
    pub now: Moment,
    /// The nodes that may be targets.
    pub nodes: Nodes,
    /// The Services to carry. What serves any other is to go.
    pub members: BTreeMap<ServiceUid, Member>,
    /// Another controller chooses addresses: only what [`Member::published`] shows is to be served,
    /// whatever address a spec asks for, and no address is chosen.
    #[serde(default)]
    pub follows: bool,
}

impl Goal {
    /// The members to be served, with their specs, in the order of their uids.
    pub fn present(&self) -> impl Iterator<Item = (&ServiceUid, &Arc<LbSpec>)> {
        self.members.iter().filter_map(|(uid, member)| Some((uid, member.spec()?)))
    }

    /// The nodes that may be targets of `spec`, by name.
    pub fn targets<'a>(&'a self, spec: &'a LbSpec) -> impl Iterator<Item = &'a Node> {
        self.nodes.values().filter(|node| spec.selects(&node.name))
    }
}
