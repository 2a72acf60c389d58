use super::*;
use crate::api::Attributes;

fn is(attributes: &Attributes, pairs: &[(&str, &str)]) -> bool {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    *attributes == pairs.collect()
}

#[test]
fn attributes_of_a_load_balancer_are_checked_by_key_and_value() {
    let want = Reads(|it| {
        let pairs = [
            ("deletion_protection.enabled", "true"),
            ("dns_record.client_routing_policy", "availability_zone_affinity"),
        ];
        is(&it.balancer_attributes, &pairs)
    });
    let given = "deletion_protection.enabled=true, \
                 dns_record.client_routing_policy=availability_zone_affinity,";
    check(&[("attributes", given)], &want);
    check(&[("attributes", "")], &Reads(|it| it.balancer_attributes.is_empty()));
    let table: [(&str, &[&str]); 8] = [
        ("idle_timeout.timeout_seconds=9", &["use ", "deletion_protection.enabled"]),
        ("deletion_protection.enabled=yes", &["use true or false"]),
        ("dns_record.client_routing_policy=any", &["any_availability_zone"]),
        ("secondary_ips.auto_assigned.per_subnet=8", &["0 to 7"]),
        ("access_logs.s3.bucket=UP", &["S3 bucket"]),
        ("access_logs.s3.prefix=a/AWSLogs", &["AWSLogs"]),
        ("zonal_shift.config.enabled", &["key=value"]),
        ("access_logs.s3.enabled=true", &["access-log-s3-bucket-name"]),
    ];
    for (given, parts) in table {
        check(&[("attributes", given)], &Refused("attributes", parts));
    }
    let twice = "zonal_shift.config.enabled=true,zonal_shift.config.enabled=false";
    check(&[("attributes", twice)], &Refused("attributes", &["one value"]));
}

#[test]
fn annotations_that_stand_for_an_attribute_are_merged_and_must_agree() {
    let cross = "load_balancing.cross_zone.enabled";
    let key = "cross-zone-load-balancing-enabled";
    let on: &Want =
        &Reads(|it| is(&it.balancer_attributes, &[("load_balancing.cross_zone.enabled", "true")]));
    check(&[(key, "true")], on);
    check(&[(key, "true"), ("attributes", &format!("{cross}=true"))], on);
    let other = [(key, "true"), ("attributes", &format!("{cross}=false"))];
    check(&other, &Refused(key, &["attributes says", "=false", "remove one"]));
    check(&[(key, "on")], &Refused(key, &["use true or false"]));
}

#[test]
fn access_logs_need_a_bucket_and_a_bucket_needs_logs() {
    let on = ("access-log-enabled", "true");
    let bucket = ("access-log-s3-bucket-name", "my.logs-1");
    let prefix = ("access-log-s3-bucket-prefix", "lb");
    let all = Reads(|it| {
        let pairs = [
            ("access_logs.s3.bucket", "my.logs-1"),
            ("access_logs.s3.enabled", "true"),
            ("access_logs.s3.prefix", "lb"),
        ];
        is(&it.balancer_attributes, &pairs)
    });
    check(&[on, bucket, prefix], &all);
    check(&[("attributes", "access_logs.s3.enabled=true"), bucket, prefix], &all);
    let off = Reads(|it| is(&it.balancer_attributes, &[("access_logs.s3.enabled", "false")]));
    check(&[("access-log-enabled", "false"), bucket, prefix], &off);
    check(&[on], &Refused("access-log-enabled", &["access-log-s3-bucket-name"]));
    check(&[("access-log-enabled", "1")], &Refused("access-log-enabled", &["true or false"]));
    check(&[bucket], &Refused("access-log-s3-bucket-name", &["access-log-enabled"]));
    check(&[prefix], &Refused("access-log-s3-bucket-prefix", &["access-log-enabled"]));
    let key = "access-log-s3-bucket-name";
    for bad in ["", "ab", "-logs", "Logs", "my_logs"] {
        check(&[on, (key, bad)], &Refused(key, &["3 to 63"]));
    }
    let key = "access-log-s3-bucket-prefix";
    check(&[on, bucket, (key, "AWSLogs/x")], &Refused(key, &["AWSLogs"]));
    let other = ("attributes", "access_logs.s3.bucket=other");
    check(&[on, bucket, other], &Refused("access-log-s3-bucket-name", &["says", "other"]));
}

#[test]
fn attributes_of_target_groups_are_checked_by_key_and_value() {
    let key = "target-group-attributes";
    let want = Reads(|it| {
        let pairs = [("deregistration_delay.timeout_seconds", "0"), ("stickiness.enabled", "true")];
        is(&it.group_attributes, &pairs)
    });
    check(&[(key, "stickiness.enabled=true,deregistration_delay.timeout_seconds=0")], &want);
    let good = [
        "target_group_health.dns_failover.minimum_healthy_targets.count=off",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage=100",
        "target_health_state.unhealthy.draining_interval_seconds=360000",
        "load_balancing.cross_zone.enabled=use_load_balancer_configuration",
    ];
    for good in good {
        check(&[(key, good)], &Reads(|it| it.group_attributes.len() == 1));
    }
    let bad: [(&str, &[&str]); 7] = [
        ("slow_start.duration_seconds=30", &["use ", "stickiness.enabled"]),
        ("deregistration_delay.timeout_seconds=3601", &["0 to 3600"]),
        ("deregistration_delay.timeout_seconds=030", &["0 to 3600"]),
        ("stickiness.type=lb_cookie", &["source_ip"]),
        ("preserve_client_ip.enabled=", &["true or false"]),
        (
            "target_group_health.dns_failover.minimum_healthy_targets.percentage=0",
            &["off or 1 to 100"],
        ),
        (
            "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count=off",
            &["1 to 1000"],
        ),
    ];
    for (bad, parts) in bad {
        check(&[(key, bad)], &Refused(key, parts));
    }
}

#[test]
fn attributes_that_can_not_be_together_are_refused() {
    let key = "target-group-attributes";
    let mixed = || named(spec("web").port(80).udp(53));
    let reset = "target_health_state.unhealthy.connection_termination.enabled";
    let off = [(key, "preserve_client_ip.enabled=false")];
    check(&off, &Reads(|it| it.group_attributes.len() == 1));
    check_on(mixed(), &off, &Refused(key, &["preserve_client_ip.enabled", "53/UDP"]));
    check_on(mixed(), &[(key, &format!("{reset}=true"))], &Refused(key, &["53/UDP"]));
    let drain = "target_health_state.unhealthy.draining_interval_seconds=60";
    check(&[(key, &format!("{reset}=true,{drain}"))], &Refused(key, &["=false"]));
    check(&[(key, &format!("{reset}=false,{drain}"))], &Reads(|it| it.group_attributes.len() == 2));
    let sticky = named(spec("web").port(80).affinity(60));
    let refused = Refused(key, &["sessionAffinity"]);
    check_on(sticky, &[(key, "stickiness.enabled=false")], &refused);
    let cert = ("ssl-cert", "arn:aws:acm:eu-west-1:123456789012:certificate/x");
    check(&[(key, "stickiness.enabled=true"), cert], &Refused(key, &["TLS"]));
}
