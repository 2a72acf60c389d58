use crate::site::{Site, arn, attribute, listener};

#[tokio::test]
async fn a_port_has_one_listener() {
    let site = Site::new().await;
    let (balancer, group) = site.served("web").await;
    let again = listener(&balancer, "80", "TCP", &group);
    assert_eq!(site.refused("CreateListener", &again).await, "DuplicateListener");
    let other = site.listener(&balancer, "81", &group).await;
    let moved = [("ListenerArn", other.as_str()), ("Port", "80")];
    assert_eq!(site.refused("ModifyListener", &moved).await, "DuplicateListener");
    site.ok("ModifyListener", &[("ListenerArn", &other), ("Port", "82")]).await;
    site.listener(&balancer, "81", &group).await;
    let ports: Vec<_> =
        site.aws.inventory().await.balancers["web"].listeners.keys().copied().collect();
    assert_eq!(ports, [80, 81, 82]);
}

#[tokio::test]
async fn a_load_balancer_has_at_most_fifty_listeners() {
    let site = Site::new().await;
    let (balancer, group) = site.served("web").await;
    for port in 101..150 {
        site.listener(&balancer, &port.to_string(), &group).await;
    }
    let more = listener(&balancer, "150", "TCP", &group);
    assert_eq!(site.refused("CreateListener", &more).await, "TooManyListeners");
    site.aws.set_listener_quota(51);
    site.ok("CreateListener", &more).await;
}

#[tokio::test]
async fn listener_and_target_group_speak_the_same_protocol() {
    let site = Site::new().await;
    let balancer = site.balancer("web").await;
    let certificate = site.aws.certificate("one");
    let protocols = ["TCP", "UDP", "TCP_UDP", "TLS"];
    for (at, protocol) in protocols.into_iter().enumerate() {
        for (number, behind) in protocols.into_iter().enumerate() {
            let name = format!("g-{at}-{number}");
            let group = site.group(&name, behind).await;
            let port = (100 + 10 * at + number).to_string();
            let mut params = listener(&balancer, &port, protocol, &group).to_vec();
            if protocol == "TLS" {
                params.push(("Certificates.member.1.CertificateArn", &certificate));
            }
            let suits = protocol == behind || (protocol, behind) == ("TLS", "TCP");
            let code = site.call("CreateListener", &params).await.code();
            let expected = if suits { None } else { Some("ValidationError") };
            assert_eq!(code.as_deref(), expected, "{protocol} to {behind}");
        }
    }
}

#[tokio::test]
async fn tls_needs_a_certificate_that_exists() {
    let site = Site::new().await;
    let (balancer, group) = (site.balancer("web").await, site.group("web", "TCP").await);
    let bare = listener(&balancer, "443", "TLS", &group);
    assert_eq!(site.refused("CreateListener", &bare).await, "ValidationError");
    let with = |arn| [&bare[..], &[("Certificates.member.1.CertificateArn", arn)]].concat();
    let unknown = "arn:aws:acm:eu-central-1:1:certificate/none";
    assert_eq!(site.refused("CreateListener", &with(unknown)).await, "CertificateNotFound");
    let certificate = site.aws.certificate("one");
    let made = arn(&site.ok("CreateListener", &with(&certificate)).await, "ListenerArn");
    assert_eq!(
        site.aws.inventory().await.balancers["web"].listeners[&443].certificates,
        [certificate]
    );

    let other = site.aws.certificate("two");
    let params = [("ListenerArn", made.as_str()), ("Certificates.member.1.CertificateArn", &other)];
    site.ok("ModifyListener", &params).await;
    assert_eq!(site.aws.inventory().await.balancers["web"].listeners[&443].certificates, [other]);
    site.ok("ModifyListener", &[("ListenerArn", &made), ("Protocol", "TCP")]).await;
    let seen = &site.aws.inventory().await.balancers["web"].listeners[&443];
    assert_eq!((seen.protocol.as_str(), seen.certificates.len()), ("TCP", 0));
}

