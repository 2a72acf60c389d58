use crate::site::Site;

#[tokio::test]
async fn at_most_twenty_resources_are_in_a_call() {
    let site = Site::new().await;
    let names: Vec<_> = (1..=21).map(|at| format!("ResourceArns.member.{at}")).collect();
    let params: Vec<_> = names.iter().map(|name| (name.as_str(), "arn:aws:none")).collect();
    for action in ["AddTags", "DescribeTags", "RemoveTags"] {
        assert_eq!(site.refused(action, &params).await, "ValidationError", "{action}");
    }
}

#[tokio::test]
async fn what_is_gone_has_no_tags_to_read() {
    let site = Site::new().await;
    let (balancer, group) = site.served("web").await;
    let seen = site.aws.inventory().await;
    let listener = &seen.balancers["web"].listeners[&80].arn;
    site.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &balancer)]).await;
    site.ok("DeleteTargetGroup", &[("TargetGroupArn", &group)]).await;
    for (arn, code) in [
        (&balancer, "LoadBalancerNotFound"),
        (listener, "ListenerNotFound"),
        (&group, "TargetGroupNotFound"),
    ] {
        let named = [("ResourceArns.member.1", arn.as_str())];
        assert_eq!(site.refused("DescribeTags", &named).await, code);
    }
}

#[tokio::test]
async fn tags_come_and_go() {
    let site = Site::new().await;
    let balancer = site.balancer("web").await;
    let tag = [
        ("ResourceArns.member.1", balancer.as_str()),
        ("Tags.member.1.Key", "a"),
        ("Tags.member.1.Value", "b"),
    ];
    site.ok("AddTags", &tag).await;
    assert_eq!(site.aws.inventory().await.balancers["web"].tags["a"], "b");
    site.ok("RemoveTags", &[tag[0], ("TagKeys.member.1", "a")]).await;
    assert_eq!(site.aws.inventory().await.balancers["web"].tags.len(), 0);
}
