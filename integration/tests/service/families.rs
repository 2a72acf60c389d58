//! IPv4 and IPv6 on one Service.

use seaway_integration::{
    Cluster, Controller, addresses, embedded, figure, pod, service, until, visit,
};
use serde_json::json;

#[tokio::test]
async fn a_dual_stack_service_is_served_on_both_families_and_loses_one_again() {
    let cluster = Cluster::sandbox(2).await;
    let Some(pool6) = cluster.pool6() else {
        figure("not_run.dual_stack", "the sandbox has no IPv6", "");
        return;
    };
    cluster.create(&pod("echo", "echo", None)).await;
    let range6 = format!("\", \"{}-{}\"]", pool6.start(), pool6.end());
    let config = embedded(&cluster.pool(2).await).replacen("\"]", &range6, 1);
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    cluster.create(&service("web", "echo", json!({ "ipFamilyPolicy": "RequireDualStack" }))).await;
    let both = until("both families are shown", async || {
        let shown = addresses(&cluster.service("web").await?);
        (shown.len() == 2).then_some(shown)
    })
    .await;
    assert!(both[0].is_ipv4() && both[1].is_ipv6(), "{both:?}");
    for ip in &both {
        until(&format!("{ip} answers"), async || visit((*ip, 80).into()).await.ok()).await;
    }

    let single = json!({ "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"] });
    cluster.patch_spec("web", single).await;
    until("only IPv4 is left", async || {
        (addresses(&cluster.service("web").await?) == both[..1]).then_some(())
    })
    .await;
    until("IPv6 is closed", async || visit((both[1], 80).into()).await.err()).await;
    visit((both[0], 80).into()).await.unwrap();
    controller.stop().await;
}
