use super::*;
use crate::api::{IpAddressType, Scheme};

#[test]
fn the_scheme_is_said_by_two_annotations_that_must_agree() {
    let internal: &Want = &Reads(|it| it.scheme == Some(Scheme::Internal));
    let facing: &Want = &Reads(|it| it.scheme == Some(Scheme::InternetFacing));
    check(&[("scheme", "internal")], internal);
    check(&[("scheme", "internet-facing")], facing);
    check(&[("internal", "true")], internal);
    check(&[("internal", "false")], facing);
    check(&[("internal", "true"), ("scheme", "internal")], internal);
    check(&[("internal", "false"), ("scheme", "internet-facing")], facing);
    let refused = Refused("internal", &["scheme says internal", "remove one"]);
    check(&[("internal", "false"), ("scheme", "internal")], &refused);
    check(&[("scheme", "public")], &Refused("scheme", &["use internal or internet-facing"]));
    check(&[("internal", "0.0.0.0/0")], &Refused("internal", &["use true or false"]));
    check(&[("internal", "")], &Refused("internal", &["use true or false"]));
}

#[test]
fn a_name_is_one_that_aws_takes() {
    check(&[("name", "web-1")], &Reads(|it| it.name.as_deref() == Some("web-1")));
    check(&[("name", "a123456789b123456789c123456789d1")], &Reads(|it| it.name.is_some()));
    let bad = ["", "-web", "web-", "web_1", "internal-web", "a123456789b123456789c123456789d12"];
    for bad in bad {
        check(&[("name", bad)], &Refused("name", &["1 to 32 letters, digits and hyphens"]));
    }
}

#[test]
fn subnets_are_named_by_id_or_tag_and_once_each() {
    let want = Reads(|it| it.subnets == Some(vec!["subnet-a".to_owned(), "my net".to_owned()]));
    check(&[("subnets", " subnet-a, ,my net,")], &want);
    check(&[("subnets", " , ")], &Refused("subnets", &["name one subnet per zone"]));
    check(&[("subnets", "a,b,a")], &Refused("subnets", &["\"a\"", "twice"]));
}

#[test]
fn security_groups_are_named_by_id_and_there_are_four_at_most() {
    let want = Reads(|it| it.security_groups.as_ref().is_some_and(|groups| groups.len() == 2));
    check(&[("security-groups", "sg-0a, sg-0b")], &want);
    let tag = Refused("security-groups", &["\"mine\"", "sg-…", "Name tags are not looked up"]);
    check(&[("security-groups", "sg-0a,mine")], &tag);
    check(&[("security-groups", "mine")], &tag);
    check(&[("security-groups", "sg-")], &Refused("security-groups", &["use ids"]));
    check(&[("security-groups", "")], &Refused("security-groups", &["1 to 4"]));
    let many = Refused("security-groups", &["5 security groups", "4"]);
    check(&[("security-groups", "sg-1,sg-2,sg-3,sg-4,sg-5")], &many);
}

#[test]
fn elastic_addresses_are_for_internet_facing_load_balancers() {
    let want: &Want = &Reads(|it| it.allocations == ["eipalloc-1", "eipalloc-2"]);
    let ids = ("eip-allocations", "eipalloc-1,eipalloc-2");
    check(&[ids], want);
    check(&[ids, ("scheme", "internet-facing"), ("subnets", "a,b")], want);
    check(&[ids, ("subnets", "a")], &Refused("eip-allocations", &["2 for 1 subnets"]));
    check(&[ids, ("scheme", "internal")], &Refused("eip-allocations", &["private-ipv4-addresses"]));
    check(&[ids, ("internal", "true")], &Refused("eip-allocations", &["internal"]));
    let key = "eip-allocations";
    check(&[(key, "")], &Refused(key, &["one allocation"]));
    check(&[(key, "192.0.2.1")], &Refused(key, &["eipalloc-…"]));
    check(&[(key, "eipalloc-1,eipalloc-1")], &Refused(key, &["twice"]));
}

#[test]
fn private_addresses_are_for_internal_load_balancers() {
    let addresses = ("private-ipv4-addresses", "10.0.0.9, 10.0.1.9");
    check(&[addresses], &Reads(|it| it.private_addresses.len() == 2));
    check(&[addresses, ("scheme", "internal")], &Reads(|it| it.private_addresses.len() == 2));
    let key = "private-ipv4-addresses";
    check(&[addresses, ("subnets", "a,b,c")], &Refused(key, &["2 for 3 subnets"]));
    check(&[addresses, ("scheme", "internet-facing")], &Refused(key, &["eip-allocations"]));
    check(&[addresses, ("eip-allocations", "eipalloc-1")], &Refused(key, &["remove one"]));
    check(&[(key, "10.0.0.9,2001:db8::1")], &Refused(key, &["2001:db8::1", "IPv4"]));
    check(&[(key, "10.0.0")], &Refused(key, &["IPv4"]));
    check(&[(key, "10.0.0.9,10.0.0.9")], &Refused(key, &["twice"]));
}

#[test]
fn the_families_are_ipv4_or_both() {
    let ipv4 = Reads(|it| it.ip_address_type == Some(IpAddressType::Ipv4));
    let both = Reads(|it| it.ip_address_type == Some(IpAddressType::Dualstack));
    check(&[("ip-address-type", "ipv4")], &ipv4);
    check(&[("ip-address-type", "dualstack")], &both);
    for bad in ["ipv6", "IPv4", "dualstack-without-public-ipv4"] {
        check(&[("ip-address-type", bad)], &Refused("ip-address-type", &["use ipv4 or dualstack"]));
    }
}
