//! A transcript with the real kubectl: what people type, and what they see.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

use seaway_sandbox::{Options, Server};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

const TOMCAT: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: tomcat-service
  labels: { app: tomcat }
spec:
  type: LoadBalancer
  selector: { app: tomcat }
  ports:
  - port: 8080
    nodePort: 31002
";

const NODE: &str = r#"{
    "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-1" },
    "status": {
        "addresses": [{ "type": "InternalIP", "address": "192.0.2.1" }],
        "conditions": [{ "type": "Ready", "status": "True" }],
        "nodeInfo": { "kubeletVersion": "v1.36.0", "osImage": "Sandbox" }
    }
}"#;

const POD: &str = r#"{
    "apiVersion": "v1", "kind": "Pod",
    "metadata": { "name": "tomcat-1", "labels": { "app": "tomcat" } },
    "spec": { "containers": [{ "name": "echo", "image": "echo:1" }] }
}"#;

struct Terminal {
    server: Server,
    kubectl: PathBuf,
    home: TempDir,
}

/// What a command printed, and how it ended.
struct Said {
    out: String,
    err: String,
    fine: bool,
}

impl Terminal {
    fn open() -> Self {
        let kubectl = std::env::var_os("SEAWAY_KUBECTL").expect(
            "SEAWAY_KUBECTL names no kubectl: `make test` fetches one and sets it \
             (integration/setup/kubectl.sh puts it at target/tools/kubectl)",
        );
        let server = Server::start(Options::default()).unwrap();
        let home = tempfile::tempdir().unwrap();
        server.write_kubeconfig(home.path().join("config")).unwrap();
        Self { server, kubectl: kubectl.into(), home }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("config"))
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(arguments).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { out: text(stdout), err: text(stderr), fine: status.success() }
    }

    /// Runs a command line that must succeed, without a word of warning.
    async fn fine(&self, line: &str) -> String {
        self.fine_args(&line.split_whitespace().collect::<Vec<_>>()).await
    }

    async fn fine_args(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments).await;
        assert!(said.fine && said.err.is_empty(), "{arguments:?}: {}{}", said.out, said.err);
        said.out
    }

    /// Runs a command line that must fail.
    async fn wrong(&self, line: &str) -> String {
        let said = self.run(&line.split_whitespace().collect::<Vec<_>>()).await;
        assert!(!said.fine, "{line}: {}", said.out);
        said.err
    }

    async fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.fine(&format!("{line} -o json")).await).unwrap()
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(Path::new(self.home.path()).join(name), text).unwrap();
    }
}

/// The words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[tokio::test]
async fn a_service_is_applied_changed_and_deleted() {
    let terminal = Terminal::open();
    terminal.file("tomcat.yaml", TOMCAT);
    let apply = "apply -f tomcat.yaml";
    assert_eq!(terminal.fine(apply).await, "service/tomcat-service created\n");
    assert_eq!(terminal.fine(apply).await, "service/tomcat-service unchanged\n");
    let table = terminal.fine("get svc").await;
    let rows = words(&table);
    assert_eq!(rows[0], ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]);
    assert_eq!(rows[2][..2], ["tomcat-service", "LoadBalancer"]);
    assert_eq!(rows[2][3..5], ["<pending>", "8080:31002/TCP"]);
    let wide = terminal.fine("get services tomcat-service -o wide --no-headers").await;
    assert_eq!(words(&wide)[0][6], "app=tomcat");
    assert!(terminal.fine("get svc tomcat-service -o yaml").await.contains("nodePort: 31002"));

    terminal.file("tomcat.yaml", &TOMCAT.replace("port: 8080", "port: 8081"));
    assert_eq!(terminal.fine(apply).await, "service/tomcat-service configured\n");
    let service = terminal.json("get svc tomcat-service").await;
    let ports = service["spec"]["ports"].as_array().unwrap();
    assert_eq!((ports.len(), &ports[0]["port"]), (1, &8081.into()));

    let name = "service/tomcat-service";
    for (line, said) in [
        ("label svc tomcat-service tier=web", "labeled"),
        ("annotate svc tomcat-service note=x", "annotated"),
        (
            "patch svc tomcat-service --type=merge -p {\"spec\":{\"sessionAffinity\":\"ClientIP\"}}",
            "patched",
        ),
        (
            "patch svc tomcat-service -p {\"spec\":{\"ports\":[{\"port\":8081,\"targetPort\":80}]}}",
            "patched",
        ),
        (
            "patch svc tomcat-service --type=json \
             -p [{\"op\":\"add\",\"path\":\"/metadata/finalizers\",\"value\":[\"a.b/c\"]}]",
            "patched",
        ),
        (
            "patch svc tomcat-service --subresource=status --type=merge \
             -p {\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.9\"}]}}}",
            "patched",
        ),
        ("label svc tomcat-service tier-", "unlabeled"),
        (
            "patch svc tomcat-service --type=merge -p {\"metadata\":{\"finalizers\":null}}",
            "patched",
        ),
    ] {
        assert_eq!(terminal.fine(line).await, format!("{name} {said}\n"), "{line}");
    }
    let table = terminal.fine("get svc -l app=tomcat --no-headers").await;
    assert_eq!(words(&table)[0][3], "192.0.2.9");
    let told = terminal.fine("describe svc tomcat-service").await;
    assert!(told.contains("LoadBalancer Ingress:     192.0.2.9 (VIP)"), "{told}");
    let gone = terminal.fine("delete svc tomcat-service").await;
    assert!(gone.starts_with("service \"tomcat-service\" deleted"), "{gone}");
    let lost = terminal.wrong("get svc tomcat-service").await;
    assert_eq!(lost, "Error from server (NotFound): services \"tomcat-service\" not found\n");
    terminal.server.stop().await;
}

