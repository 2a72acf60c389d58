//! A cloud in which everything has a name of one's own choosing, refers to other things by name, and
//! takes its time: what is inserted shows only once its operation is done, and so is what is deleted
//! there until then.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_core::{
    Affinity, Clock as _, ErrorKind, Moment, NodeName, Protocol, ProviderError, SourceRanges,
    TrafficPolicy,
};
use tokio::task::yield_now;

use crate::{Fault, ManualClock};

/// How long an operation takes.
pub const OPERATION: Duration = Duration::from_secs(3);

/// What a thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The nodes that all backends send to.
    Group(BTreeSet<NodeName>),
    /// A health check that all backends share.
    Check,
    /// A reserved address; the cloud chooses it.
    Address(Option<IpAddr>),
    /// Where rules lead. It refers to the group and the check.
    Backend {
        /// Whether a client stays with its node.
        affinity: Option<Affinity>,
        /// How health is told.
        health: TrafficPolicy,
    },
    /// Some ports of an address. It refers to the address and the backend, and can't be changed.
    Rule {
        /// The ports' protocol.
        protocol: Protocol,
        /// At most [`CHUNK`] of them.
        ports: BTreeSet<u16>,
    },
    /// Who is let in.
    Firewall(SourceRanges),
}

/// How many ports one rule takes.
pub const CHUNK: usize = 2;

/// A thing in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub body: Body,
    /// The names of what it refers to, which can't be deleted before it.
    pub refers: BTreeSet<String>,
    /// Whatever its owner wrote there.
    pub description: String,
}

/// What the cloud shows: what there is, and the names with an operation under way.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// What there is, by name.
    pub resources: BTreeMap<String, Resource>,
    /// What is being made or deleted, with the description.
    pub busy: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct State {
    here: BTreeMap<String, Resource>,
    coming: BTreeMap<String, (Moment, Resource)>,
    going: BTreeMap<String, Moment>,
    given: u8,
    fault: Option<Fault>,
}

/// The cloud.
#[derive(Debug)]
pub struct Cloud {
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

impl Cloud {
    /// An empty cloud in which time passes by `clock`.
    pub fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Lets the next writing call go wrong.
    pub fn inject(&self, fault: Fault) {
        self.state.lock().unwrap().fault = Some(fault);
    }

    /// Everything there is, past every rule; unfinished things too.
    pub fn resources(&self) -> BTreeMap<String, Resource> {
        let mut state = self.state.lock().unwrap();
        state.settle(self.clock.now());
        let coming = state.coming.iter().map(|(name, (_, resource))| (name, resource));
        state.here.iter().chain(coming).map(|(name, it)| (name.clone(), it.clone())).collect()
    }

    /// Puts a thing there at once, past every rule.
    pub fn plant(&self, name: &str, resource: Resource) {
        self.state.lock().unwrap().here.insert(name.to_owned(), resource);
    }

    /// What there is.
    ///
    /// # Errors
    /// None; the signature is that of a call over the network.
    pub async fn list(&self) -> Result<Shown, ProviderError> {
        yield_now().await;
        let mut state = self.state.lock().unwrap();
        state.settle(self.clock.now());
        let coming =
            state.coming.iter().map(|(name, (_, it))| (name.clone(), it.description.clone()));
        let going = state
            .going
            .keys()
            .filter_map(|name| Some((name.clone(), state.here.get(name)?.description.clone())));
        Ok(Shown { resources: state.here.clone(), busy: coming.chain(going).collect() })
    }

    /// Begins to make a thing.
    ///
    /// # Errors
    /// A conflict, if the name or a port is taken by something else; unavailable, if something that
    /// it refers to is not there yet.
    pub async fn insert(&self, name: &str, resource: Resource) -> Result<(), ProviderError> {
        self.change("insert", |state, now| state.insert(name, resource, now)).await
    }

