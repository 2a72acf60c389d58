//! What a real API server says to all of it.
//!
//! `make e2e` runs these with `$KUBECONFIG` of a cluster that may be changed, and `$SEAWAY_E2E` set.
//! They leave nothing behind.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use seaway_integration::{FINALIZER, Process, until};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::render::{
    BOXES, CONFIG, EXAMPLES, OVERLAYS, Rendered, SYSTEMD, kubectl, kustomize, root, seaway,
    succeeded, template,
};

const ACCOUNT: &str = "system:serviceaccount:seaway-system:seaway";

/// An API server, and an administrator on it.
struct Server(std::ffi::OsString);

impl Server {
    fn get() -> Self {
        assert!(
            std::env::var_os("SEAWAY_E2E").is_some(),
            "this changes the cluster of $KUBECONFIG: set SEAWAY_E2E if that is meant; `make e2e` \
             starts one for it"
        );
        Self(std::env::var_os("KUBECONFIG").unwrap())
    }

    fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = kubectl();
        command.args(arguments).env("KUBECONFIG", &self.0);
        command
    }

    /// Runs a command that must succeed, without a word of warning.
    fn fine(&self, arguments: &[&str]) -> String {
        let output = self.kubectl(arguments).output().unwrap();
        let said = succeeded(&arguments.join(" "), &output);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        said
    }

    /// Runs a command with objects on stdin; returns what it printed, and whether it went well.
    fn feed<'a>(
        &self,
        arguments: &[&str],
        objects: impl IntoIterator<Item = &'a Value>,
    ) -> (String, bool) {
        let items: Vec<&Value> = objects.into_iter().collect();
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string();
        let mut child = self
            .kubectl(arguments)
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (String::from_utf8(said).unwrap(), output.status.success())
    }

    /// Sets the level of pod security that comes with what was rendered.
    fn level(&self, rendered: &Rendered) {
        for namespace in rendered.objects().filter(|object| object["kind"] == "Namespace") {
            let (said, fine) = self.feed(&["apply"], [namespace]);
            assert!(fine, "{said}");
        }
    }

    /// Has the server check objects, field by field, and store nothing.
    fn judge(&self, what: &str, rendered: &Rendered) {
        let arguments = ["apply", "--dry-run=server", "--validate=strict"];
        let (said, fine) = self.feed(&arguments, rendered.objects());
        assert!(fine && !said.contains("Warning"), "{what}: {said}");
        let count = rendered.objects().count();
        assert_eq!(said.matches("(server dry run)").count(), count, "{what}: {said}");
    }
}

/// Takes away what was applied, also after a failure.
struct Applied<'a>(&'a Server, Vec<Value>);

impl Drop for Applied<'_> {
    fn drop(&mut self) {
        let arguments = ["delete", "--ignore-not-found", "--wait=true", "--timeout=60s"];
        let (said, fine) = self.0.feed(&arguments, &self.1);
        assert!(fine || std::thread::panicking(), "{said}");
    }
}

fn apply(server: &Server, mut objects: Vec<Value>) -> Applied<'_> {
    objects.sort_by_key(|object| object["kind"] != "Namespace");
    let applied = Applied(server, objects);
    let (said, fine) = server.feed(&["apply", "--validate=strict"], &applied.1);
    assert!(fine && !said.contains("Warning"), "{said}");
    applied
}

