use super::{
    Setting,
    api::code,
    fleet::{Machine, MachineState},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        coordination::v1::{Lease, LeaseSpec},
        core::v1::Namespace,
    },
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, OwnerReference},
};
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

const NAMESPACE: &str = "kube-node-lease";
const LEASE_SECONDS: i32 = 40;
const EMPTY_WORLD: Duration = Duration::from_millis(500);

/// Renews the leases of all nodes that live, spread evenly over each period.
pub(crate) async fn beat(setting: &Setting) {
    let namespaces = Api::<Namespace>::all(setting.writer.client());
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some(NAMESPACE.to_owned()), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    setting
        .writer
        .insist("create the namespace of the node leases", || async {
            namespaces.create(&PostParams::default(), &namespace).await
        })
        .await;
    loop {
        let alive: Vec<_> =
            setting.fleet.all().into_iter().filter(|m| m.state == MachineState::Up).collect();
        if alive.is_empty() {
            sleep(EMPTY_WORLD.min(setting.heartbeat)).await;
            continue;
        }
        let count = u32::try_from(alive.len()).unwrap_or(u32::MAX);
        let step = setting.heartbeat / count;
        for machine in alive {
            let next = Instant::now() + step;
            if setting.fleet.get(&machine.name).is_some_and(|m| m.state == MachineState::Up) {
                renew(setting, &machine).await;
            }
            sleep_until(next).await;
        }
    }
}

async fn renew(setting: &Setting, machine: &Machine) {
    let api = Api::<Lease>::namespaced(setting.writer.client(), NAMESPACE);
    let now = MicroTime(Timestamp::now());
    let patch = Patch::Merge(json!({ "spec": { "renewTime": now } }));
    let params = PatchParams::default();
    let renewed = setting.writer.once(api.patch(&machine.name, &params, &patch)).await;
    let Err(error) = renewed else { return };
    if code(&error) != Some(404) {
        tracing::debug!(%error, node = %machine.name, "the lease could not be renewed");
        return;
    }
    let lease = Lease {
        metadata: ObjectMeta {
            name: Some(machine.name.to_string()),
            namespace: Some(NAMESPACE.to_owned()),
            owner_references: Some(vec![OwnerReference {
                api_version: "v1".to_owned(),
                kind: "Node".to_owned(),
                name: machine.name.to_string(),
                uid: machine.uid.clone(),
                ..OwnerReference::default()
            }]),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some(machine.name.to_string()),
            lease_duration_seconds: Some(LEASE_SECONDS),
            renew_time: Some(now),
            ..LeaseSpec::default()
        }),
    };
    let created = setting.writer.once(api.create(&PostParams::default(), &lease)).await;
    if let Err(error) = created {
        tracing::debug!(%error, node = %machine.name, "the lease could not be created");
    }
}
