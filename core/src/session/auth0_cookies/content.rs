//! From what the SDK keeps to a session.

use super::jwe::{Opened, seconds};
use crate::{
    crypto::Hashing,
    json::{Json, Object},
    secret::Secret,
    session::{KeptClaims, Session, SessionId, SessionPolicy, SessionTokens, UserClaims},
    time::UnixSeconds,
};
use alloc::{string::String, sync::Arc};

/// Version 3: when the session began, was used and ends stands in the header.
pub(super) fn v3(
    opened: &Opened,
    hash: &dyn Hashing,
    kept: &KeptClaims,
    now: UnixSeconds,
) -> Option<Session> {
    let Opened { header, content } = opened;
    let time = |name| seconds(header.get(name)).map(UnixSeconds);
    let (signed_in_at, used_at, end) = (time("iat")?, time("uat")?, time("exp")?);
    let times = Times { signed_in_at, used_at, end };
    let user = user(content)?;
    let tokens = Tokens {
        access_token: content.text("accessToken").ok()?,
        expires_at: content.get("accessTokenExpiresAt"),
        refresh_token: content.text("refreshToken").ok()?,
        id_token: content.text("idToken").ok()?,
    };
    let provider_session = user.text("sid").ok()?;
    session(hash, user, kept, provider_session, &tokens, times, now)
}

/// Version 4: when the session began stands under `internal`, and when it ends in `exp`. When it
/// was used last follows from the gate's own limit, as if that had been the SDK's.
pub(super) fn v4(
    opened: &Opened,
    hash: &dyn Hashing,
    kept: &KeptClaims,
    policy: SessionPolicy,
    now: UnixSeconds,
) -> Option<Session> {
    let Opened { header, content } = opened;
    if ["exp", "iat", "uat"].iter().any(|name| header.get(name).is_some()) {
        return None;
    }
    let user = user(content)?;
    let Some(Json::Object(internal)) = content.get("internal") else { return None };
    if ["mcd", "sessionExpiresAt"].iter().any(|name| !is_absent(internal.get(name))) {
        return None;
    }
    let Some(Json::Object(token_set)) = content.get("tokenSet") else { return None };
    let end = UnixSeconds(seconds(content.get("exp"))?);
    let signed_in_at = UnixSeconds(seconds(internal.get("createdAt"))?);
    let used_at = end.saturating_sub(policy.inactivity).min(now).max(signed_in_at);
    let tokens = Tokens {
        access_token: token_set.text("accessToken").ok()?,
        expires_at: token_set.get("expiresAt"),
        refresh_token: token_set.text("refreshToken").ok()?,
        id_token: token_set.text("idToken").ok()?,
    };
    let times = Times { signed_in_at, used_at, end };
    let provider_session = internal.text("sid").ok()?;
    session(hash, user, kept, provider_session, &tokens, times, now)
}

#[derive(Clone, Copy)]
struct Times {
    signed_in_at: UnixSeconds,
    used_at: UnixSeconds,
    end: UnixSeconds,
}

struct Tokens<'t> {
    access_token: Option<&'t str>,
    expires_at: Option<&'t Json>,
    refresh_token: Option<&'t str>,
    id_token: Option<&'t str>,
}

fn session(
    hash: &dyn Hashing,
    user: &Object,
    kept: &KeptClaims,
    provider_session: Option<&str>,
    tokens: &Tokens<'_>,
    times: Times,
    now: UnixSeconds,
) -> Option<Session> {
    let Times { signed_in_at, used_at, end } = times;
    if end <= now || used_at < signed_in_at {
        return None;
    }
    let secret = |text: Option<&str>| text.filter(|text| is_token(text)).map(Secret::new);
    let access_token = secret(tokens.access_token);
    // Without a token, or without a word about how long it lives, there is none that lives.
    let expires_at = match (&access_token, tokens.expires_at) {
        (Some(_), Some(expires_at)) => moment(expires_at)?,
        _ => UnixSeconds(0),
    };
    Some(Session {
        id: session_id(hash, user, provider_session, signed_in_at),
        // The SDK does not say. The gate knows.
        issuer: Arc::default(),
        user: UserClaims::of_id_token(user, kept),
        tokens: SessionTokens {
            generation: 0,
            access_token: access_token.unwrap_or_else(|| Secret::new("")),
            obtained_at: used_at,
            expires_at,
            refresh_token: secret(tokens.refresh_token),
            id_token: secret(tokens.id_token),
        },
        provider_session: provider_session.filter(|id| !id.is_empty()).map(String::from),
        signed_in_at,
        used_at,
    })
}

/// The number of a session: of whom it is and when it began, which stays the same however often the
/// SDK seals it anew. A copy of an earlier seal must not outlive a logout.
fn session_id(
    hash: &dyn Hashing,
    user: &Object,
    provider_session: Option<&str>,
    signed_in_at: UnixSeconds,
) -> SessionId {
    let subject = user.text("sub").ok().flatten().unwrap_or_default();
    let mut bytes = b"session of the Auth0 SDK".to_vec();
    bytes.extend_from_slice(&signed_in_at.0.to_be_bytes());
    // With its length before it, so that no two pairs give the same bytes.
    bytes.extend_from_slice(&(subject.len() as u64).to_be_bytes());
    bytes.extend_from_slice(subject.as_bytes());
    bytes.extend_from_slice(provider_session.unwrap_or_default().as_bytes());
    let hash = hash.sha256(&bytes);
    SessionId::from_bytes(*hash.first_chunk().unwrap_or(&[0; SessionId::LENGTH]))
}

/// The claims of somebody.
fn user(content: &Object) -> Option<&Object> {
    let Some(Json::Object(user)) = content.get("user") else { return None };
    user.required_text("sub").ok().filter(|subject| !subject.is_empty())?;
    Some(user)
}

/// Version 4 reads a moment that stands in a text too.
fn moment(value: &Json) -> Option<UnixSeconds> {
    match value {
        Json::Text(digits) => digits.parse().ok().map(UnixSeconds),
        value => seconds(Some(value)).map(UnixSeconds),
    }
}

fn is_absent(value: Option<&Json>) -> bool {
    matches!(value, None | Some(Json::Null))
}

/// Whether `text` can stand in a header field.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
