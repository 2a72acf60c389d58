//! The real API against a server that answers as AWS does.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod connect;
mod ec2;
mod elb;
mod firewall;
mod listeners;
mod server;
mod trouble;
