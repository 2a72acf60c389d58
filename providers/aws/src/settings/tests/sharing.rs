use super::*;
use crate::settings::group_name;

const ADOPT: &str = "seaway.dev/load-balancer-arn";
const GROUP: &str = "seaway.dev/load-balancer-group";
const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/web/0a1b";
const TAGS: &str = "additional-resource-tags";

#[test]
fn tags_are_added_within_the_limits_of_aws() {
    let want = Reads(|it| {
        it.tags.len() == 3 && it.tags["url"] == "https://a/b=c" && it.tags["x"].is_empty()
    });
    check(&[(TAGS, "team=a b, url=https://a/b=c,x=")], &want);
    check(&[(TAGS, "")], &Reads(|it| it.tags.is_empty()));
    let reserved = ["aws:a=b", "AWS:a=b", "seaway.dev/cluster=b", "kubernetes.io/cluster/x=owned"];
    for bad in reserved {
        check(&[(TAGS, bad)], &Refused(TAGS, &["are set by others"]));
    }
    check(&[(TAGS, "team")], &Refused(TAGS, &["key=value"]));
    check(&[(TAGS, "=a")], &Refused(TAGS, &["key=value"]));
    check(&[(TAGS, "a=1,a=2")], &Refused(TAGS, &["one value"]));
    check(&[(TAGS, "a=1,a=1")], &Reads(|it| it.tags.len() == 1));
    check(&[(TAGS, "a?=1")], &Refused(TAGS, &["up to 128 letters"]));
    check(&[(TAGS, "a=<b>")], &Refused(TAGS, &["up to 256 letters"]));
    let long = |key: usize, value: usize| format!("{}={}", "k".repeat(key), "v".repeat(value));
    check(&[(TAGS, &long(128, 256))], &Reads(|it| it.tags.len() == 1));
    check(&[(TAGS, &long(129, 1))], &Refused(TAGS, &["up to 128"]));
    check(&[(TAGS, &long(1, 257))], &Refused(TAGS, &["up to 256"]));
    let many = |count: usize| (0..count).map(|it| format!("k{it}=v")).collect::<Vec<_>>().join(",");
    check(&[(TAGS, &many(40))], &Reads(|it| it.tags.len() == 40));
    check(&[(TAGS, &many(41))], &Refused(TAGS, &["41 tags", "40 at most"]));
    let together = format!("a{0}=1,b{0}=2,c=3", "k".repeat(127));
    check(&[(TAGS, &together)], &Refused(TAGS, &["256 characters together"]));
}

#[test]
fn an_existing_load_balancer_is_named_by_its_arn() {
    check(&[(ADOPT, ARN)], &Reads(|it| it.adopt.as_ref().is_some_and(|arn| arn.0 == ARN)));
    let bad = [
        String::new(),
        "web".to_owned(),
        ARN.replace("/net/", "/app/"),
        ARN.replace("/0a1b", ""),
        ARN.replace("elasticloadbalancing", "ec2"),
        ARN.replace("123456789012", "12"),
        ARN.replace("loadbalancer", "targetgroup"),
    ];
    for bad in bad {
        check(&[(ADOPT, &bad)], &Refused(ADOPT, &["loadbalancer/net/"]));
    }
}

#[test]
fn an_existing_load_balancer_is_left_as_it_is() {
    let excluded = [
        ("scheme", "internal"),
        ("internal", "true"),
        ("name", "web"),
        ("subnets", "a"),
        ("security-groups", "sg-1"),
        ("eip-allocations", "eipalloc-1"),
        ("private-ipv4-addresses", "10.0.0.1"),
        ("ip-address-type", "ipv4"),
        ("attributes", "deletion_protection.enabled=true"),
        ("cross-zone-load-balancing-enabled", "true"),
        ("access-log-enabled", "false"),
    ];
    for (key, value) in excluded {
        check(&[(ADOPT, ARN), (key, value)], &Refused(key, &["left as it is", "remove one"]));
    }
    let free =
        [(ADOPT, ARN), (TAGS, "a=b"), ("target-group-attributes", "stickiness.enabled=true")];
    check(&free, &Reads(|it| it.adopt.is_some()));
    let ranged = named(spec("web").port(80).source("192.0.2.0/24"));
    check_on(ranged, &[(ADOPT, ARN)], &Refused(ADOPT, &["192.0.2.0/24", "can't enforce"]));
}

#[test]
fn a_group_has_a_plain_name_and_names_its_load_balancer() {
    let long = "g".repeat(63);
    for good in ["a", "Team_1.web-x", &long] {
        check(&[(GROUP, good)], &Reads(|it| it.group.is_some()));
        assert_eq!(group_name(&spec("web").port(80).setting(GROUP, good).build()), Some(good));
    }
    for bad in ["", "a/b", "a b", "\u{e9}", &"g".repeat(64)] {
        check(&[(GROUP, bad)], &Refused(GROUP, &["1 to 63"]));
        assert_eq!(group_name(&spec("web").port(80).setting(GROUP, bad).build()), None);
    }
    assert_eq!(group_name(&web()), None);
    check(&[(GROUP, "a"), ("name", "web")], &Refused("name", &["named after the group"]));
    check(&[(GROUP, "a"), ("scheme", "internal")], &Reads(|it| it.scheme.is_some()));
}
