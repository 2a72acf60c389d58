use super::refusal::fixed;
use super::{Gce, refusal};
use crate::api::{
    Address, Answer, BackendService, Compute, Fault, Firewall, ForwardingRule, HealthCheck,
    Instance, InstanceGroup, Name, Subnet, Thing,
};
use crate::error::{is_gone, is_stale};

/// How often an update is made anew because somebody else changed the thing meanwhile.
const ANEW: usize = 3;

impl Compute for Gce {
    async fn addresses(&self) -> Answer<Vec<Address>> {
        self.list_addresses().await
    }

    async fn forwarding_rules(&self, prefix: &str) -> Answer<Vec<ForwardingRule>> {
        self.list_forwarding_rules(prefix).await
    }

    async fn backend_services(&self, prefix: &str) -> Answer<Vec<BackendService>> {
        self.list_backend_services(prefix).await
    }

    async fn health_checks(&self, prefix: &str) -> Answer<Vec<HealthCheck>> {
        self.list_health_checks(prefix).await
    }

    async fn firewalls(&self, prefix: &str) -> Answer<Vec<Firewall>> {
        self.list_firewalls(prefix).await
    }

    async fn instance_groups(&self, prefix: &str) -> Answer<Vec<InstanceGroup>> {
        self.list_groups(prefix).await
    }

    async fn members(&self, group: &Name) -> Answer<Vec<Instance>> {
        self.list_members(group).await
    }

    async fn health(&self, backend_service: &str, group: &Name) -> Answer<Vec<(Instance, bool)>> {
        self.health_of(backend_service, group).await
    }

    async fn subnets(&self) -> Answer<Vec<Subnet>> {
        self.list_subnets().await
    }

    async fn insert(&self, thing: &Thing) -> Answer<()> {
        match thing {
            Thing::Address(it) => self.insert_address(it).await,
            Thing::ForwardingRule(it) => self.insert_forwarding_rule(it).await,
            Thing::BackendService(it) => self.insert_backend_service(it).await,
            Thing::HealthCheck(it) => self.insert_health_check(it).await,
            Thing::Firewall(it) => self.insert_firewall(it).await,
            Thing::InstanceGroup(it) => self.insert_group(it).await,
        }
    }

    async fn update(&self, thing: &Thing) -> Answer<()> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.update_once(thing).await {
                Err(fault) if is_stale(&fault) && tries < ANEW => {}
                answer => return answer,
            }
        }
    }

    async fn delete(&self, name: &Name) -> Answer<()> {
        let answer = match name {
            Name::Address(name) => self.delete_address(name).await,
            Name::ForwardingRule(name) => self.delete_forwarding_rule(name).await,
            Name::BackendService(name) => self.delete_backend_service(name).await,
            Name::HealthCheck(name) => self.delete_health_check(name).await,
            Name::Firewall(name) => self.delete_firewall(name).await,
            Name::InstanceGroup { zone, name } => self.delete_group(zone, name).await,
        };
        match answer {
            Err(fault) if is_gone(&fault) => Ok(()),
            answer => answer,
        }
    }

    async fn read(&self, name: &Name) -> Answer<Option<Thing>> {
        // Of what is there: our words for it, if we have any.
        let read = match name {
            Name::Address(it) => self.read_address(it).await?.map(|it| it.map(Thing::Address)),
            Name::ForwardingRule(it) => {
                self.read_forwarding_rule(it).await?.map(|it| it.map(Thing::ForwardingRule))
            }
            Name::BackendService(it) => {
                self.read_backend_service(it).await?.map(|it| it.map(Thing::BackendService))
            }
            Name::HealthCheck(it) => {
                self.read_health_check(it).await?.map(|it| it.map(Thing::HealthCheck))
            }
            Name::Firewall(it) => self.read_firewall(it).await?.map(|it| it.map(Thing::Firewall)),
            Name::InstanceGroup { zone, name } => {
                self.read_group(zone, name).await?.map(|it| it.map(Thing::InstanceGroup))
            }
        };
        read.map(|known| refusal::ours(name, known)).transpose()
    }

    async fn add_members(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        self.join(group, instances).await
    }

    async fn remove_members(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        self.part(group, instances).await
    }
}

impl Gce {
    async fn update_once(&self, thing: &Thing) -> Answer<()> {
        match thing {
            Thing::ForwardingRule(it) => self.update_forwarding_rule(it).await,
            Thing::BackendService(it) => self.update_backend_service(it).await,
            Thing::HealthCheck(it) => self.update_health_check(it).await,
            Thing::Firewall(it) => self.update_firewall(it).await,
            Thing::Address(_) => Err(fixed("an address")),
            Thing::InstanceGroup(_) => Err(fixed("an instance group")),
        }
    }
}

/// The zone and the name of a group.
pub(super) fn group(name: &Name) -> Answer<(&str, &str)> {
    match name {
        Name::InstanceGroup { zone, name } => Ok((zone, name)),
        Name::Address(_)
        | Name::ForwardingRule(_)
        | Name::BackendService(_)
        | Name::HealthCheck(_)
        | Name::Firewall(_) => Err(Fault::NotSent(format!("{name} has no members"))),
    }
}
