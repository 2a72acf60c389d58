//! Which provider a Service asks for.

use std::collections::BTreeSet;

use crate::Service;
use crate::annotation::{PREFIX, PROVIDER};

/// The providers that this controller serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// All of them.
    pub served: BTreeSet<String>,
    /// The one that also takes Services without a class; without it they are left alone.
    pub default: Option<String>,
}

/// Who is to make the load balancer of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'a> {
    /// It wants none, or somebody else is to make it.
    Nobody,
    /// A provider that is served.
    Served(&'a str),
    /// A provider of ours that is not served here, by class: somebody else's, unless it has our
    /// finalizer from a time when it was.
    Elsewhere(&'a str),
    /// A provider that the annotation names, and that is not served here.
    Unknown(&'a str),
}

impl Selection {
    /// Who is to make a load balancer for `service`. A class of ours is ours, and every other class
    /// belongs to somebody else (KEP-1959). Without a class the annotation says which provider, else
    /// the default does.
    pub fn choose<'a>(&'a self, service: &'a Service) -> Choice<'a> {
        if service.spec.kind != "LoadBalancer" || service.metadata.deleting {
            return Choice::Nobody;
        }
        let served = |name: &str| self.served.get(name).map(|name| Choice::Served(name));
        if let Some(class) = service.spec.load_balancer_class.as_deref() {
            return class
                .strip_prefix(PREFIX)
                .map_or(Choice::Nobody, |name| served(name).unwrap_or(Choice::Elsewhere(name)));
        }
        match (service.metadata.annotations.get(PROVIDER), &self.default) {
            (Some(name), _) => served(name).unwrap_or(Choice::Unknown(name)),
            (None, Some(default)) => Choice::Served(default),
            (None, None) => Choice::Nobody,
        }
    }

    /// The provider that is to make a load balancer for `service`; none if none is to.
    pub fn provider<'a>(&'a self, service: &'a Service) -> Option<&'a str> {
        match self.choose(service) {
            Choice::Served(name) => Some(name),
            Choice::Nobody | Choice::Elsewhere(_) | Choice::Unknown(_) => None,
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

    #[test]
    fn without_a_class_the_annotation_picks_the_provider() {
        let selection = |default: Option<&str>| Selection {
            served: BTreeSet::from(["embedded".to_owned(), "aws".to_owned()]),
            default: default.map(str::to_owned),
        };
        let mut service = Service::default();
        "LoadBalancer".clone_into(&mut service.spec.kind);
        let mut annotate = |name: &str| {
            service.metadata.annotations.insert(PROVIDER.to_owned(), name.to_owned());
            service.clone()
        };
        for default in [None, Some("aws")] {
            let named = annotate("embedded");
            assert_eq!(selection(default).choose(&named), Choice::Served("embedded"));
            let unknown = annotate("gce");
            assert_eq!(selection(default).choose(&unknown), Choice::Unknown("gce"));
        }
        service.spec.load_balancer_class = Some("seaway.dev/aws".to_owned());
        assert_eq!(selection(None).choose(&service), Choice::Served("aws"), "the class wins");
        service.spec.load_balancer_class = Some("seaway.dev/haproxy".to_owned());
        assert_eq!(selection(None).choose(&service), Choice::Elsewhere("haproxy"));
        service.spec.load_balancer_class = Some("example.com/other".to_owned());
        assert_eq!(selection(Some("aws")).choose(&service), Choice::Nobody);
    }
}
