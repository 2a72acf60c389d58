//! What a request asks for, read from its path, query and headers.

mod absent;

use crate::{
    cluster::Part,
    decode::FieldValidation,
    document::Document,
    invalid::Cause,
    kind::{KINDS, Kind},
    managed::{Manager, Operation},
    protobuf,
    status::Status,
    store::Key,
};
use absent::absent;
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use percent_encoding::percent_decode_str;
use std::collections::HashMap;

/// The longest name of a field manager, in bytes.
const LONGEST_MANAGER: usize = 128;

/// One request, its body read.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) query: Query,
    pub(crate) accept: String,
    pub(crate) content_type: String,
    user_agent: String,
    pub(crate) body: Bytes,
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// All objects of a kind, in one namespace or (empty) in all.
    Collection { kind: &'static Kind, namespace: String },
    /// One object, or a subresource of it.
    Object { kind: &'static Kind, key: Key, subresource: Option<String> },
}

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(HashMap<String, String>);

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Kind {}

impl Call {
    pub(crate) fn new(method: Method, query: &str, headers: &HeaderMap, body: Bytes) -> Self {
        let header = |name| {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.collect::<Vec<_>>().join(",")
        };
        Self {
            method,
            query: Query::parse(query),
            accept: header(header::ACCEPT),
            content_type: header(header::CONTENT_TYPE),
            user_agent: header(header::USER_AGENT),
            body,
        }
    }

    /// Whether nothing is to be kept of what the request does.
    pub(crate) fn dry_run(&self) -> Result<bool, Status> {
        match self.query.text("dryRun") {
            "" if !self.query.has("dryRun") => Ok(false),
            "All" => Ok(true),
            other => {
                let cause = Cause::unsupported("dryRun", [other], &["All"]);
                Err(Status::invalid_options(self.options(), &[cause]))
            }
        }
    }

    /// What to say of fields that the API does not know.
    pub(crate) fn field_validation(&self) -> Result<FieldValidation, Status> {
        let text = self.query.text("fieldValidation");
        FieldValidation::parse(text).ok_or_else(|| {
            let known = ["", "Ignore", "Strict", "Warn"];
            let cause = Cause::unsupported("fieldValidation", text, &known);
            Status::invalid_options(self.options(), &[cause])
        })
    }

    /// What the parameters of this request are called together.
    fn options(&self) -> &'static str {
        match self.method {
            Method::POST => "CreateOptions",
            Method::PUT => "UpdateOptions",
            Method::PATCH => "PatchOptions",
            Method::DELETE => "DeleteOptions",
            _ => "ListOptions",
        }
    }

    /// What the body is.
    pub(crate) fn media(&self) -> &str {
        self.content_type.split(';').next().unwrap_or_default().trim()
    }

    /// Who writes: the `fieldManager` parameter, or else the program.
    pub(crate) fn manager(
        &self,
        kind: &Kind,
        part: Part,
        operation: Operation,
    ) -> Result<Manager, Status> {
        let name = self.query.text("fieldManager");
        let mut causes = Vec::new();
        match (operation, self.query.has("force")) {
            (Operation::Update, true) if self.method == Method::PATCH => {
                let why = "may not be specified for non-apply patch";
                causes.push(Cause::forbidden("force", why));
            }
            (Operation::Apply, _) if name.is_empty() => {
                causes.push(Cause::required("fieldManager", "is required for apply patch"));
            }
            (Operation::Apply | Operation::Update, _) => {}
        }
        if name.len() > LONGEST_MANAGER {
            causes.push(Cause::too_long("fieldManager", LONGEST_MANAGER));
        }
        if let Some((at, wrong)) = name.char_indices().find(|(_, letter)| letter.is_control()) {
            let why = format!("invalid character U+{:04X} (at position {at})", u32::from(wrong));
            causes.push(Cause::invalid("fieldManager", name, &why));
        }
        if !causes.is_empty() {
            return Err(Status::invalid_options(self.options(), &causes));
        }
        let program = self.user_agent.split('/').next().unwrap_or_default();
        let name = match (name, program) {
            ("", "") => "unknown",
            ("", program) => program.get(..LONGEST_MANAGER).unwrap_or(program),
            (name, _) => name,
        };
        Ok(Manager::new(operation, name, kind.api_version(), part))
    }

    /// The body of a POST or PUT, or of a DELETE that has one.
    pub(crate) fn document(&self, of: &str) -> Result<Document, Status> {
        let media = self.media();
        if media.contains("protobuf") {
            return protobuf::read(&self.body).map(Document::of).ok_or_else(|| {
                Status::unsupported_media(
                    "seaway sandbox does not read this kind as protobuf; send application/json \
                     (with kubectl: `create -f` or `apply -f` with a manifest)",
                )
            });
        }
        let read = match media {
            "" | "application/json" => Document::json(&self.body)
                .map_err(|error| format!("couldn't get version/kind; json parse error: {error}")),
            "application/yaml" => Document::yaml(&self.body),
            _ => {
                return Err(Status::unsupported_media(
                    "the body of the request was in an unknown format - accepted media types \
                     include: application/json, application/yaml, \
                     application/vnd.kubernetes.protobuf",
                ));
            }
        };
        read.map_err(|why| {
            let what = format!("the object provided is unrecognized (must be of type {of})");
            Status::bad_request(format!("{what}: {why}"))
        })
    }
}

