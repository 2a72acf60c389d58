//! Every annotation and label that is read.

/// The prefix of everything of ours: annotations, classes, conditions and the finalizer.
pub const PREFIX: &str = "seaway.dev/";

/// Which provider makes the load balancer of a Service without a class.
pub const PROVIDER: &str = "seaway.dev/provider";

/// `true`: nothing is changed for the Service, also when it is deleted, until this is gone.
pub const PAUSE: &str = "seaway.dev/pause";

/// `true`: the load balancer stays when the Service is deleted.
pub const RETAIN: &str = "seaway.dev/retain";

/// A label selector: only these nodes are targets of the Service.
pub const NODE_SELECTOR: &str = "seaway.dev/node-selector";

/// Labels that a node must have, as a list of `key=value` separated by commas: the name that the AWS
/// Load Balancer Controller has for it, read for providers that declare it.
pub const TARGET_NODE_LABELS: &str =
    "service.beta.kubernetes.io/aws-load-balancer-target-node-labels";

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
