//! `seaway plan` beside a running controller.

use seaway_integration::{Cluster, Controller, Process, embedded, pod, service};
use serde_json::Value;
use tempfile::TempDir;

use crate::{answering, ask_it, path, says};

#[tokio::test]
async fn a_plan_knows_what_the_running_controller_has() {
    let cluster = Cluster::sandbox(2).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = answering(&cluster, 3, &[]).await;
    let at = controller.answers("admin").await.to_string();
    cluster.create(&service("web", "echo", Value::Null)).await;
    cluster.serves("web").await;
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("seaway.toml");
    std::fs::write(&config, embedded(&cluster.pool(3).await)).unwrap();
    let named = ["plan", "--config", path(&config)];

    for args in [&["plan"][..], &named] {
        let ended = ask_it(&cluster, &at, args).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        says(&ended.stdout, &["2 Nodes", "nothing to do"]);
        assert!(!ended.stdout.contains('!'), "{}", ended.stdout);
    }
    // A manifest beside it: the address that web has is not given to another.
    let manifest = folder.path().join("more.yaml");
    let text = "kind: Service\nmetadata: { name: more }\n\
                spec: { type: LoadBalancer, ports: [{ port: 80 }] }\n";
    std::fs::write(&manifest, text).unwrap();
    let ended = ask_it(&cluster, &at, &["plan", "-f", path(&manifest)]).await;
    says(&ended.stdout, &["embedded: default/more", "2 steps", "no nodePort for 1 of"]);
    let taken = format!("listen on {}:80/TCP", cluster.address("web").await);
    assert!(!ended.stdout.contains(&taken), "{}", ended.stdout);
    controller.stop().await;

    // Nobody is there to be asked any more.
    let ended = ask_it(&cluster, &at, &named).await;
    let line = format!("no controller answers at {at}: what `embedded` has now is not known");
    says(&ended.stdout, &[&line, "listen on"]);
}

#[tokio::test]
async fn what_the_api_server_would_give_is_assumed() {
    let text = "kind: Service\n\
                metadata: { name: web }\n\
                spec: { type: LoadBalancer, externalTrafficPolicy: Local, ports: [{ port: 80 }] }\n";
    let ended = Process::run(["plan", "-f", "-"], text).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(
        &ended.stdout,
        &["no nodePort for 2 of the ports", "listen on the IPv4 address, port 80/TCP", "2 steps"],
    );
}

#[tokio::test]
async fn an_annotation_that_nobody_reads_is_told_before_anything_is_made() {
    let typo = "warning: default/web: nobody reads the annotation seaway.dev/proxy-protocl (did you \
                mean seaway.dev/proxy-protocol?), service.beta.kubernetes.io/load-balancer-source-range \
                (did you mean service.beta.kubernetes.io/load-balancer-source-ranges?)";
    let text = "kind: Service\n\
                metadata:\n  name: web\n  annotations:\n    \
                seaway.dev/proxy-protocl: v2\n    \
                service.beta.kubernetes.io/load-balancer-source-range: 192.0.2.0/24\n    \
                example.com/anything: is not ours\n\
                spec: { type: LoadBalancer, ports: [{ port: 80 }] }\n";
    let ended = Process::run(["plan", "-f", "-"], text).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.matches("warning").count(), 1, "{}", ended.stdout);
    says(&ended.stdout, &[typo, "2 steps"]);
    let right = text.replace("protocl", "protocol").replace("range:", "ranges:");
    let ended = Process::run(["plan", "-f", "-"], &right).await;
    assert_eq!((ended.code, ended.stdout.contains("warning")), (Some(0), false), "{ended:?}");

    // What the provider warns of is told as well.
    let local = right
        .replace("type: L", "externalTrafficPolicy: Local, healthCheckNodePort: 30021, type: L");
    let lost = local.replace("proxy-protocol: v2", "connect-timeout: 1s");
    for (text, told) in [(&local, false), (&lost, true)] {
        let ended = Process::run(["plan", "-f", "-"], text).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let warned = ended.stdout.contains("warning: default/web: ");
        assert_eq!(
            warned && ended.stdout.contains("seaway.dev/proxy-protocol: v2"),
            told,
            "{ended:?}"
        );
    }

    // A controller that is asked says the same of what runs, and so does one that only looks.
    let cluster = Cluster::sandbox(1).await;
    let mut web = service("web", "echo", Value::Null);
    let annotations = [("seaway.dev/idle-timeuot".to_owned(), "30s".to_owned())];
    web.metadata.annotations = Some(annotations.into());
    cluster.create(&web).await;
    let told = "nobody reads the annotation seaway.dev/idle-timeuot (did you mean \
                seaway.dev/idle-timeout?)";
    let config = embedded(&cluster.pool(1).await);
    let looking = Controller::start(cluster.kubeconfig(), &config, &["--dry-run"]).await;
    let meant = "seaway.dev/idle-timeuot (did you mean seaway.dev/idle-timeout?)";
    looking.process().complains(&["would tell", "default/web", meant]).await;
    looking.stop().await;
    let controller = answering(&cluster, 1, &[]).await;
    let at = controller.answers("admin").await.to_string();
    cluster.tells("web", "UnknownAnnotation").await;
    cluster.address("web").await;
    let ended = ask_it(&cluster, &at, &["plan"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["nothing to do", told]);
    controller.stop().await;
}

#[tokio::test]
async fn the_controller_of_another_cluster_is_not_believed() {
    // There is one real cluster only.
    if Cluster::is_real() {
        return;
    }
    let (ours, theirs) = (Cluster::sandbox(1).await, Cluster::sandbox(1).await);
    let controller = answering(&theirs, 1, &[]).await;
    let at = controller.answers("admin").await.to_string();
    for command in ["plan", "status"] {
        let ended = ask_it(&ours, &at, &[command]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        says(&ended.stdout, &[&format!("the controller at {at} works on another cluster")]);
    }
    let args = ["sweep", "--delete", "--kubeconfig", path(ours.kubeconfig()), "--admin", &at];
    let ended = Process::run(args, "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    says(&ended.stderr, &["another cluster"]);
    controller.stop().await;
}
