//! A client that behaves like a browser where it matters, and remembers everything it was told.

use super::Demo;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use core::time::Duration;
use serde_json::Value;
use std::collections::BTreeMap;
use ureq::{Agent, RequestExt as _, http::Request};

/// Far longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client with cookies, which are the same on every port of a host, as in a browser.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: Agent,
    /// The cookies that are held.
    pub(crate) cookies: BTreeMap<String, String>,
    /// Everything that any server answered, head and body, as text.
    pub(crate) seen: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new() -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build()
            .into();
        Self { agent, cookies: BTreeMap::new(), seen: String::new() }
    }

    /// Opens a page, without following where it leads.
    pub(crate) fn open(&mut self, url: &str) -> Reply {
        let typed_in = [
            ("accept", "text/html"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        self.get(url, &typed_in)
    }

    /// Asks for JSON, as a script does.
    pub(crate) fn call(&mut self, url: &str) -> Reply {
        self.get(url, &[("accept", "application/json"), ("sec-fetch-mode", "cors")])
    }

    pub(crate) fn get(&mut self, url: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", url, headers, "")
    }

    /// Sends a form, as the page at `origin` does.
    pub(crate) fn submit(&mut self, url: &str, origin: &str, form: &[(String, String)]) -> Reply {
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", url, &headers, &body.join("&"))
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let request = request.body(body.to_owned()).expect("a request");
        let mut response = request
            .with_agent(&self.agent)
            .run()
            .unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let body = response.body_mut().read_to_string().expect("a whole body");
        let reply = Reply { status: response.status().as_u16(), headers, body };
        self.keep_cookies(&reply);
        self.seen.push_str(&format!("{reply:?}\n"));
        reply
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for cookie in reply.all("set-cookie") {
            let mut parts = cookie.split("; ");
            let (name, value) =
                parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            let ends = |attribute: &str| {
                attribute == "Max-Age=0" || attribute.starts_with("expires=Thu, 01 Jan 1970 ")
            };
            if parts.any(ends) {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Opens `path` of the front end, follows to the built-in provider, and signs in there.
    /// Returns the answer to the callback.
    pub(crate) fn sign_in(&mut self, demo: &Demo, path: &str) -> Reply {
        self.sign_in_at(demo, &login(path))
    }

    /// The same by another address of the front end that starts a login.
    pub(crate) fn sign_in_at(&mut self, demo: &Demo, login: &str) -> Reply {
        let form = self.start_sign_in_at(demo, login);
        let sent = self.submit(&format!("{}/authorize", demo.provider), &demo.provider, &form);
        assert_eq!(sent.status, 303, "{sent:?}");
        self.open(sent.location())
    }

    /// The form of the built-in provider's page that a sign-in leads to.
    pub(crate) fn start_sign_in(&mut self, demo: &Demo, path: &str) -> Vec<(String, String)> {
        self.start_sign_in_at(demo, &login(path))
    }

    fn start_sign_in_at(&mut self, demo: &Demo, login: &str) -> Vec<(String, String)> {
        let away = self.open(&format!("{}{login}", demo.frontend));
        assert_eq!(away.status, 302, "{away:?}");
        let page = self.open(away.location());
        assert_eq!(page.status, 200, "{page:?}");
        page.form()
    }

    /// The name of the session cookie, where one is held.
    pub(crate) fn session_cookie(&self) -> Option<&str> {
        self.cookies.keys().map(String::as_str).find(|name| is_session_cookie(name))
    }

    /// The name of the cookie of a login under way, where one is held.
    pub(crate) fn login_cookie(&self) -> Option<&str> {
        self.cookies.keys().find(|name| name.starts_with("portcullis_login_")).map(String::as_str)
    }

    /// The tokens among everything that any server answered, by the head of each (RFC 7515 §4). Three
    /// letters would not do: a sealed cookie has every three letters now and then.
    pub(crate) fn tokens_seen(&self) -> Vec<Value> {
        self.seen
            .match_indices("eyJ")
            .filter_map(|(start, _)| {
                let (head, _) = self.seen[start..].split_once('.')?;
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()
            })
            .filter(|head: &Value| head["alg"].is_string())
            .collect()
    }

    /// Whether the front end knows who this is.
    pub(crate) fn is_signed_in(&mut self, demo: &Demo) -> bool {
        self.call(&format!("{}/api/auth/me", demo.frontend)).status == 200
    }
}

impl Reply {
    /// The first value of a header field, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn json(&self) -> Value {
        assert!(self.header("content-type").starts_with("application/json"), "{self:?}");
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// Where the first form of a page is sent to.
    pub(crate) fn form_action(&self) -> String {
        let (_, rest) = self.body.split_once("<form").expect("a form");
        attribute(rest.split('>').next().unwrap_or_default(), "action").expect("an action")
    }

    /// The fields of the only form of a page, as they are filled in.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        self.body
            .split("<input")
            .skip(1)
            .filter_map(|rest| {
                let tag = rest.split('>').next()?;
                Some((attribute(tag, "name")?, attribute(tag, "value")?))
            })
            .collect()
    }
}

/// The address of the front end that signs somebody in and leads to `path`.
fn login(path: &str) -> String {
    format!("/api/auth/login?returnTo={}", encode(path))
}

/// The attribute `name` of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(unescape)
}

/// Whether the session, or a part of it, is in the cookie `name`.
pub(super) fn is_session_cookie(name: &str) -> bool {
    name == "portcullis" || name.starts_with("portcullis.")
}

/// The parameter `name` in the query of `url`.
pub(crate) fn query_of(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| decode(value))
    })
}

/// `text` as it stands in a query or a form.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                let digits = core::str::from_utf8(&digits).expect("two digits");
                u8::from_str_radix(digits, 16).expect("two digits")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("text")
}

fn unescape(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
