//! Many Services on many nodes, over the real SDK, on an account that takes no more calls than AWS
//! does: how long it takes, and how long the rates alone would.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Service};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};
use seaway_controller::{Controller, Options};
use seaway_core::drive;
use seaway_integration::Moto;
use seaway_integration::mock_aws::{MockAws, Seed};
use seaway_provider_aws::api::Paced;
use seaway_provider_aws::{Config as Aws, Nlb};
use seaway_sandbox::Server;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::door;

/// Burst, and refill per second, of the buckets of AWS that matter here.
const BURST: f64 = 20.0;
const REGISTER: f64 = 4.0;
const CREATE: f64 = 3.0;

/// How it went.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// From the start of the controller until every status shows its hostname.
    pub(crate) took: Duration,
    /// What the rates alone take for the calls that were made.
    pub(crate) allowed: Duration,
    /// How many calls AWS refused for being too many.
    pub(crate) throttled: usize,
}

/// Serves `services` Services on `nodes` nodes, at `times` AWS's rates.
///
/// # Panics
/// If it takes ten times what the rates allow.
pub(crate) async fn converge(services: usize, nodes: usize, times: f64) -> Outcome {
    let mock = MockAws::start(Moto::shared().await).await;
    let seed = mock.seed("lab").await;
    mock.set_provisioning_time(Duration::from_millis(500));
    let server = Server::start(seaway_sandbox::Options::default()).unwrap();
    let client = client(&server).await;
    fill(&client, &seed, services, nodes).await;

    mock.reset_counts();
    mock.limit(times);
    let config: Aws =
        toml::from_str(&format!("scheme = 'internal'\nvpc = '{}'", seed.vpc)).unwrap();
    let api = Paced::new(door::aws(&mock).await, times);
    let driver = drive(Nlb::new(api, "lab".into(), config));
    let controller =
        Controller::new(client.clone(), vec![driver], Some("aws".to_owned()), Options::default());
    let stop = CancellationToken::new();
    let began = Instant::now();
    let running = tokio::spawn(controller.run(stop.clone()));
    let api = Api::<Service>::default_namespaced(client);
    let worst = 60.0 + 10.0 * 4.0 * f64_of(services) / CREATE / times;
    loop {
        let all = api.list(&ListParams::default()).await.unwrap();
        let shown = all.items.iter().filter(|service| has_hostname(service)).count();
        if shown == services {
            break;
        }
        let took = began.elapsed().as_secs_f64();
        assert!(took < worst, "{shown} of {services} are served after {took:.0} s");
        sleep(Duration::from_millis(100)).await;
    }
    let took = began.elapsed();
    stop.cancel();
    running.await.unwrap().unwrap();

    let (mut registers, mut creates, mut throttled) = (0_usize, 0_usize, 0);
    for call in mock.calls() {
        if call.code.as_deref() == Some("Throttling") {
            throttled += 1;
            continue;
        }
        match call.action.as_str() {
            "RegisterTargets" | "DeregisterTargets" => registers += 1,
            "CreateLoadBalancer"
            | "CreateTargetGroup"
            | "CreateListener"
            | "ModifyTargetGroupAttributes" => creates += 1,
            _ => {}
        }
    }
    let wait = |calls: usize, rate: f64| ((f64_of(calls) - BURST * times) / rate / times).max(0.0);
    let allowed = wait(registers, REGISTER).max(wait(creates, CREATE));
    Outcome { took, allowed: Duration::from_secs_f64(allowed), throttled }
}

fn f64_of(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn has_hostname(service: &Service) -> bool {
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = status.and_then(|status| status.ingress.as_ref());
    ingress.is_some_and(|all| all.iter().any(|ingress| ingress.hostname.is_some()))
}

async fn client(server: &Server) -> Client {
    let file = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(file, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

/// Makes the nodes, over the zones of the account, and then the Services.
async fn fill(client: &Client, seed: &Seed, services: usize, nodes: usize) {
    let api = Api::<Node>::all(client.clone());
    for number in 0..nodes {
        let name = format!("node-{number}");
        let zone = &seed.private[number % seed.private.len()].zone;
        let node = json!({
            "metadata": { "name": name, "labels": { "topology.kubernetes.io/zone": zone } },
            "spec": { "providerID": format!("aws:///{zone}/i-{number:08x}") },
        });
        api.create(&PostParams::default(), &from(node)).await.unwrap();
        let address = format!("10.0.{}.{}", number / 250, number % 250 + 1);
        let status =
            json!({ "status": { "addresses": [{ "type": "InternalIP", "address": address }] } });
        let patch = Patch::Merge(status);
        api.patch_status(&name, &PatchParams::default(), &patch).await.unwrap();
    }
    let api = Api::<Service>::default_namespaced(client.clone());
    for number in 0..services {
        let service = json!({
            "metadata": { "name": format!("web-{number}") },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        });
        api.create(&PostParams::default(), &from(service)).await.unwrap();
    }
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_services_converge_at_ten_times_the_rates() {
    let outcome = converge(12, 6, 10.0).await;
    assert!(outcome.took >= outcome.allowed / 2, "the rates were not kept: {outcome:?}");
    assert!(outcome.throttled < 12, "AWS had to say no: {outcome:?}");
}
