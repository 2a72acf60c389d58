//! AWS, as far as load balancers need it: a proxy in front of a [`Moto`] that is as strict as AWS
//! where moto is not, and that counts, limits, and fails on purpose.
//!
//! ```text
//! server     HTTP
//! service    whom a call is for
//! call       one call as it came
//! world      one account: the way of a call through all of this
//! rate       how many calls are taken
//! fault      what goes wrong on purpose
//! journal    what was called
//! rules/     what AWS refuses and moto does not
//! state      what is there, as far as moto does not know it
//! balancer   load balancers, target groups, listeners, targets:
//! group        what moto is asked,
//! listener     what is learnt of its answer,
//! target       and what it gets wrong
//! learn      what those have in common
//! ec2        what load balancers need of EC2
//! attributes the attributes that there are
//! upstream   what is said to moto
//! answer     what is answered
//! xml        how it is written
//! inventory  what a world holds
//! seed       what is in it before
//! ```

mod answer;
mod attributes;
mod balancer;
mod call;
mod ec2;
mod fault;
mod group;
mod inventory;
mod journal;
mod learn;
mod listener;
mod rate;
mod rules;
mod seed;
mod server;
mod service;
mod state;
mod target;
mod upstream;
mod world;
mod xml;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::Moto;
use rate::Rates;
use state::{Place, Settings};
use upstream::Upstream;
use world::World;

pub use answer::Answer;
pub use call::{Call, Params};
pub use fault::{Fault, Harm};
pub use inventory::{Balancer, Inventory, Listener, Map, Rule, SecurityGroup, TargetGroup};
pub use seed::{Seed, Subnet};
pub use service::Service;
pub use xml::Element;

/// The one region of a world, whatever region a caller signs for.
pub const REGION: &str = "eu-central-1";

/// The name under which a call of the tagging API has its body.
const JSON: &str = "json";

/// One AWS account, of its own even if its moto has others.
#[derive(Debug)]
pub struct MockAws {
    at: SocketAddr,
    world: Arc<World>,
    _task: AbortOnDropHandle<()>,
}

impl MockAws {
    /// Opens an empty account, on a free port of 127.0.0.1.
    pub async fn start(moto: &Moto) -> Self {
        Self::start_on(moto, 0).await
    }

    /// The same, on this port.
    pub async fn start_on(moto: &Moto, port: u16) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(100_000_000_000);
        let account = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let world = Arc::new(World::new(Upstream { at: moto.address(), account }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let task = tokio::spawn(server::run(listener, Arc::clone(&world)));
        Self { at, world, _task: AbortOnDropHandle::new(task) }
    }

    /// Where it listens: for all services alike.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.at)
    }

    /// The id of the account.
    pub fn account(&self) -> &str {
        &self.world.moto.account
    }

    /// What to set in the environment of a process that is to call it.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "mock".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "mock".to_owned()),
        ]
    }

    /// Does what a caller asks, without being counted, limited or hit by a fault: what a test does
    /// behind the caller's back, and how it looks.
    pub async fn ask(&self, service: Service, action: &str, params: &[(&str, &str)]) -> Answer {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (call, world) = (Call::new(service, action, params.collect()), Arc::clone(&self.world));
        // A test that breaks off takes nothing back.
        tokio::spawn(async move { world.perform(call).await }).await.unwrap()
    }

    /// How often each action was called since the last reset, refused or not.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.world.journal.lock().unwrap().counts()
    }

    /// The calls since the last reset, in the order of their answers.
    pub fn calls(&self) -> Vec<Call> {
        self.world.journal.lock().unwrap().calls()
    }

    /// Forgets the calls so far.
    pub fn reset_counts(&self) {
        self.world.journal.lock().unwrap().reset();
    }

    /// Takes calls at the rates of AWS from now on, multiplied. The buckets are full.
    pub fn limit(&self, times: f64) {
        *self.world.rates.lock().unwrap() = Some(Rates::new(times));
    }

    /// Takes any number of calls, as at first.
    pub fn unlimited(&self) {
        *self.world.rates.lock().unwrap() = None;
    }

    /// Has something go wrong. Of several faults the one that came first hits first.
    pub fn inject(&self, fault: Fault) {
        self.world.faults.lock().unwrap().add(fault);
    }

    /// Forgets the faults that have not hit yet.
    pub fn clear_faults(&self) {
        self.world.faults.lock().unwrap().clear();
    }

    /// How many targets a target group takes; 1,000 at first.
    pub fn set_target_quota(&self, targets: usize) {
        self.set(|settings| settings.target_quota = targets);
    }

    /// How many listeners a load balancer takes; 50 at first.
    pub fn set_listener_quota(&self, listeners: usize) {
        self.set(|settings| settings.listener_quota = listeners);
    }

    /// How long a load balancer is `provisioning` after its creation, also one that is there; 50 ms
    /// at first.
    pub fn set_provisioning_time(&self, time: Duration) {
        self.set(|settings| settings.provisioning = time);
    }

    /// By what the deregistration delay is multiplied; a thousandth at first: 300 s are 0.3 s.
    pub fn set_drain_factor(&self, factor: f64) {
        self.set(|settings| settings.drain = factor);
    }

    /// How long the interfaces of a deleted load balancer keep its security groups in use; not at
    /// all at first.
    pub fn set_interface_time(&self, time: Duration) {
        self.set(|settings| settings.interfaces = time);
    }

    /// Makes these targets unhealthy, and all others healthy.
    pub fn set_unhealthy(&self, ids: &[&str]) {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        self.set(|settings| settings.unhealthy = ids);
    }

    /// Makes these instances ones that are terminated: they can't be registered (`InvalidTarget`).
    pub fn set_terminated(&self, ids: &[&str]) {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        self.set(|settings| settings.terminated = ids);
    }

    /// Issues a certificate, and returns its ARN. No other certificate exists.
    pub fn certificate(&self, name: &str) -> String {
        let arn = format!("arn:aws:acm:{REGION}:{}:certificate/{name}", self.account());
        let issued = arn.clone();
        self.set(|settings| {
            settings.certificates.insert(issued);
        });
        arn
    }

    fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.world.settings.lock().unwrap());
    }
}

/// Where a load balancer is to be.
fn places(call: &Call) -> Vec<Place> {
    let subnets = call.list("Subnets").into_iter();
    let subnets = subnets.map(|subnet| Place { subnet, ..Place::default() });
    let mappings = call.members("SubnetMappings").into_iter().map(|mut said| {
        let mut take = |name: &str| said.remove(name).unwrap_or_default();
        Place {
            subnet: take("SubnetId"),
            allocation: take("AllocationId"),
            private: take("PrivateIPv4Address"),
        }
    });
    subnets.chain(mappings).collect()
}

/// The attributes that a call sets.
fn attributes_of(call: &Call) -> BTreeMap<String, String> {
    let pair = |mut each: Params| {
        let mut take = |name: &str| each.remove(name).unwrap_or_default();
        (take("Key"), take("Value"))
    };
    call.members("Attributes").into_iter().map(pair).collect()
}

/// Attributes as `ELBv2` shows them.
fn shown(attributes: &BTreeMap<String, String>) -> Element {
    let pair = |(key, value): (&String, &String)| {
        vec![Element::leaf("Key", key.clone()), Element::leaf("Value", value.clone())]
    };
    Element::list("Attributes", attributes.iter().map(pair))
}
