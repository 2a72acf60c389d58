//! What is asked for in vain.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError};

use super::keys::{REFUSED, TARGET_TYPE, TYPE};

/// Refuses annotations that would change who may connect or what is served, and are not taken.
pub(super) fn check(spec: &LbSpec) -> Result<(), ProviderError> {
    if let Some(note) = Note::find(spec, TYPE) {
        match note.value {
            "nlb" | "external" => {}
            "nlb-ip" => return Err(note.unsupported("targets are instances for now; use external")),
            _ => return Err(note.wrong("use nlb or external")),
        }
    }
    if let Some(note) = Note::find(spec, TARGET_TYPE) {
        match note.value {
            "instance" => {}
            "ip" => return Err(note.unsupported("targets are instances for now; use instance")),
            _ => return Err(note.wrong("use instance")),
        }
    }
    for (key, why) in REFUSED {
        if let Some(note) = Note::find(spec, key) {
            return Err(note.unsupported(format!("{why}; remove the annotation")));
        }
    }
    Ok(())
}
