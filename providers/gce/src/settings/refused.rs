//! What is asked for in vain.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError, Warning};

use super::keys::{RBS, REFUSED};
use super::note::{only, told};

/// Refuses annotations that are not taken.
pub(super) fn check(spec: &LbSpec) -> Result<(), ProviderError> {
    match REFUSED.iter().find_map(|(key, why)| Some((Note::find(spec, key)?, why))) {
        Some((note, why)) => Err(note.unsupported(format!("{why}, and remove the annotation"))),
        None => Ok(()),
    }
}

/// Tells of the annotation that asks GKE's controllers for what all have here.
pub(super) fn needless(spec: &LbSpec) -> Result<Option<Warning>, ProviderError> {
    let Some(note) = Note::find(spec, RBS) else { return Ok(None) };
    only(note, "enabled")?;
    let message = format!(
        "{} has no effect: every load balancer has backend services; remove the annotation",
        told(note)
    );
    Ok(Some(Warning::new("NoEffect", message)))
}
