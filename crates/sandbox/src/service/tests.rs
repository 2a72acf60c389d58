mod external_name;
mod families;

use super::{allocate::Ledger, create, update, update_status};
use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};

fn ledger() -> Ledger {
    let nets = ["10.96.0.0/16", "fd00:10:96::/112"].map(|net| net.parse().unwrap());
    Ledger::new(&nets, &(30_000..=32_767))
}

fn service(spec: &Value) -> Service {
    serde_json::from_value(json!({ "metadata": { "name": "a" }, "spec": spec })).unwrap()
}

fn made(spec: &Value, ledger: &mut Ledger) -> Service {
    let mut service = service(spec);
    let claims = create(&mut service, ledger).unwrap();
    ledger.settle(&claims);
    service
}

fn spec(service: &Service) -> Value {
    serde_json::to_value(service).unwrap()["spec"].clone()
}

/// The findings about a new Service with this spec.
#[track_caller]
fn refused(spec: &Value, findings: &[&str]) {
    let causes = create(&mut service(spec), &mut ledger()).err().unwrap_or_default();
    let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
    assert_eq!(causes, findings, "{spec}");
}

/// The Service after a change of its spec, by a merge patch.
fn changed(old: &Service, patch: &Value, ledger: &mut Ledger) -> Result<Service, Vec<String>> {
    let mut value = serde_json::to_value(old).unwrap();
    json_patch::merge(&mut value, &json!({ "spec": patch }));
    let mut new: Service = serde_json::from_value(value).unwrap();
    match update(&mut new, old, ledger) {
        Ok(claims) => {
            ledger.settle(&claims);
            Ok(new)
        }
        Err(causes) => Err(causes.iter().map(ToString::to_string).collect()),
    }
}

const TCP: fn() -> Value = || json!([{ "port": 80 }]);

#[test]
fn a_service_is_filled_in() {
    let made = spec(&made(&json!({ "ports": TCP() }), &mut ledger()));
    let ip = made["clusterIP"].as_str().unwrap();
    assert!(ip.starts_with("10.96."), "{ip}");
    assert_eq!(
        made,
        json!({
            "clusterIP": ip,
            "clusterIPs": [ip],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{ "port": 80, "protocol": "TCP", "targetPort": 80 }],
            "sessionAffinity": "None",
            "type": "ClusterIP",
        })
    );
}

#[test]
fn a_load_balancer_gets_its_ports() {
    let made = spec(&made(
        &json!({
            "type": "LoadBalancer",
            "externalTrafficPolicy": "Local",
            "sessionAffinity": "ClientIP",
            "ports": TCP(),
        }),
        &mut ledger(),
    ));
    let node_port = made["ports"][0]["nodePort"].as_i64().unwrap();
    let health = made["healthCheckNodePort"].as_i64().unwrap();
    assert!((30_000..=32_767).contains(&node_port));
    assert!((30_000..=32_767).contains(&health));
    assert_ne!(node_port, health);
    assert_eq!(made["allocateLoadBalancerNodePorts"], true);
    assert_eq!(made["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"], 10_800);
}

#[test]
fn two_protocols_of_one_port_share_a_node_port() {
    let ports = json!([
        { "name": "tcp", "port": 53 },
        { "name": "udp", "port": 53, "protocol": "UDP" },
        { "name": "web", "port": 80 },
    ]);
    let made = spec(&made(&json!({ "type": "NodePort", "ports": ports }), &mut ledger()));
    let port = |i: usize| made["ports"][i]["nodePort"].as_i64().unwrap();
    assert_eq!(port(0), port(1));
    assert_ne!(port(0), port(2));
}

#[test]
fn a_headless_service_has_no_address() {
    let headless = made(&json!({ "clusterIP": "None", "selector": { "a": "b" } }), &mut ledger());
    assert_eq!(spec(&headless)["clusterIPs"], json!(["None"]));
}

