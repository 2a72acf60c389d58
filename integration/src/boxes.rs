//! A laboratory for the daemons of a load balancer: machines on a network of their own, which die
//! without warning.
//!
//! ```text
//!  client ───┐                    the cell: the bridge, and
//!   box a ───┼── 198.18.0.0/24 ── `seaway sandbox` with its nodes,
//!   box b ───┘   fd18::/64        which boxes reach at their addresses of 127.0.0.0/8
//!
//! cell        the namespaces that a story runs in; they end with it, and all that is in them
//! rack        the network and its addresses
//! host        one machine: its processes, what its sockets reach, its death
//! door        how a box reaches the API of the sandbox
//! floating    addresses that keepalived moves between boxes
//! driver      `seaway run --box` on a box
//! ```
//!
//! No packet leaves the cell: its network has no way out.

mod cell;
mod door;
mod driver;
mod floating;
mod host;
mod rack;

pub use cell::inside;
pub use door::Door;
pub use driver::Driver;
pub use floating::float;
pub use host::Host;
pub use rack::Rack;
