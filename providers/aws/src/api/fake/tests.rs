mod balancers;
mod firewall;
mod targets;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use seaway_testkit::ManualClock;

use super::super::*;
use super::Cloud;

static EMPTY: Tags = Tags::new();

/// A cloud with the VPC `vpc-1`, and a security group in it.
struct Place {
    clock: Arc<ManualClock>,
    cloud: Cloud,
    firewall: String,
}

impl Place {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let cloud = Cloud::new(Arc::<ManualClock>::clone(&clock));
        let firewall = cloud.edit(|world| {
            world.add_vpc("vpc-1");
            world.add_security_group("backend", "vpc-1", Tags::new())
        });
        Self { clock, cloud, firewall }
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn balancer(&self, name: &str) -> NewLoadBalancer {
        NewLoadBalancer {
            name: name.to_owned(),
            scheme: Scheme::InternetFacing,
            subnets: vec![subnet("subnet-1-public-a"), subnet("subnet-1-public-b")],
            security_groups: [self.firewall.clone()].into(),
            ip_address_type: IpAddressType::Ipv4,
            tags: tags(&[("owner", name)]),
        }
    }

    async fn made(&self, name: &str) -> Arn {
        self.cloud.create_load_balancer(&self.balancer(name)).await.unwrap().arn
    }

    async fn group(&self, name: &str, protocol: Transport) -> Arn {
        self.cloud.create_target_group(&group(name, protocol)).await.unwrap().arn
    }

    /// A load balancer that leads from port 80 to a target group.
    async fn serving(&self) -> (Arn, Arn, Arn) {
        let (balancer, group) = (self.made("a").await, self.group("a", Transport::Tcp).await);
        let spec = leads(Transport::Tcp, &group);
        let listener = self.cloud.create_listener(&balancer, 80, &spec, &Tags::new()).await;
        (balancer, group, listener.unwrap().arn)
    }

    async fn health(&self, group: &Arn) -> Vec<(String, TargetState)> {
        let all = self.cloud.target_health(group).await.unwrap();
        all.into_iter().map(|it| (it.target.to_string(), it.state)).collect()
    }
}

fn subnet(id: &str) -> SubnetMapping {
    SubnetMapping { subnet: id.to_owned(), ..SubnetMapping::default() }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn group(name: &str, protocol: Transport) -> NewTargetGroup {
    NewTargetGroup {
        name: name.to_owned(),
        protocol,
        port: 30080,
        vpc: "vpc-1".to_owned(),
        health_check: HealthCheck {
            protocol: HealthProtocol::Tcp,
            port: None,
            path: None,
            codes: None,
            interval: 10,
            timeout: 10,
            healthy: 2,
            unhealthy: 2,
        },
        ip_address_type: IpAddressType::Ipv4,
        tags: Tags::new(),
    }
}

fn leads(protocol: Transport, group: &Arn) -> ListenerSpec {
    ListenerSpec { protocol, group: Some(group.clone()), certificate: None, policy: None }
}

fn targets(instances: &[&str]) -> BTreeSet<Target> {
    instances.iter().map(|id| Target { instance: (*id).to_owned(), port: 30080 }).collect()
}

fn tcp(port: u16, source: &str) -> Rule {
    let ingress = Ingress::Tcp(PortRange { from: port, to: port });
    Rule { ingress, source: Source::Prefix(source.parse().unwrap()) }
}

#[track_caller]
fn refused<T: fmt::Debug>(answer: Answer<T>, code: &str) {
    assert_eq!(answer.unwrap_err().code(), Some(code));
}

#[tokio::test]
async fn a_listing_comes_in_pages_and_leaves_nothing_out() {
    let place = Place::new();
    place.cloud.edit(|world| world.limits.page = 2);
    for name in ["a", "b", "c", "d"] {
        place.made(name).await;
    }
    let (mut names, mut next) = (Vec::new(), None);
    loop {
        let page = place.cloud.load_balancers(Which::All(next.clone())).await.unwrap();
        names.extend(page.items.into_iter().map(|it| it.name));
        next = page.next;
        if next.is_none() {
            break;
        }
        // What goes in between does not move the rest.
        place.cloud.edit(|world| world.balancers.retain(|_, it| it.name != "a"));
    }
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(place.cloud.calls()["DescribeLoadBalancers"], 2);
    let wrong = place.cloud.load_balancers(Which::All(Some("next".to_owned()))).await;
    refused(wrong, "ValidationError");
}

#[tokio::test]
async fn tags_come_in_the_order_that_was_asked_for() {
    let place = Place::new();
    let cloud = &place.cloud;
    let (a, b) = (place.made("a").await, place.made("b").await);
    cloud.add_tags(&b, &tags(&[("more", "1")])).await.unwrap();
    cloud.remove_tags(&a, &["owner".to_owned()].into()).await.unwrap();
    let found = cloud.tags(&[b.clone(), a.clone()]).await.unwrap();
    assert_eq!(found, [tags(&[("more", "1"), ("owner", "b")]), Tags::new()]);
    refused(cloud.tags(&vec![a.clone(); 21]).await, "ValidationError");
    refused(cloud.load_balancers(Which::Arns(vec![a; 21])).await, "ValidationError");
    refused(cloud.tags(&[Arn("arn:gone".to_owned())]).await, "LoadBalancerNotFound");
}

#[tokio::test]
async fn a_call_fails_or_its_answer_gets_lost() {
    let place = Place::new();
    let cloud = &place.cloud;
    let throttled = Fault::refused("ThrottlingException", "Rate exceeded");
    cloud.fail_next(throttled.clone());
    // Reads go on.
    cloud.load_balancers(Which::All(None)).await.unwrap();
    let answer = cloud.create_load_balancer(&place.balancer("a")).await;
    assert_eq!(answer.unwrap_err(), throttled);
    assert!(cloud.state().balancers.is_empty());
    cloud.lose_next();
    let answer = cloud.create_load_balancer(&place.balancer("a")).await;
    assert!(matches!(answer, Err(Fault::NoAnswer(_))));
    assert_eq!(cloud.state().balancers.len(), 1);
    place.made("a").await;
    assert_eq!(cloud.state().balancers.len(), 1);
    let calls = [("CreateLoadBalancer", 3), ("DescribeLoadBalancers", 1)];
    assert_eq!(cloud.calls(), calls.into());
    cloud.reset_calls();
    assert!(cloud.calls().is_empty());
}
