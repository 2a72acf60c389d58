use super::*;

#[tokio::test]
async fn rules_are_added_all_or_none_and_once() {
    let place = Place::new();
    let (cloud, id) = (&place.cloud, &place.firewall);
    cloud.authorize(id, &[tcp(80, "10.0.0.0/8")].into()).await.unwrap();
    let again = [tcp(443, "10.0.0.0/8"), tcp(80, "10.1.2.3/8")].into();
    refused(cloud.authorize(id, &again).await, "InvalidPermission.Duplicate");
    let many: BTreeSet<_> = (1000..1060).map(|port| tcp(port, "10.0.0.0/8")).collect();
    refused(cloud.authorize(id, &many).await, "RulesPerSecurityGroupLimitExceeded");
    let unknown = Source::Group("sg-0".to_owned());
    let unknown = Rule { ingress: Ingress::All, source: unknown };
    refused(cloud.authorize(id, &[unknown].into()).await, "InvalidGroup.NotFound");
    assert_eq!(cloud.state().security_groups[id].rules, [tcp(80, "10.0.0.0/8")].into());
    for _ in 0..2 {
        cloud.revoke(id, &[tcp(80, "10.0.0.0/8")].into()).await.unwrap();
    }
    assert!(cloud.state().security_groups[id].rules.is_empty());
}

#[tokio::test]
async fn a_security_group_that_a_rule_names_stays() {
    let place = Place::new();
    let cloud = &place.cloud;
    let nodes = cloud.edit(|world| world.add_node_group("vpc-1", "prod"));
    let rule = Rule { ingress: Ingress::All, source: Source::Group(place.firewall.clone()) };
    cloud.authorize(&nodes, &[rule.clone()].into()).await.unwrap();
    // Its own rule does not hold it.
    cloud.authorize(&place.firewall, &[rule.clone()].into()).await.unwrap();
    refused(cloud.delete_security_group(&place.firewall).await, "DependencyViolation");
    cloud.revoke(&nodes, &[rule].into()).await.unwrap();
    cloud.delete_security_group(&place.firewall).await.unwrap();

    let make = |name, vpc| cloud.create_security_group(name, "made by a test", vpc, &EMPTY);
    let id = make("a", "vpc-1").await.unwrap();
    refused(make("a", "vpc-1").await, "InvalidGroup.Duplicate");
    refused(make("b", "vpc-0").await, "InvalidVpcID.NotFound");
    let filter = Filter { ids: vec![id.clone(), "sg-0".to_owned()], ..Filter::default() };
    assert_eq!(cloud.security_groups(&filter).await.unwrap().items[0].id, id);
    let tag = ("kubernetes.io/cluster/prod".to_owned(), vec!["owned".to_owned()]);
    let filter = Filter { tag: Some(tag), ..Filter::default() };
    assert_eq!(cloud.security_groups(&filter).await.unwrap().items[0].id, nodes);
}

#[tokio::test]
async fn subnets_are_found_by_their_tags_and_routes() {
    let place = Place::new();
    let role = |role: &str| Filter {
        vpc: Some("vpc-1".to_owned()),
        tag: Some((format!("kubernetes.io/role/{role}"), vec![String::new(), "1".to_owned()])),
        ..Filter::default()
    };
    let routes = place.cloud.public_subnets("vpc-1").await.unwrap();
    for (name, public) in [("elb", true), ("internal-elb", false)] {
        let found = place.cloud.subnets(&role(name)).await.unwrap().items;
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|it| routes.reaches(&it.id) == public));
    }
}

#[tokio::test]
async fn the_witness_tells_who_is_let_in_and_where_a_group_is_used() {
    let place = Place::new();
    let (balancer, group, _) = place.serving().await;
    place.cloud.authorize(&place.firewall, &[tcp(80, "10.0.0.0/8")].into()).await.unwrap();
    let world = place.cloud.state();
    let fronts = world.fronts_of(&group);
    assert_eq!((&fronts[0].0.arn, fronts[0].1), (&balancer, 80));
    let admits = |udp, port| world.admits(fronts[0].0, udp, port).unwrap();
    assert_eq!(admits(false, 80), ["10.0.0.0/8".parse().unwrap()].into());
    assert!(admits(true, 80).is_empty() && admits(false, 81).is_empty());
}
