//! Google Cloud passthrough network load balancers: one for each Service.
//!
//! Packets reach a node as the client sent them, still addressed to the load balancer: no NodePort is
//! involved, and kube-proxy answers by the address in the Service's status.
//!
//! ```text
//! config     the section [providers.gce], and the in-tree provider's gce.conf that fills it in
//! settings/  the annotations of a Service
//! names      what things are called: made of what never changes
//! mark       the description that says whose a thing is
//! instance   which instance a node is
//! observe/   what a key has
//! survey     reading it: a list of each kind
//! design/    what a load balancer is to be: pure
//! plan/      from the one to the other: pure
//! step       one write
//! apply/     making it
//! provider   the trait, on top of these
//! error      what Google's reasons and codes mean
//! limits     Google's rates and quotas, as data
//! api/       the door: Google's crate and the pace behind it
//! ```

pub mod api;
mod apply;
mod config;
mod design;
mod error;
mod foresee;
mod gce_conf;
mod instance;
mod limits;
mod mark;
mod names;
mod observe;
mod plan;
mod provider;
mod settings;
mod step;
mod survey;

pub use config::{Config, Settled};
pub use observe::{Denied, Fact, Ground, Group, Observed, Rank, Rejected};
pub use provider::PassthroughLb;
pub use step::Step;

/// The provider's name.
pub const NAME: &str = "gce";

/// Finds the credentials as Google's tools do, and tries them out. Nothing is made yet.
///
/// # Errors
/// If there are none, or if the config lacks something.
#[cfg(feature = "sdk")]
pub async fn connect(
    config: Config,
    cluster: seaway_core::ClusterId,
) -> Result<PassthroughLb<api::Paced<api::sdk::Gce>>, seaway_core::ProviderError> {
    let told = |why| {
        let kind = seaway_core::ErrorKind::InvalidSpec;
        seaway_core::ProviderError::new(kind, "config", format!("providers.gce.{why}"))
    };
    let config = config.complete().map_err(told)?;
    let options = api::sdk::Options {
        project: config.project.clone(),
        network_project: config.network_project.clone(),
        region: config.region.clone(),
        network: config.network.clone(),
        subnetwork: config.subnetwork.clone(),
        endpoint: config.endpoint.clone(),
    };
    let api =
        api::sdk::Gce::connect(options).await.map_err(|fault| error::told("connect", &fault))?;
    Ok(PassthroughLb::new(api::Paced::new(api, config.rate_share), cluster, config))
}
