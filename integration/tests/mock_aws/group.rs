use crate::site::{Site, arn, attribute};

fn set<'a>(group: &'a str, key: &'a str, value: &'a str) -> [(&'a str, &'a str); 3] {
    attribute("TargetGroupArn", group, key, value)
}

#[tokio::test]
async fn bad_names_and_protocols_are_refused() {
    let site = Site::new().await;
    for name in ["", "-a", "a-", "a_b", &"a".repeat(33)] {
        let code = site.refused("CreateTargetGroup", &site.group_params(name, "TCP")).await;
        assert_eq!(code, "ValidationError", "{name:?}");
    }
    let code = site.refused("CreateTargetGroup", &site.group_params("web", "HTTP")).await;
    assert_eq!(code, "ValidationError");
}

#[tokio::test]
async fn the_same_again_is_the_same_target_group_and_other_settings_are_refused() {
    let site = Site::new().await;
    let made = site.group("web", "TCP").await;
    assert_eq!(site.group("web", "TCP").await, made);
    let said =
        [&site.group_params("web", "TCP")[..], &[("HealthCheckPort", "traffic-port")]].concat();
    assert_eq!(arn(&site.ok("CreateTargetGroup", &said).await, "TargetGroupArn"), made);
    let other =
        [&site.group_params("web", "TCP")[..], &[("HealthCheckIntervalSeconds", "10")]].concat();
    for params in [&other[..], &site.group_params("web", "UDP")] {
        let code = site.refused("CreateTargetGroup", params).await;
        assert_eq!(code, "DuplicateTargetGroupName", "{params:?}");
    }
    assert_eq!(site.aws.inventory().await.target_groups.len(), 1);
}

#[tokio::test]
async fn what_is_left_out_is_what_a_network_load_balancer_has() {
    let site = Site::new().await;
    site.group("tcp", "TCP").await;
    let http = [&site.group_params("http", "TCP")[..], &[("HealthCheckProtocol", "HTTP")]].concat();
    site.ok("CreateTargetGroup", &http).await;
    let seen = site.aws.inventory().await.target_groups;
    let timeout = |name: &str| seen[name].settings["HealthCheckTimeoutSeconds"].clone();
    assert_eq!((timeout("tcp"), timeout("http")), ("10".into(), "6".into()));
    assert_eq!(seen["http"].settings["HealthCheckPath"], "/");
    let seen = site.ok("DescribeTargetGroups", &[("Names.member.1", "http")]).await;
    assert_eq!(arn(&seen, "HttpCode"), "200-399");
}

#[tokio::test]
async fn health_checks_have_bounds() {
    let site = Site::new().await;
    let made = site.group("made", "TCP").await;
    let cases = [
        ("HealthCheckIntervalSeconds", "4"),
        ("HealthCheckIntervalSeconds", "301"),
        ("HealthCheckTimeoutSeconds", "1"),
        ("HealthCheckTimeoutSeconds", "121"),
        ("HealthCheckTimeoutSeconds", "31"),
        ("HealthyThresholdCount", "1"),
        ("HealthyThresholdCount", "11"),
        ("UnhealthyThresholdCount", "1"),
        ("UnhealthyThresholdCount", "11"),
        ("HealthCheckProtocol", "UDP"),
    ];
    for case in cases {
        let new = [&site.group_params("new", "TCP")[..], &[case]].concat();
        assert_eq!(site.refused("CreateTargetGroup", &new).await, "ValidationError", "{case:?}");
        let change = [("TargetGroupArn", made.as_str()), case];
        assert_eq!(site.refused("ModifyTargetGroup", &change).await, "ValidationError", "{case:?}");
    }
}

#[tokio::test]
async fn a_change_is_shown_whole() {
    let site = Site::new().await;
    let made = site.group("web", "TCP").await;
    let change = [
        ("TargetGroupArn", made.as_str()),
        ("HealthCheckProtocol", "HTTP"),
        ("HealthCheckPath", "/healthz"),
        ("HealthCheckPort", "10256"),
        ("HealthCheckIntervalSeconds", "10"),
        ("Matcher.HttpCode", "200"),
    ];
    let answer = site.ok("ModifyTargetGroup", &change).await;
    assert_eq!(arn(&answer, "HttpCode"), "200");
    let seen = &site.aws.inventory().await.target_groups["web"].settings;
    for (name, value) in &change[1..5] {
        assert_eq!(seen[*name], *value, "{name}");
    }
}

