//! Lists, a page at a time.

use serde_json::{Value, json};

use crate::client::{GLOBAL, REGIONAL, Site, firewall};

const GROUPS: &str = "projects/seaway/zones/europe-west1-c/instanceGroups";

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item["name"].as_str().unwrap()).collect()
}

async fn with_firewalls(count: usize) -> Site {
    let site = Site::open().await;
    for number in 0..count {
        site.change("POST", &format!("{GLOBAL}/firewalls"), firewall(&format!("f-{number}"))).await;
    }
    site
}

#[tokio::test]
async fn an_empty_list_has_no_items() {
    let site = Site::open().await;
    let (status, list) = site.read(&format!("{REGIONAL}/forwardingRules")).await;
    assert_eq!(status, 200);
    assert_eq!(list["kind"], "compute#forwardingRuleList");
    assert_eq!(list["id"], format!("{REGIONAL}/forwardingRules"));
    assert!(list.get("items").is_none());
    assert!(list.get("nextPageToken").is_none());
    site.close();
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let site = with_firewalls(5).await;
    let path = format!("{GLOBAL}/firewalls");
    let first = site.read(&format!("{path}?maxResults=2")).await.1;
    assert_eq!(names(&first), ["f-0", "f-1"]);
    // What goes between two pages moves no other.
    site.change("DELETE", &format!("{path}/f-0"), Value::Null).await;
    let token = first["nextPageToken"].as_str().unwrap();
    let second = site.read(&format!("{path}?maxResults=2&pageToken={token}")).await.1;
    assert_eq!(names(&second), ["f-2", "f-3"]);
    site.gce.set_page_size(1);
    let token = second["nextPageToken"].as_str().unwrap();
    let third = site.read(&format!("{path}?pageToken={token}")).await.1;
    assert_eq!(names(&third), ["f-4"]);
    assert_eq!(third["nextPageToken"], Value::Null);
    site.close();
}

#[tokio::test]
async fn a_list_is_filtered() {
    let site = with_firewalls(3).await;
    let check = async |filter: &str, expected: &[&str]| {
        let list = site.read(&format!("{GLOBAL}/firewalls?filter={filter}")).await.1;
        assert_eq!(names(&list), expected, "{filter}");
    };
    check("name+eq+f-%5B01%5D", &["f-0", "f-1"]).await;
    check("name%20%3D%20%22f-2%22", &["f-2"]).await;
    check("name:f-*", &["f-0", "f-1", "f-2"]).await;
    check("name!=f-1", &["f-0", "f-2"]).await;
    check("direction=INGRESS", &["f-0", "f-1", "f-2"]).await;
    check("name=other", &[]).await;
    site.close();
}

#[tokio::test]
async fn an_aggregated_list_names_every_place() {
    let site = Site::open().await;
    for name in ["a", "b"] {
        site.change("POST", GROUPS, json!({"name": name})).await;
    }
    let path = "projects/seaway/aggregated/instanceGroups";
    let list = site.read(path).await.1;
    assert_eq!(list["kind"], "compute#instanceGroupAggregatedList");
    let here = &list["items"]["zones/europe-west1-c"]["instanceGroups"];
    assert_eq!(here.as_array().unwrap().len(), 2);
    let empty = &list["items"]["zones/europe-west1-b"]["warning"];
    assert_eq!(empty["code"], "NO_RESULTS_ON_PAGE");
    let first = site.read(&format!("{path}?maxResults=1")).await.1;
    let here = &first["items"]["zones/europe-west1-c"]["instanceGroups"];
    assert_eq!(here[0]["name"], "a");
    let token = first["nextPageToken"].as_str().unwrap();
    let second = site.read(&format!("{path}?maxResults=1&pageToken={token}")).await.1;
    let here = &second["items"]["zones/europe-west1-c"]["instanceGroups"];
    assert_eq!(here[0]["name"], "b");
    assert_eq!(second["nextPageToken"], Value::Null);
    let filtered = site.read(&format!("{path}?filter=name=b")).await.1;
    let here = &filtered["items"]["zones/europe-west1-c"]["instanceGroups"];
    assert_eq!(here.as_array().unwrap().len(), 1);
    site.close();
}

#[tokio::test]
async fn members_come_in_pages_too() {
    let site = Site::open().await;
    site.change("POST", GROUPS, json!({"name": "g"})).await;
    let zone = "projects/seaway/zones/europe-west1-c";
    let named = |name: &str| json!({"instance": format!("{zone}/instances/{name}")});
    for name in ["n-1", "n-2", "n-3"] {
        site.gce.add_instance("europe-west1-c", name, "default");
    }
    let all = json!({"instances": [named("n-1"), named("n-2"), named("n-3")]});
    site.change("POST", &format!("{GROUPS}/g/addInstances"), all).await;
    let list = format!("{GROUPS}/g/listInstances");
    let first = site.call("POST", &format!("{list}?maxResults=2"), json!({})).await.1;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let token = first["nextPageToken"].as_str().unwrap();
    let path = format!("{list}?maxResults=2&pageToken={token}");
    let second = site.call("POST", &path, json!({})).await.1;
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    site.close();
}
