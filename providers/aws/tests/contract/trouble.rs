//! What stands in the way, what others own, and what they changed.

use std::time::Duration;

use seaway_core::{Address, ErrorKind, Key, LbSpec};
use seaway_provider_aws::api::fake::{Balancer, World};
use seaway_provider_aws::api::{
    Arn, HealthCheck, HealthProtocol, IpAddressType, ListenerSpec, NewLoadBalancer, NewTargetGroup,
    Scheme, Source, SubnetMapping, Tags, Transport,
};
use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench as _, cluster_id, spec, uid};

use crate::desk::{Desk, VPC, key, pass, settled, trouble};

const ADOPT: &str = "seaway.dev/load-balancer-arn";

fn foreign_group(world: &mut World, name: &str) -> Arn {
    world.add_group(&NewTargetGroup {
        name: name.to_owned(),
        protocol: Transport::Tcp,
        port: 9000,
        vpc: VPC.to_owned(),
        health_check: HealthCheck {
            protocol: HealthProtocol::Tcp,
            port: None,
            path: None,
            codes: None,
            interval: 30,
            timeout: 10,
            healthy: 5,
            unhealthy: 2,
        },
        ip_address_type: IpAddressType::Ipv4,
        tags: Tags::new(),
    })
}

fn leads_to(group: &Arn) -> ListenerSpec {
    ListenerSpec {
        protocol: Transport::Tcp,
        group: Some(group.clone()),
        certificate: None,
        policy: None,
    }
}

/// A load balancer of somebody else, which serves port 9000.
fn foreign_balancer(rig: &Rig<Desk>, name: &str) -> Arn {
    rig.bench.cloud.edit(|world| {
        let firewall = world.add_security_group("theirs", VPC, Tags::new());
        let subnets = ["subnet-1-private-a", "subnet-1-private-b", "subnet-1-private-c"];
        let at = |subnet: &str| SubnetMapping { subnet: subnet.to_owned(), ..Default::default() };
        let arn = world.add_balancer(&NewLoadBalancer {
            name: name.to_owned(),
            scheme: Scheme::Internal,
            subnets: subnets.map(at).to_vec(),
            security_groups: [firewall].into(),
            ip_address_type: IpAddressType::Ipv4,
            tags: Tags::from([("team".to_owned(), "theirs".to_owned())]),
        });
        let group = foreign_group(world, "theirs");
        world.add_listener(&arn, 9000, leads_to(&group), Tags::new());
        arn
    })
}

fn look(rig: &Rig<Desk>, arn: &Arn) -> Balancer {
    rig.bench.cloud.state().balancers[arn].clone()
}

/// In either direction: nothing may hang on the order of names.
#[tokio::test]
async fn another_scheme_is_served_before_the_old_one_goes() {
    for (from, to) in [("internal", "internet-facing"), ("internet-facing", "internal")] {
        change_scheme(from, to).await;
    }
}

