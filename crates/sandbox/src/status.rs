//! Answers that are a `metav1.Status`: every error, and a plain success.

use crate::{
    invalid::Cause,
    kind::{Kind, Resource},
    store::Key,
};
use serde_json::{Value, json};

/// A refusal, as the API words it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Value,
    /// What to warn of besides.
    pub(crate) warnings: Vec<String>,
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        let (message, warnings) = (message.into(), Vec::new());
        Self { code, reason, message, details: Value::Null, warnings }
    }

    /// The same refusal, with what was found before it.
    pub(crate) fn warned(mut self, warnings: &[String]) -> Self {
        self.warnings.extend_from_slice(warnings);
        self
    }

    /// The message without what it is about.
    pub(crate) fn reason_told(&self) -> &str {
        self.message.split_once(": ").map_or(&self.message, |(_, why)| why)
    }

    fn about(mut self, kind: &Kind, name: &str) -> Self {
        self.details = details(kind, kind.plural, name);
        self
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.qualified_plural());
        Self::new(404, "NotFound", message).about(kind, name)
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.qualified_plural());
        Self::new(409, "AlreadyExists", message).about(kind, name)
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let resource = kind.qualified_plural();
        let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
        Self::new(409, "Conflict", message).about(kind, name)
    }

    /// What somebody applies is set to something else by others: each with the fields.
    pub(crate) fn managed_by_others(conflicts: &[(String, Vec<String>)]) -> Self {
        let causes = conflicts.iter().flat_map(|(manager, fields)| {
            fields.iter().map(move |field| {
                json!({
                    "reason": "FieldManagerConflict",
                    "message": format!("conflict with {manager}"),
                    "field": field,
                })
            })
        });
        let causes: Vec<Value> = causes.collect();
        let told = match conflicts {
            [(manager, fields)] if fields.len() == 1 => {
                format!("1 conflict: conflict with {manager}: {}", fields[0])
            }
            all => {
                let told = all.iter().map(|(manager, fields)| {
                    format!("conflicts with {manager}:\n- {}", fields.join("\n- "))
                });
                let told: Vec<String> = told.collect();
                format!("{} conflicts: {}", causes.len(), told.join("\n"))
            }
        };
        let mut status = Self::new(409, "Conflict", format!("Apply failed with {told}"));
        status.details = json!({ "causes": causes });
        status
    }

    /// The object changed since the writer read it.
    pub(crate) fn stale(kind: &Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and \
             try again",
        )
    }

    /// What is to be deleted is not what is there; the real server names the kind here.
    pub(crate) fn unmet_precondition(kind: &Kind, name: &str, why: &str) -> Self {
        let what = kind.qualified_name();
        let message = format!("Operation cannot be fulfilled on {what} \"{name}\": {why}");
        let mut status = Self::new(409, "Conflict", message);
        status.details = details(kind, kind.name, name);
        status
    }

    /// The writer means an object that was here before, or never.
    pub(crate) fn another_object(
        kind: &Kind,
        key: &Key,
        revision: &str,
        wanted: &str,
        has: &str,
    ) -> Self {
        let place = match kind.resource {
            Resource::Services => "services/specs",
            Resource::Nodes => "minions",
            Resource::Namespaces
            | Resource::ConfigMaps
            | Resource::Pods
            | Resource::EndpointSlices
            | Resource::Events
            | Resource::Leases => kind.plural,
        };
        let whole = [place, &key.namespace, &key.name].map(str::to_owned);
        let whole: Vec<String> = whole.into_iter().filter(|part| !part.is_empty()).collect();
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}, ResourceVersion: \
             {revision}, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, \
             UID in object meta: {has}",
            whole.join("/")
        );
        Self::conflict(kind, &key.name, &why)
    }

    pub(crate) fn forbidden(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("{} \"{name}\" is forbidden: {why}", kind.qualified_plural());
        Self::new(403, "Forbidden", message).about(kind, name)
    }

    pub(crate) fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        if let Some(failure) = causes.iter().find_map(Cause::bare_failure) {
            return Self::failure(failure);
        }
        if let Some(failure) = causes.iter().find_map(Cause::failure) {
            return Self::internal(failure);
        }
        let told = together(causes);
        let message = format!("{} \"{name}\" is invalid: {told}", kind.qualified_name());
        let mut status = Self::new(422, "Invalid", message);
        status.details = details(kind, kind.name, name);
        status.details["causes"] = causes.iter().map(Cause::to_json).collect();
        status
    }

    fn internal(failure: &str) -> Self {
        let message = format!("Internal error occurred: {failure}");
        let mut status = Self::new(500, "InternalError", message);
        status.details = json!({ "causes": [{ "message": failure }] });
        status
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A parameter of a request that can't be.
    pub(crate) fn invalid_options(options: &str, causes: &[Cause]) -> Self {
        let told = together(causes);
        let message = format!("{options}.meta.k8s.io \"\" is invalid: {told}");
        let mut status = Self::new(422, "Invalid", message);
        let causes: Vec<Value> = causes.iter().map(Cause::to_json).collect();
        status.details = json!({ "group": "meta.k8s.io", "kind": options, "causes": causes });
        status
    }

    /// What a patch makes of an object can't be.
    pub(crate) fn unfit_object(cause: &Cause) -> Self {
        let mut status = Self::new(422, "Invalid", format!(" \"\" is invalid: {cause}"));
        status.details = json!({ "causes": [cause.to_json()] });
        status
    }

    /// What the real server fails over without a reason.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// A path that no server knows.
    pub(crate) fn no_such_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    /// What a real server has and the sandbox has not.
    pub(crate) fn absent(what: &str) -> Self {
        Self::new(501, "NotImplemented", format!("seaway sandbox does not serve {what}"))
    }

    /// A resource that a real server has and the sandbox has not: clients do without it.
    pub(crate) fn absent_resource(what: &str) -> Self {
        Self::new(404, "NotFound", format!("seaway sandbox does not serve {what}"))
    }

    pub(crate) fn method() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message)
    }

    pub(crate) fn unsupported_media(message: impl Into<String>) -> Self {
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn not_acceptable(accepted: &str) -> Self {
        let message = format!("only the following media types are accepted: {accepted}");
        Self::new(406, "NotAcceptable", message)
    }

    /// The watch window has moved on.
    pub(crate) fn expired(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// The rest of a list that nobody remembers.
    pub(crate) fn expired_page(message: &str) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The client names a resourceVersion that does not exist yet.
    pub(crate) fn too_large_version(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let mut status = Self::new(504, "Timeout", message);
        status.details = json!({
            "retryAfterSeconds": 1,
            "causes": [{
                "reason": "ResourceVersionTooLarge",
                "message": "Too large resource version",
            }],
        });
        status
    }

    /// A JSON patch whose operations do not fit the object.
    pub(crate) fn unfit_patch() -> Self {
        let mut status = Self::new(
            422,
            "Invalid",
            "the server rejected our request due to an error in our request",
        );
        status.details = json!({});
        status
    }

    pub(crate) fn too_many_operations(most: usize, got: usize) -> Self {
        let message =
            format!("The allowed maximum operations in a JSON patch is {most}, got {got}");
        Self::new(413, "RequestEntityTooLarge", message)
    }

    pub(crate) fn too_large_body(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(413, "RequestEntityTooLarge", message)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

fn together(causes: &[Cause]) -> String {
    match causes {
        [only] => only.to_string(),
        many => {
            let many: Vec<String> = many.iter().map(ToString::to_string).collect();
            format!("[{}]", many.join(", "))
        }
    }
}

/// The Status that tells that something was done to an object, and no more.
pub(crate) fn done() -> Value {
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": 201,
    })
}

/// The Status that tells of a deletion.
pub(crate) fn deleted(kind: &Kind, name: &str, uid: &str) -> Value {
    let mut details = details(kind, kind.plural, name);
    details["uid"] = uid.into();
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    })
}

fn details(kind: &Kind, what: &str, name: &str) -> Value {
    let mut details = json!({ "name": name, "kind": what });
    if !kind.group.is_empty() {
        details["group"] = kind.group.into();
    }
    details
}
