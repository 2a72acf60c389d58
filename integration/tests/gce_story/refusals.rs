//! Google says no, and then yes.

use k8s_openapi::api::core::v1::Service;
use seaway_integration::Controller;
use seaway_mock_gce::{Fault, Harm, Refusal};
use serde_json::json;

use crate::site::Site;

impl Site {
    /// A Service is refused in these words, in an Event and in a condition.
    async fn is_told(&self, parts: &[&str]) -> Controller {
        let seaway = self.seaway().await;
        self.create("web", json!({})).await;
        self.cluster.warns("web", parts).await;
        self.cluster.says("web", "seaway.dev/Provisioned", "False", parts).await;
        seaway
    }

    /// What stood in the way is gone.
    async fn recovers(self, seaway: Controller) {
        let shown = self.converges("web").await;
        assert_eq!((shown.len(), self.rules("web").len()), (1, 1));
        assert_eq!(self.things("backendServices", "web").len(), 1);
        self.close(seaway).await;
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_told_and_raised() {
    let site = Site::new(1).await;
    // The rule of the other cluster has it.
    site.gce.set_quota("FORWARDING_RULES", 1);
    let parts = ["Quota 'FORWARDING_RULES' exceeded", "Limit: 1.0 in region europe-west1"];
    let seaway = site.is_told(&parts).await;
    let tried = site.calls_of("compute.forwardingRules.insert");
    assert!(tried < 10, "it does not give Google a rest: {tried}");
    site.gce.set_quota("FORWARDING_RULES", 2);
    site.recovers(seaway).await;
}

#[tokio::test]
async fn a_permission_that_is_missing_is_told_and_given() {
    let site = Site::new(1).await;
    site.gce.forbid("seaway", "compute.regionBackendServices.insert");
    let seaway = site.is_told(&["compute.regionBackendServices.create", "permission"]).await;
    site.gce.heal();
    site.recovers(seaway).await;
}

#[tokio::test]
async fn too_many_calls_are_told_and_slowed_down() {
    let site = Site::new(1).await;
    let harm = Harm::Refuse(Refusal::rate_limited());
    site.gce.inject(Fault::every(1, "compute.firewalls.insert", harm));
    let seaway = site.is_told(&["rateLimitExceeded"]).await;
    let tried = site.calls_of("compute.firewalls.insert");
    assert!(tried < 20, "it does not give Google a rest: {tried}");
    site.gce.heal();
    site.recovers(seaway).await;
}

/// In a shared VPC the rules of the network are other people's: what they have to do is told to the
/// letter, and the load balancer is there all the same.
#[tokio::test]
async fn a_firewall_rule_that_only_others_may_make_is_told_as_a_command() {
    let site = Site::in_network_of("host", 1).await;
    site.gce.forbid("host", "compute.firewalls.insert");
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    let ip = site.cluster.address("web").await;
    let told = site.cluster.warns("web", &["firewall-rules create sw-default-web-"]).await;
    for part in ["--project=host", "--allow=tcp:80", &format!("--destination-ranges={ip}")] {
        assert!(told.contains(part), "it does not say {part:?}: {told}");
    }
    assert!(site.open("web").is_empty());
    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    site.close(seaway).await;
}
