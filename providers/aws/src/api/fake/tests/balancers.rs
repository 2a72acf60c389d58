use super::*;

#[tokio::test]
async fn a_load_balancer_is_active_in_its_time() {
    let place = Place::new();
    let new = place.cloud.create_load_balancer(&place.balancer("a")).await.unwrap();
    assert_eq!(new.state, State::Provisioning);
    assert_eq!(new.vpc, "vpc-1");
    let look = || place.cloud.load_balancers(Which::Arns(vec![new.arn.clone()]));
    place.pass(89);
    assert_eq!(look().await.unwrap().items[0].state, State::Provisioning);
    place.pass(1);
    assert_eq!(look().await.unwrap().items[0].state, State::Active);
}

#[tokio::test]
async fn a_name_is_made_once_and_refused_for_anything_else() {
    let place = Place::new();
    let arn = place.made("a").await;
    assert_eq!(place.made("a").await, arn);
    let mut other = place.balancer("a");
    other.subnets.pop();
    refused(place.cloud.create_load_balancer(&other).await, "DuplicateLoadBalancerName");

    let arn = place.group("a", Transport::Tcp).await;
    assert_eq!(place.group("a", Transport::Tcp).await, arn);
    let other = group("a", Transport::Udp);
    refused(place.cloud.create_target_group(&other).await, "DuplicateTargetGroupName");
}

#[tokio::test]
async fn a_load_balancer_that_can_not_be_is_refused() {
    async fn check(code: &str, spoil: impl FnOnce(&Place, &mut NewLoadBalancer)) {
        let place = Place::new();
        let mut new = place.balancer("a");
        spoil(&place, &mut new);
        refused(place.cloud.create_load_balancer(&new).await, code);
        assert!(place.cloud.state().balancers.is_empty());
    }
    let long = "a".repeat(33);
    for name in ["", "-a", "a-", "a_b", "internal-a", &long] {
        check("ValidationError", |_, new| new.name = name.to_owned()).await;
    }
    check("SubnetNotFound", |_, new| new.subnets[0] = subnet("subnet-0")).await;
    check("ValidationError", |_, new| new.subnets.clear()).await;
    check("InvalidSecurityGroup", |_, new| new.security_groups = ["sg-0".to_owned()].into()).await;
    let invalid = "InvalidConfigurationRequest";
    check(invalid, |_, new| new.subnets[0] = subnet("subnet-1-private-b")).await;
    check(invalid, |_, new| new.subnets[0].private_ipv4 = "10.0.0.1".parse().ok()).await;
    check(invalid, |_, new| {
        new.scheme = Scheme::Internal;
        new.subnets[0].allocation = Some("eipalloc-1".to_owned());
    })
    .await;
    check(invalid, |_, new| new.ip_address_type = IpAddressType::Dualstack).await;
    check(invalid, |place, new| {
        new.security_groups = place.cloud.edit(|world| {
            let add = |number| world.add_security_group(&format!("g{number}"), "vpc-1", [].into());
            (0..6).map(add).collect()
        });
    })
    .await;
    check(invalid, |place, new| {
        let group = place.cloud.edit(|world| world.add_security_group("a", "vpc-2", [].into()));
        new.security_groups = [group].into();
    })
    .await;
}

#[tokio::test]
async fn what_was_made_can_be_changed_only_as_aws_permits() {
    let place = Place::new();
    let cloud = &place.cloud;
    let bare = NewLoadBalancer { security_groups: [].into(), ..place.balancer("bare") };
    let bare = cloud.create_load_balancer(&bare).await.unwrap().arn;
    let firewall = [place.firewall.clone()].into();
    let invalid = "InvalidConfigurationRequest";
    refused(cloud.set_security_groups(&bare, &firewall).await, invalid);

    let set = |ids: &[&str], kind| {
        let subnets: Vec<_> = ids.iter().map(|id| subnet(id)).collect();
        let bare = bare.clone();
        async move { cloud.set_subnets(&bare, &subnets, kind).await }
    };
    let (a, b, c) = ("subnet-1-public-a", "subnet-1-public-b", "subnet-1-public-c");
    let (ipv4, dual) = (IpAddressType::Ipv4, IpAddressType::Dualstack);
    refused(set(&["subnet-1-private-a", b], ipv4).await, invalid);
    refused(set(&[a, b, c], dual).await, invalid);
    refused(cloud.set_ip_address_type(&bare, dual).await, invalid);
    cloud.edit(|world| world.add_ipv6("vpc-1"));
    set(&[a, b, c], dual).await.unwrap();
    // One within a zone takes two calls.
    set(&[b, c], dual).await.unwrap();
    set(&["subnet-1-private-a", b, c], ipv4).await.unwrap();
    cloud.set_ip_address_type(&bare, dual).await.unwrap();
    let shown = cloud.load_balancers(Which::Name("bare".to_owned())).await.unwrap().items;
    assert_eq!(shown[0].subnets, ["subnet-1-private-a", b, c].map(str::to_owned).into());
    assert_eq!(shown[0].ip_address_type, dual);
}

