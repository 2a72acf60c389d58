use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_core::{
    Address, Affinity, Capabilities, Key, LbSpec, Mark, Node, Nodes, Port, Protocol, Report,
    ServiceUid, SourceRanges, TrafficPolicy,
};
use seaway_provider_aws::api::fake::{Balancer, Cloud, Group, World};
use seaway_provider_aws::api::{
    Arn, HealthCheck, NewLoadBalancer, NewTargetGroup, Scheme, State, SubnetMapping, Tags,
    Transport,
};
use seaway_provider_aws::{Config, Nlb, api};
use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench, Fault, Front, ManualClock, Served, Thing, cluster_id, spec, uid};

pub(crate) const VPC: &str = "vpc-1";

/// An account with a VPC of three zones, and the nodes' security group.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) cloud: Cloud,
    /// What the next provider is configured with besides.
    more: Mutex<String>,
    /// Nodes that are other than their number says.
    odd: Mutex<BTreeMap<u8, Node>>,
}

fn config(more: &str) -> Config {
    toml::from_str(&format!("scheme = 'internal'\nvpc = '{VPC}'\n{more}")).unwrap()
}

/// How often each action was called.
pub(crate) type Calls = BTreeMap<&'static str, usize>;

/// Adds `service.beta.kubernetes.io/aws-load-balancer-`, unless a key is whole.
pub(crate) fn key(name: &str) -> String {
    if name.contains('/') {
        return name.to_owned();
    }
    format!("service.beta.kubernetes.io/aws-load-balancer-{name}")
}

/// A cluster at rest with one Service, `other`, and a driver that knows by now that there is nothing
/// else: what comes next needs no look.
pub(crate) async fn settled() -> Rig<Desk> {
    settled_with("").await
}

/// The same, with more lines in the configuration.
pub(crate) async fn settled_with(config: &str) -> Rig<Desk> {
    let mut rig = Rig::<Desk>::open().await;
    rig.bench.configure(config);
    rig.restart().await;
    rig.put(spec("other").port(9999));
    rig.converge().await.unwrap();
    rig.bench.cloud.reset_calls();
    rig
}

/// The same, with these nodes instead of the cluster's, which are no more than 256.
pub(crate) async fn pass_with(rig: &Rig<Desk>, name: &str, nodes: &Nodes) -> Report {
    let key = Key::own(uid(name));
    let mut goal = rig.goal(&key);
    goal.nodes = nodes.clone();
    rig.driver().reconcile(&rig.cx, &key, &goal).await
}

/// `node-300`, an instance of one of the three zones.
pub(crate) fn machine(number: u16) -> Node {
    let zone = ["eu-west-1a", "eu-west-1b", "eu-west-1c"][usize::from(number % 3)];
    let mut node = seaway_testkit::node(&format!("node-{number}")).zone(zone).build();
    node.provider_id = Some(format!("aws:///{zone}/i-{number:04x}"));
    node
}

/// A load balancer, whoever owns it.
pub(crate) fn look(rig: &Rig<Desk>, arn: &Arn) -> Balancer {
    rig.bench.cloud.state().balancers[arn].clone()
}

impl Desk {
    /// Lets the next provider have these lines of configuration too.
    pub(crate) fn configure(&self, more: &str) {
        more.clone_into(&mut self.more.lock().unwrap());
    }

    /// Lets the node of this number be another one, from the next `set_nodes` on.
    pub(crate) fn shape(&self, number: u8, edit: impl FnOnce(&mut Node)) {
        let mut node = machine(number.into());
        edit(&mut node);
        self.odd.lock().unwrap().insert(number, node);
    }

    /// The calls since this was asked last.
    pub(crate) fn spent(&self) -> Calls {
        let calls = self.cloud.calls();
        self.cloud.reset_calls();
        calls
    }

    /// The load balancers that were made for this Service.
    pub(crate) fn balancers(&self, name: &str) -> Vec<Balancer> {
        let mine = Some(Mark::of(cluster_id(), uid(name)));
        let mut all: Vec<_> = self.cloud.state().balancers.into_values().collect();
        all.retain(|it| mark(&it.tags) == mine);
        all
    }