#[tokio::test]
async fn mistakes_are_told_as_on_a_cluster() {
    let terminal = Terminal::open();
    let bad = TOMCAT.replace("type:", "typo: x\n  type:");
    terminal.file("bad.yaml", &bad);
    let unknown = terminal.wrong("apply -f bad.yaml").await;
    assert!(unknown.contains("strict decoding error: unknown field \"spec.typo\""), "{unknown}");
    terminal.file("bad.yaml", &TOMCAT.replace("31002", "80"));
    let range = terminal.wrong("create -f bad.yaml").await;
    assert!(range.contains("is invalid: spec.ports[0].nodePort: Invalid value: 80"), "{range}");
    let kind = terminal.wrong("get deployments").await;
    assert!(kind.contains("the server doesn't have a resource type \"deployments\""), "{kind}");
    let raw = terminal.wrong("get --raw /apis/apps/v1/deployments").await;
    assert!(raw.contains("seaway sandbox does not serve apps/v1 deployments"), "{raw}");
}

#[tokio::test]
async fn a_watch_prints_as_it_happens() {
    let terminal = Terminal::open();
    let arguments = ["get", "svc", "-w", "--output-watch-events", "--no-headers"];
    let mut watch = terminal.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = lines.next_line().await.unwrap().unwrap();
        line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(next().await, ["ADDED", "kubernetes"]);
    terminal.file("tomcat.yaml", TOMCAT);
    terminal.fine("create -f tomcat.yaml").await;
    assert_eq!(next().await, ["ADDED", "tomcat-service"]);
    terminal.fine("annotate svc tomcat-service a=b").await;
    assert_eq!(next().await, ["MODIFIED", "tomcat-service"]);
    terminal.fine("delete -f tomcat.yaml").await;
    assert_eq!(next().await, ["DELETED", "tomcat-service"]);
    watch.kill().await.unwrap();
}

#[tokio::test]
async fn nodes_pods_and_namespaces_are_shown() {
    let terminal = Terminal::open();
    terminal.file("node.json", NODE);
    terminal.file("pod.json", POD);
    assert_eq!(
        terminal.fine("create -f node.json -f pod.json").await,
        "node/node-1 created\npod/tomcat-1 created\n"
    );
    let nodes = terminal.fine("get nodes -o wide").await;
    let rows = words(&nodes);
    assert_eq!(rows[0][..6], ["NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP"]);
    assert_eq!(rows[1][..3], ["node-1", "Ready", "<none>"]);
    assert_eq!(terminal.fine("cordon node-1").await, "node/node-1 cordoned\n");
    let nodes = terminal.fine("get no --no-headers").await;
    assert_eq!(words(&nodes)[0][1], "Ready,SchedulingDisabled");
    let pods = terminal.fine("get pods").await;
    assert_eq!(words(&pods)[0], ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    assert_eq!(words(&pods)[1][..3], ["tomcat-1", "0/1", "Pending"]);
    assert!(terminal.fine("describe node node-1").await.contains("Kubelet Version:"));
    assert!(terminal.fine("describe pod tomcat-1").await.contains("Image:        echo:1"));
    assert!(terminal.fine("get all").await.contains("pod/tomcat-1"));
    terminal.file("ns.yaml", "{ apiVersion: v1, kind: Namespace, metadata: { name: shop } }");
    assert_eq!(terminal.fine("apply -f ns.yaml").await, "namespace/shop created\n");
    let namespaces = terminal.fine("get ns -o name").await;
    assert_eq!(
        namespaces,
        "namespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system\n\
         namespace/shop\n"
    );
    assert_eq!(terminal.fine("delete ns shop").await, "namespace \"shop\" deleted\n");
    let refused = terminal.wrong("delete ns default").await;
    assert!(refused.contains("Forbidden"), "{refused}");
    assert!(
        terminal.fine("api-resources -o name").await.contains("endpointslices.discovery.k8s.io")
    );
    assert!(terminal.fine("version").await.contains("v1.36.0+seaway-sandbox"));
}
