//! What every thing has, and how it changes.

use seaway_mock_gce::{Fault, Harm};
use serde_json::{Value, json};

use crate::client::{GLOBAL, REGIONAL, Site, backend_service, firewall, health_check};

#[tokio::test]
async fn a_new_thing_is_given_what_google_gives() {
    let site = Site::open().await;
    let checks = format!("{REGIONAL}/healthChecks");
    site.change("POST", &checks, health_check("a")).await;
    let services = format!("{REGIONAL}/backendServices");
    site.change("POST", &services, backend_service("a", "a")).await;
    let made = site.read(&format!("{services}/a")).await.1;
    assert_eq!(made["kind"], "compute#backendService");
    assert!(made["id"].as_str().unwrap().parse::<u64>().is_ok());
    let url = "https://www.googleapis.com/compute/v1";
    assert_eq!(made["selfLink"], format!("{url}/{services}/a"));
    assert_eq!(made["region"], format!("{url}/{REGIONAL}"));
    assert!(made["creationTimestamp"].is_string());
    assert!(made["fingerprint"].is_string());
    assert_eq!(made["healthChecks"], json!([format!("{url}/{checks}/a")]));
    site.change("POST", &format!("{GLOBAL}/firewalls"), firewall("a")).await;
    let made = site.read(&format!("{GLOBAL}/firewalls/a")).await.1;
    assert_eq!(made["fingerprint"], Value::Null);
    assert_eq!(made["region"], Value::Null);
    site.close();
}

#[tokio::test]
async fn a_thing_that_was_read_can_be_sent_back_with_a_change() {
    let site = Site::open().await;
    site.change("POST", &format!("{REGIONAL}/healthChecks"), health_check("a")).await;
    site.change("POST", &format!("{REGIONAL}/backendServices"), backend_service("a", "a")).await;
    let path = format!("{REGIONAL}/backendServices/a");
    let mut read = site.read(&path).await.1;
    let before = read.clone();
    read["description"] = "changed".into();
    site.change("PUT", &path, read.clone()).await;
    let after = site.read(&path).await.1;
    assert_eq!(after["description"], "changed");
    assert_eq!(after["id"], before["id"]);
    assert_ne!(after["fingerprint"], before["fingerprint"]);
    // What was read is old now.
    let refused = site.refused("PUT", &path, read.clone()).await;
    assert_eq!((refused.0, refused.1.as_str()), (412, "conditionNotMet"));
    // And what only Google writes can't be changed by sending it back.
    read["fingerprint"] = after["fingerprint"].clone();
    read["creationTimestamp"] = "2001-01-01T00:00:00Z".into();
    let refused = site.refused("PUT", &path, read).await;
    assert!(refused.2.contains("'resource.creationTimestamp'"), "{refused:?}");
    site.close();
}

#[tokio::test]
async fn somebody_else_can_change_a_thing_first() {
    let site = Site::open().await;
    site.change("POST", &format!("{REGIONAL}/healthChecks"), health_check("a")).await;
    site.change("POST", &format!("{REGIONAL}/backendServices"), backend_service("a", "a")).await;
    let path = format!("{REGIONAL}/backendServices/a");
    let read = site.read(&path).await.1;
    let body = json!({"fingerprint": read["fingerprint"], "description": "mine"});
    site.gce.inject(Fault::next("*.patch", Harm::BumpFingerprint));
    assert_eq!(site.refused("PATCH", &path, body).await.0, 412);
    let fingerprint = site.read(&path).await.1["fingerprint"].clone();
    site.change("PATCH", &path, json!({"fingerprint": fingerprint, "description": "mine"})).await;
    site.close();
}

#[tokio::test]
async fn what_is_asked_behind_the_callers_back_is_done_at_once_and_not_counted() {
    let site = Site::open().await;
    site.gce.set_operation_looks(9);
    site.gce.inject(Fault::every(1, "any", Harm::Close));
    let path = format!("{REGIONAL}/healthChecks");
    let (status, operation) = site.gce.ask("POST", &path, health_check("a"));
    assert_eq!((status, &operation["status"]), (200, &json!("DONE")));
    assert!(site.gce.get(&format!("{path}/a")).is_some());
    assert_eq!(site.gce.ask("GET", &format!("{path}?maxResults=1"), Value::Null).0, 200);
    assert!(site.gce.calls().is_empty());
    site.close();
}

#[tokio::test]
async fn instances_are_where_they_were_put() {
    let site = Site::open().await;
    let first = site.gce.add_instance("europe-west1-b", "node-1", "default");
    let second = site.gce.add_instance("europe-west1-c", "node-2", "default");
    let third = site.gce.add_instance("europe-west1-b", "node-3", "second");
    assert_ne!(first, second);
    assert!(third.to_string().starts_with("10.1."));
    let again = site.gce.add_instance("europe-west1-b", "node-1", "default");
    assert_eq!(first, again);
    let zone = "projects/seaway/zones/europe-west1-b/instances";
    let listed = site.read(zone).await.1;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let read = site.read(&format!("{zone}/node-1")).await.1;
    assert_eq!(read["networkInterfaces"][0]["networkIP"], first.to_string());

    let groups = "projects/seaway/zones/europe-west1-b/instanceGroups";
    site.change("POST", groups, json!({"name": "g"})).await;
    let body = |name: &str| json!({"instances": [{"instance": format!("{zone}/{name}")}]});
    let add = format!("{groups}/g/addInstances");
    let (status, ..) = site.refused("POST", &add, body("nobody")).await;
    assert!(matches!(status, 400 | 404), "{status}");
    let done = site.change("POST", &add, body("node-1")).await;
    assert_eq!(done["operationType"], "compute.instanceGroups.addInstances");
    let list = format!("{groups}/g/listInstances");
    let members = site.call("POST", &list, json!({})).await.1;
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
    site.gce.remove_instance("europe-west1-b", "node-1");
    let members = site.call("POST", &list, json!({})).await.1;
    assert_eq!(members["items"], Value::Null);
    assert_eq!(site.read(&format!("{groups}/g")).await.1["size"], 0);
    site.close();
}
