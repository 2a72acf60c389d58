use super::{TCP, changed, create, ledger, made, refused, service, spec};
use serde_json::{Value, json};

#[test]
fn an_external_name_gives_up_its_address() {
    let mut ledger = ledger();
    let old = made(&json!({ "ports": TCP() }), &mut ledger);
    let patch = json!({ "type": "ExternalName", "externalName": "example.com" });
    let new = changed(&old, &patch, &mut ledger).unwrap();
    assert!(spec(&new).get("clusterIP").is_none());
    let back = changed(&new, &json!({ "type": "ClusterIP", "externalName": null }), &mut ledger);
    assert!(spec(&back.unwrap())["clusterIP"].is_string());
}

#[test]
fn an_external_name_bears_what_means_nothing() {
    let mut ledger = ledger();
    let told = json!({
        "type": "ExternalName", "externalName": "a.b.", "internalTrafficPolicy": "Local",
        "ports": [{ "port": 80, "nodePort": 30_100 }],
    });
    let old = made(&told, &mut ledger);
    assert_eq!(spec(&old)["ports"][0]["nodePort"], 30_100);
    assert!(spec(&old).get("internalTrafficPolicy").is_none());
    // It does not have the port, and can not have it once somebody else does.
    let other = json!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": 30_100 }] });
    let other = made(&other, &mut ledger);
    let node_port = json!({ "type": "NodePort" });
    let taken = changed(&old, &node_port, &mut ledger).unwrap_err();
    assert!(taken[0].contains("already allocated"), "{taken:?}");
    ledger.release(other.spec.as_ref().unwrap());
    changed(&old, &node_port, &mut ledger).unwrap();
    let name = |name: &str| json!({ "type": "ExternalName", "externalName": name });
    refused_name(&name("."), "Required value");
    refused_name(&name("a.."), "Invalid value: \"a.\": a lowercase RFC 1123 subdomain");
    refused(
        &json!({ "internalTrafficPolicy": "", "ports": TCP() }),
        &["spec.internalTrafficPolicy: Unsupported value: \"\": supported values: \"Cluster\", \
           \"Local\""],
    );
}

#[track_caller]
fn refused_name(spec: &Value, why: &str) {
    let causes = create(&mut service(spec), &mut ledger()).unwrap_err();
    let told = causes[0].to_string();
    assert!(told.starts_with(&format!("spec.externalName: {why}")), "{told}");
}
