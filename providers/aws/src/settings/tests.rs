mod attributes;
mod place;
mod serving;
mod sharing;

use seaway_core::{Class, LbSpec};
use seaway_testkit::{SpecBuilder, spec};

use super::keys::{REFUSED, TARGET_NODE_LABELS};
use super::{Settings, declared};

const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// What becomes of annotations.
enum Want {
    /// They are read so.
    Reads(fn(&Settings) -> bool),
    /// This one is refused, with a message that says this.
    Refused(&'static str, &'static [&'static str]),
}

use Want::{Reads, Refused};

/// Reads `notes`, whose keys are short, on a Service with the TCP ports 80 (`http`) and 443
/// (`https`).
fn check(notes: &[(&str, &str)], want: &Want) {
    check_on(web(), notes, want);
}

fn check_on(mut spec: LbSpec, notes: &[(&str, &str)], want: &Want) {
    let notes = notes.iter().map(|(key, value)| (whole(key), (*value).to_owned()));
    spec.settings.extend(notes);
    match (Settings::read(&spec), want) {
        (Ok(settings), Reads(are)) => assert!(are(&settings), "{:?}: {settings:?}", spec.settings),
        (Err(error), Refused(key, parts)) => {
            let key = whole(key);
            assert_eq!(error.operation(), key, "{error}");
            assert_eq!(error.class(), Class::Terminal, "{error}");
            let value: String = spec.settings[&key].chars().take(20).collect();
            let start = format!("{value:?}");
            let start = start.trim_end_matches('"');
            assert!(error.message().starts_with(start), "{error} does not begin with {start}");
            for part in *parts {
                assert!(error.message().contains(part), "{error} does not say {part:?}");
            }
        }
        (Ok(settings), Refused(..)) => panic!("{:?} is taken: {settings:?}", spec.settings),
        (Err(error), Reads(_)) => panic!("{:?}: {error}", spec.settings),
    }
}

fn whole(key: &str) -> String {
    if key.contains('/') { key.to_owned() } else { format!("{PREFIX}{key}") }
}

fn web() -> LbSpec {
    named(spec("web").port(80).port(443))
}

fn named(builder: SpecBuilder) -> LbSpec {
    let mut spec = builder.build();
    for port in &mut spec.ports {
        let name = match port.port {
            80 => "http",
            443 => "https",
            _ => "dns",
        };
        port.name = Some(name.to_owned());
    }
    spec
}

#[test]
fn a_service_without_annotations_asks_for_nothing() {
    check(&[], &Reads(|it| *it == Settings::default()));
}

#[test]
fn every_key_is_declared_once_with_its_values() {
    let keys: Vec<_> = declared().into_iter().map(|key| key.key).collect();
    let mut once = keys.clone();
    once.sort();
    once.dedup();
    assert_eq!((keys.len(), once.len()), (45, 45));
    for key in declared() {
        assert!(!key.doc.is_empty() && !key.doc.contains('\n'), "{key:?}");
    }
}

#[test]
fn every_key_refuses_something_but_the_one_that_is_read_elsewhere() {
    for key in declared() {
        // No value of any kind: neither a word, nor a number, nor a list, nor pairs.
        let settings = [(key.key.as_str(), ",=\u{e9},=")];
        let mut spec = web();
        spec.settings.extend(settings.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let refused = Settings::read(&spec).err();
        let by = refused.as_ref().map(|error| error.operation().to_owned());
        let is_free =
            [TARGET_NODE_LABELS, &whole("subnets"), &whole("access-log-s3-bucket-prefix")];
        if is_free.contains(&key.key.as_str()) {
            continue;
        }
        assert_eq!(by, Some(key.key.clone()), "{refused:?}");
    }
}

#[test]
fn what_is_not_taken_is_refused_by_name_whatever_its_value() {
    for (key, why) in REFUSED {
        for value in ["true", "false", ""] {
            let mut spec = web();
            spec.settings.insert(key.to_owned(), value.to_owned());
            let error = Settings::read(&spec).unwrap_err();
            assert_eq!(error.operation(), key);
            assert!(error.message().starts_with(&format!("{value:?}: {why}")), "{error}");
        }
    }
}

#[test]
fn the_type_is_a_network_load_balancer_with_instances() {
    check(&[("type", "nlb")], &Reads(|it| *it == Settings::default()));
    check(&[("type", "external")], &Reads(|it| *it == Settings::default()));
    check(&[("type", "nlb-ip")], &Refused("type", &["targets are instances for now"]));
    check(&[("type", "clb")], &Refused("type", &["use nlb or external"]));
    check(&[("nlb-target-type", "instance")], &Reads(|it| *it == Settings::default()));
    let refused = Refused("nlb-target-type", &["targets are instances for now"]);
    check(&[("nlb-target-type", "ip")], &refused);
    check(&[("nlb-target-type", "pod")], &Refused("nlb-target-type", &["use instance"]));
    check(&[("target-node-labels", "a=b")], &Reads(|it| *it == Settings::default()));
}

#[test]
fn a_long_value_is_cut_short_in_the_message() {
    let mut spec = web();
    spec.settings.insert(whole("scheme"), "ä".repeat(5000));
    let message = Settings::read(&spec).unwrap_err().message().to_owned();
    assert!(message.len() < 600 && message.contains("internet-facing"), "{message}");
}
