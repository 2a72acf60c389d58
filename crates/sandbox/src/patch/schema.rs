//! How lists merge in a strategic merge patch: the `patchStrategy` and `patchMergeKey` of the
//! Kubernetes types, for the kinds that the sandbox serves.

use crate::kind::Resource;

/// The fields of a type that do not merge by the default rule.
///
/// By default maps merge key by key, and everything else is replaced.
#[derive(Debug)]
pub(crate) struct Schema(pub(crate) &'static [(&'static str, Rule)]);

/// How one field merges.
#[derive(Debug)]
pub(crate) enum Rule {
    /// A struct with rules of its own.
    Inner(&'static Schema),
    /// A list of structs that are told apart by a key.
    Keyed(&'static str, &'static Schema),
    /// A list of plain values, merged as a set.
    Set,
}

use Rule::{Inner, Keyed, Set};

/// The rules for a kind.
pub(crate) fn of(resource: Resource) -> &'static Schema {
    match resource {
        Resource::Services => &SERVICE,
        Resource::Nodes => &NODE,
        Resource::Namespaces => &NAMESPACE,
        Resource::Pods => &POD,
        Resource::ConfigMaps | Resource::EndpointSlices | Resource::Events | Resource::Leases => {
            &PLAIN
        }
    }
}

pub(crate) static EMPTY: Schema = Schema(&[]);

static META: Schema = Schema(&[("finalizers", Set), ("ownerReferences", Keyed("uid", &EMPTY))]);
static CONDITIONS: Schema = Schema(&[("conditions", Keyed("type", &EMPTY))]);

static PLAIN: Schema = Schema(&[("metadata", Inner(&META))]);
static NAMESPACE: Schema = Schema(&[("metadata", Inner(&META)), ("status", Inner(&CONDITIONS))]);

static SERVICE: Schema = Schema(&[
    ("metadata", Inner(&META)),
    ("spec", Inner(&Schema(&[("ports", Keyed("port", &EMPTY))]))),
    ("status", Inner(&CONDITIONS)),
]);

static NODE: Schema = Schema(&[
    ("metadata", Inner(&META)),
    ("spec", Inner(&Schema(&[("podCIDRs", Set)]))),
    (
        "status",
        Inner(&Schema(&[
            ("addresses", Keyed("type", &EMPTY)),
            ("conditions", Keyed("type", &EMPTY)),
        ])),
    ),
]);

static CONTAINER: Schema = Schema(&[
    ("env", Keyed("name", &EMPTY)),
    ("ports", Keyed("containerPort", &EMPTY)),
    ("volumeDevices", Keyed("devicePath", &EMPTY)),
    ("volumeMounts", Keyed("mountPath", &EMPTY)),
]);

static POD: Schema = Schema(&[
    ("metadata", Inner(&META)),
    (
        "spec",
        Inner(&Schema(&[
            ("containers", Keyed("name", &CONTAINER)),
            ("ephemeralContainers", Keyed("name", &CONTAINER)),
            ("hostAliases", Keyed("ip", &EMPTY)),
            ("imagePullSecrets", Keyed("name", &EMPTY)),
            ("initContainers", Keyed("name", &CONTAINER)),
            ("resourceClaims", Keyed("name", &EMPTY)),
            ("schedulingGates", Keyed("name", &EMPTY)),
            ("topologySpreadConstraints", Keyed("topologyKey", &EMPTY)),
            ("volumes", Keyed("name", &EMPTY)),
        ])),
    ),
    (
        "status",
        Inner(&Schema(&[
            ("conditions", Keyed("type", &EMPTY)),
            ("hostIPs", Keyed("ip", &EMPTY)),
            ("podIPs", Keyed("ip", &EMPTY)),
            ("resourceClaimStatuses", Keyed("name", &EMPTY)),
        ])),
    ),
]);

impl Schema {
    pub(crate) fn rule(&self, field: &str) -> Option<&'static Rule> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, rule)| rule)
    }
}
