//! Listings, part by part.

use std::fmt::Write as _;

use super::super::{Answer, Page};
use super::refuse;

/// The part of `all` that follows `marker`. `all` is in the order of its keys; a marker holds the key
/// of the last item that was seen, so nothing is left out when something else goes in between.
pub(super) fn page<T>(
    all: impl Iterator<Item = (String, T)>,
    marker: Option<&str>,
    size: usize,
) -> Answer<Page<T>> {
    let seen = match marker.map(|it| (it, decoded(it))) {
        None => None,
        Some((_, Some(key))) => Some(key),
        Some((marker, None)) => {
            return refuse("ValidationError", format!("The marker '{marker}' is not valid"));
        }
    };
    let size = size.max(1);
    let rest = all.filter(|(key, _)| seen.as_ref().is_none_or(|seen| key > seen));
    let mut rest: Vec<_> = rest.take(size + 1).collect();
    let more = rest.len() > size;
    rest.truncate(size);
    let next = rest.last().filter(|_| more).map(|(key, _)| encoded(key));
    Ok(Page { items: rest.into_iter().map(|(_, item)| item).collect(), next })
}

fn encoded(key: &str) -> String {
    key.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn decoded(marker: &str) -> Option<String> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = marker.as_bytes().chunks(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}
