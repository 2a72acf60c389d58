use std::io;
use std::sync::Arc;

use super::budget::Budget;
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
    /// Descriptors of connections and flows.
    files: Counter,
    most_files: u64,
    /// Descriptors of listeners.
    listening: Counter,
    pub(super) connections_full: Notice,
    pub(super) flows_full: Notice,
    pub(super) starved: Notice,
    pub(super) out_of_ports: Notice,
}

impl House {
    pub(super) fn new(options: &Options) -> Self {
        let budget = Budget::of_machine();
        budget.tell(most(options.max_connections), most(options.max_flows));
        Self::with(options, &budget)
    }

    fn with(options: &Options, budget: &Budget) -> Self {
        Self {
            connections: Counter::default(),
            most_connections: most(options.max_connections),
            flows: Counter::default(),
            most_flows: budget.flows(most(options.max_flows)),
            files: Counter::default(),
            most_files: budget.files,
            listening: Counter::default(),
            connections_full: Notice::default(),
            flows_full: Notice::default(),
            starved: Notice::default(),
            out_of_ports: Notice::default(),
        }
    }

    pub(super) fn state(&self) -> PlaneState {
        PlaneState {
            connections: self.connections.get(),
            max_connections: self.most_connections.min(self.most_files() / EACH),
            flows: self.flows.get(),
            max_flows: self.most_flows,
        }
    }

    /// Descriptors that traffic may have now. Listeners take theirs of them, so that what is kept
    /// from traffic is there for the next one; but half at most: they would have nothing to do.
    fn most_files(&self) -> u64 {
        self.most_files - self.listening.get().min(self.most_files / 2)
    }
}

const fn most(limit: usize) -> u64 {
    if limit == 0 { u64::MAX } else { limit as u64 }
}

/// Descriptors of a connection: its client's, and its target's.
pub(super) const EACH: u64 = 2;

/// Descriptors of the budget that somebody has.
#[derive(Debug)]
pub(super) struct Files {
    house: Arc<House>,
    count: u64,
}

impl Files {
    /// So many, if there are as many.
    pub(super) fn take(house: &Arc<House>, count: u64) -> Option<Self> {
        let there = house.files.more_below(count, house.most_files());
        there.then(|| Self { house: Arc::clone(house), count })
    }

    /// So many, even if that is more than there are.
    pub(super) fn take_beyond(house: &Arc<House>, count: u64) -> Self {
        house.files.more_below(count, u64::MAX);
        Self { house: Arc::clone(house), count }
    }

    /// What accept says where there are none.
    pub(super) fn all_taken() -> io::Error {
        io::Error::other("all file descriptors that traffic may have are taken")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.house.files.less(self.count);
    }
}

/// The descriptors of one listener.
#[derive(Debug)]
pub(super) struct Doors {
    house: Arc<House>,
    count: u64,
}

impl Doors {
    pub(super) fn take(house: &Arc<House>, count: u64) -> Self {
        house.listening.more_below(count, u64::MAX);
        Self { house: Arc::clone(house), count }
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.house.listening.less(self.count);
    }
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
pub(super) struct Seat {
    rules: Arc<Rules>,
    _files: Files,
}

impl Seat {
    pub(super) fn take(rules: &Arc<Rules>, files: Files) -> Result<Self, Full> {
        let most = rules.tuning.load().max_connections.map_or(u64::MAX, u64::from);
        if !rules.seats.more_below(1, most) {
            return Err(Full::Balancer(most));
        }
        let house = &rules.house;
        if !house.connections.more_below(1, house.most_connections) {
            rules.seats.less(1);
            return Err(Full::Plane(house.most_connections));
        }
        Ok(Self { rules: Arc::clone(rules), _files: files })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.rules.seats.less(1);
        self.rules.house.connections.less(1);
    }
}

/// Why a flow has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBerth {
    /// There are as many as there may be.
    Flows,
    /// No descriptor is left for it.
    Files,
}

/// The place of one UDP flow.
#[derive(Debug)]
pub(super) struct Berth(Files);

impl Berth {
    pub(super) fn take(house: &Arc<House>) -> Result<Self, NoBerth> {
        if !house.flows.more_below(1, house.most_flows) {
            return Err(NoBerth::Flows);
        }
        let Some(files) = Files::take(house, 1) else {
            house.flows.less(1);
            return Err(NoBerth::Files);
        };
        Ok(Self(files))
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        self.0.house.flows.less(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(files: u64, options: &Options) -> Arc<House> {
        let budget = Budget { descriptors: 2 * files, files, pipes: 0, ports: None };
        Arc::new(House::with(options, &budget))
    }

    #[test]
    fn a_connection_takes_two_and_a_flow_one_until_none_is_left() {
        let house = house(5, &Options::default());
        let (one, flow) = (Files::take(&house, 2).unwrap(), Berth::take(&house).unwrap());
        let two = Files::take(&house, 2).unwrap();
        assert!(Files::take(&house, 2).is_none());
        assert_eq!(Berth::take(&house).unwrap_err(), NoBerth::Files);
        drop(one);
        assert!(Berth::take(&house).is_ok());
        drop((two, flow));
        assert_eq!((house.files.get(), house.flows.get()), (0, 0));
    }

    #[test]
    fn flows_end_at_half_of_the_descriptors_and_connections_go_on() {
        let house = house(8, &Options::default());
        let flows: Vec<_> = std::iter::from_fn(|| Berth::take(&house).ok()).collect();
        assert_eq!((flows.len(), house.state().max_flows), (4, 4));
        assert!(Files::take(&house, 2).is_some());
    }

    #[test]
    fn listeners_take_from_traffic_and_never_more_than_half() {
        let house = house(8, &Options::default());
        let few = Doors::take(&house, 3);
        assert_eq!(house.most_files(), 5);
        let many = Doors::take(&house, 100);
        assert_eq!(house.most_files(), 4);
        drop((few, many));
        assert_eq!(house.most_files(), 8);
    }
}
