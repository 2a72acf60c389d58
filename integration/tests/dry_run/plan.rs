//! `seaway plan`.

use seaway_integration::{Cluster, Process, pod, service};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::settled;
use crate::snapshot::{assert_same, snapshot};

const MANIFEST: &str = "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: LoadBalancer
  ports: [{ port: 80 }, { name: dns, port: 53, protocol: UDP }]
---
apiVersion: v1
kind: Node
metadata: { name: node-a }
status: { addresses: [{ type: InternalIP, address: 10.0.0.1 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: of-no-interest }
";

/// Runs `seaway plan` with these arguments; it must succeed, and say all of `parts`.
async fn plan(args: &[&str], input: &str, parts: &[&str]) -> String {
    let ended = Process::run([&["plan"], args].concat(), input).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in parts {
        assert!(ended.stdout.contains(part), "it does not say {part:?}: {}", ended.stdout);
    }
    ended.stdout
}

/// Runs it with something that would be refused: the rest is planned, and the exit code tells.
async fn planned_in_part(args: &[&str], input: &str, parts: &[&str]) -> String {
    let ended = Process::run([&["plan"], args].concat(), input).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in parts {
        assert!(ended.stdout.contains(part), "it does not say {part:?}: {}", ended.stdout);
    }
    ended.stdout
}

/// Runs it with what can't be; it must fail, and say all of `parts`.
async fn refused(args: &[&str], input: &str, parts: &[&str]) {
    let ended = Process::run([&["plan"], args].concat(), input).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "it does not say {part:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_manifest_alone_is_planned_step_by_step() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("manifests.yaml");
    std::fs::write(&path, MANIFEST).unwrap();
    let steps = [
        "1 Services, 1 Nodes",
        "embedded: default/web",
        "+ reserve an IPv4 address",
        "+ listen on",
        "80/TCP -> :30000",
        "53/UDP -> :30001",
        "no nodePort for 2 of the ports",
        "2 steps; nothing was changed",
    ];
    let from_file = plan(&["-f", path.to_str().unwrap()], "", &steps).await;
    let from_stdin = plan(&["-f", "-"], MANIFEST, &steps).await;
    assert_eq!(from_file, from_stdin);
    let mut json = json!({ "kind": "List", "items": [service("listed", "echo", Value::Null)] });
    // The kind is what `kubectl get -o json` says of each item; a list of the API server does not.
    json["items"][0]["kind"] = json!("Service");
    plan(&["-f", "-"], &json.to_string(), &["default/listed", "2 steps"]).await;
    json["kind"] = json!("ServiceList");
    json["items"][0].as_object_mut().unwrap().remove("kind");
    plan(&["-f", "-"], &json.to_string(), &["default/listed", "2 steps"]).await;
    plan(&["-f", "-"], "", &["0 Services", "nothing to do"]).await;
}

#[tokio::test]
async fn a_manifest_with_a_mistake_is_refused_by_name() {
    refused(&["-f", "/no/such.yaml"], "", &["/no/such.yaml", "No such file"]).await;
    refused(&["-f", "-"], "kind: [", &["manifest -"]).await;
    refused(&["-f", "-"], "name: web\n", &["manifest -", "kind"]).await;
    let broken = "kind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: eighty }] }\n";
    refused(&["-f", "-"], broken, &["Service web", "eighty"]).await;
    // What is wrong with a Service is told, and no reason to keep quiet about the others.
    let sctp = MANIFEST.replace("UDP", "SCTP");
    let told = planned_in_part(&["-f", "-"], &sctp, &["! default/web", "SCTP", "in the way"]).await;
    assert!(!told.contains("nothing to do"), "{told}");
    let twice = format!("{MANIFEST}---\n{MANIFEST}");
    refused(&["-f", "-"], &twice, &["Service default/web twice"]).await;
    refused(&["-f", "-"], "kind: Service\n", &["manifest -", "Service", "metadata.name"]).await;
}

#[tokio::test]
async fn a_cluster_is_planned_and_stays_as_it_is() {
    let cluster = Cluster::sandbox(2).await;
    cluster.nodes_are_ready(2).await;
    cluster.create(&pod("echo", "echo", None)).await;
    cluster.create(&service("web", "echo", Value::Null)).await;
    let class = json!({ "loadBalancerClass": "example.com/other" });
    cluster.create(&service("foreign", "echo", class)).await;
    let before = settled(&cluster, 2).await;

    let kubeconfig = cluster.kubeconfig().to_str().unwrap();
    let cluster_alone = ["--kubeconfig", kubeconfig, "--admin", "off"];
    let foreign = "- default/foreign is left alone: its class example.com/other is not one of ours";
    let parts = ["2 Nodes", "default/web", "for 2 nodes", "2 steps", foreign];
    plan(&cluster_alone, "", &parts).await;

    // A manifest stands in for the object by its name, and comes beside the others.
    let both = ["--kubeconfig", kubeconfig, "--admin", "off", "-f", "-"];
    let change = "kind: Service\nmetadata: { name: web }\n\
                  spec: { type: LoadBalancer, ports: [{ port: 8443 }] }\n";
    plan(&both, change, &["default/web", "8443/TCP", "2 steps"]).await;
    let more = change.replace("web", "more");
    plan(&both, &more, &["default/web", "default/more", "4 steps"]).await;
    assert_same(&before, &snapshot(&cluster.client()).await);
}

#[tokio::test]
async fn the_pool_of_the_config_is_planned_with() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("seaway.toml");
    let text = "cluster-id = \"lab\"\n[providers.embedded]\npool = [\"198.18.0.200\"]\n";
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    // Without a default provider, a Service without a class is left alone.
    let alone = ["nothing to do", "- default/web is left alone: it has no class"];
    plan(&["--config", config, "-f", "-"], MANIFEST, &alone).await;
    let class = "loadBalancerClass: seaway.dev/embedded\n  ports";
    let ours = MANIFEST.replace("ports", class);
    plan(&["--config", config, "-f", "-"], &ours, &["embedded: default/web", "2 steps"]).await;
}
