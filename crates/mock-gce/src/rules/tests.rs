//! How the rules behave, asked through the state directly.

mod address;
mod backend_service;
mod deletion;
mod firewall;
mod forwarding_rule;
mod health_check;
mod instance_group;
mod other_groups;
mod sharing;
mod story;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ask, check, make};
use crate::refusal::Refusal;
use crate::state::{Act, Link, State, Thing, Verb};

const REGION: &str = "regions/europe-west1";
const ZONE: &str = "zones/europe-west1-b";

/// A project with a network, and the machine's part of a write.
struct Site {
    state: State,
}

impl Site {
    fn new() -> Self {
        let mut site = Self { state: State::default() };
        for zone in ["b", "c"] {
            site.put(&format!("zones/europe-west1-{zone}"), json!({}));
        }
        site.put("zones/us-east1-b", json!({}));
        site.put("global/networks/default", json!({}));
        site.put("global/networks/other", json!({}));
        let network = link("global/networks/default").url();
        site.put(
            &format!("{REGION}/subnetworks/default"),
            json!({"network": network, "ipCidrRange": "10.0.0.0/20", "ipv6AccessType": "EXTERNAL",
                "externalIpv6Prefix": "2600:1900:4000:1::/64"}),
        );
        site.put(
            &format!("{REGION}/subnetworks/second"),
            json!({"network": network, "ipCidrRange": "10.1.0.0/20"}),
        );
        site.put(
            &format!("{REGION}/subnetworks/internal6"),
            json!({"network": network, "ipCidrRange": "10.2.0.0/20", "ipv6AccessType": "INTERNAL",
                "internalIpv6Prefix": "fd20:1:2:3::/64"}),
        );
        for (name, subnet, ip) in [
            ("n1", "default", "10.0.0.11"),
            ("n2", "default", "10.0.0.12"),
            ("n3", "second", "10.1.0.13"),
        ] {
            site.instance(name, subnet, ip);
        }
        site.insert(&format!("{REGION}/healthChecks/hc"), json!({"type": "HTTP"})).unwrap();
        site.insert(&format!("{ZONE}/instanceGroups/ig"), json!({})).unwrap();
        site
    }

    /// A site with the backend services `tcp`, `udp`, `both` and `inner`.
    fn with_services() -> Self {
        let mut site = Self::new();
        for (name, scheme, protocol) in [
            ("tcp", "EXTERNAL", "TCP"),
            ("udp", "EXTERNAL", "UDP"),
            ("both", "EXTERNAL", "UNSPECIFIED"),
            ("inner", "INTERNAL", "TCP"),
        ] {
            let body = json!({"loadBalancingScheme": scheme, "protocol": protocol,
                "healthChecks": [format!("{REGION}/healthChecks/hc")],
                "backends": [{"group": format!("{ZONE}/instanceGroups/ig")}]});
            site.insert(&format!("{REGION}/backendServices/{name}"), body).unwrap();
        }
        site
    }

    fn instance(&mut self, name: &str, subnet: &str, ip: &str) {
        let network = link("global/networks/default").url();
        let subnet = link(&format!("{REGION}/subnetworks/{subnet}")).url();
        let card = json!({"network": network, "subnetwork": subnet, "networkIP": ip});
        self.put(&format!("{ZONE}/instances/{name}"), json!({"networkInterfaces": [card]}));
    }

    fn put(&mut self, path: &str, thing: Value) {
        self.state.things.insert(link(path), object(thing));
    }

    fn insert(&mut self, path: &str, body: Value) -> Result<(), Refusal> {
        let mut act = act(Verb::Insert, path, body);
        check(&self.state, &act)?;
        let print = self.state.fingerprint();
        act.body.insert("name".to_owned(), act.link.name.clone().into());
        act.body.insert("fingerprint".to_owned(), print.clone().into());
        act.body.insert("labelFingerprint".to_owned(), print.into());
        make(&mut self.state, &act)
    }

    fn write(&mut self, verb: Verb, path: &str, body: Value) -> Result<(), Refusal> {
        let act = act(verb, path, body);
        check(&self.state, &act)?;
        make(&mut self.state, &act)
    }

    fn call(&mut self, verb: &str, path: &str, body: Value) -> Result<(), Refusal> {
        self.write(Verb::Other(verb.to_owned()), path, body)
    }

    fn delete(&mut self, path: &str) -> Result<(), Refusal> {
        self.write(Verb::Delete, path, json!({}))
    }

    /// A PUT or PATCH with the fingerprint that the thing has.
    fn change(&mut self, verb: Verb, path: &str, mut body: Value) -> Result<(), Refusal> {
        body["fingerprint"] = self.get(path)["fingerprint"].clone();
        self.write(verb, path, body)
    }

    fn ask(&self, verb: &str, path: &str, body: Value) -> Result<Vec<Value>, Refusal> {
        ask(&self.state, &act(Verb::Other(verb.to_owned()), path, body))
    }

    fn get(&self, path: &str) -> Value {
        Value::Object(self.state.get(&link(path)).expect(path).clone())
    }
}

fn link(path: &str) -> Link {
    Link::parse(&format!("projects/seaway/{path}")).unwrap()
}

fn object(value: Value) -> Thing {
    let Value::Object(thing) = value else { panic!("not an object: {value}") };
    thing
}

fn act(verb: Verb, path: &str, body: Value) -> Act {
    Act { verb, link: link(path), body: object(body), query: BTreeMap::new() }
}

/// It is refused so, and the text says this.
#[track_caller]
fn refused(answer: Result<(), Refusal>, status: u16, reason: &str, text: &str) {
    let refusal = answer.expect_err(text);
    assert_eq!((refusal.status, refusal.reason.as_str()), (status, reason), "{refusal:?}");
    assert!(refusal.message.contains(text), "{refusal:?}");
}

/// A forwarding rule's path.
fn rule(name: &str) -> String {
    format!("{REGION}/forwardingRules/{name}")
}

/// An address's path.
fn address(name: &str) -> String {
    format!("{REGION}/addresses/{name}")
}

/// An external rule of TCP.
fn on(port: &str) -> Value {
    json!({"backendService": format!("{REGION}/backendServices/tcp"), "ports": [port]})
}

/// An internal rule of TCP.
fn inner(port: &str) -> Value {
    json!({"backendService": format!("{REGION}/backendServices/inner"), "ports": [port],
        "loadBalancingScheme": "INTERNAL", "subnetwork": format!("{REGION}/subnetworks/default")})
}

/// The same with more, or with something else.
fn and(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(object(more));
    body
}
