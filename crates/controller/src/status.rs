use k8s_openapi::jiff::Timestamp;
use seaway_core::{
    Address, Digest, IpMode, LbSpec, MemberReport, Moment, ProviderError, Readiness,
};
use seaway_intent::object::{Condition, Ingress, LoadBalancerStatus, Meta, Service, ServiceStatus};
use serde_json::{Value, json};

use crate::FINALIZER;
use crate::condition::{self, ACCEPTED, PORTS_ERROR, PROVISIONED, SERVING, Saying};

#[cfg(test)]
mod tests;

/// The addresses that the status of `service` shows.
pub(crate) fn published(service: &Service) -> Vec<Address> {
    let ingress = service.status.load_balancer.ingress.iter();
    ingress
        .filter_map(|entry| match (&entry.ip, &entry.hostname) {
            (Some(ip), _) => ip.parse().ok().map(Address::Ip),
            (None, Some(name)) => Some(Address::Hostname(name.clone())),
            (None, None) => None,
        })
        .collect()
}

/// The digest of the spec that `by` converged last; none if another provider did.
pub(crate) fn applied(service: &Service, by: &str) -> Option<Digest> {
    if provider(service) != Some(by) {
        return None;
    }
    let condition = condition::of(service, PROVISIONED).filter(|it| it.status == "True")?;
    let (_, digest) = condition.message.rsplit_once(SPEC)?;
    Digest::parse(digest)
}

/// The provider that made what the Service has, as its conditions tell: the class is wiped when the
/// type changes, and this is not.
pub(crate) fn provider(service: &Service) -> Option<&str> {
    let message = &condition::of(service, ACCEPTED)?.message;
    message.strip_prefix(PROVIDER)?.split_whitespace().next()
}

/// What a status said after our last write: where clients go, and whether what was asked for is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    ingress: Vec<Ingress>,
    provisioned: Option<String>,
}

impl Said {
    /// What `status` says.
    pub(crate) fn of(status: &ServiceStatus) -> Self {
        let provisioned = status.conditions.iter().find(|condition| condition.kind == PROVISIONED);
        Self {
            ingress: status.load_balancer.ingress.clone(),
            provisioned: provisioned.map(|condition| condition.message.clone()),
        }
    }
}

/// What stands before the digest.
const SPEC: &str = ", spec ";
/// What stands before the name of the provider.
const PROVIDER: &str = "provider ";

/// What is known of the targets of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many there are that can be reached.
    pub(crate) targets: usize,
    /// How many of them take new connections: they do not drain, and are not known to be unhealthy.
    pub(crate) usable: usize,
}

/// What a pass found for a Service.
pub(crate) struct Found<'a> {
    pub(crate) provider: &'a str,
    pub(crate) mode: IpMode,
    pub(crate) spec: &'a LbSpec,
    pub(crate) member: &'a MemberReport,
    /// What stands in its way, of its own or of all.
    pub(crate) error: Option<&'a ProviderError>,
    /// What that means for what it had.
    pub(crate) trouble: Trouble,
    /// How many nodes may be targets, whether they can be reached or not.
    pub(crate) nodes: usize,
    pub(crate) standing: Standing,
    /// Annotations that nobody reads.
    pub(crate) unread: &'a [String],
}

/// What an error means for what a Service had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No more than that nothing can be changed for now.
    Outage,
    /// The provider has looked, and can't have all of it be there: somebody else has a part of it.
    Denied,
    /// The provider has looked, and it is not there.
    Lost,
}

/// What the status of a Service is to become.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    /// The status after the update.
    pub(crate) status: ServiceStatus,
    /// The strategic merge patch that makes it so, without the uid.
    pub(crate) patch: Value,
    /// Clients find the Service at another place than before.
    pub(crate) moved: bool,
    /// Everything asked for is there, and was not when the status was written last.
    pub(crate) converged: bool,
    /// The conditions that change.
    pub(crate) conditions: Vec<Condition>,
}

impl Update {
    /// The new reason of a condition, if it changes.
    pub(crate) fn reasons(&self, kind: &str) -> impl Iterator<Item = &str> {
        let changed = self.conditions.iter().filter(move |condition| condition.kind == kind);
        changed.map(|condition| condition.reason.as_str())
    }
}