async fn change_scheme(from: &str, to: &str) {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).setting(&key("scheme"), from));
    rig.converge().await.unwrap();
    let old = rig.bench.balancer("a");
    let shown = rig.published("a");
    rig.put(spec("a").port(80).setting(&key("scheme"), to));
    pass(&mut rig, "a").await;
    let both = rig.bench.balancers("a");
    assert_eq!(both.len(), 2, "{both:#?}");
    let new = both.iter().find(|it| it.arn != old.arn).unwrap().clone();
    assert_eq!(new.scheme.word(), to);

    // Until the new one takes traffic, the status shows the old one, which serves as it did.
    rig.clock.advance(Duration::from_mins(1));
    pass(&mut rig, "a").await;
    assert_eq!(rig.published("a"), shown);
    assert_eq!(look(&rig, &old.arn), old);

    rig.clock.advance(Duration::from_secs(40));
    let report = pass(&mut rig, "a").await;
    assert_ne!(rig.published("a"), shown);
    assert!(report.look_again.is_some(), "{report:?}");
    assert_eq!(look(&rig, &old.arn), old, "nobody has read the status yet");

    // Names are remembered for a minute.
    pass(&mut rig, "a").await;
    rig.clock.advance(Duration::from_secs(110));
    pass(&mut rig, "a").await;
    assert_eq!(look(&rig, &old.arn), old);
    assert_eq!(rig.bench.groups("a").len(), 1, "by port");

    rig.clock.advance(Duration::from_secs(20));
    rig.converge().await.unwrap();
    assert_eq!(rig.bench.balancer("a").arn, new.arn);
    assert_eq!(rig.moves, 1);
    rig.moves = 0;
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn a_scheme_that_changes_back_keeps_the_old_one() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let old = rig.bench.balancer("a").arn;
    rig.put(spec("a").port(80).setting(&key("scheme"), "internet-facing"));
    pass(&mut rig, "a").await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    assert_eq!(rig.bench.balancer("a").arn, old);
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn deletion_protection_stops_the_whole_deletion_until_it_is_off() {
    const PROTECTION: &str = "deletion_protection.enabled";
    let mut rig = settled().await;
    let protect = format!("{PROTECTION}=true");
    rig.put(spec("a").port(80).source("10.0.0.0/8").setting(&key("attributes"), &protect));
    rig.converge().await.unwrap();
    let before = rig.belongings("a").await;
    rig.delete("a");
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains(PROTECTION), "{error}");
    assert_eq!(rig.belongings("a").await, before);
    assert!(rig.served("a").await.is_some());

    rig.bench.cloud.edit(|world| {
        for balancer in world.balancers.values_mut() {
            balancer.attributes.insert(PROTECTION.to_owned(), "false".to_owned());
        }
    });
    rig.converge().await.unwrap();
    assert!(!rig.remembers("a"));
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_left_to_them() {
    let mut rig = settled().await;
    let other = rig.bench.balancer("other");
    let theirs = foreign_balancer(&rig, "shop");
    // Where the settings are the same, AWS returns the one that exists as if it had made it.
    for same in [false, true] {
        rig.bench.cloud.edit(|world| {
            let it = world.balancers.get_mut(&theirs).unwrap();
            if same {
                it.security_groups.clone_from(&other.security_groups);
            }
        });
        let before = look(&rig, &theirs);
        rig.put(spec("a").port(80).setting(&key("name"), "shop"));
        let report = pass(&mut rig, "a").await;
        let error = trouble(&report, "a").unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.message().contains("shop"), "{error}");
        assert_eq!(look(&rig, &theirs), before);
    }
    rig.put(spec("a").port(80).setting(&key("name"), "shop-2"));
    rig.converge().await.unwrap();
    rig.check_served_by("a").await.unwrap();
    rig.delete("a");
    rig.converge().await.unwrap();
    assert_eq!(rig.orphans().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_listener_of_somebody_else_keeps_its_port() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let ours = rig.bench.balancer("a").arn;
    let group = rig.bench.cloud.edit(|world| {
        let group = foreign_group(world, "theirs");
        world.add_listener(&ours, 443, leads_to(&group), Tags::new());
        group
    });
    let theirs = rig.bench.balancer("a").listeners[&443].clone();
    // First it is met by the call that makes the listener, then it is seen.
    for audit in [false, true] {
        if audit {
            rig.driver().audit(&rig.cx, &[Key::own(uid("a"))]).await.unwrap();
        }
        rig.put(spec("a").port(80).port(443));
        let report = pass(&mut rig, "a").await;
        let error = trouble(&report, "a").unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.message().contains("port 443"), "{error}");
        let now = rig.bench.balancer("a");
        assert_eq!(now.listeners[&443], theirs);
        assert_eq!(now.listeners.len(), 2);
    }
    // And one that nobody asks for is nobody's business.
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    assert_eq!(rig.bench.balancer("a").listeners[&443], theirs);
    rig.check_served_by("a").await.unwrap();
    assert!(rig.bench.cloud.state().groups.contains_key(&group));
}

