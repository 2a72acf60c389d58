use seaway_core::{Address, ErrorKind, Family, LbSpec, Protocol, TargetKind};

use super::{Outcome, Verdict, ensure, plain, settle};
use crate::rig::Rig;
use crate::{Bench, SpecBuilder};

/// What the capabilities exclude must be refused by the check of the spec.
pub(super) fn refused<B: Bench>(rig: &Rig<B>, spec: &LbSpec) -> Verdict {
    match rig.capabilities().check(Rig::<B>::name(), spec) {
        Err(error) if error.kind().is_user_error() => Ok(Outcome::Passed),
        answer => Err(format!("not refused: {answer:?}")),
    }
}

async fn served<B: Bench>(mut rig: Rig<B>, spec: SpecBuilder) -> Verdict {
    let spec = spec.build();
    let allowed = rig.capabilities().check(Rig::<B>::name(), &spec);
    ensure!(allowed.is_ok(), "refused, against the capabilities: {allowed:?}");
    rig.put(spec);
    settle(&mut rig).await?;
    rig.delete("a");
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

async fn carried_or_refused<B: Bench>(rig: Rig<B>, spec: SpecBuilder, able: bool) -> Verdict {
    if able { served(rig, spec).await } else { refused(&rig, &spec.build()) }
}

pub(super) async fn udp_is_carried_or_refused<B: Bench>(rig: Rig<B>) -> Verdict {
    let able = rig.capabilities().protocols.contains(&Protocol::Udp);
    let spec = rig.bench.spec("a").udp(53);
    carried_or_refused(rig, spec, able).await
}

pub(super) async fn sctp_is_carried_or_refused<B: Bench>(rig: Rig<B>) -> Verdict {
    let able = rig.capabilities().protocols.contains(&Protocol::Sctp);
    let spec = rig.bench.spec("a").port_of(3868, Protocol::Sctp);
    carried_or_refused(rig, spec, able).await
}

pub(super) async fn mixed_protocols_are_carried_or_refused<B: Bench>(rig: Rig<B>) -> Verdict {
    let able = rig.capabilities().mixed_protocols;
    let spec = rig.bench.spec("a").port(53).udp(53).port(853);
    carried_or_refused(rig, spec, able).await
}

pub(super) async fn a_port_without_node_port_is_served_or_refused<B: Bench>(
    rig: Rig<B>,
) -> Verdict {
    let able = rig.capabilities().target_kind == TargetKind::Node;
    let spec = plain(&rig, "a").node_port(80, None).node_port(443, None);
    carried_or_refused(rig, spec, able).await
}

/// Of the families asked for, those that the provider has are served.
pub(super) async fn both_families_are_served_or_refused<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let families = rig.capabilities().families;
    for family in [Family::IPv4, Family::IPv6] {
        if !families.contains(&family) {
            refused(&rig, &plain(&rig, "a").families([family]).build())?;
        }
    }
    rig.put(plain(&rig, "a").families([Family::IPv6, Family::IPv4]));
    settle(&mut rig).await?;
    if families.len() > 1 {
        let first = rig.published("a").into_iter().next();
        ensure!(
            matches!(first, Some(Address::Hostname(_)))
                || matches!(first, Some(Address::Ip(ip)) if ip.is_ipv6()),
            "the preferred family does not come first: {:?}",
            rig.published("a")
        );
    }
    Ok(Outcome::Passed)
}

pub(super) async fn a_requested_address_is_given_or_refused<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let capabilities = rig.capabilities();
    if !capabilities.requested_addresses {
        return refused(&rig, &plain(&rig, "a").requested([192, 0, 2, 1].into()).build());
    }
    let family = *capabilities.families.first().ok_or("it has no family")?;
    let Some((good, bad)) = rig.bench.requestable(family) else {
        return Err("it gives requested addresses, but the bench names none".to_owned());
    };
    rig.put(plain(&rig, "a").families([family]).requested(good));
    settle(&mut rig).await?;
    ensure!(rig.published("a") == [Address::Ip(good)], "given {:?}", rig.published("a"));
    let Some(bad) = bad else { return Ok(Outcome::Passed) };
    rig.put(plain(&rig, "b").families([family]).requested(bad));
    let key = seaway_core::Key::Balancer(rig.driver().balancer(&rig.service("b").spec));
    let report = rig.pass(&key).await;
    let error = report.members.get(&crate::uid("b")).and_then(|member| member.error.clone());
    let error = error.or(report.error).ok_or("no error for an address that it can't have")?;
    ensure!(error.kind() != ErrorKind::Unexpected, "told as {error:?}");
    ensure!(error.to_string().contains(&bad.to_string()), "does not name {bad}: {error}");
    Ok(Outcome::Passed)
}
