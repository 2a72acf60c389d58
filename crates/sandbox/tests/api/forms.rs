//! Tables, metadata, discovery and `OpenAPI`.

use crate::client::{SERVICES, Sandbox, service};
use http::Method;
use serde_json::{Value, json};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

async fn accept(sandbox: &Sandbox, accept: &str, path: &str) -> Value {
    sandbox.send(Method::GET, path, &[("accept", accept)], None).await.body
}

#[tokio::test]
async fn a_table_has_the_columns_of_kubectl() {
    let sandbox = Sandbox::start().await;
    sandbox.post(SERVICES, service("a", "LoadBalancer")).await;
    let table = accept(&sandbox, TABLE, SERVICES).await;
    let columns: Vec<&Value> =
        table["columnDefinitions"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(
        columns,
        ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"]
    );
    assert_eq!(table["columnDefinitions"][6]["priority"], 1);
    assert_eq!(table["rows"][0]["cells"][3], "<pending>");
    let carried = &table["rows"][0]["object"];
    assert_eq!(carried["kind"], "PartialObjectMetadata");
    assert_eq!(carried["metadata"]["name"], "a");
    let none = accept(&sandbox, TABLE, &format!("{SERVICES}?includeObject=None")).await;
    assert!(none["rows"][0]["object"].is_null());
    let whole = accept(&sandbox, TABLE, &format!("{SERVICES}/a?includeObject=Object")).await;
    assert_eq!(whole["rows"][0]["object"]["spec"]["type"], "LoadBalancer");
    for kind in ["nodes", "pods", "configmaps", "events", "namespaces"] {
        let table = accept(&sandbox, TABLE, &format!("/api/v1/{kind}")).await;
        assert_eq!(table["kind"], "Table", "{kind}");
    }
}

#[tokio::test]
async fn metadata_alone_can_be_had() {
    let sandbox = Sandbox::start().await;
    let form = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    let list = accept(&sandbox, form, SERVICES).await;
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(list["items"][0]["metadata"]["name"], "kubernetes");
    assert!(list["items"][0].get("spec").is_none());
}

#[tokio::test]
async fn discovery_tells_the_same_both_ways() {
    let sandbox = Sandbox::start().await;
    let form = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let core = accept(&sandbox, form, "/api").await;
    let aggregated: Vec<Value> = core["items"][0]["versions"][0]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["resource"].clone())
        .collect();
    let legacy = sandbox.get("/api/v1").await;
    let legacy: Vec<Value> = legacy["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["name"].clone())
        .filter(|name| !name.as_str().unwrap().contains('/'))
        .collect();
    assert_eq!(aggregated, legacy);
    let groups = sandbox.get("/apis").await;
    let groups: Vec<&Value> =
        groups["groups"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert_eq!(groups, ["coordination.k8s.io", "discovery.k8s.io", "events.k8s.io"]);
    assert_eq!(sandbox.get("/version").await["minor"], "36");
}

#[tokio::test]
async fn openapi_says_that_fields_are_validated() {
    let sandbox = Sandbox::start().await;
    let index = sandbox.get("/openapi/v3").await;
    let url = index["paths"]["api/v1"]["serverRelativeURL"].as_str().unwrap().to_owned();
    let document = sandbox.get(&url).await;
    let patch = &document["paths"]["/api/v1/namespaces/{namespace}/services/{name}"]["patch"];
    let kind = json!({ "group": "", "version": "v1", "kind": "Service" });
    assert_eq!(patch["x-kubernetes-group-version-kind"], kind);
    let parameters = patch["parameters"].as_array().unwrap();
    assert!(parameters.iter().any(|parameter| parameter["name"] == "fieldValidation"));
}

#[tokio::test]
async fn what_is_answered_can_be_yaml() {
    let sandbox = Sandbox::start().await;
    let path = format!("{SERVICES}/kubernetes");
    let json = sandbox.get(&path).await;
    for wanted in ["application/yaml", "application/json;q=0.5, application/yaml;q=0.9"] {
        let yaml = accept(&sandbox, wanted, &path).await;
        let text = yaml.as_str().expect(wanted).to_owned();
        let media = [("content-type", "application/yaml")];
        let again = sandbox.send_text(Method::PUT, &path, &media, text).await;
        assert_eq!(again.body, json, "it can be written back, and changes nothing");
    }
    let refused = accept(&sandbox, "application/yaml", &format!("{SERVICES}/none")).await;
    assert!(refused.as_str().unwrap().contains("\ncode: 404\n"), "{refused}");
    let watch = format!("{SERVICES}?watch=1");
    let watch = sandbox.send(Method::GET, &watch, &[("accept", "application/yaml")], None).await;
    assert_eq!(watch.code, 406);
}

#[tokio::test]
async fn a_form_that_does_not_fit_is_refused() {
    let sandbox = Sandbox::start().await;
    let all = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    let absent = format!("406: Not Acceptable\n\nAvailable representations: {all}");
    let unknown = format!("only the following media types are accepted: {all}");
    let of_list = "you requested PartialObjectMetadata, but the requested object is a list \
                   (*core.ServiceList)";
    let of_one = "you requested PartialObjectMetadataList, but the requested object is not a list \
                  (*core.Service)";
    let one = format!("{SERVICES}/kubernetes");
    for (path, wanted, told) in [
        (one.as_str(), "text/html", absent.as_str()),
        (&one, "application/*", &absent),
        (&one, "application/json;as=Table;v=v2;g=meta.k8s.io", &unknown),
        (SERVICES, "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", of_list),
        (&one, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", of_one),
    ] {
        let refused = sandbox.send(Method::GET, path, &[("accept", wanted)], None).await;
        assert_eq!((refused.code, &refused.body["message"]), (406, &told.into()), "{wanted}");
    }
    let old = accept(&sandbox, "application/json;as=Table;v=v1beta1;g=meta.k8s.io", &one).await;
    assert_eq!(old["apiVersion"], "meta.k8s.io/v1beta1");
    assert_eq!(old["rows"][0]["object"]["apiVersion"], "meta.k8s.io/v1beta1");
}
