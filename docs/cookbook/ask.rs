//! Requests to a router that nobody listens for, and what comes of them.

use axum::{Router, body::Body, http::Request, response::Response};
use http_body_util::BodyExt as _;
use portcullis_core::http::Query;
use std::{collections::BTreeMap, error::Error};
use tower::ServiceExt as _;

/// What a program looks at of an answer. What is not there is empty.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The text.
    pub body: String,
    /// Where it leads.
    pub location: String,
    /// What the guard of an API says of a refusal, in `WWW-Authenticate`.
    pub challenge: String,
}

impl Answer {
    async fn of(response: Response) -> Result<Self, Box<dyn Error>> {
        let field = |name| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (location, challenge) = (field("location"), field("www-authenticate"));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Self { status, body: String::from_utf8(body.into())?, location, challenge })
    }

    /// The code of a refusal, such as `invalid_token`.
    #[must_use]
    pub fn error(&self) -> &str {
        self.attribute("error")
    }

    /// The scopes that would do.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.attribute("scope")
    }

    /// A parameter of the address that the answer leads to.
    #[must_use]
    pub fn parameter(&self, name: &str) -> String {
        parameter(&self.location, name)
    }

    fn attribute(&self, name: &str) -> &str {
        let (_, rest) = self.challenge.split_once(&format!(" {name}=\"")).unwrap_or_default();
        rest.split('"').next().unwrap_or_default()
    }
}

fn parameter(url: &str, name: &str) -> String {
    let query = Query::new(url.split_once('?').unwrap_or_default().1);
    query.unique(name).ok().flatten().unwrap_or_default().into_owned()
}

/// Asks an API, with an access token or with none.
pub async fn ask(
    api: &Router,
    method: &str,
    path: &str,
    token: &str,
) -> Result<Answer, Box<dyn Error>> {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    Answer::of(api.clone().oneshot(request.body(Body::empty())?).await?).await
}

/// Somebody before an application at `http://localhost:3000`.
#[derive(Clone, Debug)]
pub struct Browser {
    application: Router,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A browser without cookies.
    #[must_use]
    pub fn new(application: &Router) -> Self {
        Self { application: application.clone(), cookies: BTreeMap::new() }
    }

    /// The same browser with one cookie more.
    #[must_use]
    pub fn with_cookie(mut self, name: &str, value: String) -> Self {
        self.cookies.insert(name.to_owned(), value);
        self
    }

    /// The same browser after the application was started anew.
    #[must_use]
    pub fn at(&self, application: &Router) -> Self {
        Self { application: application.clone(), ..self.clone() }
    }

    /// The names of its cookies.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.keys().map(String::as_str)
    }

    /// Opens a page as somebody who typed it in, and goes nowhere from there.
    pub async fn open(&mut self, path: &str) -> Result<Answer, Box<dyn Error>> {
        let cookies: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = Request::get(path)
            .header("host", "localhost:3000")
            .header("accept", "text/html")
            .header("sec-fetch-site", "none")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("cookie", cookies.join("; "));
        let response = self.application.clone().oneshot(request.body(Body::empty())?).await?;
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str()?;
            let (name, rest) = cookie.split_once('=').ok_or("no cookie")?;
            if rest.contains("; Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                let value = rest.split(';').next().unwrap_or_default();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer::of(response).await
    }

    /// Signs in at the provider, on the way to `path`.
    pub async fn sign_in(&mut self, path: &str) -> Result<Answer, Box<dyn Error>> {
        let login = self.open(&format!("/api/auth/login?returnTo={path}")).await?;
        // What this provider gives for a code is an ID token with that nonce.
        let (code, state) = (login.parameter("nonce"), login.parameter("state"));
        let back = self.open(&format!("/api/auth/callback?code={code}&state={state}")).await?;
        self.open(&back.location).await
    }
}
