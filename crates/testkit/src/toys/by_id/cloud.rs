//! A cloud that makes the ids: balancers, pools of targets, and listeners between them. One inventory
//! for everybody in the account; its listings are shallow and lag behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_core::{
    Clock as _, ErrorKind, Mark, Moment, Protocol, ProviderError, SourceRanges, TrafficPolicy,
};
use tokio::task::yield_now;

use crate::{Fault, ManualClock};

/// How far listings lag behind.
pub const LAG: Duration = Duration::from_secs(4);
/// How long a new balancer takes to be active.
pub const PROVISIONING: Duration = Duration::from_secs(9);
/// How many targets one call may name.
pub const BATCH: usize = 3;
/// How long the cloud asks one to wait that it throttles.
pub const RETRY_AFTER: Duration = Duration::from_secs(7);

/// An id that the cloud made.
pub type Id = u64;

/// The name that the cloud gives to the balancer with this id.
pub fn dns_name(id: Id) -> String {
    format!("balancer-{id}.cloud.example")
}

/// A balancer, with its listeners: each leads from a port to a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balancer {
    /// A balancer is made once for a token, however often it is asked for.
    pub token: String,
    /// Whose it is; set as it is made, never later.
    pub tag: Mark,
    /// When it was asked for.
    pub created: Moment,
    /// Who is let in.
    pub admits: SourceRanges,
    /// The pool behind each port.
    pub listeners: BTreeMap<u16, Id>,
    /// It is to stay when its Service goes; a listing shows it, as it shows every tag.
    pub kept: bool,
}

impl Balancer {
    /// Lets `port` lead to a pool, or nowhere.
    pub fn lead(&mut self, port: u16, pool: Option<Id>) {
        match pool {
            Some(pool) => self.listeners.insert(port, pool),
            None => self.listeners.remove(&port),
        };
    }
}

/// A pool of targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// A pool is made once for a token, however often it is asked for.
    pub token: String,
    /// Whose it is; set as it is made, never later.
    pub tag: Mark,
    /// The port that it is for, and its protocol.
    pub port: (u16, Protocol),
    /// How the health of targets is told.
    pub health: TrafficPolicy,
    /// Where it leads.
    pub targets: BTreeSet<String>,
}

/// All that there is, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The balancers.
    pub balancers: BTreeMap<Id, Balancer>,
    /// The pools.
    pub pools: BTreeMap<Id, Pool>,
}

impl Inventory {
    /// What carries a tag that `wanted` takes.
    fn tagged(mut self, wanted: impl Fn(&Mark) -> bool) -> Self {
        self.balancers.retain(|_, balancer| wanted(&balancer.tag));
        self.pools.retain(|_, pool| wanted(&pool.tag));
        self
    }
}

#[derive(Debug, Default)]
struct State {
    now: Inventory,
    /// What there was after each change, for listings that lag.
    past: Vec<(Moment, Inventory)>,
    last: Id,
    fault: Option<Fault>,
}

/// The cloud.
#[derive(Debug)]
pub struct Cloud {
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

type Answer<T> = Result<T, ProviderError>;

impl Cloud {
    /// An empty cloud in which time passes by `clock`.
    pub fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Lets the next writing call go wrong.
    pub fn inject(&self, fault: Fault) {
        self.state.lock().unwrap().fault = Some(fault);
    }

    /// Everything as it is, past every rule.
    pub fn inventory(&self) -> Inventory {
        self.state.lock().unwrap().now.clone()
    }

    /// Changes anything, past every rule.
    pub fn tamper(&self, change: impl FnOnce(&mut Inventory)) {
        change(&mut self.state.lock().unwrap().now);
    }

    /// Whether the balancer is active by now.
    pub fn is_active(&self, balancer: &Balancer) -> bool {
        self.clock.now().since(balancer.created) >= PROVISIONING
    }

    /// What is tagged with this cluster, as it was a while ago. Listeners, targets, health and who
    /// is let in are not in it, so they are empty here.
    ///
    /// # Errors
    /// None; the signature is that of a call over the network.
    pub async fn list(&self, cluster: &seaway_core::ClusterId) -> Answer<Inventory> {
        yield_now().await;
        let now = self.clock.now();
        let state = self.state.lock().unwrap();
        let then = state.past.iter().rev().find(|(at, _)| *at + LAG <= now);
        let mut listed = then.map(|(_, inventory)| inventory.clone()).unwrap_or_default();
        for balancer in listed.balancers.values_mut() {
            balancer.listeners.clear();
            balancer.admits = SourceRanges::Anyone;
        }
        for pool in listed.pools.values_mut() {
            pool.targets.clear();
            pool.health = TrafficPolicy::Cluster;
        }
        Ok(listed.tagged(|tag| tag.cluster == *cluster))
    }

    /// All that carries this tag, in full, and as it is.
    ///
    /// # Errors
    /// None; the signature is that of a call over the network.
    pub async fn describe(&self, tag: &Mark) -> Answer<Inventory> {
        yield_now().await;
        Ok(self.inventory().tagged(|its| its == tag))
    }

