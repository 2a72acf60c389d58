use google_cloud_compute_v1::model::Operation;
use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::StatusDetails;

use crate::api::{Answer, Fault, Name};

const NO_CREDENTIALS: &str = "there are no Google Cloud credentials: give the pod a service \
     account (Workload Identity), run on an instance that has one, or set \
     GOOGLE_APPLICATION_CREDENTIALS to the path of a credentials file";

/// What an error of the library means.
pub(super) fn fault(error: &Error) -> Fault {
    if error.is_authentication() {
        return no_credentials(&chain(error));
    }
    if error.is_serialization() || error.is_binding() {
        return Fault::NotSent(chain(error));
    }
    // Without a status that could be read the answer is not Compute Engine's, but that of something
    // on the way: its 404 says nothing.
    let (Some(status), Some(told)) = (error.http_status_code(), error.status()) else {
        return Fault::NoAnswer(chain(error));
    };
    let reason = told.details.iter().find_map(|detail| {
        let StatusDetails::ErrorInfo(info) = detail else { return None };
        Some(info.reason.as_str()).filter(|reason| !reason.is_empty())
    });
    Fault::refused(status, reason.unwrap_or_else(|| generic(status)), &told.message)
}

/// Whether nobody knows if a call took effect.
pub(super) fn is_unanswered(error: &Error) -> bool {
    match fault(error) {
        Fault::NoAnswer(_) => true,
        Fault::Refused { status, .. } => status >= 500,
        Fault::NotSent(_) => false,
    }
}

/// What calls fail with that can't be signed.
pub(super) fn no_credentials(why: &str) -> Fault {
    Fault::NotSent(format!("{NO_CREDENTIALS} ({why})"))
}

/// How an operation ended.
pub(super) fn outcome(operation: &Operation) -> Answer<()> {
    let errors = operation.error.as_ref().map_or(&[][..], |error| &error.errors);
    let status = operation.http_error_status_code.and_then(|it| u16::try_from(it).ok());
    if operation.error.is_none() && status.is_none_or(|status| status < 400) {
        return Ok(());
    }
    let status = status.unwrap_or(0);
    let reason = errors.iter().find_map(|error| error.code.as_deref());
    let mut messages: Vec<&str> =
        errors.iter().filter_map(|error| error.message.as_deref()).collect();
    if messages.is_empty() {
        messages.extend(operation.http_error_message.as_deref());
    }
    Err(Fault::refused(status, reason.unwrap_or_else(|| generic(status)), messages.join("; ")))
}

/// What was read; none where there is nothing of that name.
pub(super) fn found<T>(answer: Result<T, Error>) -> Answer<Option<T>> {
    let error = match answer {
        Ok(it) => return Ok(Some(it)),
        Err(error) => error,
    };
    let fault = fault(&error);
    if matches!(fault, Fault::Refused { status: 404, .. }) { Ok(None) } else { Err(fault) }
}

/// What was read, in our words.
pub(super) fn ours<T>(name: &Name, read: Option<T>) -> Answer<T> {
    read.ok_or_else(|| {
        Fault::refused(409, "foreignShape", format!("the {name} exists, and is none of ours"))
    })
}

/// What an update can't do.
pub(super) fn fixed(what: &str) -> Fault {
    Fault::refused(400, "invalid", format!("{what} can't be changed"))
}

/// The reason where Google gave none.
const fn generic(status: u16) -> &'static str {
    match status {
        400 => "badRequest",
        401 => "authError",
        403 => "forbidden",
        404 => "notFound",
        409 => "conflict",
        412 => "conditionNotMet",
        429 => "rateLimitExceeded",
        500.. => "backendError",
        _ => "unknown",
    }
}

/// An error with its causes, on one line.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&error| error.source()) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}
