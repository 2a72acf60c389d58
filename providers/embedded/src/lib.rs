//! Load balancers that run inside the controller's process.
//!
//! ```text
//! config     the section [providers.embedded]
//! settings   the annotations of a Service
//! group      which Services share an address
//! observe    what every Service has here
//! plan/      from that to what is wanted: pure
//! presence   whether an address is on this machine
//! apply      one step
//! provider   the trait, on top of these
//! measure/   what the data plane has counted, for whoever watches over it
//! error      what the data plane's errors are to the controller
//! dataplane/ the sockets, on threads of their own, behind a narrow door
//! ```

mod apply;
mod config;
pub mod dataplane;
mod error;
mod group;
mod measure;
mod observe;
mod plan;
mod presence;
mod provider;
mod settings;

pub use apply::Fact;
pub use config::Config;
pub use observe::{Observed, Seat};
pub use plan::Step;
pub use provider::Embedded;

use seaway_core::ProviderError;

/// The provider's name.
pub const NAME: &str = "embedded";

/// Starts the data plane; nothing listens yet.
///
/// # Errors
/// If its threads can't be started.
pub fn connect(config: Config) -> Result<Embedded, ProviderError> {
    Embedded::start(config)
}