#[tokio::test]
async fn attributes_are_those_of_network_load_balancers() {
    let site = Site::new().await;
    let (tcp, udp) = (site.group("tcp", "TCP").await, site.group("udp", "UDP").await);
    let seen = site.aws.inventory().await.target_groups;
    let closes = "deregistration_delay.connection_termination.enabled";
    assert_eq!(
        (&*seen["tcp"].attributes[closes], &*seen["udp"].attributes[closes]),
        ("false", "true")
    );
    assert!(!seen["tcp"].attributes.contains_key("slow_start.duration_seconds"));
    let answer = site
        .ok("ModifyTargetGroupAttributes", &set(&tcp, "preserve_client_ip.enabled", "false"))
        .await;
    assert!(answer.items("Attributes").count() > 10, "all are answered");
    site.ok(
        "ModifyTargetGroupAttributes",
        &set(&tcp, "deregistration_delay.timeout_seconds", "3600"),
    )
    .await;
    let unhealthy = "target_health_state.unhealthy";
    let (termination, draining) = (
        format!("{unhealthy}.connection_termination.enabled"),
        format!("{unhealthy}.draining_interval_seconds"),
    );
    for params in [
        set(&udp, "preserve_client_ip.enabled", "false"),
        set(&udp, &termination, "true"),
        set(&tcp, &draining, "10"),
        set(&tcp, "deregistration_delay.timeout_seconds", "3601"),
        set(&tcp, "slow_start.duration_seconds", "30"),
        set(&tcp, "stickiness.type", "lb_cookie"),
        set(&tcp, "no.such.key", "true"),
    ] {
        let code = site.refused("ModifyTargetGroupAttributes", &params).await;
        assert_eq!(code, "ValidationError", "{params:?}");
    }
    site.ok("ModifyTargetGroupAttributes", &set(&tcp, &termination, "false")).await;
    site.ok("ModifyTargetGroupAttributes", &set(&tcp, &draining, "10")).await;
}

#[tokio::test]
async fn a_target_group_in_use_stays_and_one_that_is_gone_is_no_error() {
    let site = Site::new().await;
    let (balancer, group) = site.served("web").await;
    let named = [("TargetGroupArn", group.as_str())];
    assert_eq!(site.refused("DeleteTargetGroup", &named).await, "ResourceInUse");
    site.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &balancer)]).await;
    for _ in 0..2 {
        site.ok("DeleteTargetGroup", &named).await;
    }
    assert_eq!(site.aws.inventory().await.target_groups.len(), 0);
}

#[tokio::test]
async fn target_groups_come_in_pages_and_by_load_balancer() {
    let site = Site::new().await;
    for name in ["c", "b", "a"] {
        site.group(name, "TCP").await;
    }
    let names = |page: &seaway_integration::mock_aws::Element| -> Vec<String> {
        page.items("TargetGroups").map(|it| it.text("TargetGroupName")).collect()
    };
    let first = site.ok("DescribeTargetGroups", &[("PageSize", "2")]).await;
    assert_eq!(names(&first), ["a", "b"]);
    let marker = first.text("NextMarker");
    let last = site.ok("DescribeTargetGroups", &[("PageSize", "2"), ("Marker", &marker)]).await;
    assert_eq!((names(&last), last.text("NextMarker")), (vec!["c".to_owned()], String::new()));

    let (balancer, _) = site.served("web").await;
    let bare = site.balancer("bare").await;
    let seen = site.ok("DescribeTargetGroups", &[("LoadBalancerArn", &balancer)]).await;
    assert_eq!(names(&seen), ["web"]);
    let seen = site.ok("DescribeTargetGroups", &[("LoadBalancerArn", &bare)]).await;
    assert_eq!(names(&seen), Vec::<String>::new());
    let both = [("Names.member.1", "a"), ("Names.member.2", "none")];
    assert_eq!(site.refused("DescribeTargetGroups", &both).await, "TargetGroupNotFound");
}