/// One test, because all of it is about one namespace.
#[tokio::test]
#[ignore = "it needs a real API server: make e2e"]
async fn a_real_server_takes_all_of_it() {
    let server = Server::get();
    let there = server.fine(&["get", "namespace", "seaway-system", "--ignore-not-found"]);
    assert_eq!(there, "", "Seaway is installed here, and this would take it away");
    let base = kustomize("manifests/base");

    let crd = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests/data");
    let crd = crd.join("servicemonitor-crd.yaml");
    let crd: Value = serde_saphyr::from_str(&std::fs::read_to_string(crd).unwrap()).unwrap();
    // Who may, and the namespace for it; the Deployment would bring pods to a cluster without images.
    let kept = base.objects().filter(|object| object["kind"] != "Deployment");
    let _applied = apply(&server, kept.cloned().chain([crd]).collect());
    server.fine(&[
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd/servicemonitors.monitoring.coreos.com",
    ]);

    for folder in OVERLAYS.into_iter().chain(EXAMPLES).chain([SYSTEMD]) {
        let rendered = kustomize(folder);
        server.level(&rendered);
        server.judge(folder, &rendered);
    }
    for (values, folder) in [
        ("embedded.enabled=false", OVERLAYS[0]),
        ("embedded.enabled=true", OVERLAYS[1]),
        ("serviceMonitor.enabled=true", OVERLAYS[0]),
    ] {
        server.level(&kustomize(folder));
        server.judge(values, &template(&["--set-file", CONFIG, "--set", values]));
    }
    admitted(&server, &base);
    permitted(&server);
    let_in(&server).await;
    sufficient(&server, &base).await;
}

