use std::sync::Arc;

use seaway_core::{Address, Digest, LbSpec, Member, Nodes, ProviderError, Want};

/// What is wanted of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to be served.
    Present,
    /// What it has stays as it is.
    Hold,
    /// It was deleted.
    Absent,
}

/// What Kubernetes knows of a Service: all that a new controller has to go on.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it asks for.
    pub spec: Arc<LbSpec>,
    /// What is wanted of it.
    pub wish: Wish,
    /// The addresses in its status.
    pub published: Vec<Address>,
    /// A refusal that only a change of the Service can mend: it is left alone until then.
    pub refused: Option<ProviderError>,
    /// The digest in its status, and the nodes of that time.
    pub(super) applied: Option<(Digest, Nodes)>,
}

impl Known {
    pub(super) const fn new(spec: Arc<LbSpec>) -> Self {
        Self { spec, wish: Wish::Present, published: Vec::new(), refused: None, applied: None }
    }

    /// Takes the digest out of the status before anything is changed: a change that is interrupted
    /// and then taken back would else be vouched for by the digest of before.
    pub(super) fn withdraw(&mut self, nodes: &Nodes) {
        let stands = |(digest, then): &(Digest, Nodes)| {
            then == nodes && (self.wish != Wish::Present || *digest == self.spec.digest())
        };
        if !self.applied.as_ref().is_some_and(stands) {
            self.applied = None;
        }
    }

    /// The Service as a member of a goal. The digest vouches for what was converged with the nodes
    /// of that time, so it is withheld once they are others.
    pub(super) fn member(&self, nodes: &Nodes) -> Option<Member> {
        let want = match self.wish {
            Wish::Absent => return None,
            Wish::Present if self.refused.is_none() => Want::Present(Arc::clone(&self.spec)),
            Wish::Present | Wish::Hold => Want::Hold,
        };
        let applied = self.applied.as_ref().filter(|(_, then)| then == nodes);
        Some(Member {
            want,
            published: self.published.clone(),
            applied: applied.map(|(digest, _)| digest.clone()),
        })
    }
}
