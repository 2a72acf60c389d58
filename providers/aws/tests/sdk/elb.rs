use std::collections::BTreeSet;

use seaway_provider_aws::api::{
    Api, Arn, HealthCheck, HealthProtocol, IpAddressType, NewLoadBalancer, NewTargetGroup, Scheme,
    State, SubnetMapping, Tags, Target, TargetState, Transport, Which,
};
use seaway_testkit::canned::Reply;

use crate::server::{elb, elb_refusal, talk};

fn arn(name: &str) -> Arn {
    Arn(format!("arn:aws:elasticloadbalancing:eu-west-1:1:{name}"))
}

fn balancer(name: &str, kind: &str, state: &str) -> String {
    format!(
        "<member><LoadBalancerArn>arn:aws:elasticloadbalancing:eu-west-1:1:{name}</LoadBalancerArn>\
         <LoadBalancerName>{name}</LoadBalancerName><DNSName>{name}.elb.example</DNSName>\
         <Scheme>internet-facing</Scheme><Type>{kind}</Type><VpcId>vpc-1</VpcId>\
         <State><Code>{state}</Code><Reason>no room</Reason></State>\
         <IpAddressType>dualstack</IpAddressType><AvailabilityZones>\
         <member><SubnetId>subnet-a</SubnetId><ZoneName>eu-west-1a</ZoneName></member>\
         <member><SubnetId>subnet-b</SubnetId><ZoneName>eu-west-1b</ZoneName></member>\
         </AvailabilityZones><SecurityGroups><member>sg-1</member></SecurityGroups></member>"
    )
}

fn target_group(protocol: &str, check: &str) -> String {
    format!(
        "<TargetGroups><member><TargetGroupArn>{}</TargetGroupArn>\
         <TargetGroupName>tg</TargetGroupName><Protocol>{protocol}</Protocol><Port>30080</Port>\
         <VpcId>vpc-1</VpcId><TargetType>instance</TargetType>{check}\
         <HealthCheckIntervalSeconds>10</HealthCheckIntervalSeconds>\
         <HealthCheckTimeoutSeconds>6</HealthCheckTimeoutSeconds>\
         <HealthyThresholdCount>3</HealthyThresholdCount>\
         <UnhealthyThresholdCount>2</UnhealthyThresholdCount>\
         <LoadBalancerArns><member>{}</member></LoadBalancerArns></member></TargetGroups>",
        arn("tg"),
        arn("front")
    )
}

fn check(protocol: HealthProtocol) -> HealthCheck {
    HealthCheck {
        protocol,
        port: None,
        path: Some("/healthz".to_owned()),
        codes: Some("200-399".to_owned()),
        interval: 10,
        timeout: 6,
        healthy: 3,
        unhealthy: 2,
    }
}

fn tags() -> Tags {
    [("seaway.dev/cluster".to_owned(), "a b&c".to_owned())].into()
}

fn targets() -> BTreeSet<Target> {
    let target = |id: &str| Target { instance: id.to_owned(), port: 30080 };
    [target("i-1"), target("i-2")].into()
}

#[tokio::test]
async fn a_listing_shows_network_load_balancers_alone() {
    let list = format!(
        "<LoadBalancers>{}{}{}{}</LoadBalancers><NextMarker>next</NextMarker>",
        balancer("front", "network", "active"),
        balancer("web", "application", "active"),
        balancer("broken", "network", "failed"),
        balancer("odd", "network", "made_up_tomorrow"),
    );
    let (aws, server) = talk([elb("DescribeLoadBalancers", &list)]).await;
    let page = aws.load_balancers(Which::All(Some("here".to_owned()))).await.unwrap();

    assert_eq!(page.next.as_deref(), Some("next"));
    let states: Vec<_> = page.items.iter().map(|each| (&*each.name, &each.state)).collect();
    let failed = State::Failed("no room".to_owned());
    assert_eq!(
        states,
        [("front", &State::Active), ("broken", &failed), ("odd", &State::Provisioning)]
    );
    let front = &page.items[0];
    assert_eq!((&front.arn, &*front.dns_name), (&arn("front"), "front.elb.example"));
    assert_eq!((front.scheme, &*front.vpc), (Scheme::InternetFacing, "vpc-1"));
    assert_eq!(front.subnets, ["subnet-a".to_owned(), "subnet-b".to_owned()].into());
    assert_eq!(front.security_groups, ["sg-1".to_owned()].into());
    assert_eq!(front.ip_address_type, IpAddressType::Dualstack);

    let request = server.only();
    assert_eq!(request.get("Action"), "DescribeLoadBalancers");
    assert_eq!((request.get("PageSize"), request.get("Marker")), ("400", "here"));
}

