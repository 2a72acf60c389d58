//! A daemon and Seaway on one box, in a pod or by systemd: each finds the other's files.

use std::fs::{metadata, read_to_string, write};
use std::path::Path;

use rustix::process::Signal;
use seaway_integration::{Process, until};
use tempfile::TempDir;
use tokio::process::Command;
use toml::Table;

use crate::overlays::judged_text;
use crate::render::{BOXES, Pod, container, kustomize, root};

const SYSTEMD: [(&str, &str); 2] = [("haproxy", "haproxy.toml"), ("nginx", "nginx.toml")];

fn installed(name: &str) -> String {
    read_to_string(root().join("manifests/systemd").join(name)).unwrap()
}

/// The lines of a unit for a key, without it.
fn told(unit: &str, key: &str) -> Vec<String> {
    let lines = unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.map(str::to_owned).collect()
}

/// The section of a provider, and what it says for a key that has a default.
fn section(config: &str, provider: &str) -> impl Fn(&str, &str) -> String + use<> {
    let config: Table = toml::from_str(config).unwrap();
    let section = config["providers"][provider].as_table().unwrap().clone();
    move |key, default| section.get(key).map_or(default, |value| value.as_str().unwrap()).to_owned()
}

/// Checks that Seaway takes a config of a box, with its folder elsewhere.
async fn taken(what: &str, config: &str, provider: &str) {
    let folder = TempDir::new().unwrap();
    let head = format!("[providers.{provider}]\n");
    let mut moved = format!("{head}folder = '{}'\n", folder.path().display());
    if provider == "nginx" {
        // One is read at the start, and warned of: not that of this machine.
        let main = root().join("manifests/systemd/nginx.conf");
        moved = format!("{moved}main-config = '{}'\n", main.display());
    }
    let (code, complaint) = judged_text(&config.replace(&head, &moved)).await;
    // A provider is in a build only if it is asked for.
    let without = complaint.contains("build with `--features`");
    assert!(without || (code, complaint.as_str()) == (Some(0), ""), "{what}: {complaint}");
}

#[tokio::test]
async fn the_configs_of_boxes_are_taken() {
    for Pod { folder, daemon } in BOXES {
        let config = kustomize(folder).file("seaway-config", "seaway.toml");
        taken(folder, &config, daemon).await;
    }
    for (daemon, file) in SYSTEMD {
        taken(file, &installed(file), daemon).await;
    }
}

/// Starts the daemon of a pod as its container does, but in folders of this test.
fn daemon(pod: &Pod, folder: &Path) -> Process {
    let rendered = kustomize(pod.folder);
    let container = container(rendered.only("Deployment"), pod.daemon);
    let words = container["command"].as_array().unwrap().iter();
    let words: Vec<_> = words.map(|word| word.as_str().unwrap().to_owned()).collect();
    let (name, ours) = (format!("{}.{}", pod.daemon, ending(pod)), moved(pod, folder));
    let own = folder.join(&name);
    let text = rendered.file(&format!("seaway-{}", pod.daemon), &name);
    write(&own, suited(pod, &ours(&text))).unwrap();
    let mounted = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
    let mounted = Path::new(mounted).join(if pod.daemon == "haproxy" { &name } else { "" });
    let mounted = mounted.to_str().unwrap().trim_end_matches('/').to_owned();
    let mut command = Command::new(&words[0]);
    command.args(words[1..].iter().map(|word| ours(word).replace(&mounted, own.to_str().unwrap())));
    if pod.daemon == "nginx" {
        command.arg("-c").arg(&own);
    }
    Process::spawn(command)
}

const fn ending(pod: &Pod) -> &'static str {
    match pod.daemon.as_bytes() {
        b"haproxy" => "cfg",
        _ => "conf",
    }
}

/// The folder that both have in the pod, elsewhere.
fn moved(pod: &Pod, folder: &Path) -> impl Fn(&str) -> String + use<> {
    let there = format!("/var/lib/seaway/{}", pod.daemon);
    let here = folder.join("folder").display().to_string();
    move |text| text.replace(&there, &here)
}

/// Debian's Nginx loads its stream module, where the image's has it built in, and has another user.
fn suited(pod: &Pod, config: &str) -> String {
    const MODULE: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";
    let text = config.replace("user nginx;", "");
    let load = pod.daemon == "nginx" && Path::new(MODULE).exists();
    if load { format!("load_module {MODULE};\n{text}") } else { text }
}

