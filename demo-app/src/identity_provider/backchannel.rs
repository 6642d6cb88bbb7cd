//! Telling clients that a session is over (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.5).

use serde::Serialize;
use serde_json::{Value, json};

use super::IdentityProvider;
use super::keys::TokenType;
use super::session::Session;
use crate::random::random_text;

/// A form that a client is to be sent, before the browser that signed out is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutNotice {
    /// Where to.
    pub address: String,
    /// The form, with the logout token.
    pub form: String,
}

/// The notices that go with a response, in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutNotices(pub Vec<LogoutNotice>);

#[derive(Serialize)]
struct LogoutTokenClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
    sid: &'a str,
    events: Value,
}

impl IdentityProvider {
    /// A notice for each client that took part in one of the `ended` sessions and wants to know.
    pub(super) fn logout_notices(&self, ended: &[Session], now: u64) -> LogoutNotices {
        let notices = ended.iter().flat_map(|session| {
            session.clients.iter().filter_map(move |client_id| {
                let address = self.client(client_id)?.backchannel_logout_uri()?.to_owned();
                let token = self.logout_token(client_id, session, now)?;
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("logout_token", &token)
                    .finish();
                Some(LogoutNotice { address, form })
            })
        });
        LogoutNotices(notices.collect())
    }

    fn logout_token(&self, client_id: &str, session: &Session, now: u64) -> Option<String> {
        let claims = LogoutTokenClaims {
            iss: self.issuer(),
            sub: session.user.subject(),
            aud: client_id,
            iat: now,
            exp: now.saturating_add(LIFETIME),
            jti: random_text().ok()?,
            sid: &session.session_id,
            events: json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
        };
        self.with_keys(|keys| keys.sign(TokenType::Logout, &claims)).ok()
    }
}

/// The standard asks for two minutes at most.
const LIFETIME: u64 = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity_provider::test_support::*;

    /// The notices that signing out leads to, once the client has signed in.
    fn notices(provider: &IdentityProvider, cookie: &str) -> Vec<LogoutNotice> {
        let response = get_with_cookie(provider, "/logout", cookie, now());
        response.extensions().get().map(|LogoutNotices(notices)| notices.clone()).unwrap()
    }

    #[test]
    fn tells_the_clients_that_took_part() {
        let provider = provider();
        let signed_in = sign_in(&provider, &[]);
        let cookie = cookie(&signed_in);
        let code = location_parameter(&signed_in, "code").unwrap();
        let id_token = body_json(&redeem(&provider, &code, &[], now()))["id_token"].clone();
        let notices = notices(&provider, &cookie);
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].address, BACKCHANNEL_LOGOUT_URI);
        let token = notices[0].form.strip_prefix("logout_token=").unwrap();
        let read = |kind, token: &str| {
            provider.with_keys(|keys| keys.verify::<Value>(kind, token)).unwrap()
        };
        let claims = read(TokenType::Logout, token);
        let id_claims = read(TokenType::Id, id_token.as_str().unwrap());
        for name in ["iss", "aud", "sub", "sid"] {
            assert_eq!(claims[name], id_claims[name], "{name}");
        }
        assert!(claims["jti"].as_str().unwrap().len() >= 22);
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), LIFETIME);
        assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
        assert_eq!(claims.get("nonce"), None);
    }

    #[test]
    fn tells_nobody_who_did_not_take_part_or_does_not_want_to_know() {
        let provider = provider();
        assert_eq!(notices(&provider, "portcullis_dev_idp=none"), []);
        let other = sign_in(&provider, &[("client_id", OTHER_CLIENT_ID)]);
        assert_eq!(notices(&provider, &cookie(&other)), []);
    }
}
