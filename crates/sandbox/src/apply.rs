//! Server-side apply, as a request.

use crate::{
    answer::Body,
    cluster::{Part, Update},
    decode::{self, FieldValidation},
    document::Document,
    door,
    handler::Handler,
    kind::Kind,
    managed::{Application, Operation},
    meta, representation,
    representation::Form,
    request::Call,
    status::Status,
    store::{Key, object::Object},
    write::{ANOTHER_NAMESPACE, another_name, same_object, written},
};
use http::Response;
use serde_json::Value;
use std::sync::Arc;

/// The media type of a config.
pub(crate) const MEDIA: &str = "application/apply-patch+yaml";

impl Handler {
    /// Applies a config to an object, which is made if there is none.
    pub(crate) fn apply(
        &self,
        call: &Call,
        kind: &'static Kind,
        key: &Key,
        part: Part,
    ) -> Result<Response<Body>, Status> {
        let (form, dry_run) = (Form::of(call)?, call.dry_run()?);
        let validation = call.field_validation()?;
        let by = call.manager(kind, part, Operation::Apply)?;
        let (config, findings) = parse(&call.body, validation)?;
        let force = call.query.flag("force");
        let application = Application { kind, config: &config, by: &by, force };
        let exists = self.cluster.exists(kind, key);
        let object = check(&config, kind, key).and_then(|()| {
            if exists {
                self.change(&application, key, dry_run)
            } else {
                self.make(&application, key, dry_run)
            }
        });
        written(if exists { 200 } else { 201 }, kind, object, form, findings)
    }

    fn change(
        &self,
        application: &Application<'_>,
        key: &Key,
        dry_run: bool,
    ) -> Result<Arc<Object>, Status> {
        let (kind, by) = (application.kind, application.by.clone());
        let update = Update { kind, key: key.clone(), by, dry_run };
        self.cluster.update(&update, |current| {
            let live = representation::whole(kind, current.value());
            let applied = typed(application, application.to(Some(&live))?)?;
            same_object(kind, key, &applied, current.value())?;
            Ok(applied)
        })
    }

    fn make(
        &self,
        application: &Application<'_>,
        key: &Key,
        dry_run: bool,
    ) -> Result<Arc<Object>, Status> {
        let Application { kind, config, by, .. } = application;
        if by.part == Part::Status {
            return Err(Status::not_found(kind, &key.name));
        }
        let uid = meta::field(config, "uid");
        if !uid.is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was \
                 found"
            );
            return Err(Status::conflict(kind, &key.name, &why));
        }
        let mut object = typed(application, application.to(None)?)?;
        meta::set(&mut object, "namespace", key.namespace.clone().into());
        meta::set(&mut object, "resourceVersion", Value::Null);
        self.cluster.create(kind, object, by, dry_run)
    }
}

/// A config says of which kind it is and what it is called.
fn check(config: &Value, kind: &Kind, key: &Key) -> Result<(), Status> {
    let text = |field| config[field].as_str().unwrap_or_default();
    let (version, name) = (text("apiVersion"), text("kind"));
    if version != kind.api_version() || name != kind.name {
        let told = match version.matches('/').count() {
            0 => format!("/{version}, Kind={name}"),
            1 => format!("{version}, Kind={name}"),
            _ => "/, Kind=".to_owned(),
        };
        return Err(Status::bad_request(format!("invalid object type: {told}")));
    }
    let revision = meta::field(config, "resourceVersion");
    if !revision.is_empty() && revision.parse::<u64>().is_err() {
        let why = format!("strconv.ParseUint: parsing {revision:?}: invalid syntax");
        return Err(Status::failure(why));
    }
    if !meta::at(config, &["metadata", "managedFields"]).is_null() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let (name, namespace) = (meta::name(config), meta::namespace(config));
    if name.is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            key.name
        )));
    }
    if name != key.name {
        return Err(another_name(name, &key.name));
    }
    if !namespace.is_empty() && namespace != key.namespace {
        return Err(Status::bad_request(ANOTHER_NAMESPACE));
    }
    Ok(())
}

/// The config in a body of YAML, which clients send as JSON mostly, and what to warn of in it.
fn parse(body: &[u8], validation: FieldValidation) -> Result<(Value, Vec<String>), Status> {
    let refused = |what: &str, why: &str| Status::bad_request(format!("error {what} YAML: {why}"));
    let unconverted =
        |what: &str, why: &str| refused(what, &format!("error converting YAML to JSON: {why}"));
    // What is there twice has a line, as in any YAML.
    let read = Document::json(body).ok().filter(|document| !document.repeats());
    let read = read.map_or_else(|| Document::yaml(body), Ok);
    let document = read.map_err(|why| unconverted("decoding", &why))?;
    let found = document.findings(validation, Vec::new());
    let findings = found.map_err(|why| unconverted("strict decoding", &why))?;
    let is = match document.value {
        config @ (Value::Object(_) | Value::Null) => return Ok((config, findings)),
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
    };
    let why = format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {is} into Go value of \
         type map[string]interface {{}}"
    );
    Err(refused("decoding", &why))
}

/// What a config makes of an object, in the stored form.
fn typed(application: &Application<'_>, applied: Value) -> Result<Value, Status> {
    let kind = application.kind;
    let decoded = decode::decode(kind, applied).map_err(|why| {
        let Kind { group, version, name: of, .. } = kind;
        let subject = application.subject();
        Status::failure(format!(
            "failed to convert new object {subject} to proper version: unable to convert \
             unstructured object to {group}/{version}, Kind={of}: {}",
            why.reason_told()
        ))
    })?;
    let mut object = decoded.object;
    door::inward(kind, &mut object);
    Ok(object)
}
