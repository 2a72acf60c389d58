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

    pub(super) fn less_one(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        #[derive(Debug, Default)]
        pub(super) struct Counters { $(pub(super) $name: Counter,)+ }

        /// What a balancer has done since it was opened; `*_open` are what is open now.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Counts { $($(#[$doc])+ pub $name: u64,)+ }

        impl Counters {
            pub(super) fn read(&self) -> Counts {
                Counts { $($name: self.$name.get(),)+ }
            }
        }
    };
}

counters! {
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
    /// TCP connections ended by the plane: a drain limit, or its shutdown.
    ended,
    /// Accepts, connects and flows that failed for want of file descriptors or memory.
    starved,
    /// UDP flows ended because the target refused them (ICMP).
    flows_refused,
    /// UDP flows ended to make room for a new one.
    flows_evicted,
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
