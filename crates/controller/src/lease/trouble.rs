use std::fmt;
use std::time::Duration;

use crate::watch::Chain;

/// Which Lease it is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Why an attempt came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Somebody else wrote the Lease meanwhile.
    #[error("somebody else wrote the Lease at the same time")]
    Overtaken,
    /// Anything else, in words.
    #[error("{0}")]
    Told(String),
}

impl Place {
    /// What an answer of the API server means. `verb`: what was asked for.
    pub(super) fn trouble(&self, verb: &str, error: &kube::Error) -> Trouble {
        let kube::Error::Api(status) = error else {
            return Trouble::Told(format!("can't {verb} the Lease {self}: {}", Chain(error)));
        };
        let message = &status.message;
        match status.code {
            409 => Trouble::Overtaken,
            // A Lease that is gone has changed. On creation it is the namespace that is not there.
            404 if verb == "update" => Trouble::Overtaken,
            403 => Trouble::Told(format!(
                "no permission to {verb} the Lease {self}: grant get, create, update, list and watch \
                 of leases.coordination.k8s.io in the namespace {} ({message})",
                self.namespace
            )),
            code => Trouble::Told(format!(
                "can't {verb} the Lease {self}: the API server answers {code}: {message}"
            )),
        }
    }

    /// No answer came at all.
    pub(super) fn silence(&self, limit: Duration) -> Trouble {
        let limit = limit.as_secs_f64();
        Trouble::Told(format!("no answer about the Lease {self} within {limit:.1} s"))
    }
}
