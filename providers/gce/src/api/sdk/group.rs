use google_cloud_compute_v1::model;
use google_cloud_gax::paginator::ItemPaginator as _;

use super::operation::At;
use super::pages::{all, beginning};
use super::words::ours;
use super::{Gce, calls, links, refusal};
use crate::api::{Answer, Instance, InstanceGroup, Name};

impl Gce {
    pub(super) async fn list_groups(&self, prefix: &str) -> Answer<Vec<InstanceGroup>> {
        let list = self.groups.aggregated_list().set_project(&self.place.project);
        let list = list.set_filter(beginning(prefix));
        let zones: Answer<Vec<Vec<InstanceGroup>>> =
            all!(list, |(scope, list): (String, _)| self.told(&scope, &list));
        let mut groups = zones?.concat();
        groups.sort_by_cached_key(|it: &InstanceGroup| (it.zone.clone(), it.name.clone()));
        Ok(groups)
    }

    pub(super) async fn read_group(
        &self,
        zone: &str,
        name: &str,
    ) -> Answer<Option<Option<InstanceGroup>>> {
        let get = self.groups.get().set_project(&self.place.project).set_zone(zone);
        let read = ours(get.set_instance_group(name)).send().await;
        Ok(refusal::found(read)?.map(|it| told(zone, &it)))
    }

    pub(super) async fn insert_group(&self, it: &InstanceGroup) -> Answer<()> {
        let body = model::InstanceGroup::new().set_name(&it.name).set_description(&it.description);
        self.write(At::Zone(&it.zone), |id| {
            let insert = self.groups.insert().set_project(&self.place.project);
            let insert = insert.set_zone(&it.zone).set_request_id(id);
            ours(insert.set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn delete_group(&self, zone: &str, name: &str) -> Answer<()> {
        self.write(At::Zone(zone), |id| {
            let delete = self.groups.delete().set_project(&self.place.project);
            let delete = delete.set_zone(zone).set_request_id(id);
            ours(delete.set_instance_group(name)).send()
        })
        .await
    }

    pub(super) async fn list_members(&self, group: &Name) -> Answer<Vec<Instance>> {
        let (zone, name) = calls::group(group)?;
        let list = self.groups.list_instances().set_project(&self.place.project);
        let list = list.set_zone(zone).set_instance_group(name);
        all!(
            list.set_body(model::InstanceGroupsListInstancesRequest::new()),
            |it: model::InstanceWithNamedPorts| links::instance(it.instance.as_deref()?)
        )
    }

    pub(super) async fn join(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        let (zone, name) = calls::group(group)?;
        let body = model::InstanceGroupsAddInstancesRequest::new()
            .set_instances(self.references(instances));
        self.write(At::Zone(zone), |id| {
            let add = self.groups.add_instances().set_project(&self.place.project);
            let add = add.set_zone(zone).set_instance_group(name).set_request_id(id);
            ours(add.set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn part(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        let (zone, name) = calls::group(group)?;
        let body = model::InstanceGroupsRemoveInstancesRequest::new()
            .set_instances(self.references(instances));
        self.write(At::Zone(zone), |id| {
            let remove = self.groups.remove_instances().set_project(&self.place.project);
            let remove = remove.set_zone(zone).set_instance_group(name).set_request_id(id);
            ours(remove.set_body(body.clone())).send()
        })
        .await
    }

    fn references(&self, instances: &[Instance]) -> Vec<model::InstanceReference> {
        let reference = |it| model::InstanceReference::new().set_instance(self.place.instance(it));
        instances.iter().map(reference).collect()
    }

    /// The groups of a scope (`zones/…`, `regions/…`), if it is a zone of ours.
    fn told(
        &self,
        scope: &str,
        list: &model::InstanceGroupsScopedList,
    ) -> Option<Vec<InstanceGroup>> {
        let zone = scope.strip_prefix("zones/").filter(|zone| self.place.has_zone(zone))?;
        Some(list.instance_groups.iter().filter_map(|it| told(zone, it)).collect())
    }
}

fn told(zone: &str, it: &model::InstanceGroup) -> Option<InstanceGroup> {
    Some(InstanceGroup {
        zone: zone.to_owned(),
        name: it.name.clone()?,
        description: it.description.clone().unwrap_or_default(),
    })
}
