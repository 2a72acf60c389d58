//! The forms of names that the API accepts.

const DNS_LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric \
    characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
    '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Why `name` is no DNS-1123 label, if it isn't.
pub(crate) fn dns_label(name: &str) -> Result<(), String> {
    if name.len() > 63 {
        return Err("must be no more than 63 characters".into());
    }
    if is_label(name) {
        Ok(())
    } else if name.split('.').all(is_label) {
        Err("must not contain dots".into())
    } else {
        Err(DNS_LABEL.into())
    }
}

/// Why `name` is no DNS-1123 subdomain, if it isn't.
pub(crate) fn dns_subdomain(name: &str) -> Result<(), String> {
    within(name, 253)?;
    if name.split('.').all(is_label) { Ok(()) } else { Err(SUBDOMAIN.into()) }
}

/// Why `name` is no qualified name (`[prefix/]name`), if it isn't.
pub(crate) fn qualified(name: &str) -> Result<(), String> {
    if name.matches('/').count() > 1 {
        let form = QUALIFIED.replacen("name part", "a valid label key", 1);
        return Err(format!(
            "{form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ));
    }
    let local = match name.split_once('/') {
        None => name,
        Some((prefix, local)) => {
            if prefix.is_empty() {
                return Err("prefix part must be non-empty".into());
            }
            dns_subdomain(prefix).map_err(|why| format!("prefix part {why}"))?;
            local
        }
    };
    if local.is_empty() {
        return Err("name part must be non-empty".into());
    }
    within(local, 63).map_err(|why| format!("name part {why}"))?;
    if is_word(local) { Ok(()) } else { Err(QUALIFIED.into()) }
}

/// Why no name is no qualified name.
pub(crate) fn empty_name() -> [&'static str; 2] {
    ["name part must be non-empty", QUALIFIED]
}

/// Why `value` is no label value, if it isn't.
pub(crate) fn label_value(value: &str) -> Result<(), String> {
    within(value, 63)?;
    if value.is_empty() || is_word(value) { Ok(()) } else { Err(LABEL_VALUE.into()) }
}

/// Why `key` can't be a key of a ConfigMap, if it can't.
pub(crate) fn config_key(key: &str) -> Result<(), String> {
    within(key, 253)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if key.is_empty() || !key.chars().all(plain) {
        return Err("a valid config key must consist of alphanumeric characters, '-', '_' or '.' \
                    (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation \
                    is '[-._a-zA-Z0-9]+')"
            .into());
    }
    if key == "." || key == ".." || key.starts_with("..") {
        return Err("must not start with '..'".into());
    }
    Ok(())
}

/// Why `name` is no name of a port (RFC 6335), if it isn't.
pub(crate) fn port_name(name: &str) -> Result<(), String> {
    if name.len() > 15 {
        return Err("must be no more than 15 characters".into());
    }
    if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !name.contains(|c: char| c.is_ascii_lowercase()) {
        return Err("must contain at least one letter (a-z)".into());
    }
    if name.contains("--") {
        return Err("must not contain consecutive hyphens".into());
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err("must not begin or end with a hyphen".into());
    }
    Ok(())
}

fn within(name: &str, limit: usize) -> Result<(), String> {
    if name.len() > limit {
        return Err(format!("must be no more than {limit} bytes"));
    }
    Ok(())
}

fn is_label(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(plain) && name.ends_with(plain) && name.chars().all(|c| plain(c) || c == '-')
}

fn is_word(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(plain)
        && name.ends_with(plain)
        && name.chars().all(|c| plain(c) || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_form() {
        for (name, label, subdomain) in [
            ("tomcat", true, true),
            ("1tomcat", true, true),
            ("a.b", false, true),
            ("Tomcat", false, false),
            ("-a", false, false),
            ("a-", false, false),
            ("", false, false),
            ("a..b", false, false),
        ] {
            assert_eq!(dns_label(name).is_ok(), label, "{name}");
            assert_eq!(dns_subdomain(name).is_ok(), subdomain, "{name}");
        }
    }

    #[test]
    fn qualified_names_may_have_a_prefix() {
        for (name, fine) in [
            ("app", true),
            ("seaway.dev/embedded", true),
            ("Seaway.dev/embedded", false),
            ("/a", false),
            ("a/", false),
            ("a b", false),
            ("a/b/c", false),
        ] {
            assert_eq!(qualified(name).is_ok(), fine, "{name}");
        }
    }
}
