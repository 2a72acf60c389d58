use std::{io, net::Ipv4Addr};

/// Why a world could not start, or could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The loopback interface has one address only, as on macOS.
    #[error(
        "the loopback interface lacks {} of the addresses that the simulated machines need, \
         the first is {first}; add them with:\n{commands}",
        count
    )]
    LoopbackAddresses {
        /// How many addresses are missing.
        count: usize,
        /// The first address that is missing.
        first: Ipv4Addr,
        /// The commands that add them, one a line.
        commands: String,
    },
    /// Every block of loopback addresses is taken by another world.
    #[error(
        "no block of loopback addresses is free: all of 127.{from}.0.0 to 127.{to}.255.255 are \
         held by other simulations; stop one of them"
    )]
    NoFreeBlock {
        /// The second octet of the first block that was tried.
        from: u8,
        /// The second octet of the last block that was tried.
        to: u8,
    },
    /// The block that was asked for by number is held by another world.
    #[error(
        "the loopback addresses 127.{block}.0.0/16 are held by another simulation; choose \
         another block, or let one be chosen"
    )]
    BlockTaken {
        /// The second octet of the block.
        block: u8,
    },
    /// A socket could not be opened.
    #[error("no socket on {address}")]
    Socket {
        /// The address that was wanted.
        address: Ipv4Addr,
        /// What the system says.
        source: io::Error,
    },
    /// A call to the Kubernetes API failed.
    #[error("could not {operation}")]
    Api {
        /// What was being done.
        operation: String,
        /// What the client says.
        source: Box<kube::Error>,
    },
    /// A simulated node did not come to the state that was asked for.
    #[error("node {node} is not {state} after {seconds} s; is the Kubernetes API answering?")]
    Late {
        /// The node.
        node: String,
        /// The state that was awaited.
        state: &'static str,
        /// How long it was awaited.
        seconds: u64,
    },
}

impl Error {
    pub(crate) fn api(operation: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let operation = operation.into();
        move |source| Self::Api { operation, source: Box::new(source) }
    }
}