/// What to write after a pass; none if the status says it already. An address that the provider has
/// is shown, whatever else is amiss; the digest follows once everything asked for is there.
pub(crate) fn update(service: &Service, found: &Found<'_>, now: Moment) -> Option<Update> {
    let ingress = match &found.member.readiness {
        Readiness::Ready(addresses) => {
            Some(addresses.iter().map(|address| entry(address, found.mode)).collect::<Vec<_>>())
        }
        Readiness::Pending { .. } | Readiness::Gone => None,
    };
    let shown = &service.status.load_balancer.ingress;
    let moved = ingress.as_ref().filter(|ingress| *ingress != shown).cloned();
    let digest = found.spec.digest();
    let before = applied(service, found.provider);
    let settled = found.member.settled && found.error.is_none() && ingress.is_some();
    // As long as nothing else is asked, an outage of the provider makes it no less there.
    let untouched = !settled
        && before.as_ref() == Some(&digest)
        && (found.error.is_none() || found.trouble == Trouble::Outage);
    let sayings = [
        Some(accepted(found)),
        (!untouched).then(|| provisioned(found, settled, &digest)),
        Some(serving(found, ingress.as_ref().unwrap_or(shown))),
        condition::of(service, PORTS_ERROR)
            .map(|_| Saying::no(PORTS_ERROR, "Supported", "the provider carries these ports")),
    ];
    let update = write(service, moved, sayings.into_iter().flatten().collect(), now)?;
    Some(Update { converged: settled && before.as_ref() != Some(&digest), ..update })
}

/// What to write on a Service that can't be served as it is; none if it says so already. `mixed`: the
/// reason is that it asks for several protocols on one address (KEP-1435). `lost`: what it had is not
/// there any more, so that nobody is served as it asked before.
pub(crate) fn refusal(
    service: &Service,
    error: &ProviderError,
    (mixed, lost): (bool, bool),
    now: Moment,
) -> Option<Update> {
    let mut sayings = vec![Saying::wrong(ACCEPTED, error), Saying::wrong(PROVISIONED, error)];
    if lost || service.status.load_balancer.ingress.is_empty() {
        sayings.push(Saying::wrong(SERVING, error));
    }
    if mixed {
        let text = error.to_string();
        sayings.push(Saying::yes(PORTS_ERROR, "LoadBalancerMixedProtocolNotSupported", text));
    } else if condition::of(service, PORTS_ERROR).is_some() {
        sayings.push(Saying::no(PORTS_ERROR, "Supported", "the ports are not what is amiss"));
    }
    write(service, None, sayings, now)
}

/// The patch that puts our finalizer on, and says that the Service is on its way.
pub(crate) fn welcome(service: &Service, provider: &str, unread: &[String], now: Moment) -> Update {
    let mut sayings = vec![taken(provider, unread)];
    if condition::of(service, PROVISIONED).is_none() {
        sayings.push(Saying::no(PROVISIONED, "Pending", "the load balancer is being made"));
        sayings.push(Saying::no(SERVING, "Pending", "there is no address yet"));
    }
    let update = write(service, None, sayings, now);
    let mut update = update.unwrap_or_else(|| Update {
        status: service.status.clone(),
        patch: json!({}),
        moved: false,
        converged: false,
        conditions: Vec::new(),
    });
    update.patch["metadata"]["finalizers"] = json!([FINALIZER]);
    update
}

fn accepted(found: &Found<'_>) -> Saying {
    match found.error.filter(|error| error.kind().is_user_error()) {
        Some(error) => Saying::wrong(ACCEPTED, error),
        None => taken(found.provider, found.unread),
    }
}

fn taken(provider: &str, unread: &[String]) -> Saying {
    let mut text = format!("{PROVIDER}{provider} takes it");
    if !unread.is_empty() {
        text = format!("{text}, but nobody reads {}", unread.join(", "));
    }
    Saying::yes(ACCEPTED, "Accepted", text)
}

fn provisioned(found: &Found<'_>, settled: bool, digest: &Digest) -> Saying {
    if let Some(error) = found.error {
        return Saying::wrong(PROVISIONED, error);
    }
    if settled {
        let text = format!("the load balancer is as asked{SPEC}{digest}");
        return Saying::yes(PROVISIONED, "Converged", text);
    }
    Saying::no(PROVISIONED, "Pending", "the load balancer is being made")
}

