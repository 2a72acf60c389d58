//! Health checks, of a region and global ones.

use serde_json::{Map, Value};

use super::{Verdict, change, field};
use crate::refusal::Refusal;
use crate::state::{Act, State, Thing};

/// Type, the block that goes with it, and the port that goes without saying.
const TYPES: [(&str, &str, Option<u16>); 7] = [
    ("HTTP", "httpHealthCheck", Some(80)),
    ("HTTPS", "httpsHealthCheck", Some(443)),
    ("HTTP2", "http2HealthCheck", Some(443)),
    ("TCP", "tcpHealthCheck", Some(80)),
    ("SSL", "sslHealthCheck", Some(443)),
    ("GRPC", "grpcHealthCheck", None),
    ("GRPC_WITH_TLS", "grpcTlsHealthCheck", None),
];

pub(super) fn after(state: &State, act: &Act) -> Verdict<Thing> {
    let mut after = change::asked(state, act)?;
    field::default(&mut after, "checkIntervalSec", 5);
    field::default(&mut after, "timeoutSec", 5);
    field::default(&mut after, "healthyThreshold", 2);
    field::default(&mut after, "unhealthyThreshold", 2);
    field::within(&after, "resource", "checkIntervalSec", 1, 300)?;
    field::within(&after, "resource", "timeoutSec", 1, 300)?;
    field::within(&after, "resource", "healthyThreshold", 1, 10)?;
    field::within(&after, "resource", "unhealthyThreshold", 1, 10)?;
    let (interval, timeout) =
        (field::number(&after, "checkIntervalSec"), field::number(&after, "timeoutSec"));
    if let (Some(interval), Some(timeout)) = (interval, timeout)
        && timeout > interval
    {
        let why = "'timeoutSec' must be less than or equal to 'checkIntervalSec'.";
        return Err(Refusal::invalid("resource.timeoutSec", &timeout.to_string(), why));
    }
    has_the_block_of_its_type(&mut after)?;
    Ok(after)
}

fn has_the_block_of_its_type(check: &mut Thing) -> Verdict {
    let said = field::text(check, "type").to_owned();
    if said.is_empty() {
        return Err(Refusal::required("resource.type"));
    }
    let Some((_, own, port)) = TYPES.into_iter().find(|(name, ..)| *name == said) else {
        return Err(Refusal::invalid("resource.type", &said, "Unknown type."));
    };
    for (_, block, _) in TYPES {
        if block != own && check.contains_key(block) {
            let why = format!("'{block}' does not fit a health check of type {said}.");
            return Err(Refusal::invalid(&format!("resource.{block}"), "", &why));
        }
    }
    let place = format!("resource.{own}");
    let block = check.entry(own).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(block) = block else { return Err(Refusal::required(&place)) };
    field::within(block, &place, "port", 1, 65535)?;
    let by_name = field::is_set(block, "portName")
        || matches!(field::text(block, "portSpecification"), "USE_NAMED_PORT" | "USE_SERVING_PORT");
    match (by_name, port) {
        (true, _) if field::is_set(block, "port") => {
            let why = "It cannot be specified together with a named or a serving port.";
            return Err(Refusal::invalid(&format!("{place}.port"), "", why));
        }
        (false, Some(port)) => field::default(block, "port", port),
        (false, None) if !field::is_set(block, "port") => {
            return Err(Refusal::required(&format!("{place}.port")));
        }
        (true | false, _) => {}
    }
    if own.starts_with("http") {
        field::default(block, "requestPath", "/");
        if !field::text(block, "requestPath").starts_with('/') {
            let path = field::text(block, "requestPath");
            let why = "It must start with '/'.";
            return Err(Refusal::invalid(&format!("{place}.requestPath"), path, why));
        }
    }
    if !own.starts_with("grpc") {
        field::default(block, "proxyHeader", "NONE");
    }
    Ok(())
}
