//! What the annotations under `seaway.dev/` ask of the controller itself, whichever the provider.

use std::collections::BTreeMap;

use seaway_core::SettingKey;

use crate::annotation::{NODE_SELECTOR, PAUSE, RETAIN, TARGET_NODE_LABELS};
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

/// The nodes that a Service asks for, and the text that says so. `keys`: the annotations that its
/// provider takes.
///
/// # Errors
/// If the annotation is no label selector, or there are two.
pub fn node_selector<'a>(
    annotations: &'a BTreeMap<String, String>,
    keys: &[SettingKey],
) -> Result<Option<(&'a str, Selector)>, Rejection> {
    let takes_labels = keys.iter().any(|known| known.key == TARGET_NODE_LABELS);
    let labels = annotations.get(TARGET_NODE_LABELS).filter(|_| takes_labels);
    let (text, selector) = match (annotations.get(NODE_SELECTOR), labels) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(Rejection::TwoNodeSelectors),
        (Some(text), None) => {
            let value = || text.clone();
            let selector = Selector::parse(text);
            (text, selector.map_err(|term| Rejection::NodeSelector { value: value(), term })?)
        }
        (None, Some(text)) => {
            let value = || text.clone();
            let selector = Selector::pairs(text);
            (text, selector.map_err(|term| Rejection::NodeLabels { value: value(), term })?)
        }
    };
    Ok(Some((text, selector)))
}

/// Whether a Service may ask for some of the nodes, whatever its provider takes.
pub fn may_select(annotations: &BTreeMap<String, String>) -> bool {
    [NODE_SELECTOR, TARGET_NODE_LABELS].iter().any(|key| annotations.contains_key(*key))
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
    fn whoever_may_select_nodes_is_told_from_others() {
        assert!(may_select(&annotations(&[(NODE_SELECTOR, "")])));
        assert!(may_select(&annotations(&[(TARGET_NODE_LABELS, "a=b")])));
        assert!(!may_select(&annotations(&[(PAUSE, "true")])));
    }
}
