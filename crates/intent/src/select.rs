//! Which provider a Service asks for.

use std::collections::BTreeSet;

use crate::Service;
use crate::annotation::PREFIX;

/// The providers that this controller serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// All of them.
    pub served: BTreeSet<String>,
    /// The one that also takes Services without a class; without it they are left alone.
    pub default: Option<String>,
}

impl Selection {
    /// The provider that is to make a load balancer for `service`; none if it wants none, or if
    /// somebody else is to make it. A class of ours is ours, the default takes Services without a
    /// class, and every other class belongs to somebody else (KEP-1959).
    pub fn provider(&self, service: &Service) -> Option<&str> {
        if service.spec.kind != "LoadBalancer" || service.metadata.deleting {
            return None;
        }
        match service.spec.load_balancer_class.as_deref() {
            None => self.default.as_deref(),
            Some(class) => self.served.get(class.strip_prefix(PREFIX)?).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, class: Option<&str>, default: Option<&str>, expected: Option<&str>) {
        let selection = Selection {
            served: BTreeSet::from(["embedded".to_owned(), "aws".to_owned()]),
            default: default.map(str::to_owned),
        };
        let mut service = Service::default();
        service.spec.kind = kind.to_owned();
        service.spec.load_balancer_class = class.map(str::to_owned);
        assert_eq!(selection.provider(&service), expected, "{kind} {class:?} {default:?}");
        service.metadata.deleting = true;
        assert_eq!(selection.provider(&service), None, "a deleted Service wants nothing");
    }

    #[test]
    fn the_class_picks_the_provider_and_the_default_takes_the_rest() {
        check("LoadBalancer", None, Some("aws"), Some("aws"));
        check("LoadBalancer", None, None, None);
        check("LoadBalancer", Some("seaway.dev/embedded"), Some("aws"), Some("embedded"));
        check("LoadBalancer", Some("seaway.dev/embedded"), None, Some("embedded"));
        check("LoadBalancer", Some("seaway.dev/gce"), Some("aws"), None);
        check("LoadBalancer", Some("service.k8s.aws/nlb"), Some("aws"), None);
        check("LoadBalancer", Some("embedded"), Some("aws"), None);
        check("ClusterIP", None, Some("aws"), None);
        check("NodePort", None, Some("aws"), None);
        check("ExternalName", None, Some("aws"), None);
    }
}
