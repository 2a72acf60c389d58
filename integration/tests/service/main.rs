//! What the owner of a Service may do to it while it serves. These stories run on the sandbox
//! (`make test`) and on a real cluster (`make e2e`) alike.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod asked;
mod bare;
mod churn;
mod class;
mod families;
mod finalizer;
mod health;
mod limits;
mod pods;
mod ports;
mod ranges;
mod restart;
mod rolling;
mod serving;
mod status;
mod types;
mod udp;
