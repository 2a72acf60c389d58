use std::sync::Arc;

use rustix::process::{Resource, getrlimit};

use super::counters::Counter;
use super::front::Rules;
use super::notice::Notice;
use super::{Options, state::PlaneState};

/// What all balancers of a plane use up together, and how much of it there is.
#[derive(Debug)]
pub(super) struct House {
    connections: Counter,
    most_connections: u64,
    flows: Counter,
    most_flows: u64,
    pub(super) connections_full: Notice,
    pub(super) flows_full: Notice,
    pub(super) starved: Notice,
}

impl House {
    pub(super) fn new(options: &Options) -> Self {
        tell_scarce(options.max_connections as u64);
        Self {
            connections: Counter::default(),
            most_connections: most(options.max_connections),
            flows: Counter::default(),
            most_flows: most(options.max_flows),
            connections_full: Notice::default(),
            flows_full: Notice::default(),
            starved: Notice::default(),
        }
    }

    pub(super) fn state(&self) -> PlaneState {
        PlaneState {
            connections: self.connections.get(),
            max_connections: self.most_connections,
            flows: self.flows.get(),
            max_flows: self.most_flows,
        }
    }
}

/// Says at the start if file descriptors will end before the limit is reached.
fn tell_scarce(max_connections: u64) {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if max_connections > descriptors / 2 {
        tracing::info!(
            max_connections,
            descriptors,
            "file descriptors will end before max-connections is reached, as each connection takes \
             two: clients beyond them wait (`ulimit -n`, or LimitNOFILE= of the systemd unit)"
        );
    }
}

const fn most(limit: usize) -> u64 {
    if limit == 0 { u64::MAX } else { limit as u64 }
}

/// Why a connection has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Its balancer has as many as it may have.
    Balancer(u64),
    /// The plane has.
    Plane(u64),
}

/// The place of one TCP connection, from its accept to its end.
#[derive(Debug)]
pub(super) struct Seat(Arc<Rules>);

impl Seat {
    pub(super) fn take(rules: &Arc<Rules>) -> Result<Self, Full> {
        let most = rules.tuning.load().max_connections.map_or(u64::MAX, u64::from);
        if !rules.seats.one_below(most) {
            return Err(Full::Balancer(most));
        }
        let house = &rules.house;
        if !house.connections.one_below(house.most_connections) {
            rules.seats.less_one();
            return Err(Full::Plane(house.most_connections));
        }
        Ok(Self(Arc::clone(rules)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.seats.less_one();
        self.0.house.connections.less_one();
    }
}

/// The place of one UDP flow.
#[derive(Debug)]
pub(super) struct Berth(Arc<House>);

impl Berth {
    pub(super) fn take(house: &Arc<House>) -> Option<Self> {
        house.flows.one_below(house.most_flows).then(|| Self(Arc::clone(house)))
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        self.0.flows.less_one();
    }
}
