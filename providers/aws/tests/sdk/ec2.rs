use seaway_provider_aws::api::{Api, Filter, PublicSubnets, Subnet, Tags};

use crate::server::{ec2, ec2_refusal, talk};

const SUBNETS: &str = "<subnetSet>
  <item>
    <subnetId>subnet-a</subnetId><vpcId>vpc-1</vpcId><availabilityZone>eu-west-1a</availabilityZone>
    <ipv6CidrBlockAssociationSet><item><ipv6CidrBlock>2001:db8::/64</ipv6CidrBlock>
      <ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></item>
    </ipv6CidrBlockAssociationSet>
    <tagSet><item><key>Name</key><value>front &amp; back</value></item>
      <item><key>empty</key><value/></item></tagSet>
  </item>
  <item>
    <subnetId>subnet-b</subnetId><vpcId>vpc-1</vpcId><availabilityZone>eu-west-1b</availabilityZone>
    <ipv6CidrBlockAssociationSet><item><ipv6CidrBlockState><state>disassociated</state>
      </ipv6CidrBlockState></item></ipv6CidrBlockAssociationSet>
  </item>
</subnetSet><nextToken>next</nextToken>";

#[tokio::test]
async fn subnets_are_found_by_all_filters() {
    let (aws, server) = talk([ec2("DescribeSubnets", SUBNETS)]).await;
    let filter = Filter {
        vpc: Some("vpc-1".to_owned()),
        ids: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
        tag: Some(("kubernetes.io/role/elb".to_owned(), vec![String::new(), "1".to_owned()])),
        marker: Some("here".to_owned()),
    };
    let page = aws.subnets(&filter).await.unwrap();

    let subnet = |name: &str, ipv6, tags| Subnet {
        id: format!("subnet-{name}"),
        vpc: "vpc-1".to_owned(),
        zone: format!("eu-west-1{name}"),
        ipv6,
        tags,
    };
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tags = [tag("Name", "front & back"), tag("empty", "")].into();
    assert_eq!(page.items, [subnet("a", true, tags), subnet("b", false, Tags::new())]);
    assert_eq!(page.next.as_deref(), Some("next"));

    let sent = server.only();
    assert_eq!((sent.get("Action"), sent.get("Version")), ("DescribeSubnets", "2016-11-15"));
    assert_eq!((sent.get("MaxResults"), sent.get("NextToken")), ("1000", "here"));
    assert_eq!(
        sent.under("Filter"),
        [
            ("Filter.1.Name", "vpc-id"),
            ("Filter.1.Value.1", "vpc-1"),
            ("Filter.2.Name", "subnet-id"),
            ("Filter.2.Value.1", "subnet-a"),
            ("Filter.2.Value.2", "subnet-b"),
            ("Filter.3.Name", "tag:kubernetes.io/role/elb"),
            ("Filter.3.Value.1", ""),
            ("Filter.3.Value.2", "1"),
        ]
    );
}

#[tokio::test]
async fn a_tag_without_values_may_have_any() {
    let (aws, server) = talk([ec2("DescribeSubnets", "<subnetSet/>")]).await;
    let filter = Filter { tag: Some(("k".to_owned(), Vec::new())), ..Filter::default() };
    assert_eq!(aws.subnets(&filter).await.unwrap().items, []);
    let sent = server.only();
    assert_eq!(sent.under("Filter"), [("Filter.1.Name", "tag-key"), ("Filter.1.Value.1", "k")]);
}

