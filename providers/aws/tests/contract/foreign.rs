//! What others own: it is left alone, or lent and given back.

use seaway_core::{Address, ErrorKind, Key};
use seaway_provider_aws::api::fake::{Balancer, World};
use seaway_provider_aws::api::{
    Arn, HealthCheck, HealthProtocol, IpAddressType, ListenerSpec, NewLoadBalancer, NewTargetGroup,
    Scheme, SubnetMapping, Tags, Transport,
};
use seaway_testkit::rig::{Rig, pass, trouble};
use seaway_testkit::{spec, uid};

use crate::desk::{Desk, VPC, key, look, settled};

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