#[tokio::test]
async fn no_arns_are_not_asked_for() {
    let (aws, server) = talk([]).await;
    assert_eq!(aws.load_balancers(Which::Arns(Vec::new())).await.unwrap().items, []);
    assert_eq!(aws.target_groups(Which::Arns(Vec::new())).await.unwrap().items, []);
    assert_eq!(aws.tags(&[]).await.unwrap(), [] as [Tags; 0]);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_load_balancer_is_made_with_its_subnets_and_tags() {
    let made = format!("<LoadBalancers>{}</LoadBalancers>", balancer("front", "network", "x"));
    let (aws, server) = talk([elb("CreateLoadBalancer", &made)]).await;
    let subnet = |name: &str| SubnetMapping { subnet: name.to_owned(), ..Default::default() };
    let new = NewLoadBalancer {
        name: "front".to_owned(),
        scheme: Scheme::InternetFacing,
        subnets: vec![
            SubnetMapping { allocation: Some("eipalloc-1".to_owned()), ..subnet("subnet-a") },
            SubnetMapping { private_ipv4: "10.0.0.9".parse().ok(), ..subnet("subnet-b") },
        ],
        security_groups: BTreeSet::new(),
        ip_address_type: IpAddressType::Dualstack,
        tags: tags(),
    };
    assert_eq!(aws.create_load_balancer(&new).await.unwrap().arn, arn("front"));

    let mut sent = server.only().form;
    sent.remove("Version");
    let sent: Vec<_> = sent.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        sent,
        [
            "Action=CreateLoadBalancer",
            "IpAddressType=dualstack",
            "Name=front",
            "Scheme=internet-facing",
            "SubnetMappings.member.1.AllocationId=eipalloc-1",
            "SubnetMappings.member.1.SubnetId=subnet-a",
            "SubnetMappings.member.2.PrivateIPv4Address=10.0.0.9",
            "SubnetMappings.member.2.SubnetId=subnet-b",
            "Tags.member.1.Key=seaway.dev/cluster",
            "Tags.member.1.Value=a b&c",
            "Type=network",
        ]
    );
}

#[tokio::test]
async fn a_check_by_tcp_has_neither_path_nor_codes() {
    let made = target_group(
        "TCP",
        "<HealthCheckProtocol>TCP</HealthCheckProtocol>\
         <HealthCheckPort>traffic-port</HealthCheckPort><HealthCheckPath>/</HealthCheckPath>",
    );
    let (aws, server) = talk([elb("CreateTargetGroup", &made)]).await;
    let new = NewTargetGroup {
        name: "tg".to_owned(),
        protocol: Transport::Tcp,
        port: 30080,
        vpc: "vpc-1".to_owned(),
        health_check: check(HealthProtocol::Tcp),
        ip_address_type: IpAddressType::Ipv6,
        tags: tags(),
    };
    let made = aws.create_target_group(&new).await.unwrap();
    let bare = HealthCheck { path: None, codes: None, ..check(HealthProtocol::Tcp) };
    assert_eq!((made.health_check, made.balancers), (bare, [arn("front")].into()));

    let sent = server.only();
    assert_eq!(sent.get("HealthCheckPort"), "traffic-port");
    assert_eq!(sent.get("HealthCheckProtocol"), "TCP");
    assert_eq!((sent.get("TargetType"), sent.get("IpAddressType")), ("instance", "ipv6"));
    assert_eq!(sent.under("HealthCheckPath"), []);
    assert_eq!(sent.under("Matcher"), []);
}

