//! How much traffic a node gets.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError, TrafficPolicy};

use super::keys::WEIGHTED;
use super::note::only;

/// Whether nodes get traffic by their number of pods, which only the health check of a Service of its
/// own tells.
pub(super) fn read(spec: &LbSpec) -> Result<bool, ProviderError> {
    let Some(note) = Note::find(spec, WEIGHTED) else { return Ok(false) };
    only(note, "pods-per-node")?;
    match spec.traffic_policy {
        TrafficPolicy::Local { .. } => Ok(true),
        TrafficPolicy::Cluster => Err(note.against(
            "with spec.externalTrafficPolicy: Cluster every node serves all pods; set it to Local, or \
             remove the annotation",
        )),
    }
}
