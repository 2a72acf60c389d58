use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The overlays that are for users.
pub(crate) const OVERLAYS: [&str; 7] = [
    "manifests/base",
    "manifests/embedded",
    "manifests/cloud-controller-manager",
    AWS,
    GCE,
    BOXES[0].folder,
    BOXES[1].folder,
];

/// The overlay `aws`.
pub(crate) const AWS: &str = "manifests/aws";

/// The overlay `gce`.
pub(crate) const GCE: &str = "manifests/gce";

/// An overlay with a daemon in the pod.
pub(crate) struct Pod {
    pub folder: &'static str,
    /// What the daemon is called: the provider, the container, and its own config.
    pub daemon: &'static str,
}

/// Those with a daemon in the pod.
pub(crate) const BOXES: [Pod; 2] = [
    Pod { folder: "manifests/haproxy", daemon: "haproxy" },
    Pod { folder: "manifests/nginx", daemon: "nginx" },
];

/// The account of boxes outside the cluster: no pod.
pub(crate) const SYSTEMD: &str = "manifests/systemd";

/// Those that show a component at work.
pub(crate) const EXAMPLES: [&str; 2] = [
    "integration/tests/manifests/data/servicemonitor",
    "integration/tests/manifests/data/daemonset",
];

/// The config of the overlay `embedded`.
pub(crate) const CONFIG: &str = "config=manifests/embedded/seaway.toml";

/// The config of the overlay `aws`.
pub(crate) const AWS_CONFIG: &str = "config=manifests/aws/seaway.toml";

/// The config of the overlay `gce`.
pub(crate) const GCE_CONFIG: &str = "config=manifests/gce/seaway.toml";

/// Objects by kind and name.
pub(crate) struct Rendered(BTreeMap<(String, String), Value>);

impl Rendered {
    fn read(yaml: &str) -> Self {
        let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap();
        let mut objects = BTreeMap::new();
        for object in documents.into_iter().filter(|document| !document.is_null()) {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            let key = (word(&object["kind"]), word(&object["metadata"]["name"]));
            assert!(objects.insert(key.clone(), object).is_none(), "{key:?} is there twice");
        }
        Self(objects)
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = &Value> {
        self.0.values()
    }

    pub(crate) fn into_objects(self) -> impl Iterator<Item = Value> {
        self.0.into_values()
    }

    /// Kinds and names, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().map(|(kind, name)| format!("{kind} {name}")).collect()
    }

    /// A file of a ConfigMap whose name is this, and a hash.
    pub(crate) fn file(&self, map: &str, name: &str) -> String {
        let hashed = |object: &Value| {
            let name = object["metadata"]["name"].as_str().unwrap();
            name.strip_prefix(map).is_some_and(|rest| rest.len() == 11 && rest.starts_with('-'))
        };
        let mut maps = self.objects().filter(|object| object["kind"] == "ConfigMap");
        let map = maps.find(|object| hashed(object)).unwrap();
        map["data"][name].as_str().unwrap().to_owned()
    }

    /// The only object of a kind.
    pub(crate) fn only(&self, kind: &str) -> &Value {
        let mut found = self.objects().filter(|object| object["kind"] == kind);
        let (first, second) = (found.next(), found.next());
        assert!(first.is_some() && second.is_none(), "not one {kind} in {:?}", self.names());
        first.unwrap()
    }
}

/// The container of Seaway in a workload.
pub(crate) fn seaway(workload: &Value) -> &Value {
    container(workload, "seaway")
}

/// A container of a workload, by its name.
pub(crate) fn container<'a>(workload: &'a Value, name: &str) -> &'a Value {
    let containers = workload["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    containers.iter().find(|container| container["name"] == name).unwrap()
}

/// kubectl, with nothing of the machine's own setup.
pub(crate) fn kubectl() -> Command {
    tool("SEAWAY_KUBECTL", "kubectl")
}

/// What `kubectl kustomize` makes of a folder of the repository.
pub(crate) fn kustomize(folder: &str) -> Rendered {
    let output = kubectl().args(["kustomize", folder]).output().unwrap();
    let said = succeeded(folder, &output);
    // Such as a field that is deprecated.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{folder}");
    Rendered::read(&said)
}

/// `helm` on the chart, as release `seaway` in the namespace `seaway-system`.
pub(crate) fn helm(arguments: &[&str]) -> Output {
    let (command, values) = arguments.split_first().unwrap();
    let mut helm = tool("SEAWAY_HELM", "helm");
    helm.arg(command);
    if *command == "template" {
        helm.arg("seaway");
    }
    helm.args(["manifests/helm/seaway", "--namespace", "seaway-system"]).args(values);
    helm.output().unwrap()
}

/// What `helm template` makes of the chart with these values.
pub(crate) fn template(values: &[&str]) -> Rendered {
    Rendered::read(&succeeded("helm template", &helm(&[&["template"], values].concat())))
}

/// What a command printed. It has succeeded.
pub(crate) fn succeeded(what: &str, output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {complaint}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// `$variable`, or what integration/setup/kubectl.sh fetches.
fn tool(variable: &str, name: &str) -> Command {
    let fetched = || OsString::from(root().join("target/tools").join(name));
    let path = PathBuf::from(std::env::var_os(variable).unwrap_or_else(fetched));
    assert!(
        path.is_file(),
        "there is no {name} at {}: `make test` fetches it, or name one in ${variable}",
        path.display()
    );
    let mut command = Command::new(path);
    command.current_dir(root()).env("HOME", root().join("target")).env_remove("KUBECONFIG");
    command.stdin(Stdio::null());
    command
}
