use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_core::{Family, LbSpec, Node, ServiceUid};
use seaway_mock_gce::{Fault as Harmed, Harm, MockGce, Refusal};
use seaway_provider_gce::api::sdk::{Gce, Options};
use seaway_provider_gce::{Config, PassthroughLb, Settled};
use seaway_testkit::{Bench, Fault, ManualClock, Served, Thing, cluster_id, node};
use serde_json::{Value, json};

use crate::witness;

/// The instances that there are, by number.
const NODES: u8 = 20;

/// The zones of the region.
const ZONES: [&str; 3] = ["europe-west1-b", "europe-west1-c", "europe-west1-d"];

/// A project of its own, with a network and the instances of a cluster in it.
pub(crate) struct Desk {
    pub(crate) mock: MockGce,
    reserved: IpAddr,
    config: Mutex<String>,
    /// It costs a fifth of a second to make one, so it is made once for each config.
    door: Mutex<Option<(String, Gce)>>,
}

impl Desk {
    /// Adds lines to the config of the providers to come.
    pub(crate) fn configure(&self, more: &str) {
        more.clone_into(&mut self.config.lock().unwrap());
    }

    /// Makes something that is not ours.
    pub(crate) fn post(&self, path: &str, body: Value) {
        let (status, answer) = self.mock.ask("POST", path, body);
        assert_eq!((status, &answer["error"]), (200, &Value::Null), "{path}: {answer}");
    }

    /// Puts an instance into the group of a load balancer that is somebody else's.
    pub(crate) fn balance_elsewhere(&self, zone: &str, instance: &str) {
        let group = format!("projects/seaway/zones/{zone}/instanceGroups");
        self.post(&group, json!({ "name": "theirs" }));
        let member = format!("projects/seaway/zones/{zone}/instances/{instance}");
        self.post(
            &format!("{group}/theirs/addInstances"),
            json!({ "instances": [{ "instance": member }] }),
        );
        let region = "projects/seaway/regions/europe-west1";
        let check = json!({ "name": "theirs", "type": "TCP", "tcpHealthCheck": { "port": 80 } });
        self.post(&format!("{region}/healthChecks"), check);
        let service = json!({
            "name": "theirs",
            "loadBalancingScheme": "EXTERNAL",
            "protocol": "TCP",
            "healthChecks": [format!("{region}/healthChecks/theirs")],
            "backends": [{ "group": format!("{group}/theirs"), "balancingMode": "CONNECTION" }],
        });
        self.post(&format!("{region}/backendServices"), service);
    }

    /// The door of a provider to come.
    async fn door(&self, config: &Settled) -> Gce {
        let options = Options {
            project: config.project.clone(),
            network_project: config.network_project.clone(),
            region: config.region.clone(),
            network: config.network.clone(),
            subnetwork: config.subnetwork.clone(),
            endpoint: Some(self.mock.endpoint()),
        };
        Gce::connect(options).await.unwrap()
    }
}

impl Bench for Desk {
    type Provider = PassthroughLb<Gce>;

    async fn open(_: Arc<ManualClock>) -> Self {
        let mock = MockGce::start().await;
        mock.seed();
        mock.seed_network("host");
        mock.set_operation_time(Duration::from_millis(1));
        for number in 0..=NODES {
            mock.add_instance(zone(number), &format!("node-{number}"), "default");
        }
        let path = "projects/seaway/regions/europe-west1/addresses";
        mock.ask("POST", path, json!({ "name": "asked" }));
        let address = mock.get(&format!("{path}/asked")).unwrap();
        let reserved = address["address"].as_str().unwrap().parse().unwrap();
        Self { mock, reserved, config: Mutex::default(), door: Mutex::default() }
    }

