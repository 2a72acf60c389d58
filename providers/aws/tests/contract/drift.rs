//! What others change of ours is made again.

use seaway_core::Key;
use seaway_provider_aws::api::fake::World;
use seaway_provider_aws::api::{Arn, Source, Tags};
use seaway_testkit::rig::pass;
use seaway_testkit::{spec, uid};

use crate::desk::settled;

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