    /// Replaces the body of a thing, at once.
    ///
    /// # Errors
    /// Unavailable, if it is not there.
    pub async fn update(&self, name: &str, body: Body) -> Result<(), ProviderError> {
        self.change("update", |state, _| {
            let missing = || unavailable("update", format!("{name} is not there"));
            state.here.get_mut(name).ok_or_else(missing)?.body = body;
            Ok(())
        })
        .await
    }

    /// Begins to delete a thing; what is not there is deleted.
    ///
    /// # Errors
    /// Unavailable, while something refers to it.
    pub async fn delete(&self, name: &str) -> Result<(), ProviderError> {
        self.change("delete", |state, now| state.delete(name, now)).await
    }

    async fn change<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&mut State, Moment) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        yield_now().await;
        let now = self.clock.now();
        let answer = {
            let mut state = self.state.lock().unwrap();
            state.settle(now);
            match state.fault.take() {
                None => change(&mut state, now),
                Some(Fault::Unavailable) => Err(unavailable(operation, "503 backend error")),
                Some(Fault::Throttled) => {
                    let why = "403 rateLimitExceeded";
                    Err(ProviderError::new(ErrorKind::Throttled, operation, why))
                }
            }
        };
        yield_now().await;
        answer
    }
}

impl State {
    /// Ends the operations whose time has come.
    fn settle(&mut self, now: Moment) {
        let done = self.coming.extract_if(.., |_, (ready, _)| *ready <= now).collect::<Vec<_>>();
        self.here.extend(done.into_iter().map(|(name, (_, resource))| (name, resource)));
        for (name, _) in self.going.extract_if(.., |_, gone| *gone <= now) {
            self.here.remove(&name);
        }
    }

    fn known(&self) -> impl Iterator<Item = (&String, &Resource)> {
        self.here.iter().chain(self.coming.iter().map(|(name, (_, it))| (name, it)))
    }

    fn insert(
        &mut self,
        name: &str,
        mut resource: Resource,
        now: Moment,
    ) -> Result<(), ProviderError> {
        if self.going.contains_key(name) {
            return Err(unavailable("insert", format!("{name} is still being deleted")));
        }
        if let Some((_, there)) = self.known().find(|(known, _)| *known == name) {
            // The same again is no harm; it may be the same request, sent twice.
            if there.description == resource.description {
                return Ok(());
            }
            return Err(conflict(format!("{name} exists, and is not ours")));
        }
        for other in &resource.refers {
            if !self.here.contains_key(other) || self.going.contains_key(other) {
                return Err(unavailable("insert", format!("{other} is not ready")));
            }
        }
        if let Some(other) = self.known().find(|(_, it)| overlap(it, &resource)) {
            return Err(conflict(format!("{name}: a port is taken by {}", other.0)));
        }
        if let Body::Address(ip) = &mut resource.body {
            self.given += 1;
            *ip = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, self.given)));
        }
        self.coming.insert(name.to_owned(), (now + OPERATION, resource));
        Ok(())
    }

    fn delete(&mut self, name: &str, now: Moment) -> Result<(), ProviderError> {
        if self.coming.contains_key(name) {
            return Err(unavailable("delete", format!("{name} is still being made")));
        }
        if let Some((user, _)) = self.known().find(|(_, it)| it.refers.contains(name)) {
            return Err(unavailable("delete", format!("{name} is in use by {user}")));
        }
        if self.here.contains_key(name) {
            self.going.entry(name.to_owned()).or_insert(now + OPERATION);
        }
        Ok(())
    }
}

/// Two rules can't have the same port of the same address.
fn overlap(one: &Resource, other: &Resource) -> bool {
    let (Body::Rule { protocol, ports }, Body::Rule { protocol: protocols, ports: others }) =
        (&one.body, &other.body)
    else {
        return false;
    };
    one.refers == other.refers && protocol == protocols && !ports.is_disjoint(others)
}

fn unavailable(operation: &'static str, why: impl Into<String>) -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, operation, why)
}

fn conflict(why: impl Into<String>) -> ProviderError {
    ProviderError::new(ErrorKind::Conflict, "insert", why)
}
