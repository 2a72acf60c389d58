use seaway_core::{AffinitySupport, TargetKind};

use super::request::refused;
use super::{Outcome, Verdict, ensure, plain, settle};
use crate::rig::{Rig, Run};
use crate::{Bench, SpecBuilder};

/// From one spec to another, and the steps of the way.
async fn change<B: Bench>(
    rig: &mut Rig<B>,
    from: SpecBuilder,
    to: SpecBuilder,
) -> Result<Run, String> {
    rig.put(from);
    settle(rig).await?;
    rig.put(to);
    let run = settle(rig).await?;
    ensure!(run.errors.is_empty(), "errors on the way: {:?}", run.errors);
    ensure!(!run.steps.is_empty(), "changed without a step");
    Ok(run)
}

pub(super) async fn a_port_is_added<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let (from, to) = (plain(&rig, "a"), plain(&rig, "a").port(8080));
    change(&mut rig, from, to).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn a_port_is_removed<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let (from, to) = (plain(&rig, "a").port(8080), rig.bench.spec("a").port(443));
    change(&mut rig, from, to).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn a_node_port_changes<B: Bench>(mut rig: Rig<B>) -> Verdict {
    if rig.capabilities().target_kind == TargetKind::Node {
        return Ok(Outcome::NotApplicable("it sends traffic to nodes, not to NodePorts"));
    }
    let (from, to) = (plain(&rig, "a"), plain(&rig, "a").node_port(443, 32_001));
    change(&mut rig, from, to).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn source_ranges_change_or_are_refused<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let ranged = plain(&rig, "a").source("10.0.0.0/8");
    if !rig.capabilities().source_ranges {
        return refused(&rig, &ranged.build());
    }
    let (open, wider) = (plain(&rig, "a"), ranged.clone().source("192.0.2.0/24"));
    change(&mut rig, open.clone(), ranged).await?;
    rig.put(wider);
    settle(&mut rig).await?;
    rig.put(open);
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn affinity_changes_or_is_refused<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let sticky = plain(&rig, "a").affinity(600);
    if rig.capabilities().affinity == AffinitySupport::None {
        return refused(&rig, &sticky.build());
    }
    let loose = plain(&rig, "a");
    change(&mut rig, loose.clone(), sticky).await?;
    if rig.capabilities().affinity == AffinitySupport::ClientIpWithTimeout {
        rig.put(plain(&rig, "a").affinity(1200));
        settle(&mut rig).await?;
    }
    rig.put(loose);
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn the_traffic_policy_changes<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let (cluster, local) = (plain(&rig, "a"), plain(&rig, "a").local(31_999));
    change(&mut rig, cluster.clone(), local).await?;
    rig.put(plain(&rig, "a").local(31_998));
    settle(&mut rig).await?;
    rig.put(cluster);
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

/// From nodes 1, 2, 3 to others.
async fn with_nodes<B: Bench>(mut rig: Rig<B>, nodes: &[u8]) -> Verdict {
    rig.put(plain(&rig, "a"));
    settle(&mut rig).await?;
    rig.set_nodes(nodes.iter().copied());
    let run = settle(&mut rig).await?;
    ensure!(run.errors.is_empty(), "errors on the way: {:?}", run.errors);
    Ok(Outcome::Passed)
}

pub(super) async fn a_node_joins<B: Bench>(rig: Rig<B>) -> Verdict {
    with_nodes(rig, &[1, 2, 3, 4]).await
}

pub(super) async fn a_node_leaves<B: Bench>(rig: Rig<B>) -> Verdict {
    with_nodes(rig, &[1, 3]).await
}

pub(super) async fn a_node_is_replaced<B: Bench>(rig: Rig<B>) -> Verdict {
    with_nodes(rig, &[1, 3, 4]).await
}

pub(super) async fn all_nodes_leave_and_come_back<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    settle(&mut rig).await?;
    rig.set_nodes([]);
    settle(&mut rig).await?;
    rig.set_nodes([4, 5]);
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn many_ports_and_nodes_at_once<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.set_nodes(1..=11);
    let wide = (0..7).fold(rig.bench.spec("a"), |spec, more| spec.port(8000 + more));
    rig.put(wide);
    settle(&mut rig).await?;
    rig.set_nodes(6..=17);
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn everything_changes_at_once<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a").port(8080));
    settle(&mut rig).await?;
    rig.set_nodes([3, 4, 5, 6]);
    let mut other = rig.bench.spec("a").port(443).port(8081).node_port(443, 32_001).local(31_999);
    if rig.capabilities().source_ranges {
        other = other.source("10.0.0.0/8");
    }
    if rig.capabilities().affinity != AffinitySupport::None {
        other = other.affinity(600);
    }
    rig.put(other);
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}
