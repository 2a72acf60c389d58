// The benchmark has this file from elsewhere.
#[path = "desk/witness.rs"]
mod witness;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_core::{Address, Capabilities, LbSpec, Mark, Node, Port, ServiceUid};
use seaway_integration::Moto;
use seaway_integration::mock_aws::{Fault as Harmed, Harm, Inventory, MockAws, Seed, Service};
use seaway_provider_aws::api::sdk::Aws;
use seaway_provider_aws::{Config, Nlb};
use seaway_testkit::{Bench, Fault, ManualClock, Served, Thing, cluster_id};
use tokio::sync::OnceCell;

use crate::door;
use crate::story::SCHEME;

/// How long a load balancer takes to become active. It is real time, unlike that of the rig, so it is
/// short, and whoever lets time pass waits for it.
const PROVISIONING: Duration = Duration::from_millis(5);

/// An account of its own, with the VPC of a cluster in it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) mock: MockAws,
    seed: Seed,
    /// What was seen last, and after how many calls: looking costs more than most calls.
    seen: Mutex<Option<(usize, Arc<Inventory>)>>,
}

impl Desk {
    /// All that there is. Without calls, and without time passing, it is what it was.
    async fn look(&self) -> Arc<Inventory> {
        let calls = self.mock.counts().values().sum();
        let known = self.seen.lock().unwrap().clone();
        if let Some((_, world)) = known.filter(|(after, _)| *after == calls) {
            return world;
        }
        let world = Arc::new(self.mock.inventory().await);
        *self.seen.lock().unwrap() = Some((calls, Arc::clone(&world)));
        world
    }

    fn look_anew(&self) {
        *self.seen.lock().unwrap() = None;
    }

    /// Does something that is not ours; what it has made is in the answer.
    async fn foreign(&self, service: Service, action: &str, params: &[(&str, &str)]) -> String {
        let answer = self.mock.ask(service, action, params).await;
        assert!(answer.is_ok(), "{action}: {answer:?}");
        let made = ["groupId", "ipv6CidrBlock"]
            .into_iter()
            .find_map(|name| answer.xml().find(name).map(|it| it.text.clone()));
        made.unwrap_or_default()
    }

    /// Lets the private subnets have addresses of both families.
    async fn add_ipv6(&self) {
        let params = [("VpcId", self.seed.vpc.as_str()), ("AmazonProvidedIpv6CidrBlock", "true")];
        let block = self.foreign(Service::Ec2, "AssociateVpcCidrBlock", &params).await;
        let start = block.strip_suffix("00::/56").expect("AWS gives prefixes of 56 bits");
        for (at, subnet) in self.seed.private.iter().enumerate() {
            let block = format!("{start}{at:02x}::/64");
            let params = [("SubnetId", subnet.id.as_str()), ("Ipv6CidrBlock", block.as_str())];
            self.foreign(Service::Ec2, "AssociateSubnetCidrBlock", &params).await;
        }
    }
}

/// Each serves one call at a time, so there are two.
async fn moto() -> &'static Moto {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    static OTHER: OnceCell<Moto> = OnceCell::const_new();
    if TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
        Moto::shared().await
    } else {
        OTHER.get_or_init(Moto::start).await
    }
}

impl Bench for Desk {
    type Provider = Nlb<Aws>;

    async fn open(_: Arc<ManualClock>) -> Self {
        let mock = MockAws::start(moto().await).await;
        let seed = mock.seed(cluster_id().as_str()).await;
        mock.set_provisioning_time(PROVISIONING);
        mock.set_drain_factor(0.0);
        mock.set_interface_time(Duration::ZERO);
        let desk = Self { mock, seed, seen: Mutex::default() };
        desk.add_ipv6().await;
        desk
    }

    async fn provider(&self) -> Nlb<Aws> {
        let config = format!("scheme = 'internal'\nvpc = '{}'", self.seed.vpc);
        let config: Config = toml::from_str(&config).unwrap();
        Nlb::new(door::aws(&self.mock).await, cluster_id(), config)
    }

