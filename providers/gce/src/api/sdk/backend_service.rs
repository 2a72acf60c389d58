use std::collections::BTreeSet;
use std::time::Duration;

use google_cloud_compute_v1::model;
use google_cloud_gax::paginator::ItemPaginator as _;

use super::operation::At;
use super::pages::{all, beginning};
use super::words::{self, ours};
use super::{Gce, calls, links, refusal};
use crate::api::{Affinity, Answer, BackendService, Instance, Name, Scheme};

impl Gce {
    pub(super) async fn list_backend_services(&self, prefix: &str) -> Answer<Vec<BackendService>> {
        let list = self.backend_services.list().set_project(&self.place.project);
        let list = list.set_region(&self.place.region).set_filter(beginning(prefix));
        all!(list, |it| told(&it))
    }

    pub(super) async fn read_backend_service(
        &self,
        name: &str,
    ) -> Answer<Option<Option<BackendService>>> {
        Ok(refusal::found(self.get_backend_service(name).await)?.map(|it| told(&it)))
    }

    pub(super) async fn insert_backend_service(&self, it: &BackendService) -> Answer<()> {
        let body = self.backend_service(model::BackendService::new(), it);
        self.write(At::Region, |id| {
            let insert = self.backend_services.insert().set_project(&self.place.project);
            let insert = insert.set_region(&self.place.region).set_request_id(id);
            ours(insert.set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn update_backend_service(&self, it: &BackendService) -> Answer<()> {
        let now = self.get_backend_service(&it.name).await;
        let now = now.map_err(|error| refusal::fault(&error))?;
        // A PUT: a PATCH can't empty a list.
        let body = self.backend_service(now, it);
        self.write(At::Region, |id| {
            let update = self.backend_services.update().set_project(&self.place.project);
            let update = update.set_region(&self.place.region).set_request_id(id);
            ours(update.set_backend_service(&it.name).set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn delete_backend_service(&self, name: &str) -> Answer<()> {
        self.write(At::Region, |id| {
            let delete = self.backend_services.delete().set_project(&self.place.project);
            let delete = delete.set_region(&self.place.region).set_request_id(id);
            ours(delete.set_backend_service(name)).send()
        })
        .await
    }

    /// Whether each instance is up: by one of the addresses that lead to it, if there are several.
    pub(super) async fn health_of(
        &self,
        backend_service: &str,
        group: &Name,
    ) -> Answer<Vec<(Instance, bool)>> {
        let (zone, name) = calls::group(group)?;
        let body = model::ResourceGroupReference::new().set_group(self.place.group(zone, name));
        let ask = self.backend_services.get_health().set_project(&self.place.project);
        let ask = ask.set_region(&self.place.region).set_backend_service(backend_service);
        let answer = ours(ask.set_body(body)).send().await;
        let answer = answer.map_err(|error| refusal::fault(&error))?;
        let mut health = std::collections::BTreeMap::new();
        for state in &answer.health_status {
            let Some(instance) = state.instance.as_deref().and_then(links::instance) else {
                continue;
            };
            let v4 = state.health_state.as_ref().and_then(|it| it.name());
            let v6 = state.ipv_6_health_state.as_ref().and_then(|it| it.name());
            *health.entry(instance).or_insert(false) |= [v4, v6].contains(&Some("HEALTHY"));
        }
        Ok(health.into_iter().collect())
    }

    async fn get_backend_service(
        &self,
        name: &str,
    ) -> Result<model::BackendService, google_cloud_gax::error::Error> {
        let get = self.backend_services.get().set_project(&self.place.project);
        ours(get.set_region(&self.place.region).set_backend_service(name)).send().await
    }

    /// What is there, or nothing, with all that we have words for as it should be.
    fn backend_service(
        &self,
        now: model::BackendService,
        it: &BackendService,
    ) -> model::BackendService {
        let draining = now.connection_draining.clone().unwrap_or_default();
        let mut body = now
            .set_name(&it.name)
            .set_description(&it.description)
            .set_load_balancing_scheme(words::scheme(it.scheme))
            .set_protocol(words::protocol(it.protocol))
            .set_health_checks([self.place.regional("healthChecks", &it.health_check)])
            .set_connection_draining(
                draining.set_draining_timeout_sec(words::signed(it.drain_seconds)),
            );
        // What Google says of it, and nobody else can.
        body.id = None;
        body.kind = None;
        body.creation_timestamp = None;
        body.self_link = None;
        body.region = None;
        body.used_by = Vec::new();

        let mut missing = it.groups.clone();
        body.backends.retain(|backend| {
            backend.group.as_deref().and_then(links::group).is_some_and(|it| missing.remove(&it))
        });
        for group in &missing {
            if let Name::InstanceGroup { zone, name } = group {
                let backend = model::Backend::new().set_group(self.place.group(zone, name));
                body.backends.push(backend.set_balancing_mode("CONNECTION"));
            }
        }
        locality(affinity(body, it.affinity), it.scheme, it.weighted)
    }
}

fn affinity(body: model::BackendService, affinity: Affinity) -> model::BackendService {
    let word = match affinity {
        Affinity::None => "NONE",
        Affinity::ClientIp | Affinity::Strong { .. } => "CLIENT_IP",
    };
    let mut body = body.set_session_affinity(word);
    let tracking = body.connection_tracking_policy.take();
    match affinity {
        Affinity::Strong { idle } => {
            let seconds = i32::try_from(idle.as_secs()).unwrap_or(i32::MAX);
            let tracking = tracking.unwrap_or_default().set_enable_strong_affinity(true);
            let tracking = tracking.set_tracking_mode("PER_SESSION").set_idle_timeout_sec(seconds);
            body.set_connection_tracking_policy(tracking)
        }
        // The mode and the time belong to the strong affinity.
        Affinity::None | Affinity::ClientIp => body.set_or_clear_connection_tracking_policy(
            tracking.filter(|it| it.enable_strong_affinity != Some(true)),
        ),
    }
}

fn locality(
    mut body: model::BackendService,
    scheme: Scheme,
    weighted: bool,
) -> model::BackendService {
    if weighted {
        return body.set_locality_lb_policy(match scheme {
            Scheme::External => "WEIGHTED_MAGLEV",
            Scheme::Internal => "WEIGHTED_GCP_RENDEZVOUS",
        });
    }
    if is_weighted(&body) {
        body.locality_lb_policy = None;
    }
    body
}

fn is_weighted(it: &model::BackendService) -> bool {
    let policy = it.locality_lb_policy.as_ref().and_then(|it| it.name());
    matches!(policy, Some("WEIGHTED_MAGLEV" | "WEIGHTED_GCP_RENDEZVOUS"))
}

fn told(it: &model::BackendService) -> Option<BackendService> {
    let groups = it.backends.iter().map(|backend| links::group(backend.group.as_deref()?));
    let groups = groups.collect::<Option<BTreeSet<Name>>>()?;
    let [health_check] = &it.health_checks[..] else { return None };
    let drain = it.connection_draining.as_ref().and_then(|it| it.draining_timeout_sec);
    Some(BackendService {
        name: it.name.clone()?,
        description: it.description.clone().unwrap_or_default(),
        scheme: words::scheme_of(it.load_balancing_scheme.as_ref().and_then(|it| it.name()))?,
        protocol: words::protocol_of(it.protocol.as_ref().and_then(|it| it.name()))?,
        groups,
        health_check: links::regional(health_check, "healthChecks")?,
        affinity: affinity_of(it)?,
        drain_seconds: words::number(drain, 0)?,
        weighted: is_weighted(it),
    })
}

fn affinity_of(it: &model::BackendService) -> Option<Affinity> {
    let tracking = it.connection_tracking_policy.as_ref();
    let strong = tracking.filter(|it| it.enable_strong_affinity == Some(true));
    match (it.session_affinity.as_ref().and_then(|it| it.name()), strong) {
        (None | Some("NONE"), _) => Some(Affinity::None),
        (Some("CLIENT_IP"), None) => Some(Affinity::ClientIp),
        (Some("CLIENT_IP"), Some(strong)) => Some(Affinity::Strong {
            idle: Duration::from_secs(words::number(strong.idle_timeout_sec, 600)?),
        }),
        _ => None,
    }
}