fn serving(found: &Found<'_>, ingress: &[Ingress]) -> Saying {
    let Standing { targets, usable } = found.standing;
    if ingress.is_empty() {
        return Saying::no(SERVING, "Pending", "there is no address yet");
    }
    // The address stays: it is kept for the Service, and clients know it by name.
    if let (Some(error), Trouble::Lost) = (found.error, found.trouble) {
        return Saying::wrong(SERVING, error);
    }
    if targets == 0 {
        let families: Vec<_> = found.spec.families.iter().map(ToString::to_string).collect();
        let text = match found.nodes {
            0 => "there is no node that may be a target".to_owned(),
            _ => format!("no node has an address of {}", families.join(" or ")),
        };
        return Saying::no(SERVING, "NoNodes", text);
    }
    if usable == 0 {
        // The number would be written again each time that a node comes or goes.
        return Saying::no(SERVING, "NoHealthyTargets", "no target is healthy");
    }
    Saying::yes(SERVING, "Serving", "clients are served")
}

/// Puts an update together; none if nothing changes.
fn write(
    service: &Service,
    moved: Option<Vec<Ingress>>,
    sayings: Vec<Saying>,
    now: Moment,
) -> Option<Update> {
    let conditions = condition::changes(service, sayings, now);
    if moved.is_none() && conditions.is_empty() {
        return None;
    }
    let mut status = service.status.clone();
    let mut patch = json!({});
    let is_moved = moved.is_some();
    if let Some(ingress) = moved {
        patch["loadBalancer"] = json!({ "ingress": ingress });
        status.load_balancer = LoadBalancerStatus { ingress };
    }
    if !conditions.is_empty() {
        patch["conditions"] = json!(conditions);
        status.conditions.retain(|old| conditions.iter().all(|new| new.kind != old.kind));
        status.conditions.extend(conditions.iter().cloned());
    }
    let patch = json!({ "status": patch });
    Some(Update { status, patch, moved: is_moved, converged: false, conditions })
}

fn entry(address: &Address, mode: IpMode) -> Ingress {
    match address {
        // The mode is always said: the API server would add VIP, and the next look would differ.
        Address::Ip(ip) => Ingress {
            ip: Some(ip.to_string()),
            ip_mode: Some(mode.to_string()),
            ..Ingress::default()
        },
        Address::Hostname(name) => Ingress { hostname: Some(name.clone()), ..Ingress::default() },
    }
}

/// Whether two states of a Service show the same, of what we write.
pub(crate) fn agree(one: &Service, other: &Service) -> bool {
    let same = |kind: &&str| {
        let said =
            |service| condition::of(service, kind).map(|it| (&it.status, &it.reason, &it.message));
        said(one) == said(other)
    };
    one.status.load_balancer == other.status.load_balancer && condition::ALL.iter().all(same)
}

/// Whether our finalizer is on an object.
pub(crate) fn is_ours(meta: &Meta) -> bool {
    meta.finalizers.iter().any(|name| name == FINALIZER)
}

/// Whether there is anything of ours on a Service besides the finalizer.
pub(crate) fn is_marked(service: &Service) -> bool {
    condition::ALL.iter().any(|kind| condition::of(service, kind).is_some())
}

/// The patch that takes back everything of ours: the addresses, the conditions and the finalizer.
/// With `keep` the addresses stay: the load balancer stays too.
pub(crate) fn farewell(service: &Service, keep: bool) -> Value {
    let mut patch = json!({
        "metadata": { "$deleteFromPrimitiveList/finalizers": [FINALIZER] },
    });
    if !keep && !service.status.load_balancer.ingress.is_empty() {
        patch["status"]["loadBalancer"] = json!({ "ingress": null });
    }
    let there = condition::ALL.iter().filter(|kind| condition::of(service, kind).is_some());
    let gone: Vec<_> = there.map(|kind| json!({ "$patch": "delete", "type": kind })).collect();
    if !gone.is_empty() {
        patch["status"]["conditions"] = json!(gone);
    }
    patch
}

/// RFC 3339, to the second, as the API writes times.
pub(crate) fn rfc3339(moment: Moment) -> String {
    let seconds = i64::try_from(moment.as_millis() / 1000).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
