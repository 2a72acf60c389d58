//! AWS Network Load Balancers: one for each Service, or for each group of Services that share one.
//!
//! ```text
//! config     the section [providers.aws]
//! settings/  the annotations of a Service
//! names      what things are called: made of what never changes
//! mark       the tags that say whose a thing is
//! instance   which instance a node is
//! subset     which nodes a Service gets where there are too many for all
//! observe/   what a key has
//! survey/    reading it: listings first
//! recall     what a digest vouches for, and need not be read
//! design/    what a load balancer is to be: pure
//! plan/      from the one to the other: pure
//! apply/     one step
//! poll       waiting for load balancers to become active
//! provider   the trait, on top of these
//! error      what AWS's codes mean
//! limits     AWS's rates and quotas, as data
//! api/       the door: one method, one call; the SDK, the pace and the fake behind it
//! ```

pub mod api;
mod apply;
mod config;
mod design;
mod error;
mod foresee;
mod instance;
mod limits;
mod mark;
mod names;
mod observe;
mod plan;
mod poll;
mod provider;
mod recall;
mod settings;
mod subset;
mod survey;

pub use config::Config;
pub use observe::{
    Balancer, Detail, Fact, Firewall, Front, Ground, Group, Members, Observed, Trouble, Zone,
};
pub use plan::{Change, Place, Step, Way};
pub use provider::Nlb;

/// The provider's name.
pub const NAME: &str = "aws";

/// Finds the region and the credentials as AWS's tools do, and tries them out. Nothing is made yet.
///
/// # Errors
/// If there are none.
#[cfg(feature = "sdk")]
pub async fn connect(
    config: Config,
    cluster: seaway_core::ClusterId,
) -> Result<Nlb<api::Paced<api::sdk::Aws>>, seaway_core::ProviderError> {
    let options =
        api::sdk::Options { region: config.region.clone(), endpoint: config.endpoint.clone() };
    let api =
        api::sdk::Aws::connect(options).await.map_err(|fault| error::told("connect", &fault))?;
    let paced = api::Paced::new(api, config.rate_share);
    Ok(Nlb::new(paced, cluster, config))
}
