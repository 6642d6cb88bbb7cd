//! The page that asks whether to sign out.

use crate::{
    gate::pages::escape,
    http::{FieldText, Response},
};
use alloc::format;

/// A page with a form that posts to `action`.
///
/// No other site may frame it, or a click could be stolen. The form has to say where it comes from,
/// so the referrer is not taken away altogether (Fetch §3.1). Its policy says nothing about where forms
/// lead: some browsers hold redirects to that as well, and this one leads on to the provider.
pub(super) fn confirm(action: &str) -> Response {
    let action = escape(action);
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Sign out</title>\n</head>\n<body>\n<main>\n<h1>Sign out</h1>\n\
         <p>Do you want to sign out?</p>\n\
         <form method=\"post\" action=\"{action}\">\n\
         <button type=\"submit\">Sign out</button>\n</form>\n\
         <p><a href=\"/\">Stay signed in</a></p>\n</main>\n</body>\n</html>\n"
    );
    let mut response = Response::with_body(200, "text/html; charset=utf-8", body);
    let policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";
    response.headers.append("content-security-policy", FieldText::constant(policy));
    response.headers.append("x-frame-options", FieldText::constant("DENY"));
    response.headers.append("referrer-policy", FieldText::constant("same-origin"));
    response
}
