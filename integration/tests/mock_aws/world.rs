use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_integration::mock_aws::{Inventory, Rule, Service};

use crate::site::{Site, arn, listener};

#[tokio::test]
async fn two_worlds_on_one_moto_do_not_see_each_other() {
    let (one, other) = (Site::new().await, Site::new().await);
    assert_ne!(one.aws.account(), other.aws.account());
    assert_ne!(one.seed.vpc, other.seed.vpc);
    let balancer = one.balancer("same").await;
    let group = one.group("same", "TCP").await;
    assert!(balancer.contains(one.aws.account()), "{balancer}");

    let seen = other.aws.inventory().await;
    assert_eq!(seen.balancers, BTreeMap::new());
    assert_eq!(seen.target_groups, BTreeMap::new());
    assert!(!seen.security_groups.contains_key(&one.seed.node_group));
    let named = [("LoadBalancerArns.member.1", balancer.as_str())];
    assert_eq!(other.refused("DescribeLoadBalancers", &named).await, "LoadBalancerNotFound");

    other.balancer("same").await;
    other.group("same", "TCP").await;
    other.ok("DeleteTargetGroup", &[("TargetGroupArn", &group)]).await;
    other.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &balancer)]).await;
    let seen = one.aws.inventory().await;
    assert_eq!((seen.balancers.len(), seen.target_groups.len()), (1, 1));
}

#[tokio::test]
async fn a_user_has_subnets_in_three_zones_and_a_group_of_nodes() {
    let site = Site::new().await;
    assert_eq!((site.seed.public.len(), site.seed.private.len()), (3, 3));
    let zones = |subnets: &[seaway_integration::mock_aws::Subnet]| -> BTreeSet<String> {
        subnets.iter().map(|subnet| subnet.zone.clone()).collect()
    };
    assert_eq!(zones(&site.seed.public).len(), 3);
    assert_eq!(zones(&site.seed.public), zones(&site.seed.private));
    for (role, subnets) in [("elb", &site.seed.public), ("internal-elb", &site.seed.private)] {
        let key = format!("tag:kubernetes.io/role/{role}");
        let filter = [("Filter.1.Name", key.as_str()), ("Filter.1.Value.1", "1")];
        let seen = site.ec2("DescribeSubnets", &filter).await.xml();
        let found: BTreeSet<_> = seen.items("subnetSet").map(|it| it.text("subnetId")).collect();
        assert_eq!(found, subnets.iter().map(|subnet| subnet.id.clone()).collect());
    }
    let seen = site.aws.inventory().await;
    let nodes = &seen.security_groups[&site.seed.node_group];
    assert_eq!(nodes.tags["kubernetes.io/cluster/test"], "owned");
}

#[tokio::test]
async fn calls_are_counted_and_what_a_test_does_itself_is_not() {
    let site = Site::new().await;
    assert_eq!(site.aws.counts(), BTreeMap::new());
    site.balancer("counted").await;
    site.refused("DescribeTargetHealth", &[("TargetGroupArn", "none")]).await;
    site.refused("DescribeTargetHealth", &[("TargetGroupArn", "none")]).await;
    site.ec2("DescribeSubnets", &[]).await;
    site.aws.inventory().await;
    let counts = [("CreateLoadBalancer", 1), ("DescribeSubnets", 1), ("DescribeTargetHealth", 2)];
    assert_eq!(site.aws.counts(), counts.map(|(name, count)| (name.to_owned(), count)).into());

    let calls = site.aws.calls();
    assert_eq!(
        (calls[0].get("Name"), calls[0].status, calls[0].service),
        ("counted", Some(200), Service::Elbv2)
    );
    assert_eq!(
        (calls[1].status, calls[1].code.as_deref()),
        (Some(400), Some("TargetGroupNotFound"))
    );
    site.aws.reset_counts();
    assert_eq!(site.aws.counts(), BTreeMap::new());
}

#[tokio::test]
async fn the_inventory_shows_all_that_there_is() {
    let site = Site::new().await;
    site.aws.set_provisioning_time(Duration::ZERO);
    let mut params = site.balancer_params("web");
    params.push(("Tags.member.1.Key", "owner".to_owned()));
    params.push(("Tags.member.1.Value", "me & you".to_owned()));
    let params: Vec<_> = params.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let balancer = arn(&site.ok("CreateLoadBalancer", &params).await, "LoadBalancerArn");
    let group = site.group("web", "TCP").await;
    let made = site.ok("CreateListener", &listener(&balancer, "80", "TCP", &group)).await;
    let targets = [
        ("TargetGroupArn", group.as_str()),
        ("Targets.member.1.Id", "i-1"),
        ("Targets.member.1.Port", "30080"),
    ];
    site.ok("RegisterTargets", &targets).await;
    let source = site.seed.node_group.as_str();
    let rules = [
        ("GroupId", source),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "80"),
        ("IpPermissions.1.ToPort", "443"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/8"),
        ("IpPermissions.1.IpRanges.1.Description", "inside"),
        ("IpPermissions.1.Groups.1.GroupId", source),
    ];
    assert!(site.ec2("AuthorizeSecurityGroupIngress", &rules).await.is_ok());

    let seen = site.aws.inventory().await;
    let web = &seen.balancers["web"];
    assert_eq!(web.arn, balancer);
    assert_eq!(web.scheme, "internet-facing");
    assert_eq!(web.tags["owner"], "me & you");
    assert_eq!(web.attributes["load_balancing.cross_zone.enabled"], "false");
    assert_eq!(web.subnets, [site.seed.public[0].id.clone()].into());
    assert_eq!(web.security_groups, [site.seed.node_group.clone()].into());
    let port = &web.listeners[&80];
    assert_eq!(port.arn, arn(&made, "ListenerArn"));
    assert_eq!((port.protocol.as_str(), &port.target_group), ("TCP", &group));
    let behind = &seen.target_groups["web"];
    assert_eq!(behind.targets, [(("i-1".to_owned(), 30080), "healthy".to_owned())].into());
    assert_eq!(behind.balancers, [balancer].into());
    assert_eq!(behind.settings["HealthCheckProtocol"], "TCP");
    let rule = |source: &str, description: &str| Rule {
        protocol: "tcp".to_owned(),
        from: 80,
        to: 443,
        source: source.to_owned(),
        description: description.to_owned(),
    };
    let expected = [rule("10.0.0.0/8", "inside"), rule(source, "")].into();
    assert_eq!(seen.security_groups[source].rules, expected);
    assert_eq!(site.aws.inventory().await, seen, "looking changes nothing");
    assert_ne!(Inventory::default(), seen);
}

#[tokio::test]
async fn the_tagging_api_finds_load_balancers_and_target_groups() {
    let site = Site::new().await;
    let (balancer, group) = site.served("tagged").await;
    for arn in [&balancer, &group] {
        let tag = [
            ("ResourceArns.member.1", arn.as_str()),
            ("Tags.member.1.Key", "a"),
            ("Tags.member.1.Value", "b"),
        ];
        site.ok("AddTags", &tag).await;
    }
    let body = r#"{"TagFilters":[{"Key":"a","Values":["b"]}]}"#;
    let answer = site.aws.ask(Service::Tagging, "GetResources", &[("json", body)]).await;
    assert!(answer.is_ok(), "{answer:?}");
    assert!(answer.body.contains(&balancer) && answer.body.contains(&group), "{answer:?}");
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let site = Site::new().await;
    for action in ["", "MakeCoffee"] {
        assert_eq!(site.refused(action, &[]).await, "InvalidAction");
    }
}
