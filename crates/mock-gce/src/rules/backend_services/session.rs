//! Which client goes to which backend, and for how long.

use super::super::{Verdict, field};
use crate::refusal::Refusal;
use crate::state::Thing;

const AFFINITIES: [&str; 4] = ["NONE", "CLIENT_IP", "CLIENT_IP_PROTO", "CLIENT_IP_PORT_PROTO"];
/// Internal ones have one more.
const INTERNAL_AFFINITIES: [&str; 5] =
    ["NONE", "CLIENT_IP", "CLIENT_IP_PROTO", "CLIENT_IP_PORT_PROTO", "CLIENT_IP_NO_DESTINATION"];
const POLICY: &str = "connectionTrackingPolicy";

pub(super) fn check(service: &mut Thing) -> Verdict {
    let internal = field::text(service, "loadBalancingScheme") == "INTERNAL";
    if internal {
        field::one_of(service, "sessionAffinity", &INTERNAL_AFFINITIES)?;
        field::one_of(service, "localityLbPolicy", &["WEIGHTED_GCP_RENDEZVOUS"])?;
    } else {
        field::one_of(service, "sessionAffinity", &AFFINITIES)?;
        field::one_of(service, "localityLbPolicy", &["MAGLEV", "WEIGHTED_MAGLEV"])?;
    }
    field::default(service, "sessionAffinity", "NONE");
    let affinity = field::text(service, "sessionAffinity");
    let Some(policy) = service.get(POLICY).and_then(|policy| policy.as_object()) else {
        return Ok(());
    };

    let per_session = field::text(policy, "trackingMode") == "PER_SESSION";
    let by_client = matches!(affinity, "CLIENT_IP" | "CLIENT_IP_PROTO");
    let place = |name: &str| format!("resource.{POLICY}.{name}");
    let strong = field::flag(policy, "enableStrongAffinity");
    if strong && internal {
        let why = "Strong session affinity is for external passthrough load balancers.";
        return Err(Refusal::invalid(&place("enableStrongAffinity"), "true", why));
    }
    if strong && !(by_client && per_session) {
        let why = "Strong session affinity needs session affinity CLIENT_IP or CLIENT_IP_PROTO and \
                   tracking mode PER_SESSION.";
        return Err(Refusal::invalid(&place("enableStrongAffinity"), "true", why));
    }
    let Some(idle) = field::number(policy, "idleTimeoutSec") else { return Ok(()) };
    let less_than_five = affinity != "NONE" && affinity != "CLIENT_IP_PORT_PROTO";
    if internal && !(less_than_five && per_session) {
        let why = "It can be set only where connections are tracked by less than five fields.";
        return Err(Refusal::invalid(&place("idleTimeoutSec"), &idle.to_string(), why));
    }
    // A longer memory than the default's minute is what strong affinity is.
    if !internal && !strong && idle != 60 {
        let why = "It can be set only together with strong session affinity.";
        return Err(Refusal::invalid(&place("idleTimeoutSec"), &idle.to_string(), why));
    }
    let least = if internal { 600 } else { 60 };
    field::within(policy, &format!("resource.{POLICY}"), "idleTimeoutSec", least, 57600)
}
