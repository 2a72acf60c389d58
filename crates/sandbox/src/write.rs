//! Creating, updating, patching and deleting.

use crate::{
    answer::{self, Body},
    apply,
    cluster::{DeleteOptions, Deletion, Part, Update},
    decode::{self, FieldValidation},
    door,
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
use serde_json::{Value, json};

pub(crate) const ANOTHER_NAMESPACE: &str =
    "the namespace of the provided object does not match the namespace sent on the request";

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
        let object = object.map_err(|status| status.warned(&findings))?;
        Ok(written(201, kind, &object, form, findings))
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
        let (mut object, findings) = body(call, kind, &key.namespace)?;
        let name = meta::name(&object).to_owned();
        if name.is_empty() {
            meta::set(&mut object, "name", key.name.clone().into());
        } else if name != key.name {
            return Err(another_name(&name, &key.name));
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
            let object = object.map_err(|status| status.warned(&findings))?;
            return Ok(written(201, kind, &object, form, findings));
        }
        let update = Update { kind, key: key.clone(), by, dry_run };
        let object = self.cluster.update(&update, |_| Ok(object));
        let object = object.map_err(|status| status.warned(&findings))?;
        Ok(written(200, kind, &object, form, findings))
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
        let patch = Patch::parse(call.media(), &call.body)?;
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
            let told = checked(validation, decoded.findings);
            findings = told.map_err(|all| strict_patch(&call.body, &all))?;
            let mut object = decoded.object;
            door::inward(kind, &mut object);
            Ok(object)
        });
        let object = object.map_err(|status| status.warned(&findings))?;
        Ok(written(200, kind, &object, form, findings))
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
        let binding = call.json("Binding")?;
        let node = meta::text(&binding, &["target", "name"]).to_owned();
        if node.is_empty() {
            return Err(Status::bad_request("target.name: Required value"));
        }
        let dry_run = call.dry_run()?;
        self.cluster.bind(key, &node, dry_run)?;
        let done = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "code": 201,
        });
        Ok(answer::value(201, &done))
    }
}

/// The object of a POST or PUT in its stored form, and what to warn of.
fn body(call: &Call, kind: &Kind, namespace: &str) -> Result<(Value, Vec<String>), Status> {
    let validation = call.field_validation()?;
    let decoded = decode::decode(kind, call.json(kind.name)?)?;
    let findings = checked(validation, decoded.findings).map_err(|all| {
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

/// What to warn of, or all findings together where they are to be refused.
fn checked(validation: FieldValidation, findings: Vec<String>) -> Result<Vec<String>, String> {
    match validation {
        FieldValidation::Ignore => Ok(Vec::new()),
        FieldValidation::Warn => Ok(findings),
        FieldValidation::Strict if findings.is_empty() => Ok(findings),
        FieldValidation::Strict => Err(findings.join(", ")),
    }
}

fn strict_patch(body: &[u8], all: &str) -> Status {
    let patch = String::from_utf8_lossy(body);
    Status::unfit_object(&Cause::invalid("patch", patch, &format!("strict decoding error: {all}")))
}

fn delete_options(call: &Call) -> Result<DeleteOptions, Status> {
    let mut options = if call.body.is_empty() {
        DeleteOptions::default()
    } else {
        serde_json::from_value(call.json("DeleteOptions")?)
            .map_err(|error| Status::bad_request(format!("DeleteOptions: {error}")))?
    };
    if let Some(seconds) = call.query.number("gracePeriodSeconds")? {
        options.grace_period_seconds = i64::try_from(seconds).ok();
    }
    if call.dry_run()? {
        options.dry_run = Some(vec!["All".into()]);
    }
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
    Status::bad_request(format!(
        "the name of the object ({name}) does not match the name on the URL ({wanted})"
    ))
}

/// What a patch makes of an object is of no kind.
fn unfit(patched: &Value, why: &Status) -> Status {
    Status::unfit_object(&Cause::invalid("patch", patched.to_string(), why.reason_told()))
}

pub(crate) fn written(
    code: u16,
    kind: &Kind,
    object: &Object,
    form: Form,
    mut warnings: Vec<String>,
) -> Response<Body> {
    let mut response = answer::json(code, representation::one(kind, object, form, true));
    warnings.extend(rules::warnings(kind, object.value()));
    answer::warn(&mut response, &warnings);
    response
}
