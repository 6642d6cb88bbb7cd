//! What Auth0 puts into an access token, for whoever wants it in a struct.

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "read for what reading costs")]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    aud: Vec<String>,
    iat: u64,
    exp: u64,
    scope: String,
    azp: String,
    permissions: Vec<String>,
}
