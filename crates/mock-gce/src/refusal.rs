//! What Compute Engine says when it will not do what it is asked.

use serde_json::{Value, json};

use crate::state::Link;

/// An error, in both of the forms it has: the answer to a call, and the end of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status, of an answer and of an operation alike.
    pub status: u16,
    /// The reason of an answer, such as `alreadyExists`.
    pub reason: String,
    /// The code of an operation's error, such as `RESOURCE_ALREADY_EXISTS`.
    pub code: String,
    /// What is said to people.
    pub message: String,
}

impl Refusal {
    /// Any error; `reason` is of answers, `code` of operations.
    pub fn new(status: u16, reason: &str, code: &str, message: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), code: code.into(), message: message.into() }
    }

    pub(crate) fn not_found(link: &Link) -> Self {
        let message = format!("The resource '{link}' was not found");
        Self::new(404, "notFound", "RESOURCE_NOT_FOUND", message)
    }

    pub(crate) fn already_exists(link: &Link) -> Self {
        let message = format!("The resource '{link}' already exists");
        Self::new(409, "alreadyExists", "RESOURCE_ALREADY_EXISTS", message)
    }

    pub(crate) fn not_ready(link: &Link) -> Self {
        let message = format!("The resource '{link}' is not ready");
        Self::new(400, "resourceNotReady", "RESOURCE_NOT_READY", message)
    }

    /// `field` as Google writes it: `resource.ports[5]`, or the name of a parameter.
    pub(crate) fn invalid(field: &str, value: &str, why: &str) -> Self {
        let message = format!("Invalid value for field '{field}': '{value}'. {why}");
        Self::new(400, "invalid", "INVALID_FIELD_VALUE", message)
    }

    pub(crate) fn required(field: &str) -> Self {
        let message = format!("Required field '{field}' not specified");
        Self::new(400, "required", "REQUIRED_FIELD_NOT_SPECIFIED", message)
    }

    /// `kind` in Google's words: `backend_service`, `health_check`.
    pub(crate) fn in_use(kind: &str, link: &Link, by: &Link) -> Self {
        let message = format!("The {kind} resource '{link}' is already being used by '{by}'");
        let code = "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE";
        Self::new(400, "resourceInUseByAnotherResource", code, message)
    }

    /// 412: the fingerprint is not the thing's.
    pub fn stale() -> Self {
        Self::new(412, "conditionNotMet", "CONDITION_NOT_MET", "Invalid fingerprint.")
    }

    /// `place` as in "in region europe-west1", or "globally".
    pub fn quota(name: &str, limit: usize, place: &str) -> Self {
        let message = format!("Quota '{name}' exceeded.  Limit: {limit}.0 {place}.");
        Self::new(403, "quotaExceeded", "QUOTA_EXCEEDED", message)
    }

    /// `permission` as `compute.firewalls.create`.
    pub fn forbidden(permission: &str, what: &str) -> Self {
        let message = format!("Required '{permission}' permission for '{what}'");
        Self::new(403, "forbidden", "FORBIDDEN", message)
    }

    /// 503, which passes.
    pub fn unavailable() -> Self {
        let message = "The service is currently unavailable.";
        Self::new(503, "backendError", "INTERNAL_ERROR", message)
    }

    /// 500, an error of Google's.
    pub fn internal() -> Self {
        Self::new(500, "internalError", "INTERNAL_ERROR", "Internal Error")
    }

    /// 403 `rateLimitExceeded`.
    pub fn rate_limited() -> Self {
        let message = "Quota exceeded for quota group 'default' and limit 'Queries per 100 seconds' \
                       of service 'compute.googleapis.com'.";
        Self::new(403, "rateLimitExceeded", "RATE_LIMIT_EXCEEDED", message)
    }

    /// 429.
    pub fn too_many() -> Self {
        Self { status: 429, ..Self::rate_limited() }
    }

    /// The body of an answer.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"message": self.message, "domain": "global", "reason": self.reason});
        match self.reason.as_str() {
            "conditionNotMet" => {
                error["location"] = "If-Match".into();
                error["locationType"] = "header".into();
            }
            "rateLimitExceeded" => error["domain"] = "usageLimits".into(),
            _ => {}
        }
        json!({"error": {"code": self.status, "message": self.message, "errors": [error]}})
    }
}
