//! What the account has to have before there can be any load balancer.

use std::time::Duration;

use seaway_core::Key;
use seaway_provider_aws::api::Tags;
use seaway_provider_aws::api::fake::World;
use seaway_testkit::rig::{Rig, pass, trouble};
use seaway_testkit::{cluster_id, spec};

use crate::desk::{Desk, VPC, key};

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
