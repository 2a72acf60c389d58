//! Every annotation and label that is read.

/// The prefix of everything of ours: annotations, classes, conditions and the finalizer.
pub const PREFIX: &str = "seaway.dev/";

/// Who may connect, as a list of prefixes separated by commas; `spec.loadBalancerSourceRanges` wins.
/// (`k8s.io/api/core/v1`, `AnnotationLoadBalancerSourceRangesKey`)
pub const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// The Node label that takes a node out of all load balancers. (KEP-1143)
pub const EXCLUDE_NODE: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// The Node label that names its zone.
pub const ZONE: &str = "topology.kubernetes.io/zone";

/// The taint that the cluster autoscaler puts on a node that it is about to remove. (KEP-3836)
pub const AUTOSCALER_TAINT: &str = "ToBeDeletedByClusterAutoscaler";

/// The EndpointSlice label that names its Service.
pub const SLICE_SERVICE: &str = "kubernetes.io/service-name";
