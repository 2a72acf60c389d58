use super::{Ledger, TCP, changed, create, ledger, made, service, spec};
use serde_json::{Value, json};

#[test]
fn both_families_are_served() {
    let mut ledger = ledger();
    let dual =
        spec(&made(&json!({ "ipFamilyPolicy": "RequireDualStack", "ports": TCP() }), &mut ledger));
    assert_eq!(dual["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert!(dual["clusterIPs"][1].as_str().unwrap().starts_with("fd00:10:96:"));
    let v6 = spec(&made(&json!({ "ipFamilies": ["IPv6"], "ports": TCP() }), &mut ledger));
    assert!(v6["clusterIP"].as_str().unwrap().starts_with("fd00:10:96:"));
    let old = made(&json!({ "ports": TCP() }), &mut ledger);
    let new = changed(&old, &json!({ "ipFamilyPolicy": "PreferDualStack" }), &mut ledger).unwrap();
    assert_eq!(spec(&new)["clusterIPs"][0], spec(&old)["clusterIP"]);
    assert_eq!(spec(&new)["clusterIPs"].as_array().unwrap().len(), 2);
    let back = changed(&new, &json!({ "ipFamilyPolicy": "SingleStack" }), &mut ledger).unwrap();
    assert_eq!(spec(&back)["clusterIPs"], json!([spec(&old)["clusterIP"]]));
}

#[test]
fn a_service_keeps_its_families_until_somebody_says_otherwise() {
    let mut ledger = ledger();
    for policy in ["PreferDualStack", "RequireDualStack"] {
        let old = made(&json!({ "ipFamilyPolicy": policy, "ports": TCP() }), &mut ledger);
        let mut check = |patch: &Value, wanted: Result<&str, &str>| {
            let new = changed(&old, patch, &mut ledger);
            match (new, wanted) {
                (Ok(new), Ok(policy)) => {
                    assert_eq!(spec(&new)["ipFamilyPolicy"], policy, "{patch}");
                    let many = if policy == "SingleStack" { 1 } else { 2 };
                    assert_eq!(new.spec.unwrap().ip_families.unwrap().len(), many, "{patch}");
                }
                (new, wanted) => {
                    let wanted = wanted.unwrap_err();
                    let why = format!(
                        "spec.ipFamilyPolicy: Invalid value: \"{policy}\": must be 'SingleStack' to \
                         release the secondary {wanted}"
                    );
                    assert_eq!(new.unwrap_err(), [why], "{patch}");
                }
            }
        };
        check(&json!({ "ipFamilyPolicy": null }), Ok(policy));
        // A manifest that is applied again names neither.
        let nothing = json!({ "ipFamilyPolicy": null, "ipFamilies": null, "clusterIPs": null });
        check(&nothing, Ok(policy));
        check(&json!({ "ipFamilies": ["IPv4"] }), Err("IP family"));
        check(&json!({ "clusterIP": "None", "clusterIPs": ["None"] }), Err("cluster IP"));
        check(
            &json!({ "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"] }),
            Ok("SingleStack"),
        );
    }
    let headless = json!({ "clusterIP": "None", "ipFamilyPolicy": "PreferDualStack" });
    let old = made(&headless, &mut ledger);
    let new = changed(&old, &json!({ "ipFamilyPolicy": null }), &mut ledger).unwrap();
    assert_eq!(spec(&new)["ipFamilyPolicy"], "PreferDualStack");
}

#[test]
fn a_family_that_the_cluster_has_not_is_refused_but_to_those_who_need_no_address() {
    let single = || Ledger::new(&["10.96.0.0/16".parse().unwrap()], &(30_000..=32_767));
    for (told, finding) in [
        (
            json!({ "ipFamilies": ["IPv6"] }),
            "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster",
        ),
        (
            json!({ "clusterIP": "fd00::1" }),
            "spec.clusterIPs[0]: Invalid value: [\"fd00::1\"]: may not use IPv6 on a cluster which is \
             not configured for it",
        ),
        (
            json!({ "ipFamilyPolicy": "RequireDualStack" }),
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured \
             for dual-stack services",
        ),
    ] {
        let mut spec = told.clone();
        spec["ports"] = TCP();
        let causes = create(&mut service(&spec), &mut single()).unwrap_err();
        let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
        assert_eq!(causes, [finding], "{told}");
    }
    let headless = spec(&made(&json!({ "clusterIP": "None" }), &mut single()));
    assert_eq!(headless["ipFamilies"], json!(["IPv4", "IPv6"]));
    let prefers = json!({ "ipFamilyPolicy": "PreferDualStack", "ports": TCP() });
    assert_eq!(spec(&made(&prefers, &mut single()))["ipFamilies"], json!(["IPv4"]));
}