    async fn provider(&self) -> PassthroughLb<Gce> {
        let more = self.config.lock().unwrap().clone();
        let text = format!("project = 'seaway'\nregion = 'europe-west1'\n{more}");
        let config: Config = toml::from_str(&text).unwrap();
        let config = config.complete().unwrap();
        let known = self.door.lock().unwrap().clone().filter(|(made, _)| *made == more);
        let door = match known {
            Some((_, door)) => door,
            None => self.door(&config).await,
        };
        *self.door.lock().unwrap() = Some((more, door.clone()));
        PassthroughLb::new(door, cluster_id(), config)
    }

    async fn inventory(&self) -> Vec<Thing> {
        witness::things(&self.mock)
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        witness::served(&self.mock, uid)
    }

    async fn plant_foreign(&self) {
        let mark = |cluster: &str| {
            json!({ "seaway.dev/cluster": cluster, "seaway.dev/service-uid": "uid-a" }).to_string()
        };
        let region = "projects/seaway/regions/europe-west1";
        let check = json!({
            "name": "sw-default-a-aaaaaaaaaaaa-hc",
            "description": mark("another"),
            "type": "HTTP",
            "httpHealthCheck": { "port": 10256, "requestPath": "/healthz" },
        });
        self.post(&format!("{region}/healthChecks"), check);
        let service = json!({
            "name": "sw-default-a-aaaaaaaaaaaa-tcp",
            "description": mark("another"),
            "loadBalancingScheme": "EXTERNAL",
            "protocol": "TCP",
            "healthChecks": [format!("{region}/healthChecks/sw-default-a-aaaaaaaaaaaa-hc")],
        });
        self.post(&format!("{region}/backendServices"), service);
        let rule = json!({
            "name": "sw-default-a-aaaaaaaaaaaa-v4-tcp-80",
            "description": mark("another"),
            "loadBalancingScheme": "EXTERNAL",
            "IPProtocol": "TCP",
            "ports": ["80"],
            "backendService": format!("{region}/backendServices/sw-default-a-aaaaaaaaaaaa-tcp"),
        });
        self.post(&format!("{region}/forwardingRules"), rule);
        // Named as ours are, and nobody's.
        let firewall = json!({
            "name": "sw-default-b-bbbbbbbbbbbb-v4",
            "network": "projects/seaway/global/networks/default",
            "sourceRanges": ["0.0.0.0/0"],
            "allowed": [{ "IPProtocol": "tcp", "ports": ["80"] }],
        });
        self.post("projects/seaway/global/firewalls", firewall);
        let group = json!({ "name": "sw-cccccccccccc-dddd-0" });
        let zone = format!("projects/seaway/zones/{}/instanceGroups", ZONES[0]);
        self.post(&zone, group);
        let address = json!({ "name": "sw-default-a-eeeeeeeeeeee-v4" });
        self.post(&format!("{region}/addresses"), address);
    }

    async fn inject(&self, fault: Fault) -> bool {
        let refusal = match fault {
            Fault::Throttled => Refusal::rate_limited(),
            Fault::Unavailable => Refusal::internal(),
        };
        // A refusal at once is tried again by the door, if it says that it was none of our doing.
        let harm = match fault {
            Fault::Throttled => Harm::Refuse(refusal),
            Fault::Unavailable => Harm::FailOperation(refusal),
        };
        self.mock.inject(Harmed::next("write", harm));
        true
    }

    fn node(&self, number: u8) -> Node {
        let mut node = node(&format!("node-{number}"))
            .zone(zone(number))
            .at(&format!("10.0.0.{number}"))
            .build();
        node.provider_id = Some(format!("gce://seaway/{}/node-{number}", zone(number)));
        node
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        let key = "networking.gke.io/load-balancer-type".to_owned();
        spec.settings.insert(key, "Public".to_owned());
        Some(spec)
    }

    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let never: IpAddr = "198.51.100.250".parse().ok()?;
        (family == Family::IPv4).then_some((self.reserved, Some(never)))
    }
}

fn zone(number: u8) -> &'static str {
    ZONES[usize::from(number) % ZONES.len()]
}
