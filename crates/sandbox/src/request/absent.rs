//! Resources that are not served.

use crate::{
    kind::{KINDS, api_version},
    status::Status,
};

/// Why there is no such resource: the real server has none, or the sandbox has not.
pub(super) fn absent(group: &str, version: &str, resource: &str) -> Status {
    const CORE: &[&str] = &[
        "bindings",
        "componentstatuses",
        "endpoints",
        "limitranges",
        "namespaces/finalize",
        "nodes/proxy",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods/attach",
        "pods/ephemeralcontainers",
        "pods/exec",
        "pods/log",
        "pods/portforward",
        "pods/proxy",
        "pods/resize",
        "podtemplates",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "serviceaccounts",
        "services/proxy",
    ];
    let real = if group.is_empty() {
        CORE.contains(&resource)
    } else {
        let served = KINDS.iter().any(|kind| kind.group == group);
        !served
    };
    if real {
        Status::absent_resource(&format!("{} {resource}", api_version(group, version)))
    } else {
        Status::no_such_path()
    }
}
