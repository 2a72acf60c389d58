//! `externalTrafficPolicy` is switched while a Service is served.

use serde_json::{Value, json};

use crate::site::Site;
use crate::witness::{text, texts};

impl Site {
    /// What the one backend service of `web` asks its nodes.
    fn check(&self) -> Value {
        let services = self.things("backendServices", "web");
        assert_eq!(services.len(), 1, "{services:?}");
        let checks = texts(&services[0]["healthChecks"]);
        let check = self.gce.get(&checks[0]).unwrap();
        assert_eq!(text(&check["httpHealthCheck"], "requestPath"), "/healthz");
        check["httpHealthCheck"]["port"].clone()
    }
}

#[tokio::test]
async fn no_forwarding_rule_is_touched() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    let address = site.converges("web").await;
    let (rules, firewalls) = (site.things("forwardingRules", "web"), site.gce.list("firewalls"));
    assert_eq!(site.check(), 10_256);

    for _ in 0..2 {
        site.gce.reset_counts();
        let local = json!({ "externalTrafficPolicy": "Local" });
        assert_eq!(site.follows("web", local).await, address);
        let service = site.cluster.service("web").await.unwrap();
        assert_eq!(site.check(), service.spec.unwrap().health_check_node_port.unwrap());
        let writes = site.writes();
        let expected = ["regionBackendServices.update", "regionHealthChecks.insert"];
        assert_eq!(writes.into_iter().collect::<Vec<_>>(), expected.map(|it| (it.to_owned(), 1)));

        site.gce.reset_counts();
        let everywhere = json!({ "externalTrafficPolicy": "Cluster" });
        assert_eq!(site.follows("web", everywhere).await, address);
        assert_eq!(site.check(), 10_256);
        let writes = site.writes();
        let expected = ["regionBackendServices.update", "regionHealthChecks.delete"];
        assert_eq!(writes.into_iter().collect::<Vec<_>>(), expected.map(|it| (it.to_owned(), 1)));
    }
    assert_eq!(site.things("forwardingRules", "web"), rules);
    assert_eq!(site.gce.list("firewalls"), firewalls);
    site.close(seaway).await;
}
