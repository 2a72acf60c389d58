//! Label selectors: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, `a>1`, `a<1`.

use crate::{meta, names, status::Status};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LabelTerm {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

impl LabelTerm {
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let label = meta::at(object, &["metadata", "labels", &self.key]).as_str();
        let number = || label.and_then(|label| label.parse::<i64>().ok());
        match &self.test {
            Test::In(values) => label.is_some_and(|label| values.iter().any(|v| v == label)),
            Test::NotIn(values) => label.is_none_or(|label| values.iter().all(|v| v != label)),
            Test::Exists => label.is_some(),
            Test::Absent => label.is_none(),
            Test::Greater(limit) => number().is_some_and(|number| number > *limit),
            Test::Less(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

pub(crate) fn parse(text: &str) -> Result<Vec<LabelTerm>, Status> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let terms = terms(text);
    let read = terms.iter().enumerate().map(|(i, term)| {
        if term.is_empty() {
            let found = if i + 1 < terms.len() { "," } else { "" };
            return Err(match i {
                0 => format!("found '{found}', expected: !, identifier, or 'end of string'"),
                _ => format!("found '{found}', expected: identifier after ','"),
            });
        }
        one(term).map_err(|why| format!("unable to parse requirement: {why}"))
    });
    read.collect::<Result<_, _>>().map_err(Status::bad_request)
}

/// Splits at commas that stand outside parentheses.
fn terms(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn one(term: &str) -> Result<LabelTerm, String> {
    let (key, test) = if let Some(key) = term.strip_prefix('!') {
        (key, Test::Absent)
    } else if let Some((key, value)) = term.split_once("!=") {
        (key, Test::NotIn(values(key, &[value])?))
    } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (key, Test::In(values(key, &[value])?))
    } else if let Some((key, limit)) = term.split_once('>') {
        (key, Test::Greater(number(limit)?))
    } else if let Some((key, limit)) = term.split_once('<') {
        (key, Test::Less(number(limit)?))
    } else if let Some((head, list)) = term.split_once('(') {
        let list = list.strip_suffix(')').ok_or("found no closing parenthesis")?;
        let list: Vec<&str> = list.split(',').collect();
        match head.split_whitespace().collect::<Vec<_>>().as_slice() {
            [key, "in"] => (*key, Test::In(values(key, &list)?)),
            [key, "notin"] => (*key, Test::NotIn(values(key, &list)?)),
            _ => return Err("expected 'in' or 'notin' before the parenthesis".into()),
        }
    } else {
        match term.split_whitespace().collect::<Vec<_>>().as_slice() {
            [_, "in" | "notin"] => return Err("found '' expected: '('".into()),
            [_, other, ..] => {
                let known = "in, notin, =, ==, !=, gt, lt";
                return Err(format!("found '{other}', expected: {known}"));
            }
            _ => (term, Test::Exists),
        }
    };
    let key = key.trim();
    names::qualified(key).map_err(|why| format!("<nil>: Invalid value: {key:?}: {why}"))?;
    Ok(LabelTerm { key: key.to_owned(), test })
}

/// The values of a term, as long as each may be that of a label.
fn values(key: &str, texts: &[&str]) -> Result<Vec<String>, String> {
    let one = |(i, text): (usize, &&str)| {
        let (key, text) = (key.trim(), text.trim());
        names::label_value(text)
            .map_err(|why| format!("values[{i}][{key}]: Invalid value: {text:?}: {why}"))?;
        Ok(text.to_owned())
    };
    texts.iter().enumerate().map(one).collect()
}

fn number(text: &str) -> Result<i64, String> {
    let text = text.trim();
    text.parse().map_err(|_| {
        let why = "for 'Gt', 'Lt' operators, the value must be an integer";
        format!("values[0]: Invalid value: {text:?}: {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equality_and_sets_select() {
        let object = json!({ "metadata": { "labels": { "app": "tomcat", "n": "5" } } });
        for (selector, taken) in [
            ("", true),
            ("app=tomcat", true),
            ("app==tomcat", true),
            ("app=nginx", false),
            ("app!=nginx", true),
            ("other!=nginx", true),
            ("app in (nginx, tomcat)", true),
            ("app in (nginx)", false),
            ("app notin (nginx),n", true),
            ("other notin (nginx)", true),
            ("!app", false),
            ("!other", true),
            ("app,other", false),
            ("n>4", true),
            ("n<4", false),
            ("app=tomcat,n in (5,6),!x", true),
        ] {
            let terms = parse(selector).unwrap();
            assert_eq!(terms.iter().all(|term| term.matches(&object)), taken, "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for selector in ["a b", "app in nginx", "app in (nginx", "=x", "a>b", "a=b c"] {
            assert_eq!(parse(selector).unwrap_err().code, 400, "{selector}");
        }
        for (selector, told) in [
            ("a=b,", "found '', expected: identifier after ','"),
            ("a,,b", "found ',', expected: identifier after ','"),
            (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ] {
            assert_eq!(parse(selector).unwrap_err().message, told, "{selector}");
        }
    }
}
