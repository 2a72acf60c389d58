use crate::api::{Instance, Name};

/// Google wants the full URL of an instance group in a backend service, so every URL is a full one.
const ROOT: &str = "https://www.googleapis.com/compute/v1/projects";

/// Where everything is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) network_project: String,
    pub(super) region: String,
    pub(super) network: String,
    pub(super) subnetwork: String,
}

impl Place {
    /// The URL of a thing of our project in our region.
    pub(super) fn regional(&self, collection: &str, name: &str) -> String {
        format!("{ROOT}/{}/regions/{}/{collection}/{name}", self.project, self.region)
    }

    /// The URL of an instance group.
    pub(super) fn group(&self, zone: &str, name: &str) -> String {
        format!("{ROOT}/{}/zones/{zone}/instanceGroups/{name}", self.project)
    }

    /// The URL of an instance.
    pub(super) fn instance(&self, instance: &Instance) -> String {
        format!("{ROOT}/{}/zones/{}/instances/{}", self.project, instance.zone, instance.name)
    }

    /// The URL of our network.
    pub(super) fn network(&self) -> String {
        format!("{ROOT}/{}/global/networks/{}", self.network_project, self.network)
    }

    /// The URL of a subnetwork of our network; of the configured one if none is named.
    pub(super) fn subnetwork(&self, name: Option<&str>) -> String {
        let name = name.unwrap_or(&self.subnetwork);
        format!("{ROOT}/{}/regions/{}/subnetworks/{name}", self.network_project, self.region)
    }

    /// Whether a zone is one of our region.
    pub(super) fn has_zone(&self, zone: &str) -> bool {
        zone.rsplit_once('-').is_some_and(|(region, _)| region == self.region)
    }

    /// Whether this is the URL of our network.
    pub(super) fn is_network(&self, url: &str) -> bool {
        short(url) == self.network
    }
}

/// The short name in a URL.
pub(super) fn short(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// The name of a regional thing of this collection.
pub(super) fn regional(url: &str, collection: &str) -> Option<String> {
    let mut parts = url.rsplit('/');
    let name = parts.next()?;
    (parts.next()? == collection && parts.nth(1)? == "regions").then(|| name.to_owned())
}

/// The zone and the name of a zonal thing of this collection.
fn zonal(url: &str, collection: &str) -> Option<(String, String)> {
    let mut parts = url.rsplit('/');
    let (name, kind, zone, scope) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (kind == collection && scope == "zones").then(|| (zone.to_owned(), name.to_owned()))
}

/// The instance group that a URL names.
pub(super) fn group(url: &str) -> Option<Name> {
    zonal(url, "instanceGroups").map(|(zone, name)| Name::InstanceGroup { zone, name })
}

/// The instance that a URL names.
pub(super) fn instance(url: &str) -> Option<Instance> {
    zonal(url, "instances").map(|(zone, name)| Instance { zone, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_every_kind_are_understood() {
        for root in [
            "https://www.googleapis.com/compute/v1/projects/p",
            "https://compute.googleapis.com/compute/beta/projects/p",
            "projects/p",
        ] {
            let instance = instance(&format!("{root}/zones/z-a/instances/i")).unwrap();
            assert_eq!(instance, Instance { zone: "z-a".to_owned(), name: "i".to_owned() });
            assert!(group(&format!("{root}/zones/z-a/networkEndpointGroups/g")).is_none());
            let check = regional(&format!("{root}/regions/r/healthChecks/h"), "healthChecks");
            assert_eq!(check.as_deref(), Some("h"));
            assert!(regional(&format!("{root}/global/healthChecks/h"), "healthChecks").is_none());
        }
    }
}
