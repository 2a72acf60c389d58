//! Who holds the Lease, for people.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::time::{Instant, sleep};

/// How often a Lease is read while it is not known whether its holder lives.
const POLL: Duration = Duration::from_millis(500);

/// A controller that says that it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The namespace of the Lease.
    pub namespace: String,
    /// The name of the Lease.
    pub name: String,
    /// Who holds it.
    pub holder: String,
    /// Whether the holder has renewed it within its duration, by this machine's clock.
    pub fresh: bool,
    /// For how long the holder may be silent.
    pub lasts: Duration,
    version: Option<String>,
}

/// The Leases by this name that somebody holds: in `namespace`, or in all of them.
///
/// # Errors
/// If the API server can't be reached, or refuses.
pub async fn leaders(
    client: &Client,
    namespace: Option<&str>,
    name: &str,
) -> Result<Vec<Leader>, kube::Error> {
    let leases = if let Some(namespace) = namespace {
        let api = Api::<Lease>::namespaced(client.clone(), namespace);
        api.get_opt(name).await?.into_iter().collect()
    } else {
        let params = ListParams::default().fields(&format!("metadata.name={name}"));
        Api::<Lease>::all(client.clone()).list(&params).await?.items
    };
    Ok(leases.into_iter().filter_map(read).collect())
}

impl Leader {
    /// Whether the holder lives. The clocks of two machines may differ: who seems to be silent is
    /// watched for as long as the Lease lasts.
    ///
    /// # Errors
    /// If the API server can't be reached, or refuses.
    pub async fn lives(&self, client: &Client) -> Result<bool, kube::Error> {
        if self.fresh {
            return Ok(true);
        }
        let end = Instant::now() + self.lasts;
        while Instant::now() < end {
            sleep(POLL).await;
            let now = leaders(client, Some(&self.namespace), &self.name).await?;
            match now.first() {
                None => return Ok(false),
                Some(now) if now.version != self.version => return Ok(true),
                Some(_) => {}
            }
        }
        Ok(false)
    }
}

fn read(lease: Lease) -> Option<Leader> {
    let spec = lease.spec?;
    let holder = spec.holder_identity.filter(|holder| !holder.is_empty())?;
    let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let lasts = Duration::from_secs(seconds.unwrap_or(15));
    let age = spec.renew_time.map(|renewed| Timestamp::now().duration_since(renewed.0));
    let fresh = age.is_some_and(|age| age.unsigned_abs() < lasts);
    Some(Leader {
        namespace: lease.metadata.namespace.unwrap_or_default(),
        name: lease.metadata.name.unwrap_or_default(),
        holder,
        fresh,
        lasts,
        version: lease.metadata.resource_version,
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
    use k8s_openapi::jiff::SignedDuration;

    use super::*;

    fn lease(holder: &str, age: i64) -> Lease {
        let renewed = Timestamp::now() - SignedDuration::from_secs(age);
        let spec = LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            renew_time: Some(MicroTime(renewed)),
            ..LeaseSpec::default()
        };
        Lease { spec: Some(spec), ..Lease::default() }
    }

    #[test]
    fn a_lease_that_nobody_holds_has_no_leader() {
        assert_eq!(read(lease("", 0)), None);
        assert_eq!(read(Lease::default()), None);
    }

    #[test]
    fn a_leader_is_fresh_for_as_long_as_the_lease_lasts() {
        assert!(read(lease("a", 10)).unwrap().fresh);
        assert!(!read(lease("a", 16)).unwrap().fresh);
        // A clock that is a little ahead is no sign of death.
        assert!(read(lease("a", -5)).unwrap().fresh);
    }
}
