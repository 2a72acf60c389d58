use super::*;

#[tokio::test]
async fn targets_come_and_go_in_their_time() {
    let place = Place::new();
    let (_, group, _) = place.serving().await;
    let cloud = &place.cloud;
    let at = |state| vec![("i-1:30080".to_owned(), state)];
    cloud.register(&group, &targets(&["i-1"])).await.unwrap();
    assert_eq!(place.health(&group).await, at(TargetState::Initial));
    place.pass(30);
    assert_eq!(place.health(&group).await, at(TargetState::Healthy));
    cloud.edit(|world| world.groups.get_mut(&group).unwrap().failing = targets(&["i-1"]));
    assert_eq!(place.health(&group).await, at(TargetState::Unhealthy));
    // Again changes nothing.
    cloud.register(&group, &targets(&["i-1"])).await.unwrap();
    assert_eq!(place.health(&group).await, at(TargetState::Unhealthy));

    cloud.deregister(&group, &targets(&["i-1", "i-2"])).await.unwrap();
    place.pass(299);
    assert_eq!(place.health(&group).await, at(TargetState::Draining));
    place.pass(1);
    assert_eq!(place.health(&group).await, []);

    let delay = tags(&[("deregistration_delay.timeout_seconds", "10")]);
    cloud.set_group_attributes(&group, &delay).await.unwrap();
    cloud.register(&group, &targets(&["i-1"])).await.unwrap();
    cloud.deregister(&group, &targets(&["i-1"])).await.unwrap();
    place.pass(10);
    assert_eq!(place.health(&group).await, []);
}

#[tokio::test]
async fn targets_without_a_listener_or_a_running_instance_are_unused() {
    let place = Place::new();
    let group = place.group("a", Transport::Tcp).await;
    place.cloud.register(&group, &targets(&["i-1"])).await.unwrap();
    let reason = |all: Vec<TargetHealth>| all[0].reason.clone().unwrap();
    let health = place.cloud.target_health(&group).await.unwrap();
    assert_eq!(health[0].state, TargetState::Unused);
    assert_eq!(reason(health), "Target.NotInUse");
    place.cloud.stop("i-1");
    let health = place.cloud.target_health(&group).await.unwrap();
    assert_eq!(reason(health), "Target.InvalidState");
}

#[tokio::test]
async fn one_target_that_is_refused_fails_the_whole_call() {
    let place = Place::new();
    let group = place.group("a", Transport::Tcp).await;
    let cloud = &place.cloud;
    cloud.stop("i-1");
    cloud.stop("i-2");
    let fault = cloud.register(&group, &targets(&["i-1", "i-2", "i-3"])).await.unwrap_err();
    let message = "The following targets are not in a running state and cannot be registered: \
                   'i-1', 'i-2'";
    assert_eq!(fault, Fault::refused("InvalidTarget", message));
    cloud.start("i-1");
    cloud.edit(|world| world.limits.targets = 2);
    refused(cloud.register(&group, &targets(&["i-1", "i-3", "i-4"])).await, "TooManyTargets");
    assert!(cloud.state().groups[&group].targets.is_empty());
    cloud.register(&group, &targets(&["i-1", "i-3"])).await.unwrap();
    cloud.register(&group, &targets(&["i-1", "i-3"])).await.unwrap();

    let many: Vec<_> = (0..201).map(|number| format!("i-{number}")).collect();
    let many = targets(&many.iter().map(String::as_str).collect::<Vec<_>>());
    refused(cloud.register(&group, &many).await, "ValidationError");
    refused(cloud.deregister(&group, &many).await, "ValidationError");
}

#[tokio::test]
async fn attributes_show_their_defaults_until_they_are_set() {
    let place = Place::new();
    let cloud = &place.cloud;
    let (balancer, tcp, _) = place.serving().await;
    let udp = place.group("udp", Transport::Udp).await;
    let before = cloud.balancer_attributes(&balancer).await.unwrap();
    assert_eq!(before["load_balancing.cross_zone.enabled"], "false");
    let set = tags(&[("load_balancing.cross_zone.enabled", "true")]);
    cloud.set_balancer_attributes(&balancer, &set).await.unwrap();
    let after = cloud.balancer_attributes(&balancer).await.unwrap();
    assert_eq!(after["load_balancing.cross_zone.enabled"], "true");
    assert_eq!(after.len(), before.len());
    let ends = "deregistration_delay.connection_termination.enabled";
    assert_eq!(cloud.group_attributes(&tcp).await.unwrap()[ends], "false");
    assert_eq!(cloud.group_attributes(&udp).await.unwrap()[ends], "true");

    let wrong = "ValidationError";
    for pair in [("idle_timeout.timeout_seconds", "60"), ("deletion_protection.enabled", "yes")] {
        refused(cloud.set_balancer_attributes(&balancer, &tags(&[pair])).await, wrong);
    }
    let preserve = tags(&[("preserve_client_ip.enabled", "false")]);
    refused(cloud.set_group_attributes(&udp, &preserve).await, wrong);
    cloud.set_group_attributes(&tcp, &preserve).await.unwrap();
    let late = tags(&[("deregistration_delay.timeout_seconds", "3601")]);
    refused(cloud.set_group_attributes(&tcp, &late).await, wrong);
}

#[tokio::test]
async fn a_health_check_keeps_within_bounds() {
    let place = Place::new();
    let arn = place.group("a", Transport::Tcp).await;
    let check = |change: fn(&mut HealthCheck)| {
        let mut health = group("a", Transport::Tcp).health_check;
        change(&mut health);
        let (arn, cloud) = (arn.clone(), place.cloud.clone());
        async move { cloud.set_health_check(&arn, &health).await }
    };
    refused(check(|it| it.interval = 4).await, "ValidationError");
    refused(check(|it| it.timeout = 1).await, "ValidationError");
    refused(check(|it| it.timeout = 11).await, "ValidationError");
    refused(check(|it| it.healthy = 1).await, "ValidationError");
    refused(check(|it| it.unhealthy = 11).await, "ValidationError");
    refused(check(|it| it.path = Some("/healthz".to_owned())).await, "ValidationError");
    let http = |it: &mut HealthCheck| {
        it.protocol = HealthProtocol::Http;
        it.path = Some("/healthz".to_owned());
        it.timeout = 6;
    };
    check(http).await.unwrap();
    assert_eq!(place.cloud.state().groups[&arn].health_check.timeout, 6);
}