    /// Makes a balancer, or finds the one that was made for this token.
    ///
    /// # Errors
    /// A conflict, if the token is somebody else's.
    pub async fn create_balancer(
        &self,
        token: &str,
        tag: Mark,
        admits: SourceRanges,
    ) -> Answer<(Id, Balancer)> {
        let created = self.clock.now();
        self.change("CreateBalancer", |state| {
            let found = state.now.balancers.iter().find(|(_, it)| it.token == token);
            if let Some((id, there)) = found {
                mine(token, &there.tag, &tag)?;
                return Ok((*id, there.clone()));
            }
            let token = token.to_owned();
            let made =
                Balancer { token, tag, created, admits, listeners: BTreeMap::new(), kept: false };
            let id = state.next();
            state.now.balancers.insert(id, made.clone());
            Ok((id, made))
        })
        .await
    }

    /// Makes a pool, or finds the one that was made for this token.
    ///
    /// # Errors
    /// A conflict, if the token is somebody else's.
    pub async fn create_pool(&self, pool: Pool) -> Answer<(Id, Pool)> {
        self.change("CreatePool", |state| {
            let found = state.now.pools.iter().find(|(_, it)| it.token == pool.token);
            if let Some((id, there)) = found {
                mine(&pool.token, &there.tag, &pool.tag)?;
                return Ok((*id, there.clone()));
            }
            let id = state.next();
            state.now.pools.insert(id, pool.clone());
            Ok((id, pool))
        })
        .await
    }

    /// Changes a balancer: who is let in, or where a port leads.
    ///
    /// # Errors
    /// Unavailable, if it is not there.
    pub async fn modify_balancer(
        &self,
        id: Id,
        change: impl FnOnce(&mut Balancer) + Send,
    ) -> Answer<()> {
        self.change("ModifyBalancer", |state| {
            change(state.now.balancers.get_mut(&id).ok_or_else(|| missing(id))?);
            Ok(())
        })
        .await
    }

    /// Changes how the health of a pool's targets is told.
    ///
    /// # Errors
    /// Unavailable, if it is not there.
    pub async fn modify_pool(&self, id: Id, health: TrafficPolicy) -> Answer<()> {
        self.change("ModifyPool", |state| {
            state.now.pools.get_mut(&id).ok_or_else(|| missing(id))?.health = health;
            Ok(())
        })
        .await
    }

    /// Adds targets to a pool, or takes some out: at most [`BATCH`] of them.
    ///
    /// # Errors
    /// Invalid, if there are more; unavailable, if the pool is not there.
    pub async fn register(&self, id: Id, targets: &BTreeSet<String>, add: bool) -> Answer<()> {
        self.change("RegisterTargets", |state| {
            if targets.len() > BATCH {
                let why = format!("{} targets in a call that takes {BATCH}", targets.len());
                return Err(ProviderError::new(ErrorKind::Unexpected, "RegisterTargets", why));
            }
            let pool = state.now.pools.get_mut(&id).ok_or_else(|| missing(id))?;
            if add {
                pool.targets.extend(targets.iter().cloned());
            } else {
                pool.targets.retain(|target| !targets.contains(target));
            }
            Ok(())
        })
        .await
    }

    /// Deletes a balancer, with its listeners; what is not there is deleted.
    ///
    /// # Errors
    /// The fault that was injected.
    pub async fn delete_balancer(&self, id: Id) -> Answer<()> {
        self.change("DeleteBalancer", |state| {
            state.now.balancers.remove(&id);
            Ok(())
        })
        .await
    }

    /// Deletes a pool; what is not there is deleted.
    ///
    /// # Errors
    /// Unavailable, while a listener leads to it.
    pub async fn delete_pool(&self, id: Id) -> Answer<()> {
        self.change("DeletePool", |state| {
            if state.now.balancers.values().any(|it| it.listeners.values().any(|to| *to == id)) {
                let why = format!("pool {id} is in use");
                return Err(ProviderError::new(ErrorKind::Unavailable, "DeletePool", why));
            }
            state.now.pools.remove(&id);
            Ok(())
        })
        .await
    }

    async fn change<T>(
        &self,
        action: &'static str,
        change: impl FnOnce(&mut State) -> Answer<T>,
    ) -> Answer<T> {
        yield_now().await;
        let answer = {
            let mut state = self.state.lock().unwrap();
            match state.fault.take() {
                None => {
                    let answer = change(&mut state);
                    let after = state.now.clone();
                    state.past.push((self.clock.now(), after));
                    answer
                }
                Some(Fault::Throttled) => {
                    let error = ProviderError::new(ErrorKind::Throttled, action, "rate exceeded");
                    Err(error.retry_after(RETRY_AFTER))
                }
                Some(Fault::Unavailable) => {
                    Err(ProviderError::new(ErrorKind::Unavailable, action, "internal failure"))
                }
            }
        };
        yield_now().await;
        answer
    }
}

impl State {
    const fn next(&mut self) -> Id {
        self.last += 1;
        self.last
    }
}

fn mine(token: &str, tag: &Mark, wanted: &Mark) -> Answer<()> {
    if tag == wanted {
        return Ok(());
    }
    let why = format!("{token} belongs to {tag}");
    Err(ProviderError::new(ErrorKind::Conflict, "create", why))
}

fn missing(id: Id) -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, "modify", format!("there is no {id}"))
}
