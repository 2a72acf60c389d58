//! Server-side apply, as a request.

use crate::{
    answer::Body,
    cluster::{Part, Update},
    decode::{self, FieldValidation},
    door,
    handler::Handler,
    kind::Kind,
    managed::{Application, Operation},
    meta, representation,
    representation::Form,
    request::Call,
    status::Status,
    store::Key,
    write::{ANOTHER_NAMESPACE, another_name, same_object, written},
};
use http::Response;
use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Options};

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
        let config = config((&call.body, validation), kind, key)?;
        let force = call.query.flag("force");
        let application = Application { kind, config: &config, by: &by, force };
        if self.cluster.exists(kind, key) {
            let update = Update { kind, key: key.clone(), by: by.clone(), dry_run };
            let object = self.cluster.update(&update, |current| {
                let live = representation::whole(kind, current.value());
                let applied = typed(&application, application.to(Some(&live))?)?;
                same_object(kind, key, &applied, current.value())?;
                Ok(applied)
            })?;
            return Ok(written(200, kind, &object, form, Vec::new()));
        }
        if part == Part::Status {
            return Err(Status::not_found(kind, &key.name));
        }
        let uid = meta::field(&config, "uid");
        if !uid.is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was \
                 found"
            );
            return Err(Status::conflict(kind, &key.name, &why));
        }
        let mut object = typed(&application, application.to(None)?)?;
        meta::set(&mut object, "namespace", key.namespace.clone().into());
        meta::set(&mut object, "resourceVersion", Value::Null);
        let object = self.cluster.create(kind, object, &by, dry_run)?;
        Ok(written(201, kind, &object, form, Vec::new()))
    }
}

/// Reads a config, which says of which kind it is and what it is called.
fn config(
    (body, validation): (&[u8], FieldValidation),
    kind: &Kind,
    key: &Key,
) -> Result<Value, Status> {
    let config = parse(body, validation)?;
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
    let revision = meta::field(&config, "resourceVersion");
    if !revision.is_empty() && revision.parse::<u64>().is_err() {
        let why = format!("strconv.ParseUint: parsing {revision:?}: invalid syntax");
        return Err(Status::failure(why));
    }
    if !meta::at(&config, &["metadata", "managedFields"]).is_null() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let (name, namespace) = (meta::name(&config), meta::namespace(&config));
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
    Ok(config)
}

/// The first document of a body of YAML, as clients send it, which is JSON mostly. Of two values of
/// one key the last one counts, unless the client wants to hear of it.
fn parse(body: &[u8], validation: FieldValidation) -> Result<Value, Status> {
    let refused = |what: &str, why: &str| Status::bad_request(format!("error {what} YAML: {why}"));
    let config = if let Ok(config) = serde_json::from_slice(body) {
        config
    } else {
        let config = yaml(body, DuplicateKeyPolicy::LastWins);
        let config = config.map_err(|why| refused("decoding", &why))?;
        if validation == FieldValidation::Strict {
            yaml(body, DuplicateKeyPolicy::Error)
                .map_err(|why| refused("strict decoding", &why))?;
        }
        config
    };
    let is = match config {
        Value::Object(_) | Value::Null => return Ok(config),
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

fn yaml(body: &[u8], duplicates: DuplicateKeyPolicy) -> Result<Value, String> {
    let unread = |why: String| {
        // What follows is the place in the text, or what a program could do about it.
        let why =
            why.lines().next().and_then(|line| line.split(", set ").next()).unwrap_or_default();
        let why = why.trim_start_matches("error: ");
        format!("error converting YAML to JSON: yaml: {why}")
    };
    let text = str::from_utf8(body).map_err(|error| unread(error.to_string()))?;
    let mut options = Options::default();
    options.duplicate_keys = duplicates;
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| unread(error.to_string()))?;
    Ok(documents.into_iter().next().unwrap_or_default())
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
