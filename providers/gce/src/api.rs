//! The door to Google's Compute Engine API: as much of it as load balancers need, in words of its own,
//! so that the plan stands on no client library.

mod fault;
mod model;
mod paced;
#[cfg(feature = "sdk")]
pub mod sdk;

use std::fmt;

use seaway_core::Pace;

pub use self::fault::Fault;
pub use self::model::{
    Address, Affinity, BackendService, Firewall, ForwardingRule, HealthCheck, Instance,
    InstanceGroup, Name, Open, Purpose, Scheme, Subnet, SubnetAccess, Thing, Tier,
};
pub use self::paced::Paced;

/// What a call answers.
pub type Answer<T> = Result<T, Fault>;

/// Compute Engine, in one project and region. A list is read to its end; a write has ended when it
/// answers.
///
/// # Contract
/// - Every write carries a request id of its own, which a repetition for lack of an answer carries
///   too.
/// - A write that Google took and could not finish is a [`Fault::Refused`], as one that it did not take.
pub trait Compute: fmt::Debug + Send + Sync + 'static {
    /// How fast it may be asked.
    fn pace(&self) -> Option<&dyn Pace> {
        None
    }

    /// The reserved addresses of the region, also those that users have reserved.
    fn addresses(&self) -> impl Future<Output = Answer<Vec<Address>>> + Send;

    /// The forwarding rules of the region whose names begin so.
    fn forwarding_rules(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Answer<Vec<ForwardingRule>>> + Send;

    /// The backend services of the region whose names begin so.
    fn backend_services(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Answer<Vec<BackendService>>> + Send;

    /// The health checks of the region whose names begin so.
    fn health_checks(&self, prefix: &str) -> impl Future<Output = Answer<Vec<HealthCheck>>> + Send;

    /// The firewall rules of the network's project whose names begin so.
    fn firewalls(&self, prefix: &str) -> impl Future<Output = Answer<Vec<Firewall>>> + Send;

    /// The unmanaged instance groups of the region whose names begin so, of all zones.
    fn instance_groups(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Answer<Vec<InstanceGroup>>> + Send;

    /// The instances in a group.
    fn members(&self, group: &Name) -> impl Future<Output = Answer<Vec<Instance>>> + Send;

    /// The health of the instances of a group, as a backend service sees them: whether each is up.
    fn health(
        &self,
        backend_service: &str,
        group: &Name,
    ) -> impl Future<Output = Answer<Vec<(Instance, bool)>>> + Send;

    /// The subnetworks of the network in the region.
    fn subnets(&self) -> impl Future<Output = Answer<Vec<Subnet>>> + Send;

    /// Makes a thing that is not there.
    fn insert(&self, thing: &Thing) -> impl Future<Output = Answer<()>> + Send;

    /// Reads a thing, and changes whatever of it is not as it should be; fields that nobody here knows
    /// stay as they are.
    fn update(&self, thing: &Thing) -> impl Future<Output = Answer<()>> + Send;

    /// Deletes a thing.
    fn delete(&self, name: &Name) -> impl Future<Output = Answer<()>> + Send;

    /// Reads a thing; none if it is not there.
    fn read(&self, name: &Name) -> impl Future<Output = Answer<Option<Thing>>> + Send;

    /// Puts instances into a group.
    fn add_members(
        &self,
        group: &Name,
        instances: &[Instance],
    ) -> impl Future<Output = Answer<()>> + Send;

    /// Takes instances out of a group.
    fn remove_members(
        &self,
        group: &Name,
        instances: &[Instance],
    ) -> impl Future<Output = Answer<()>> + Send;
}
