//! The bodies that `kubectl` sends as protobuf, read into JSON.
//!
//! Only what `kubectl create` and `kubectl expose` make is known here (Services, `ConfigMaps` and
//! Namespaces), and the options with which `kubectl drain` and other Go programs delete. Answers are
//! always JSON, which every client takes.

mod message;

use message::{CONFIG_MAP, DELETE_OPTIONS, EVICTION, Message, NAMESPACE, SERVICE};
use serde_json::Value;

/// What a body of this media type begins with, before an envelope that tells the kind.
const MAGIC: &[u8] = b"k8s\0";

/// A body as JSON; none if it is of a kind that is not known here, or broken.
pub(crate) fn read(body: &[u8]) -> Option<Value> {
    let envelope = message::ENVELOPE.read(body.strip_prefix(MAGIC)?)?;
    let told = |field: &str| envelope["typeMeta"][field].as_str().unwrap_or_default();
    let known: &Message = match (told("apiVersion"), told("kind")) {
        ("v1", "Service") => &SERVICE,
        ("v1", "ConfigMap") => &CONFIG_MAP,
        ("v1", "Namespace") => &NAMESPACE,
        // They are of the group of what is deleted.
        (_, "DeleteOptions") => &DELETE_OPTIONS,
        ("policy/v1", "Eviction") => &EVICTION,
        _ => return None,
    };
    let mut object = known.read(&message::bytes_of(&envelope["raw"])?)?;
    object["apiVersion"] = told("apiVersion").into();
    object["kind"] = told("kind").into();
    Some(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A field with a length: its number, and what is in it.
    fn field(number: u8, inside: &[u8]) -> Vec<u8> {
        let length = u8::try_from(inside.len()).unwrap();
        [&[number << 3 | 2, length][..], inside].concat()
    }

    fn enveloped(kind: &str, raw: &[u8]) -> Vec<u8> {
        let told = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [MAGIC, &field(1, &told), &field(2, raw)].concat()
    }

    #[test]
    fn a_service_is_read() {
        let metadata = [field(1, b"web"), field(11, &[field(1, b"app"), field(2, b"x")].concat())];
        let target = [8, 0, 16, 0x90, 0x3f, 26, 0];
        // The port 80, the target port 8080 as a number, and no node port.
        let port = [&field(2, b"TCP")[..], &[24, 80], &field(4, &target), &[40, 0]].concat();
        let spec = [&field(1, &port)[..], &field(3, b""), &[12 << 3, 0], &[0xa0, 1, 0]].concat();
        let raw = [field(1, &metadata.concat()), field(2, &spec)].concat();
        assert_eq!(
            read(&enveloped("Service", &raw)).unwrap(),
            json!({
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": { "name": "web", "labels": { "app": "x" } },
                "spec": {
                    "ports": [{ "protocol": "TCP", "port": 80, "targetPort": 8080 }],
                    "allocateLoadBalancerNodePorts": false,
                },
            })
        );
    }

    #[test]
    fn bytes_of_a_config_map_are_in_base64() {
        let entry = [field(1, b"key"), field(2, &[1, 2])].concat();
        let object = read(&enveloped("ConfigMap", &field(3, &entry))).unwrap();
        assert_eq!(object["binaryData"]["key"], "AQI=");
    }

    #[test]
    fn the_options_of_a_deletion_are_read() {
        let preconditions = field(2, &field(1, b"a-uid"));
        let raw = [&[8, 0][..], &preconditions, &[24, 0], &field(4, b"Orphan"), &field(5, b"All")];
        assert_eq!(
            read(&enveloped("DeleteOptions", &raw.concat())).unwrap(),
            json!({
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "gracePeriodSeconds": 0,
                "preconditions": { "uid": "a-uid" },
                "orphanDependents": false,
                "propagationPolicy": "Orphan",
                "dryRun": ["All"],
            })
        );
    }

    #[test]
    fn what_is_broken_or_another_kind_is_not_read() {
        let whole = enveloped("Namespace", &field(1, &field(1, b"shop")));
        assert_eq!(read(&whole).unwrap()["metadata"]["name"], "shop");
        for length in 0..whole.len() {
            // A cut may leave the envelope without what it carries, and never makes up a name.
            assert!(read(&whole[..length]).is_none_or(|object| object.get("metadata").is_none()));
        }
        assert!(read(&enveloped("Secret", b"")).is_none());
        assert!(read(&[MAGIC, &[0xff; 12]].concat()).is_none());
    }
}
