//! Nodes come and go, for all Services at once.

use seaway_integration::google::{ZONES, zone};
use serde_json::json;

use crate::site::Site;
use crate::witness::text;

impl Site {
    /// Waits until exactly these nodes are in the groups.
    async fn has_nodes(&self, numbers: &[usize]) {
        self.shows(&format!("the instances of the groups are {numbers:?}"), || {
            let groups = self.groups();
            let expected = |at: &str| {
                let here = numbers.iter().filter(|number| zone(**number) == at);
                here.map(|number| format!("node-{number}")).collect::<Vec<_>>()
            };
            ZONES.iter().all(|at| groups.get(*at).cloned().unwrap_or_default() == expected(at))
        })
        .await;
    }

    /// Asserts that nothing was written but this, once, and begins to count anew.
    fn wrote_only(&self, method: &str) {
        let writes: Vec<_> = self.writes().into_iter().collect();
        assert_eq!(writes, [(method.to_owned(), 1)]);
        self.gce.reset_counts();
    }
}

#[tokio::test]
async fn one_that_comes_or_goes_costs_one_call_however_many_services_there_are() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    for name in ["first", "second", "third"] {
        site.create(name, json!({})).await;
    }
    for name in ["first", "second", "third"] {
        site.converges(name).await;
    }
    site.has_nodes(&[1, 2, 3]).await;

    site.gce.reset_counts();
    site.join(4).await;
    site.has_nodes(&[1, 2, 3, 4]).await;
    site.wrote_only("instanceGroups.addInstances");

    site.cluster.delete_node("node-1").await;
    site.has_nodes(&[2, 3, 4]).await;
    site.wrote_only("instanceGroups.removeInstances");
    site.close(seaway).await;
}

#[tokio::test]
async fn a_zone_that_gets_its_first_node_serves_and_no_forwarding_rule_is_touched() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    site.converges("web").await;
    site.has_nodes(&[1, 2]).await;
    let rules = site.things("forwardingRules", "web");

    site.join(3).await;
    site.has_nodes(&[1, 2, 3]).await;
    site.shows("the group of the third zone is a backend", || {
        let service = site.things("backendServices", "web").remove(0);
        let mut groups = service["backends"].as_array().unwrap().iter();
        groups.any(|it| text(it, "group").contains(ZONES[2]))
    })
    .await;
    assert_eq!(site.things("forwardingRules", "web"), rules);
    site.close(seaway).await;
}

/// An instance that somebody deletes is in no group any more, before its Node goes.
#[tokio::test]
async fn an_instance_that_is_gone_stands_in_nobodys_way() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    site.converges("web").await;
    site.gce.remove_instance(zone(2), "node-2");
    site.cluster.delete_node("node-2").await;
    site.has_nodes(&[1, 3]).await;
    site.create("late", json!({})).await;
    site.converges("late").await;
    assert_eq!(site.things("backendServices", "late").len(), 1);
    site.close(seaway).await;
}
