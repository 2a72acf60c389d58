use seaway_provider_aws::api::{Api, Arn, Fault, ListenerSpec, Tags, Transport};

use crate::server::{elb, talk};

fn listener(protocol: &str, rest: &str) -> String {
    format!(
        "<Listeners><member><ListenerArn>arn:l</ListenerArn><Port>443</Port>\
         <LoadBalancerArn>arn:lb</LoadBalancerArn><Protocol>{protocol}</Protocol>{rest}</member>\
         </Listeners>"
    )
}

fn forward(groups: &[&str]) -> String {
    let tuple = |group: &&str| format!("<member><TargetGroupArn>{group}</TargetGroupArn></member>");
    let tuples: String = groups.iter().map(tuple).collect();
    let single = match groups {
        [one] => format!("<TargetGroupArn>{one}</TargetGroupArn>"),
        _ => String::new(),
    };
    format!(
        "<DefaultActions><member><Type>forward</Type>{single}<ForwardConfig><TargetGroups>{tuples}\
         </TargetGroups></ForwardConfig></member></DefaultActions>"
    )
}

async fn seen(protocol: &str, rest: &str) -> ListenerSpec {
    let (aws, _server) = talk([elb("DescribeListeners", &listener(protocol, rest))]).await;
    let mut all = aws.listeners(&Arn("arn:lb".to_owned())).await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0).spec
}

fn tls() -> ListenerSpec {
    ListenerSpec {
        protocol: Transport::Tls,
        group: Some(Arn("arn:tg".to_owned())),
        certificate: Some("arn:cert".to_owned()),
        policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned()),
    }
}

const SECRETS: &str = "<SslPolicy>ELBSecurityPolicy-TLS13-1-2-2021-06</SslPolicy><Certificates>\
                       <member><CertificateArn>arn:cert</CertificateArn></member></Certificates>";

#[tokio::test]
async fn what_leads_to_one_group_leads_there() {
    let spec = seen("TLS", &format!("{SECRETS}{}", forward(&["arn:tg"]))).await;
    assert_eq!(spec, tls());
}

#[tokio::test]
async fn what_leads_to_two_groups_or_none_leads_nowhere() {
    assert_eq!(seen("UDP", &forward(&["arn:tg", "arn:other"])).await.group, None);
    let fixed = "<DefaultActions><member><Type>fixed-response</Type></member></DefaultActions>";
    assert_eq!(seen("TCP", fixed).await.group, None);
    assert_eq!(seen("TCP", "").await.group, None);
}

#[tokio::test]
async fn a_group_that_is_named_once_is_enough() {
    let short = "<DefaultActions><member><Type>forward</Type>\
                 <TargetGroupArn>arn:tg</TargetGroupArn></member></DefaultActions>";
    assert_eq!(seen("TCP_UDP", short).await.group, Some(Arn("arn:tg".to_owned())));
}

#[tokio::test]
async fn a_listener_of_a_strange_protocol_is_there_but_never_as_wanted() {
    for protocol in ["QUIC", "MADE_UP_TOMORROW"] {
        assert_eq!(seen(protocol, &forward(&["arn:tg"])).await.group, None);
    }
}

#[tokio::test]
async fn a_listener_is_made_and_changed_with_all_it_says() {
    let shown = listener("TLS", &format!("{SECRETS}{}", forward(&["arn:tg"])));
    let (aws, server) = talk([elb("CreateListener", &shown), elb("ModifyListener", "")]).await;
    let tags: Tags = [("k".to_owned(), "v".to_owned())].into();
    let made = aws.create_listener(&Arn("arn:lb".to_owned()), 443, &tls(), &tags).await.unwrap();
    assert_eq!((made.arn.0.as_str(), made.port, &made.spec), ("arn:l", 443, &tls()));
    aws.modify_listener(&made.arn, &tls()).await.unwrap();

    let sent = server.seen();
    assert_eq!((sent[0].get("Action"), sent[0].get("Port")), ("CreateListener", "443"));
    assert_eq!(sent[0].get("Tags.member.1.Key"), "k");
    assert_eq!((sent[1].get("Action"), sent[1].get("ListenerArn")), ("ModifyListener", "arn:l"));
    for request in sent {
        assert_eq!(request.get("Protocol"), "TLS");
        assert_eq!(request.get("SslPolicy"), "ELBSecurityPolicy-TLS13-1-2-2021-06");
        assert_eq!(request.get("Certificates.member.1.CertificateArn"), "arn:cert");
        assert_eq!(
            request.under("DefaultActions"),
            [
                ("DefaultActions.member.1.TargetGroupArn", "arn:tg"),
                ("DefaultActions.member.1.Type", "forward"),
            ]
        );
    }
}

#[tokio::test]
async fn a_listener_that_leads_nowhere_is_not_made() {
    let (aws, server) = talk([]).await;
    let nowhere = ListenerSpec { group: None, ..tls() };
    let arn = Arn("arn:lb".to_owned());
    let fault = aws.create_listener(&arn, 443, &nowhere, &Tags::new()).await.unwrap_err();
    assert!(matches!(fault, Fault::NotSent(_)), "{fault:?}");
    assert!(server.seen().is_empty());
}
