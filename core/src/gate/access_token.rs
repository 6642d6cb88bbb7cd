//! The access token route, which hands the session's access token to scripts of the application.
//!
//! It is off unless the configuration switches it on: with it, a script that somebody smuggles into
//! a page can carry the token away. A gate that forwards needs it for nothing.

use super::{Answer, AnswerReason, Gate, pages, route::TOKEN_MARGIN};
use crate::{
    flow::Context,
    http::{Cookies, RequestHead, Response},
    json::{Json, Object},
    session::{HeldCookies, Session},
    time::UnixSeconds,
};

impl Gate {
    /// The access token of the session with the time that it has left. Only the application's own
    /// scripts get it: the browser must say that the request is theirs.
    pub(super) fn access_token(
        &self,
        request: &RequestHead<'_>,
        cookies: Cookies<'_>,
        context: &Context<'_>,
    ) -> Answer {
        if !is_from_own_script(request) {
            return pages::forged();
        }
        let now = context.now.unix;
        let found = self.find_session(cookies, context);
        if let Some(response) = found.session.as_ref().and_then(|session| token(session, now)) {
            return response.into();
        }
        // A session whose token has expired stays.
        let held = if found.session.is_some() { HeldCookies::default() } else { found.held };
        let mut response = pages::unauthorized();
        self.remove_session(held, &mut response.headers);
        Answer::new(response, AnswerReason::NotSignedIn)
    }
}

fn token(session: &Session, now: UnixSeconds) -> Option<Response> {
    let token = session.live_access_token(now, TOKEN_MARGIN)?;
    let expires_at = session.access_token_expires_at();
    let mut answer = Object::default();
    answer.insert("token", Json::from(token.expose()));
    answer.insert("token_type", Json::from("Bearer"));
    answer.insert("expires_at", Json::Unsigned(expires_at.0));
    answer.insert("expires_in", Json::Unsigned(expires_at.since(now)));
    Some(Response::with_body(200, "application/json", answer.to_json()))
}

/// Whether a script of the application's own pages asks (fetch metadata). A navigation, an image or
/// a frame is none, and neither is a client that does not say.
fn is_from_own_script(request: &RequestHead<'_>) -> bool {
    let mode = request.header("sec-fetch-mode").text();
    request.header("sec-fetch-site").text() == Some("same-origin")
        && matches!(mode, Some("cors" | "same-origin"))
}