    /// The one that was made for it.
    pub(crate) fn balancer(&self, name: &str) -> Balancer {
        let mut all = self.balancers(name);
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// Its target groups, by port.
    pub(crate) fn groups(&self, name: &str) -> BTreeMap<u16, Group> {
        let mine = Some(Mark::of(cluster_id(), uid(name)));
        let all = self.cloud.state().groups.into_values();
        all.filter(|it| mark(&it.tags) == mine).map(|it| (it.port, it)).collect()
    }

    /// The instances behind its only port.
    pub(crate) fn instances(&self, name: &str) -> BTreeSet<String> {
        let groups = self.groups(name);
        assert_eq!(groups.len(), 1, "{groups:#?}");
        let targets = groups.values().flat_map(|group| group.targets.keys());
        targets.map(|target| target.instance.clone()).collect()
    }

    /// The security groups that were made for it.
    pub(crate) fn firewalls(&self, name: &str) -> Vec<api::SecurityGroup> {
        let mine = Some(Mark::of(cluster_id(), uid(name)));
        let all = self.cloud.state().security_groups.into_values();
        all.filter(|it| mark(&it.tags) == mine).collect()
    }

    /// Lets nothing be in use any longer than it is.
    pub(crate) fn release_at_once(&self) {
        self.cloud.edit(|world| {
            world.limits.release = Duration::ZERO;
            world.limits.interfaces = Duration::ZERO;
        });
    }
}

/// `node-7` is this instance.
fn instance(node: &Node) -> String {
    let id = node.provider_id.as_deref().unwrap_or_default();
    id.rsplit('/').next().unwrap_or_default().to_owned()
}

fn mark(tags: &Tags) -> Option<Mark> {
    let cluster = tags.get("seaway.dev/cluster")?.as_str().into();
    let service = tags.get("seaway.dev/service-uid").map(|uid| uid.as_str().into());
    Some(Mark { cluster, service })
}

fn things(world: &World) -> Vec<Thing> {
    let mut things = Vec::new();
    for it in world.balancers.values() {
        let role = format!("load balancer {}", it.scheme.word());
        things.push(Thing::new(role, mark(&it.tags), it));
        for (port, front) in &it.listeners {
            things.push(Thing::new(format!("listener {port}"), mark(&front.tags), front));
        }
    }
    for it in world.groups.values() {
        let role = format!("target group {}/{}", it.port, it.protocol);
        // What drains goes by itself.
        let shown = (&it.name, &it.health_check, &it.attributes, &it.tags, it.targets.keys());
        things.push(Thing::new(role, mark(&it.tags), format!("{shown:?}")));
    }
    for it in world.security_groups.values() {
        let ours = it.tags.contains_key("seaway.dev/cluster");
        // The nodes' own group is opened for ours: it is theirs, but for those rules.
        let rules = if ours { format!("{:?}", it.rules) } else { String::new() };
        let role = it.tags.get("seaway.dev/role").cloned().unwrap_or_else(|| it.name.clone());
        things.push(Thing::new(format!("security group {role}"), mark(&it.tags), rules));
    }
    things
}

fn front(world: &World, balancer: &Balancer, group: &Group, udp: bool, port: u16) -> Front {
    let everybody = ["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap());
    let admits = world.admits(balancer, udp, port).unwrap_or_default();
    let open = admits == BTreeSet::from(everybody);
    let sticky = group.attributes.get("stickiness.enabled").is_some_and(|it| it == "true");
    Front {
        targets: group.targets.keys().map(ToString::to_string).collect(),
        admits: Some(if open { SourceRanges::Anyone } else { SourceRanges::Only(admits) }),
        affinity: Some(sticky.then_some(Affinity { timeout: Duration::from_hours(3) })),
        health: health(&group.health_check),
    }
}

fn health(check: &HealthCheck) -> Option<TrafficPolicy> {
    match check.port? {
        10_256 => Some(TrafficPolicy::Cluster),
        port => Some(TrafficPolicy::Local { health_check_node_port: port }),
    }
}

impl Bench for Desk {
    type Provider = Nlb<Cloud>;

    async fn open(clock: Arc<ManualClock>) -> Self {
        let cloud = Cloud::new(clock);
        cloud.edit(|world| {
            world.add_vpc(VPC);
            world.add_ipv6(VPC);
            world.add_node_group(VPC, cluster_id().as_str());
        });
        Self { cloud, more: Mutex::default(), odd: Mutex::default() }
    }

    async fn provider(&self) -> Nlb<Cloud> {
        let more = self.more.lock().unwrap().clone();
        Nlb::new(self.cloud.clone(), cluster_id(), config(&more))
    }

    async fn inventory(&self) -> Vec<Thing> {
        things(&self.cloud.state())
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        let world = self.cloud.state();
        let mine = Some(Mark::of(cluster_id(), uid.clone()));
        let mut served = None;
        for balancer in world.balancers.values() {
            for (port, it) in &balancer.listeners {
                let group = it.spec.group.as_ref().and_then(|arn| world.groups.get(arn));
                let Some(group) = group.filter(|group| mark(&group.tags) == mine) else { continue };
                let served: &mut Served = served.get_or_insert_default();
                if world.state_of(balancer) == State::Active {
                    served.addresses.insert(Address::Hostname(balancer.dns_name.clone()));
                }
                let protocols: &[Protocol] = match it.spec.protocol {
                    Transport::Tcp | Transport::Tls => &[Protocol::Tcp],
                    Transport::Udp => &[Protocol::Udp],
                    Transport::TcpUdp => &[Protocol::Tcp, Protocol::Udp],
                };
                for protocol in protocols {
                    let udp = *protocol == Protocol::Udp;
                    let front = front(&world, balancer, group, udp, *port);
                    served.fronts.insert((*port, *protocol), front);
                }
            }
        }
        served
    }

    async fn plant_foreign(&self) {
        self.cloud.edit(|world| {
            let tags = Tags::from([
                ("seaway.dev/cluster".to_owned(), "another".to_owned()),
                ("seaway.dev/service-uid".to_owned(), "uid-a".to_owned()),
            ]);
            let group = world.add_security_group("sw-another-backend", VPC, tags.clone());
            let subnet = "subnet-1-private-a".to_owned();
            let mut new = NewLoadBalancer {
                name: "sw-default-a-aaaaaaaaaaaaa".to_owned(),
                scheme: Scheme::Internal,
                subnets: vec![SubnetMapping { subnet, ..SubnetMapping::default() }],
                security_groups: [group].into(),
                ip_address_type: api::IpAddressType::Ipv4,
                tags,
            };
            world.add_balancer(&new);
            // Named as ours are, and nobody's.
            "sw-default-b-bbbbbbbbbbbbb".clone_into(&mut new.name);
            new.tags.clear();
            world.add_balancer(&new);
            world.add_group(&NewTargetGroup {
                name: "sw-default-a-ccccccccccccc".to_owned(),
                protocol: Transport::Tcp,
                port: 80,
                vpc: VPC.to_owned(),
                health_check: HealthCheck {
                    protocol: api::HealthProtocol::Tcp,
                    port: None,
                    path: None,
                    codes: None,
                    interval: 30,
                    timeout: 10,
                    healthy: 5,
                    unhealthy: 2,
                },
                ip_address_type: api::IpAddressType::Ipv4,
                tags: Tags::new(),
            });
        });
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.cloud.fail_next(match fault {
            Fault::Throttled => api::Fault::refused("Throttling", "Rate exceeded"),
            Fault::Unavailable => api::Fault::refused("ServiceUnavailable", "try again"),
        });
        true
    }

    fn node(&self, number: u8) -> Node {
        self.odd.lock().unwrap().get(&number).cloned().unwrap_or_else(|| machine(number.into()))
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        let key = "service.beta.kubernetes.io/aws-load-balancer-scheme";
        spec.settings.insert(key.to_owned(), "bad".to_owned());
        Some(spec)
    }

    fn target(&self, _: &Capabilities, node: &Node, port: &Port) -> String {
        format!("{}:{}", instance(node), port.node_port.unwrap_or_default())
    }
}
