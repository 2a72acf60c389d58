use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::connect::no_credentials;
use crate::api::{Answer, Fault};

impl<E> From<SdkError<E, HttpResponse>> for Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        if let Some(refusal) = error.as_service_error()
            && let Some(code) = refusal.code()
        {
            return Self::refused(code, refusal.message().unwrap_or_default());
        }
        unanswered(&error)
    }
}

/// What an error means that is no answer of the service.
pub(super) fn unanswered<E>(error: &SdkError<E, HttpResponse>) -> Fault
where
    E: Error + Send + Sync + 'static,
{
    // A request is signed within the attempt to send it, so the SDK calls the lack of a signature a
    // failure to send.
    if causes(error).any(<dyn Error>::is::<CredentialsError>) {
        return no_credentials(&chain(error));
    }
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return Fault::NotSent(chain(error));
    }
    Fault::NoAnswer(chain(error))
}

/// An answer that can't be understood, though the call may have taken effect.
pub(super) fn unreadable(what: &str) -> Fault {
    Fault::NoAnswer(format!("the answer of AWS can't be read: {what}"))
}

/// Takes one of these codes as a success: what was to go is gone.
pub(super) fn gone(answer: Answer<()>, codes: &[&str]) -> Answer<()> {
    match answer {
        Err(fault) if fault.code().is_some_and(|code| codes.contains(&code)) => Ok(()),
        answer => answer,
    }
}

/// An error with its causes, on one line: the outermost alone says only "dispatch failure".
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join("; ").replace(":; ", ": ")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
