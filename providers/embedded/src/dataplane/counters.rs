use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

/// A number that many threads add to; reading it costs them nothing.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn one(&self) {
        self.add(1);
    }

    pub(super) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Relaxed);
    }

    /// Adds so many if that makes no more than `most`.
    pub(super) fn more_below(&self, more: u64, most: u64) -> bool {
        let then = |now: u64| now.checked_add(more).filter(|then| *then <= most);
        self.0.try_update(Relaxed, Relaxed, then).is_ok()
    }

    pub(super) fn less(&self, less: u64) {
        self.0.fetch_sub(less, Relaxed);
    }

    pub(super) fn less_one(&self) {
        self.less(1);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

macro_rules! counters {
    ($counters:ident, $(#[$about:meta])+ $counts:ident: $($(#[$doc:meta])+ $name:ident,)+) => {
        #[derive(Debug, Default)]
        pub(super) struct $counters { $(pub(super) $name: Counter,)+ }

        $(#[$about])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $counts { $($(#[$doc])+ pub $name: u64,)+ }

        impl $counters {
            pub(super) fn read(&self) -> $counts {
                $counts { $($name: self.$name.get(),)+ }
            }
        }

        impl $counts {
            /// Every counter with its name, for whoever writes them all down.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }

            /// What both have counted.
            #[must_use]
            pub fn plus(&self, other: &Self) -> Self {
                Self { $($name: self.$name + other.$name,)+ }
            }
        }
    };
}

counters! {
    Counters,
    /// What a balancer has done since it was opened; `*_open` are what is open now.
    Counts:
    /// TCP connections accepted, those from forbidden sources included.
    accepted,
    /// TCP connections that are open to a target now.
    connections_open,
    /// UDP flows that are open now.
    flows_open,
    /// UDP flows opened.
    flows_opened,
    /// TCP connections and datagrams refused because of their source address.
    source_refused,
    /// TCP connections refused because their balancer had as many as it may have.
    limit_refused,
    /// TCP connections refused because the plane had as many as it may have.
    plane_limit_refused,
    /// TCP connections and datagrams for which there was no target at all.
    no_target,
    /// TCP connections that no target took: reset.
    unserved,
    /// Connects that a target refused.
    connect_refused,
    /// Connects that a target didn't answer in time.
    connect_timed_out,
    /// Connects that failed for another reason.
    connect_failed,
    /// TCP connections that ended with a reset, or another error, on the client's side.
    client_broke,
    /// TCP connections that ended with a reset, or another error, on the target's side.
    target_broke,
    /// TCP connections ended because nothing was said on them for too long, both ways.
    idle_ended,
    /// Those of `idle_ended` on which the client had said something, and the target never.
    target_silent,
    /// TCP connections ended because the client took nothing of what waited for it for too long.
    client_stalled,
    /// TCP connections ended by the plane: a drain limit, or its shutdown.
    ended,
    /// Accepts, connects and flows that failed for want of file descriptors or memory.
    starved,
    /// Connects and flows that failed as all local ports were taken.
    out_of_ports,
    /// UDP flows ended because the target refused them (ICMP).
    flows_refused,
    /// UDP flows ended to make room for a new one.
    flows_evicted,
    /// Datagrams without a flow, as the plane had as many as it may have, and their listener none
    /// to give up.
    flows_limit_refused,
    /// Datagrams lost because a socket took no more.
    datagrams_dropped,
    /// Datagrams from clients to targets.
    datagrams_in,
    /// Datagrams from targets to clients.
    datagrams_out,
    /// Bytes from clients to targets.
    bytes_in,
    /// Bytes from targets to clients.
    bytes_out,
}

counters! {
    MemberCounters,
    /// What came of the connections and flows to one target.
    TargetCounts:
    /// Connects that it refused.
    connect_refused,
    /// Connects that it didn't answer in time.
    connect_timed_out,
    /// Connects that failed for another reason, but for one of this machine.
    connect_failed,
    /// TCP connections that ended with a reset, or another error, on its side.
    broke,
    /// TCP connections ended because nothing was said on them for too long.
    idle_ended,
    /// Those of `idle_ended` on which the client had said something, and the target never.
    silent,
    /// UDP flows ended because it refused them (ICMP).
    flows_refused,
    /// Bytes to it.
    bytes_in,
    /// Bytes from it.
    bytes_out,
}

/// Counts something as open for as long as it lives.
#[derive(Debug)]
pub(super) struct Open<'a>(&'a Counter);

impl<'a> Open<'a> {
    pub(super) fn count(counter: &'a Counter) -> Self {
        counter.one();
        Self(counter)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.less_one();
    }
}