#[test]
fn what_is_wrong_is_told_by_its_field() {
    refused(&json!({}), &["spec.ports: Required value"]);
    refused(
        &json!({ "ports": [{ "port": 0, "protocol": "ICMP", "targetPort": 70_000 }] }),
        &[
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.ports[0].protocol: Unsupported value: \"ICMP\": supported values: \"SCTP\", \
             \"TCP\", \"UDP\"",
            "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ],
    );
    refused(
        &json!({ "ports": [{ "port": 80 }, { "port": 80, "name": "a" }] }),
        &[
            "spec.ports[0].name: Required value",
            "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\
             \"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}",
        ],
    );
    refused(
        &json!({ "ports": [{ "port": 80, "nodePort": 30_080 }] }),
        &["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    );
    refused(
        &json!({ "type": "Balancer", "ports": TCP() }),
        &["spec.type: Unsupported value: \"Balancer\": supported values: \"ClusterIP\", \
           \"ExternalName\", \"LoadBalancer\", \"NodePort\""],
    );
    refused(
        &json!({ "loadBalancerClass": "seaway.dev/x", "ports": TCP() }),
        &["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
    );
    refused(
        &json!({ "type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.1"], "ports": TCP() }),
        &["spec.LoadBalancerSourceRanges[0]: Invalid value: \"10.0.0.1\": must be a valid CIDR \
           value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"],
    );
    refused(
        &json!({ "externalTrafficPolicy": "Local", "ports": TCP() }),
        &["spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for \
           externally-accessible services"],
    );
    refused(
        &json!({ "type": "LoadBalancer", "clusterIP": "None", "ports": TCP() }),
        &[
            "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for LoadBalancer \
           services",
        ],
    );
    refused(
        &json!({ "clusterIP": "192.0.2.1", "ports": TCP() }),
        &["spec.clusterIPs: Invalid value: [\"192.0.2.1\"]: failed to allocate IP 192.0.2.1: the \
           provided network does not match the current range"],
    );
    refused(
        &json!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": 80 }] }),
        &["spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. \
           The range of valid ports is 30000-32767"],
    );
    refused(
        &json!({ "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4", "IPv6"], "ports": TCP() }),
        &["spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or \
           'PreferDualStack' when multiple IP families are specified"],
    );
}

#[test]
fn one_node_port_serves_two_protocols_and_none_of_them_twice() {
    let ports = |second: &str| {
        json!({ "type": "NodePort", "ports": [
            { "name": "a", "port": 80, "nodePort": 30_080 },
            { "name": "b", "port": 81, "nodePort": 30_080, "protocol": second },
        ] })
    };
    made(&ports("UDP"), &mut ledger());
    refused(
        &ports("TCP"),
        &["spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated"],
    );
}

#[test]
fn the_server_fails_over_a_health_check_port_that_is_taken_and_one_can_not_be_changed() {
    let mut ledger = ledger();
    let wanted = |port: i32| {
        json!({
            "type": "LoadBalancer", "externalTrafficPolicy": "Local",
            "healthCheckNodePort": port, "ports": TCP(),
        })
    };
    let first = made(&wanted(32_000), &mut ledger);
    let causes = create(&mut service(&wanted(32_000)), &mut ledger).unwrap_err();
    let failure = "failed to allocate requested HealthCheck NodePort 32000: provided port is \
                   already allocated";
    assert_eq!(causes[0].failure(), Some(failure));
    let status = crate::status::Status::invalid(
        crate::kind::Kind::of(crate::kind::Resource::Services),
        "a",
        &causes,
    );
    assert_eq!((status.code, status.reason), (500, "InternalError"));
    let changed = changed(&first, &json!({ "healthCheckNodePort": 32_001 }), &mut ledger);
    assert_eq!(changed.unwrap_err(), ["spec.healthCheckNodePort: Forbidden: field is immutable"]);
}

#[test]
fn what_is_taken_is_refused_until_it_is_free() {
    let mut ledger = ledger();
    let wanted = json!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": 30_080 }] });
    let first = made(&wanted, &mut ledger);
    let causes = create(&mut service(&wanted), &mut ledger).unwrap_err();
    assert_eq!(
        causes[0].to_string(),
        "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
    );
    ledger.release(first.spec.as_ref().unwrap());
    made(&wanted, &mut ledger);
}

#[test]
fn a_refused_write_takes_nothing() {
    let mut ledger = ledger();
    let taken = json!({ "type": "NodePort", "ports": [
        { "name": "a", "port": 1, "nodePort": 30_001 },
        { "name": "b", "port": 2, "nodePort": 1 },
    ] });
    assert!(create(&mut service(&taken), &mut ledger).is_err());
    made(&json!({ "type": "NodePort", "ports": [{ "port": 1, "nodePort": 30_001 }] }), &mut ledger);
}

#[test]
fn what_an_update_leaves_out_stays() {
    let mut ledger = ledger();
    let old = made(
        &json!({ "type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": TCP() }),
        &mut ledger,
    );
    let new = changed(
        &old,
        &json!({
            "clusterIP": null, "clusterIPs": null, "healthCheckNodePort": null,
            "ports": [{ "port": 81 }],
        }),
        &mut ledger,
    )
    .unwrap();
    for field in ["clusterIP", "clusterIPs", "healthCheckNodePort"] {
        assert_eq!(spec(&new)[field], spec(&old)[field], "{field}");
    }
    assert_eq!(spec(&new)["ports"][0]["nodePort"], spec(&old)["ports"][0]["nodePort"]);
}

#[test]
fn a_change_of_type_wipes_what_belonged_to_the_old_one() {
    let mut ledger = ledger();
    let mut old = made(
        &json!({
            "type": "LoadBalancer",
            "externalTrafficPolicy": "Local",
            "loadBalancerClass": "seaway.dev/embedded",
            "ports": [{ "port": 80, "nodePort": 30_080 }],
        }),
        &mut ledger,
    );
    let ingress =
        json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.1", "ipMode": "VIP" }] } });
    old.status = serde_json::from_value(ingress).unwrap();
    let new = changed(&old, &json!({ "type": "ClusterIP" }), &mut ledger).unwrap();
    for field in [
        "allocateLoadBalancerNodePorts",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "loadBalancerClass",
    ] {
        assert!(spec(&new).get(field).is_none(), "{field}");
    }
    assert!(spec(&new)["ports"][0].get("nodePort").is_none());
    assert_eq!(serde_json::to_value(&new).unwrap()["status"], json!({ "loadBalancer": {} }));
    // The node port is free for others in the same moment.
    made(&json!({ "type": "NodePort", "ports": [{ "port": 1, "nodePort": 30_080 }] }), &mut ledger);
}

#[test]
fn what_is_fixed_can_not_be_changed() {
    let mut ledger = ledger();
    let old = made(&json!({ "type": "LoadBalancer", "ports": TCP() }), &mut ledger);
    for (patch, finding) in [
        (
            json!({ "loadBalancerClass": "seaway.dev/x" }),
            "spec.loadBalancerClass: Invalid value: \"seaway.dev/x\": may not change once set",
        ),
        (
            json!({ "clusterIP": "10.96.200.200", "clusterIPs": ["10.96.200.200"] }),
            "spec.clusterIPs[0]: Invalid value: [\"10.96.200.200\"]: may not change once set",
        ),
    ] {
        assert_eq!(changed(&old, &patch, &mut ledger).unwrap_err(), [finding]);
    }
}

#[test]
fn node_ports_stay_until_the_user_drops_them() {
    let mut ledger = ledger();
    let old = made(&json!({ "type": "LoadBalancer", "ports": TCP() }), &mut ledger);
    let off = json!({ "allocateLoadBalancerNodePorts": false });
    let off = changed(&old, &off, &mut ledger).unwrap();
    assert_eq!(spec(&off)["ports"], spec(&old)["ports"]);
    let none = changed(&off, &json!({ "ports": TCP() }), &mut ledger).unwrap();
    assert!(spec(&none)["ports"][0].get("nodePort").is_none());
    let on = json!({ "allocateLoadBalancerNodePorts": true });
    let on = changed(&none, &on, &mut ledger).unwrap();
    assert!(spec(&on)["ports"][0]["nodePort"].is_i64());
}

#[test]
fn the_status_takes_what_is_an_address() {
    let mut ledger = ledger();
    let old = made(&json!({ "type": "LoadBalancer", "ports": TCP() }), &mut ledger);
    let plain = made(&json!({ "ports": TCP() }), &mut ledger);
    let at = "status.loadBalancer.ingress[0]";
    for (of, ingress, finding) in [
        (&old, json!({ "ip": "192.0.2.1" }), String::new()),
        (&old, json!({ "hostname": "a.example.com" }), String::new()),
        (
            &old,
            json!({ "ip": "nowhere", "ipMode": "VIP" }),
            format!(
                "{at}.ip: Invalid value: \"nowhere\": must be a valid IP address, (e.g. 10.9.8.7 \
                 or 2001:db8::ffff)"
            ),
        ),
        (
            &old,
            json!({ "ip": "::ffff:192.0.2.1", "ipMode": "VIP" }),
            format!(
                "{at}.ip: Invalid value: \"::ffff:192.0.2.1\": must not be an IPv4-mapped IPv6 \
                 address"
            ),
        ),
        (
            &old,
            json!({ "hostname": "a.example.com", "ipMode": "VIP" }),
            format!("{at}.ipMode: Forbidden: may not be specified when `ip` is not set"),
        ),
        (
            &old,
            json!({ "hostname": "192.0.2.1" }),
            format!(
                "{at}.hostname: Invalid value: \"192.0.2.1\": must be a DNS name, not an IP address"
            ),
        ),
        (
            &plain,
            json!({ "ip": "192.0.2.1" }),
            "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is \
             'LoadBalancer'"
                .into(),
        ),
    ] {
        let mut new = of.clone();
        let status = json!({ "loadBalancer": { "ingress": [ingress] } });
        new.status = serde_json::from_value(status).unwrap();
        let causes = update_status(&mut new, of).err().unwrap_or_default();
        let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
        assert_eq!(causes.join(", "), finding);
        if finding.is_empty() && ingress.get("ip").is_some() {
            let status = serde_json::to_value(&new).unwrap()["status"].clone();
            assert_eq!(status["loadBalancer"]["ingress"][0]["ipMode"], "VIP");
        }
    }
}
