//! `allocateLoadBalancerNodePorts: false`: nothing is missing, as no NodePort is involved.

use std::collections::BTreeSet;

use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn a_service_without_node_ports_is_served_with_either_policy() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    let service = site.create("web", json!({ "allocateLoadBalancerNodePorts": false })).await;
    assert_eq!(service.spec.unwrap().ports.unwrap()[0].node_port, None);
    let address = site.converges("web").await;
    let open = BTreeSet::from([(address[0], "tcp:80".to_owned())]);
    assert_eq!(site.open("web"), open);

    let local = json!({ "externalTrafficPolicy": "Local" });
    assert_eq!(site.follows("web", local).await, address);
    let spec = site.cluster.service("web").await.unwrap().spec.unwrap();
    assert_eq!(spec.ports.unwrap()[0].node_port, None);
    assert_eq!(site.open("web"), open);
    let check = site.things("healthChecks", "web").remove(0);
    assert_eq!(check["httpHealthCheck"]["port"], spec.health_check_node_port.unwrap());
    site.close(seaway).await;
}