    async fn inventory(&self) -> Vec<Thing> {
        witness::things(&*self.look().await)
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        let world = self.look().await;
        let mine = Some(Mark::of(cluster_id(), uid.clone()));
        let mut served = None;
        for balancer in world.balancers.values() {
            for (port, it) in &balancer.listeners {
                let group = world.target_groups.values().find(|group| group.arn == it.target_group);
                let Some(group) = group.filter(|group| witness::mark(&group.tags) == mine) else {
                    continue;
                };
                let served: &mut Served = served.get_or_insert_default();
                if balancer.state == "active" {
                    served.addresses.insert(Address::Hostname(balancer.dns.clone()));
                }
                served.fronts.extend(witness::fronts(&world, balancer, (*port, it), group));
            }
        }
        served
    }

    async fn plant_foreign(&self) {
        let group = [
            ("GroupName", "sw-another-backend"),
            ("GroupDescription", "another cluster's"),
            ("VpcId", &self.seed.vpc),
            ("TagSpecification.1.ResourceType", "security-group"),
            ("TagSpecification.1.Tag.1.Key", "seaway.dev/cluster"),
            ("TagSpecification.1.Tag.1.Value", "another"),
            ("TagSpecification.1.Tag.2.Key", "seaway.dev/service-uid"),
            ("TagSpecification.1.Tag.2.Value", "uid-a"),
        ];
        let guard = self.foreign(Service::Ec2, "CreateSecurityGroup", &group).await;
        let balancer = |name| {
            vec![
                ("Name", name),
                ("Type", "network"),
                ("Scheme", "internal"),
                ("SubnetMappings.member.1.SubnetId", self.seed.private[0].id.as_str()),
                ("SecurityGroups.member.1", guard.as_str()),
            ]
        };
        let mut theirs = balancer("sw-default-a-aaaaaaaaaaaaa");
        theirs.extend([
            ("Tags.member.1.Key", "seaway.dev/cluster"),
            ("Tags.member.1.Value", "another"),
            ("Tags.member.2.Key", "seaway.dev/service-uid"),
            ("Tags.member.2.Value", "uid-a"),
        ]);
        // Named as ours are, and nobody's.
        let nobodys = balancer("sw-default-b-bbbbbbbbbbbbb");
        for params in [theirs, nobodys] {
            self.foreign(Service::Elbv2, "CreateLoadBalancer", &params).await;
        }
        let group = [
            ("Name", "sw-default-a-ccccccccccccc"),
            ("Protocol", "TCP"),
            ("Port", "80"),
            ("VpcId", &self.seed.vpc),
        ];
        self.foreign(Service::Elbv2, "CreateTargetGroup", &group).await;
        self.look_anew();
    }

    async fn lapse(&self) {
        tokio::time::sleep(PROVISIONING).await;
        self.look_anew();
    }

    async fn inject(&self, fault: Fault) -> bool {
        let harm = match fault {
            Fault::Throttled => Harm::refuse("Throttling", "Rate exceeded"),
            Fault::Unavailable => Harm::Refuse {
                code: "ServiceUnavailable".to_owned(),
                message: "try again".to_owned(),
                status: 503,
            },
        };
        self.mock.inject(Harmed::on_any_write(harm));
        true
    }

    fn node(&self, number: u8) -> Node {
        let zone = &self.seed.private[usize::from(number) % self.seed.private.len()].zone;
        let mut node = seaway_testkit::node(&format!("node-{number}")).zone(zone).build();
        node.provider_id = Some(format!("aws:///{zone}/i-{number:08x}"));
        node
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        spec.settings.insert(SCHEME.to_owned(), "bad".to_owned());
        Some(spec)
    }

    fn target(&self, _: &Capabilities, node: &Node, port: &Port) -> String {
        let id = node.provider_id.as_deref().unwrap_or_default();
        let instance = id.rsplit('/').next().unwrap_or_default();
        format!("{instance}:{}", port.node_port.unwrap_or_default())
    }
}
