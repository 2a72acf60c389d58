//! IP families: what the policy, the families and the addresses say of each other.

use super::{allocate::Ledger, ips, is_headless, is_type};
use crate::invalid::Cause;
use k8s_openapi::api::core::v1::ServiceSpec;
use std::{collections::BTreeMap, net::IpAddr};

const SINGLE: &str = "SingleStack";
const PREFER: &str = "PreferDualStack";
const REQUIRE: &str = "RequireDualStack";

/// Fills in policy and families, and trims what a downgrade gives up.
pub(crate) fn settle(
    spec: &mut ServiceSpec,
    old: Option<&ServiceSpec>,
    ledger: &Ledger,
) -> Result<(), Vec<Cause>> {
    if is_type(spec, "ExternalName") {
        return Ok(());
    }
    let selectorless = spec.selector.as_ref().is_none_or(BTreeMap::is_empty);
    let policy = spec.ip_family_policy.clone().unwrap_or_else(|| {
        let policy = if is_headless(spec) && selectorless { REQUIRE } else { SINGLE };
        policy.to_owned()
    });
    if ![SINGLE, PREFER, REQUIRE].contains(&policy.as_str()) {
        let known = [PREFER, REQUIRE, SINGLE];
        return Err(vec![Cause::unsupported("spec.ipFamilyPolicy", &policy, &known)]);
    }
    if policy == SINGLE
        && let Some(old) = old
        && old.ip_family_policy.as_deref().is_some_and(|was| was != SINGLE)
    {
        trim(spec, old);
    }
    let families = spec.ip_families.clone().unwrap_or_default();
    check(&families, spec, &policy)?;

    let given = ips(spec).iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
    let mut settled = families;
    for ip in given.skip(settled.len()) {
        settled.push(family_of(ip).to_owned());
    }
    let served: Vec<&str> = if is_headless(spec) && selectorless {
        vec!["IPv4", "IPv6"]
    } else {
        ledger.families().collect()
    };
    let wanted = if policy == SINGLE { 1 } else { 2 };
    for family in served {
        if settled.len() < wanted && !settled.iter().any(|known| known == family) {
            settled.push(family.to_owned());
        }
    }
    if policy == REQUIRE && settled.len() < 2 {
        return Err(vec![Cause::invalid(
            "spec.ipFamilyPolicy",
            policy,
            "this cluster is not configured for dual-stack services",
        )]);
    }
    spec.ip_families = Some(settled);
    spec.ip_family_policy = Some(policy);
    Ok(())
}

/// The family of an address, as the API names it.
pub(crate) fn family_of(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// Back to one family: the second family and address go, if the user did not touch them.
fn trim(spec: &mut ServiceSpec, old: &ServiceSpec) {
    if spec.ip_families == old.ip_families
        && let Some(families) = &mut spec.ip_families
    {
        families.truncate(1);
    }
    if ips(spec) == ips(old)
        && let Some(ips) = &mut spec.cluster_ips
    {
        ips.truncate(1);
    }
}

fn check(families: &[String], spec: &ServiceSpec, policy: &str) -> Result<(), Vec<Cause>> {
    let mut causes = Vec::new();
    for (i, family) in families.iter().enumerate() {
        let field = format!("spec.ipFamilies[{i}]");
        if !["IPv4", "IPv6"].contains(&family.as_str()) {
            causes.push(Cause::unsupported(field, family, &["IPv4", "IPv6"]));
        } else if families.iter().take(i).any(|earlier| earlier == family) {
            causes.push(Cause::duplicate(field, family));
        }
    }
    if policy == SINGLE && (families.len() > 1 || ips(spec).len() > 1) {
        let many = if families.len() > 1 { "IP families" } else { "cluster IPs" };
        let why = format!(
            "must be 'RequireDualStack' or 'PreferDualStack' when multiple {many} are specified"
        );
        causes.push(Cause::invalid("spec.ipFamilyPolicy", policy, &why));
    }
    for (i, (ip, family)) in ips(spec).iter().zip(families).enumerate() {
        if let Ok(parsed) = ip.parse::<IpAddr>()
            && family_of(parsed) != family
        {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
            causes.push(Cause::invalid(format!("spec.clusterIPs[{i}]"), ip, &why));
        }
    }
    super::findings(causes)
}
