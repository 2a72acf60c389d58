//! What the demo says to who pipes it into a file.

use seaway_integration::Cluster;
use serde_json::json;

use crate::example::SERVICE;

#[tokio::test]
async fn piped_it_says_plain_lines_as_things_happen() {
    let cluster = Cluster::demo(3).await;
    let at = cluster.serves(SERVICE).await;
    let path = cluster.kubeconfig().display().to_string();
    cluster.process().says(&["kubeconfig", &path]).await;
    cluster.process().says(&["status", SERVICE, &at.ip().to_string()]).await;
    cluster.process().says(&["3 of 3 nodes answered"]).await;
    cluster.process().says(&["try", &format!("curl http://{at}/")]).await;

    let ports = json!([{ "port": 9090, "targetPort": 8080, "nodePort": 31002 }]);
    cluster.patch_spec(SERVICE, json!({ "ports": ports })).await;
    cluster.process().says(&["NodePort", SERVICE, "9090:31002/TCP"]).await;
    cluster.delete_node("node-2").await;
    cluster.process().says(&["Node", "node-2"]).await;

    let ended = cluster.into_process().0.interrupt().await;
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains(['\x1b', '\r']), "codes for a terminal: {text:?}");
    }
    assert_eq!(ended.stderr, "");
}
