//! What the server does to objects on their way in, by kind.

mod config_map;
mod endpoint_slice;
mod event;
mod lease;
pub(crate) mod metadata;
mod namespace;
mod node;
mod pod;

use crate::{
    invalid::Cause,
    kind::{Kind, Resource},
    meta,
    service::{
        self,
        allocate::{Claims, Ledger},
    },
};
use k8s_openapi::api::core::v1::Service;
use serde::Deserialize;
use serde_json::Value;

type Checked<T = ()> = Result<T, Vec<Cause>>;

/// Makes a new object whole.
pub(crate) fn create(kind: &Kind, object: &mut Value, ledger: &mut Ledger) -> Checked<Claims> {
    if meta::name(object).is_empty() {
        metadata::create(kind, object)?;
    }
    let metadata = metadata::create(kind, object);
    if let Err(causes) = metadata {
        return Err(together(causes, create_rest(kind, object, ledger), ledger));
    }
    create_rest(kind, object, ledger)
}

fn create_rest(kind: &Kind, object: &mut Value, ledger: &mut Ledger) -> Checked<Claims> {
    match kind.resource {
        Resource::Services => {
            return typed(object, |service| service::create(service, ledger));
        }
        Resource::Nodes => node::create(object)?,
        Resource::Namespaces => namespace::create(object),
        Resource::ConfigMaps => config_map::check(object)?,
        Resource::Pods => pod::create(object)?,
        Resource::EndpointSlices => endpoint_slice::create(object)?,
        Resource::Events => event::create(kind, object)?,
        Resource::Leases => lease::check(object)?,
    }
    Ok(Claims::default())
}

/// Makes a changed object whole.
pub(crate) fn update(
    kind: &Kind,
    object: &mut Value,
    old: &Value,
    ledger: &mut Ledger,
) -> Checked<Claims> {
    let metadata = metadata::check(object);
    if let Err(causes) = metadata {
        return Err(together(causes, update_rest(kind, object, old, ledger), ledger));
    }
    update_rest(kind, object, old, ledger)
}

/// What is wrong with the metadata, and then what is wrong with the rest.
fn together(mut causes: Vec<Cause>, rest: Checked<Claims>, ledger: &mut Ledger) -> Vec<Cause> {
    match rest {
        Ok(claims) => ledger.undo(&claims),
        Err(more) => causes.extend(more),
    }
    causes
}

fn update_rest(
    kind: &Kind,
    object: &mut Value,
    old: &Value,
    ledger: &mut Ledger,
) -> Checked<Claims> {
    match kind.resource {
        Resource::Services => {
            let was = read(old)?;
            return typed(object, |service| service::update(service, &was, ledger));
        }
        Resource::Nodes => node::update(object, old)?,
        Resource::Namespaces => namespace::update(object, old),
        Resource::ConfigMaps => config_map::update(object, old)?,
        Resource::Pods => pod::update(object, old)?,
        Resource::EndpointSlices => endpoint_slice::update(object, old)?,
        Resource::Events => event::update(kind, object)?,
        Resource::Leases => lease::check(object)?,
    }
    Ok(Claims::default())
}

/// What to warn of in an object that was taken.
pub(crate) fn warnings(kind: &Kind, object: &Value) -> Vec<String> {
    if kind.resource != Resource::Services {
        return Vec::new();
    }
    read(object).map(|service| service::warnings::of(&service)).unwrap_or_default()
}

/// Keeps all of the old object but its status and metadata.
pub(crate) fn update_status(kind: &Kind, object: &mut Value, old: &Value) -> Checked {
    metadata::check(object)?;
    if kind.resource == Resource::Services {
        let was = read(old)?;
        return typed(object, |service| service::update_status(service, &was));
    }
    if kind.resource == Resource::Pods {
        let owners = meta::at(old, &["metadata", "ownerReferences"]).clone();
        meta::set(object, "ownerReferences", owners);
    }
    meta::set_top(object, "spec", old["spec"].clone());
    Ok(())
}

fn read(object: &Value) -> Checked<Service> {
    Service::deserialize(object)
        .map_err(|error| vec![Cause::invalid("", meta::name(object), &error.to_string())])
}

/// Works on a Service as its type.
fn typed<T>(object: &mut Value, work: impl FnOnce(&mut Service) -> Checked<T>) -> Checked<T> {
    let mut service = read(object)?;
    let done = work(&mut service)?;
    if let Ok(value) = serde_json::to_value(service) {
        *object = value;
    }
    meta::set_top(object, "kind", Value::Null);
    meta::set_top(object, "apiVersion", Value::Null);
    meta::prune(object);
    Ok(done)
}

/// One finding or none, as a result.
fn found(causes: Vec<Cause>) -> Checked {
    if causes.is_empty() { Ok(()) } else { Err(causes) }
}

/// Sets what is absent.
fn default(object: &mut Value, field: &str, value: impl Into<Value>) {
    if object.get(field).is_none_or(Value::is_null) {
        object[field] = value.into();
    }
}