impl Query {
    fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether it is there, and says something else than no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        let text = self.0.get(name).map(|text| text.to_ascii_lowercase());
        text.is_some_and(|text| !["0", "false"].contains(&text.as_str()))
    }

    /// A number; one below zero is as good as zero.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Status> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let number: i64 = text.parse().map_err(|_| {
            let why = format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
            Status::bad_request(why)
        })?;
        Ok(Some(u64::try_from(number).unwrap_or(0)))
    }

    /// The `resourceVersion` parameter, or why it is none.
    pub(crate) fn revision(&self) -> Result<Option<u64>, String> {
        let text = self.text("resourceVersion");
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| {
            let why = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
            Cause::invalid("resourceVersion", text, &why).to_string()
        })
    }
}

impl Target {
    /// Reads a path under `/api/v1/` or `/apis/<group>/<version>/`.
    pub(crate) fn parse(path: &str) -> Result<Self, Status> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => Self::within("", version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => {
                Self::within(group, version, rest)
            }
            _ => Err(Status::no_such_path()),
        }
    }

    fn within(group: &str, version: &str, rest: &[&str]) -> Result<Self, Status> {
        let find = |plural: &str| {
            Kind::find(group, version, plural).ok_or_else(|| absent(group, version, plural))
        };
        match rest {
            ["watch", ..] => Err(Status::absent("the path /watch/; use ?watch=true")),
            // `namespaces/a/status` is about the Namespace; `namespaces/a/pods` is not.
            ["namespaces", namespace, inner @ ..]
                if !inner.is_empty() && !matches!(inner, ["status" | "finalize"]) =>
            {
                let kind = find(inner[0])?;
                if !kind.namespaced {
                    return Err(Status::no_such_path());
                }
                Self::of(kind, namespace, &inner[1..])
            }
            [plural, rest @ ..] => {
                let kind = find(plural)?;
                if kind.namespaced && !rest.is_empty() {
                    return Err(Status::no_such_path());
                }
                Self::of(kind, "", rest)
            }
            [] => Err(Status::no_such_path()),
        }
    }

    fn of(kind: &'static Kind, namespace: &str, rest: &[&str]) -> Result<Self, Status> {
        match rest {
            [] => Ok(Self::Collection { kind, namespace: namespace.to_owned() }),
            [name, sub @ ..] => {
                let subresource = (!sub.is_empty()).then(|| sub.join("/"));
                let known = match subresource.as_deref() {
                    None => true,
                    Some("status") => kind.status,
                    Some("binding" | "eviction") => kind.plural == "pods",
                    Some(_) => false,
                };
                if !known {
                    let whole = format!("{}/{}", kind.plural, sub[0]);
                    return Err(absent(kind.group, kind.version, &whole));
                }
                Ok(Self::Object { kind, key: Key::new(namespace, *name), subresource })
            }
        }
    }
}

/// The groups that are served, each once.
pub(crate) fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = KINDS.iter().map(|kind| kind.group).collect();
    groups.dedup();
    groups.retain(|group| !group.is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_collections_objects_and_subresources() {
        let named = |path: &str| match Target::parse(path) {
            Ok(Target::Collection { kind, namespace }) => {
                format!("{} in {namespace:?}", kind.plural)
            }
            Ok(Target::Object { kind, key, subresource }) => {
                let sub = subresource.unwrap_or_default();
                format!("{} {}/{} {sub}", kind.plural, key.namespace, key.name)
            }
            Err(status) => format!("{} {}", status.code, status.message),
        };
        for (path, meant) in [
            ("/api/v1/services", "services in \"\""),
            ("/api/v1/namespaces/a/services", "services in \"a\""),
            ("/api/v1/namespaces/a/services/b", "services a/b "),
            ("/api/v1/namespaces/a/services/b/status", "services a/b status"),
            ("/api/v1/namespaces", "namespaces in \"\""),
            ("/api/v1/namespaces/a", "namespaces /a "),
            ("/api/v1/namespaces/a/status", "namespaces /a status"),
            ("/api/v1/nodes/n", "nodes /n "),
            ("/apis/coordination.k8s.io/v1/namespaces/a/leases/b", "leases a/b "),
            (
                "/apis/apps/v1/namespaces/a/deployments",
                "404 seaway sandbox does not serve apps/v1 deployments",
            ),
            ("/api/v1/namespaces/a/pods/b/log", "404 seaway sandbox does not serve v1 pods/log"),
            ("/api/v1/secrets", "404 seaway sandbox does not serve v1 secrets"),
            (
                "/api/v1/namespaces/a/services/b/scale",
                "404 the server could not find the requested resource",
            ),
        ] {
            assert_eq!(named(path), meant, "{path}");
        }
        for path in ["/", "/api/v1/services/a", "/api/v1/namespaces/a/nodes", "/nothing"] {
            assert_eq!(Target::parse(path).unwrap_err().code, 404, "{path}");
        }
    }
}
