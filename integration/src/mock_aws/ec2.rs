//! EC2: what load balancers need of it, and what needs load balancers.

use super::answer::{Refusal, Verdict};
use super::state::{Settings, State};
use super::upstream::Upstream;
use super::xml::Element;
use super::{Call, Params, Service, places};

impl Upstream {
    /// Asks moto for the subnets, elastic IPs and security groups that a load balancer is to have:
    /// it takes those that are not there.
    pub(super) async fn look_up(&self, call: &Call, state: &mut State) -> Verdict {
        if !["CreateLoadBalancer", "SetSubnets", "SetSecurityGroups"]
            .contains(&call.action.as_str())
        {
            return Ok(());
        }
        let ask = async |action: &str, list: &str, id: &str, code: &str| {
            let name = format!("{list}.1");
            let call = Call::new(Service::Ec2, action, Params::from([(name, id.to_owned())]));
            let answer = self.ask(&call).await;
            let missing = || Refusal::new(code, format!("'{id}' does not exist"));
            answer.is_ok().then(|| answer.xml()).ok_or_else(missing)
        };
        for place in places(call) {
            let id = place.subnet;
            // A subnet stays in its zone, and moto is slow to describe one.
            let known = state.zones.contains_key(&id);
            if !known {
                let seen = ask("DescribeSubnets", "SubnetId", &id, "SubnetNotFound").await?;
                state.zones.insert(id, seen.find("availabilityZone").unwrap().text.clone());
            }
            let id = place.allocation;
            if !id.is_empty() {
                let code = "AllocationIdNotFound";
                let seen = ask("DescribeAddresses", "AllocationId", &id, code).await?;
                state.elastic.insert(id, seen.find("publicIp").unwrap().text.clone());
            }
        }
        for id in call.list("SecurityGroups") {
            ask("DescribeSecurityGroups", "GroupId", &id, "InvalidSecurityGroup").await?;
        }
        Ok(())
    }

    /// A security group goes only when no load balancer has it and no rule of another refers to it.
    pub(super) async fn is_free(&self, id: &str, state: &State, settings: &Settings) -> Verdict {
        let all = Call::new(Service::Ec2, "DescribeSecurityGroups", Params::new());
        let all = self.ask(&all).await.xml();
        let mut others = all.items("securityGroupInfo").filter(|each| each.text("groupId") != id);
        let refers = |each: &Element| {
            ["ipPermissions", "ipPermissionsEgress"].into_iter().any(|rules| {
                let mut sources = each.items(rules).flat_map(|rule| rule.items("groups"));
                sources.any(|source| source.text("groupId") == id)
            })
        };
        if !state.guards(id, settings) && !others.any(refers) {
            return Ok(());
        }
        let message = format!("resource {id} has a dependent object");
        Err(Refusal::new("DependencyViolation", message))
    }
}
