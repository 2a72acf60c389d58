//! Ways to read an annotation that only those of AWS need.

use std::collections::BTreeMap;

use seaway_core::ProviderError;
use seaway_core::setting::Note;

/// `true` or `false`.
pub(super) fn switch(note: Note<'_>) -> Result<bool, ProviderError> {
    note.one_of(&[("true", true), ("false", false)])
}

/// The pairs of a list of `key=value`. A key may come twice with one value only.
pub(super) fn pairs(note: Note<'_>) -> Result<BTreeMap<&str, &str>, ProviderError> {
    let mut pairs = BTreeMap::new();
    for item in note.items() {
        let pair = item.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        let Some((key, value)) = pair.filter(|(key, _)| !key.is_empty()) else {
            return Err(note.wrong_item(item, "use key=value,key=value"));
        };
        if let Some(other) = pairs.insert(key, value).filter(|other| *other != value) {
            let twice = format!("{key} is also {other:?}; give it one value");
            return Err(note.wrong_item(item, twice));
        }
    }
    Ok(pairs)
}
