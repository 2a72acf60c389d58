//! An address that the user has reserved.

use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};

use crate::site::{REGIONAL, Site};
use crate::witness::{inventory, text};

const KEY: &str = "networking.gke.io/load-balancer-ip-addresses";

#[tokio::test]
async fn one_that_is_named_is_waited_for_used_and_left_to_its_owner() {
    let mut site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create_with("web", &[(KEY, "front")], json!({})).await;
    site.cluster.warns("web", &[KEY, "front", "gcloud compute addresses create front"]).await;
    site.cluster.says("web", "seaway.dev/Provisioned", "False", &[KEY, "front"]).await;
    assert!(site.things("forwardingRules", "web").is_empty());

    let addresses = format!("{REGIONAL}/addresses");
    let (status, answer) = site.gce.ask("POST", &addresses, json!({ "name": "front" }));
    assert_eq!(status, 200, "{answer}");
    let path = format!("{addresses}/front");
    let front = site.gce.get(&path).unwrap();
    site.before.insert(text(&front, "selfLink").to_owned(), front.clone());
    let shown = site.converges("web").await;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].to_string(), text(&front, "address"));
    assert_eq!(site.gce.get(&path).unwrap()["status"], "IN_USE");

    // More ports need more rules: the address is reserved already.
    let port = |port: u16| json!({ "name": format!("p{port}"), "port": port, "targetPort": 8080 });
    let ports: Vec<Value> = (80..=86).map(port).collect();
    assert_eq!(site.follows("web", json!({ "ports": ports })).await, shown);
    assert!(site.things("addresses", "web").is_empty());

    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    assert_eq!(inventory(&site.gce).get(text(&front, "selfLink")), Some(&front));
    site.close(seaway).await;
}
