//! The profile route: who is signed in.

use super::{Answer, AnswerReason, Gate, pages};
use crate::{
    flow::Context,
    http::{Cookies, Response},
};

/// What the profile route answers where nobody is signed in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SignedOutProfile {
    /// 204: it is no error to be nobody.
    #[default]
    NoContent,
    /// 401, as version 4 of the Auth0 SDK does.
    Unauthorized,
}

impl Gate {
    /// The user's claims, as the session has them. No token is among them.
    pub(super) fn profile(&self, cookies: Cookies<'_>, context: &Context<'_>) -> Answer {
        let found = self.find_session(cookies, context);
        if let Some(session) = found.session {
            // No `<`, so that no browser takes it for a page.
            let claims = session.user().to_json().replace('<', "\\u003c");
            return Response::with_body(200, "application/json", claims).into();
        }
        let mut response = match self.0.signed_out_profile {
            SignedOutProfile::NoContent => Response::empty(204),
            SignedOutProfile::Unauthorized => pages::unauthorized(),
        };
        self.remove_session(found.held, &mut response.headers);
        Answer::new(response, AnswerReason::NotSignedIn)
    }
}
