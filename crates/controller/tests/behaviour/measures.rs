//! What providers measure themselves, among the metrics of the controller.

use seaway_controller::Options;
use serde_json::json;

use crate::lab::{Lab, Run, by_id, cloud};

/// What the cloud tells of its ports, line by line.
fn ports(run: &Run) -> Vec<String> {
    let text = run.metrics.encode();
    let lines = text.lines().filter_map(|line| line.strip_prefix("seaway_by_id_ports"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn measures_follow_the_services_and_the_nodes() {
    let lab = Lab::start().await;
    let (cloud, _clock) = cloud();
    let run = lab.run(vec![by_id(&cloud)], Options::default()).await;
    assert_eq!(ports(&run), Vec::<String>::new());
    lab.put(
        "web",
        &json!({ "spec": { "ports": [{ "port": 80, "name": "a" },
                                                { "port": 443, "name": "b" }] } }),
    )
    .await;
    lab.until("both nodes and the Service are measured", async || {
        (ports(&run)
            == [
                "{namespace=\"default\",service=\"web\"} 2",
                "{namespace=\"default\",service=\"web\",node=\"node-1\"} 2",
                "{namespace=\"default\",service=\"web\",node=\"node-2\"} 2",
            ])
        .then_some(())
    })
    .await;
    lab.delete_node("node-2").await;
    let node = "{namespace=\"default\",service=\"web\",node=\"node-2\"} 2".to_owned();
    lab.until("the node is measured no more", async || {
        (!ports(&run).contains(&node)).then_some(())
    })
    .await;
    assert_eq!(ports(&run).len(), 2, "{:?}", ports(&run));
    lab.delete("web").await;
    lab.until("nothing is measured any more", async || ports(&run).is_empty().then_some(())).await;
    run.stop().await;
}

#[tokio::test]
async fn what_a_controller_measured_before_is_measured_by_the_next_one() {
    let lab = Lab::start().await;
    let (cloud, _clock) = cloud();
    let metrics = Options::default().metrics;
    let with = || Options { metrics: metrics.clone(), ..Options::default() };
    let run = lab.run(vec![by_id(&cloud)], with()).await;
    lab.put("web", &json!({})).await;
    lab.until("all is measured", async || (ports(&run).len() == 3).then_some(())).await;
    let before = ports(&run);
    run.stop().await;
    let run = lab.begin(vec![by_id(&cloud)], with());
    // There is no scrape without them, although the next one has not read the cluster yet.
    assert_eq!(ports(&run), before);
    lab.until("it is synced", async || run.pulse.is_synced().then_some(())).await;
    assert_eq!(ports(&run), before);
    run.stop().await;
}
