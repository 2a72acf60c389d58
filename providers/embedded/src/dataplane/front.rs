use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::affinity::Affinity;
use super::counters::{Counter, Counters};
use super::error::out_of_ports;
use super::notice::Notice;
use super::room::{Full, House};
use super::sources::Admission;
use super::targets::{Member, Pool};
use super::workers::Workers;
use super::{BalancerId, Options, Tuning};

/// What the listeners of one balancer share; it changes while they serve.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) id: BalancerId,
    pub(super) tuning: ArcSwap<Tuning>,
    pub(super) admission: ArcSwap<Admission>,
    pub(super) affinity: Affinity,
    pub(super) counters: Counters,
    /// TCP connections that have a place, from their accept on.
    pub(super) seats: Counter,
    pub(super) house: Arc<House>,
    pub(super) notices: Notices,
}

/// What is told of one balancer once a minute at most.
#[derive(Debug, Default)]
pub(super) struct Notices {
    full: Notice,
    idle: Notice,
    stalled: Notice,
    evicted: Notice,
}

/// What the tasks of one listener share.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) rules: Arc<Rules>,
    pub(super) pool: Pool,
    pub(super) options: Arc<Options>,
    /// Ends the connections that came through this listener.
    pub(super) end: CancellationToken,
    pub(super) workers: Arc<Workers>,
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

impl Rules {
    /// Tells why a connection was refused, and what to do about it.
    pub(super) fn tell_full(&self, full: Full) {
        match full {
            Full::Balancer(most) => {
                self.counters.limit_refused.one();
                if let Some(refused) = self.notices.full.due() {
                    tracing::warn!(load_balancer = %self.id, most, refused,
                        "connections were reset: the load balancer has as many as it may have");
                }
            }
            Full::Plane(most) => {
                self.counters.plane_limit_refused.one();
                if let Some(refused) = self.house.connections_full.due() {
                    tracing::warn!(load_balancer = %self.id, most, refused,
                        "connections were reset: all load balancers together have as many as \
                         they may have");
                }
            }
        }
    }

    pub(super) fn tell_idle(&self) {
        self.counters.idle_ended.one();
        if let Some(ended) = self.notices.idle.due() {
            tracing::info!(load_balancer = %self.id, ended,
                "connections were ended: nothing was said on them for too long");
        }
    }

    pub(super) fn tell_stalled(&self) {
        self.counters.client_stalled.one();
        if let Some(ended) = self.notices.stalled.due() {
            tracing::info!(load_balancer = %self.id, ended,
                "connections were ended: their clients took nothing of what waited for them for \
                 as long as a connection may be silent");
        }
    }

    /// The process has no descriptor, no memory, or the machine no local port, left.
    pub(super) fn tell_starved(&self, error: &io::Error) {
        if out_of_ports(error) {
            self.counters.out_of_ports.one();
            if let Some(times) = self.house.out_of_ports.due() {
                tracing::warn!(load_balancer = %self.id, %error, times,
                    "connections or flows have no local port to their target: all are taken; widen \
                     the range (`sysctl net.ipv4.ip_local_port_range`), or use more nodes");
            }
            return;
        }
        self.counters.starved.one();
        if let Some(times) = self.house.starved.due() {
            tracing::warn!(load_balancer = %self.id, %error, times,
                "connections wait, or are reset, until others end: raise the limit of file \
                 descriptors (`ulimit -n`, or LimitNOFILE= of the systemd unit)");
        }
    }

    pub(super) fn tell_evicted(&self) {
        self.counters.flows_evicted.one();
        if let Some(evicted) = self.notices.evicted.due() {
            tracing::warn!(load_balancer = %self.id, evicted,
                "UDP flows were ended to make room for new ones: end idle ones sooner \
                 (`seaway.dev/idle-timeout`, or `udp-idle-seconds`), or allow more \
                 (`max-udp-flows-per-port`, `max-udp-flows`)");
        }
    }

    pub(super) fn tell_flow_refused(&self) {
        self.counters.flows_limit_refused.one();
        if let Some(refused) = self.house.flows_full.due() {
            tracing::warn!(load_balancer = %self.id, refused,
                "datagrams were dropped: all load balancers together have as many UDP flows as \
                 they may have (`max-udp-flows`), or as there are file descriptors for");
        }
    }
}