#[tokio::test]
async fn requests_are_signed_for_ec2_and_say_who_asks() {
    let (aws, server) = talk([ec2("DescribeSubnets", "<subnetSet/>")]).await;
    aws.subnets(&Filter::default()).await.unwrap();
    let headers = server.only().headers;
    let (day, authorization) = (&headers["x-amz-date"][..8], &headers["authorization"]);
    let scope = format!("Credential=AKIDEXAMPLE/{day}/eu-west-1/ec2/aws4_request");
    assert!(authorization.starts_with(&format!("AWS4-HMAC-SHA256 {scope}")), "{authorization}");
    assert!(authorization.contains("SignedHeaders=content-type;host;"), "{authorization}");
    let agent = &headers["x-amz-user-agent"];
    assert!(agent.contains(concat!("app/seaway-", env!("CARGO_PKG_VERSION"))), "{agent}");
    assert!(agent.contains("api/ec2/"), "{agent}");
}

#[tokio::test]
async fn the_public_subnets_come_from_all_pages() {
    let one = "<routeTableSet><item>
        <routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>
          <gatewayId>igw-1</gatewayId><state>active</state></item></routeSet>
        <associationSet><item><main>false</main><subnetId>subnet-a</subnetId></item></associationSet>
      </item><item>
        <routeSet><item><gatewayId>igw-2</gatewayId><state>blackhole</state></item></routeSet>
        <associationSet><item><main>false</main><subnetId>subnet-b</subnetId></item>
          <item><main>false</main><subnetId>subnet-c</subnetId></item></associationSet>
      </item></routeTableSet><nextToken>more</nextToken>";
    let two = "<routeTableSet><item>
        <routeSet><item><gatewayId>local</gatewayId></item>
          <item><natGatewayId>nat-1</natGatewayId></item>
          <item><gatewayId>igw-1</gatewayId><state>active</state></item></routeSet>
        <associationSet><item><main>true</main></item></associationSet>
      </item></routeTableSet>";
    let replies = [ec2("DescribeRouteTables", one), ec2("DescribeRouteTables", two)];
    let (aws, server) = talk(replies).await;
    let found = aws.public_subnets("vpc-1").await.unwrap();
    assert_eq!(
        found,
        PublicSubnets {
            public: ["subnet-a".to_owned()].into(),
            private: ["subnet-b".to_owned(), "subnet-c".to_owned()].into(),
            main: true,
        }
    );
    let sent = server.seen();
    assert_eq!(sent[0].get("Filter.1.Value.1"), "vpc-1");
    assert_eq!((sent[0].get("NextToken"), sent[1].get("NextToken")), ("", "more"));
}

#[tokio::test]
async fn a_security_group_is_made_with_its_tags() {
    let made = "<return>true</return><groupId>sg-1</groupId>";
    let (aws, server) = talk([ec2("CreateSecurityGroup", made)]).await;
    let tags: Tags = [("a".to_owned(), "1&2".to_owned()), ("b".to_owned(), String::new())].into();
    let id = aws.create_security_group("front", "for a Service", "vpc-1", &tags).await.unwrap();
    assert_eq!(id, "sg-1");
    let sent = server.only();
    assert_eq!((sent.get("GroupName"), sent.get("VpcId")), ("front", "vpc-1"));
    assert_eq!(sent.get("GroupDescription"), "for a Service");
    assert_eq!(
        sent.under("TagSpecification"),
        [
            ("TagSpecification.1.ResourceType", "security-group"),
            ("TagSpecification.1.Tag.1.Key", "a"),
            ("TagSpecification.1.Tag.1.Value", "1&2"),
            ("TagSpecification.1.Tag.2.Key", "b"),
            ("TagSpecification.1.Tag.2.Value", ""),
        ]
    );
}

#[tokio::test]
async fn a_security_group_that_is_gone_was_deleted_and_one_in_use_was_not() {
    let replies =
        [ec2_refusal(400, "InvalidGroup.NotFound"), ec2_refusal(400, "DependencyViolation")];
    let (aws, server) = talk(replies).await;
    aws.delete_security_group("sg-1").await.unwrap();
    let fault = aws.delete_security_group("sg-1").await.unwrap_err();
    assert_eq!(fault.code(), Some("DependencyViolation"));
    assert_eq!(server.seen()[0].get("GroupId"), "sg-1");
}
