use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A fingerprint of a value: equal values have equal digests, in every process and version of ours
/// that serialises the value alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(Arc<str>);

impl Digest {
    /// The digest of `value`: the first 128 bits of the SHA-256 of its JSON, in hexadecimal.
    pub fn of(value: &impl Serialize) -> Self {
        // The model's types hold no maps with keys that JSON can't carry, so this can't fail; an
        // empty text would only cost one needless pass.
        Self::of_bytes(&serde_json::to_vec(value).unwrap_or_default())
    }

    /// The digest of `bytes`: the first 128 bits of their SHA-256, in hexadecimal.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(32);
        for byte in &Sha256::digest(bytes)[..16] {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text.into())
    }

    /// A digest read back from where it was written.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| Self(text.into()))
    }

    /// The digest as hexadecimal text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