#[tokio::test]
async fn a_check_by_http_has_both() {
    let shown = target_group(
        "TCP_UDP",
        "<HealthCheckProtocol>HTTP</HealthCheckProtocol><HealthCheckPort>10256</HealthCheckPort>\
         <HealthCheckPath>/healthz</HealthCheckPath><Matcher><HttpCode>200-399</HttpCode></Matcher>",
    );
    let replies = [elb("ModifyTargetGroup", ""), elb("DescribeTargetGroups", &shown)];
    let (aws, server) = talk(replies).await;
    let wanted = HealthCheck { port: Some(10256), ..check(HealthProtocol::Http) };
    aws.set_health_check(&arn("tg"), &wanted).await.unwrap();
    let seen = aws.target_groups(Which::Name("tg".to_owned())).await.unwrap();
    assert_eq!((&seen.items[0].health_check, seen.items[0].protocol), (&wanted, Transport::TcpUdp));

    let sent = &server.seen()[0];
    assert_eq!(sent.get("HealthCheckPort"), "10256");
    assert_eq!(sent.get("HealthCheckPath"), "/healthz");
    assert_eq!(sent.get("Matcher.HttpCode"), "200-399");
}

#[tokio::test]
async fn target_groups_of_other_load_balancers_are_left_out() {
    let http = target_group("HTTP", "<HealthCheckProtocol>HTTP</HealthCheckProtocol>");
    let (aws, _server) = talk([elb("DescribeTargetGroups", &http)]).await;
    assert_eq!(aws.target_groups(Which::All(None)).await.unwrap().items, []);
}

#[tokio::test]
async fn tags_come_in_the_order_in_which_they_were_asked_for() {
    let described = |name, value| {
        format!(
            "<member><ResourceArn>{}</ResourceArn><Tags><member><Key>k</Key>\
             <Value>{value}</Value></member></Tags></member>",
            arn(name)
        )
    };
    let answer = format!(
        "<TagDescriptions>{}{}</TagDescriptions>",
        described("two", "2"),
        described("one", "1")
    );
    let (aws, server) = talk([elb("DescribeTags", &answer)]).await;
    let found = aws.tags(&[arn("one"), arn("none"), arn("two")]).await.unwrap();
    let values: Vec<_> = found.iter().map(|tags| tags.get("k").map(String::as_str)).collect();
    assert_eq!(values, [Some("1"), None, Some("2")]);
    assert_eq!(server.only().get("ResourceArns.member.3"), arn("two").0);
}

#[tokio::test]
async fn every_state_of_a_target_is_known() {
    let state = |id: u8, state: &str| {
        format!(
            "<member><Target><Id>i-{id}</Id><Port>30080</Port></Target><TargetHealth>\
             <State>{state}</State><Reason>Target.FailedHealthChecks</Reason></TargetHealth></member>"
        )
    };
    let words = ["initial", "healthy", "unhealthy", "draining", "unused", "unavailable", "new"];
    let all: String = (1..).zip(words).map(|(id, word)| state(id, word)).collect();
    let answer = format!("<TargetHealthDescriptions>{all}</TargetHealthDescriptions>");
    let (aws, _server) = talk([elb("DescribeTargetHealth", &answer)]).await;
    let seen = aws.target_health(&arn("tg")).await.unwrap();
    let states: Vec<_> = seen.iter().map(|each| each.state).collect();
    assert_eq!(
        states,
        [
            TargetState::Initial,
            TargetState::Healthy,
            TargetState::Unhealthy,
            TargetState::Draining,
            TargetState::Unused,
            TargetState::Unavailable,
            TargetState::Unavailable,
        ]
    );
    assert_eq!(seen[0].target.to_string(), "i-1:30080");
    assert_eq!(seen[0].reason.as_deref(), Some("Target.FailedHealthChecks"));
}

#[tokio::test]
async fn targets_are_registered_with_their_port() {
    let (aws, server) = talk([elb("RegisterTargets", "")]).await;
    aws.register(&arn("tg"), &targets()).await.unwrap();
    let sent = server.only();
    assert_eq!(
        sent.under("Targets"),
        [
            ("Targets.member.1.Id", "i-1"),
            ("Targets.member.1.Port", "30080"),
            ("Targets.member.2.Id", "i-2"),
            ("Targets.member.2.Port", "30080"),
        ]
    );
}

