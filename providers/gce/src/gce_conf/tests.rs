use super::*;

fn conf(text: &str) -> GceConf {
    GceConf::parse(&format!("[global]\n{text}")).unwrap()
}

fn tags(tags: &[&str]) -> BTreeSet<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "\n# nothing\n", "[global]\n", "[Global] ; x"] {
        assert_eq!(GceConf::parse(text), Ok(GceConf::default()), "{text:?}");
    }
}

#[test]
fn a_file_in_the_manner_of_kubeadm_is_read() {
    let read = conf(
        "project-id = my-project\n\
         network-name =  my-net\n\
         subnetwork-name = \"my-sub\" # the nodes'\n\
         node-instance-prefix = my-cluster\n\
         node-tags = my-node\n\
         multizone = true\n\
         token-url = nil\n\
         local-zone=us-central1-c\n",
    );
    let expected = GceConf {
        project: Some("my-project".to_owned()),
        network: Some("my-net".to_owned()),
        subnetwork: Some("my-sub".to_owned()),
        node_tags: tags(&["my-node"]),
        region: Some("us-central1".to_owned()),
        ..GceConf::default()
    };
    assert_eq!(read, expected);
}

#[test]
fn a_file_in_the_manner_of_openshift_is_read() {
    let read = conf(
        "project-id      = my-project\n\
         regional        = true\n\
         multizone       = true\n\
         node-tags       = infra-master\n\
         node-tags       = infra-control-plane\n\
         node-tags       = infra-worker\n\
         node-instance-prefix = infra\n\
         external-instance-groups-prefix = infra\n\
         network-project-id = host\n\
         subnetwork-name = infra-worker-subnet\n\
         firewall-rules-management = Disabled\n",
    );
    assert_eq!(read.node_tags, tags(&["infra-control-plane", "infra-master", "infra-worker"]));
    assert_eq!(read.network_project.as_deref(), Some("host"));
    assert_eq!(read.manage_firewalls, Some(false));
    assert_eq!(read.region, None);
}

#[test]
fn keys_without_effect_are_taken() {
    let read = conf(
        "regional\n\
         Multizone = Off\n\
         stack-type = ipv4-ipv6\n\
         secondary-range-name = pods\n\
         alpha-features = A\n\
         alpha-features = B\n\
         container-api-endpoint = https://container.example/\n\
         token-url =\n\
         token-body = \"{}\"\n",
    );
    assert_eq!(read, GceConf::default());
}

#[test]
fn the_tags_of_a_key_without_a_value_are_taken_back() {
    assert_eq!(conf("node-tags = a\nnode-tags\nnode-tags = b").node_tags, tags(&["b"]));
    assert_eq!(conf("node-tags =").node_tags, tags(&[]));
}

#[test]
fn of_a_key_that_is_there_twice_the_last_one_counts() {
    assert_eq!(conf("project-id = a\nproject-id = b").project.as_deref(), Some("b"));
}

#[test]
fn networks_are_named_by_url_too() {
    let url = "https://www.googleapis.com/compute/v1/projects/host/global/networks/net";
    let read = conf(&format!("network-name = {url}"));
    assert_eq!(
        (read.network_project.as_deref(), read.network.as_deref()),
        (Some("host"), Some("net"))
    );
    let read = conf("subnetwork-name = projects/host/regions/us-east1/subnetworks/sub");
    assert_eq!(
        (read.network_project.as_deref(), read.subnetwork.as_deref()),
        (Some("host"), Some("sub"))
    );
    let read = conf(&format!("network-project-id = said\nnetwork-name = {url}"));
    assert_eq!(read.network_project.as_deref(), Some("said"));
}

#[test]
fn the_region_is_that_of_the_zone() {
    assert_eq!(conf("local-zone = europe-west1-b").region.as_deref(), Some("europe-west1"));
    assert_eq!(conf("region = europe-west1").region.as_deref(), Some("europe-west1"));
    for both in ["region = x\nlocal-zone = us-east1-c", "local-zone = us-east1-c\nregion = x"] {
        assert_eq!(conf(both).region.as_deref(), Some("us-east1"));
    }
}

#[test]
fn an_endpoint_is_without_the_path_of_the_api() {
    let read = |value: &str| conf(&format!("api-endpoint = {value}")).endpoint;
    let google = Some("https://compute.googleapis.com".to_owned());
    assert_eq!(read("https://compute.googleapis.com/compute/v1/"), google);
    assert_eq!(read("https://compute.googleapis.com/compute/v1/projects/"), google);
    assert_eq!(read("https://compute.googleapis.com"), google);
    assert_eq!(read(""), None);
}

#[test]
fn what_can_not_be_is_refused_by_line_key_and_value() {
    let refused = |text: &str, parts: &[&str]| {
        let error = GceConf::parse(&format!("[global]\n\n{text}")).unwrap_err();
        for part in ["line 3: "].iter().chain(parts) {
            assert!(error.contains(part), "{error:?} does not say {part:?}");
        }
    };
    refused("network = default", &["network is not known"]);
    refused("projectid = x", &["projectid is not known"]);
    refused("project-id = 12345", &["project-id", "12345", "not its number"]);
    refused("project-id", &["project-id has no value", "project-id = …"]);
    refused("network-project-id = Host", &["network-project-id", "Host"]);
    refused("network-name = a b", &["network-name", "a b"]);
    refused("network-name = global/networks/net", &["network-name", "project"]);
    refused("subnetwork-name = projects/p/Sub", &["subnetwork-name", "Sub"]);
    refused("node-tags = a,b", &["node-tags", "a,b", "one tag per line"]);
    refused("local-zone = europe", &["local-zone", "europe", "europe-west1-b"]);
    refused("api-endpoint = compute", &["api-endpoint", "compute"]);
    refused("firewall-rules-management = no", &["firewall-rules-management", "Disabled"]);
    refused("multizone = maybe", &["multizone", "maybe", "true or false"]);
    refused("token-url = https://x/", &["token-url", "https://x/", "nil"]);
}

#[test]
fn another_section_is_refused_by_name() {
    let error = GceConf::parse("[networking]\nnetwork-project-id = p").unwrap_err();
    assert_eq!(error, "line 2: [networking] is not known; use [global]");
}

#[test]
fn what_is_no_such_file_is_refused_before_it_is_read() {
    // It never ends; a pipe would never begin.
    let error = GceConf::read(Path::new("/dev/zero")).unwrap_err();
    assert!(error.contains("/dev/zero") && error.contains("not a file"), "{error}");
    // Any file of this crate that is long enough.
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    let error = GceConf::read(path).unwrap_err();
    assert!(error.contains("Cargo.lock") && error.contains("64 KiB"), "{error}");
}
