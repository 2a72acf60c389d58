//! Label selectors, as `kubectl -l` takes them: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`,
//! `!a`, separated by commas; all of them must hold.

use std::collections::BTreeMap;

/// A selector of nodes by their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    key: String,
    /// The values that fit; none: any.
    values: Option<Vec<String>>,
    /// The term holds for labels that do not fit, and for those that are absent.
    not: bool,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// The first term that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms: Vec<_> = split(text).map(str::trim).collect();
        terms
            .into_iter()
            .map(|term| one(term).ok_or_else(|| term.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads a list of `a=b`, separated by commas, and nothing else that a selector may hold.
    ///
    /// # Errors
    /// The first entry that is none.
    pub fn pairs(text: &str) -> Result<Self, String> {
        let pair = |term: &str| {
            let (key, value) = term.split_once('=')?;
            let values = Some(vec![label_value(value)?]);
            Some(Term { key: label_key(key.trim())?, values, not: false })
        };
        let terms = text.split(',').map(str::trim);
        let read = terms.map(|term| pair(term).ok_or_else(|| term.to_owned()));
        read.collect::<Result<_, _>>().map(Self)
    }

    /// Whether these labels fit.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|term| {
            let fits = labels.get(&term.key).is_some_and(|label| {
                term.values.as_ref().is_none_or(|values| values.contains(label))
            });
            fits != term.not
        })
    }
}

/// At commas that stand outside parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |c: char| {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            _ => {}
        }
        c == ',' && !inside
    })
}

fn one(term: &str) -> Option<Term> {
    let (key, values, not) = if let Some(key) = term.strip_prefix('!') {
        (key, None, true)
    } else if let Some((key, value)) = term.split_once("!=") {
        (key, Some(vec![value]), true)
    } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (key, Some(vec![value]), false)
    } else if let Some((head, list)) = term.split_once('(') {
        let (key, word) = head.trim().split_once(char::is_whitespace)?;
        let not = match word.trim() {
            "in" => false,
            "notin" => true,
            _ => return None,
        };
        (key, Some(list.strip_suffix(')')?.split(',').collect()), not)
    } else {
        (term, None, false)
    };
    let read = |values: Vec<&str>| values.into_iter().map(label_value).collect::<Option<Vec<_>>>();
    let values = match values {
        Some(values) => Some(read(values)?),
        None => None,
    };
    Some(Term { key: label_key(key.trim())?, values, not })
}

/// A name of up to 63 characters, with a DNS name and a slash before it or not.
fn label_key(text: &str) -> Option<String> {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            let dns = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
            };
            (!prefix.is_empty() && prefix.len() <= 253 && prefix.bytes().all(dns))
                .then_some(name)?
        }
        None => text,
    };
    (!name.is_empty() && is_word(name)).then(|| text.to_owned())
}

/// Empty, or up to 63 characters.
fn label_value(text: &str) -> Option<String> {
    let text = text.trim();
    is_word(text).then(|| text.to_owned())
}

fn is_word(text: &str) -> bool {
    let end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    bytes.len() <= 63 && end(bytes.first()) && end(bytes.last()) && bytes.iter().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(selector: &str, fits: bool) {
        let labels = [("zone", "a"), ("disk", "ssd"), ("example.com/edge", "")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(Selector::parse(selector).unwrap().selects(&labels), fits, "{selector}");
    }

    #[test]
    fn equality_and_sets_select() {
        for fits in [
            "zone=a",
            "zone==a",
            "zone = a",
            "zone!=b",
            "rack!=b",
            "zone in (a, b)",
            "zone notin (b)",
            "rack notin (b)",
            "zone",
            "!rack",
            "example.com/edge",
            "example.com/edge=",
            "zone in (a,b),disk=ssd,!rack",
        ] {
            check(fits, true);
        }
        for misses in [
            "zone=b",
            "zone!=a",
            "zone in (b)",
            "zone notin (a,b)",
            "rack",
            "!zone",
            "zone=a,disk=hdd",
        ] {
            check(misses, false);
        }
    }

    #[test]
    fn pairs_are_equalities_and_nothing_else() {
        let selector = Selector::pairs("zone=a, example.com/disk = ssd,edge=").unwrap();
        let labels = |zone: &str| {
            let all = [("zone", zone), ("example.com/disk", "ssd"), ("edge", "")];
            all.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
        };
        assert!(selector.selects(&labels("a")) && !selector.selects(&labels("b")));
        assert!(!selector.selects(&BTreeMap::new()));
        for bad in ["", "zone", "!zone", "zone!=a", "zone==a", "zone in (a)", "=a", "a=b=c", "a=b,"]
        {
            Selector::pairs(bad).unwrap_err();
        }
        assert_eq!(Selector::pairs("zone=a, disk").unwrap_err(), "disk");
    }

    #[test]
    fn what_is_no_selector_is_named() {
        for bad in [
            "",
            "zone in a",
            "zone in (a",
            "=a",
            "a b",
            "zone=a=b",
            "zone=a,,disk",
            "zone near (a)",
            "-a",
            "A.b/c",
        ] {
            Selector::parse(bad).unwrap_err();
        }
        assert_eq!(Selector::parse("zone=a, a b").unwrap_err(), "a b");
    }
}
