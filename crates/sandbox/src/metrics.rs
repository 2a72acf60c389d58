//! How many requests were made, as the real server counts them.

use crate::request::{Call, Target};
use http::Method;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

/// Counts requests by what they asked for and how they were answered.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<Labels, u64>>);

/// What a request is counted under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Labels {
    group: &'static str,
    resource: &'static str,
    subresource: String,
    verb: &'static str,
}

impl Labels {
    pub(crate) fn of(call: &Call, target: &Target) -> Self {
        let (kind, whole, subresource) = match target {
            Target::Collection { kind, .. } => (kind, true, None),
            Target::Object { kind, subresource, .. } => (kind, false, subresource.clone()),
        };
        Self {
            group: kind.group,
            resource: kind.plural,
            subresource: subresource.unwrap_or_default(),
            verb: match (&call.method, whole) {
                (&Method::GET, _) if call.query.flag("watch") => "WATCH",
                (&Method::GET, true) => "LIST",
                (&Method::GET, false) => "GET",
                (&Method::POST, _) => "POST",
                (&Method::PUT, _) => "PUT",
                (&Method::PATCH, _) => "PATCH",
                (&Method::DELETE, true) => "DELETECOLLECTION",
                (&Method::DELETE, false) => "DELETE",
                _ => "OTHER",
            },
        }
    }
}

impl Metrics {
    pub(crate) fn count(&self, labels: Labels) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(labels).or_default() += 1;
    }

    /// The counts in the Prometheus text format. A watch is counted when it begins.
    pub(crate) fn text(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::from(
            "# HELP apiserver_request_total Counter of apiserver requests.\n\
             # TYPE apiserver_request_total counter\n",
        );
        for (Labels { group, resource, subresource, verb }, count) in counts {
            let _ = writeln!(
                text,
                "apiserver_request_total{{group=\"{group}\",resource=\"{resource}\",\
                 subresource=\"{subresource}\",verb=\"{verb}\"}} {count}"
            );
        }
        text
    }
}
