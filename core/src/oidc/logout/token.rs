//! What a logout token must be beyond a verified token (OpenID Connect Back-Channel Logout 1.0
//! §2.4, §2.6).

use crate::{
    json::Json,
    jwt::{TokenError, VerifiedToken},
};
use alloc::{borrow::ToOwned as _, string::String};
use core::fmt;

/// The member of `events` that makes a token one for logout.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The most bytes of a `jti`, a `sid` or a `sub`. OpenID Connect Core 1.0 §2 allows 255 for a
/// subject.
const MAX_NAME_LENGTH: usize = 512;

/// What a provider asks for by a logout token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LogoutOrder {
    pub(crate) sessions: OrderedSessions,
    /// `jti`
    pub(crate) token_id: String,
}

/// Which sessions are to end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum OrderedSessions {
    /// Those that come from the provider's session with this `sid`.
    Of {
        /// `sid`
        id: String,
        /// `sub`, where it is there too.
        subject: Option<String>,
    },
    /// All of the user with this `sub`.
    Subject(String),
}

impl LogoutOrder {
    /// Reads the claims of a token that the issuer has signed.
    pub(crate) fn read(token: &VerifiedToken, client_id: &str) -> Result<Self, LogoutTokenError> {
        let claims = token.claims();
        // A further audience is one that nobody here vouches for, as with ID tokens.
        if let Some(Json::Array(audiences)) = claims.get("aud")
            && audiences.iter().any(|audience| *audience != Json::from(client_id))
        {
            return Err(LogoutTokenError::Audience);
        }
        // An ID token has one, so that neither passes for the other.
        if claims.get("nonce").is_some() {
            return Err(LogoutTokenError::Nonce);
        }
        match claims.at(&["events", EVENT]) {
            Some(Json::Object(_)) => {}
            _ => return Err(LogoutTokenError::Events),
        }
        let name = |name| match claims.text(name) {
            Ok(Some(text)) if (1..=MAX_NAME_LENGTH).contains(&text.len()) => {
                Ok(Some(text.to_owned()))
            }
            Ok(None) => Ok(None),
            _ => Err(LogoutTokenError::Name(name)),
        };
        let token_id = name("jti")?.ok_or(LogoutTokenError::Name("jti"))?;
        let sessions = match (name("sid")?, name("sub")?) {
            (Some(id), subject) => OrderedSessions::Of { id, subject },
            (None, Some(subject)) => OrderedSessions::Subject(subject),
            (None, None) => return Err(LogoutTokenError::Nobody),
        };
        Ok(Self { sessions, token_id })
    }
}

/// Which rule a logout token breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LogoutTokenError {
    /// `aud` names somebody else too.
    Audience,
    /// `events` has no object for a back-channel logout.
    Events,
    /// `jti`, `sid` or `sub` is empty, too long or no string, or `jti` is absent.
    Name(&'static str),
    /// Neither `sid` nor `sub` says whose session is to end.
    Nobody,
    /// There is a `nonce`.
    Nonce,
    /// The token was sent before.
    Replayed,
    /// A rule for every token.
    Token(TokenError),
}

impl From<TokenError> for LogoutTokenError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl fmt::Display for LogoutTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Audience => f.write_str("aud names somebody else too"),
            Self::Events => f.write_str("events says nothing of a back-channel logout"),
            Self::Name(name) => write!(f, "{name} is absent, empty, too long or no string"),
            Self::Nobody => f.write_str("neither sid nor sub says whose session is to end"),
            Self::Nonce => f.write_str("there is a nonce"),
            Self::Replayed => f.write_str("the token was sent before"),
            Self::Token(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for LogoutTokenError {}
