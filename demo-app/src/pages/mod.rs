//! The pages of the front end.
//!
//! Whether a page may be seen was decided by the gate before a request comes here; a page only
//! shows who is signed in. Every page allows itself nothing but its own origin (Content Security
//! Policy level 3), so styles and scripts are files of their own.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri};

use crate::html::Escaped;
use crate::responses::{self, PagePolicy};
use portcullis_core::gate::{GateRoute, GateRoutes};

/// Who is signed in, as the session knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserProfile {
    /// The `sub` claim.
    pub subject: String,
    /// The `name` claim.
    pub name: Option<String>,
    /// The `email` claim.
    pub email: Option<String>,
}

/// Where the gate signs people in and out, and says who they are.
#[derive(Clone, Debug)]
pub struct AccountLinks {
    login: String,
    logout: String,
    profile: String,
}

impl AccountLinks {
    /// Where a gate with these routes does so.
    #[must_use]
    pub fn of(routes: &GateRoutes) -> Self {
        let path = |route| routes.path(route).to_owned();
        Self {
            login: path(GateRoute::Login),
            logout: path(GateRoute::Logout),
            profile: path(GateRoute::Profile),
        }
    }

    /// The address that signs somebody in and comes back to `here`.
    fn login(&self, here: &str) -> String {
        let here: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
        format!("{}?returnTo={here}", self.login)
    }
}

/// Whether there is a page or a file at `path`.
#[must_use]
pub fn serves(path: &str) -> bool {
    Page::at(path).is_some() || path.starts_with("/assets/")
}

/// Where the pages are.
pub fn paths() -> impl Iterator<Item = &'static str> {
    Page::NAVIGATION.into_iter().map(Page::path)
}

