use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{read_dir, read_to_string};
use std::path::Path;

use seaway_integration::Process;
use serde_json::{Value, json};

use crate::render::{
    AWS, AWS_CONFIG, BOXES, CONFIG, EXAMPLES, GCE, GCE_CONFIG, OVERLAYS, Pod, SYSTEMD, container,
    helm, kustomize, root, seaway, succeeded, template,
};

/// Every folder below `folder` with a kustomization, components left out.
fn kustomizations(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            kustomizations(&path, found);
        } else if path.ends_with("kustomization.yaml")
            && read_to_string(&path).unwrap().contains("kind: Kustomization")
        {
            let folder = path.parent().unwrap().strip_prefix(root()).unwrap();
            found.insert(folder.to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn every_overlay_is_known_and_renders() {
    let mut found = BTreeSet::new();
    kustomizations(&root().join("manifests"), &mut found);
    let mut known = BTreeSet::from(OVERLAYS.map(str::to_owned));
    known.extend(["manifests/base/rbac", SYSTEMD].map(str::to_owned));
    assert_eq!(found, known);
    for folder in known.iter().map(String::as_str).chain(EXAMPLES) {
        assert!(kustomize(folder).objects().count() > 0, "{folder}");
    }
}

#[test]
fn what_there_is_in_each() {
    let base = [
        "ClusterRole seaway",
        "ClusterRoleBinding seaway",
        "ConfigMap seaway-config",
        "Deployment seaway",
        "Namespace seaway-system",
        "PodDisruptionBudget seaway",
        "ResourceQuota seaway-critical-pods",
        "Role seaway",
        "RoleBinding seaway",
        "ServiceAccount seaway",
    ];
    let without = |kinds: &[&str]| {
        let stays = |name: &&str| !kinds.iter().any(|kind| name.split(' ').next() == Some(kind));
        base.into_iter().filter(stays).collect::<Vec<_>>()
    };
    let mut monitored = base.to_vec();
    monitored.extend(["Service seaway-metrics", "ServiceMonitor seaway"]);
    monitored.sort_unstable();
    let daemon = |map: &'static str| {
        let mut names = without(&["PodDisruptionBudget"]);
        names.push(map);
        names.sort_unstable();
        names
    };
    let account = [
        "ClusterRole seaway",
        "ClusterRoleBinding seaway",
        "Namespace seaway-system",
        "Role seaway",
        "RoleBinding seaway",
        "Secret seaway-box-1",
        "ServiceAccount seaway",
    ];
    // With one replica a budget would only keep the box from being drained.
    for (folder, expected) in [
        (BOXES[0].folder, daemon("ConfigMap seaway-haproxy")),
        (BOXES[1].folder, daemon("ConfigMap seaway-nginx")),
        (SYSTEMD, account.to_vec()),
        (OVERLAYS[0], base.to_vec()),
        (OVERLAYS[1], without(&["PodDisruptionBudget"])),
        (AWS, base.to_vec()),
        (GCE, base.to_vec()),
        (EXAMPLES[0], monitored),
    ] {
        let mut names = kustomize(folder).names();
        for name in names.iter_mut().filter(|name| name.starts_with("ConfigMap ")) {
            let hash = name.rfind('-').unwrap();
            name.truncate(hash);
        }
        assert_eq!(names, expected, "{folder}");
    }
}

#[test]
fn the_chart_is_without_fault() {
    let output = helm(&["lint", "--strict", "--set-file", CONFIG]);
    succeeded("helm lint", &output);
}

#[test]
fn the_chart_says_what_is_missing_and_what_it_does_not_know() {
    for (values, parts) in [
        (vec![], ["config", "[providers.embedded]"]),
        (vec!["--set-file", "config=manifests/base/seaway.toml"], ["config", "no provider"]),
        (
            vec!["--set-file", "config=manifests/haproxy/seaway.toml"],
            ["[providers.haproxy]", "manifests/haproxy"],
        ),
        (
            vec!["--set-file", "config=manifests/nginx/seaway.toml"],
            ["[providers.nginx]", "manifests/nginx"],
        ),
        (vec!["--set-file", CONFIG, "--set", "replica=3"], ["replica", "not allowed"]),
        (vec!["--set-file", CONFIG, "--set", "replicas=0"], ["replicas", "minimum"]),
    ] {
        let output = helm(&[&["template"], values.as_slice()].concat());
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{values:?}");
        assert!(parts.iter().all(|part| complaint.contains(part)), "{values:?}: {complaint}");
    }
}

#[test]
fn the_values_of_the_chart_reach_the_pods() {
    let rendered = template(&[
        "--set-file",
        CONFIG,
        "--set",
        "replicas=3,image.repository=registry.example/seaway,image.tag=edge,nodeSelector.disk=fast,\
         imagePullSecrets[0].name=mine,resources.limits.memory=2Gi,priorityClassName=,\
         tolerations[0].key=lone,tolerations[0].operator=Exists",
    ]);
    let deployment = rendered.only("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(deployment["spec"]["replicas"], 3);
    assert_eq!(seaway(deployment)["image"], "registry.example/seaway:edge");
    assert_eq!(seaway(deployment)["resources"]["limits"]["memory"], "2Gi");
    assert_eq!(pod["nodeSelector"]["disk"], "fast");
    assert_eq!(pod["imagePullSecrets"][0]["name"], "mine");
    assert_eq!(pod["tolerations"][1]["key"], "lone");
    assert_eq!(pod["priorityClassName"], Value::Null);
    // There is no quota for a class that is not asked for.
    assert!(!rendered.names().iter().any(|name| name.starts_with("ResourceQuota")));
}

#[test]
fn the_image_is_of_this_version_everywhere() {
    let expected = concat!("seaway:", env!("CARGO_PKG_VERSION"));
    for folder in OVERLAYS.iter().filter(|folder| BOXES.iter().all(|it| it.folder != **folder)) {
        let workload = kustomize(folder);
        assert_eq!(seaway(workload.only("Deployment"))["image"], expected, "{folder}");
    }
    // What Seaway has a config checked by is what runs it.
    let file = read_to_string(root().join("Containerfile")).unwrap();
    for Pod { folder, daemon } in BOXES {
        let rendered = kustomize(folder);
        let expected = format!("seaway-{daemon}:{}", env!("CARGO_PKG_VERSION"));
        for name in ["seaway", daemon] {
            let container = container(rendered.only("Deployment"), name);
            assert_eq!(container["image"], expected, "{folder}: {name}");
        }
        let command = format!("--target {daemon} -t seaway-{daemon}:{}", env!("CARGO_PKG_VERSION"));
        let target = format!(" AS {daemon}\nCOPY --from=build /src/target/static/seaway ");
        assert!(file.contains(&target), "{target}");
        let page = read_to_string(root().join("docs/boxes.md")).unwrap();
        assert!(page.contains(&command.replace("-t ", "-t registry.example/")), "{command}");
    }
    let chart = template(&["--set-file", CONFIG]);
    assert_eq!(seaway(chart.only("Deployment"))["image"], expected);
    let version = chart.only("Deployment")["metadata"]["labels"]["helm.sh/chart"].clone();
    assert_eq!(version, concat!("seaway-", env!("CARGO_PKG_VERSION")));
}

/// What `seaway` says to the config that an overlay mounts, where there is no account of a cloud.
async fn judged(folder: &str) -> (Option<i32>, String) {
    judged_text(&kustomize(folder).file("seaway-config", "seaway.toml")).await
}

/// What `seaway` says to a config.
pub(crate) async fn judged_text(text: &str) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let (config, nothing) = (home.path().join("seaway.toml"), home.path().join("nothing.yaml"));
    std::fs::write(&config, text).unwrap();
    std::fs::write(&nothing, "kind: List\nitems: []\n").unwrap();
    let [config, nothing] = [&config, &nothing].map(|path| path.to_str().unwrap());
    let mut command = Process::command(["plan", "-f", nothing, "--config", config]);
    let names = std::env::vars_os().map(|(name, _)| name);
    let clouds = ["AWS_", "GOOGLE_"];
    let told = |name: &OsString| clouds.iter().any(|it| name.to_string_lossy().starts_with(it));
    for name in names.filter(told) {
        command.env_remove(name);
    }
    command.env("HOME", home.path()).env("AWS_EC2_METADATA_DISABLED", "true");
    // Nobody is there, so that nobody is waited for.
    command.env("GCE_METADATA_HOST", "127.0.0.1:1");
    let ended = Process::spawn(command).ended().await;
    (ended.code, ended.stderr)
}

#[tokio::test]
async fn the_config_of_each_overlay_is_taken_and_that_of_the_base_says_what_it_lacks() {
    for folder in &OVERLAYS[1..3] {
        assert_eq!(judged(folder).await, (Some(0), String::new()), "{folder}");
    }
    let (code, complaint) = judged("manifests/base").await;
    assert_eq!(code, Some(1));
    assert!(complaint.contains("add a section such as [providers.embedded]"), "{complaint}");
}

#[tokio::test]
async fn the_config_of_the_overlay_aws_lacks_no_more_than_an_account() {
    let (code, complaint) = judged(AWS).await;
    assert_eq!(code, Some(1));
    // The provider is in a build only if it is asked for.
    let expected = ["the AWS region is not known", "build with `--features`"];
    assert!(expected.iter().any(|part| complaint.contains(part)), "{complaint}");
}

#[tokio::test]
async fn the_config_of_the_overlay_gce_lacks_no_more_than_credentials() {
    let (code, complaint) = judged(GCE).await;
    assert_eq!(code, Some(1));
    // The provider is in a build only if it is asked for.
    let expected = ["there are no Google Cloud credentials", "build with `--features`"];
    assert!(expected.iter().any(|part| complaint.contains(part)), "{complaint}");
}

#[test]
fn the_service_account_of_the_chart_can_have_a_role() {
    for (config, key, role) in [
        (AWS_CONFIG, "eks.amazonaws.com/role-arn", "arn:aws:iam::111122223333:role/seaway"),
        (GCE_CONFIG, "iam.gke.io/gcp-service-account", "seaway@my-project.iam.gserviceaccount.com"),
    ] {
        let value = format!("serviceAccount.annotations.{}={role}", key.replace('.', "\\."));
        let rendered = template(&["--set-file", config, "--set", &value]);
        let annotations = &rendered.only("ServiceAccount")["metadata"]["annotations"];
        assert_eq!(*annotations, json!({ key: role }));
    }
}

#[tokio::test]
async fn the_binary_has_every_flag_that_the_pods_start_it_with() {
    let help = Process::run(["run", "--help"], "").await.stdout;
    for folder in OVERLAYS {
        let workload = kustomize(folder);
        let args = seaway(workload.only("Deployment"))["args"].clone();
        let args: Vec<&str> =
            args.as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        assert_eq!(args[0], "run");
        for flag in &args[1..] {
            let name = flag.split('=').next().unwrap();
            // `--name`, `--name <VALUE>` and `--name[=<VALUE>]`
            let known =
                help.split_whitespace().any(|word| word.split(['[', ',']).next() == Some(name));
            assert!(known, "{folder}: seaway run has no {name}");
        }
    }
}

/// What follows a word at the start of a line of the Containerfile.
fn told(file: &str, word: &str) -> String {
    let line = file.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_default().split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn the_image_fits_the_pods_and_the_toolchain() {
    let read = |name: &str| read_to_string(root().join(name)).unwrap();
    let file = read("Containerfile");
    let base = kustomize("manifests/base");
    let pod = &base.only("Deployment")["spec"]["template"]["spec"]["securityContext"];
    let user = format!("{}:{}", pod["runAsUser"], pod["runAsGroup"]);
    assert_eq!(told(&file, "USER "), user);
    let toolchain = told(&file, "ENV RUSTUP_TOOLCHAIN=");
    assert_eq!(told(&file, "FROM "), format!("rust:{toolchain}"));
    assert!(read("rust-toolchain.toml").contains(&format!("channel = \"{toolchain}\"")));
    let version = concat!("org.opencontainers.image.version=\"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(file.contains(version), "{version}");
}
