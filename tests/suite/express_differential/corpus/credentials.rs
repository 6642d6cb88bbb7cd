//! How a token stands in a request, and which request it is (RFC 6750 §2).

use super::{About, Api, Corpus, Request};

impl Corpus<'_> {
    pub(super) fn credentials(&mut self) {
        let token = self.good_token();
        self.good(&token);
        self.fields(&token);
        self.places(&token);
        self.methods(&token);
    }

    fn good(&mut self, token: &str) {
        for api in [Api::Plain, Api::Optional, Api::AnyPlace] {
            self.ask(api, About::Good, "a good token", Request::new("GET").bearer(token));
        }
        for scheme in ["bearer", "BEARER", "bEaReR"] {
            let request = Request::new("GET").with("Authorization", format!("{scheme} {token}"));
            self.ask(Api::Plain, About::Good, format!("the scheme {scheme}"), request);
        }
        for name in ["authorization", "AUTHORIZATION", "aUTHORIZATION"] {
            let request = Request::new("GET").with(name, format!("Bearer {token}"));
            self.ask(Api::Plain, About::Good, format!("the field {name}"), request);
        }
    }

    fn fields(&mut self, token: &str) {
        let shapes = [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Bearer  ",
            "Bearer  {}",
            "Bearer   {}",
            "Bearer\t{}",
            "Bearer {} ",
            " Bearer {}",
            "Bearer {}\t",
            "Bearer:{}",
            "Bearer: {}",
            "Bearer={}",
            "Bearer {} {}",
            "Bearer {},{}",
            "Bearer {}, {}",
            "Bearer {}, Bearer {}",
            "Bearer {};",
            "Bearer \"{}\"",
            "Bearer '{}'",
            "Bearer <{}>",
            "Bearer token={}",
            "Bearer token=\"{}\"",
            "Bearer Bearer {}",
            "Bearer {}=",
            "Bearer {}==",
            "Bearer {}%20",
            "Bearer %{}",
            "Bearer null",
            "Bearer undefined",
            "Bearer a",
            "Bearer .",
            "Bearer ..",
            "Bearer ...",
            "Bearer =",
            "Bearer ===",
            "Bearer a/b+c~d_e-f",
            "Bearer {}\u{e9}",
            "Bearer \u{e9}",
            "{}",
            "Bearer{}",
            "Bearer\u{a0}{}",
            "Bearerx {}",
            "xBearer {}",
            "Token {}",
            "JWT {}",
            "DPoP {}",
            "Basic dXNlcjpwYXNzd29yZA==",
            "Basic {}",
            "Digest username=\"a\"",
            "Negotiate YII=",
            "MAC id=\"a\"",
            "bearer",
            "BEARER ",
        ];
        for api in [Api::Plain, Api::Optional] {
            for shape in shapes {
                let request = Request::new("GET").with("Authorization", shape.replace("{}", token));
                self.ask(api, About::Credentials, format!("{shape:?}"), request);
            }
            self.ask(api, About::Credentials, "nothing", Request::new("GET"));
            let good = format!("Bearer {token}");
            let bad = "Bearer a.b.c";
            let basic = "Basic dXNlcjpwYXNzd29yZA==";
            for pair in [
                [&*good, &good],
                [&*good, bad],
                [bad, &*good],
                [&*good, basic],
                [basic, &*good],
                ["", &*good],
                [&*good, ""],
            ] {
                let request = pair.into_iter().fold(Request::new("GET"), |request, field| {
                    request.with("Authorization", field)
                });
                let name = pair.map(|field| field.replace(token, "{}"));
                self.ask(api, About::Repeated, format!("{name:?}"), request);
            }
        }
        let long = format!("Bearer {}", "a".repeat(12_000));
        let request = Request::new("GET").with("Authorization", long);
        self.ask(Api::Plain, About::Credentials, "12 kB of letters", request);
    }

    fn places(&mut self, token: &str) {
        let bearer = |method| Request::new(method).bearer(token);
        let query = format!("/?access_token={token}");
        let form = format!("access_token={token}");
        let places = [
            ("query", Request::new("GET").target(query.clone())),
            ("query of a POST", Request::new("POST").target(query.clone())),
            ("query, twice", Request::new("GET").target(format!("{query}&{}", &query[2..]))),
            ("query, empty", Request::new("GET").target("/?access_token=".to_owned())),
            ("query, with a bad token", Request::new("GET").target("/?access_token=a".to_owned())),
            ("header and query", bearer("GET").target(query.clone())),
            ("header and an empty query", bearer("GET").target("/?access_token=".to_owned())),
            ("form", Request::new("POST").form(form.clone())),
            ("form of a PUT", Request::new("PUT").form(form.clone())),
            ("form of a GET", Request::new("GET").form(form.clone())),
            ("header and form", bearer("POST").form(form.clone())),
            ("query and form", Request::new("POST").target(query).form(form.clone())),
            ("form without its type", Request { body: form, ..Request::new("POST") }),
            ("cookie", Request::new("GET").with("Cookie", format!("access_token={token}"))),
            ("X-Authorization", Request::new("GET").with("X-Authorization", token)),
            (
                "Proxy-Authorization",
                Request::new("GET").with("Proxy-Authorization", format!("Bearer {token}")),
            ),
            ("X-Access-Token", Request::new("GET").with("X-Access-Token", token)),
        ];
        for api in [Api::Plain, Api::Optional, Api::AnyPlace] {
            for (name, request) in &places {
                self.ask(api, About::Place, *name, request.clone());
            }
        }
    }

    fn methods(&mut self, token: &str) {
        for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let name = format!("{method} with a good token");
            self.ask(Api::Plain, About::Good, name, Request::new(method).bearer(token));
            let name = format!("{method} with nothing");
            self.ask(Api::Plain, About::Credentials, name, Request::new(method));
        }
        // Where there is no CORS, an OPTIONS is a request like any other.
        for asked in ["authorization", "content-type, Authorization", "content-type"] {
            let bare = Request::new("OPTIONS").with("Access-Control-Request-Headers", asked);
            let name = format!("OPTIONS that asks for {asked}");
            self.ask(Api::Plain, About::Preflight, name, bare.clone());
            let name = format!("OPTIONS that asks for {asked}, with a bad token");
            self.ask(Api::Plain, About::Preflight, name, bare.bearer("a.b.c"));
        }
    }
}
