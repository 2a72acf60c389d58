use k8s_openapi::api::core::v1::Service;
use seaway_controller::{
    ACCEPTED, FINALIZER, Inspection, PROVISIONED, SERVING, ServiceView, Stage,
};
use seaway_core::Health;
use seaway_intent::annotation::{PAUSE, PREFIX};

use super::page::{Condition, addresses, conditions, spec};
use super::path::Path;

/// The answer to "why is it pending?", in plain words.
pub(super) fn why(
    service: &Service,
    found: Option<&Inspection>,
    view: Option<&ServiceView>,
    ports: &[Path],
) -> String {
    let spec = spec(service);
    let kind = spec.type_.as_deref().unwrap_or("ClusterIP");
    if let Some(stage) = view.map(|view| view.stage)
        && stage != Stage::Carried
    {
        return staged(stage, view);
    }
    let annotations = service.metadata.annotations.as_ref();
    if annotations.and_then(|all| all.get(PAUSE)).is_some_and(|value| value == "true") {
        return staged(Stage::Paused, view);
    }
    let ours = service.metadata.finalizers.iter().flatten().any(|name| name == FINALIZER);
    if ours && (service.metadata.deletion_timestamp.is_some() || kind != "LoadBalancer") {
        return staged(Stage::Leaving, view);
    }
    if kind != "LoadBalancer" {
        return format!("it is of type {kind}, and asks for no load balancer");
    }
    let class = spec.load_balancer_class.as_deref();
    if let Some(class) = class.filter(|class| !class.starts_with(PREFIX)) {
        return format!("its class {class} is none of Seaway's: another controller is to serve it");
    }
    let all = conditions(service);
    let of = |kind: &str| all.iter().find(|condition| condition.kind == kind);
    if !ours && of(ACCEPTED).is_none() {
        return untaken(class, found);
    }
    let is_false = |condition: &&Condition| condition.status == "False";
    if let Some(accepted) = of(ACCEPTED).filter(is_false) {
        return format!("it can't be served as it is: {}", accepted.message);
    }
    if let Some(trouble) = view.and_then(|view| view.trouble.as_ref()) {
        let tries = if trouble.attempts == 1 { "once" } else { "again and again" };
        return format!("it failed {tries}, and is tried again: {}", trouble.error);
    }
    if let Some(provisioned) = of(PROVISIONED).filter(is_false) {
        return match provisioned.reason.as_str() {
            "Pending" => "the load balancer is being made; the last Events tell how far".to_owned(),
            _ => format!("it failed, and is tried again: {}", provisioned.message),
        };
    }
    let shown = addresses(service);
    if shown.is_empty() {
        return "there is no address yet; the last Events tell how far it is".to_owned();
    }
    if let Some(serving) = of(SERVING).filter(is_false) {
        return format!("it has its address, but nobody is served: {}", serving.message);
    }
    let empty: Vec<_> =
        ports.iter().filter(|path| path.pods.iter().all(|pod| !pod.ready)).collect();
    if let Some(path) = empty.first() {
        return format!(
            "it has its address, but no pod is ready behind port {}: see the selector of the Service, \
             and its pods",
            path.port
        );
    }
    let targets = view.map(|view| &*view.targets).unwrap_or_default();
    if let Some(first) = targets.first()
        && targets.iter().all(|target| target.health == Health::Unhealthy)
    {
        let reason = first.reason.as_deref().unwrap_or("its check fails");
        return format!("it has its address, but no target is healthy: {}: {reason}", first.node);
    }
    let shown = shown.join(" and ");
    if found.is_none() {
        return format!(
            "not as far as the status tells: it has {shown}; no controller answers here, so whether \
             clients are served is not known"
        );
    }
    format!("it is not: it serves at {shown}")
}

fn staged(stage: Stage, view: Option<&ServiceView>) -> String {
    let trouble = view.and_then(|view| view.trouble.as_ref()).map(|it| it.error.to_string());
    let because = trouble.map(|text| format!(": {text}")).unwrap_or_default();
    match stage {
        Stage::Admitting => format!("our finalizer is being put on it{because}"),
        Stage::Carried => String::new(),
        Stage::Refused => format!("it can't be served as it is{because}"),
        Stage::Paused => format!("it is paused: remove the annotation {PAUSE}"),
        Stage::Leaving => format!(
            "it wants no load balancer any more, and what it has is being taken down, by a controller \
             that runs{because}"
        ),
    }
}

