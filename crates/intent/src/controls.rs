//! What the annotations under `seaway.dev/` ask of the controller itself, whichever the provider.

use std::collections::BTreeMap;

use seaway_core::SettingKey;

use crate::annotation::{NODE_SELECTOR, PAUSE, PREFIX, PROVIDER, RETAIN};
use crate::rejection::Rejection;
use crate::selector::Selector;

/// Whether nothing is to be changed for a Service, not even taken down.
///
/// # Errors
/// If the annotation is neither `true` nor `false`.
pub fn paused(annotations: &BTreeMap<String, String>) -> Result<bool, Rejection> {
    switch(annotations, PAUSE)
}

/// Whether what a Service has is to stay when it is deleted.
///
/// # Errors
/// If the annotation is neither `true` nor `false`.
pub fn retain(annotations: &BTreeMap<String, String>) -> Result<bool, Rejection> {
    switch(annotations, RETAIN)
}

/// The nodes that a Service asks for, and the text that says so.
///
/// # Errors
/// If the annotation is no label selector.
pub fn node_selector(
    annotations: &BTreeMap<String, String>,
) -> Result<Option<(&str, Selector)>, Rejection> {
    let Some(text) = annotations.get(NODE_SELECTOR) else { return Ok(None) };
    let selector = Selector::parse(text)
        .map_err(|term| Rejection::NodeSelector { value: text.clone(), term })?;
    Ok(Some((text, selector)))
}

/// The annotations under our prefix that nobody reads: misspelt, or of another provider.
pub fn unknown<'a>(
    annotations: &'a BTreeMap<String, String>,
    keys: &'a [SettingKey],
) -> impl Iterator<Item = &'a str> {
    let ours = annotations.keys().map(String::as_str).filter(|key| key.starts_with(PREFIX));
    ours.filter(|key| {
        ![NODE_SELECTOR, PAUSE, PROVIDER, RETAIN].contains(key)
            && keys.iter().all(|known| known.key != *key)
    })
}

fn switch(annotations: &BTreeMap<String, String>, key: &'static str) -> Result<bool, Rejection> {
    match annotations.get(key).map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(Rejection::Switch { key, value: other.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_switch_is_true_or_false_and_nothing_else() {
        assert_eq!(paused(&annotations(&[])), Ok(false));
        assert_eq!(paused(&annotations(&[(PAUSE, "true")])), Ok(true));
        assert_eq!(retain(&annotations(&[(RETAIN, "false")])), Ok(false));
        for bad in ["", "yes", "True", " true"] {
            let text = paused(&annotations(&[(PAUSE, bad)])).unwrap_err().to_string();
            assert!(text.starts_with("seaway.dev/pause: ") && text.contains(bad), "{text}");
        }
    }

    #[test]
    fn unknown_keys_under_our_prefix_are_named_and_others_are_not() {
        let annotations = annotations(&[
            ("seaway.dev/pause", "true"),
            ("seaway.dev/paused", "true"),
            ("seaway.dev/scheme", "internal"),
            ("example.com/paused", "true"),
        ]);
        let keys = [SettingKey { key: "seaway.dev/scheme".to_owned(), doc: String::new() }];
        assert_eq!(unknown(&annotations, &keys).collect::<Vec<_>>(), ["seaway.dev/paused"]);
    }
}
