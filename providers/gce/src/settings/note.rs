//! One annotation, and the ways to read and refuse its text.

use std::fmt::Display;

use seaway_core::{ErrorKind, LbSpec, ProviderError};

use crate::config::is_word;

/// As much of a value is quoted: the message lands in an Event.
const QUOTED: usize = 200;

/// One annotation of a Service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note<'a> {
    /// Its key.
    pub key: &'static str,
    /// Its text.
    pub value: &'a str,
}

impl<'a> Note<'a> {
    /// The annotation at `key`, if it is there.
    pub(super) fn find(spec: &'a LbSpec, key: &'static str) -> Option<Self> {
        Some(Self { key, value: spec.settings.get(key)? })
    }

    /// One annotation under its name and its old one, which must agree if both are there.
    pub(super) fn renamed<T: PartialEq>(
        spec: &'a LbSpec,
        keys: [&'static str; 2],
        read: impl Fn(Self) -> Result<T, ProviderError>,
    ) -> Result<Option<(Self, T)>, ProviderError> {
        let [new, old] = keys.map(|key| {
            Self::find(spec, key).map(|note| read(note).map(|value| (note, value))).transpose()
        });
        match (new?, old?) {
            (Some((new, one)), Some((old, other))) if one != other => Err(old.against(format!(
                "{} says {}; remove one of the two",
                new.key,
                quoted(new.value)
            ))),
            (new, old) => Ok(new.or(old)),
        }
    }

    /// One of these words, in any case.
    pub(super) fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T, ProviderError> {
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(self.value));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(format!("use {}", words.join(" or ")))
        })
    }

    /// This word, which is all that it can say.
    pub(super) fn only(self, word: &str) -> Result<(), ProviderError> {
        if self.value == word {
            return Ok(());
        }
        Err(self.wrong(format!("use {word}, or remove the annotation")))
    }

    /// The name of a thing of Google's.
    pub(super) fn name(self, example: &str) -> Result<&'a str, ProviderError> {
        if is_word(self.value) {
            return Ok(self.value);
        }
        Err(self.wrong(format!("use {example}")))
    }

    /// The value can't be.
    pub(super) fn wrong(self, remedy: impl Display) -> ProviderError {
        self.error(ErrorKind::InvalidSpec, &format!(" is not allowed; {remedy}"))
    }

    /// An item of the value can't be.
    pub(super) fn wrong_item(self, item: &str, remedy: impl Display) -> ProviderError {
        if item == self.value {
            return self.wrong(remedy);
        }
        let item = quoted(item);
        self.error(ErrorKind::InvalidSpec, &format!(": {item} is not allowed; {remedy}"))
    }

    /// The value can't be beside another one.
    pub(super) fn against(self, why: impl Display) -> ProviderError {
        self.error(ErrorKind::InvalidSpec, &format!(": {why}"))
    }

    /// The value could be, but not here.
    pub(super) fn unsupported(self, why: impl Display) -> ProviderError {
        self.error(ErrorKind::Unsupported, &format!(": {why}"))
    }

    /// The value is somebody else's.
    pub(super) fn conflict(self, why: impl Display) -> ProviderError {
        self.error(ErrorKind::Conflict, &format!(": {why}"))
    }

    /// The annotation, for a warning.
    pub(super) fn told(self) -> String {
        format!("{}: {}", self.key, quoted(self.value))
    }

    fn error(self, kind: ErrorKind, rest: &str) -> ProviderError {
        ProviderError::new(kind, self.key, quoted(self.value) + rest)
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}
