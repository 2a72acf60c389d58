//! The commands beside the controller.

use seaway_integration::{Controller, Process, google, until};
use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn status_and_plan_name_the_provider() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    let ip = site.converges("web").await[0];
    let admin = seaway.answers("admin").await.to_string();
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (kubeconfig, file) = (path(site.cluster.kubeconfig()), path(&seaway.config()));
    let ask = async |args: &[&str]| {
        let more = ["--kubeconfig", &kubeconfig, "--admin", &admin];
        Process::run([args, &more].concat(), "").await
    };
    let page = until("both instances are healthy", async || {
        let ended = ask(&["status", "web"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        (ended.stdout.matches(" healthy").count() == 2).then_some(ended.stdout)
    })
    .await;
    for part in ["provider gce", &format!("{ip}:80"), "node-1", "node-2"] {
        assert!(page.contains(part), "it does not say {part:?}:\n{page}");
    }
    let row = ask(&["status"]).await.stdout;
    let row = row.lines().find(|line| line.contains("web")).unwrap();
    assert!(row.contains("gce") && row.contains("ok"), "{row}");

    site.gce.reset_counts();
    let ended = ask(&["plan", "--config", &file]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("nothing to do"), "{}", ended.stdout);
    let manifest = seaway.config().with_file_name("more.yaml");
    let text = "kind: Service\n\
                metadata: { name: more }\n\
                spec: { type: LoadBalancer, loadBalancerClass: seaway.dev/gce, ports: [{ port: 80 }] }\n";
    std::fs::write(&manifest, text).unwrap();
    let ended = ask(&["plan", "--config", &file, "-f", &path(&manifest)]).await;
    assert!(ended.stdout.contains("gce: default/more"), "{ended:?}");
    assert!(site.writes().is_empty(), "{:?}", site.writes());
    site.close(seaway).await;
}

#[tokio::test]
async fn without_credentials_it_ends_and_says_what_to_set() {
    let cluster = seaway_integration::Cluster::sandbox(0).await;
    let (_folder, args) = Controller::args(cluster.kubeconfig(), &google::config(""), &[]);
    let mut command = Process::command(args);
    // A file that is not there is noticed without asking anybody.
    command.env("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/key.json");
    let ended = Process::spawn(command).ended().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in ["credentials", "GOOGLE_APPLICATION_CREDENTIALS"] {
        assert!(ended.stderr.contains(part), "it does not say {part:?}:\n{}", ended.stderr);
    }
}
