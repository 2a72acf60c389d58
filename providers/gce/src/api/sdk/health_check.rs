use google_cloud_compute_v1::model;
use google_cloud_gax::paginator::ItemPaginator as _;

use super::operation::At;
use super::pages::{all, beginning};
use super::words::{self, ours};
use super::{Gce, refusal};
use crate::api::{Answer, HealthCheck};

impl Gce {
    pub(super) async fn list_health_checks(&self, prefix: &str) -> Answer<Vec<HealthCheck>> {
        let list = self.health_checks.list().set_project(&self.place.project);
        let list = list.set_region(&self.place.region).set_filter(beginning(prefix));
        all!(list, |it| told(&it))
    }

    pub(super) async fn read_health_check(
        &self,
        name: &str,
    ) -> Answer<Option<Option<HealthCheck>>> {
        Ok(refusal::found(self.get_health_check(name).await)?.map(|it| told(&it)))
    }

    pub(super) async fn insert_health_check(&self, it: &HealthCheck) -> Answer<()> {
        let body = health_check(model::HealthCheck::new(), it);
        self.write(At::Region, |id| {
            let insert = self.health_checks.insert().set_project(&self.place.project);
            let insert = insert.set_region(&self.place.region).set_request_id(id);
            ours(insert.set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn update_health_check(&self, it: &HealthCheck) -> Answer<()> {
        let now = self.get_health_check(&it.name).await;
        let body = health_check(now.map_err(|error| refusal::fault(&error))?, it);
        self.write(At::Region, |id| {
            let update = self.health_checks.update().set_project(&self.place.project);
            let update = update.set_region(&self.place.region).set_request_id(id);
            ours(update.set_health_check(&it.name).set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn delete_health_check(&self, name: &str) -> Answer<()> {
        self.write(At::Region, |id| {
            let delete = self.health_checks.delete().set_project(&self.place.project);
            let delete = delete.set_region(&self.place.region).set_request_id(id);
            ours(delete.set_health_check(name)).send()
        })
        .await
    }

    async fn get_health_check(
        &self,
        name: &str,
    ) -> Result<model::HealthCheck, google_cloud_gax::error::Error> {
        let get = self.health_checks.get().set_project(&self.place.project);
        ours(get.set_region(&self.place.region).set_health_check(name)).send().await
    }
}

/// What is there, or nothing, with all that we have words for as it should be.
fn health_check(now: model::HealthCheck, it: &HealthCheck) -> model::HealthCheck {
    let mut http = now.http_health_check.clone().unwrap_or_default();
    http.port_name = None;
    http.port_specification = None;
    let mut body = now
        .set_name(&it.name)
        .set_description(&it.description)
        .set_type("HTTP")
        .set_http_health_check(http.set_port(i32::from(it.port)).set_request_path(&it.path))
        .set_check_interval_sec(words::signed(it.interval_seconds))
        .set_timeout_sec(words::signed(it.timeout_seconds))
        .set_healthy_threshold(words::signed(it.healthy))
        .set_unhealthy_threshold(words::signed(it.unhealthy));
    // What Google says of it, and nobody else can.
    body.id = None;
    body.kind = None;
    body.creation_timestamp = None;
    body.self_link = None;
    body.region = None;
    body
}

fn told(it: &model::HealthCheck) -> Option<HealthCheck> {
    let http = it.http_health_check.as_ref()?;
    let specification = http.port_specification.as_ref().and_then(|it| it.name());
    if it.r#type.as_ref().and_then(|it| it.name()) != Some("HTTP")
        || !matches!(specification, None | Some("USE_FIXED_PORT"))
    {
        return None;
    }
    // Where Google says nothing, its defaults.
    Some(HealthCheck {
        name: it.name.clone()?,
        description: it.description.clone().unwrap_or_default(),
        port: words::number(http.port, 80)?,
        path: http.request_path.clone().unwrap_or_else(|| "/".to_owned()),
        interval_seconds: words::number(it.check_interval_sec, 5)?,
        timeout_seconds: words::number(it.timeout_sec, 5)?,
        healthy: words::number(it.healthy_threshold, 2)?,
        unhealthy: words::number(it.unhealthy_threshold, 2)?,
    })
}
