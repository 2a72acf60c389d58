//! The Kubernetes objects as kube decodes them: only what is read. A field that is not named here or
//! in [`seaway_intent::object`] is skipped while decoding, so that it costs no memory.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::Resource;
use seaway_core::Moment;
use seaway_intent::object::{self as intent, Meta};
use serde::{Deserialize, Deserializer};

/// `metadata`, decoded without managed fields and owner references.
fn metadata<'de, D: Deserializer<'de>>(d: D) -> Result<ObjectMeta, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Read {
        name: Option<String>,
        namespace: Option<String>,
        uid: Option<String>,
        resource_version: Option<String>,
        generation: Option<i64>,
        creation_timestamp: Option<Time>,
        deletion_timestamp: Option<Time>,
        labels: Option<std::collections::BTreeMap<String, String>>,
        annotations: Option<std::collections::BTreeMap<String, String>>,
        finalizers: Option<Vec<String>>,
    }
    let read = Read::deserialize(d)?;
    Ok(ObjectMeta {
        name: read.name,
        namespace: read.namespace,
        uid: read.uid,
        resource_version: read.resource_version,
        generation: read.generation,
        creation_timestamp: read.creation_timestamp,
        deletion_timestamp: read.deletion_timestamp,
        labels: read.labels,
        annotations: read.annotations,
        finalizers: read.finalizers,
        ..ObjectMeta::default()
    })
}

/// What the rules read of `meta`. `kubectl apply` keeps a whole copy of the object in an annotation,
/// which nobody reads: it is left behind.
fn digest_meta(meta: ObjectMeta) -> Meta {
    let mut annotations = meta.annotations.unwrap_or_default();
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    let created = meta.creation_timestamp.map_or(0, |time| time.0.as_millisecond());
    Meta {
        namespace: meta.namespace.unwrap_or_default(),
        name: meta.name.unwrap_or_default(),
        uid: meta.uid.unwrap_or_default(),
        created: Moment::from_millis(u64::try_from(created).unwrap_or_default()),
        deleting: meta.deletion_timestamp.is_some(),
        finalizers: meta.finalizers.unwrap_or_default(),
        annotations,
        labels: meta.labels.unwrap_or_default(),
        generation: meta.generation,
    }
}

/// An object that is watched.
pub(crate) trait Watched: Resource<DynamicType = ()> {
    /// What the rules read of it.
    type Read: Send + 'static;

    /// Takes what is read out of it.
    fn read(self) -> Self::Read;
}

macro_rules! watched {
    ($name:ident, $scope:ty, $group:literal, $kind:literal, $plural:literal,
     { $($field:ident: $type:ty),* }, $read:ty) => {
        #[derive(Clone, Debug, Deserialize)]
        pub(crate) struct $name {
            #[serde(deserialize_with = "metadata")]
            metadata: ObjectMeta,
            $(#[serde(default)] $field: $type,)*
        }

        impl Resource for $name {
            type DynamicType = ();
            type Scope = $scope;

            fn kind((): &()) -> Cow<'_, str> {
                $kind.into()
            }

            fn group((): &()) -> Cow<'_, str> {
                $group.into()
            }

            fn version((): &()) -> Cow<'_, str> {
                "v1".into()
            }

            fn plural((): &()) -> Cow<'_, str> {
                $plural.into()
            }

            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }

        impl Watched for $name {
            type Read = Seen<$read>;

            fn read(self) -> Self::Read {
                let version = self.metadata.resource_version.as_deref();
                Seen {
                    version: version.and_then(|text| text.parse().ok()).unwrap_or_default(),
                    object: {
                        type Read = $read;
                        Read { metadata: digest_meta(self.metadata), $($field: self.$field.into()),* }
                    },
                }
            }
        }
    };
}

/// An object, and the version of the cluster that it was seen in.
#[derive(Clone, Debug)]
pub(crate) struct Seen<T> {
    /// `metadata.resourceVersion`, which may be compared since KEP-5504; 0 if it is no number.
    pub(crate) version: u64,
    pub(crate) object: T,
}

watched!(ServiceObject, NamespaceResourceScope, "", "Service", "services",
    { spec: intent::ServiceSpec, status: intent::ServiceStatus }, intent::Service);
watched!(NodeObject, ClusterResourceScope, "", "Node", "nodes",
    { spec: intent::NodeSpec, status: intent::NodeStatus }, intent::Node);
watched!(SliceObject, NamespaceResourceScope, "discovery.k8s.io", "EndpointSlice", "endpointslices",
    { endpoints: Endpoints }, intent::EndpointSlice);

/// Go writes an empty list as null.
#[derive(Clone, Debug, Default)]
struct Endpoints(Vec<intent::Endpoint>);

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(d)?.unwrap_or_default()))
    }
}

impl From<Endpoints> for Vec<intent::Endpoint> {
    fn from(endpoints: Endpoints) -> Self {
        endpoints.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_decodes_without_what_nobody_reads() {
        let json = serde_json::json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {
                "name": "web", "namespace": "default", "uid": "u", "resourceVersion": "42",
                "creationTimestamp": "2026-01-02T03:04:05Z",
                "managedFields": [{ "manager": "x", "fieldsV1": {} }],
                "annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b" },
            },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 80, "targetPort": "http" }] },
            "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1", "ipMode": "VIP" }] } },
        });
        let object: ServiceObject = serde_json::from_value(json).unwrap();
        assert_eq!(object.metadata.managed_fields, None);
        let Seen { version, object } = object.read();
        assert_eq!(version, 42);
        assert_eq!(object.metadata.annotations.len(), 1);
        assert_eq!(object.metadata.created.as_millis(), 1_767_323_045_000);
        assert_eq!(object.status.load_balancer.ingress[0].ip.as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn a_slice_and_a_node_decode_from_little() {
        let slice: SliceObject =
            serde_json::from_str(r#"{"metadata":{"name":"s"},"endpoints":null}"#).unwrap();
        assert!(slice.read().object.endpoints.is_empty());
        let node: NodeObject = serde_json::from_str(r#"{"metadata":{"name":"n"}}"#).unwrap();
        assert_eq!(node.read().object.metadata.name, "n");
    }
}
