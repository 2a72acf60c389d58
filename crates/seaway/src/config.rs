use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::election::Election;
use crate::files;
use crate::registry::{BUILT, Providers, listed};

/// The config file. Every key is documented in docs/config.md; an unknown one is refused by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// Marks what is ours, so that two clusters never touch each other's load balancers.
    pub cluster_id: String,
    /// The provider that also takes Services without a class.
    pub default_provider: Option<String>,
    /// Which controller works, if several run.
    #[serde(default)]
    pub leader_election: Election,
    /// How often providers are read again, in seconds.
    #[serde(default = "inventory")]
    pub inventory_seconds: u32,
    /// Whether what is nobody's is taken down.
    #[serde(default)]
    pub sweep: bool,
    /// The providers to serve.
    #[serde(default)]
    pub providers: Providers,
}

/// How often providers are read again, if nothing else is said.
const fn inventory() -> u32 {
    300
}

/// No config is as long as this.
const LONGEST: u64 = 1 << 20;

impl Config {
    /// Reads a TOML file, or a YAML one if its name ends in `.yaml` or `.yml`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = files::read(path, LONGEST)
            .with_context(|| format!("can't read the config file {name}; see docs/config.md"))?;
        let yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let config = if yaml { Self::parse_yaml(&text) } else { Self::parse(&text) };
        config.with_context(|| format!("in the config file {name}"))
    }

    /// Reads TOML.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::check(toml::from_str(text)?)
    }

    fn parse_yaml(text: &str) -> Result<Self> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
        if documents.is_empty() {
            bail!("it is empty; docs/config.md lists its keys");
        }
        if documents.len() > 1 {
            bail!("there are {} documents (`---`) in it; a config is one", documents.len());
        }
        // An empty section would read as one that is not there.
        let empty = |section: Option<&Value>| {
            let mut keys = section.and_then(Value::as_object).into_iter().flatten();
            keys.find(|(_, value)| value.is_null()).map(|(key, _)| key.clone())
        };
        let (all, providers) = (documents.first(), documents.first().map(|all| &all["providers"]));
        let name = empty(providers).map(|name| format!("providers.{name}"));
        if let Some(name) = name.or_else(|| empty(all)) {
            bail!("{name}: it is empty; docs/config.md lists what goes there");
        }
        Self::check(serde_saphyr::from_str(text)?)
    }

    fn check(self) -> Result<Self> {
        let id = &self.cluster_id;
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if id.is_empty() || id.len() > 63 || !id.bytes().all(fits) || id.starts_with('-') {
            bail!(
                "cluster-id: {id:?} is not allowed; use 1 to 63 of a-z, 0-9 and -, and begin with \
                 a letter or digit"
            );
        }
        self.leader_election.check()?;
        self.providers.check()?;
        let served = self.providers.names();
        if let Some(default) = &self.default_provider
            && !served.contains(&default.as_str())
        {
            let list = listed(&served);
            let what = format!(
                "default-provider: {default:?} is not among the providers that are served: {list}"
            );
            if BUILT.contains(&default.as_str()) {
                bail!("{what}; add a section [providers.{default}]");
            }
            bail!("{what}; the providers of this build are {}", listed(BUILT));
        }
        if self.inventory_seconds == 0 {
            bail!("inventory-seconds: 0 is not allowed; use 1 or more");
        }
        if served.is_empty() {
            bail!("providers: there are none to serve; add a section such as [providers.embedded]");
        }
        Ok(self)
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        cluster-id = "lab"
        default-provider = "embedded"
        [providers.embedded]
        pool = ["198.18.0.200-198.18.0.203", "2001:db8::/124"]
    "#;

    fn refused(text: &str, expected: &[&str]) {
        let error = format!("{:#}", Config::parse(text).unwrap_err());
        for part in expected {
            assert!(error.contains(part), "{error:?} does not say {part:?}");
        }
    }

    #[test]
    fn the_config_of_the_readme_is_read() {
        let config = Config::parse(GOOD).unwrap();
        assert_eq!(config.cluster_id, "lab");
        assert_eq!(config.default_provider.as_deref(), Some("embedded"));
    }

    #[test]
    fn yaml_says_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seaway.yaml");
        let text = "cluster-id: lab\nproviders:\n  embedded:\n    pool: [198.18.0.200/30]\n";
        std::fs::write(&file, text).unwrap();
        assert_eq!(Config::read(&file).unwrap().providers.names(), ["embedded"]);
        std::fs::write(&file, format!("{text}colour: red\n")).unwrap();
        let error = format!("{:#}", Config::read(&file).unwrap_err());
        assert!(error.contains("colour") && error.contains("seaway.yaml"), "{error}");
    }

    fn yaml_is_refused(text: &str, expected: &[&str]) {
        let error = format!("{:#}", Config::parse_yaml(text).unwrap_err());
        for part in expected {
            assert!(error.contains(part), "{error:?} does not say {part:?}");
        }
        assert!(!error.contains("from_multiple"), "{error}");
    }

    #[test]
    fn yaml_that_is_empty_or_too_much_is_told_so() {
        let empty = "cluster-id: lab\nproviders:\n  embedded:\n";
        yaml_is_refused(empty, &["providers.embedded", "empty"]);
        let two = "cluster-id: lab\n---\ncluster-id: other\n";
        yaml_is_refused(two, &["2 documents"]);
        yaml_is_refused("", &["empty"]);
        yaml_is_refused("providers:\n", &["providers", "empty"]);
    }

    #[test]
    fn the_inventory_and_the_sweep_have_defaults() {
        let config = Config::parse(GOOD).unwrap();
        assert_eq!((config.inventory_seconds, config.sweep), (300, false));
        let other = format!("inventory-seconds = 1\nsweep = true\n{GOOD}");
        let config = Config::parse(&other).unwrap();
        assert_eq!((config.inventory_seconds, config.sweep), (1, true));
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        refused(&GOOD.replace("default-provider", "default-provder"), &["default-provder"]);
        refused(&GOOD.replace("pool =", "pools ="), &["pools", "pool"]);
        refused("cluster-id = \"lab\"\n[providers.haproxi]", &["haproxi"]);
    }

    #[cfg(feature = "haproxy")]
    #[test]
    fn two_providers_can_not_give_the_same_address() {
        let both = format!("{GOOD}\n[providers.haproxy]\npool = [\"198.18.0.203/32\"]");
        refused(&both, &["providers.haproxy.pool", "198.18.0.203/32", "providers.embedded.pool"]);
        let apart = format!("{GOOD}\n[providers.haproxy]\npool = [\"198.18.0.204/32\"]");
        assert_eq!(Config::parse(&apart).unwrap().providers.names(), ["embedded", "haproxy"]);
    }

    #[test]
    fn a_value_that_can_not_be_is_named() {
        refused(&GOOD.replace("lab", "Lab 1"), &["cluster-id", "Lab 1", "a-z"]);
        refused(
            &GOOD.replace("default-provider = \"embedded\"", "default-provider = \"metallb\""),
            &["default-provider", "metallb", "the providers of this build are", "embedded"],
        );
        refused(&format!("inventory-seconds = 0\n{GOOD}"), &["inventory-seconds", "1 or more"]);
        refused(&format!("sweep = \"yes\"\n{GOOD}"), &["sweep"]);
        refused("cluster-id = \"lab\"", &["providers", "none"]);
        refused("default-provider = \"embedded\"", &["cluster-id"]);
        refused(&GOOD.replace("198.18.0.203", "198.18.0.2"), &["pool", "198.18.0.200-198.18.0.2"]);
    }
}
