use std::time::Duration;

use anyhow::{Result, bail};
use kube::Client;
use seaway_controller::{Elector, Timing};
use serde::Deserialize;

/// The `[leader-election]` section of the config.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Election {
    /// Whether controllers elect one that works.
    pub enabled: bool,
    namespace: Option<String>,
    name: String,
    /// Whole seconds, as the Lease has them.
    lease_duration_seconds: u16,
    renew_deadline_seconds: f64,
    retry_period_seconds: f64,
}

impl Default for Election {
    fn default() -> Self {
        Self {
            enabled: true,
            namespace: None,
            name: "seaway".to_owned(),
            lease_duration_seconds: 15,
            renew_deadline_seconds: 10.0,
            retry_period_seconds: 2.0,
        }
    }
}

/// Where a pod finds the namespace that it is in.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Where the Leases of the control plane are.
const SYSTEM: &str = "kube-system";

impl Election {
    /// Refuses what can't be, by name.
    pub(crate) fn check(&self) -> Result<()> {
        let longest = f64::from(self.lease_duration_seconds);
        let (renew, retry) = (self.renew_deadline_seconds, self.retry_period_seconds);
        if self.lease_duration_seconds == 0 {
            bail!("leader-election.lease-duration-seconds: 0 is not allowed; use 1 or more");
        }
        // Written so that what is no number is refused as well.
        if !(renew > 0.0 && renew < longest) {
            bail!(
                "leader-election.renew-deadline-seconds: {renew} is not allowed; it must be more \
                 than 0 and less than lease-duration-seconds, which is {longest}"
            );
        }
        if !(retry > 0.0 && retry < renew) {
            bail!(
                "leader-election.retry-period-seconds: {retry} is not allowed; it must be more than \
                 0 and less than renew-deadline-seconds, which is {renew}"
            );
        }
        for (key, value) in [("name", Some(&self.name)), ("namespace", self.namespace.as_ref())] {
            if let Some(value) = value
                && !is_name(value)
            {
                bail!(
                    "leader-election.{key}: {value:?} is not allowed; use 1 to 63 of a-z, 0-9 and \
                     -, and begin and end with a letter or digit"
                );
            }
        }
        Ok(())
    }

    /// A candidate for the Lease.
    pub(crate) fn candidate(&self, client: Client) -> Elector {
        let timing = Timing {
            lease_duration: Duration::from_secs(self.lease_duration_seconds.into()),
            renew_deadline: Duration::from_secs_f64(self.renew_deadline_seconds),
            retry_period: Duration::from_secs_f64(self.retry_period_seconds),
        };
        let (namespace, name) = self.lease();
        Elector::new(client, &namespace, &name, timing)
    }

    /// Namespace and name of the Lease.
    pub(crate) fn lease(&self) -> (String, String) {
        (self.namespace.clone().unwrap_or_else(own_namespace), self.name.clone())
    }

    /// The name of the Lease, and its namespace if the config says one.
    pub(crate) fn wanted(&self) -> (Option<&str>, &str) {
        (self.namespace.as_deref(), &self.name)
    }
}

/// The namespace of the pod, or that of the control plane for who runs outside of one.
fn own_namespace() -> String {
    let text = std::fs::read_to_string(OWN_NAMESPACE).unwrap_or_default();
    let name = text.trim();
    if is_name(name) { name.to_owned() } else { SYSTEM.to_owned() }
}

/// Whether it is a DNS label.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(fits)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str) -> Result<Election> {
        let election: Election = toml::from_str(text)?;
        election.check().map(|()| election)
    }

    fn refused(text: &str, expected: &[&str]) {
        let error = format!("{:#}", section(text).unwrap_err());
        for part in expected {
            assert!(error.contains(part), "{error:?} does not say {part:?}");
        }
    }

    #[test]
    fn it_is_on_by_default_with_the_times_of_client_go() {
        let election = section("").unwrap();
        assert!(election.enabled);
        assert_eq!(election.name, "seaway");
        assert_eq!(election.lease_duration_seconds, 15);
        assert!(!section("enabled = false").unwrap().enabled);
    }

    #[test]
    fn whole_and_broken_numbers_are_read() {
        let text = "lease-duration-seconds = 2\nrenew-deadline-seconds = 1.5\n\
                    retry-period-seconds = 0.25";
        assert!(section(text).is_ok());
        assert!(section("renew-deadline-seconds = 12\nretry-period-seconds = 3").is_ok());
    }

    #[test]
    fn times_that_would_let_two_lead_are_refused_by_name() {
        refused("lease-duration-seconds = 0", &["lease-duration-seconds", "0", "1 or more"]);
        refused("lease-duration-seconds = 10", &["renew-deadline-seconds", "10", "less than"]);
        refused("renew-deadline-seconds = 2", &["retry-period-seconds", "2", "less than"]);
        refused("renew-deadline-seconds = nan", &["renew-deadline-seconds", "NaN"]);
        refused("retry-period-seconds = 0", &["retry-period-seconds", "more than 0"]);
        refused("retry-period-seconds = -1", &["retry-period-seconds", "-1"]);
    }

    #[test]
    fn names_that_can_not_be_are_refused() {
        refused("name = \"My Lease\"", &["leader-election.name", "My Lease", "a-z"]);
        refused("namespace = \"\"", &["leader-election.namespace", "\"\""]);
        refused("colour = \"red\"", &["colour"]);
    }
}
