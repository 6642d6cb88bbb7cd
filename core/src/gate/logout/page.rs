//! The page that asks whether to sign out.

use crate::{
    gate::document::{self, Forms, escape},
    http::Response,
};
use alloc::format;

/// A page with a form that posts to `action`.
pub(super) fn confirm(action: &str) -> Response {
    let action = escape(action);
    let content = format!(
        "<p>Do you want to sign out?</p>\n\
         <form method=\"post\" action=\"{action}\">\n\
         <button type=\"submit\">Sign out</button>\n</form>\n\
         <p><a href=\"/\">Stay signed in</a></p>\n"
    );
    document::page(200, "Sign out", &content, Forms::ToGate)
}