#[tokio::test]
async fn a_load_balancer_that_is_lent_is_given_back_as_it_was() {
    let mut rig = settled().await;
    let theirs = foreign_balancer(&rig, "shared-services");
    let before = look(&rig, &theirs);
    rig.put(spec("a").port(80).port(443).setting(ADOPT, &theirs.0));
    rig.converge().await.unwrap();
    let lent = look(&rig, &theirs);
    assert_eq!(lent.listeners.keys().copied().collect::<Vec<_>>(), [80, 443, 9000]);
    assert_eq!(Balancer { listeners: before.listeners.clone(), ..lent }, before);
    assert_eq!(rig.bench.groups("a").len(), 2);
    assert!(rig.bench.balancers("a").is_empty());
    let shown = rig.published("a");
    assert_eq!(shown, [Address::Hostname(before.dns_name.clone())]);

    // Only its target groups tell a new process that it is lent.
    rig.restart().await;
    rig.put(spec("a").port(80).setting(ADOPT, &theirs.0));
    rig.converge().await.unwrap();
    assert_eq!(look(&rig, &theirs).listeners.len(), 2);
    rig.set_nodes(1..=4);
    rig.converge().await.unwrap();
    assert_eq!(rig.bench.instances("a").len(), 4);

    rig.delete("a");
    rig.converge().await.unwrap();
    assert_eq!(look(&rig, &theirs), before);
    assert!(rig.bench.groups("a").is_empty() && !rig.remembers("a"));
}

#[tokio::test]
async fn a_load_balancer_that_does_not_exist_can_not_be_lent() {
    let mut rig = settled().await;
    let arn = foreign_balancer(&rig, "gone");
    rig.bench.cloud.edit(|world| world.balancers.remove(&arn));
    rig.put(spec("a").port(80).setting(ADOPT, &arn.0));
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    assert!(error.to_string().contains(&arn.0), "{error}");
    assert!(rig.belongings("a").await.is_empty());
}

#[tokio::test]
async fn what_is_to_stay_is_marked_so() {
    let mut rig = settled().await;
    let retained = |retain| LbSpec { retain, ..spec("a").port(80).build() };
    rig.put(retained(true));
    rig.converge().await.unwrap();
    assert!(rig.driver().retained().contains(&uid("a")));
    rig.restart().await;
    rig.converge().await.unwrap();
    assert!(rig.driver().retained().contains(&uid("a")));
    // The Service went while nobody looked: the mark is all that is left of it.
    rig.forget("a");
    rig.restart().await;
    rig.driver().survey(&rig.cx).await.unwrap();
    assert!(rig.driver().retained().contains(&uid("a")));

    rig.put(retained(false));
    rig.converge().await.unwrap();
    assert!(!rig.driver().retained().contains(&uid("a")));
    assert!(!rig.bench.balancer("a").tags.contains_key("seaway.dev/retain"));
}

