//! Stands in for netlink where there is none. Daemons are configured there by hand.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use super::{Error, Mark, Place};

/// A talk that never comes about.
#[derive(Debug)]
pub(super) enum Talk {}

#[expect(clippy::unused_async, reason = "as under Linux")]
impl Talk {
    pub(super) async fn begin(interface: &str) -> Result<Self, Error> {
        let doing = format!("put addresses on {interface}");
        let source = io::Error::new(io::ErrorKind::Unsupported, "that takes Linux");
        Err(Error::Kernel { doing, source })
    }

    pub(super) async fn places(&self, _: Mark) -> Result<BTreeMap<IpAddr, Place>, Error> {
        match *self {}
    }

    pub(super) async fn add(&self, _: IpAddr, _: Mark) -> Result<(), Error> {
        match *self {}
    }

    pub(super) async fn remove(&self, _: IpAddr) -> Result<bool, Error> {
        match *self {}
    }
}
