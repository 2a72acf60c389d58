//! Creating, updating, patching and deleting.

use crate::{
    answer::{self, Body},
    apply,
    cluster::{DeleteOptions, Deletion, Part, Update},
    decode, door,
    handler::Handler,
    invalid::Cause,
    kind::{Kind, Resource},
    managed::Operation,
    meta,
    pages::Page,
    patch::Patch,
    read,
    representation::{self, Form},
    request::Call,
    rules,
    status::{self, Status},
    store::{Key, object::Object},
};
use http::Response;
use serde_json::Value;
use std::sync::Arc;

pub(crate) const ANOTHER_NAMESPACE: &str =
    "the namespace of the provided object does not match the namespace sent on the request";

const DELETE_OPTIONS: &str = "DeleteOptions";

impl Handler {
    pub(crate) fn create(
        &self,
        call: &Call,
        kind: &'static Kind,
        namespace: &str,
    ) -> Result<Response<Body>, Status> {
        if kind.namespaced && namespace.is_empty() {
            return Err(Status::method());
        }
        let form = Form::of(call)?;
        let (object, findings) = body(call, kind, namespace)?;
        let by = call.manager(kind, Part::Main, Operation::Update)?;
        let object = self.cluster.create(kind, object, &by, call.dry_run()?);
        written(201, kind, object, form, findings)
    }

    pub(crate) fn put(
        &self,
        call: &Call,
        kind: &'static Kind,
        key: &Key,
        part: Part,
    ) -> Result<Response<Body>, Status> {
        let form = Form::of(call)?;
        let dry_run = call.dry_run()?;
        let by = call.manager(kind, part, Operation::Update)?;
        let (object, findings) = body(call, kind, &key.namespace)?;
        if meta::name(&object) != key.name {
            return Err(another_name(meta::name(&object), &key.name));
        }
        if part == Part::Main
            && kind.create_on_update
            && !self.cluster.exists(kind, key)
            && meta::field(&object, "resourceVersion").is_empty()
        {
            let uid = meta::field(&object, "uid");
            if !uid.is_empty() {
                return Err(Status::another_object(kind, key, "0", uid, ""));
            }
            let object = self.cluster.create(kind, object, &by, dry_run);
            return written(201, kind, object, form, findings);
        }
        let update = Update { kind, key: key.clone(), by, dry_run };
        let object = self.cluster.update(&update, |_| Ok(object));
        written(200, kind, object, form, findings)
    }

    pub(crate) fn patch(
        &self,
        call: &Call,
        kind: &'static Kind,
        key: &Key,
        part: Part,
    ) -> Result<Response<Body>, Status> {
        if call.media() == apply::MEDIA {
            return self.apply(call, kind, key, part);
        }
        let form = Form::of(call)?;
        let (patch, document) = Patch::parse(call.media(), &call.body)?;
        let validation = call.field_validation()?;
        let by = call.manager(kind, part, Operation::Update)?;
        let update = Update { kind, key: key.clone(), by, dry_run: call.dry_run()? };
        let mut findings = Vec::new();
        let object = self.cluster.update(&update, |current| {
            let shown = representation::whole(kind, current.value());
            let patched = patch.apply(kind.resource, &shown)?;
            let decoded =
                decode::decode(kind, patched.clone()).map_err(|why| unfit(&patched, &why))?;
            same_object(kind, key, &decoded.object, current.value())?;
            let told = document.findings(validation, decoded.findings);
            findings = told.map_err(|all| strict_patch(&call.body, &all))?;
            let mut object = decoded.object;
            door::inward(kind, &mut object);
            Ok(object)
        });
        written(200, kind, object, form, findings)
    }

