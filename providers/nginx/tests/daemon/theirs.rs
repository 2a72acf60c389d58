use std::process::Command;

use seaway_box::Daemon;

use crate::lab::{Client, Lab, home};

/// A daemon that somebody else has configured and started, with our file to be.
async fn lab() -> Lab {
    let home = home();
    let at = |name: &str| home.path().join(name).display().to_string();
    let module = "/usr/lib/nginx/modules/ngx_stream_module.so";
    let load = if std::path::Path::new(module).exists() {
        format!("load_module {module};\n")
    } else {
        String::new()
    };
    let main = format!(
        "{load}pid {};\nerror_log {};\nworker_shutdown_timeout 300s;\nevents {{ }}\n\
         stream {{ include {}; }}\n",
        at("theirs.pid"),
        at("error.log"),
        at("seaway/seaway.co[n]f")
    );
    std::fs::write(at("main.conf"), main).unwrap();
    let path =
        if std::path::Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    let started =
        Command::new(path).args(["-e", &at("error.log"), "-c", &at("main.conf")]).status();
    let remedy = "sudo bash integration/setup/daemons.sh installs it";
    assert!(started.expect(remedy).success(), "nginx does not start");
    let more = format!(
        "main-config = '{}'\npid-file = '{}'\nerror-log = '{}'",
        at("main.conf"),
        at("theirs.pid"),
        at("error.log")
    );
    Lab::within(home, &more).await
}

#[tokio::test]
async fn a_running_daemon_without_our_config_is_given_it() {
    let lab = lab().await;
    let running = lab.nginx.running().await.unwrap().expect("it runs");
    assert_eq!(running.frame, None);
    let node = lab.node(11).await;
    lab.serve([lab.entry(&[&node])]).await;
    assert_eq!(Client::connect(lab.front()).await.unwrap().node, node.name);
    lab.nginx.close(std::time::Duration::ZERO).await;
    assert!(lab.nginx.running().await.unwrap().is_some(), "it is not ours to end");
}

#[tokio::test]
async fn what_the_whole_config_makes_impossible_is_told_in_its_words() {
    let lab = lab().await;
    let node = lab.node(11).await;
    lab.serve([lab.entry(&[&node])]).await;
    let main = lab.folder.path().with_file_name("main.conf");
    let text = std::fs::read_to_string(&main).unwrap();
    let listen = format!("server {{ listen {}; return x; }} }}\n", lab.front());
    std::fs::write(&main, text.trim_end().trim_end_matches('}').to_owned() + &listen).unwrap();
    lab.write([lab.entry(&[&node])]).await;
    lab.check().await.expect("our part is as it should be");
    let complaint = lab.nginx.approve().await.unwrap_err();
    assert!(complaint.message.contains("goes on as it was: duplicate \""), "{complaint:?}");
    assert_eq!(Client::connect(lab.front()).await.unwrap().node, node.name, "it goes on");
}
