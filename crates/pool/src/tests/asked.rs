use seaway_core::{LbSpec, ProviderError, SourceRanges, TrafficPolicy};

use super::*;
use crate::{ADDRESSES, POOL, Request};

fn spec(field: Option<&str>, notes: &[(&str, &str)]) -> LbSpec {
    LbSpec {
        service: service("a"),
        created: Moment::default(),
        ports: Vec::new(),
        families: vec![Family::IPv4],
        traffic_policy: TrafficPolicy::Cluster,
        affinity: None,
        source_ranges: SourceRanges::Anyone,
        requested_address: field.map(ip),
        settings: notes.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        node_selection: None,
        retain: false,
        local_nodes: None,
    }
}

fn read(spec: &LbSpec) -> Result<Request, ProviderError> {
    let named = [("front".to_owned(), Ranges::parse(&["192.0.2.16/28"]).unwrap())].into();
    let plain = Ranges::parse(&["192.0.2.0/28", "2001:db8::/124"]).unwrap();
    let request = Request::of(spec)?;
    request.check(spec, &Pools::new(plain, named).unwrap())?;
    Ok(request)
}

#[test]
fn the_annotation_asks_for_one_address_of_each_family() {
    let mut dual = spec(None, &[(ADDRESSES, "192.0.2.7, 2001:db8::7")]);
    dual.families.push(Family::IPv6);
    let request = read(&dual).unwrap();
    assert_eq!(request.of_family(Family::IPv4), Some(ip("192.0.2.7")));
    assert_eq!(request.of_family(Family::IPv6), Some(ip("2001:db8::7")));
    // The field may say a part of it.
    dual.requested_address = Some(ip("192.0.2.7"));
    assert_eq!(read(&dual), Ok(request));
    assert_eq!(read(&spec(Some("192.0.2.7"), &[])).unwrap().addresses, [ip("192.0.2.7")]);
    assert!(read(&spec(None, &[])).unwrap().addresses.is_empty());
    assert_eq!(read(&spec(Some("192.0.2.17"), &[(POOL, "front")])).unwrap().addresses.len(), 1);
}

#[test]
fn what_can_not_be_asked_for_is_refused_by_key_and_value() {
    let refused = |field: Option<&str>, notes: &[(&str, &str)], parts: &[&str]| {
        let error = read(&spec(field, notes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec);
        let error = error.to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    let field = "spec.loadBalancerIP";
    let seven = Some("192.0.2.7");
    refused(None, &[(ADDRESSES, "here")], &[ADDRESSES, "\"here\"", "one of each family"]);
    refused(None, &[(ADDRESSES, "")], &[ADDRESSES, "\"\" is not allowed"]);
    refused(None, &[(ADDRESSES, "192.0.2.7,192.0.2.8")], &[ADDRESSES, "two IPv4 addresses"]);
    refused(seven, &[(ADDRESSES, "192.0.2.8")], &[ADDRESSES, "\"192.0.2.8\"", "192.0.2.7", field]);
    refused(None, &[(ADDRESSES, "2001:db8::7")], &[ADDRESSES, "2001:db8::7", "has IPv4 only"]);
    refused(None, &[(ADDRESSES, "198.51.100.1")], &[ADDRESSES, "not in the pool 192.0.2.0/28"]);
    refused(Some("198.51.100.1"), &[], &[field, "198.51.100.1 is not in the pool"]);
    refused(Some("192.0.2.17"), &[], &[field, "in the pool front", POOL]);
    refused(seven, &[(POOL, "front")], &[field, "192.0.2.7 is not in the pool", "remove"]);
    let mapped = "::ffff:192.0.2.7 is the IPv4 address 192.0.2.7; write it so";
    refused(Some("::ffff:192.0.2.7"), &[], &[field, mapped]);
    refused(None, &[(ADDRESSES, "::ffff:192.0.2.7")], &[ADDRESSES, mapped]);
    let mut six = spec(None, &[(POOL, "front")]);
    six.families = vec![Family::IPv6];
    let error = read(&six).unwrap_err().to_string();
    assert!(
        error.contains("\"front\" has IPv4 addresses only, and spec.ipFamilies IPv6"),
        "{error}"
    );
    refused(None, &[(POOL, "back")], &[POOL, "\"back\"", "use front"]);
}
