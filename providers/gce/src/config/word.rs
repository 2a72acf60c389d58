//! The shapes of Google's names.

pub(crate) const PROJECT: &str = "the project's id, e.g. my-project, and not its number";
pub(crate) const ENDPOINT: &str = "http:// or https:// and a host, without a path";
pub(crate) const TAG: &str = "up to 63 lower-case letters, digits and hyphens, a letter first";

/// Whether it can be the name of a thing, or a tag, of Compute Engine (RFC 1035).
pub(crate) fn is_word(text: &str) -> bool {
    let is_inner = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
    text.len() <= 63
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(is_inner)
}

/// Whether it can be a project's id: a word, and for old ones the domain that it is in before it.
/// Nodes say their project by its id, so its number would make all of them strangers.
pub(crate) fn is_project(text: &str) -> bool {
    match text.split_once(':') {
        Some((domain, id)) => domain.split('.').all(is_part_of_domain) && is_word(id),
        None => is_word(text),
    }
}

fn is_part_of_domain(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-')
}

/// Whether it says where an API is: a scheme and a host, perhaps a port.
pub(crate) fn is_endpoint(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = host.map(|host| host.strip_suffix('/').unwrap_or(host));
    host.is_some_and(|host| {
        !host.is_empty()
            && host.bytes().all(|one| one.is_ascii_alphanumeric() || b"-._:[]".contains(&one))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_begins_with_a_letter_and_is_short_and_lower_case() {
        let longest = "a".repeat(63);
        for word in ["a", "default", "gke-node-1", &longest] {
            assert!(is_word(word), "{word:?}");
        }
        let long = "a".repeat(64);
        for wrong in ["", "A", "1a", "-a", "a-", "a_b", "a.b", "a b", "é", &long] {
            assert!(!is_word(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_project_may_be_of_a_domain() {
        assert!(is_project("my-project") && is_project("example.com:my-project"));
        for wrong in ["", "12345", ":p", "example.com:", "example..com:p", "a/b"] {
            assert!(!is_project(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn an_endpoint_is_a_scheme_and_a_host() {
        for endpoint in ["http://127.0.0.1:80", "https://compute.googleapis.com/", "http://[::1]:1"]
        {
            assert!(is_endpoint(endpoint), "{endpoint:?}");
        }
        for wrong in ["", "http://", "ftp://x", "x", "https://x/compute", "https://x y"] {
            assert!(!is_endpoint(wrong), "{wrong:?}");
        }
    }
}
