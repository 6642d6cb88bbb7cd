//! Requests from pages of other origins (Fetch Standard, "CORS protocol").

use super::{About, Api, Corpus, Request};
use crate::express_differential::apis::Policy;

const ORIGINS: [&str; 21] = [
    "https://app.example",
    "https://other.example",
    "http://localhost:3000",
    "https://a.app.example",
    "https://a.b.app.example",
    "https://evil.example",
    "https://evilapp.example",
    "https://app.example.evil.example",
    "https://a.app.example.evil.example",
    "https://aXappXexample",
    "https://app.example:8443",
    "https://app.example:443",
    "http://app.example",
    "HTTPS://APP.EXAMPLE",
    "https://app.example/",
    "https://app.example.",
    "https://app.example, https://evil.example",
    "app.example",
    "null",
    "NULL",
    "",
];

impl Corpus<'_> {
    pub(super) fn cross_origin(&mut self) {
        for policy in Policy::ALL {
            for origin in ORIGINS {
                let simple = Request::new("GET").with("Origin", origin);
                self.cross(policy, origin, "GET with a token", |token| simple.bearer(token));
                self.cross(policy, origin, "preflight", |_| preflight(origin));
            }
            self.refusals(policy);
            self.preflights(policy);
        }
    }

    fn cross(
        &mut self,
        policy: Policy,
        origin: &str,
        name: &str,
        make: impl FnOnce(&str) -> Request,
    ) {
        let request = make(&self.good_token());
        let is_preflight = request.method == "OPTIONS";
        let about = if is_preflight { About::Preflight } else { About::Origin };
        self.ask(Api::Cors(policy), about, format!("{policy:?}, {origin:?}: {name}"), request);
    }

    /// Answers that are no success.
    fn refusals(&mut self, policy: Policy) {
        for origin in ["https://app.example", "https://evil.example"] {
            let get = || Request::new("GET").with("Origin", origin);
            self.cross(policy, origin, "GET without a token", |_| get());
            self.cross(policy, origin, "GET with a bad token", |_| get().bearer("a.b.c"));
            let two = |token: &str| get().bearer(token).with("Origin", "https://app.example");
            self.cross(policy, origin, "two origins", two);
        }
        self.cross(policy, "none", "GET", |token| Request::new("GET").bearer(token));
        self.cross(policy, "none", "GET without a token", |_| Request::new("GET"));
        let long = format!("https://{}.example", "a".repeat(8000));
        let request = |token: &str| Request::new("GET").with("Origin", &long).bearer(token);
        self.cross(policy, "8 kB", "GET", request);
    }

    fn preflights(&mut self, policy: Policy) {
        for origin in ["https://app.example", "https://evil.example"] {
            let bare = || Request::new("OPTIONS").with("Origin", origin);
            let asks = |method: &str| bare().with("Access-Control-Request-Method", method);
            let names = |names: &str| asks("PUT").with("Access-Control-Request-Headers", names);
            self.cross(policy, origin, "no method asked", |_| bare());
            self.cross(policy, origin, "no method asked, with a token", |token| {
                bare().bearer(token)
            });
            self.cross(policy, origin, "an empty method", |_| asks(""));
            self.cross(policy, origin, "an unknown method", |_| asks("BREW"));
            self.cross(policy, origin, "no names", |_| asks("DELETE"));
            for asked in
                ["", "x-one", "X-One, x-two", "authorization", "*", ",", "x y", "\"x\"", "x\u{e9}"]
            {
                self.cross(policy, origin, &format!("names {asked:?}"), |_| names(asked));
            }
            self.cross(policy, origin, "5000 commas", |_| names(&",".repeat(5000)));
            self.cross(policy, origin, "a private network", |_| {
                names("x-one").with("Access-Control-Request-Private-Network", "true")
            });
        }
        let none = || Request::new("OPTIONS");
        self.cross(policy, "none", "OPTIONS", |_| none());
        self.cross(policy, "none", "OPTIONS with a token", |token| none().bearer(token));
        self.cross(policy, "none", "OPTIONS that asks for a method", |_| {
            none().with("Access-Control-Request-Method", "PUT")
        });
    }
}

fn preflight(origin: &str) -> Request {
    Request::new("OPTIONS")
        .with("Origin", origin)
        .with("Access-Control-Request-Method", "PUT")
        .with("Access-Control-Request-Headers", "authorization,content-type")
}