    pub(crate) fn delete(
        &self,
        call: &Call,
        kind: &'static Kind,
        key: &Key,
    ) -> Result<Response<Body>, Status> {
        let form = Form::of(call)?;
        let deletion = self.cluster.delete(kind, key, &delete_options(call)?)?;
        Ok(match deletion {
            Deletion::Done(object) if !kind.returns_deleted => {
                let uid = meta::field(object.value(), "uid");
                answer::value(200, &status::deleted(kind, &key.name, uid))
            }
            Deletion::Done(object) | Deletion::Begun(object) => {
                answer::json(200, representation::one(kind, &object, form, true))
            }
        })
    }

    pub(crate) fn delete_collection(
        &self,
        call: &Call,
        kind: &'static Kind,
        namespace: &str,
    ) -> Result<Response<Body>, Status> {
        if kind.namespaced && namespace.is_empty() || kind.resource == Resource::Namespaces {
            return Err(Status::method());
        }
        let form = Form::of(call)?;
        let options = delete_options(call)?;
        let selector = read::selector(call, kind)?;
        let (objects, revision) = self.cluster.list(kind.resource, namespace);
        let mut deleted = Vec::new();
        for object in objects.iter().filter(|object| selector.matches(object.value())) {
            let value = object.value();
            let key = Key::new(meta::namespace(value), meta::name(value));
            match self.cluster.delete(kind, &key, &options) {
                Ok(Deletion::Done(object) | Deletion::Begun(object)) => deleted.push(object),
                // Somebody else was faster.
                Err(status) if status.code == 404 => {}
                Err(status) => return Err(status),
            }
        }
        let page = Page::whole(deleted, revision);
        Ok(answer::json(200, representation::list(kind, &page, form)))
    }

    /// Binds a Pod to a node, as a scheduler does.
    pub(crate) fn bind(&self, call: &Call, key: &Key) -> Result<Response<Body>, Status> {
        let binding = call.document("Binding")?.value;
        let node = meta::text(&binding, &["target", "name"]).to_owned();
        if node.is_empty() {
            return Err(Status::bad_request("target.name: Required value"));
        }
        let dry_run = call.dry_run()?;
        self.cluster.bind(key, &node, dry_run)?;
        Ok(answer::value(201, &status::done()))
    }

    /// Deletes a Pod, as those do who clear a node. There are no budgets that could forbid it.
    pub(crate) fn evict(&self, call: &Call, key: &Key) -> Result<Response<Body>, Status> {
        let mut eviction = call.document("Eviction")?.value;
        let name = meta::name(&eviction);
        if name != key.name {
            let why = "name in URL does not match name in Eviction object";
            return Err(Status::bad_request(why));
        }
        let options = eviction["deleteOptions"].take();
        let mut options: DeleteOptions = if options.is_null() {
            DeleteOptions::default()
        } else {
            serde_json::from_value(options)
                .map_err(|error| Status::bad_request(format!("deleteOptions: {error}")))?
        };
        if call.dry_run()? {
            options.dry_run = Some(vec!["All".to_owned()]);
        }
        options.validate()?;
        self.cluster.delete(Kind::of(Resource::Pods), key, &options)?;
        Ok(answer::value(201, &status::done()))
    }
}

/// The object of a POST or PUT in its stored form, and what to warn of.
fn body(call: &Call, kind: &Kind, namespace: &str) -> Result<(Value, Vec<String>), Status> {
    let validation = call.field_validation()?;
    let mut document = call.document(kind.name)?;
    let decoded = decode::decode(kind, document.value.take())?;
    let document = document.outside(&decoded.findings);
    let findings = document.findings(validation, decoded.findings).map_err(|all| {
        let (name, version) = (kind.name, kind.version);
        Status::bad_request(format!(
            "{name} in version \"{version}\" cannot be handled as a {name}: strict decoding \
             error: {all}"
        ))
    })?;
    let mut object = decoded.object;
    door::inward(kind, &mut object);
    if kind.namespaced {
        let told = meta::namespace(&object);
        if !told.is_empty() && told != namespace {
            return Err(Status::bad_request(ANOTHER_NAMESPACE));
        }
        meta::set(&mut object, "namespace", namespace.into());
    } else {
        meta::set(&mut object, "namespace", Value::Null);
    }
    Ok((object, findings))
}

