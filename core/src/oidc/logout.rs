//! Signing out at the provider (RP-Initiated Logout 1.0 §2).

use super::ClientConfig;
use crate::{http::QueryWriter, issuer::ProviderMetadata};
use alloc::string::String;

/// Where a browser goes to end its session at the provider, and comes back from to `target`;
/// `None` where the provider has no such place.
pub(crate) fn end_session_url(
    metadata: &ProviderMetadata,
    client: &ClientConfig,
    provider_session: Option<&str>,
    target: &str,
) -> Option<String> {
    let url = QueryWriter::for_url(metadata.end_session_endpoint()?.as_str())
        .pair("client_id", &client.client_id)
        .pair("post_logout_redirect_uri", target);
    let url = match provider_session {
        Some(id) => url.pair("logout_hint", id),
        None => url,
    };
    Some(url.finish())
}