#[tokio::test]
async fn deletion_protection_holds_and_what_is_gone_is_deleted() {
    let place = Place::new();
    let (balancer, group, listener) = place.serving().await;
    let cloud = &place.cloud;
    let protect = |value| tags(&[("deletion_protection.enabled", value)]);
    cloud.set_balancer_attributes(&balancer, &protect("true")).await.unwrap();
    refused(cloud.delete_load_balancer(&balancer).await, "OperationNotPermitted");
    cloud.set_balancer_attributes(&balancer, &protect("false")).await.unwrap();
    for _ in 0..2 {
        cloud.delete_listener(&listener).await.unwrap();
        cloud.delete_load_balancer(&balancer).await.unwrap();
        cloud.delete_target_group(&group).await.unwrap();
    }
    refused(cloud.listeners(&balancer).await, "LoadBalancerNotFound");
    refused(cloud.group_attributes(&group).await, "TargetGroupNotFound");
}

#[tokio::test]
async fn what_a_deleted_load_balancer_used_comes_free_in_time() {
    let place = Place::new();
    let (balancer, group, _) = place.serving().await;
    let cloud = &place.cloud;
    refused(cloud.delete_target_group(&group).await, "ResourceInUse");
    refused(cloud.delete_security_group(&place.firewall).await, "DependencyViolation");
    cloud.delete_load_balancer(&balancer).await.unwrap();
    refused(cloud.delete_target_group(&group).await, "ResourceInUse");
    place.pass(5);
    cloud.delete_target_group(&group).await.unwrap();
    refused(cloud.delete_security_group(&place.firewall).await, "DependencyViolation");
    place.pass(55);
    cloud.delete_security_group(&place.firewall).await.unwrap();
    cloud.delete_security_group(&place.firewall).await.unwrap();
}

#[tokio::test]
async fn a_target_group_can_be_free_at_once() {
    let place = Place::new();
    place.cloud.edit(|world| world.limits.release = Duration::ZERO);
    let (balancer, group, _) = place.serving().await;
    place.cloud.delete_load_balancer(&balancer).await.unwrap();
    place.cloud.delete_target_group(&group).await.unwrap();
}

#[tokio::test]
async fn a_listener_leads_only_where_it_can() {
    let place = Place::new();
    let cloud = &place.cloud;
    let (balancer, first, listener) = place.serving().await;
    let listen = |port, spec: ListenerSpec| {
        let balancer = balancer.clone();
        async move { cloud.create_listener(&balancer, port, &spec, &Tags::new()).await }
    };
    let udp = place.group("udp", Transport::Udp).await;
    refused(listen(80, leads(Transport::Udp, &udp)).await, "DuplicateListener");
    let gone = Arn("arn:aws:x:targetgroup/gone/1".to_owned());
    refused(listen(81, leads(Transport::Tcp, &gone)).await, "TargetGroupNotFound");
    let invalid = "InvalidConfigurationRequest";
    for protocol in [Transport::Tcp, Transport::TcpUdp, Transport::Tls] {
        refused(listen(81, leads(protocol, &udp)).await, invalid);
    }
    refused(cloud.modify_listener(&listener, &leads(Transport::Udp, &first)).await, invalid);
    let both = place.group("both", Transport::TcpUdp).await;
    listen(53, leads(Transport::TcpUdp, &both)).await.unwrap();

    let mut tls = leads(Transport::Tls, &first);
    refused(listen(443, tls.clone()).await, "CertificateNotFound");
    tls.certificate = Some("arn:aws:acm:eu-west-1:123456789012:certificate/1".to_owned());
    let made = listen(443, tls.clone()).await.unwrap();
    assert_eq!(made.spec.policy.as_deref(), Some("ELBSecurityPolicy-2016-08"));
    tls.policy = Some("none".to_owned());
    refused(cloud.modify_listener(&made.arn, &tls).await, "SSLPolicyNotFound");

    let other = place.made("other").await;
    let spec = leads(Transport::Tcp, &first);
    let answer = cloud.create_listener(&other, 80, &spec, &EMPTY).await;
    refused(answer, "TargetGroupAssociationLimit");
    cloud.edit(|world| world.limits.listeners = 3);
    refused(listen(82, leads(Transport::Tcp, &first)).await, "TooManyListeners");
    let groups = cloud.target_groups(Which::Name("a".to_owned())).await.unwrap().items;
    assert_eq!(groups[0].balancers, [balancer.clone()].into());
}
