//! IP families: what the policy, the families and the addresses say of each other.

use super::{allocate::Ledger, findings, ips, is_headless, is_type};
use crate::invalid::Cause;
use k8s_openapi::api::core::v1::ServiceSpec;
use std::{collections::BTreeMap, net::IpAddr};

const SINGLE: &str = "SingleStack";
const PREFER: &str = "PreferDualStack";
const REQUIRE: &str = "RequireDualStack";
const POLICY: &str = "spec.ipFamilyPolicy";
const BOTH: [&str; 2] = ["IPv4", "IPv6"];

/// Fills in policy and families, and trims what a downgrade gives up.
pub(crate) fn settle(
    spec: &mut ServiceSpec,
    old: Option<&ServiceSpec>,
    ledger: &Ledger,
) -> Result<(), Vec<Cause>> {
    if is_type(spec, "ExternalName") {
        return Ok(());
    }
    // No address of the cluster, and no endpoints but those that somebody writes by hand.
    let is_free = is_headless(spec) && spec.selector.as_ref().is_none_or(BTreeMap::is_empty);
    let policy = policy(spec, old, is_free);
    findings(check(spec, &policy))?;

    let served: Vec<&str> = ledger.families().collect();
    let mut causes = Vec::new();
    if let Some(old) = old {
        release(spec, old, &policy, &mut causes);
    }
    if policy == SINGLE {
        for (count, many) in
            [(ips(spec).len(), "cluster IPs"), (families(spec).len(), "IP families")]
        {
            if count > 1 {
                let why = format!(
                    "must be 'RequireDualStack' or 'PreferDualStack' when multiple {many} are \
                     specified"
                );
                causes.push(Cause::invalid(POLICY, &policy, &why));
            }
        }
    }
    let mut settled = families(spec).to_vec();
    for (i, ip) in ips(spec).iter().enumerate().skip(settled.len()) {
        let Ok(family) = ip.parse().map(family_of) else { continue };
        if served.contains(&family) {
            settled.push(family.to_owned());
        } else {
            let why = format!("may not use {family} on a cluster which is not configured for it");
            causes.push(Cause::invalid(format!("spec.clusterIPs[{i}]"), ips(spec), &why));
        }
    }
    findings(causes)?;
    if !is_free {
        findings(unserved(&settled, &policy, &served))?;
    }
    if settled.is_empty() {
        settled.extend(served.first().map(|&family| family.to_owned()));
    }
    let others: &[&str] = if is_free { &BOTH } else { &served };
    let second = others.iter().find(|&&family| settled.iter().all(|known| known != family));
    if policy != SINGLE && settled.len() == 1 {
        settled.extend(second.map(|&family| family.to_owned()));
    }
    spec.ip_families = Some(settled);
    spec.ip_family_policy = Some(policy);
    Ok(())
}

/// The family of an address, as the API names it.
pub(crate) fn family_of(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IPv4" } else { "IPv6" }
}

fn families(spec: &ServiceSpec) -> &[String] {
    spec.ip_families.as_deref().unwrap_or_default()
}

/// Who names no policy keeps the old one: a Service is moved from one family to two, or back, by
/// those who say so only.
fn policy(spec: &ServiceSpec, old: Option<&ServiceSpec>, is_free: bool) -> String {
    let told = spec.ip_family_policy.as_ref();
    let told = told.or_else(|| old.and_then(|old| old.ip_family_policy.as_ref()));
    told.cloned().unwrap_or_else(|| (if is_free { REQUIRE } else { SINGLE }).to_owned())
}

/// What is wrong whatever the cluster has.
fn check(spec: &ServiceSpec, policy: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (i, family) in families(spec).iter().enumerate() {
        let field = format!("spec.ipFamilies[{i}]");
        if !BOTH.contains(&family.as_str()) {
            causes.push(Cause::unsupported(field, family, &BOTH));
        } else if families(spec).iter().take(i).any(|earlier| earlier == family) {
            causes.push(Cause::duplicate(field, family));
        }
    }
    if ![SINGLE, PREFER, REQUIRE].contains(&policy) {
        causes.push(Cause::unsupported(POLICY, policy, &[PREFER, REQUIRE, SINGLE]));
    }
    if !causes.is_empty() {
        return causes;
    }
    for (i, (ip, family)) in ips(spec).iter().zip(families(spec)).enumerate() {
        if let Ok(parsed) = ip.parse::<IpAddr>()
            && family_of(parsed) != family
        {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
            causes.push(Cause::invalid(format!("spec.clusterIPs[{i}]"), ip, &why));
        }
    }
    causes
}

/// Back to one family: the second family and address go, if the user did not touch them. Under any
/// other policy nobody gives them up.
fn release(spec: &mut ServiceSpec, old: &ServiceSpec, policy: &str, causes: &mut Vec<Cause>) {
    if policy == SINGLE {
        if ips(spec) == ips(old)
            && let Some(ips) = &mut spec.cluster_ips
        {
            ips.truncate(1);
        }
        if spec.ip_families == old.ip_families
            && let Some(families) = &mut spec.ip_families
        {
            families.truncate(1);
        }
        return;
    }
    let mut reduced = |now: usize, was: usize, second: &str| {
        if 0 < now && now < was {
            let why = format!("must be 'SingleStack' to release the secondary {second}");
            causes.push(Cause::invalid(POLICY, policy, &why));
        }
    };
    reduced(ips(spec).len(), ips(old).len(), "cluster IP");
    reduced(families(spec).len(), families(old).len(), "IP family");
}

/// What this cluster has no addresses for.
fn unserved(families: &[String], policy: &str, served: &[&str]) -> Vec<Cause> {
    let mut causes = Vec::new();
    if policy == REQUIRE && served.len() < 2 {
        let why = "this cluster is not configured for dual-stack services";
        causes.push(Cause::invalid(POLICY, policy, why));
    }
    for (i, family) in families.iter().enumerate() {
        if !served.contains(&family.as_str()) {
            let field = format!("spec.ipFamilies[{i}]");
            causes.push(Cause::invalid(field, family, "not configured on this cluster"));
        }
    }
    causes
}
