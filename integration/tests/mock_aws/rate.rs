use seaway_integration::mock_aws::{Answer, Service};

use crate::site::Site;

#[tokio::test]
async fn beyond_the_burst_calls_are_throttled_in_each_services_own_words() {
    let site = Site::new().await;
    // So low that nothing is refilled while the test runs: two of 20, five of 50.
    site.aws.limit(0.1);
    let mut codes = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        codes.push(site.call("CreateTargetGroup", &site.group_params(name, "TCP")).await);
    }
    let last = codes.last().unwrap();
    assert_eq!((last.status, last.code().as_deref()), (400, Some("Throttling")));
    assert!(last.body.contains("Rate exceeded"), "{}", last.body);
    assert!(codes[..2].iter().all(Answer::is_ok));
    assert!(
        site.call("DescribeTargetGroups", &[]).await.is_ok(),
        "reads have a bucket of their own"
    );

    let tag = [("ResourceId.1", &*site.seed.vpc), ("Tag.1.Key", "a"), ("Tag.1.Value", "b")];
    let mut throttled = Vec::new();
    for _ in 0..50 {
        let answer = site.send(Service::Ec2, "CreateTags", &tag).await.unwrap();
        throttled.extend(answer.code().map(|code| (answer.status, code)));
    }
    assert!(throttled.contains(&(503, "RequestLimitExceeded".to_owned())), "{throttled:?}");
    assert_eq!(site.aws.counts()["CreateTags"], 50, "what is throttled is counted");

    site.aws.unlimited();
    site.group("f", "TCP").await;
}

#[tokio::test]
async fn what_a_test_does_itself_takes_no_tokens() {
    let site = Site::new().await;
    site.aws.limit(0.05);
    for _ in 0..3 {
        site.aws.inventory().await;
    }
    site.group("web", "TCP").await;
}
