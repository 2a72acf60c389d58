use seaway_core::{BalancerKey, ErrorKind, LbSpec, ProviderError, SettingKey};

/// The annotation that puts Services on one address.
const GROUP: &str = "seaway.dev/load-balancer-group";
/// The longest name of a group.
const LONGEST: usize = 63;

/// Where a Service is: by itself, or in a group. A name that can't be makes no group; [`check`] refuses
/// it.
pub(crate) fn key(spec: &LbSpec, across_namespaces: bool) -> BalancerKey {
    match spec.settings.get(GROUP).map(|name| name.trim()).filter(|name| is_name(name)) {
        None => BalancerKey::Own(spec.service.uid.clone()),
        Some(name) if across_namespaces => BalancerKey::Shared(name.into()),
        Some(name) => BalancerKey::Shared(format!("{}/{name}", spec.service.namespace).into()),
    }
}

/// Refuses a name that can't be.
///
/// # Errors
/// With the annotation, its value and what is allowed.
pub(crate) fn check(spec: &LbSpec) -> Result<(), ProviderError> {
    match spec.settings.get(GROUP) {
        Some(name) if !is_name(name.trim()) => {
            let message = format!(
                "{name:?} is not allowed; use 1 to {LONGEST} letters, digits, dots, hyphens and \
                 underscores"
            );
            Err(ProviderError::new(ErrorKind::InvalidSpec, GROUP, message))
        }
        Some(_) | None => Ok(()),
    }
}

/// The declaration of the annotation.
pub(crate) fn declared() -> SettingKey {
    let doc =
        "up to 63 letters, digits, dots, hyphens and underscores: Services that share an address";
    SettingKey { key: GROUP.to_owned(), doc: doc.to_owned() }
}

fn is_name(name: &str) -> bool {
    let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"._-".contains(&one);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use seaway_testkit::{spec, uid};

    use super::*;

    #[test]
    fn a_group_is_of_one_namespace_unless_the_config_says_otherwise() {
        let one = spec("a").setting(GROUP, "web").build();
        assert_eq!(key(&one, false), BalancerKey::Shared("default/web".into()));
        assert_eq!(key(&one, true), BalancerKey::Shared("web".into()));
        assert_eq!(key(&spec("a").build(), true), BalancerKey::Own(uid("a")));
    }

    #[test]
    fn a_name_that_can_not_be_is_refused_and_makes_no_group() {
        for name in ["", "a group", "a/b", "a@b", &"x".repeat(64)] {
            let one = spec("a").setting(GROUP, name).build();
            assert_eq!(key(&one, false), BalancerKey::Own(uid("a")));
            let error = check(&one).unwrap_err().to_string();
            assert!(error.contains(GROUP) && error.contains(&format!("{name:?}")), "{error}");
        }
        assert_eq!(check(&spec("a").setting(GROUP, "web_1.x-y").build()), Ok(()));
    }
}
