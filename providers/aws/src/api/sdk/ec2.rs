//! EC2, version 2016-11-15: a form goes in, XML comes out. What is sent is signed, limited and
//! sent by the SDK's runtime, with the credentials and the connections of the other service.

mod answer;
mod endpoint;
mod form;
mod groups;
mod permissions;
mod subnets;

use std::borrow::Cow;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;
use aws_types::region::SigningRegion;

use self::form::Form;
use super::connect::{no_credentials, region};
use super::refusal::{unanswered, unreadable};
use crate::api::{Answer, Fault};

/// The version of the API that is spoken.
const VERSION: &str = "2016-11-15";

/// A client of a few calls.
#[derive(Clone, Debug)]
pub(super) struct Ec2 {
    post: Operation<String, String, Fault>,
}

impl Ec2 {
    pub(super) async fn new(config: &SdkConfig) -> Result<Self, Fault> {
        let region = region(config)?;
        let endpoint = endpoint::of(config, region).await?;
        let client = config.http_client().ok_or_else(|| missing("HTTP client"))?;
        let limits = config.timeout_config().ok_or_else(|| missing("time limit"))?;
        let mut operation = Operation::builder()
            .service_name("EC2")
            .operation_name("Query")
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(client)
            .endpoint_url(&endpoint)
            .no_retry()
            .timeout_config(limits.clone())
            .with_connection_poisoning()
            .interceptor(UserAgentInterceptor::new())
            .runtime_plugin(signing(config, SigningRegion::from(region.clone()))?);
        if let Some(sleep) = config.sleep_impl() {
            operation = operation.sleep_impl(sleep);
        }
        if let Some(time) = config.time_source() {
            operation = operation.time_source(time);
        }
        Ok(Self { post: operation.serializer(request).deserializer(read).build() })
    }

    /// Makes a call; the XML of its answer.
    async fn call(&self, form: Form) -> Answer<String> {
        let error = match self.post.invoke(form.finish()).await {
            Ok(xml) => return Ok(xml),
            Err(error) => error,
        };
        Err(match error.as_service_error() {
            Some(refusal) => refusal.clone(),
            None => unanswered(&error),
        })
    }
}

/// How requests are signed, and what they say of who sends them.
fn signing(config: &SdkConfig, region: SigningRegion) -> Result<StaticRuntimePlugin, Fault> {
    let provider =
        config.credentials_provider().ok_or_else(|| no_credentials("nobody to ask for them"))?;
    let mut layer = Layer::new("ec2");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(region),
        name: Some(SigningName::from_static("ec2")),
        signing_options: SigningOptions::default(),
        ..SigV4OperationSigningConfig::default()
    });
    layer.store_put(ApiMetadata::new("ec2", VERSION));
    if let Some(name) = config.app_name() {
        layer.store_put(name.clone());
    }
    let mut components = RuntimeComponentsBuilder::new("ec2");
    components.set_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![
        SCHEME_ID,
    ])));
    components.push_auth_scheme(SigV4AuthScheme::new());
    components.set_identity_resolver(SCHEME_ID, provider);
    // With the cache of the other service, credentials are asked for once.
    components.set_identity_cache(config.identity_cache());
    Ok(StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components))
}

fn missing(what: &str) -> Fault {
    Fault::NotSent(format!("the configuration of AWS has no {what}"))
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn request(form: String) -> Result<HttpRequest, Error> {
    let mut request = HttpRequest::new(SdkBody::from(form));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().try_insert("content-type", "application/x-www-form-urlencoded")?;
    Ok(request)
}

fn read(response: &HttpResponse) -> Result<String, OrchestratorError<Fault>> {
    let status = response.status();
    let body = response.body().bytes().map(String::from_utf8_lossy).map(Cow::into_owned);
    let body = body.unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    let refusal = answer::refusal(&body);
    Err(OrchestratorError::operation(
        refusal
            .unwrap_or_else(|| unreadable(&format!("status {} without a code", status.as_u16()))),
    ))
}
