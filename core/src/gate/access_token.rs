//! The access token route, which hands the session's access token to scripts of the application.
//!
//! It is off unless the configuration switches it on: with it, a script that somebody smuggles into
//! a page can carry the token away. A gate that forwards needs it for nothing.

use super::{Gate, GateFlow, guarded::Onward, pages, respond};
use crate::{
    flow::{Context, Step},
    http::{RequestHead, Response},
    json::{Json, Object},
    path::RequestTarget,
    session::Session,
    time::UnixSeconds,
};

impl Gate {
    /// The access token of the session, refreshed where that is due. Only the application's own
    /// scripts get it: the browser must say that the request is theirs.
    pub(super) fn hand_out_access_token(
        &self,
        target: &RequestTarget<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        if is_from_own_script(request) {
            self.guarded(Onward::HandOut, target, request, context)
        } else {
            respond(pages::forged())
        }
    }
}

/// The answer with the access token, if that lives for long enough.
pub(super) fn answer(session: &Session, now: UnixSeconds) -> Option<Response> {
    let token = session.access_token(now)?;
    let expires_at = session.tokens.expires_at;
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
