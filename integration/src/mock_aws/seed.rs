//! What is in an account before a load balancer is.

use super::{MockAws, Service};

/// What [`MockAws::seed`] has made: the VPC of a cluster with nodes in three zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The VPC.
    pub vpc: String,
    /// The public subnets, tagged `kubernetes.io/role/elb=1`: one for each zone.
    pub public: Vec<Subnet>,
    /// The private subnets, tagged `kubernetes.io/role/internal-elb=1`: one for each zone.
    pub private: Vec<Subnet>,
    /// The security group of the nodes, tagged `kubernetes.io/cluster/CLUSTER=owned`.
    pub node_group: String,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subnet {
    /// Its zone.
    pub zone: String,
    /// Its id.
    pub id: String,
}

impl MockAws {
    /// Makes what a user has before Seaway comes: the default VPC, with public subnets in three
    /// zones, a private one beside each, and the security group of a cluster's nodes.
    pub async fn seed(&self, cluster: &str) -> Seed {
        let seen = self.ask(Service::Ec2, "DescribeSubnets", &[]).await.xml();
        let mut public: Vec<_> = seen
            .items("subnetSet")
            .map(|subnet| Subnet {
                zone: subnet.text("availabilityZone"),
                id: subnet.text("subnetId"),
            })
            .collect();
        public.sort();
        let vpc = seen.find("vpcId").unwrap().text.clone();
        let mut private = Vec::new();
        for (at, Subnet { zone, id }) in public.iter().enumerate() {
            self.tag(id, "kubernetes.io/role/elb", "1").await;
            // The default VPC is 172.31.0.0/16, and its own subnets are the first three of 20 bits.
            let range = format!("172.31.{}.0/20", 16 * (at + 8));
            let params = [
                ("VpcId", vpc.as_str()),
                ("CidrBlock", range.as_str()),
                ("AvailabilityZone", zone.as_str()),
            ];
            let made = self.ask(Service::Ec2, "CreateSubnet", &params).await.xml();
            let id = made.find("subnetId").unwrap().text.clone();
            self.tag(&id, "kubernetes.io/role/internal-elb", "1").await;
            private.push(Subnet { zone: zone.clone(), id });
        }
        let name = format!("{cluster}-nodes");
        let params = [
            ("GroupName", name.as_str()),
            ("GroupDescription", "the nodes of a cluster"),
            ("VpcId", vpc.as_str()),
        ];
        let made = self.ask(Service::Ec2, "CreateSecurityGroup", &params).await.xml();
        let node_group = made.find("groupId").unwrap().text.clone();
        self.tag(&node_group, &format!("kubernetes.io/cluster/{cluster}"), "owned").await;
        Seed { vpc, public, private, node_group }
    }

    async fn tag(&self, id: &str, key: &str, value: &str) {
        let params = [("ResourceId.1", id), ("Tag.1.Key", key), ("Tag.1.Value", value)];
        self.ask(Service::Ec2, "CreateTags", &params).await.xml();
    }
}
