//! Making objects.

use super::{Cluster, State, key_of};
use crate::{
    kind::{Kind, Resource},
    managed::{self, Manager},
    meta, rules,
    status::Status,
    store::{Key, lock, object::Object},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

impl Cluster {
    /// Makes an object from a decoded body in the stored form.
    pub(crate) fn create(
        &self,
        kind: &Kind,
        object: Value,
        by: &Manager,
        dry_run: bool,
    ) -> Result<Arc<Object>, Status> {
        lock(&self.state).create(kind, object, by, dry_run)
    }
}

impl State {
    pub(super) fn create(
        &mut self,
        kind: &Kind,
        mut object: Value,
        by: &Manager,
        dry_run: bool,
    ) -> Result<Arc<Object>, Status> {
        if meta::name(&object).is_empty() && !meta::field(&object, "generateName").is_empty() {
            let name = meta::generated(meta::field(&object, "generateName"));
            meta::set(&mut object, "name", name.into());
        }
        if !meta::field(&object, "resourceVersion").is_empty() {
            let why = "resourceVersion should not be set on objects to be created";
            return Err(Status::bad_request(why));
        }
        if kind.namespaced {
            self.open_namespace(kind, meta::namespace(&object), meta::name(&object))?;
        }
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "generation"] {
            meta::set(&mut object, field, Value::Null);
        }
        meta::set(&mut object, "uid", Uuid::new_v4().to_string().into());
        meta::set(&mut object, "creationTimestamp", meta::moment(Timestamp::now()).into());
        if kind.generation {
            meta::set(&mut object, "generation", 1.into());
        }

        let (name, sent) = (meta::name(&object).to_owned(), object.clone());
        let claims = rules::create(kind, &mut object, &mut self.ledger)
            .map_err(|causes| Status::invalid(kind, &name, &causes))?;
        let key = key_of(kind, &object);
        let exists = self.store.get(kind.resource, &key).is_some();
        if exists || dry_run {
            self.ledger.undo(&claims);
        }
        if exists {
            return Err(Status::already_exists(kind, &name));
        }
        managed::note(kind, None, &mut object, &sent, by);
        if dry_run {
            return Ok(Arc::new(Object::unkept(object)));
        }
        self.ledger.settle(&claims);
        Ok(self.store.put(kind.resource, key, object))
    }

    /// A namespace takes new objects if it is there and not on its way out.
    fn open_namespace(&self, kind: &Kind, namespace: &str, name: &str) -> Result<(), Status> {
        let key = Key::new("", namespace);
        let Some(found) = self.store.get(Resource::Namespaces, &key) else {
            return Err(Status::not_found(Kind::of(Resource::Namespaces), namespace));
        };
        if meta::is_deleting(found.value()) {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being \
                 terminated"
            );
            let mut status = Status::forbidden(kind, name, &why);
            status.details["causes"] = json!([{
                "reason": "NamespaceTerminating",
                "message": format!("namespace {namespace} is being terminated"),
                "field": "metadata.namespace",
            }]);
            return Err(status);
        }
        Ok(())
    }
}
