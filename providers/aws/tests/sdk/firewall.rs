use std::collections::BTreeSet;

use seaway_provider_aws::api::{Api, Fault, Filter, Ingress, PortRange, Rule, Source};

use crate::server::{ec2, ec2_refusal, talk};

const GROUPS: &str = "<securityGroupInfo><item>
  <ownerId>1</ownerId><groupId>sg-1</groupId><groupName>front</groupName><vpcId>vpc-1</vpcId>
  <ipPermissions>
    <item><ipProtocol>tcp</ipProtocol><fromPort>80</fromPort><toPort>90</toPort>
      <groups><item><userId>1</userId><groupId>sg-2</groupId></item></groups>
      <ipRanges><item><cidrIp>10.0.0.0/8</cidrIp><description>ours</description></item>
        <item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>
      <ipv6Ranges><item><cidrIpv6>2001:db8::/32</cidrIpv6></item></ipv6Ranges>
      <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>
    <item><ipProtocol>-1</ipProtocol><groups><item><groupId>sg-2</groupId></item></groups>
      <ipRanges/></item>
    <item><ipProtocol>icmp</ipProtocol><fromPort>3</fromPort><toPort>4</toPort>
      <ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>
  </ipPermissions>
  <ipPermissionsEgress><item><ipProtocol>-1</ipProtocol>
    <ipRanges><item><cidrIp>192.0.2.0/24</cidrIp></item></ipRanges></item></ipPermissionsEgress>
  <tagSet><item><key>k</key><value>v</value></item></tagSet>
</item></securityGroupInfo>";

fn prefix(net: &str) -> Source {
    Source::Prefix(net.parse().unwrap())
}

fn rule(ingress: Ingress, source: Source) -> Rule {
    Rule { ingress, source }
}

fn ports(from: u16, to: u16) -> PortRange {
    PortRange { from, to }
}

fn some_rules() -> BTreeSet<Rule> {
    [
        rule(Ingress::Tcp(ports(80, 90)), prefix("10.0.0.0/8")),
        rule(Ingress::Udp(ports(53, 53)), prefix("2001:db8::/32")),
        rule(Ingress::All, Source::Group("sg-2".to_owned())),
    ]
    .into()
}

#[tokio::test]
async fn each_source_is_a_rule_of_its_own() {
    let (aws, server) = talk([ec2("DescribeSecurityGroups", GROUPS)]).await;
    let filter = Filter { ids: vec!["sg-1".to_owned()], ..Filter::default() };
    let page = aws.security_groups(&filter).await.unwrap();
    let group = &page.items[0];
    assert_eq!((&*group.id, &*group.name, &*group.vpc), ("sg-1", "front", "vpc-1"));
    assert_eq!(group.tags, [("k".to_owned(), "v".to_owned())].into());
    let tcp = Ingress::Tcp(ports(80, 90));
    let expected = [
        rule(tcp, prefix("0.0.0.0/0")),
        rule(tcp, prefix("10.0.0.0/8")),
        rule(tcp, prefix("2001:db8::/32")),
        rule(tcp, Source::Group("sg-2".to_owned())),
        rule(Ingress::All, Source::Group("sg-2".to_owned())),
        rule(Ingress::Other, prefix("0.0.0.0/0")),
    ];
    assert_eq!(group.rules, expected.into());
    let sent = server.only();
    assert_eq!(sent.under("Filter.1.Name"), [("Filter.1.Name", "group-id")]);
}

#[tokio::test]
async fn rules_go_out_in_one_call() {
    let done = "<return>true</return>";
    let replies =
        [ec2("AuthorizeSecurityGroupIngress", done), ec2("RevokeSecurityGroupIngress", done)];
    let (aws, server) = talk(replies).await;
    aws.authorize("sg-1", &some_rules()).await.unwrap();
    aws.revoke("sg-1", &some_rules()).await.unwrap();
    let sent = server.seen();
    assert_eq!(sent[0].get("Action"), "AuthorizeSecurityGroupIngress");
    assert_eq!(sent[1].get("Action"), "RevokeSecurityGroupIngress");
    for request in sent {
        assert_eq!(request.get("GroupId"), "sg-1");
        assert_eq!(
            request.under("IpPermissions"),
            [
                ("IpPermissions.1.FromPort", "80"),
                ("IpPermissions.1.IpProtocol", "tcp"),
                ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/8"),
                ("IpPermissions.1.ToPort", "90"),
                ("IpPermissions.2.FromPort", "53"),
                ("IpPermissions.2.IpProtocol", "udp"),
                ("IpPermissions.2.Ipv6Ranges.1.CidrIpv6", "2001:db8::/32"),
                ("IpPermissions.2.ToPort", "53"),
                ("IpPermissions.3.Groups.1.GroupId", "sg-2"),
                ("IpPermissions.3.IpProtocol", "-1"),
            ]
        );
    }
}

#[tokio::test]
async fn no_rules_make_no_call() {
    let (aws, server) = talk([]).await;
    aws.authorize("sg-1", &BTreeSet::new()).await.unwrap();
    aws.revoke("sg-1", &BTreeSet::new()).await.unwrap();
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_rule_that_does_not_say_what_it_is_goes_nowhere() {
    let (aws, server) = talk([]).await;
    let rules = [rule(Ingress::Other, prefix("0.0.0.0/0"))].into();
    let fault = aws.revoke("sg-1", &rules).await.unwrap_err();
    assert!(matches!(fault, Fault::NotSent(_)), "{fault:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_rule_that_is_gone_does_not_keep_the_others_in_force() {
    let unknown = || ec2_refusal(400, "InvalidPermission.NotFound");
    let done = || ec2("RevokeSecurityGroupIngress", "<return>true</return>");
    let (aws, server) = talk([unknown(), done(), unknown(), done()]).await;
    aws.revoke("sg-1", &some_rules()).await.unwrap();
    let sent = server.seen();
    let protocols: Vec<_> =
        sent.iter().map(|each| each.get("IpPermissions.1.IpProtocol")).collect();
    assert_eq!(protocols, ["tcp", "tcp", "udp", "-1"]);
}

#[tokio::test]
async fn a_rule_that_is_there_already_fails_the_call() {
    let (aws, _server) = talk([ec2_refusal(400, "InvalidPermission.Duplicate")]).await;
    let fault = aws.authorize("sg-1", &some_rules()).await.unwrap_err();
    assert_eq!(fault.code(), Some("InvalidPermission.Duplicate"));
}
