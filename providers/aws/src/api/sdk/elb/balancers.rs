use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
    LoadBalancerTypeEnum,
};

use super::tags::told;
use super::{Elb, PAGE};
use crate::api::sdk::refusal::{gone, unreadable};
use crate::api::{
    Answer, Arn, Attributes, IpAddressType, LoadBalancer, NewLoadBalancer, Page, Scheme, State,
    SubnetMapping, Which,
};

impl Elb {
    pub(crate) async fn load_balancers(&self, which: Which) -> Answer<Page<LoadBalancer>> {
        let call = self.client.describe_load_balancers();
        let call = match which {
            Which::All(marker) => call.page_size(PAGE).set_marker(marker),
            // An empty list of ARNs would be sent as one that is empty.
            Which::Arns(arns) if arns.is_empty() => {
                return Ok(Page { items: Vec::new(), next: None });
            }
            Which::Arns(arns) => {
                call.set_load_balancer_arns(Some(arns.into_iter().map(|arn| arn.0).collect()))
            }
            Which::Name(name) => call.names(name),
        };
        let answer = call.send().await?;
        let all = answer.load_balancers.unwrap_or_default();
        Ok(Page { items: all.into_iter().filter_map(balancer).collect(), next: answer.next_marker })
    }

    pub(crate) async fn balancer_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        let call = self.client.describe_load_balancer_attributes().load_balancer_arn(&arn.0);
        let attributes = call.send().await?.attributes.unwrap_or_default().into_iter();
        Ok(attributes.filter_map(|each| Some((each.key?, each.value?))).collect())
    }

    pub(crate) async fn create_load_balancer(&self, new: &NewLoadBalancer) -> Answer<LoadBalancer> {
        let call = self
            .client
            .create_load_balancer()
            .name(&new.name)
            .r#type(LoadBalancerTypeEnum::Network)
            .scheme(LoadBalancerSchemeEnum::from(new.scheme.word()))
            .ip_address_type(sdk::IpAddressType::from(new.ip_address_type.word()))
            .set_subnet_mappings(Some(new.subnets.iter().map(mapping).collect()))
            // An empty list would be sent, as one group without a name.
            .set_security_groups(
                (!new.security_groups.is_empty())
                    .then(|| new.security_groups.iter().cloned().collect()),
            )
            .set_tags(told(&new.tags));
        let mut made = call.send().await?.load_balancers.unwrap_or_default().into_iter();
        made.find_map(balancer).ok_or_else(|| unreadable("no load balancer in it"))
    }

    pub(crate) async fn set_balancer_attributes(
        &self,
        arn: &Arn,
        attributes: &Attributes,
    ) -> Answer<()> {
        let attributes = attributes
            .iter()
            .map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build())
            .collect();
        let call = self.client.modify_load_balancer_attributes().load_balancer_arn(&arn.0);
        call.set_attributes(Some(attributes)).send().await?;
        Ok(())
    }

    pub(crate) async fn set_security_groups(
        &self,
        arn: &Arn,
        groups: &BTreeSet<String>,
    ) -> Answer<()> {
        let call = self.client.set_security_groups().load_balancer_arn(&arn.0);
        call.set_security_groups(Some(groups.iter().cloned().collect())).send().await?;
        Ok(())
    }

    pub(crate) async fn set_subnets(
        &self,
        arn: &Arn,
        subnets: &[SubnetMapping],
        kind: IpAddressType,
    ) -> Answer<()> {
        let call = self
            .client
            .set_subnets()
            .load_balancer_arn(&arn.0)
            .ip_address_type(sdk::IpAddressType::from(kind.word()))
            .set_subnet_mappings(Some(subnets.iter().map(mapping).collect()));
        call.send().await?;
        Ok(())
    }

    pub(crate) async fn set_ip_address_type(&self, arn: &Arn, kind: IpAddressType) -> Answer<()> {
        let kind = sdk::IpAddressType::from(kind.word());
        let call = self.client.set_ip_address_type().load_balancer_arn(&arn.0);
        call.ip_address_type(kind).send().await?;
        Ok(())
    }

    pub(crate) async fn delete_load_balancer(&self, arn: &Arn) -> Answer<()> {
        let call = self.client.delete_load_balancer().load_balancer_arn(&arn.0);
        let answer = call.send().await.map(drop).map_err(Into::into);
        gone(answer, &["LoadBalancerNotFound"])
    }
}

/// What the SDK shows of a network load balancer; none of another type, and none of which not even
/// the name or the scheme can be read.
fn balancer(seen: sdk::LoadBalancer) -> Option<LoadBalancer> {
    if seen.r#type != Some(LoadBalancerTypeEnum::Network) {
        return None;
    }
    let zones = seen.availability_zones.unwrap_or_default();
    Some(LoadBalancer {
        arn: Arn(seen.load_balancer_arn?),
        name: seen.load_balancer_name?,
        dns_name: seen.dns_name.unwrap_or_default(),
        scheme: [Scheme::Internal, Scheme::InternetFacing]
            .into_iter()
            .find(|scheme| seen.scheme.as_ref().is_some_and(|s| s.as_str() == scheme.word()))?,
        state: state(seen.state),
        vpc: seen.vpc_id.unwrap_or_default(),
        subnets: zones.into_iter().filter_map(|zone| zone.subnet_id).collect(),
        security_groups: seen.security_groups.unwrap_or_default().into_iter().collect(),
        ip_address_type: match seen.ip_address_type {
            Some(sdk::IpAddressType::Dualstack) => IpAddressType::Dualstack,
            _ => IpAddressType::Ipv4,
        },
    })
}

/// A state that is new to us is one to look at again.
fn state(seen: Option<sdk::LoadBalancerState>) -> State {
    let (code, reason) = seen.map(|state| (state.code, state.reason)).unwrap_or_default();
    match code {
        Some(LoadBalancerStateEnum::Active) => State::Active,
        Some(LoadBalancerStateEnum::ActiveImpaired) => State::Impaired,
        Some(LoadBalancerStateEnum::Failed) => State::Failed(reason.unwrap_or_default()),
        _ => State::Provisioning,
    }
}

fn mapping(subnet: &SubnetMapping) -> sdk::SubnetMapping {
    sdk::SubnetMapping::builder()
        .subnet_id(&subnet.subnet)
        .set_allocation_id(subnet.allocation.clone())
        .set_private_ipv4_address(subnet.private_ipv4.map(|ip| ip.to_string()))
        .build()
}
