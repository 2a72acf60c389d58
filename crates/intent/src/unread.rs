//! The annotations that nobody reads although they look as if they were meant for us.

use std::collections::BTreeMap;
use std::fmt;

use seaway_core::SettingKey;

use crate::annotation::{NODE_SELECTOR, PAUSE, PREFIX, PROVIDER, RETAIN, SOURCE_RANGES};

/// How many letters may be wrong in a key that is still taken for another one.
const NEAR: usize = 2;

/// An annotation that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread<'a> {
    /// Its key.
    pub key: &'a str,
    /// The key that was meant, most likely.
    pub meant: Option<&'a str>,
}

impl fmt::Display for Unread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meant {
            Some(meant) => write!(f, "{} (did you mean {meant}?)", self.key),
            None => f.write_str(self.key),
        }
    }
}

/// The annotations that nobody reads: those under our prefix, misspelt or of another provider, and
/// those of others that are a slip away from one that is read. `keys`: the annotations that the
/// provider of the Service takes.
pub fn unread<'a>(
    annotations: &'a BTreeMap<String, String>,
    keys: &'a [SettingKey],
) -> impl Iterator<Item = Unread<'a>> {
    let ours = [NODE_SELECTOR, PAUSE, PROVIDER, RETAIN, SOURCE_RANGES];
    let read = move || ours.into_iter().chain(keys.iter().map(|known| known.key.as_str()));
    let others = annotations.keys().map(String::as_str);
    let others = others.filter(move |key| read().all(|known| known != *key));
    others.filter_map(move |key| {
        let near = read().filter_map(|known| Some((distance(key, known)?, known))).min();
        let meant = near.map(|(_, known)| known);
        (key.starts_with(PREFIX) || meant.is_some()).then_some(Unread { key, meant })
    })
}

/// How many letters must be put in, taken out, changed or swapped with the next one to make one key of
/// the other; none if that are more than a slip.
fn distance(one: &str, other: &str) -> Option<usize> {
    if one.len().abs_diff(other.len()) > NEAR {
        return None;
    }
    Some(strsim::osa_distance(one, other)).filter(|distance| *distance <= NEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "networking.gke.io/load-balancer-type";

    fn check(key: &str, expected: &[&str]) {
        let annotations = BTreeMap::from([(key.to_owned(), "x".to_owned())]);
        let declared = ["seaway.dev/proxy-protocol", TYPE, "cloud.google.com/load-balancer-type"];
        let keys = declared.map(|key| SettingKey { key: key.to_owned(), doc: String::new() });
        let found: Vec<_> = unread(&annotations, &keys).map(|it| it.to_string()).collect();
        assert_eq!(found, expected, "{key}");
    }

    #[test]
    fn what_is_read_is_not_told() {
        for key in [PAUSE, RETAIN, PROVIDER, NODE_SELECTOR, SOURCE_RANGES, TYPE] {
            check(key, &[]);
        }
    }

    #[test]
    fn every_other_key_under_our_prefix_is_told_with_what_may_have_been_meant() {
        check("seaway.dev/address-pool", &["seaway.dev/address-pool"]);
        check("seaway.dev/", &["seaway.dev/"]);
        check("seaway.dev/paused", &["seaway.dev/paused (did you mean seaway.dev/pause?)"]);
        for key in ["proxy-protocl", "proxi-protocol", "proxy-prtoocol", "proxy--protocoll"] {
            let key = format!("seaway.dev/{key}");
            check(&key, &[&format!("{key} (did you mean seaway.dev/proxy-protocol?)")]);
        }
    }

    #[test]
    fn of_the_keys_of_others_only_those_are_told_that_are_a_slip_away_from_one_that_is_read() {
        let typo = "networking.gke.io/load-balancer-typ";
        check(typo, &[&format!("{typo} (did you mean {TYPE}?)")]);
        let open = "service.beta.kubernetes.io/load-balancer-source-range";
        check(open, &[&format!("{open} (did you mean {SOURCE_RANGES}?)")]);
        for key in ["example.com/pause", "networking.gke.io/load-balancer", "a/b", "", "é"] {
            check(key, &[]);
        }
    }
}
