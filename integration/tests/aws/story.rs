//! What is interrupted.

use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench as _, SpecBuilder};

use crate::desk::Desk;

/// Decides from where a load balancer can be reached.
pub(crate) const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";

/// A change that is interrupted.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    /// What there is before; with none not even the driver has begun.
    pub(crate) begin: Option<fn(&mut Rig<Desk>)>,
    /// What is interrupted.
    pub(crate) change: fn(&mut Rig<Desk>),
}

pub(crate) const ALL: [Story; 4] = [
    Story { name: "create", begin: None, change: |rig| rig.put(web(rig)) },
    Story {
        name: "change",
        begin: Some(|rig| rig.put(web(rig))),
        // A port goes, one comes, and the one that stays has another NodePort.
        change: |rig| {
            let spec = rig.bench.spec("a").port(443).port(8080).node_port(443, 32_001);
            rig.put(spec.source("10.0.0.0/8").source("172.16.0.0/12").local(31_999));
            rig.set_nodes([2, 3, 4]);
        },
    },
    Story {
        name: "scheme",
        begin: Some(|rig| rig.put(web(rig))),
        change: |rig| rig.put(web(rig).setting(SCHEME, "internet-facing")),
    },
    Story { name: "delete", begin: Some(|rig| rig.put(web(rig))), change: |rig| rig.delete("a") },
];

fn web(rig: &Rig<Desk>) -> SpecBuilder {
    let spec = rig.bench.spec("a").port(80).port(443);
    spec.source("10.0.0.0/8").source("192.168.0.0/16")
}
