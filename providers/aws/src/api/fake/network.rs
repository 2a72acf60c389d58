//! Subnets and routes, and where load balancers can stand.

use std::collections::BTreeMap;

use super::super::{
    Answer, Filter, IpAddressType, Page, PublicSubnets, Scheme, Subnet, SubnetMapping, Tags,
};
use super::pages::page;
use super::world::World;
use super::{refuse, unless};

impl World {
    /// `DescribeSubnets`
    pub(super) fn describe_subnets(&self, filter: &Filter) -> Answer<Page<Subnet>> {
        let all = self.subnets.values();
        let found = all.filter(|it| matches(filter, &it.id, &it.vpc, &it.tags));
        let found = found.map(|it| (it.id.clone(), it.clone()));
        page(found, filter.marker.as_deref(), self.limits.page)
    }

    /// `DescribeRouteTables`
    pub(super) fn describe_routes(&self, vpc: &str) -> PublicSubnets {
        self.vpcs.get(vpc).cloned().unwrap_or_default()
    }

    /// The VPC of these subnets; refuses those on which no load balancer can stand.
    pub(super) fn stand(
        &self,
        scheme: Scheme,
        subnets: &[SubnetMapping],
        kind: IpAddressType,
    ) -> Answer<String> {
        let mut zones = BTreeMap::new();
        let mut vpc = None;
        for mapping in subnets {
            let id = &mapping.subnet;
            let Some(subnet) = self.subnets.get(id) else {
                return refuse("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
            };
            if zones.insert(&subnet.zone, id).is_some() {
                let why = "A load balancer cannot be attached to multiple subnets in the same \
                           Availability Zone";
                return invalid(why);
            }
            let first = vpc.get_or_insert_with(|| subnet.vpc.clone());
            unless(
                *first == subnet.vpc,
                "InvalidConfigurationRequest",
                || "All subnets must belong to the same VPC",
            )?;
            match scheme {
                Scheme::Internal if mapping.allocation.is_some() => {
                    return invalid("Allocation IDs are not allowed for internal load balancers");
                }
                Scheme::InternetFacing if mapping.private_ipv4.is_some() => {
                    return invalid(
                        "Private IPv4 addresses are not allowed for internet-facing load balancers",
                    );
                }
                Scheme::Internal | Scheme::InternetFacing => {}
            }
            has_family(kind, subnet)?;
        }
        vpc.map_or_else(|| refuse("ValidationError", "At least one subnet must be specified"), Ok)
    }

    /// Whether there is such a VPC.
    pub(super) fn has_vpc(&self, vpc: &str) -> bool {
        self.vpcs.contains_key(vpc) || self.subnets.values().any(|subnet| subnet.vpc == vpc)
    }
}

/// Whether a thing passes all filters. Ids that there are none of are no error: they are filters
/// too.
pub(super) fn matches(filter: &Filter, id: &String, vpc: &String, tags: &Tags) -> bool {
    let tagged = |(key, values): &(String, Vec<String>)| {
        tags.get(key).is_some_and(|value| values.is_empty() || values.contains(value))
    };
    filter.vpc.as_ref().is_none_or(|wanted| wanted == vpc)
        && (filter.ids.is_empty() || filter.ids.contains(id))
        && filter.tag.as_ref().is_none_or(tagged)
}

fn invalid<T>(why: &str) -> Answer<T> {
    refuse("InvalidConfigurationRequest", why)
}

fn has_family(kind: IpAddressType, subnet: &Subnet) -> Answer<()> {
    match kind {
        IpAddressType::Ipv4 => Ok(()),
        IpAddressType::Dualstack => unless(subnet.ipv6, "InvalidConfigurationRequest", || {
            format!("The subnet '{}' does not have an IPv6 CIDR block", subnet.id)
        }),
        IpAddressType::Ipv6 => {
            refuse("ValidationError", "A load balancer is either ipv4 or dualstack")
        }
    }
}
