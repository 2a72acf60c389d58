//! One annotation, and the ways to read and refuse its text.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use seaway_core::{ErrorKind, LbSpec, ProviderError};

/// As much of a value is quoted: the message lands in an Event.
const QUOTED: usize = 200;

/// One annotation of a Service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note<'a> {
    key: &'static str,
    /// Its text.
    pub value: &'a str,
}

impl<'a> Note<'a> {
    /// The annotation at `key`, if it is there.
    pub(super) fn find(spec: &'a LbSpec, key: &'static str) -> Option<Self> {
        Some(Self { key, value: spec.settings.get(key)? })
    }

    /// `true` or `false`.
    pub(super) fn switch(self) -> Result<bool, ProviderError> {
        self.one_of(&[("true", true), ("false", false)])
    }

    /// One of these words.
    pub(super) fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T, ProviderError> {
        let found = words.iter().find(|(word, _)| *word == self.value);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(format!("use {}", words.join(" or ")))
        })
    }

    /// A number in `range`.
    pub(super) fn number<T>(self, range: RangeInclusive<T>, unit: &str) -> Result<T, ProviderError>
    where
        T: Display + FromStr + PartialOrd,
    {
        let number = self.value.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| self.wrong(format!("use {} to {}{unit}", range.start(), range.end())))
    }

    /// The items of a list: separated by commas, trimmed, and not empty.
    pub(super) fn items(self) -> impl Iterator<Item = &'a str> {
        self.value.split(',').map(str::trim).filter(|item| !item.is_empty())
    }

    /// The items of a list that has some, none of them twice. An empty list would be read as "none
    /// at all", which nobody means.
    pub(super) fn distinct(self, remedy: &str) -> Result<Vec<&'a str>, ProviderError> {
        let mut items = Vec::new();
        for item in self.items() {
            if items.contains(&item) {
                return Err(self.wrong_item(item, format!("it is there twice; {remedy}")));
            }
            items.push(item);
        }
        if items.is_empty() {
            return Err(self.wrong(remedy));
        }
        Ok(items)
    }

    /// The pairs of a list of `key=value`. A key may come twice with one value only.
    pub(super) fn pairs(self) -> Result<BTreeMap<&'a str, &'a str>, ProviderError> {
        let mut pairs = BTreeMap::new();
        for item in self.items() {
            let pair = item.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
            let Some((key, value)) = pair.filter(|(key, _)| !key.is_empty()) else {
                return Err(self.wrong_item(item, "use key=value,key=value"));
            };
            if let Some(other) = pairs.insert(key, value).filter(|other| *other != value) {
                let twice = format!("{key} is also {other:?}; give it one value");
                return Err(self.wrong_item(item, twice));
            }
        }
        Ok(pairs)
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