#[tokio::test]
async fn a_target_that_is_unknown_does_not_keep_the_others_in() {
    let left = "<TargetHealthDescriptions><member><Target><Id>i-2</Id><Port>30080</Port></Target>\
                <TargetHealth><State>healthy</State></TargetHealth></member>\
                </TargetHealthDescriptions>";
    let replies = [
        elb_refusal(400, "InvalidTarget"),
        elb("DescribeTargetHealth", left),
        elb("DeregisterTargets", ""),
    ];
    let (aws, server) = talk(replies).await;
    aws.deregister(&arn("tg"), &targets()).await.unwrap();
    let last = server.seen()[2].clone();
    assert_eq!(last.get("Action"), "DeregisterTargets");
    assert_eq!((last.get("Targets.member.1.Id"), last.get("Targets.member.2.Id")), ("i-2", ""));
}

#[tokio::test]
async fn what_is_gone_was_deleted() {
    let refusals = ["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound"];
    let (aws, _server) = talk(refusals.map(|code| elb_refusal(400, code))).await;
    aws.delete_load_balancer(&arn("lb")).await.unwrap();
    aws.delete_target_group(&arn("tg")).await.unwrap();
    aws.delete_listener(&arn("l")).await.unwrap();
}

#[tokio::test]
async fn what_is_in_use_was_not_deleted() {
    let (aws, _server) = talk([elb_refusal(400, "ResourceInUse")]).await;
    let fault = aws.delete_target_group(&arn("tg")).await.unwrap_err();
    assert_eq!(fault.code(), Some("ResourceInUse"));
}

#[tokio::test]
async fn changes_say_what_they_change() {
    let done: Vec<Reply> = [
        "ModifyLoadBalancerAttributes",
        "ModifyTargetGroupAttributes",
        "SetSecurityGroups",
        "SetSubnets",
        "SetIpAddressType",
        "AddTags",
        "RemoveTags",
    ]
    .map(|action| elb(action, ""))
    .into();
    let (aws, server) = talk(done).await;
    let attributes = [("some.key".to_owned(), "true".to_owned())].into();
    aws.set_balancer_attributes(&arn("lb"), &attributes).await.unwrap();
    aws.set_group_attributes(&arn("tg"), &attributes).await.unwrap();
    aws.set_security_groups(&arn("lb"), &["sg-1".to_owned()].into()).await.unwrap();
    let subnets = [SubnetMapping { subnet: "subnet-a".to_owned(), ..Default::default() }];
    aws.set_subnets(&arn("lb"), &subnets, IpAddressType::Ipv4).await.unwrap();
    aws.set_ip_address_type(&arn("lb"), IpAddressType::Dualstack).await.unwrap();
    aws.add_tags(&arn("lb"), &tags()).await.unwrap();
    aws.remove_tags(&arn("lb"), &["k".to_owned()].into()).await.unwrap();

    let sent = server.seen();
    let expected = [
        ("ModifyLoadBalancerAttributes", "Attributes.member.1.Key", "some.key"),
        ("ModifyTargetGroupAttributes", "Attributes.member.1.Value", "true"),
        ("SetSecurityGroups", "SecurityGroups.member.1", "sg-1"),
        ("SetSubnets", "SubnetMappings.member.1.SubnetId", "subnet-a"),
        ("SetIpAddressType", "IpAddressType", "dualstack"),
        ("AddTags", "Tags.member.1.Value", "a b&c"),
        ("RemoveTags", "TagKeys.member.1", "k"),
    ];
    for (request, (action, name, value)) in sent.iter().zip(expected) {
        assert_eq!((request.get("Action"), request.get(name)), (action, value));
    }
    assert_eq!(sent.len(), expected.len());
}

#[tokio::test]
async fn attributes_are_read() {
    let list = "<Attributes><member><Key>a.b</Key><Value>true</Value></member></Attributes>";
    let replies =
        [elb("DescribeLoadBalancerAttributes", list), elb("DescribeTargetGroupAttributes", list)];
    let (aws, _server) = talk(replies).await;
    let expected = [("a.b".to_owned(), "true".to_owned())].into();
    assert_eq!(aws.balancer_attributes(&arn("lb")).await.unwrap(), expected);
    assert_eq!(aws.group_attributes(&arn("tg")).await.unwrap(), expected);
}
