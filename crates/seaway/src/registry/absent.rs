//! A provider that is known, and was left out of this build.

use anyhow::Result;
use futures::future::BoxFuture;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::Connected;
use super::section::Section;

/// Nobody has one: to read it is an error.
#[derive(Debug)]
pub(super) enum Config {}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "this provider is not in this build; build with `--features` and its name",
        ))
    }
}

impl Section for Config {
    fn check(&self) -> Result<(), String> {
        match *self {}
    }

    fn connect<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Connected>> {
        match *self {}
    }
}
