use std::time::Duration;

use google_cloud_auth::credentials::{Builder, Credentials, anonymous};
use google_cloud_compute_v1::client::{
    Addresses, Firewalls, ForwardingRules, GlobalOperations, InstanceGroups, RegionBackendServices,
    RegionHealthChecks, RegionOperations, Subnetworks, ZoneOperations,
};
use google_cloud_gax::retry_policy::NeverRetry;
use tokio::time::timeout;

use super::links::Place;
use super::refusal::{chain, no_credentials};
use super::{Gce, Patience};
use crate::api::Fault;

/// How long a whole call may take.
const CALL: Duration = Duration::from_secs(30);

/// How long a wait for an operation may take: Google holds it for up to two minutes.
const WAIT: Duration = Duration::from_secs(150);

/// Where the load balancers are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The project.
    pub project: String,
    /// The project of the network, its subnetworks and its firewall rules: another one in a shared VPC.
    pub network_project: String,
    /// The region.
    pub region: String,
    /// The network's name.
    pub network: String,
    /// The name of the subnetwork of internal things and of those of IPv6 that name none.
    pub subnetwork: String,
    /// The endpoint, in place of the vendor's. One with `http://` gets no credentials.
    pub endpoint: Option<String>,
}

/// A client of a collection. Each has its own connections; the credentials are shared. The library
/// repeats nothing: reads are the caller's, writes have their own loop.
macro_rules! client {
    ($collection:ident, $options:expr, $credentials:expr, $limit:expr) => {{
        let mut builder = $collection::builder()
            .with_credentials($credentials.clone())
            .with_retry_policy(NeverRetry)
            .with_attempt_timeout($limit);
        if let Some(endpoint) = &$options.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder.build().await.map_err(|error| Fault::NotSent(chain(&error)))?
    }};
}

impl Gce {
    /// Finds the credentials, and tries them out.
    ///
    /// # Errors
    /// [`Fault::NotSent`] if there are none. The text says what to set.
    pub async fn connect(options: Options) -> Result<Self, Fault> {
        Self::patient(options, Patience::default()).await
    }

    /// The same with other times to wait.
    ///
    /// # Errors
    /// [`Fault::NotSent`] if there are no credentials.
    pub async fn patient(options: Options, patience: Patience) -> Result<Self, Fault> {
        // The library panics where no provider of cryptography is installed. If another one is, that
        // one serves.
        rustls::crypto::ring::default_provider().install_default().ok();
        let credentials = credentials(&options).await?;
        Ok(Self {
            patience,
            addresses: client!(Addresses, options, credentials, CALL),
            backend_services: client!(RegionBackendServices, options, credentials, CALL),
            firewalls: client!(Firewalls, options, credentials, CALL),
            forwarding_rules: client!(ForwardingRules, options, credentials, CALL),
            groups: client!(InstanceGroups, options, credentials, CALL),
            health_checks: client!(RegionHealthChecks, options, credentials, CALL),
            subnetworks: client!(Subnetworks, options, credentials, CALL),
            global_operations: client!(GlobalOperations, options, credentials, WAIT),
            region_operations: client!(RegionOperations, options, credentials, WAIT),
            zone_operations: client!(ZoneOperations, options, credentials, WAIT),
            place: Place {
                network_project: options.network_project,
                project: options.project,
                region: options.region,
                network: options.network,
                subnetwork: options.subnetwork,
            },
        })
    }
}

/// Application Default Credentials; none over plain HTTP, which is for what is no cloud.
async fn credentials(options: &Options) -> Result<Credentials, Fault> {
    if options.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://")) {
        return Ok(anonymous::Builder::new().build());
    }
    let credentials = Builder::default().build().map_err(|error| no_credentials(&chain(&error)))?;
    // Fails now rather than at the first call if there are none.
    match timeout(CALL, credentials.headers(http::Extensions::new())).await {
        Ok(Ok(_)) => Ok(credentials),
        Ok(Err(error)) => Err(no_credentials(&chain(&error))),
        Err(_) => Err(no_credentials("asking for them took too long")),
    }
}
