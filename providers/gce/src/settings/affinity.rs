//! Which client goes to which node.

use std::ops::RangeInclusive;
use std::time::Duration;

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError, Warning};

use super::keys::{STRONG, TYPE};
use super::note::only;
use crate::api::{Affinity, Scheme};

/// What Kubernetes says where the Service does not: nobody asked for it.
const UNSAID: Duration = Duration::from_hours(3);

/// What strong affinity takes: a minute to 16 hours.
const STRONG_IDLE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(16);

/// The affinity, and a warning where its timeout is not kept.
pub(super) fn read(
    spec: &LbSpec,
    scheme: Scheme,
) -> Result<(Affinity, Option<Warning>), ProviderError> {
    let asked = spec.affinity.map(|affinity| affinity.timeout);
    if let Some(note) = Note::find(spec, STRONG) {
        only(note, "enabled")?;
        return Ok((strong(note, asked, scheme)?, None));
    }
    let Some(timeout) = asked else { return Ok((Affinity::None, None)) };
    let warning = (timeout != UNSAID).then(|| {
        let remedy = match scheme {
            Scheme::External => format!("; it is kept with the annotation {STRONG}: enabled"),
            Scheme::Internal => String::new(),
        };
        let seconds = timeout.as_secs();
        let message = format!(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: {seconds} is not kept: a client \
             stays with its node until nodes come or go{remedy}"
        );
        Warning::new("AffinityTimeout", message)
    });
    Ok((Affinity::ClientIp, warning))
}

fn strong(
    note: Note<'_>,
    asked: Option<Duration>,
    scheme: Scheme,
) -> Result<Affinity, ProviderError> {
    if scheme == Scheme::Internal {
        return Err(note.against(format!(
            "internal load balancers do not have it; remove the annotation, or set {TYPE}: External"
        )));
    }
    let Some(idle) = asked else {
        return Err(note.against("it needs spec.sessionAffinity: ClientIP; set it, or remove it"));
    };
    if !STRONG_IDLE.contains(&idle) {
        return Err(note.against(format!(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: {} is not allowed with it; use {} \
             to {}",
            idle.as_secs(),
            STRONG_IDLE.start().as_secs(),
            STRONG_IDLE.end().as_secs()
        )));
    }
    Ok(Affinity::Strong { idle })
}
