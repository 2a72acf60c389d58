//! What can't be had for one Service keeps no other from anything.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use seaway_integration::{Load, addresses, is_steady, pod, service};
use serde_json::json;

use crate::kind::Kind;
use crate::rig::Rig;

with_both!(
    a_port_that_somebody_has_is_told_and_the_others_go_on,
    a_config_that_the_daemon_refuses_never_replaces_the_good_one,
);

async fn a_port_that_somebody_has_is_told_and_the_others_go_on(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let load = Load::start(at, 3, Duration::ZERO);
    let squatter = TcpListener::bind((rig.address(1), 80)).unwrap();
    let late = rig.ask_for("late", 1).await;
    rig.cluster.warns("late", &[&late.to_string(), "in use", "ss -lntp"]).await;
    assert!(addresses(&rig.cluster.service("late").await.unwrap()).is_empty());

    // Others come and change all the same.
    rig.ask_for("next", 2).await;
    is_steady(rig.cluster.serves("next").await).await;
    rig.cluster.patch_spec("next", json!({ "sessionAffinity": "ClientIP" })).await;
    assert!(addresses(&rig.cluster.service("late").await.unwrap()).is_empty());
    assert!(!rig.home.text().contains(&late.ip().to_string()), "{}", rig.home.text());

    drop(squatter);
    assert_eq!(rig.cluster.serves("late").await, late);
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}

/// The port that the daemon of the story can't bear, as newer or older ones can't bear other things.
const UNLUCKY: u16 = 6666;

/// Has the daemon's parser refuse that port, in the daemon's own form.
fn grow_picky(rig: &mut Rig) {
    let folder = rig.home.beside("picky");
    let picky = folder.join(rig.kind.name());
    let (flag, complaint) = match rig.kind {
        Kind::Haproxy => ("-c", "[ALERT]    (1) : config : parsing [$file:$line] : such ill luck"),
        Kind::Nginx => ("-t", "nginx: [emerg] such ill luck in $file:$line"),
    };
    let (candidates, name) = (rig.home.path().display().to_string(), rig.kind.name());
    rig.configure(|config| {
        let line = config.lines().find(|line| line.starts_with("binary = ")).unwrap();
        let binary = line.trim_start_matches("binary = ").trim_matches('"');
        let script = format!(
            "#!/bin/sh\n\
             case \" $* \" in *\" {flag} \"*)\n\
               for file in {candidates}/*.candidate; do\n\
                 line=$(grep -n '^[^#]*:{UNLUCKY}' \"$file\" 2>/dev/null | head -n 1 | cut -d : -f 1)\n\
                 if [ -n \"$line\" ]; then echo \"{complaint}\" >&2; exit 1; fi\n\
               done\n\
             esac\n\
             exec {binary} \"$@\"\n"
        );
        fs::create_dir(&folder).unwrap();
        fs::write(&picky, script).unwrap();
        fs::set_permissions(&picky, fs::Permissions::from_mode(0o755)).unwrap();
        config.replace(line, &format!("binary = \"{}\"", folder.join(name).display()))
    });
}

async fn a_config_that_the_daemon_refuses_never_replaces_the_good_one(kind: Kind) {
    let mut rig = Rig::idle(kind, 1, 4).await;
    grow_picky(&mut rig);
    rig.resume().await;
    rig.cluster.create(&pod("echo", "echo", None)).await;
    let at = rig.ask_for("web", 0).await;
    assert_eq!(rig.cluster.serves("web").await, at);
    is_steady(at).await;
    let daemon = rig.daemon();

    let load = Load::start(at, 3, Duration::ZERO);
    let ports = json!([{ "port": UNLUCKY, "targetPort": 8080 }]);
    rig.cluster.create(&service("unlucky", "echo", json!({ "ports": ports }))).await;
    rig.cluster.warns("unlucky", &["such ill luck"]).await;
    assert!(addresses(&rig.cluster.service("unlucky").await.unwrap()).is_empty());
    // What the checks tell may change the good one meanwhile.
    let text = rig.home.text();
    assert!(text.contains(&at.ip().to_string()), "the good one was replaced: {text}");
    assert!(!text.contains(&UNLUCKY.to_string()), "the refused one is there: {text}");
    assert_eq!(rig.daemon().master, daemon.master);

    // The others go on, with changes of their own.
    rig.ask_for("next", 2).await;
    is_steady(rig.cluster.serves("next").await).await;
    assert!(!rig.home.text().contains(&UNLUCKY.to_string()));
    let ports = json!([{ "port": 7777, "targetPort": 8080 }]);
    rig.cluster.patch_spec("unlucky", json!({ "ports": ports })).await;
    is_steady(rig.cluster.serves("unlucky").await).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}
