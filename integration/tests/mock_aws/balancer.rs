use std::time::Duration;

use crate::site::{Site, arn, attribute};

fn with<'a>(
    params: &'a [(&'static str, String)],
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let replaced = |key: &str| more.iter().any(|(other, _)| *other == key);
    let kept = params.iter().filter(|(key, _)| !replaced(key));
    kept.map(|(key, value)| (*key, value.as_str())).chain(more.iter().copied()).collect()
}

#[tokio::test]
async fn arn_and_dns_name_are_those_of_a_network_load_balancer() {
    let site = Site::new().await;
    let made = site.balancer("web").await;
    assert!(made.contains(":loadbalancer/net/web/"), "{made}");
    let id = made.rsplit('/').next().unwrap();
    let seen = site.ok("DescribeLoadBalancers", &[("Names.member.1", "web")]).await;
    let seen = seen.items("LoadBalancers").next().unwrap();
    assert_eq!(seen.text("LoadBalancerArn"), made);
    assert_eq!(seen.text("DNSName"), format!("web-{id}.elb.eu-central-1.amazonaws.com"));
    assert_eq!(seen.text("Scheme"), "internet-facing");
}

#[tokio::test]
async fn a_load_balancer_is_provisioning_for_its_time() {
    let site = Site::new().await;
    site.aws.set_provisioning_time(Duration::from_hours(1));
    site.balancer("web").await;
    assert_eq!(site.aws.inventory().await.balancers["web"].state, "provisioning");
    assert_eq!(site.aws.inventory().await.balancers["web"].state, "provisioning");
    site.aws.set_provisioning_time(Duration::ZERO);
    assert_eq!(site.aws.inventory().await.balancers["web"].state, "active");
}

#[tokio::test]
async fn bad_names_are_refused() {
    let site = Site::new().await;
    let params = site.balancer_params("");
    for name in ["", "-a", "a-", "a_b", "a.b", "internal-a", &"a".repeat(33)] {
        let code = site.refused("CreateLoadBalancer", &with(&params, &[("Name", name)])).await;
        assert_eq!(code, "ValidationError", "{name:?}");
    }
    let name = "a".repeat(32);
    site.ok("CreateLoadBalancer", &with(&params, &[("Name", &name)])).await;
}

