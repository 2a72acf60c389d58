use google_cloud_compute_v1::model;
use google_cloud_gax::paginator::ItemPaginator as _;

use super::Gce;
use super::pages::all;
use crate::api::{Answer, Subnet, SubnetAccess};

impl Gce {
    /// Those that instances can be in: not those of proxies and the like.
    pub(super) async fn list_subnets(&self) -> Answer<Vec<Subnet>> {
        let list = self.subnetworks.list().set_project(&self.place.network_project);
        all!(list.set_region(&self.place.region), |it: model::Subnetwork| {
            let purpose = it.purpose.as_ref().and_then(|it| it.name());
            let ordinary = matches!(purpose, None | Some("PRIVATE" | "PRIVATE_RFC_1918"));
            let here = it.network.as_deref().is_some_and(|url| self.place.is_network(url));
            if ordinary && here { told(&it) } else { None }
        })
    }
}

fn told(it: &model::Subnetwork) -> Option<Subnet> {
    let (access, v6) = match it.ipv_6_access_type.as_ref().and_then(|it| it.name()) {
        Some("EXTERNAL") => (SubnetAccess::External, it.external_ipv_6_prefix.as_deref()),
        Some("INTERNAL") => (SubnetAccess::Internal, it.internal_ipv_6_prefix.as_deref()),
        _ => (SubnetAccess::None, None),
    };
    let v6 = match access {
        SubnetAccess::None => None,
        SubnetAccess::Internal | SubnetAccess::External => v6.or(it.ipv_6_cidr_range.as_deref()),
    };
    Some(Subnet {
        name: it.name.clone()?,
        v4: it.ip_cidr_range.as_deref().and_then(|text| text.parse().ok()),
        v6: v6.and_then(|text| text.parse().ok()),
        access,
    })
}
