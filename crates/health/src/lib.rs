//! Active health checks, for providers whose load balancers make none of their own.
//!
//! ```text
//! health_check  what a target is asked, and how often
//! key           what makes two checks the same
//! checks        all checks, each made once; a handle for each who asks
//! round         one check after the other, and who is told
//! streak        from answers to a verdict: pure
//! ask           one question over the network
//! fault         whose fault a failed connect is
//! watchlist     for a provider that only wants to know which of its targets are down
//! ```
//!
//! Most providers want a [`Watchlist`]: they name what is to be checked, read what is down, and wait
//! for the next turn.
//!
//! ```
//! use seaway_health::{HealthCheck, Probe, Watchlist};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let connect = HealthCheck::default();
//! let probe = Probe::Http { port: 10256, path: "/healthz".to_owned() };
//! let get = HealthCheck { probe, ..HealthCheck::default() };
//! let node = std::net::IpAddr::from([127, 0, 0, 1]);
//!
//! let list = Watchlist::new(512, tokio::runtime::Handle::current());
//! let asked = [("web", connect.key(node, Some(30080))), ("api", get.key(node, None))];
//! list.set(asked, |_| true);
//!
//! let seen = list.turns();
//! assert!(list.down().is_empty(), "taken for up until the first check fails");
//! let turned = list.turned(seen); // A future, to be awaited before `down` is read again.
//! # drop(turned);
//! # }
//! ```
//!
//! Who has a clock of its own to move on, such as a data plane that asks for every connection, holds
//! [`Checks`] with an [`OnTurn`]: reading a verdict is one atomic load, and turns are told at once.
//!
//! # Guarantees
//! - Checks with the same [`CheckKey`] are made once, however many ask for them, and for as long as
//!   somebody holds the [`Check`].
//! - No more checks than allowed are under way at once; the others wait for their turn.
//! - A verdict is stored before anybody is told of it.
//! - Trouble of this machine, such as no descriptor left, takes no target down.

mod ask;
mod checks;
mod fault;
mod health_check;
mod key;
mod round;
mod streak;
mod watchlist;

pub use checks::{Check, Checks};
pub use fault::blames_target;
pub use health_check::{HealthCheck, Invalid, Probe};
pub use key::CheckKey;
pub use round::OnTurn;
pub use watchlist::Watchlist;