/// No controller has said anything of it.
fn untaken(class: Option<&str>, found: Option<&Inspection>) -> String {
    let name = class.and_then(|class| class.strip_prefix(PREFIX));
    match (name, found) {
        (Some(name), Some(found)) => {
            let served: Vec<_> = found.providers.keys().map(String::as_str).collect();
            format!("no controller serves the provider {name}; served are {}", served.join(", "))
        }
        (Some(name), None) => {
            format!("no controller has taken it: none runs, or none serves the provider {name}")
        }
        (None, Some(_)) => "it has no class, and the controller has no default-provider: set \
                            spec.loadBalancerClass, or annotate it with seaway.dev/provider"
            .to_owned(),
        (None, None) => {
            "no controller has taken it: none runs, or none has a default-provider for \
                         Services without a class"
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use seaway_core::Target;
    use serde_json::{Value, json};

    use super::*;
    use crate::status::path::Pod;

    fn service(spec: &Value, conditions: &Value, ip: Option<&str>) -> Service {
        let ingress: Vec<_> = ip.map(|ip| json!({ "ip": ip })).into_iter().collect();
        let finalizers =
            if conditions.as_array().unwrap().is_empty() { vec![] } else { vec![FINALIZER] };
        let mut value = json!({
            "metadata": { "name": "web", "namespace": "default", "finalizers": finalizers },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
            "status": { "loadBalancer": { "ingress": ingress }, "conditions": conditions },
        });
        for (key, field) in spec.as_object().unwrap() {
            value["spec"][key] = field.clone();
        }
        serde_json::from_value(value).unwrap()
    }

    fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-02T03:04:05Z",
        })
    }

    #[test]
    fn what_leaves_or_is_paused_says_so() {
        let taken = json!([condition(ACCEPTED, "True", "Accepted", "provider embedded takes it")]);
        let mut service = service(&json!({}), &taken, Some("192.0.2.1"));
        let answer = |service: &Service| why(service, None, None, &[path(true)]);
        assert!(!answer(&service).contains("taken down"));
        service.metadata.deletion_timestamp =
            Some(serde_json::from_value(json!("2026-01-02T03:04:05Z")).unwrap());
        assert!(answer(&service).contains("taken down"));
        service.metadata.annotations = Some([(PAUSE.to_owned(), "true".to_owned())].into());
        assert!(answer(&service).contains("paused"));
    }

    fn path(ready: bool) -> Path {
        let pod = Pod { address: "10.0.0.1:80".to_owned(), name: None, node: None, ready };
        Path {
            port: "80/TCP".to_owned(),
            name: None,
            node_port: None,
            nodes: Vec::new(),
            cluster: Vec::new(),
            pods: vec![pod],
        }
    }

    #[test]
    fn each_cause_has_words_of_its_own() {
        let none = json!([]);
        let good = json!([
            condition(ACCEPTED, "True", "Accepted", "provider embedded takes it"),
            condition(PROVISIONED, "True", "Converged", ""),
            condition(SERVING, "True", "Serving", ""),
        ]);
        let with = |index: usize, bad: Value| {
            let mut all = good.clone();
            all[index] = bad;
            all
        };
        let full = condition(PROVISIONED, "False", "QuotaExceeded", "pool: it is full");
        let making = condition(PROVISIONED, "False", "Pending", "");
        let sctp = condition(ACCEPTED, "False", "Unsupported", "spec.ports: SCTP");
        let nobody = condition(SERVING, "False", "NoNodes", "there is no node");
        let ip = Some("192.0.2.1");
        for (spec, conditions, ip, ready, words) in [
            (json!({ "type": "ClusterIP" }), &none, None, true, "of type ClusterIP"),
            (json!({ "loadBalancerClass": "a.b/c" }), &none, None, true, "class a.b/c is none of"),
            (json!({ "loadBalancerClass": "seaway.dev/aws" }), &none, None, true, "provider aws"),
            (json!({}), &none, None, true, "default-provider"),
            (json!({}), &with(0, sctp), None, true, "can't be served as it is: spec.ports: SCTP"),
            (json!({}), &with(1, full), None, true, "tried again: pool: it is full"),
            (json!({}), &with(1, making), None, true, "being made"),
            (json!({}), &good, None, true, "no address yet"),
            (json!({}), &with(2, nobody), ip, true, "nobody is served: there is no node"),
            (json!({}), &good, ip, false, "no pod is ready behind port 80/TCP"),
            (json!({}), &good, ip, true, "whether clients are served is not known"),
        ] {
            let service = service(&spec, conditions, ip);
            let answer = why(&service, None, None, &[path(ready)]);
            assert!(answer.contains(words), "{words:?} is not in {answer:?}");
        }
    }

    #[test]
    fn who_asks_a_controller_is_told_what_its_targets_say() {
        let taken = json!([condition(ACCEPTED, "True", "Accepted", "provider embedded takes it")]);
        let service = service(&json!({}), &taken, Some("192.0.2.1"));
        let mut view = ServiceView {
            namespace: "default".to_owned(),
            name: "web".to_owned(),
            uid: "u".into(),
            provider: None,
            key: None,
            stage: Stage::Carried,
            readiness: None,
            held_at: Vec::new(),
            trouble: None,
            targets: vec![Target {
                node: "node-1".into(),
                address: None,
                health: Health::Unhealthy,
                reason: Some("connection refused".to_owned()),
            }],
        };
        let found = Inspection::default();
        let answer = |view: &ServiceView| why(&service, Some(&found), Some(view), &[path(true)]);
        let down = "no target is healthy: node-1: connection refused";
        assert!(answer(&view).ends_with(down), "{}", answer(&view));
        view.targets[0].health = Health::Healthy;
        assert_eq!(answer(&view), "it is not: it serves at 192.0.2.1");
    }
}
