//! Tags that a Service adds to what is made for it.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError};

use super::keys::ADDITIONAL_TAGS;
use super::note::pairs;
use crate::api::Tags;

/// Tags whose keys begin so are set by others.
const RESERVED: [&str; 3] = ["aws:", "seaway.dev/", "kubernetes.io/"];
/// AWS takes 50 on a resource; the others are for marks and for the configuration.
const TAGS: usize = 40;
const KEY_LENGTH: usize = 128;
const VALUE_LENGTH: usize = 256;

/// Reads them, within AWS's limits.
pub(super) fn read(spec: &LbSpec) -> Result<Tags, ProviderError> {
    let Some(note) = Note::find(spec, ADDITIONAL_TAGS) else { return Ok(Tags::new()) };
    let pairs = pairs(note)?;
    for (key, value) in &pairs {
        let is_reserved = |start: &&str| key.to_ascii_lowercase().starts_with(*start);
        if RESERVED.iter().any(is_reserved) {
            return Err(note.wrong_item(
                key,
                "keys that begin with aws:, seaway.dev/ or kubernetes.io/ are set by others",
            ));
        }
        if key.chars().count() > KEY_LENGTH || !key.chars().all(is_plain) {
            return Err(note.wrong_item(key, format!("use keys of {}", allowed(KEY_LENGTH))));
        }
        if value.chars().count() > VALUE_LENGTH || !value.chars().all(is_plain) {
            return Err(note.wrong_item(value, format!("use values of {}", allowed(VALUE_LENGTH))));
        }
    }
    if pairs.len() > TAGS {
        return Err(note.against(format!("{} tags; use {TAGS} at most", pairs.len())));
    }
    // One tag remembers the keys of those that were added, so that they can be taken away again.
    let keys: usize = pairs.keys().map(|key| key.chars().count() + 1).sum();
    if keys > VALUE_LENGTH + 1 {
        return Err(note.against(format!(
            "the keys are longer than {VALUE_LENGTH} characters together; use fewer or shorter ones"
        )));
    }
    Ok(pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

fn is_plain(one: char) -> bool {
    one.is_alphanumeric() || " _.:/=+-@".contains(one)
}

fn allowed(length: usize) -> String {
    format!("up to {length} letters, digits, spaces and _ . : / = + - @")
}