#[tokio::test]
async fn the_same_again_is_the_same_load_balancer_and_other_settings_are_refused() {
    let site = Site::new().await;
    let made = site.balancer("web").await;
    assert_eq!(site.balancer("web").await, made);
    assert_eq!(site.aws.inventory().await.balancers.len(), 1);
    let params = site.balancer_params("web");
    let tags = with(&params, &[("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]);
    assert_eq!(arn(&site.ok("CreateLoadBalancer", &tags).await, "LoadBalancerArn"), made);
    assert_eq!(site.aws.inventory().await.balancers["web"].tags.len(), 0);

    let other = site.seed.public[1].id.as_str();
    for change in [("Scheme", "internal"), ("Subnets.member.2", other), ("Subnets.member.1", other)]
    {
        let code = site.refused("CreateLoadBalancer", &with(&params, &[change])).await;
        assert_eq!(code, "DuplicateLoadBalancerName", "{change:?}");
    }
}

#[tokio::test]
async fn a_zone_has_one_subnet() {
    let site = Site::new().await;
    let params = site.balancer_params("web");
    let same_zone = [("Subnets.member.2", site.seed.private[0].id.as_str())];
    let code = site.refused("CreateLoadBalancer", &with(&params, &same_zone)).await;
    assert_eq!(code, "InvalidConfigurationRequest");
    let unknown = [("Subnets.member.1", "subnet-0")];
    assert_eq!(
        site.refused("CreateLoadBalancer", &with(&params, &unknown)).await,
        "SubnetNotFound"
    );
}

#[tokio::test]
async fn zones_come_and_go_and_keep_their_subnets() {
    let site = Site::new().await;
    let balancer = site.balancer("web").await;
    let [first, second, _] = &site.seed.public[..] else { panic!("three zones") };
    let set = |subnets: &[&str]| {
        let names = ["Subnets.member.1", "Subnets.member.2"];
        let mut params = vec![("LoadBalancerArn".to_owned(), balancer.clone())];
        let subnets = names.iter().zip(subnets);
        params.extend(subnets.map(|(name, id)| ((*name).to_owned(), (*id).to_owned())));
        params
    };
    for subnets in [&[&*first.id, &*second.id][..], &[&*second.id], &[&*first.id]] {
        let params = set(subnets);
        let params: Vec<_> = params.iter().map(|(key, value)| (&**key, &**value)).collect();
        let answer = site.ok("SetSubnets", &params).await;
        assert_eq!(answer.items("AvailabilityZones").count(), subnets.len());
        let seen = site.aws.inventory().await.balancers["web"].subnets.clone();
        assert_eq!(seen, subnets.iter().map(|id| (*id).to_owned()).collect());
    }
    let params = set(&[&site.seed.private[0].id]);
    let params: Vec<_> = params.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(site.refused("SetSubnets", &params).await, "InvalidConfigurationRequest");
}

#[tokio::test]
async fn addresses_are_shown_as_they_were_asked_for() {
    let site = Site::new().await;
    let seen = site.ec2("AllocateAddress", &[("Domain", "vpc")]).await.xml();
    let (id, address) = (seen.text("allocationId"), seen.text("publicIp"));
    let subnet = site.seed.public[0].id.as_str();
    let params = [
        ("Name", "web"),
        ("Type", "network"),
        ("SubnetMappings.member.1.SubnetId", subnet),
        ("SubnetMappings.member.1.AllocationId", &id),
    ];
    site.ok("CreateLoadBalancer", &params).await;
    let seen = site.ok("DescribeLoadBalancers", &[]).await;
    assert_eq!(arn(&seen, "AllocationId"), id);
    assert_eq!(arn(&seen, "IpAddress"), address);
    let unknown = [
        params[1],
        params[2],
        ("Name", "other"),
        ("SubnetMappings.member.1.AllocationId", "eipalloc-0"),
    ];
    assert_eq!(site.refused("CreateLoadBalancer", &unknown).await, "AllocationIdNotFound");
}

#[tokio::test]
async fn security_groups_can_be_set_only_if_there_were_some_at_first() {
    let site = Site::new().await;
    let guarded = site.balancer("guarded").await;
    let params = site.balancer_params("open");
    let bare = site.ok("CreateLoadBalancer", &with(&params[..3], &[])).await;
    let bare = arn(&bare, "LoadBalancerArn");
    let group = site.seed.node_group.as_str();
    let set = |balancer| [("LoadBalancerArn", balancer), ("SecurityGroups.member.1", group)];
    let answer = site.ok("SetSecurityGroups", &set(&guarded)).await;
    assert_eq!(answer.items("SecurityGroupIds").next().unwrap().text, group);
    let code = site.refused("SetSecurityGroups", &set(&bare)).await;
    assert_eq!(code, "InvalidConfigurationRequest");
    let none = [("LoadBalancerArn", guarded.as_str())];
    assert_eq!(site.refused("SetSecurityGroups", &none).await, "InvalidConfigurationRequest");
    let unknown = [("LoadBalancerArn", guarded.as_str()), ("SecurityGroups.member.1", "sg-0")];
    assert_eq!(site.refused("SetSecurityGroups", &unknown).await, "InvalidSecurityGroup");
}

#[tokio::test]
async fn attributes_are_those_of_network_load_balancers() {
    let site = Site::new().await;
    let balancer = site.balancer("web").await;
    let set = |key, value| attribute("LoadBalancerArn", &balancer, key, value);
    site.ok("ModifyLoadBalancerAttributes", &set("load_balancing.cross_zone.enabled", "true"))
        .await;
    let seen = &site.aws.inventory().await.balancers["web"].attributes;
    assert_eq!(seen["load_balancing.cross_zone.enabled"], "true");
    assert_eq!(seen["dns_record.client_routing_policy"], "any_availability_zone");
    for (key, value) in [
        ("idle_timeout.timeout_seconds", "60"),
        ("no.such.key", "true"),
        ("deletion_protection.enabled", "yes"),
        ("dns_record.client_routing_policy", "anywhere"),
    ] {
        let code = site.refused("ModifyLoadBalancerAttributes", &set(key, value)).await;
        assert_eq!(code, "ValidationError", "{key}={value}");
    }
}

#[tokio::test]
async fn a_protected_load_balancer_stays() {
    let site = Site::new().await;
    let balancer = site.balancer("web").await;
    let key = "deletion_protection.enabled";
    let protect = |value| attribute("LoadBalancerArn", &balancer, key, value);
    site.ok("ModifyLoadBalancerAttributes", &protect("true")).await;
    let named = [("LoadBalancerArn", balancer.as_str())];
    assert_eq!(site.refused("DeleteLoadBalancer", &named).await, "OperationNotPermitted");
    site.ok("ModifyLoadBalancerAttributes", &protect("false")).await;
    site.ok("DeleteLoadBalancer", &named).await;
    assert_eq!(site.aws.inventory().await.balancers.len(), 0);
}

#[tokio::test]
async fn deleting_twice_succeeds_and_a_name_is_no_arn() {
    let site = Site::new().await;
    let (balancer, group) = site.served("web").await;
    for _ in 0..2 {
        site.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &balancer)]).await;
    }
    assert_eq!(
        site.refused("DeleteLoadBalancer", &[("LoadBalancerArn", "web")]).await,
        "LoadBalancerNotFound"
    );
    let seen = site.ok("DescribeTargetGroups", &[("TargetGroupArns.member.1", &group)]).await;
    let seen = seen.items("TargetGroups").next().unwrap();
    assert_eq!(seen.items("LoadBalancerArns").count(), 0, "it is gone there too");
    assert_ne!(site.balancer("web").await, balancer, "the name is free");
}

