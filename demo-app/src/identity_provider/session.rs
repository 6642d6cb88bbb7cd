//! The provider's own sessions: who signed in at this browser.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response};

use super::expiring::ExpiringMap;
use super::user::UserName;
use crate::responses;

/// A sign-in that is still good.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) user: UserName,
    /// The `auth_time` claim, in seconds since 1970.
    pub(super) authenticated_at: u64,
    /// The `sid` claim, by which clients know the session; it opens nothing.
    pub(super) session_id: String,
    /// The clients that it let in.
    pub(super) clients: BTreeSet<String>,
}

/// Sessions by the value of their cookie.
pub(super) struct Sessions(ExpiringMap<Session>);

impl Sessions {
    pub(super) fn start(&mut self, cookie: String, session: Session, now: u64) {
        self.0.insert(cookie, session, now);
    }

    pub(super) fn of(&self, request: &Request<Bytes>, now: u64) -> Option<&Session> {
        cookie_values(request).find_map(|value| self.0.get(value, now))
    }

    /// Notes that the session `session_id` let a client in.
    pub(super) fn join(&mut self, session_id: &str, client_id: &str) {
        let mut sessions = self.0.values_mut();
        if let Some(session) = sessions.find(|session| session.session_id == session_id) {
            session.clients.insert(client_id.to_owned());
        }
    }

    /// Ends the browser's sessions, and returns them.
    pub(super) fn end(&mut self, request: &Request<Bytes>) -> Vec<Session> {
        cookie_values(request).filter_map(|value| self.0.remove(value)).collect()
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self(ExpiringMap::new(MAXIMUM, LIFETIME))
    }
}

/// Gives the browser its session. The cookie is not `Secure`, for the provider is reached over
/// loopback alone, without TLS.
pub(super) fn with_cookie(response: Response<Bytes>, value: &str) -> Option<Response<Bytes>> {
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={LIFETIME}; HttpOnly; SameSite=Lax");
    let cookie = HeaderValue::try_from(cookie).ok()?;
    Some(responses::with_header(response, header::SET_COOKIE, cookie))
}

/// Takes the session's cookie out of the browser.
pub(super) fn without_cookie(response: Response<Bytes>) -> Response<Bytes> {
    let cookie =
        HeaderValue::from_static("portcullis_dev_idp=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    responses::with_header(response, header::SET_COOKIE, cookie)
}

fn cookie_values(request: &Request<Bytes>) -> impl Iterator<Item = &str> {
    request
        .headers()
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(name, value)| (name == COOKIE).then_some(value))
}

const COOKIE: &str = "portcullis_dev_idp";
const LIFETIME: u64 = 8 * 60 * 60;
const MAXIMUM: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_its_cookie_among_others() {
        let request = Request::builder()
            .header(header::COOKIE, "a=b; portcullis_dev_idp=x;c")
            .header(header::COOKIE, "portcullis_dev_idp=y; portcullis_dev_idp2=z")
            .header(header::COOKIE, HeaderValue::from_bytes(b"portcullis_dev_idp=\xff").unwrap())
            .body(Bytes::new())
            .unwrap();
        assert_eq!(cookie_values(&request).collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn clears_the_cookie_that_it_sets() {
        let set = with_cookie(Response::new(Bytes::new()), "v").unwrap();
        let cleared = without_cookie(Response::new(Bytes::new()));
        let name = |response: &Response<Bytes>| {
            let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
            cookie.split_once('=').unwrap().0.to_owned()
        };
        assert_eq!(name(&set), name(&cleared));
    }
}
