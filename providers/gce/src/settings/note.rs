//! Ways to read and refuse an annotation that only those of Google need.

use std::fmt::Display;

use seaway_core::setting::Note;
use seaway_core::{ErrorKind, LbSpec, ProviderError};

use crate::config::is_word;

/// One annotation under its name and its old one, which must agree if both are there.
pub(super) fn renamed<'a, T: PartialEq>(
    spec: &'a LbSpec,
    keys: [&'static str; 2],
    read: impl Fn(Note<'a>) -> Result<T, ProviderError>,
) -> Result<Option<(Note<'a>, T)>, ProviderError> {
    let [new, old] = keys.map(|key| {
        Note::find(spec, key).map(|note| read(note).map(|value| (note, value))).transpose()
    });
    match (new?, old?) {
        (Some((new, one)), Some((old, other))) if one != other => {
            Err(old.against(format!("{} says {}; remove one of the two", new.key, new.quoted())))
        }
        (new, old) => Ok(new.or(old)),
    }
}

/// This word, which is all that it can say.
pub(super) fn only(note: Note<'_>, word: &str) -> Result<(), ProviderError> {
    if note.value == word {
        return Ok(());
    }
    Err(note.wrong(format!("use {word}, or remove the annotation")))
}

/// The name of a thing of Google's.
pub(super) fn name<'a>(note: Note<'a>, example: &str) -> Result<&'a str, ProviderError> {
    if is_word(note.value) {
        return Ok(note.value);
    }
    Err(note.wrong(format!("use {example}")))
}

/// The value is somebody else's.
pub(super) fn conflict(note: Note<'_>, why: impl Display) -> ProviderError {
    ProviderError::new(ErrorKind::Conflict, note.key, format!("{}: {why}", note.quoted()))
}

/// The annotation, for a warning.
pub(super) fn told(note: Note<'_>) -> String {
    format!("{}: {}", note.key, note.quoted())
}