#[tokio::test]
async fn the_daemon_of_a_pod_starts_while_nothing_of_ours_is_there() {
    for pod in BOXES {
        let folder = TempDir::new().unwrap();
        let ours = folder.path().join("folder");
        std::fs::create_dir(&ours).unwrap();
        let sign = ours.join(if pod.daemon == "haproxy" { "master.sock" } else { "nginx.pid" });
        let process = daemon(&pod, folder.path());
        until(&format!("{} has {}", pod.daemon, sign.display()), async || {
            metadata(&sign).is_ok().then_some(())
        })
        .await;
        process.signal(Signal::TERM);
        let ended = process.ended().await;
        assert!(!ended.stderr.contains("[emerg]"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("(no listener)"), "{}", ended.stderr);
    }
}

#[test]
fn in_a_pod_each_finds_the_other_where_it_looks() {
    for pod in BOXES {
        let rendered = kustomize(pod.folder);
        let deployment = rendered.only("Deployment");
        let says = section(&rendered.file("seaway-config", "seaway.toml"), pod.daemon);
        let folder = says("folder", &format!("/var/lib/seaway/{}", pod.daemon));
        for name in ["seaway", pod.daemon] {
            let mounts = container(deployment, name)["volumeMounts"].as_array().unwrap();
            let shared = mounts.iter().find(|mount| mount["name"] == "folder").unwrap();
            assert_eq!(shared["mountPath"], folder, "{name}");
        }
        let command = container(deployment, pod.daemon)["command"].to_string();
        if pod.daemon == "haproxy" {
            let socket = says("master-socket", "/var/lib/seaway/haproxy/master.sock");
            assert!(command.contains(&format!("\"{socket},")), "{command}");
            assert!(command.contains(&format!("\"-f\",\"{folder}\"")), "{command}");
        } else {
            let config = rendered.file("seaway-nginx", "nginx.conf");
            let log = says("error-log", "/var/log/nginx/error.log");
            for line in [
                format!("pid {};", says("pid-file", "/run/nginx.pid")),
                format!("error_log {log} "),
                format!("include {folder}/seaway*.conf;"),
            ] {
                assert!(config.contains(&line), "{line}");
            }
            assert_eq!(deployment["spec"]["template"]["spec"]["shareProcessNamespace"], true);
        }
    }
}

#[test]
fn by_systemd_each_finds_the_other_where_it_looks() {
    let haproxy = section(&installed("haproxy.toml"), "haproxy");
    let folder = haproxy("folder", "/var/lib/seaway/haproxy");
    let options = told(&installed("haproxy.service.d/seaway.conf"), "Environment");
    let socket = haproxy("master-socket", "");
    assert_eq!(options, [format!("\"EXTRAOPTS=-S {socket} -f {folder}\"")]);
    assert!(installed("tmpfiles.conf").contains(&format!("\nd {folder} 0755\n")));

    let nginx = section(&installed("nginx.toml"), "nginx");
    let folder = nginx("folder", "/var/lib/seaway/nginx");
    assert!(installed("nginx.conf").contains(&format!("include {folder}/seaway*.conf;")));

    let pools = SYSTEMD.map(|(name, file)| {
        let config: Table = toml::from_str(&installed(file)).unwrap();
        // Outside a pod the Lease would be in `kube-system`, where the account may do nothing.
        assert_eq!(config["leader-election"]["namespace"].as_str(), Some("seaway-system"));
        config["providers"][name]["pool"].to_string()
    });
    assert_eq!(pools[0], pools[1]);
    let (first, last) = pools[0].trim_matches(['[', ']', '"']).split_once('-').unwrap();
    let floating = installed("keepalived.conf");
    for address in [first, last] {
        assert!(floating.contains(&format!("{address}/32 dev ")), "{address}");
    }
}

#[tokio::test]
async fn the_unit_starts_seaway_with_flags_that_it_has() {
    let unit = installed("seaway.service");
    let [start] = &told(&unit, "ExecStart")[..] else { panic!("one ExecStart") };
    let help = Process::run(["run", "--help"], "").await.stdout;
    let flags: Vec<_> = start.split(' ').filter(|word| word.starts_with("--")).collect();
    assert_eq!(flags, ["--box", "--config", "--kubeconfig"]);
    for flag in flags {
        assert!(help.split_whitespace().any(|word| word == flag), "seaway run has no {flag}");
    }
    assert!(start.starts_with("/usr/local/bin/seaway run "));
    for (key, value) in [("KillMode", "process"), ("Restart", "always")] {
        assert_eq!(told(&unit, key), [value], "{key}");
    }
}
