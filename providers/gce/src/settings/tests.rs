mod place;
mod serving;

use std::collections::BTreeSet;

use seaway_core::{ErrorKind, Family, LbSpec};
use seaway_testkit::spec;

use super::keys::{OF_GKE, REFUSED};
use super::{Settings, declared, read};
use crate::api::{Scheme, Tier};
use crate::config::{Config, Settled};

/// What becomes of annotations.
enum Want {
    /// They are read so.
    Reads(fn(&Settings) -> bool),
    /// This one is refused, with a message that says this.
    Refused(&'static str, &'static [&'static str]),
}

use Want::{Reads, Refused};

/// What every config that says no more than it must comes to.
fn settled() -> Settled {
    let config: Config = toml::from_str("project = 'p'\nregion = 'europe-west1'").unwrap();
    config.complete().unwrap()
}

/// Reads `notes` on an IPv4 Service with a TCP port.
fn check(notes: &[(&str, &str)], want: &Want) {
    check_on(web(), notes, want);
}

fn check_on(spec: LbSpec, notes: &[(&str, &str)], want: &Want) {
    check_under(&settled(), spec, notes, want);
}

fn check_under(config: &Settled, mut spec: LbSpec, notes: &[(&str, &str)], want: &Want) {
    spec.settings.extend(notes.iter().map(|(key, value)| ((*key).into(), (*value).into())));
    match (read(&spec, config), want) {
        (Ok(settings), Reads(are)) => assert!(are(&settings), "{:?}: {settings:?}", spec.settings),
        (Err(error), Refused(key, parts)) => {
            assert_eq!(error.operation(), *key, "{error}");
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            if let Some(value) = spec.settings.get(*key) {
                assert!(error.message().starts_with(&format!("{value:?}")), "{error}");
            }
            for part in *parts {
                assert!(error.message().contains(part), "{error} does not say {part:?}");
            }
        }
        (Ok(settings), Refused(..)) => panic!("{:?} is taken: {settings:?}", spec.settings),
        (Err(error), Reads(_)) => panic!("{:?}: {error}", spec.settings),
    }
}

fn web() -> LbSpec {
    spec("web").port(80).build()
}

/// The same with both families.
fn dual() -> LbSpec {
    spec("web").port(80).families([Family::IPv4, Family::IPv6]).build()
}

#[test]
fn a_service_without_annotations_asks_for_nothing() {
    check(&[], &Reads(|it| *it == Settings::default()));
}

#[test]
fn every_key_is_declared_once_with_its_values() {
    let keys: Vec<_> = declared().into_iter().map(|key| key.key).collect();
    let once: BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), once.len()), (29, 29));
    for key in declared() {
        assert!(!key.doc.is_empty() && !key.doc.contains('\n'), "{key:?}");
    }
}

#[test]
fn every_key_refuses_what_is_nothing_of_any_kind() {
    for key in declared() {
        for value in ["", ",=\u{e9},="] {
            let spec = spec("web").port(80).setting(&key.key, value).build();
            let error = read(&spec, &settled()).unwrap_err();
            assert_eq!(error.operation(), key.key);
            assert!(error.message().starts_with(&format!("{value:?}")), "{error}");
        }
    }
}

#[test]
fn what_is_not_taken_is_refused_by_name_whatever_its_value() {
    for (key, why) in REFUSED {
        for value in ["true", "x", ""] {
            let spec = spec("web").port(80).setting(key, value).build();
            let error = read(&spec, &settled()).unwrap_err();
            assert_eq!((error.operation(), error.kind()), (key, ErrorKind::Unsupported));
            assert!(error.message().starts_with(&format!("{value:?}: {why}")), "{error}");
        }
    }
}

#[test]
fn a_service_that_gke_works_on_is_a_conflict_that_says_how_to_come_over() {
    for key in OF_GKE {
        let spec = spec("web").port(80).setting(key, "k8s2-abc").build();
        let error = read(&spec, &settled()).unwrap_err();
        assert_eq!((error.operation(), error.kind()), (key, ErrorKind::Conflict));
        for part in ["\"k8s2-abc\"", "GKE's controller", "delete and recreate", "remove"] {
            assert!(error.message().contains(part), "{error} does not say {part:?}");
        }
    }
}

#[test]
fn a_long_value_is_cut_short_in_the_message() {
    let spec = spec("web").port(80).setting(super::keys::TYPE, &"ä".repeat(5000)).build();
    let message = read(&spec, &settled()).unwrap_err().message().to_owned();
    assert!(message.len() < 600 && message.contains("Internal or External"), "{message}");
}
