use seaway_core::{AffinitySupport, Capabilities, TargetKind};

use crate::rig::Rig;
use crate::{Bench, SpecBuilder};

/// A change that is interrupted.
pub(super) struct Story<B: Bench> {
    pub(super) name: &'static str,
    /// Whether a provider with these capabilities can have it.
    pub(super) applies: fn(&Capabilities) -> bool,
    /// What there is before.
    pub(super) begin: fn(&mut Rig<B>),
    /// What is interrupted.
    pub(super) change: fn(&mut Rig<B>),
    /// What changes while nobody runs.
    pub(super) meanwhile: fn(&mut Rig<B>),
}

impl<B: Bench> Story<B> {
    const fn of(name: &'static str, begin: fn(&mut Rig<B>), change: fn(&mut Rig<B>)) -> Self {
        Self { name, applies: |_| true, begin, change, meanwhile: |_| {} }
    }

    const fn if_able(mut self, applies: fn(&Capabilities) -> bool) -> Self {
        self.applies = applies;
        self
    }

    const fn meanwhile(mut self, change: fn(&mut Rig<B>)) -> Self {
        self.meanwhile = change;
        self
    }
}

pub(super) fn all<B: Bench>() -> Vec<Story<B>> {
    vec![
        Story::of("create", |_| {}, |rig| rig.put(plain(rig, "a").port(8080))),
        Story::of("create two", |_| {}, two),
        Story::of("create beside another", one, |rig| rig.put(plain(rig, "b"))),
        Story::of("create, deleted meanwhile", |_| {}, one).meanwhile(|rig| rig.delete("a")),
        Story::of("create, changed meanwhile", |_| {}, one)
            .meanwhile(|rig| rig.put(rig.bench.spec("a").port(443).port(8080))),
        Story::of("ports", one, |rig| rig.put(rig.bench.spec("a").port(443).port(8080).port(8081))),
        Story::of("ports, changed back meanwhile", one, |rig: &mut Rig<B>| {
            rig.put(rig.bench.spec("a").port(443).port(8080).port(8081));
        })
        .meanwhile(one),
        Story::of("node port", one, |rig| rig.put(plain(rig, "a").node_port(443, 32_001)))
            .if_able(|able| able.target_kind == TargetKind::NodePort),
        Story::of("traffic policy", one, |rig| rig.put(plain(rig, "a").local(31_999))),
        Story::of("source ranges", one, |rig| rig.put(plain(rig, "a").source("10.0.0.0/8")))
            .if_able(|able| able.source_ranges),
        Story::of("affinity", one, |rig| rig.put(plain(rig, "a").affinity(600)))
            .if_able(|able| able.affinity != AffinitySupport::None),
        Story::of("nodes", two, |rig| rig.set_nodes([2, 4, 5, 6, 7, 8])),
        Story::of("a node replaced", one, |rig| rig.set_nodes([1, 2, 4])),
        Story::of("ports, policy and nodes", two, |rig| {
            rig.put(rig.bench.spec("a").port(443).port(8080).local(31_999));
            rig.set_nodes([3, 4, 5]);
        }),
        Story::of("delete one of two", two, |rig| rig.delete("a")),
        Story::of("delete the last", one, |rig| rig.delete("a")),
        Story::of("delete both", two, |rig| {
            rig.delete("a");
            rig.delete("b");
        }),
    ]
}

fn plain<B: Bench>(rig: &Rig<B>, name: &str) -> SpecBuilder {
    rig.bench.spec(name).port(80).port(443)
}

fn one<B: Bench>(rig: &mut Rig<B>) {
    rig.put(plain(rig, "a"));
}

fn two<B: Bench>(rig: &mut Rig<B>) {
    rig.put(plain(rig, "a"));
    rig.put(plain(rig, "b"));
}
