//! The kinds that the sandbox serves, as data.

/// What is kept: one shelf of the store each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    Services,
    Nodes,
    Namespaces,
    ConfigMaps,
    Pods,
    EndpointSlices,
    Events,
    Leases,
}

impl Resource {
    pub(crate) const COUNT: usize = 8;
}

/// One kind in one group and version: a door to a [`Resource`].
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "a row of a table, not a state")]
pub(crate) struct Kind {
    pub(crate) resource: Resource,
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) name: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) namespaced: bool,
    /// Has a `status` subresource.
    pub(crate) status: bool,
    /// `metadata.generation` counts the changes of the spec.
    pub(crate) generation: bool,
    /// A PUT of an object that isn't there makes it.
    pub(crate) create_on_update: bool,
    /// A PUT without a resourceVersion is allowed.
    pub(crate) unconditional_update: bool,
    /// DELETE answers the object, not a Status.
    pub(crate) returns_deleted: bool,
}

const CORE: Kind = Kind {
    resource: Resource::Services,
    group: "",
    version: "v1",
    name: "",
    plural: "",
    singular: "",
    short_names: &[],
    categories: &[],
    namespaced: true,
    status: false,
    generation: false,
    create_on_update: false,
    unconditional_update: true,
    returns_deleted: false,
};

pub(crate) static KINDS: [Kind; 9] = [
    Kind {
        resource: Resource::ConfigMaps,
        name: "ConfigMap",
        plural: "configmaps",
        singular: "configmap",
        short_names: &["cm"],
        ..CORE
    },
    Kind {
        resource: Resource::Events,
        name: "Event",
        plural: "events",
        singular: "event",
        short_names: &["ev"],
        create_on_update: true,
        ..CORE
    },
    Kind {
        resource: Resource::Namespaces,
        name: "Namespace",
        plural: "namespaces",
        singular: "namespace",
        short_names: &["ns"],
        namespaced: false,
        status: true,
        ..CORE
    },
    Kind {
        resource: Resource::Nodes,
        name: "Node",
        plural: "nodes",
        singular: "node",
        short_names: &["no"],
        namespaced: false,
        status: true,
        ..CORE
    },
    Kind {
        resource: Resource::Pods,
        name: "Pod",
        plural: "pods",
        singular: "pod",
        short_names: &["po"],
        categories: &["all"],
        status: true,
        generation: true,
        returns_deleted: true,
        ..CORE
    },
    Kind {
        resource: Resource::Services,
        name: "Service",
        plural: "services",
        singular: "service",
        short_names: &["svc"],
        categories: &["all"],
        status: true,
        create_on_update: true,
        returns_deleted: true,
        ..CORE
    },
    Kind {
        resource: Resource::Leases,
        group: "coordination.k8s.io",
        name: "Lease",
        plural: "leases",
        singular: "lease",
        create_on_update: true,
        unconditional_update: false,
        ..CORE
    },
    Kind {
        resource: Resource::EndpointSlices,
        group: "discovery.k8s.io",
        name: "EndpointSlice",
        plural: "endpointslices",
        singular: "endpointslice",
        generation: true,
        ..CORE
    },
    Kind {
        resource: Resource::Events,
        group: "events.k8s.io",
        name: "Event",
        plural: "events",
        singular: "event",
        short_names: &["ev"],
        create_on_update: true,
        ..CORE
    },
];

impl Kind {
    /// The kind behind a path of group, version and plural name.
    pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Self> {
        KINDS.iter().find(|k| k.group == group && k.version == version && k.plural == plural)
    }

    /// The first door to a resource: the one whose form the store keeps.
    pub(crate) fn of(resource: Resource) -> &'static Self {
        KINDS.iter().find(|kind| kind.resource == resource).unwrap_or(&CORE)
    }

    /// `v1` or `group/version`.
    pub(crate) fn api_version(&self) -> String {
        api_version(self.group, self.version)
    }

    /// `services`, or `leases.coordination.k8s.io`: how messages name the resource.
    pub(crate) fn qualified_plural(&self) -> String {
        qualified(self.plural, self.group)
    }

    /// `Service`, or `Lease.coordination.k8s.io`: how validation names the kind.
    pub(crate) fn qualified_name(&self) -> String {
        qualified(self.name, self.group)
    }

    /// Served for events only: the group whose form differs from what is stored.
    pub(crate) fn is_new_event(&self) -> bool {
        self.resource == Resource::Events && !self.group.is_empty()
    }
}

/// `v1` or `group/version`.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}
