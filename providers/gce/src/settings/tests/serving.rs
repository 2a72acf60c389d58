use std::time::Duration;

use super::super::keys::{RBS, STRONG, TYPE, WEIGHTED};
use super::*;
use crate::api::Affinity;

fn sticky(seconds: u64) -> LbSpec {
    spec("web").port(80).affinity(seconds).build()
}

#[test]
fn clients_stay_with_their_nodes_if_the_service_says_so() {
    check(&[], &Reads(|it| it.affinity == Affinity::None));
    let quiet = Reads(|it| it.affinity == Affinity::ClientIp && it.warnings.is_empty());
    check_on(sticky(10_800), &[], &quiet);
}

#[test]
fn a_timeout_that_is_not_kept_is_told() {
    let external = Reads(|it| {
        it.affinity == Affinity::ClientIp
            && matches!(&it.warnings[..], [one] if one.reason == "AffinityTimeout"
                && one.message.contains("300") && one.message.contains(STRONG))
    });
    check_on(sticky(300), &[], &external);
    let internal = Reads(|it| {
        matches!(&it.warnings[..], [one] if one.reason == "AffinityTimeout"
            && one.message.contains("300") && !one.message.contains(STRONG))
    });
    check_on(sticky(300), &[(TYPE, "Internal")], &internal);
}

#[test]
fn strong_affinity_has_a_timeout_of_a_minute_to_sixteen_hours() {
    let on: (&str, &str) = (STRONG, "enabled");
    for seconds in [60, 300, 10_800, 57_600] {
        let spec = spec("web").port(80).affinity(seconds).setting(STRONG, "enabled").build();
        let settings = read(&spec, &settled()).unwrap();
        let idle = Duration::from_secs(seconds);
        assert_eq!(settings.affinity, Affinity::Strong { idle });
        assert_eq!(settings.warnings, []);
    }
    check_on(sticky(59), &[on], &Refused(STRONG, &["59", "60 to 57600"]));
    check_on(sticky(57_601), &[on], &Refused(STRONG, &["57601", "60 to 57600"]));
}

#[test]
fn strong_affinity_is_of_external_load_balancers_with_client_ip() {
    let on: (&str, &str) = (STRONG, "enabled");
    check(&[on], &Refused(STRONG, &["spec.sessionAffinity: ClientIP"]));
    let internal = Refused(STRONG, &["internal", "External"]);
    check_on(sticky(300), &[on, (TYPE, "Internal")], &internal);
    for wrong in ["true", "Enabled", "disabled"] {
        check_on(sticky(300), &[(STRONG, wrong)], &Refused(STRONG, &["use enabled"]));
    }
}

#[test]
fn nodes_are_weighted_by_pods_where_only_those_with_pods_serve() {
    let local = || spec("web").port(80).local(32_000).build();
    check_on(local(), &[], &Reads(|it| !it.weighted));
    check_on(local(), &[(WEIGHTED, "pods-per-node")], &Reads(|it| it.weighted));
    check(&[(WEIGHTED, "pods-per-node")], &Refused(WEIGHTED, &["Cluster", "Local"]));
    check_on(local(), &[(WEIGHTED, "true")], &Refused(WEIGHTED, &["use pods-per-node"]));
}

#[test]
fn backend_services_are_had_without_asking() {
    let warned = Reads(|it| {
        matches!(&it.warnings[..], [one] if one.reason == "NoEffect"
            && one.message.contains(RBS) && one.message.contains("\"enabled\""))
    });
    check(&[(RBS, "enabled")], &warned);
    check(&[(RBS, "false")], &Refused(RBS, &["use enabled"]));
}
