//! Which methods are meant.

/// A method's id, in which `*` stands for anything (`*.insert`, `compute.firewalls.*`), or one of
/// `write` (all that change something), `read` (all else but looks at operations), `operation` and
/// `any`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(String);

/// The kind of a call, as far as patterns know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Write,
    Read,
    Operation,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn fits(&self, id: &str, class: Class) -> bool {
        match self.0.as_str() {
            "any" => true,
            "write" => class == Class::Write,
            "read" => class == Class::Read,
            "operation" => class == Class::Operation,
            pattern => matches(pattern, id),
        }
    }
}

/// Whether a text is as a pattern with `*` says.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let starts = rest.char_indices().map(|(index, _)| index).chain([rest.len()]);
            starts.into_iter().any(|start| matches(tail, &rest[start..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("*.insert", "compute.firewalls.insert"));
        assert!(matches("compute.*.ins*", "compute.firewalls.insert"));
        assert!(matches("a*", "a"));
        assert!(!matches("*.insert", "compute.firewalls.inserts"));
        assert!(!matches("a*b", "a"));
    }

    #[test]
    fn classes_have_words_of_their_own() {
        assert!(Pattern::new("write").fits("compute.firewalls.insert", Class::Write));
        assert!(!Pattern::new("write").fits("compute.firewalls.list", Class::Read));
        assert!(Pattern::new("any").fits("compute.zoneOperations.wait", Class::Operation));
        assert!(!Pattern::new("read").fits("compute.zoneOperations.wait", Class::Operation));
    }
}
