use aws_config::{Region, SdkConfig};
use aws_sdk_elasticloadbalancingv2::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::service_config::ServiceConfigKey;

use crate::api::Fault;
use crate::api::sdk::refusal::chain;

/// Where EC2 is: where the configuration says, by the same rules as for any client of the SDK, or
/// else beside the other service.
pub(super) async fn of(config: &SdkConfig, region: &Region) -> Result<String, Fault> {
    match told(config) {
        Some(endpoint) => Ok(endpoint),
        None => beside(config, region).await,
    }
}

/// What a caller says counts most, then `AWS_ENDPOINT_URL_EC2`, then `AWS_ENDPOINT_URL`; likewise
/// in a profile.
fn told(config: &SdkConfig) -> Option<String> {
    let of_all = config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return of_all;
    }
    let key = ServiceConfigKey::builder()
        .service_id("EC2")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    config.service_config().and_then(|own| own.load_config(key.ok()?)).or(of_all)
}

/// Both services have their endpoints alike, so the SDK's rules for the one say which partition the
/// region is of, and what FIPS and IPv6 make of the name.
async fn beside(config: &SdkConfig, region: &Region) -> Result<String, Fault> {
    let params = Params::builder()
        .region(region.to_string())
        .use_fips(config.use_fips().unwrap_or_default())
        .use_dual_stack(config.use_dual_stack().unwrap_or_default())
        .build()
        .map_err(|error| unknown(region, &error))?;
    let endpoint = DefaultResolver::new();
    let endpoint = ResolveEndpoint::resolve_endpoint(&endpoint, &params).await;
    let endpoint = endpoint.map_err(|error| unknown(region, error.as_ref()))?;
    Ok(endpoint.url().replacen("elasticloadbalancing", "ec2", 1))
}

fn unknown(region: &Region, error: &(dyn std::error::Error + 'static)) -> Fault {
    Fault::NotSent(format!("AWS has no endpoint in {region}: {}", chain(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(region: &'static str, fips: bool, dual_stack: bool, expected: &str) {
        let config = SdkConfig::builder().use_fips(fips).use_dual_stack(dual_stack).build();
        let found = of(&config, &Region::new(region)).await;
        assert_eq!(found.as_deref(), Ok(expected));
    }

    #[tokio::test]
    async fn every_partition_has_its_own_domain() {
        check("eu-west-1", false, false, "https://ec2.eu-west-1.amazonaws.com").await;
        check("cn-north-1", false, false, "https://ec2.cn-north-1.amazonaws.com.cn").await;
        check("us-gov-west-1", false, false, "https://ec2.us-gov-west-1.amazonaws.com").await;
        check("us-iso-east-1", false, false, "https://ec2.us-iso-east-1.c2s.ic.gov").await;
    }

    #[tokio::test]
    async fn fips_and_ipv6_have_names_of_their_own() {
        check("us-east-1", true, false, "https://ec2-fips.us-east-1.amazonaws.com").await;
        check("us-east-1", false, true, "https://ec2.us-east-1.api.aws").await;
    }

    #[tokio::test]
    async fn what_a_caller_says_counts() {
        let config = SdkConfig::builder().endpoint_url("http://127.0.0.1:4566").build();
        let found = of(&config, &Region::new("eu-west-1")).await;
        assert_eq!(found.as_deref(), Ok("http://127.0.0.1:4566"));
    }
}
