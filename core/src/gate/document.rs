//! What the gate's pages for people have in common. They are readable on a phone and in the dark, load
//! nothing, and allow nothing but their own style (Content Security Policy level 3 §2.4).

use crate::http::{FieldText, Response};
use alloc::{format, string::String};

const STYLE: &str = ":root{color-scheme:light dark}\
    body{margin:0;padding:2rem 1.25rem;font:1rem/1.6 system-ui,sans-serif}\
    main{max-width:34rem;margin:8vh auto 0}\
    h1{margin:0 0 .75rem;font-size:1.8rem;line-height:1.2}\
    button{padding:.5rem 1.1rem;font:inherit;font-weight:600;cursor:pointer}\
    small{opacity:.75}";

/// The hash of [`STYLE`], which stands for it in the policy.
const STYLE_HASH: &str = "sha256-cJqOpHItQsv+XY4y5hBaxSFIKPPry7hSulptzS9IZR8=";

/// What forms there are on a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Forms {
    /// None, and nothing says where a visitor of its links comes from.
    None,
    /// One that is sent to the gate. It has to say where it comes from, so the referrer is not taken
    /// away altogether (Fetch §3.1). Where the answer may lead is left open: some browsers hold
    /// redirects to that as well, and this one leads on to the provider.
    ToGate,
}

/// A page with this title, which is its heading too. `content` is HTML: what is not constant in it
/// went through [`escape`]. No other site may frame it, or a click could be stolen.
pub(super) fn page(status: u16, title: &'static str, content: &str, forms: Forms) -> Response {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n{content}</main>\n</body>\n</html>\n"
    );
    let (form_action, referrer) = match forms {
        Forms::None => ("; form-action 'none'", "no-referrer"),
        Forms::ToGate => ("", "same-origin"),
    };
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; frame-ancestors 'none'; \
         base-uri 'none'{form_action}"
    );
    let mut response = Response::with_body(status, "text/html; charset=utf-8", body);
    response.headers.append("content-security-policy", FieldText::lossy(policy));
    response.headers.append("x-frame-options", FieldText::constant("DENY"));
    response.headers.append("referrer-policy", FieldText::constant(referrer));
    response
}

/// `text` so that it is only text in HTML, in quoted attribute values too.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::RUSTCRYPTO;
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    /// L10: nothing runs on a page, and no style but the gate's own is applied.
    #[test]
    fn the_policy_allows_the_style_and_nothing_else() {
        let hash = STANDARD.encode(RUSTCRYPTO.hash.sha256(STYLE.as_bytes()));
        assert_eq!(STYLE_HASH, format!("sha256-{hash}"));
        for (forms, ending) in [
            (Forms::None, "; base-uri 'none'; form-action 'none'"),
            (Forms::ToGate, "; base-uri 'none'"),
        ] {
            let page = page(200, "Title", "<p>Text</p>\n", forms);
            assert!(page.body.contains(&format!("<style>{STYLE}</style>")));
            let policy = page.headers.get("content-security-policy").unwrap();
            let start =
                format!("default-src 'none'; style-src '{STYLE_HASH}'; frame-ancestors 'none'");
            assert_eq!(policy, format!("{start}{ending}"));
        }
    }

    #[test]
    fn what_is_escaped_is_text() {
        assert_eq!(
            escape(r#"<a href="x" id='y'>&"#),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;"
        );
    }
}
