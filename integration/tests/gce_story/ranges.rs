//! `loadBalancerSourceRanges`: the firewall decides who may connect.

use serde_json::{Value, json};

use crate::site::Site;
use crate::witness::texts;

#[tokio::test]
async fn they_follow_the_spec_and_nothing_else_is_written() {
    let site = Site::new(1).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    let address = site.converges("web").await;
    let anyone = vec!["0.0.0.0/0"];
    for (ranges, expected) in [
        (json!(["192.0.2.0/24"]), vec!["192.0.2.0/24"]),
        (json!(["192.0.2.7/32", "10.0.0.0/8"]), vec!["10.0.0.0/8", "192.0.2.7/32"]),
        (Value::Null, anyone),
    ] {
        site.gce.reset_counts();
        let spec = json!({ "loadBalancerSourceRanges": ranges });
        assert_eq!(site.follows("web", spec).await, address);
        let firewalls = site.things("firewalls", "web");
        assert_eq!(firewalls.len(), 1, "{firewalls:?}");
        let mut sources = texts(&firewalls[0]["sourceRanges"]);
        sources.sort();
        // Google may leave out the length of a prefix that is one address.
        let plain = |range: &str| range.trim_end_matches("/32").to_owned();
        let sources: Vec<_> = sources.iter().map(|range| plain(range)).collect();
        assert_eq!(sources, expected.into_iter().map(plain).collect::<Vec<_>>());
        let writes: Vec<_> = site.writes().into_iter().collect();
        assert_eq!(writes, [("firewalls.update".to_owned(), 1)]);
    }
    site.close(seaway).await;
}