#[tokio::test]
async fn what_was_changed_by_hand_is_made_again() {
    type Damage = fn(&mut World, &Arn);
    let damages: [(&str, Damage); 6] = [
        ("a listener is deleted", |world, arn| {
            world.balancers.get_mut(arn).unwrap().listeners.clear();
        }),
        ("targets are deregistered", |world, arn| {
            let group = group_of(world, arn);
            world.groups.get_mut(&group).unwrap().targets.pop_first();
        }),
        ("an attribute is changed", |world, arn| {
            let balancer = world.balancers.get_mut(arn).unwrap();
            let key = "load_balancing.cross_zone.enabled".to_owned();
            balancer.attributes.insert(key, "true".to_owned());
        }),
        ("an attribute of a target group is changed", |world, arn| {
            let group = group_of(world, arn);
            let key = "proxy_protocol_v2.enabled".to_owned();
            world.groups.get_mut(&group).unwrap().attributes.insert(key, "true".to_owned());
        }),
        ("a rule is revoked", |world, _| {
            let is_own =
                |tags: &Tags| tags.get("seaway.dev/role").is_some_and(|it| it == "firewall-0");
            let mut groups = world.security_groups.values_mut();
            groups.find(|it| is_own(&it.tags)).unwrap().rules.clear();
        }),
        ("a stranger is let in", |world, arn| {
            let balancer = world.balancers.get_mut(arn).unwrap();
            let all = world.security_groups.values();
            let open =
                all.filter(|it| it.tags.get("seaway.dev/role").is_some_and(|it| it == "open"));
            balancer.security_groups.extend(open.map(|it| it.id.clone()));
        }),
    ];
    for (what, damage) in damages {
        let mut rig = settled().await;
        rig.put(spec("a").port(80).source("10.0.0.0/8"));
        rig.converge().await.unwrap();
        let before = rig.belongings("a").await;
        let arn = rig.bench.balancer("a").arn;
        rig.bench.cloud.edit(|world| damage(world, &arn));
        assert_ne!(rig.belongings("a").await, before, "{what}");
        let changed = rig.driver().audit(&rig.cx, &[Key::own(uid("a"))]).await.unwrap();
        assert!(changed.contains(&Key::own(uid("a"))), "{what}");
        let report = pass(&mut rig, "a").await;
        assert!(report.settled, "{what}: {report:?}");
        rig.verify().await.unwrap_or_else(|why| panic!("{what}: {why}"));
        let attributes = rig.bench.balancer("a").attributes;
        assert_eq!(attributes["load_balancing.cross_zone.enabled"], "false", "{what}");
    }
}

fn group_of(world: &World, balancer: &Arn) -> Arn {
    world.balancers[balancer].listeners[&80].spec.group.clone().unwrap()
}

#[tokio::test]
async fn the_nodes_are_opened_again() {
    let mut rig = settled().await;
    let theirs = |world: &World| {
        let mut all = world.security_groups.values();
        all.find(|it| it.name.starts_with("nodes-of-")).unwrap().clone()
    };
    let before = theirs(&rig.bench.cloud.state());
    assert!(before.rules.iter().all(|rule| matches!(rule.source, Source::Group(_))));
    assert_eq!(before.rules.len(), 3, "TCP and UDP NodePorts, and kube-proxy's health");
    rig.bench.cloud.edit(|world| {
        world.security_groups.get_mut(&before.id).unwrap().rules.pop_first();
    });
    rig.driver().audit(&rig.cx, &[Key::Ground]).await.unwrap();
    rig.pass(&Key::Ground).await;
    assert_eq!(theirs(&rig.bench.cloud.state()), before);
}

/// A pass over the ground and one over the Service, in a world that was changed before anybody
/// looked; then the same once it is mended.
async fn refused_until(
    damage: impl FnOnce(&mut World),
    mend: impl FnOnce(&mut World),
    parts: &[&str],
) {
    let mut rig = Rig::<Desk>::open().await;
    rig.bench.cloud.edit(damage);
    rig.put(spec("a").port(80));
    rig.driver().survey(&rig.cx).await.unwrap();
    rig.pass(&Key::Ground).await;
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    for part in parts {
        assert!(error.to_string().contains(part), "{error} does not say {part}");
    }
    assert!(rig.belongings("a").await.is_empty());
    // It is mended in the account, and no change of the Service tells so.
    assert_eq!(error.class(), seaway_core::Class::Retryable, "{error:?}");
    rig.bench.cloud.edit(mend);
    rig.clock.advance(Duration::from_mins(5));
    rig.driver().survey(&rig.cx).await.unwrap();
    rig.converge().await.unwrap();
    rig.check_served_by("a").await.unwrap();
}

