//! Messages by the numbers of their fields, and the wire format.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

/// The fields of a message: number, name and what is in them. Others are passed over.
#[derive(Debug)]
pub(crate) struct Message(&'static [(u64, &'static str, Field)]);

/// What is in a field.
#[derive(Clone, Copy, Debug)]
enum Field {
    /// Text; empty means absent.
    Text,
    /// Text, any number of them.
    Texts,
    /// Bytes, told as base64.
    Bytes,
    /// A number.
    Number,
    /// A number that is absent when it is 0.
    Count,
    /// A boolean.
    Flag,
    /// A boolean that is absent when it is false.
    Set,
    /// Texts by text.
    Map,
    /// Bytes by text.
    ByteMap,
    /// A number or a text.
    Either,
    /// A message.
    One(&'static Message),
    /// Messages, any number of them.
    Many(&'static Message),
}

use Field::{ByteMap, Bytes, Count, Either, Flag, Many, Number, One, Set, Text, Texts};

pub(crate) static ENVELOPE: Message = Message(&[
    (1, "typeMeta", One(&Message(&[(1, "apiVersion", Text), (2, "kind", Text)]))),
    (2, "raw", Bytes),
]);

static META: Message = Message(&[
    (1, "name", Text),
    (2, "generateName", Text),
    (3, "namespace", Text),
    (5, "uid", Text),
    (6, "resourceVersion", Text),
    (11, "labels", Field::Map),
    (12, "annotations", Field::Map),
    (14, "finalizers", Texts),
]);

pub(crate) static SERVICE: Message =
    Message(&[(1, "metadata", One(&META)), (2, "spec", One(&SERVICE_SPEC))]);

static SERVICE_SPEC: Message = Message(&[
    (1, "ports", Many(&SERVICE_PORT)),
    (2, "selector", Field::Map),
    (3, "clusterIP", Text),
    (4, "type", Text),
    (5, "externalIPs", Texts),
    (7, "sessionAffinity", Text),
    (8, "loadBalancerIP", Text),
    (9, "loadBalancerSourceRanges", Texts),
    (10, "externalName", Text),
    (11, "externalTrafficPolicy", Text),
    (12, "healthCheckNodePort", Count),
    (13, "publishNotReadyAddresses", Set),
    (14, "sessionAffinityConfig", One(&AFFINITY)),
    (17, "ipFamilyPolicy", Text),
    (18, "clusterIPs", Texts),
    (19, "ipFamilies", Texts),
    (20, "allocateLoadBalancerNodePorts", Flag),
    (21, "loadBalancerClass", Text),
    (22, "internalTrafficPolicy", Text),
    (23, "trafficDistribution", Text),
]);

static SERVICE_PORT: Message = Message(&[
    (1, "name", Text),
    (2, "protocol", Text),
    (3, "port", Number),
    (4, "targetPort", Either),
    (5, "nodePort", Count),
    (6, "appProtocol", Text),
]);

static AFFINITY: Message =
    Message(&[(1, "clientIP", One(&Message(&[(1, "timeoutSeconds", Number)])))]);

pub(crate) static CONFIG_MAP: Message = Message(&[
    (1, "metadata", One(&META)),
    (2, "data", Field::Map),
    (3, "binaryData", ByteMap),
    (4, "immutable", Flag),
]);

pub(crate) static NAMESPACE: Message = Message(&[(1, "metadata", One(&META))]);

pub(crate) static DELETE_OPTIONS: Message = Message(&[
    (1, "gracePeriodSeconds", Number),
    (2, "preconditions", One(&Message(&[(1, "uid", Text), (2, "resourceVersion", Text)]))),
    (3, "orphanDependents", Flag),
    (4, "propagationPolicy", Text),
    (5, "dryRun", Texts),
]);

pub(crate) static EVICTION: Message =
    Message(&[(1, "metadata", One(&META)), (2, "deleteOptions", One(&DELETE_OPTIONS))]);

static ENTRY: Message = Message(&[(1, "key", Text), (2, "value", Text)]);
static BYTE_ENTRY: Message = Message(&[(1, "key", Text), (2, "value", Bytes)]);
static INT_OR_STRING: Message =
    Message(&[(1, "type", Number), (2, "intVal", Number), (3, "strVal", Text)]);

/// A field as it is on the wire.
enum Wire<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
}

impl Message {
    /// Reads a message; none if it is broken.
    pub(crate) fn read(&self, mut bytes: &[u8]) -> Option<Value> {
        let mut object = Map::new();
        while !bytes.is_empty() {
            let (number, wire) = next(&mut bytes)?;
            let known = self.0.iter().find(|(known, ..)| *known == number);
            if let (Some((_, name, field)), Some(wire)) = (known, wire) {
                field.put(&mut object, name, &wire)?;
            }
        }
        Some(object.into())
    }
}

impl Field {
    fn put(self, object: &mut Map<String, Value>, name: &str, wire: &Wire<'_>) -> Option<()> {
        let mut list = |value: Value| {
            let list = object.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut().map(|list| list.push(value))
        };
        let value = match (self, wire) {
            (Texts, Wire::Bytes(bytes)) => return list(text(bytes)?.into()),
            (Many(message), Wire::Bytes(bytes)) => return list(message.read(bytes)?),
            (Field::Map | ByteMap, Wire::Bytes(bytes)) => {
                let entry = if matches!(self, ByteMap) { &BYTE_ENTRY } else { &ENTRY };
                let entry = entry.read(bytes)?;
                let key = entry["key"].as_str().unwrap_or_default().to_owned();
                let value = entry["value"].as_str().unwrap_or_default();
                object.entry(name).or_insert_with(|| json!({}))[key] = value.into();
                return Some(());
            }
            (Text, Wire::Bytes([])) | (Count | Set, Wire::Varint(0)) => return Some(()),
            (Text, Wire::Bytes(bytes)) => text(bytes)?.into(),
            (Bytes, Wire::Bytes(bytes)) => STANDARD.encode(bytes).into(),
            (One(message), Wire::Bytes(bytes)) => message.read(bytes)?,
            (Either, Wire::Bytes(bytes)) => either(&INT_OR_STRING.read(bytes)?)?,
            (Number | Count, Wire::Varint(number)) => number.cast_signed().into(),
            (Flag | Set, Wire::Varint(number)) => (*number != 0).into(),
            _ => return None,
        };
        object.insert(name.to_owned(), value);
        Some(())
    }
}

/// A number or a text as JSON has it; absent where it is the 0 of who told nothing.
fn either(told: &Value) -> Option<Value> {
    match told["type"].as_i64() {
        Some(1) => Some(told["strVal"].as_str().unwrap_or_default().into()),
        Some(0) | None => Some(told["intVal"].as_i64().unwrap_or_default().into()),
        Some(_) => None,
    }
}

/// The bytes in a field that was read as [`Field::Bytes`].
pub(super) fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_str().unwrap_or_default()).ok()
}

/// The next field: its number, and what is in it, unless it is of a form that no field here has.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Option<Wire<'a>>)> {
    let tag = varint(bytes)?;
    let wire = match tag & 7 {
        0 => Some(Wire::Varint(varint(bytes)?)),
        1 => take(bytes, 8).map(|_| None)?,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            Some(Wire::Bytes(take(bytes, length)?))
        }
        5 => take(bytes, 4).map(|_| None)?,
        _ => return None,
    };
    Some((tag >> 3, wire))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
