//! Giving a refresh token back (RFC 7009).

use crate::{
    entropy::Entropy,
    http::{FetchLimits, Outbound, QueryWriter},
    issuer::ProviderMetadata,
    oidc::{ClientConfig, client_authentication::EndpointForm},
    secret::Secret,
    time::UnixSeconds,
};
use core::time::Duration;

/// Somebody waits for the page behind it, and nobody reads the answer.
const LONGEST: FetchLimits = FetchLimits { deadline: Duration::from_secs(3), max_body: 16 * 1024 };

/// The request that revokes `refresh_token`, and with it what was made from it (RFC 7009 §2.1);
/// `None` where the provider has no place for it, or this client cannot prove who it is. It has the
/// time that other requests to the provider have, and never more than 3 s.
pub(crate) fn revocation_request(
    metadata: &ProviderMetadata,
    client: &ClientConfig,
    refresh_token: &Secret,
    now: UnixSeconds,
    entropy: &mut dyn Entropy,
) -> Option<Outbound> {
    let form = QueryWriter::form()
        .pair("token", refresh_token.expose())
        .pair("token_type_hint", "refresh_token");
    let endpoint = metadata.revocation_endpoint()?;
    let form = EndpointForm { endpoint, form, names_client: false };
    let request = form.authenticated(client, metadata, now, entropy).ok()?;
    let deadline = request.limits.deadline.min(LONGEST.deadline);
    Some(Outbound { limits: FetchLimits { deadline, ..LONGEST }, ..request })
}
