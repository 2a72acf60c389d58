//! The `filter` of lists.

use regex::Regex;
use serde_json::Value;

use crate::pattern::matches;
use crate::refusal::Refusal;

/// One comparison: `name eq a-.*`, `name = "a"`, `name != a`, `name:a-*`.
pub(crate) struct Filter {
    field: String,
    test: Test,
}

enum Test {
    Matches(Regex),
    MatchesNot(Regex),
    Is(String),
    IsNot(String),
    Has(String),
}

impl Filter {
    /// Compute Engine knows more than this; what is not served is refused, never ignored.
    pub(crate) fn parse(text: &str, has: impl Fn(&str) -> bool) -> Result<Self, Refusal> {
        let refuse = || Refusal::invalid("filter", text, "Invalid list filter expression.");
        let trimmed = text.trim();
        let inner = trimmed.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        let inner = inner.unwrap_or(trimmed).trim();
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).ok_or_else(refuse)?;
        let (field, rest) = inner.split_at(end);
        let rest = rest.trim_start();
        let words = ["eq ", "ne ", "!=", "=", ":"];
        let word = words.into_iter().find(|word| rest.starts_with(word)).ok_or_else(refuse)?;
        let value = value(rest[word.len()..].trim()).ok_or_else(refuse)?;
        if field.is_empty() || !has(field) {
            return Err(refuse());
        }
        let regex = || Regex::new(&format!("^(?:{value})$")).map_err(|_| refuse());
        let test = match word {
            "eq " => Test::Matches(regex()?),
            "ne " => Test::MatchesNot(regex()?),
            "!=" => Test::IsNot(value),
            "=" => Test::Is(value),
            _ => Test::Has(value),
        };
        Ok(Self { field: field.to_owned(), test })
    }

    pub(crate) fn fits(&self, thing: &Value) -> bool {
        let text = match thing.get(&self.field) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        match &self.test {
            Test::Matches(regex) => regex.is_match(&text),
            Test::MatchesNot(regex) => !regex.is_match(&text),
            Test::Is(value) => text == *value,
            Test::IsNot(value) => text != *value,
            Test::Has(pattern) => matches(pattern, &text),
        }
    }
}

/// A value, bare or in quotes; without quotes it has no spaces, so that there is nothing after it.
fn value(text: &str) -> Option<String> {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote)?;
            return (!inner.contains(quote)).then(|| inner.to_owned());
        }
    }
    let bare = !text.is_empty() && !text.contains(char::is_whitespace);
    bare.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(filter: &str) -> Option<Vec<&'static str>> {
        let filter = Filter::parse(filter, |field| field == "name").ok()?;
        let all = ["sw-a", "sw-b", "other"];
        Some(all.into_iter().filter(|name| filter.fits(&json!({"name": name}))).collect())
    }

    #[test]
    fn a_list_is_filtered_by_name() {
        let check = |filter, expected: &[&str]| assert_eq!(names(filter).unwrap(), expected);
        check("name eq sw-.*", &["sw-a", "sw-b"]);
        check("name eq \"sw-.\"", &["sw-a", "sw-b"]);
        check("(name ne 'sw-.*')", &["other"]);
        check("name eq sw", &[]);
        check("name = \"sw-a\"", &["sw-a"]);
        check("name=sw-a", &["sw-a"]);
        check("name != sw-a", &["sw-b", "other"]);
        check("name:sw-*", &["sw-a", "sw-b"]);
        check("name : \"other\"", &["other"]);
    }

    #[test]
    fn what_is_not_served_is_refused() {
        let others = [
            "name",
            "name eq",
            "name > a",
            "name eq (",
            "colour = red",
            "= a",
            "(name = a) AND (name = b)",
            "name = a OR name = b",
            "name = \"a",
            "name=",
        ];
        for filter in others {
            assert_eq!(names(filter), None, "{filter}");
        }
    }
}
