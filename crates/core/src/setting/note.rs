use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::{ErrorKind, LbSpec, ProviderError};

/// As much of a value is quoted: the message lands in an Event.
const QUOTED: usize = 200;

/// One annotation of a Service, and the ways to read and refuse its text.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// Its key.
    pub key: &'static str,
    /// Its text.
    pub value: &'a str,
}

impl<'a> Note<'a> {
    /// The annotation at `key`, if it is there.
    pub fn find(spec: &'a LbSpec, key: &'static str) -> Option<Self> {
        Some(Self { key, value: spec.settings.get(key)? })
    }

    /// One of these words.
    pub fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T, ProviderError> {
        self.which(words, |word| word == self.value)
    }

    /// One of these words, in any case.
    pub fn one_of_in_any_case<T: Copy>(self, words: &[(&str, T)]) -> Result<T, ProviderError> {
        self.which(words, |word| word.eq_ignore_ascii_case(self.value))
    }

    /// A number in `range`.
    pub fn number<T>(self, range: RangeInclusive<T>, unit: &str) -> Result<T, ProviderError>
    where
        T: Display + FromStr + PartialOrd,
    {
        let number = self.value.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| self.wrong(format!("use {} to {}{unit}", range.start(), range.end())))
    }

    /// The items of a list: separated by commas, trimmed, and not empty.
    pub fn items(self) -> impl Iterator<Item = &'a str> {
        self.value.split(',').map(str::trim).filter(|item| !item.is_empty())
    }

    /// The items of a list that has some, none of them twice. An empty list would be read as "none
    /// at all", which nobody means.
    pub fn distinct(self, remedy: &str) -> Result<Vec<&'a str>, ProviderError> {
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

    /// The value can't be.
    pub fn wrong(self, remedy: impl Display) -> ProviderError {
        self.error(ErrorKind::InvalidSpec, &format!(" is not allowed; {remedy}"))
    }

    /// An item of the value can't be.
    pub fn wrong_item(self, item: &str, remedy: impl Display) -> ProviderError {
        if item == self.value {
            return self.wrong(remedy);
        }
        let item = quoted(item);
        self.error(ErrorKind::InvalidSpec, &format!(": {item} is not allowed; {remedy}"))
    }

    /// The value can't be beside another one.
    pub fn against(self, why: impl Display) -> ProviderError {
        self.error(ErrorKind::InvalidSpec, &format!(": {why}"))
    }

    /// The value could be, but not here.
    pub fn unsupported(self, why: impl Display) -> ProviderError {
        self.error(ErrorKind::Unsupported, &format!(": {why}"))
    }

    /// Its text, quoted for a message, and cut where it is long.
    pub fn quoted(self) -> String {
        quoted(self.value)
    }

    fn which<T: Copy>(
        self,
        words: &[(&str, T)],
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<T, ProviderError> {
        let found = words.iter().find(|(word, _)| is_meant(word));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(format!("use {}", words.join(" or ")))
        })
    }

    fn error(self, kind: ErrorKind, rest: &str) -> ProviderError {
        ProviderError::new(kind, self.key, self.quoted() + rest)
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(value: &str) -> Note<'_> {
        Note { key: "example.com/note", value }
    }

    #[test]
    fn the_case_of_a_word_matters_unless_it_is_said_not_to() {
        let words = [("on", true), ("off", false)];
        assert_eq!(note("off").one_of(&words), Ok(false));
        assert_eq!(note("OFF").one_of_in_any_case(&words), Ok(false));
        let error = note("OFF").one_of(&words).unwrap_err().to_string();
        assert!(error.contains("\"OFF\" is not allowed; use on or off"), "{error}");
    }

    #[test]
    fn a_long_text_is_cut_in_a_message() {
        let (text, cut) = ("ä".repeat(QUOTED + 1), "ä".repeat(QUOTED));
        assert_eq!(note(&text).quoted(), format!("\"{cut}\"…"));
        assert_eq!(note(&cut).quoted(), format!("\"{cut}\""));
    }
}
