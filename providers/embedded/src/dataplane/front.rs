use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::Options;
use super::affinity::Affinity;
use super::counters::Counters;
use super::sources::Admission;
use super::targets::{Member, Pool};

/// What the listeners of one balancer share; it changes while they serve.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) admission: ArcSwap<Admission>,
    pub(super) affinity: Affinity,
    pub(super) counters: Counters,
}

/// What the tasks of one listener share.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) rules: Arc<Rules>,
    pub(super) pool: Pool,
    pub(super) options: Arc<Options>,
    /// Ends the connections that came through this listener.
    pub(super) end: CancellationToken,
}

impl Front {
    pub(super) fn counters(&self) -> &Counters {
        &self.rules.counters
    }

    pub(super) fn admits(&self, client: IpAddr) -> bool {
        let admitted = self.rules.admission.load().admits(client);
        if !admitted {
            self.counters().source_refused.one();
        }
        admitted
    }

    /// The target of a new connection or flow: the client's own, or the next in turn.
    pub(super) fn choose(&self, client: IpAddr, tried: &[Arc<Member>]) -> Option<Arc<Member>> {
        let ring = self.pool.ring();
        self.rules.affinity.stick(
            client,
            |node| ring.find(node, tried),
            || self.pool.next(&ring, tried).map(|member| (Arc::clone(&member.node), member)),
        )
    }
}
