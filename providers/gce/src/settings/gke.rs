//! Services that somebody else works on.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError};

use super::keys::OF_GKE;
use super::note::conflict;

/// Refuses a Service that GKE's controllers, or the in-tree one, work on: two load balancers would
/// write one status in turn.
pub(super) fn check(spec: &LbSpec) -> Result<(), ProviderError> {
    match OF_GKE.into_iter().find_map(|key| Note::find(spec, key)) {
        Some(note) => Err(conflict(
            note,
            "GKE's controller has a load balancer for this Service; delete and recreate the Service, \
             or remove the annotation once that controller has let go",
        )),
        None => Ok(()),
    }
}