/// Answers a request for a page or for one of the files that pages use.
#[must_use]
pub fn handle(
    request: &Request<Bytes>,
    user: Option<&UserProfile>,
    links: &AccountLinks,
) -> Response<Bytes> {
    let uri = request.uri();
    let response = match Page::at(uri.path()) {
        Some(page) => page.response(uri, user, links),
        None => match uri.path() {
            "/assets/app.css" => responses::asset("text/css; charset=utf-8", APP_CSS),
            "/assets/app.js" => responses::asset("text/javascript; charset=utf-8", APP_JS),
            "/assets/icon.svg" => responses::asset("image/svg+xml", ICON_SVG),
            _ => return Page::NotFound.response(uri, user, links),
        },
    };
    if responses::is_read(request) {
        response
    } else {
        let refusal = responses::text(
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain; charset=utf-8",
            "This page can only be read.\n",
        );
        responses::with_allow(refusal, "GET, HEAD")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    Home,
    Public,
    Private,
    NotFound,
}

impl Page {
    const NAVIGATION: [Self; 3] = [Self::Home, Self::Public, Self::Private];

    fn at(path: &str) -> Option<Self> {
        Self::NAVIGATION.into_iter().find(|page| page.path() == path)
    }

    /// The path of the page, or where a visitor of no page goes on.
    fn path(self) -> &'static str {
        match self {
            Self::Home | Self::NotFound => "/",
            Self::Public => "/public",
            Self::Private => "/private",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Public => "Public",
            Self::Private => "Private",
            Self::NotFound => "Page not found",
        }
    }

    /// The page at `uri`, for `user`.
    fn response(
        self,
        uri: &Uri,
        user: Option<&UserProfile>,
        links: &AccountLinks,
    ) -> Response<Bytes> {
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        let here = match self {
            Self::NotFound => self.path(),
            _ => uri.path_and_query().map_or_else(|| self.path(), PathAndQuery::as_str),
        };
        let login = links.login(here);
        let content = match self {
            Self::Home => include_str!("home.html").to_owned(),
            Self::Public => include_str!("public.html").to_owned(),
            Self::Private => {
                let profile = user.map(profile_list).unwrap_or_default();
                format!(include_str!("private.html"), profile = profile, login = Escaped(&login))
            }
            Self::NotFound => include_str!("not_found.html").to_owned(),
        };
        let html = format!(
            include_str!("layout.html"),
            title = self.title(),
            navigation = self.navigation(),
            subject = Escaped(user.map_or("", |user| &user.subject)),
            profile = Escaped(&links.profile),
            account = account(user, &login, &links.logout),
            login = Escaped(&login),
            here = Escaped(here),
            content = content,
        );
        let policy = PagePolicy {
            content_security: HeaderValue::from_static(
                "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; \
                 style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                 require-trusted-types-for 'script'; trusted-types 'none'",
            ),
            referrer: HeaderValue::from_static("no-referrer"),
        };
        let response = responses::page(status, policy, html);
        responses::with_header(response, header::VARY, HeaderValue::from_static("Cookie"))
    }

    fn navigation(self) -> String {
        Self::NAVIGATION
            .into_iter()
            .map(|page| {
                let current = if page == self { r#" aria-current="page""# } else { "" };
                format!(r#"<a href="{}"{current}>{}</a>"#, page.path(), page.title())
            })
            .collect()
    }
}

fn account(user: Option<&UserProfile>, login: &str, logout: &str) -> String {
    match user {
        Some(user) => format!(
            r#"<span class="who">Signed in as <strong id="user">{}</strong></span><a class="button quiet" id="sign-out" href="{}">Sign out</a>"#,
            Escaped(user.display_name()),
            Escaped(logout),
        ),
        None => {
            format!(r#"<a class="button" id="sign-in" href="{}">Sign in</a>"#, Escaped(login))
        }
    }
}

impl UserProfile {
    fn display_name(&self) -> &str {
        self.name.as_deref().or(self.email.as_deref()).unwrap_or(&self.subject)
    }
}

fn profile_list(user: &UserProfile) -> String {
    let row = |label: &str, value: &str| format!("<dt>{label}</dt><dd>{}</dd>", Escaped(value));
    let rows = [
        user.name.as_deref().map(|name| row("Name", name)),
        user.email.as_deref().map(|email| row("Email", email)),
        Some(row("Subject", &user.subject)),
    ];
    let rows: String = rows.into_iter().flatten().collect();
    format!(r#"<dl class="profile" id="profile">{rows}</dl>"#)
}

const APP_CSS: &str = include_str!("assets/app.css");
const APP_JS: &str = include_str!("assets/app.js");
const ICON_SVG: &str = include_str!("assets/icon.svg");

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn get(path: &str, user: Option<&UserProfile>) -> Response<Bytes> {
        get_with(&GateRoutes::default(), path, user)
    }

    fn get_with(routes: &GateRoutes, path: &str, user: Option<&UserProfile>) -> Response<Bytes> {
        let request = Request::get(path).body(Bytes::new()).unwrap();
        handle(&request, user, &AccountLinks::of(routes))
    }

    fn html(response: &Response<Bytes>) -> &str {
        core::str::from_utf8(response.body()).unwrap()
    }

    fn user() -> UserProfile {
        UserProfile {
            subject: "dev|demo".to_owned(),
            name: Some("Demo <User>".to_owned()),
            email: Some("demo@portcullis.example".to_owned()),
        }
    }

    #[test]
    fn every_page_has_its_heading_and_marks_itself_in_the_navigation() {
        for (path, heading, current) in [
            ("/", "<h1>Home</h1>", r#"<a href="/" aria-current="page">Home</a>"#),
            ("/public", "<h1>Public</h1>", r#"<a href="/public" aria-current="page">Public</a>"#),
            (
                "/private?from=login",
                "<h1>Private</h1>",
                r#"<a href="/private" aria-current="page">Private</a>"#,
            ),
        ] {
            let response = get(path, None);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert!(html(&response).contains(heading), "{path}");
            assert!(html(&response).contains(current), "{path}");
        }
    }

    #[test]
    fn offers_to_sign_in_and_come_back_when_nobody_is_signed_in() {
        for (path, login) in [
            ("/public", r#"id="sign-in" href="/api/auth/login?returnTo=%2Fpublic""#),
            ("/public?a=1&b='", r#"href="/api/auth/login?returnTo=%2Fpublic%3Fa%3D1%26b%3D%27""#),
            ("/nothing?a=1", r#"href="/api/auth/login?returnTo=%2F""#),
        ] {
            let response = get(path, None);
            assert!(html(&response).contains(login), "{path}");
            assert!(html(&response).contains(r#"data-subject="""#), "{path}");
            assert!(!html(&response).contains("/api/auth/logout"), "{path}");
        }
    }

    #[test]
    fn shows_who_is_signed_in_and_offers_to_sign_out() {
        let user = user();
        let response = get("/private", Some(&user));
        let html = html(&response);
        assert!(html.contains(r#"<strong id="user">Demo &lt;User&gt;</strong>"#));
        assert!(html.contains("demo@portcullis.example"));
        assert!(html.contains("<dd>dev|demo</dd>"));
        assert!(html.contains(r#"data-subject="dev|demo""#));
        assert!(html.contains(r#"href="/api/auth/logout""#));
        assert!(!html.contains("Demo <User>"));
    }

    #[test]
    fn links_lead_to_the_routes_of_the_gate_wherever_they_are() {
        let routes = GateRoutes::below("/auth")
            .and_then(|routes| routes.with_path(GateRoute::Profile, "/auth/profile"))
            .and_then(|routes| routes.with_path(GateRoute::Login, "/sign-in&more"))
            .unwrap();
        let response = get_with(&routes, "/private", None);
        assert!(html(&response).contains(r#"href="/sign-in&amp;more?returnTo=%2Fprivate""#));
        assert!(html(&response).contains(r#"data-profile="/auth/profile""#));
        let response = get_with(&routes, "/private", Some(&user()));
        assert!(html(&response).contains(r#"href="/auth/logout""#));
        assert!(!html(&response).contains("/api/auth/"));
    }

    #[test]
    fn falls_back_to_email_and_subject_for_a_name() {
        let mut user = user();
        user.name = None;
        assert_eq!(user.display_name(), "demo@portcullis.example");
        user.email = None;
        assert_eq!(user.display_name(), "dev|demo");
    }

    #[test]
    fn the_private_page_can_call_the_api() {
        let response = get("/private?tab=2", Some(&user()));
        let html = html(&response);
        assert!(html.contains(r#"id="call-api""#));
        assert!(html.contains(r#"<pre id="api-result""#));
        let again = r#"<a href="/api/auth/login?returnTo=%2Fprivate%3Ftab%3D2">Sign in again</a>"#;
        assert!(html.contains(again));
    }

    #[test]
    fn pages_load_only_from_their_own_origin_and_are_not_stored() {
        let response = get("/private", None);
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!html(&response).contains("<style"));
        assert!(!html(&response).contains("style="));
        assert!(!html(&response).contains("<script>"));
    }

    #[test]
    fn serves_the_files_that_pages_use() {
        for (path, media_type) in [
            ("/assets/app.css", "text/css; charset=utf-8"),
            ("/assets/app.js", "text/javascript; charset=utf-8"),
            ("/assets/icon.svg", "image/svg+xml"),
        ] {
            let response = get(path, None);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[header::CONTENT_TYPE], media_type);
        }
    }

    #[test]
    fn an_unknown_path_is_not_found() {
        for path in ["/private/", "/Private", "/assets/", "/assets/../private", "/favicon.ico"] {
            let response = get(path, None);
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert!(html(&response).contains("There is no page at this address."));
        }
    }

    #[test]
    fn a_page_can_only_be_read() {
        let mut request = Request::new(Bytes::from_static(b"x"));
        *request.method_mut() = Method::POST;
        let response = handle(&request, None, &AccountLinks::of(&GateRoutes::default()));
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, HEAD");
    }
}