fn strict_patch(body: &[u8], all: &str) -> Status {
    let patch = String::from_utf8_lossy(body);
    Status::unfit_object(&Cause::invalid("patch", patch, &format!("strict decoding error: {all}")))
}

/// The body of a DELETE says all, or if there is none, its parameters.
fn delete_options(call: &Call) -> Result<DeleteOptions, Status> {
    let options = if call.body.is_empty() {
        let told = |name: &str| call.query.has(name).then(|| call.query.text(name).to_owned());
        let seconds = call.query.number("gracePeriodSeconds")?;
        DeleteOptions {
            grace_period_seconds: seconds.and_then(|seconds| i64::try_from(seconds).ok()),
            preconditions: None,
            orphan_dependents: told("orphanDependents")
                .map(|_| call.query.flag("orphanDependents")),
            propagation_policy: told("propagationPolicy"),
            dry_run: told("dryRun").map(|stage| vec![stage]),
        }
    } else {
        // Of a DELETE the real server does not say what its body must be.
        let document = call.document(DELETE_OPTIONS).map_err(|status| match status.code {
            400 => Status::bad_request(status.reason_told()),
            _ => status,
        })?;
        let kind = meta::text(&document.value, &["kind"]);
        if !["", DELETE_OPTIONS].contains(&kind) {
            let version = match meta::text(&document.value, &["apiVersion"]) {
                "" => "meta.k8s.io/v1",
                version => version,
            };
            return Err(Status::bad_request(format!(
                "no kind \"{kind}\" is registered for version \"{version}\" in scheme \
                 \"pkg/runtime/scheme.go:111\""
            )));
        }
        serde_json::from_value(document.value)
            .map_err(|error| Status::bad_request(format!("DeleteOptions: {error}")))?
    };
    options.validate()?;
    Ok(options)
}

/// A patch may name the object, and make no other of it.
pub(crate) fn same_object(
    kind: &Kind,
    key: &Key,
    patched: &Value,
    old: &Value,
) -> Result<(), Status> {
    let name = meta::name(patched);
    if name != key.name {
        return Err(another_name(name, &key.name));
    }
    if meta::namespace(patched) != key.namespace {
        return Err(Status::bad_request(ANOTHER_NAMESPACE));
    }
    let version = meta::field(patched, "resourceVersion");
    if !version.is_empty() && version != meta::field(old, "resourceVersion") {
        return Err(Status::stale(kind, &key.name));
    }
    let (uid, was) = (meta::field(patched, "uid"), meta::field(old, "uid"));
    if !uid.is_empty() && uid != was {
        let cause = Cause::invalid("metadata.uid", uid, "field is immutable");
        return Err(Status::invalid(kind, &key.name, &[cause]));
    }
    Ok(())
}

pub(crate) fn another_name(name: &str, wanted: &str) -> Status {
    if name.is_empty() {
        return Status::bad_request(format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be \
             provided"
        ));
    }
    Status::bad_request(format!(
        "the name of the object ({name}) does not match the name on the URL ({wanted})"
    ))
}

/// What a patch makes of an object is of no kind.
fn unfit(patched: &Value, why: &Status) -> Status {
    Status::unfit_object(&Cause::invalid("patch", patched.to_string(), why.reason_told()))
}

/// The answer to a write, with what was found in its body whatever came of it.
pub(crate) fn written(
    code: u16,
    kind: &Kind,
    object: Result<Arc<Object>, Status>,
    form: Form,
    mut findings: Vec<String>,
) -> Result<Response<Body>, Status> {
    let object = object.map_err(|status| status.warned(&findings))?;
    let mut response = answer::json(code, representation::one(kind, &object, form, true));
    findings.extend(rules::warnings(kind, object.value()));
    answer::warn(&mut response, &findings);
    Ok(response)
}