#[tokio::test]
async fn certificates_are_added_to_the_first_one() {
    let site = Site::new().await;
    let (balancer, group) = site.served("web").await;
    let [one, two] = ["one", "two"].map(|name| site.aws.certificate(name));
    let name = "Certificates.member.1.CertificateArn";
    let params = [&listener(&balancer, "443", "TLS", &group)[..], &[(name, &one)]].concat();
    let made = arn(&site.ok("CreateListener", &params).await, "ListenerArn");
    let with = |certificate| [("ListenerArn", made.as_str()), (name, certificate)];
    let unknown = "arn:aws:acm:eu-central-1:1:certificate/none";
    let code = site.refused("AddListenerCertificates", &with(unknown)).await;
    assert_eq!(code, "CertificateNotFound");
    site.ok("AddListenerCertificates", &with(&two)).await;
    let seen = site.aws.inventory().await;
    assert_eq!(seen.balancers["web"].listeners[&443].certificates, [one.clone(), two.clone()]);
    let code = site.refused("RemoveListenerCertificates", &with(&one)).await;
    assert_eq!(code, "OperationNotPermitted");
    site.ok("RemoveListenerCertificates", &with(&two)).await;
    let seen = site.aws.inventory().await;
    assert_eq!(seen.balancers["web"].listeners[&443].certificates, [one]);
}

#[tokio::test]
async fn a_listener_changes_to_any_protocol_that_suits() {
    let site = Site::new().await;
    let (balancer, group) = site.served("web").await;
    let seen = site.ok("DescribeListeners", &[("LoadBalancerArn", &balancer)]).await;
    let listener = arn(&seen, "ListenerArn");
    let protocol = [("ListenerArn", listener.as_str()), ("Protocol", "TCP_UDP")];
    assert_eq!(site.refused("ModifyListener", &protocol).await, "ValidationError");
    let both = site.group("both", "TCP_UDP").await;
    let change = [
        &protocol[..],
        &[
            ("DefaultActions.member.1.Type", "forward"),
            ("DefaultActions.member.1.TargetGroupArn", &both),
        ],
    ]
    .concat();
    let answer = site.ok("ModifyListener", &change).await;
    assert_eq!(arn(&answer, "Protocol"), "TCP_UDP");
    let seen = site.aws.inventory().await;
    assert_eq!(seen.balancers["web"].listeners[&80].target_group, both);
    assert_eq!(seen.target_groups["both"].balancers.len(), 1);
    site.ok("DeleteTargetGroup", &[("TargetGroupArn", &group)]).await;
}

#[tokio::test]
async fn a_target_group_is_of_one_load_balancer() {
    let site = Site::new().await;
    let (_, group) = site.served("web").await;
    let other = site.balancer("other").await;
    let params = listener(&other, "80", "TCP", &group);
    assert_eq!(site.refused("CreateListener", &params).await, "TargetGroupAssociationLimit");
}

#[tokio::test]
async fn only_a_tcp_listener_has_an_idle_timeout() {
    let site = Site::new().await;
    let (balancer, _) = site.served("web").await;
    let udp = site.group("udp", "UDP").await;
    let udp = site.ok("CreateListener", &listener(&balancer, "53", "UDP", &udp)).await;
    let seen = site.ok("DescribeListeners", &[("LoadBalancerArn", &balancer)]).await;
    let (tcp, udp) = (arn(&seen, "ListenerArn"), arn(&udp, "ListenerArn"));
    let key = "tcp.idle_timeout.seconds";
    site.ok("ModifyListenerAttributes", &attribute("ListenerArn", &tcp, key, "60")).await;
    for params in [
        attribute("ListenerArn", &tcp, key, "59"),
        attribute("ListenerArn", &tcp, "no.such.key", "1"),
        attribute("ListenerArn", &udp, key, "60"),
    ] {
        let code = site.refused("ModifyListenerAttributes", &params).await;
        assert_eq!(code, "ValidationError", "{params:?}");
    }
}

#[tokio::test]
async fn a_listener_that_is_gone_is_not_found() {
    let site = Site::new().await;
    let (balancer, _) = site.served("web").await;
    let seen = site.ok("DescribeListeners", &[("LoadBalancerArn", &balancer)]).await;
    let listener = arn(&seen, "ListenerArn");
    site.ok("DeleteListener", &[("ListenerArn", &listener)]).await;
    for action in ["DeleteListener", "ModifyListener"] {
        let code = site.refused(action, &[("ListenerArn", &listener)]).await;
        assert_eq!(code, "ListenerNotFound", "{action}");
    }
    let code = site.refused("DescribeListeners", &[("ListenerArns.member.1", &listener)]).await;
    assert_eq!(code, "ListenerNotFound");
}
