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
    metadata::create(kind, object)?;
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
    metadata::check(object)?;
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
