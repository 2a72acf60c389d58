use std::collections::BTreeSet;

use seaway_core::{ProviderError, ServiceUid};

use super::{foreign, unknown};
use crate::api::{Answer, Api, Filter, Rule, Tags};
use crate::error::{is_taken, is_there, told};
use crate::observe::{Firewall, Ground, Observed};
use crate::plan::Place;
use crate::provider::Nlb;

impl<A: Api> Nlb<A> {
    /// One that a lost answer left behind is found by its name, and is ours if its tags say so.
    pub(super) async fn create_firewall(
        &self,
        name: &str,
        vpc: &str,
        uid: Option<ServiceUid>,
        tags: &Tags,
    ) -> Result<Firewall, ProviderError> {
        const ACTION: &str = "CreateSecurityGroup";
        let description = "Made by Seaway for load balancers";
        let made = self.api.create_security_group(name, description, vpc, tags).await;
        match made {
            Ok(id) => Ok(Firewall { id, uid, rules: BTreeSet::new() }),
            Err(fault) if is_taken(&fault) => {
                let filter = Filter { vpc: Some(vpc.to_owned()), ..self.ours() };
                let groups = self.all_security_groups(filter).await;
                let groups = groups.map_err(|fault| told(ACTION, &fault))?;
                let found = groups.into_iter().find(|group| group.name == name);
                found
                    .map(|group| Firewall::read(group, uid))
                    .ok_or_else(|| foreign(ACTION, name, &fault))
            }
            Err(fault) => Err(told(ACTION, &fault)),
        }
    }

    /// Rules that are there already do no harm: the others are added one by one then.
    pub(super) async fn authorize(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        match self.api.authorize(group, rules).await {
            Err(fault) if is_there(&fault) && rules.len() > 1 => {
                for rule in rules {
                    match self.api.authorize(group, &BTreeSet::from([rule.clone()])).await {
                        Err(fault) if !is_there(&fault) => return Err(fault),
                        Ok(()) | Err(_) => {}
                    }
                }
                Ok(())
            }
            Err(fault) if is_there(&fault) => Ok(()),
            answer => answer,
        }
    }
}

/// The id of a security group of ours.
pub(super) fn id(
    place: &Place,
    seen: &Observed,
    ground: Option<&Ground>,
) -> Result<String, ProviderError> {
    let firewall = seen.firewall(place, ground);
    firewall.map(|firewall| firewall.id.clone()).ok_or_else(|| unknown(&place.to_string()))
}
