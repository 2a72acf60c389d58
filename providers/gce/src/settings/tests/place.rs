use super::super::keys::{ADDRESSES, GLOBAL_ACCESS, SUBNET, SUBNET_OLD, TIER, TYPE, TYPE_OLD};
use super::*;

const INTERNAL: (&str, &str) = (TYPE, "Internal");

#[test]
fn the_scheme_is_said_by_either_name() {
    let internal: &Want = &Reads(|it| it.scheme == Scheme::Internal);
    let external: &Want = &Reads(|it| it.scheme == Scheme::External);
    for key in [TYPE, TYPE_OLD] {
        check(&[(key, "Internal")], internal);
        check(&[(key, "internal")], internal);
        check(&[(key, "External")], external);
        check(&[(key, "public")], &Refused(key, &["use Internal or External"]));
    }
    check(&[INTERNAL, (TYPE_OLD, "internal")], internal);
    let refused = Refused(TYPE_OLD, &[TYPE, "says \"Internal\"", "remove one"]);
    check(&[INTERNAL, (TYPE_OLD, "External")], &refused);
}

#[test]
fn the_scheme_of_the_config_is_for_services_that_do_not_say() {
    let config = Settled { scheme: Scheme::Internal, ..settled() };
    check_under(&config, web(), &[], &Reads(|it| it.scheme == Scheme::Internal));
    let external = Reads(|it| it.scheme == Scheme::External);
    check_under(&config, web(), &[(TYPE, "External")], &external);
    let global = Reads(|it| it.global_access);
    check_under(&config, web(), &[(GLOBAL_ACCESS, "true")], &global);
}

#[test]
fn global_access_is_for_internal_load_balancers() {
    let yes = (GLOBAL_ACCESS, "true");
    check(&[INTERNAL, yes], &Reads(|it| it.global_access));
    check(&[INTERNAL, (GLOBAL_ACCESS, "false")], &Reads(|it| !it.global_access));
    check(&[(GLOBAL_ACCESS, "false")], &Reads(|it| !it.global_access));
    check(&[yes], &Refused(GLOBAL_ACCESS, &["external", "networking.gke.io/load-balancer-type"]));
    check(&[INTERNAL, (GLOBAL_ACCESS, "yes")], &Refused(GLOBAL_ACCESS, &["use true or false"]));
}

#[test]
fn the_subnetwork_is_said_by_either_name() {
    let want: &Want = &Reads(|it| it.subnet.as_deref() == Some("sub") && it.warnings.is_empty());
    for key in [SUBNET, SUBNET_OLD] {
        check(&[INTERNAL, (key, "sub")], want);
        let wrong = "projects/p/regions/r/subnetworks/sub";
        check(&[INTERNAL, (key, wrong)], &Refused(key, &["the name of a subnetwork"]));
    }
    check(&[INTERNAL, (SUBNET, "sub"), (SUBNET_OLD, "sub")], want);
    let refused = Refused(SUBNET_OLD, &[SUBNET, "says \"sub\"", "remove one"]);
    check(&[INTERNAL, (SUBNET, "sub"), (SUBNET_OLD, "other")], &refused);
}

#[test]
fn the_subnetwork_of_an_external_address_is_for_ipv6() {
    let want = Reads(|it| it.subnet.is_some() && it.warnings.is_empty());
    check_on(dual(), &[(SUBNET, "sub")], &want);
    let warned = Reads(|it| {
        matches!(&it.warnings[..], [one] if one.reason == "NoEffect"
            && one.message.contains(SUBNET) && one.message.contains("\"sub\""))
    });
    check(&[(SUBNET, "sub")], &warned);
}

#[test]
fn the_tier_is_said_by_the_service_or_by_the_config() {
    let standard: &Want = &Reads(|it| it.tier == Tier::Standard);
    let premium: &Want = &Reads(|it| it.tier == Tier::Premium);
    check(&[(TIER, "Standard")], standard);
    check(&[(TIER, "Premium")], premium);
    check(&[(TIER, "Best")], &Refused(TIER, &["use Premium or Standard"]));
    let config = Settled { network_tier: Tier::Standard, ..settled() };
    check_under(&config, web(), &[], standard);
    check_under(&config, web(), &[(TIER, "Premium")], premium);
    check_under(&config, web(), &[INTERNAL], premium);
}

#[test]
fn the_standard_tier_is_external_and_without_ipv6() {
    let standard = (TIER, "Standard");
    check(&[INTERNAL, standard], &Refused(TIER, &["internal", "use Premium"]));
    check_on(dual(), &[standard], &Refused(TIER, &["no IPv6", "use Premium"]));
    check_on(dual(), &[(TIER, "Premium")], &Reads(|it| it.tier == Tier::Premium));
    let config = Settled { network_tier: Tier::Standard, ..settled() };
    let refused = Refused(TIER, &["providers.gce.network-tier", "no IPv6", "Premium"]);
    check_under(&config, dual(), &[], &refused);
    check_under(&config, dual(), &[INTERNAL], &Reads(|it| it.tier == Tier::Premium));
}

#[test]
fn addresses_are_named_one_for_each_family() {
    check(&[(ADDRESSES, "one")], &Reads(|it| it.addresses == ["one"]));
    let both = Reads(|it| it.addresses == ["one", "two"]);
    check_on(dual(), &[(ADDRESSES, "one, two")], &both);
    check_on(dual(), &[(ADDRESSES, "one")], &Reads(|it| it.addresses == ["one"]));
    let remedy = "use one or two names";
    let many = Refused(ADDRESSES, &["use one or two names"]);
    check_on(dual(), &[(ADDRESSES, "one,two,three")], &many);
    check_on(dual(), &[(ADDRESSES, "one,one")], &Refused(ADDRESSES, &["\"one\"", "twice"]));
    check(&[(ADDRESSES, "one,two")], &Refused(ADDRESSES, &["of one family", "name one"]));
    for wrong in ["192.0.2.1", "one,", "One", " "] {
        let spec = spec("web").port(80).setting(ADDRESSES, wrong).build();
        let error = read(&spec, &settled()).unwrap_err();
        assert!(error.message().contains(remedy), "{error}");
    }
}

#[test]
fn an_address_is_asked_for_in_one_way() {
    let spec = spec("web").port(80).requested("192.0.2.1".parse().unwrap()).build();
    check_on(spec.clone(), &[], &Reads(|it| it.addresses.is_empty()));
    let refused = Refused(ADDRESSES, &["loadBalancerIP", "192.0.2.1", "remove one"]);
    check_on(spec, &[(ADDRESSES, "one")], &refused);
}
