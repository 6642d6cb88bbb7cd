//! The guard of the demonstration's API, as it is configured.

use super::StartError;
use crate::settings::{ClientSettings, Settings};
use portcullis_core::{
    guard::{Guard, ProtectedResource, Requirement},
    issuer::{IssuerConfig, RefreshSettings},
    jwt::TokenPolicy,
};
use portcullis_hyper::crypto::AWS_LC;

pub(super) fn guard(settings: &Settings, client: &ClientSettings) -> Result<Guard, StartError> {
    let chosen = &settings.api;
    let policy = TokenPolicy::access_token([client.audience.as_str()])
        .and_then(|policy| policy.with_algorithms(chosen.algorithms.iter().copied()))
        .map_err(StartError::Audience)?
        .with_clock_tolerance(settings.gate.clock_tolerance);
    let mut builder = Guard::builder(policy);
    if !chosen.scopes.is_empty() {
        let scopes = chosen.scopes.iter().map(String::as_str);
        let requirement = Requirement::required_scopes(scopes).map_err(StartError::Requirement)?;
        builder = builder.require(requirement);
    }
    if chosen.has_metadata {
        let resource = ProtectedResource::new(&client.audience)
            .and_then(|resource| resource.authorization_servers([client.issuer.as_str()]))
            .and_then(|resource| {
                resource.scopes_supported(chosen.scopes.iter().map(String::as_str))
            })
            .map_err(StartError::Resource)?;
        builder = builder.protected_resource(resource);
    }
    builder.build().map_err(StartError::Guard)
}

/// The issuer, for the gate and the API.
pub(super) fn issuer(
    settings: &Settings,
    client: &ClientSettings,
) -> Result<IssuerConfig, StartError> {
    let refresh = RefreshSettings::default();
    let refresh = match settings.http_timeout {
        Some(timeout) => refresh.with_timeout(timeout),
        None => refresh,
    };
    IssuerConfig::new(&client.issuer)
        .map_err(StartError::Issuer)?
        .with_refresh(refresh)
        .with_algorithms(settings.algorithms(), &AWS_LC)
        .map_err(StartError::Algorithm)
}
