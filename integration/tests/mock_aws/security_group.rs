use std::time::Duration;

use crate::site::Site;

impl Site {
    async fn security_group(&self, name: &str) -> String {
        let params =
            [("GroupName", name), ("GroupDescription", "a test"), ("VpcId", &self.seed.vpc)];
        self.ec2("CreateSecurityGroup", &params).await.xml().text("groupId")
    }

    async fn delete(&self, group: &str) -> Option<String> {
        self.ec2("DeleteSecurityGroup", &[("GroupId", group)]).await.code()
    }
}

const IN_USE: Option<&str> = Some("DependencyViolation");

#[tokio::test]
async fn a_group_of_a_load_balancer_stays() {
    let site = Site::new().await;
    let (first, second) = (site.security_group("first").await, site.security_group("second").await);
    let params = [
        ("Name", "web"),
        ("Type", "network"),
        ("Subnets.member.1", &*site.seed.public[0].id),
        ("SecurityGroups.member.1", &first),
    ];
    let made = site.ok("CreateLoadBalancer", &params).await;
    let balancer = made.find("LoadBalancerArn").unwrap().text.clone();
    assert_eq!(site.delete(&first).await.as_deref(), IN_USE);
    let change = [("LoadBalancerArn", balancer.as_str()), ("SecurityGroups.member.1", &second)];
    site.ok("SetSecurityGroups", &change).await;
    assert_eq!(site.delete(&first).await, None);
    assert_eq!(site.delete(&second).await.as_deref(), IN_USE);
    site.aws.set_interface_time(Duration::from_hours(1));
    site.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &balancer)]).await;
    assert_eq!(site.delete(&second).await.as_deref(), IN_USE, "its interfaces are there still");
    site.aws.set_interface_time(Duration::ZERO);
    assert_eq!(site.delete(&second).await, None);
    assert_eq!(site.delete(&second).await.as_deref(), Some("InvalidGroup.NotFound"));
}

#[tokio::test]
async fn a_group_that_a_rule_refers_to_stays() {
    let site = Site::new().await;
    let group = site.security_group("front").await;
    let rule = |target| {
        [
            ("GroupId", target),
            ("IpPermissions.1.IpProtocol", "tcp"),
            ("IpPermissions.1.FromPort", "30000"),
            ("IpPermissions.1.ToPort", "32767"),
            ("IpPermissions.1.Groups.1.GroupId", group.as_str()),
        ]
    };
    // A rule of its own is no reason to stay.
    assert!(site.ec2("AuthorizeSecurityGroupIngress", &rule(&group)).await.is_ok());
    assert!(site.ec2("AuthorizeSecurityGroupIngress", &rule(&site.seed.node_group)).await.is_ok());
    assert_eq!(site.delete(&group).await.as_deref(), IN_USE);
    assert!(site.ec2("RevokeSecurityGroupIngress", &rule(&site.seed.node_group)).await.is_ok());
    assert_eq!(site.delete(&group).await, None);
}
