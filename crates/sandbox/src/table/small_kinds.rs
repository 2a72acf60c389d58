//! Rows of `ConfigMaps`, `EndpointSlices`, Events and Leases.

use super::{AGE, Column, NAME, age, age::since, name, text, wide};
use crate::meta;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub(crate) static CONFIG_MAP: &[Column] = &[NAME, text("Data"), AGE];
pub(crate) static ENDPOINT_SLICE: &[Column] =
    &[NAME, text("AddressType"), text("Ports"), text("Endpoints"), AGE];
pub(crate) static LEASE: &[Column] = &[NAME, text("Holder"), AGE];
pub(crate) static EVENT: &[Column] = &[
    text("Last Seen"),
    text("Type"),
    text("Reason"),
    text("Object"),
    wide("Subobject"),
    wide("Source"),
    text("Message"),
    wide("First Seen"),
    wide("Count"),
    Column("Name", "string", "name", true),
];

pub(crate) fn config_map(object: &Value, now: Timestamp) -> Vec<Value> {
    let count = |field| object[field].as_object().map_or(0, Map::len);
    vec![name(object), (count("data") + count("binaryData")).into(), age(object, now)]
}

pub(crate) fn lease(object: &Value, now: Timestamp) -> Vec<Value> {
    let holder = meta::text(object, &["spec", "holderIdentity"]);
    vec![name(object), holder.into(), age(object, now)]
}

pub(crate) fn endpoint_slice(object: &Value, now: Timestamp) -> Vec<Value> {
    let ports = object["ports"].as_array().into_iter().flatten().map(|port| {
        let number = port["port"].as_i64();
        number.map_or_else(|| "*".to_owned(), |number| number.to_string())
    });
    let endpoints = object["endpoints"].as_array().into_iter().flatten();
    let addresses = endpoints.flat_map(|endpoint| meta::strings(endpoint, &["addresses"]));
    vec![
        name(object),
        meta::text(object, &["addressType"]).into(),
        some_of(ports, "<unset>").into(),
        some_of(addresses.map(str::to_owned), "<unset>").into(),
        age(object, now),
    ]
}

pub(crate) fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let moment = |field: &str| meta::text(object, &[field]);
    let first_of = |moments: &[&str]| {
        let found = moments.iter().find(|moment| !moment.is_empty());
        since(found.copied().unwrap_or_default(), now)
    };
    let observed = meta::text(object, &["series", "lastObservedTime"]);
    let last = first_of(&[observed, moment("lastTimestamp"), moment("eventTime")]);
    let first = first_of(&[moment("firstTimestamp"), moment("eventTime")]);
    let of = |field| meta::text(object, &["involvedObject", field]);
    let source = match (
        meta::text(object, &["source", "component"]),
        meta::text(object, &["source", "host"]),
        moment("reportingComponent"),
        moment("reportingInstance"),
    ) {
        ("", _, reporter, "") => reporter.to_owned(),
        ("", _, reporter, instance) => format!("{reporter}, {instance}"),
        (component, "", ..) => component.to_owned(),
        (component, host, ..) => format!("{component}, {host}"),
    };
    let series = meta::at(object, &["series", "count"]).as_i64();
    let count = series.or_else(|| object["count"].as_i64()).filter(|count| *count > 0).unwrap_or(1);
    vec![
        last.into(),
        moment("type").into(),
        moment("reason").into(),
        format!("{}/{}", of("kind").to_ascii_lowercase(), of("name")).into(),
        of("fieldPath").into(),
        source.into(),
        moment("message").trim().into(),
        first.into(),
        count.to_string().into(),
        name(object),
    ]
}

/// The first three, and how many more there are.
fn some_of(items: impl Iterator<Item = String>, absent: &str) -> String {
    let items: Vec<String> = items.collect();
    match items.as_slice() {
        [] => absent.to_owned(),
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a},{b},{c} + {} more...", rest.len()),
        few => few.join(","),
    }
}
