//! Nodes come and go.

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{Patch, PatchParams};
use seaway_integration::mock_aws::Inventory;
use serde_json::{Value, json};

use crate::site::Site;
use crate::witness::{at, node_ports};

/// Checks that do not ask kube-proxy.
const PLAIN: (&str, &str) =
    ("service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol", "tcp");

impl Site {
    /// Waits until exactly these nodes are the targets of a Service.
    async fn targets(&self, name: &str, nodes: &[usize]) {
        let service = self.cluster.service(name).await.unwrap();
        let wanted = at(nodes, node_ports(&service)[0]);
        let owner = format!("default/{name}");
        let are = |now: &Inventory| {
            let mut groups = now.target_groups.values();
            let group = groups.find(|it| it.tags["seaway.dev/service"] == owner)?;
            (group.registered() == wanted).then_some(())
        };
        self.shows(&format!("the targets of {name} are {wanted:?}"), are).await;
    }

    async fn taint(&self, node: &str, taints: Value) {
        let patch = Patch::Merge(json!({ "spec": { "taints": taints } }));
        let nodes = Api::<Node>::all(self.cluster.client());
        nodes.patch(node, &PatchParams::default(), &patch).await.unwrap();
    }

    /// Asserts that nothing was written but this, so often, and begins to count anew.
    fn wrote_only(&self, action: &str, times: usize) {
        let writes: Vec<_> = self.writes().into_iter().collect();
        assert_eq!(writes, [(action.to_owned(), times)]);
        self.aws.reset_counts();
    }
}

#[tokio::test]
async fn a_node_that_comes_is_registered_and_one_that_goes_is_taken_out_and_no_more_is_called() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    site.converges("web").await;
    site.targets("web", &[1, 2]).await;

    site.aws.reset_counts();
    site.join(3).await;
    site.targets("web", &[1, 2, 3]).await;
    site.wrote_only("RegisterTargets", 1);

    site.cluster.delete_node("node-2").await;
    site.targets("web", &[1, 3]).await;
    site.wrote_only("DeregisterTargets", 1);
    seaway.stop().await;
}

/// kube-proxy says at its health port that the node is about to go (KEP-3836), which ends new connections
/// before a call could: who asks it keeps the target. Who asks the port itself would not hear of it.
#[tokio::test]
async fn a_node_that_the_autoscaler_is_about_to_delete_goes_unless_its_kube_proxy_says_so() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("asking", json!({})).await;
    site.create_with("plain", &[PLAIN], json!({})).await;
    for name in ["asking", "plain"] {
        site.converges(name).await;
        site.targets(name, &[1, 2]).await;
    }

    site.aws.reset_counts();
    let taint = json!({ "key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule" });
    site.taint("node-2", json!([taint])).await;
    site.targets("plain", &[1]).await;
    site.targets("asking", &[1, 2]).await;
    site.wrote_only("DeregisterTargets", 1);

    // The autoscaler has thought better of it.
    site.taint("node-2", Value::Null).await;
    site.targets("plain", &[1, 2]).await;
    site.wrote_only("RegisterTargets", 1);

    site.taint("node-2", json!([taint])).await;
    site.targets("plain", &[1]).await;
    site.cluster.delete_node("node-2").await;
    site.targets("asking", &[1]).await;
    site.wrote_only("DeregisterTargets", 2);
    seaway.stop().await;
}
