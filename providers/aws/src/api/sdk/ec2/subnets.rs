use roxmltree::Node;

use super::Ec2;
use super::answer::{child, items, page, tags, text};
use super::form::Form;
use crate::api::{Answer, Filter, Page, PublicSubnets, Subnet};

impl Ec2 {
    pub(crate) async fn subnets(&self, filter: &Filter) -> Answer<Page<Subnet>> {
        let form = Form::new("DescribeSubnets").with("MaxResults", 1000);
        let xml = self.call(form.matching(filter, "subnet-id")).await?;
        page(&xml, "subnetSet", subnet)
    }

    pub(crate) async fn public_subnets(&self, vpc: &str) -> Answer<PublicSubnets> {
        let mut found = PublicSubnets::default();
        let mut marker = None;
        // A table can't be judged by one page: which is the main one is only known at the end.
        loop {
            let form = Form::new("DescribeRouteTables").with("MaxResults", 100);
            let form = form.filtered("vpc-id", [vpc]).from(marker.as_deref());
            let tables = page(&self.call(form).await?, "routeTableSet", |node| Some(table(node)))?;
            for Table { public, subnets, main } in tables.items {
                found.main |= main && public;
                if public { &mut found.public } else { &mut found.private }.extend(subnets);
            }
            marker = tables.next;
            if marker.is_none() {
                return Ok(found);
            }
        }
    }
}

/// A route table, and who uses it.
struct Table {
    public: bool,
    subnets: Vec<String>,
    main: bool,
}

fn table(node: Node<'_, '_>) -> Table {
    let public = items(node, "routeSet").any(|route| {
        // A route to a gateway that was taken away is a black hole.
        text(route, "gatewayId").is_some_and(|gateway| gateway.starts_with("igw-"))
            && text(route, "state").is_none_or(|state| state != "blackhole")
    });
    let users = || items(node, "associationSet");
    Table {
        public,
        subnets: users().filter_map(|user| text(user, "subnetId")).collect(),
        main: users().any(|user| text(user, "main").is_some_and(|main| main == "true")),
    }
}

fn subnet(node: Node<'_, '_>) -> Option<Subnet> {
    let ipv6 = items(node, "ipv6CidrBlockAssociationSet").any(|block| {
        let state = child(block, "ipv6CidrBlockState").and_then(|state| text(state, "state"));
        state.is_none_or(|state| state == "associated")
    });
    Some(Subnet {
        id: text(node, "subnetId")?,
        vpc: text(node, "vpcId")?,
        zone: text(node, "availabilityZone")?,
        ipv6,
        tags: tags(node),
    })
}
