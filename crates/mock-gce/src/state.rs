//! All that exists, and the words that rules and machine share.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Map, Value};

pub use self::limits::InUse;
pub(crate) use self::limits::Limits;
pub(crate) use self::link::{Link, Scope};

mod limits;
mod link;

/// A resource as JSON. Fields whose name begins with `_` are the rules' own: nobody is shown them.
pub(crate) type Thing = Map<String, Value>;

/// All that exists, except the operations.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Whatever was made and is there; what an operation is still making is not.
    pub things: BTreeMap<Link, Thing>,
    /// What of it there may be.
    pub limits: Limits,
    next: u64,
}

impl State {
    pub(crate) fn get(&self, link: &Link) -> Option<&Thing> {
        self.things.get(link)
    }

    /// A number that no other thing has.
    pub(crate) fn id(&mut self) -> u64 {
        self.next += 1;
        4_000_000_000_000_000_000 + self.next
    }

    /// A new value each time, in URL-safe base64 as Google writes it.
    pub(crate) fn fingerprint(&mut self) -> String {
        // Scattered bits, so that both of the alphabet's special characters do occur.
        let bits = self.id().wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        URL_SAFE.encode(bits)
    }
}

/// Whether a value names a thing, anywhere in it.
pub(crate) fn names(value: &Value, link: &Link, project: &str) -> bool {
    match value {
        Value::String(text) => {
            text.contains('/') && Link::parse_in(text, project).as_ref() == Some(link)
        }
        Value::Array(values) => values.iter().any(|value| names(value, link, project)),
        Value::Object(fields) => fields.values().any(|value| names(value, link, project)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A write, or a read that is a POST, in the words of the rules.
///
/// On an insert the machine has put `name`, `kind`, `id`, `selfLink`, `creationTimestamp`, `region`
/// or `zone` and, where the schema has them, `fingerprint` and `labelFingerprint` into the body before
/// `make` is called (not before `check`): `make` puts the body, with defaults, into the state. After
/// an update the machine puts back those of them that are gone, and gives new fingerprints to what
/// has changed and still has its old ones.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    /// What is to be done.
    pub verb: Verb,
    /// With what; of an insert, what is to be made.
    pub link: Link,
    /// The request's body, which fits its schema; empty where there is none.
    pub body: Thing,
    /// What stood behind the question mark.
    pub query: BTreeMap<String, String>,
}

/// What is to be done with a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Make it.
    Insert,
    /// Take it away.
    Delete,
    /// Change some fields.
    Patch,
    /// Replace it.
    Update,
    /// All else, by the method's name: `addInstances`, `setLabels`.
    Other(String),
}