#[tokio::test]
async fn what_is_not_there_is_not_found_even_beside_what_is() {
    let site = Site::new().await;
    let balancer = site.balancer("web").await;
    let both = [
        ("LoadBalancerArns.member.1", balancer.as_str()),
        ("LoadBalancerArns.member.2", "arn:aws:none"),
    ];
    assert_eq!(site.refused("DescribeLoadBalancers", &both).await, "LoadBalancerNotFound");
    let named = [("Names.member.1", "web"), ("Names.member.2", "none")];
    assert_eq!(site.refused("DescribeLoadBalancers", &named).await, "LoadBalancerNotFound");
}

#[tokio::test]
async fn at_most_twenty_are_described_by_arn() {
    let site = Site::new().await;
    let names: Vec<_> = (1..=21).map(|at| format!("LoadBalancerArns.member.{at}")).collect();
    let params: Vec<_> = names.iter().map(|name| (name.as_str(), "arn:aws:none")).collect();
    assert_eq!(site.refused("DescribeLoadBalancers", &params).await, "ValidationError");
    assert_eq!(site.refused("DescribeLoadBalancers", &params[..20]).await, "LoadBalancerNotFound");
}

#[tokio::test]
async fn pages_go_on_where_they_ended_even_if_that_one_is_gone() {
    let site = Site::new().await;
    let mut arns = Vec::new();
    for name in ["e", "d", "c", "b", "a"] {
        arns.push(site.balancer(name).await);
    }
    let first = site.ok("DescribeLoadBalancers", &[("PageSize", "2")]).await;
    let marker = first.text("NextMarker");
    site.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &arns[1])]).await;
    let params = [("PageSize", "2"), ("Marker", marker.as_str())];
    let second = site.ok("DescribeLoadBalancers", &params).await;
    let names = |page: &seaway_integration::mock_aws::Element| -> Vec<String> {
        page.items("LoadBalancers").map(|it| it.text("LoadBalancerName")).collect()
    };
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["e".into(), "d".into()], vec!["c".into(), "b".into()])
    );
    let params = [("Marker", second.text("NextMarker"))];
    let last = site.ok("DescribeLoadBalancers", &[("Marker", &*params[0].1)]).await;
    assert_eq!((names(&last), last.text("NextMarker")), (vec!["a".into()], String::new()));
    for size in ["0", "401", "many"] {
        assert_eq!(
            site.refused("DescribeLoadBalancers", &[("PageSize", size)]).await,
            "ValidationError"
        );
    }
}