/// The pods come into a namespace of the level that is enforced there: a Deployment would be taken
/// all the same, and its pods be refused later.
fn admitted(server: &Server, base: &Rendered) {
    let pod = |rendered: &Rendered| {
        let mut pod = rendered.only("Deployment")["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!("seaway-0");
        pod["metadata"]["namespace"] = json!("seaway-system");
        pod
    };
    let create = ["create", "--dry-run=server", "--validate=strict"];
    server.level(base);
    let (said, fine) = server.feed(&create, [&pod(base)]);
    assert!(fine && !said.contains("Warning"), "{said}");

    // That the level is enforced at all, and why the overlay `embedded` changes it.
    let embedded = kustomize("manifests/embedded");
    let (said, fine) = server.feed(&create, [&pod(&embedded)]);
    assert!(!fine && said.contains("restricted") && said.contains("host namespaces"), "{said}");
    server.level(&embedded);
    for rendered in [embedded, kustomize(BOXES[0].folder), kustomize(BOXES[1].folder)] {
        let (said, fine) = server.feed(&create, [&pod(&rendered)]);
        assert!(fine && !said.contains("Warning"), "{said}");
    }
}

/// A box outside the cluster gets in by the kubeconfig that the script makes of its Secret.
async fn let_in(server: &Server) {
    let secret = kustomize(SYSTEMD).only("Secret").clone();
    let _applied = apply(server, vec![secret]);
    let script = root().join("manifests/systemd/kubeconfig.sh");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kubeconfig");
    until("the Secret has its token", async || {
        let mut command = Command::new(&script);
        command.arg("box-1").env("KUBECONFIG", &server.0).env("KUBECTL", kubectl().get_program());
        let output = command.output().unwrap();
        std::fs::write(&path, &output.stdout).unwrap();
        output.status.success().then_some(())
    })
    .await;
    let asked = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    let output = kubectl().args(asked).env("KUBECONFIG", &path).output().unwrap();
    assert_eq!(succeeded("auth whoami", &output), ACCOUNT);
}

/// What the account may do, in the server's own opinion.
fn permitted(server: &Server) {
    let may = |verb: &str, what: &[&str]| {
        let question = [&["auth", "can-i", verb], what, &["--as", ACCOUNT]].concat();
        let output = server.kubectl(&question).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim() == "yes"
    };
    let (own, other) = (["-n", "seaway-system"], ["-n", "default"]);
    for (verb, what, place, expected) in [
        ("list", "services", &["-A"][..], true),
        ("watch", "nodes", &["-A"], true),
        ("watch", "endpointslices.discovery.k8s.io", &["-A"], true),
        ("create", "events", &other, true),
        ("patch", "events", &other, true),
        ("create", "leases.coordination.k8s.io", &own, true),
        ("update", "leases.coordination.k8s.io/seaway", &own, true),
        ("watch", "leases.coordination.k8s.io/seaway", &own, true),
        ("watch", "leases.coordination.k8s.io", &own, false),
        ("update", "leases.coordination.k8s.io/other", &own, false),
        ("delete", "leases.coordination.k8s.io/seaway", &own, false),
        ("get", "leases.coordination.k8s.io/seaway", &other, false),
        ("create", "leases.coordination.k8s.io", &other, false),
        ("patch", "services", &other, false),
        ("update", "services", &other, false),
        ("delete", "services", &other, false),
        ("patch", "nodes", &["-A"], false),
        ("get", "secrets", &own, false),
        ("get", "configmaps", &own, false),
        ("list", "pods", &own, false),
    ] {
        assert_eq!(may(verb, &[&[what], place].concat()), expected, "{verb} {what} {place:?}");
    }
    assert!(may("patch", &["services", "--subresource=status", "-n", "default"]));
    assert!(!may("update", &["services", "--subresource=status", "-n", "default"]));
}

/// A kubeconfig with the token of the account, and the config of a controller whose load balancers
/// are on loopback addresses.
fn outfit(server: &Server) -> TempDir {
    let folder = TempDir::new().unwrap();
    let view = server.fine(&["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]);
    let mut kubeconfig: Value = serde_json::from_str(&view).unwrap();
    let token = server.fine(&["create", "token", "seaway", "-n", "seaway-system"]);
    kubeconfig["users"][0]["user"] = json!({ "token": token.trim() });
    std::fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
    let config = "cluster-id = \"manifests\"\n\
                  leader-election.namespace = \"seaway-system\"\n\
                  [providers.embedded]\n\
                  pool = [\"127.0.53.1\"]\n";
    std::fs::write(folder.path().join("seaway.toml"), config).unwrap();
    folder
}

/// The controller, started as in the pod, does all of its work with what the account may do.
async fn sufficient(server: &Server, base: &Rendered) {
    let folder = outfit(server);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut args = vec!["--kubeconfig".to_owned(), path("kubeconfig")];
    for arg in seaway(base.only("Deployment"))["args"].as_array().unwrap() {
        let arg = arg.as_str().unwrap();
        match arg.split_once('=') {
            Some(("--config", _)) => args.push(format!("--config={}", path("seaway.toml"))),
            // Nobody else on this machine is to be in the way.
            Some(("--metrics-address", _)) => args.push("--metrics-address=127.0.0.1:0".to_owned()),
            _ => args.push(arg.to_owned()),
        }
    }
    args.sort_by_key(|arg| arg != "run");
    let process = Process::start(&args);

    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "web", "namespace": "seaway-system" },
        "spec": {
            "type": "LoadBalancer", "loadBalancerClass": "seaway.dev/embedded",
            "selector": { "app": "web" }, "ports": [{ "port": 18383 }],
        },
    });
    let (said, fine) = server.feed(&["create"], [&service]);
    assert!(fine, "{said}");
    let get = |what: &[&str]| {
        let said = server.fine(&[&["get", "-n", "seaway-system", "-o", "json"], what].concat());
        serde_json::from_str::<Value>(&said).unwrap()
    };
    until("the Service has its finalizer and its condition", async || {
        let service = get(&["service", "web"]);
        let finalizers = service["metadata"]["finalizers"].to_string();
        let conditions = service["status"]["conditions"].to_string();
        (finalizers.contains(FINALIZER) && conditions.contains("seaway.dev/")).then_some(())
    })
    .await;
    until("an Event tells of it", async || {
        let events = get(&["events"])["items"].take();
        let mut events = events.as_array()?.iter();
        events.any(|event| event["source"]["component"] == "seaway").then_some(())
    })
    .await;
    let holder = get(&["lease", "seaway"])["spec"]["holderIdentity"].take();
    assert!(holder.as_str().is_some_and(|holder| !holder.is_empty()), "{holder}");

    let (said, fine) = server.feed(&["delete", "--wait=true", "--timeout=30s"], [&service]);
    assert!(fine, "{said}");
    let ended = process.interrupt().await;
    assert!(!ended.stderr.to_lowercase().contains("forbidden"), "{}", ended.stderr);
    let holder = get(&["lease", "seaway"])["spec"]["holderIdentity"].take();
    assert!(holder.as_str().unwrap_or_default().is_empty(), "given back: {holder}");
}
