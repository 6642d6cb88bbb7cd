//! Where a browser goes to end its session at the provider.

use crate::{
    http::{Origin, QueryWriter, Url},
    issuer::ProviderMetadata,
    oidc::ClientConfig,
};
use alloc::string::String;

/// Where signing out goes on once the session here is over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProviderLogout {
    /// To the end-session endpoint that the provider names. Where it names none: to Auth0's
    /// `/v2/logout` if the issuer is below `auth0.com`, otherwise nowhere.
    #[default]
    Automatic,
    /// To the end-session endpoint that the provider names, or nowhere (RP-Initiated Logout 1.0
    /// §2).
    EndSession,
    /// To `/v2/logout` of the issuer, for tenants of Auth0 with a domain of their own.
    Auth0,
    /// Nowhere. The session at the provider goes on, so that the next sign-in may ask for nothing.
    Nowhere,
}

/// What a request to end the session at the provider says.
pub(crate) struct EndSession<'e> {
    pub(crate) client: &'e ClientConfig,
    /// The ID token of the session.
    pub(crate) id_token: Option<&'e str>,
    /// The `sid` of the session.
    pub(crate) provider_session: Option<&'e str>,
    /// Where the provider is to send the browser.
    pub(crate) target: &'e str,
    /// Whether Auth0 is to sign out of the identity provider behind it.
    pub(crate) federated: bool,
}

impl EndSession<'_> {
    /// Where the browser goes; `None` where the provider has no such place.
    pub(crate) fn url(
        &self,
        metadata: &ProviderMetadata,
        logout: ProviderLogout,
    ) -> Option<String> {
        match (logout, metadata.end_session_endpoint()) {
            (ProviderLogout::Automatic | ProviderLogout::EndSession, Some(endpoint)) => {
                Some(self.end_session(endpoint))
            }
            (ProviderLogout::Auth0, _) => self.auth0(&Url::parse(metadata.issuer()).ok()?),
            (ProviderLogout::Automatic, None) => {
                let issuer = Url::parse(metadata.issuer()).ok()?;
                if issuer.host().ends_with(".auth0.com") { self.auth0(&issuer) } else { None }
            }
            (ProviderLogout::EndSession | ProviderLogout::Nowhere, _) => None,
        }
    }

    fn end_session(&self, endpoint: &Url) -> String {
        let mut url = QueryWriter::for_url(endpoint.as_str())
            .pair("client_id", &self.client.client_id)
            .pair("post_logout_redirect_uri", self.target);
        if let Some(id_token) = self.id_token {
            url = url.pair("id_token_hint", id_token);
        }
        if let Some(id) = self.provider_session {
            url = url.pair("logout_hint", id);
        }
        if self.federated {
            url = url.pair("federated", "");
        }
        url.finish()
    }

    /// <https://auth0.com/docs/api/authentication/logout/auth-0-logout>
    fn auth0(&self, issuer: &Url) -> Option<String> {
        let url = QueryWriter::for_url(Origin::of(issuer).join("/v2/logout"))
            .pair("client_id", &self.client.client_id)
            .pair("returnTo", self.target);
        let url = if self.federated { url.pair("federated", "") } else { url };
        Some(url.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use alloc::format;

    fn url(issuer: &str, more: &str, logout: ProviderLogout, federated: bool) -> Option<String> {
        let document = format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}authorize",
            "token_endpoint":"{issuer}token","jwks_uri":"{issuer}jwks"{more}}}"#
        );
        let configured = Url::parse(issuer).unwrap();
        let metadata = ProviderMetadata::parse(document.as_bytes(), &configured, 4096).unwrap();
        let client = ClientConfig::new("c 1", Secret::new("s"), "https://app.example").unwrap();
        let request = EndSession {
            client: &client,
            id_token: Some("a.b.c"),
            provider_session: Some("s1"),
            target: "https://app.example",
            federated,
        };
        request.url(&metadata, logout)
    }

    const END_SESSION: &str = r#","end_session_endpoint":"https://op.example/out?x=y""#;
    const TO_END_SESSION: &str = "https://op.example/out?x=y&client_id=c%201&post_logout_redirect_uri=\
         https%3A%2F%2Fapp.example&id_token_hint=a.b.c&logout_hint=s1";
    const TO_AUTH0: &str =
        "https://t.eu.auth0.com/v2/logout?client_id=c%201&returnTo=https%3A%2F%2Fapp.example";

    #[test]
    fn goes_to_the_end_session_endpoint_where_there_is_one() {
        use ProviderLogout::{Auth0, Automatic, EndSession, Nowhere};
        let (op, tenant) = ("https://op.example/", "https://t.eu.auth0.com/");
        for (issuer, more, logout, expected) in [
            (op, END_SESSION, Automatic, Some(TO_END_SESSION)),
            (op, END_SESSION, EndSession, Some(TO_END_SESSION)),
            (op, END_SESSION, Nowhere, None),
            (op, "", Automatic, None),
            (op, "", EndSession, None),
            (tenant, "", Automatic, Some(TO_AUTH0)),
            (tenant, "", EndSession, None),
            (tenant, "", Auth0, Some(TO_AUTH0)),
            (tenant, END_SESSION, Auth0, Some(TO_AUTH0)),
            ("https://t.auth0.com.evil.example/", "", Automatic, None),
            ("https://evilauth0.com/", "", Automatic, None),
        ] {
            let found = url(issuer, more, logout, false);
            assert_eq!(found.as_deref(), expected, "{issuer} {logout:?}");
        }
        let own_domain = url("https://login.example/", "", Auth0, false).unwrap();
        assert!(own_domain.starts_with("https://login.example/v2/logout?"), "{own_domain}");
    }

    #[test]
    fn a_federated_sign_out_says_so() {
        let (tenant, automatic) = ("https://t.eu.auth0.com/", ProviderLogout::Automatic);
        for more in ["", END_SESSION] {
            assert!(url(tenant, more, automatic, true).unwrap().ends_with("&federated="));
        }
    }
}
