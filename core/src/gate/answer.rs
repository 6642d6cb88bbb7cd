//! The gate's own answers, and why it gives them.

use super::{BackchannelLogoutError, Malformed};
use crate::{
    http::Response,
    oidc::{CallbackError, LoginError},
    rewrite::RouteError,
};
use core::fmt;

/// An answer of the gate's own.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What the client gets.
    pub response: Response,
    /// Why, for logs and counters.
    pub reason: AnswerReason,
}

impl Answer {
    pub(super) const fn new(response: Response, reason: AnswerReason) -> Self {
        Self { response, reason }
    }
}

/// What a route of the gate's own answers when it does what it is there for.
impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::new(response, AnswerReason::OwnRoute)
    }
}

impl From<Malformed> for Answer {
    fn from(malformed: Malformed) -> Self {
        Self::new(malformed.response(), AnswerReason::Malformed(malformed))
    }
}

/// Why the gate answers a request itself. Nothing in it is a client's or a provider's text, so it
/// may stand in logs, and [`code`](Self::code) may name a counter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AnswerReason {
    /// A back-channel logout is refused.
    BackchannelLogout(BackchannelLogoutError),
    /// A login did not end in a session.
    Callback(CallbackError),
    /// The callback of a login that is over came once more, and led where the login did.
    CallbackReplayed,
    /// The browser sends more cookies than can be taken. 431.
    CookiesTooLarge,
    /// Another site caused the request. 403.
    CrossSite,
    /// The random generator or the crypto provider failed, or a rule made a URL that is none, which
    /// no rule that builds should. 500.
    Internal,
    /// A login did not start.
    Login(LoginError),
    /// The request was refused before any rule was asked.
    Malformed(Malformed),
    /// One of the gate's own routes was asked with a method that it does not have. 405.
    Method,
    /// A login that was to show nothing found nobody signed in at the provider.
    NobodyAtProvider,
    /// There is no such route below the gate's own. 404.
    NoSuchRoute,
    /// A guarded request without a session: 401, or the way to the sign-in page.
    NotSignedIn,
    /// One of the gate's own routes did what it is there for.
    OwnRoute,
    /// A browser looked ahead at a route that does something. 204.
    Prefetch,
    /// A rule applies whose destination cannot be filled in. 400.
    Rewrite(RouteError),
    /// The access token of a session has expired, and there is no new one at the moment. 503.
    TokensUnavailable,
}

impl AnswerReason {
    /// A stable name for counters, one of a fixed set. The name of a login that failed is the code
    /// that its page shows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BackchannelLogout(_) => "backchannel_logout",
            Self::Callback(error) => error.code(),
            Self::CallbackReplayed => "callback_replayed",
            Self::CookiesTooLarge => "cookies_too_large",
            Self::CrossSite => "cross_site_request",
            Self::Internal => "internal",
            Self::Login(error) => error.code(),
            Self::Malformed(malformed) => malformed.code(),
            Self::Method => "method_not_allowed",
            Self::NobodyAtProvider => "nobody_at_provider",
            Self::NoSuchRoute => "not_found",
            Self::NotSignedIn => "not_authenticated",
            Self::OwnRoute => "own_route",
            Self::Prefetch => "prefetch",
            Self::Rewrite(_) => "rewrite",
            Self::TokensUnavailable => "tokens_unavailable",
        }
    }

    /// Whether the answer is part of everyday life, rather than a request or a login that went
    /// wrong.
    #[must_use]
    pub const fn is_ordinary(self) -> bool {
        matches!(
            self,
            Self::CallbackReplayed
                | Self::NobodyAtProvider
                | Self::NotSignedIn
                | Self::OwnRoute
                | Self::Prefetch
        )
    }
}

impl fmt::Display for AnswerReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BackchannelLogout(error) => {
                write!(f, "a back-channel logout is refused: {error}")
            }
            Self::Callback(error) => write!(f, "a login failed: {error}"),
            Self::CallbackReplayed => f.write_str("the callback of a login that is over"),
            Self::CookiesTooLarge => {
                f.write_str("the browser sends more cookies than can be taken")
            }
            Self::CrossSite => f.write_str("another site caused the request"),
            Self::Internal => {
                f.write_str("the random generator, the crypto provider or a rule failed")
            }
            Self::Login(error) => write!(f, "a login did not start: {error}"),
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::Method => f.write_str("the route does not have the method"),
            Self::NobodyAtProvider => f.write_str("nobody is signed in at the provider"),
            Self::NoSuchRoute => f.write_str("the gate has no such route"),
            Self::NotSignedIn => f.write_str("nobody is signed in"),
            Self::OwnRoute => f.write_str("one of the gate's own routes"),
            Self::Prefetch => f.write_str("the browser looks ahead"),
            Self::Rewrite(error) => error.fmt(f),
            Self::TokensUnavailable => f.write_str("there is no access token at the moment"),
        }
    }
}
