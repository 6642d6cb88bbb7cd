//! The authorization request (OpenID Connect Core 1.0 §3.1.2.1).

use super::ClientConfig;
use crate::{
    crypto::CryptoProvider, encoding, http::QueryWriter, issuer::ProviderMetadata,
    session::LoginTransaction,
};
use alloc::string::String;

/// Where a browser goes to sign in.
pub(crate) fn authorization_url(
    metadata: &ProviderMetadata,
    client: &ClientConfig,
    redirect_uri: &str,
    transaction: &LoginTransaction,
    crypto: &CryptoProvider,
) -> String {
    let verifier = transaction.code_verifier().expose();
    let challenge = encoding::encode(&crypto.hash.sha256(verifier.as_bytes()));
    let url = QueryWriter::for_url(metadata.authorization_endpoint().as_str())
        .pair("response_type", "code")
        .pair("client_id", &client.client_id)
        .pair("redirect_uri", redirect_uri)
        .pair("scope", &client.scope)
        .pair("state", transaction.state().expose())
        .pair("nonce", transaction.nonce().expose())
        .pair("code_challenge", &challenge)
        .pair("code_challenge_method", "S256");
    match &client.audience {
        Some(audience) => url.pair("audience", audience),
        None => url,
    }
    .finish()
}
