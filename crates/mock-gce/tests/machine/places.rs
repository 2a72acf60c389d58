//! Projects, zones and networks that are there before anything is asked.

use serde_json::Value;

use crate::client::{REGIONAL, Site};

#[tokio::test]
async fn every_project_has_the_zones() {
    let site = Site::open().await;
    for project in ["seaway", "host", "another"] {
        let zones = site.read(&format!("projects/{project}/zones")).await.1;
        let names: Vec<_> =
            zones["items"].as_array().unwrap().iter().map(|zone| zone["name"].clone()).collect();
        assert_eq!(names, ["europe-west1-b", "europe-west1-c", "europe-west1-d"]);
    }
    site.gce.add_zone("us-east1-b");
    let zone = site.read("projects/seaway/zones/us-east1-b").await.1;
    assert!(zone["region"].as_str().unwrap().ends_with("regions/us-east1"));
    site.close();
}

#[tokio::test]
async fn the_seed_has_a_subnetwork_of_each_kind() {
    let site = Site::open().await;
    let subnetworks = site.read(&format!("{REGIONAL}/subnetworks")).await.1;
    let kinds: Vec<_> = subnetworks["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| [it["name"].clone(), it["ipCidrRange"].clone(), it["ipv6AccessType"].clone()])
        .collect();
    let expected: [[Value; 3]; 3] = [
        ["default".into(), "10.0.0.0/20".into(), "EXTERNAL".into()],
        ["internal6".into(), "10.2.0.0/20".into(), "INTERNAL".into()],
        ["second".into(), "10.1.0.0/20".into(), Value::Null],
    ];
    assert_eq!(kinds, expected);
    let network = site.read("projects/seaway/global/networks/default").await.1;
    assert_eq!(network["subnetworks"].as_array().unwrap().len(), 3);
    site.close();
}