#[tokio::test]
async fn several_security_groups_of_nodes_are_named() {
    let extra = |world: &mut World| {
        let tags =
            Tags::from([(format!("kubernetes.io/cluster/{}", cluster_id()), "owned".to_owned())]);
        world.add_security_group("extra", VPC, tags);
    };
    refused_until(
        extra,
        |world| world.security_groups.retain(|_, it| it.name != "extra"),
        &["providers.aws.node-security-groups", "nodes-of-", "(extra)"],
    )
    .await;
}

#[tokio::test]
async fn no_security_group_of_nodes_is_told() {
    let tag = format!("kubernetes.io/cluster/{}", cluster_id());
    refused_until(
        |world| world.security_groups.values_mut().for_each(|it| it.tags.clear()),
        |world| {
            world.add_node_group(VPC, cluster_id().as_str());
        },
        &["providers.aws.node-security-groups", &tag],
    )
    .await;
}

#[tokio::test]
async fn where_no_subnet_fits_the_tag_is_named() {
    let strip = |world: &mut World| {
        for subnet in world.subnets.values_mut() {
            subnet.tags.clear();
        }
        let routes = world.vpcs.get_mut(VPC).unwrap();
        routes.public.append(&mut routes.private);
    };
    let tag = |world: &mut World| {
        for subnet in world.subnets.values_mut().filter(|it| it.id.contains("private")) {
            subnet.tags.insert("kubernetes.io/role/internal-elb".to_owned(), "1".to_owned());
        }
    };
    refused_until(strip, tag, &["kubernetes.io/role/internal-elb", VPC]).await;
}

/// Without tags the routes tell which subnets are public.
#[tokio::test]
async fn without_tags_the_routes_decide() {
    let mut rig = Rig::<Desk>::open().await;
    rig.bench.cloud.edit(|world| world.subnets.values_mut().for_each(|it| it.tags.clear()));
    rig.put(spec("a").port(80));
    rig.put(spec("b").port(80).setting(&key("scheme"), "internet-facing"));
    rig.converge().await.unwrap();
    for (name, kind) in [("a", "private"), ("b", "public")] {
        let subnets = rig.bench.balancer(name).subnets;
        assert!(subnets.len() == 3 && subnets.keys().all(|id| id.contains(kind)), "{subnets:?}");
    }
}

/// A load balancer that AWS could not make is not waited for.
#[tokio::test]
async fn what_aws_could_not_make_says_so() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    pass(&mut rig, "a").await;
    let arn = rig.bench.balancer("a").arn;
    rig.bench.cloud.edit(|world| {
        let failed = seaway_provider_aws::api::State::Failed("no capacity".to_owned());
        world.balancers.get_mut(&arn).unwrap().state = Some(failed);
    });
    rig.clock.advance(Duration::from_secs(10));
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    assert!(error.message().contains("no capacity"), "{error}");
    rig.delete("a");
    rig.converge().await.unwrap();
    assert!(!rig.remembers("a"));
    assert!(rig.bench.served(&uid("a")).await.is_none());
}

/// Nothing is made for a Service that is refused only once its ports are looked at.
#[tokio::test]
async fn a_refused_service_gets_no_empty_load_balancer() {
    let mut rig = settled().await;
    let mut uneven = spec("a").port(53).udp(53).build();
    uneven.ports[0].node_port = Some(31_999);
    rig.put(uneven);
    let report = pass(&mut rig, "a").await;
    assert!(trouble(&report, "a").unwrap().message().contains("nodePort"), "{report:?}");
    assert!(!report.wrote(), "{report:?}");
    assert!(rig.belongings("a").await.is_empty());

    // And what one has stays, with who may connect.
    let good = spec("b").port(80).source("10.0.0.0/8").build();
    rig.put(good.clone());
    rig.converge().await.unwrap();
    let before = rig.belongings("b").await;
    let mut bad = good;
    bad.ports[0].node_port = None;
    rig.put(bad);
    let report = pass(&mut rig, "b").await;
    assert!(trouble(&report, "b").is_some() && !report.wrote(), "{report:?}");
    assert_eq!(rig.belongings("b").await, before);
}
