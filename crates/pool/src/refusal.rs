use std::net::IpAddr;

use seaway_core::{ErrorKind, Family, ProviderError};

/// Why an address could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Every address of a family is taken.
    #[error(
        "no {family} address is free: all {count} of {ranges} are taken; add addresses to \
         providers.{provider}.{place}, or delete a Service"
    )]
    UsedUp {
        /// Whose pool it is.
        provider: &'static str,
        /// Where the config has the pool, e.g. `pool`.
        place: String,
        /// The family.
        family: Family,
        /// How many there are.
        count: u128,
        /// The pool.
        ranges: String,
    },
    /// Another Service has it.
    #[error("{ip} is taken by the Service {holder}; ask for another address, or for none")]
    Taken {
        /// The address.
        ip: IpAddr,
        /// Who has it: its name, or its uid as long as that is all that is known.
        holder: String,
    },
    /// It is not of this pool.
    #[error("{ip} is not in the pool {ranges}; ask for one that is, or for none")]
    Foreign {
        /// The address.
        ip: IpAddr,
        /// The pool.
        ranges: String,
    },
}

impl Refusal {
    /// What it is to the controller.
    pub fn told(&self) -> ProviderError {
        let (kind, what) = match self {
            Self::UsedUp { .. } => (ErrorKind::QuotaExceeded, "pool"),
            Self::Taken { .. } => (ErrorKind::Conflict, "requested address"),
            Self::Foreign { .. } => (ErrorKind::InvalidSpec, "requested address"),
        };
        ProviderError::new(kind, what, self.to_string())
    }
}
