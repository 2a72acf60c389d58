//! Who is in an instance group.

use std::collections::BTreeSet;

use seaway_core::{Context, ProviderError};

use crate::api::{Compute, Fault, Instance, Name};
use crate::error::told;
use crate::observe::{Fact, Rejected};
use crate::provider::PassthroughLb;

const ADD: &str = "instanceGroups.addInstances";
const REMOVE: &str = "instanceGroups.removeInstances";
const LIST: &str = "instanceGroups.listInstances";

impl<A: Compute> PassthroughLb<A> {
    /// Puts instances into a group. Google takes all of them or none: those that it can't take are left
    /// out one by one, so that a node that has just gone does not keep out all others.
    pub(super) async fn add(
        &self,
        cx: &Context,
        group: &Name,
        instances: &[Instance],
    ) -> Result<Fact, ProviderError> {
        let (mut left, mut rejected) = (instances.to_vec(), Vec::new());
        while !left.is_empty() {
            let Err(fault) = self.api.add_members(group, &left).await else { break };
            // A call that was made before, and whose answer was lost, has put some of them in.
            let there = self.members_now(group).await?;
            let before = left.len();
            left.retain(|it| !there.contains(it));
            if left.len() < before {
                continue;
            }
            let Some(instance) = blamed(&fault, &left) else { return Err(told(ADD, &fault)) };
            left.retain(|it| *it != instance);
            rejected
                .push((instance, Rejected { why: told(ADD, &fault).to_string(), at: cx.now() }));
        }
        let refused = |it: &&Instance| rejected.iter().any(|(instance, _)| instance == *it);
        let joined = instances.iter().filter(|it| !refused(it)).cloned().collect();
        Ok(Fact::Joined(group.clone(), joined, rejected))
    }

    /// Takes instances out of a group; who is not in it any more is out.
    pub(super) async fn remove(
        &self,
        group: &Name,
        instances: &[Instance],
    ) -> Result<Fact, ProviderError> {
        let left = || Ok(Fact::Left(group.clone(), instances.to_vec()));
        let Err(fault) = self.api.remove_members(group, instances).await else { return left() };
        let members = self.members_now(group).await?;
        let still: Vec<_> = instances.iter().filter(|it| members.contains(it)).cloned().collect();
        if still.len() == instances.len() {
            return Err(told(REMOVE, &fault));
        }
        if still.is_empty() {
            return left();
        }
        let again = self.api.remove_members(group, &still).await;
        again.map_err(|fault| told(REMOVE, &fault))?;
        left()
    }

    async fn members_now(&self, group: &Name) -> Result<BTreeSet<Instance>, ProviderError> {
        let members = self.api.members(group).await.map_err(|fault| told(LIST, &fault))?;
        Ok(members.into_iter().collect())
    }
}

/// The instance that Google does not take, if it is one: it names it by its URL, or in quotes.
fn blamed(fault: &Fault, instances: &[Instance]) -> Option<Instance> {
    let Fault::Refused { message, .. } = fault else { return None };
    let named = |instance: &&Instance| {
        let name = &instance.name;
        [format!("/instances/{name}'"), format!("'{name}'")]
            .iter()
            .any(|text| message.contains(text))
    };
    instances.iter().find(named).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(name: &str) -> Instance {
        Instance { zone: "z".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn the_instance_that_google_names_is_blamed() {
        let all = [instance("n-1"), instance("n-10")];
        let check = |message: &str, name: Option<&str>| {
            let fault = Fault::refused(400, "invalid", message);
            assert_eq!(blamed(&fault, &all), name.map(instance), "{message}");
        };
        let gone = "The resource 'projects/p/zones/z/instances/n-10' was not found";
        check(gone, Some("n-10"));
        check("Validation failed for instance 'projects/p/zones/z/instances/n-1': …", Some("n-1"));
        check("The resource 'projects/p/zones/z/instanceGroups/n-1' was not found", None);
        check("Quota exceeded", None);
        assert_eq!(blamed(&Fault::NoAnswer("'n-1'".to_owned()), &all), None);
    }
}
