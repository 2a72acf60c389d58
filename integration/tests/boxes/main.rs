//! Load balancers on boxes, machines of their own, on the real daemons. Each story has a network of
//! its own, as root or in a user namespace.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod lab;
mod two;
