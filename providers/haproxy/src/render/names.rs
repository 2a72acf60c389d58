//! The names of what is in the config. Each says what it is for, has no character that means anything
//! to HAProxy, and is nobody else's, whatever the Service or the node is called.

use seaway_box::{Entry, Port, Site};
use seaway_core::{Digest, NodeName};

/// What all that is ours begins with: in the running daemon it is told from the user's own by this.
pub(crate) const OURS: &str = "seaway_";

/// The longest part of a name that came from a user; node names have up to 253 characters.
const LONGEST: usize = 63;

/// The names of what one Service has.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    start: String,
    end: String,
}

impl Names {
    pub(crate) fn of(entry: &Entry) -> Self {
        let service = &entry.service;
        // The uid alone makes them unique: who reads the name of a Service has no use for all of it.
        let digest = Digest::of(&service.uid);
        let end = digest.as_str().get(..16).unwrap_or_default().to_owned();
        Self { start: format!("{OURS}{}_{}", clean(&service.namespace), clean(&service.name)), end }
    }

    /// The frontend of the Service, and the table of its clients.
    pub(crate) fn service(&self) -> String {
        format!("{}_{}", self.start, self.end)
    }

    /// The backend of a port.
    pub(crate) fn port(&self, port: Port) -> String {
        format!("{}_{}_{}", self.start, port.port, self.end)
    }
}

/// The name of a node in a backend. With its number in it, a node that went and came back is another
/// server: the former one may still have connections to end.
pub(crate) fn server(site: &Site, node: &NodeName) -> String {
    format!("{}:{}", clean(node.as_str()), site.numbers.of(node))
}

/// `default` and `web` stay what they are. An underscore stands between parts and in none.
fn clean(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    text.chars().take(LONGEST).map(|c| if allowed(c) { c } else { '-' }).collect()
}
