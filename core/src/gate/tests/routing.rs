//! Rules, guard and session for every request that is not the gate's own.

use super::*;

const NAVIGATION: [(&str, &str); 3] =
    [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html")];

/// The header fields that upstream would see of a request with `fields`.
fn upstream_fields(forward: &Forward, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let kept = fields.iter().copied().filter(|(name, _)| forward.request.keeps(name));
    owned(kept.chain(forward.request.added().iter()))
}

fn values<'f>(fields: &'f [(String, String)], name: &str) -> Vec<&'f str> {
    let named = fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn open_pages_need_no_session() {
    let mut browser = Browser::new(gate());
    for target in ["/", "/public", "/privatex", "/unknown"] {
        let served = serve(browser.get(target));
        assert_eq!(served.path, target);
        assert!(served.session.is_none());
    }
}

#[test]
fn a_guarded_page_leads_to_the_sign_in_page_and_back() {
    let mut browser = Browser::new(gate());
    for (target, login) in [
        ("/private", "/api/auth/login?returnTo=%2Fprivate"),
        ("/private/a/b?c=d", "/api/auth/login?returnTo=%2Fprivate%2Fa%2Fb%3Fc%3Dd"),
        ("/PRIVATE", "/api/auth/login?returnTo=%2FPRIVATE"),
        ("/%70rivate", "/api/auth/login?returnTo=%2Fprivate"),
    ] {
        let response = response(browser.request("GET", target, &NAVIGATION));
        assert_eq!((response.status, location(&response)), (302, login));
        assert_eq!(response.headers.get("cache-control"), Some("no-store"));
    }
    browser.sign_in();
    let served = serve(browser.get("/private/a?b=c"));
    assert_eq!((served.path.as_str(), served.query.as_deref()), ("/private/a", Some("b=c")));
    assert_eq!(served.session.unwrap().subject(), "user");
}

/// O31: after a login nobody repeats a POST.
#[test]
fn a_guarded_post_leads_to_the_sign_in_page_with_303() {
    let mut browser = Browser::new(gate());
    let response = response(browser.request("POST", "/private/form", &NAVIGATION));
    assert_eq!((response.status, location(&response)), (303, "/api/auth/login?returnTo=%2F"));
}

#[test]
fn programs_get_401_and_people_the_sign_in_page() {
    for (fields, status) in [
        (vec![], 302),
        (vec![("accept", "text/html,application/xhtml+xml;q=0.9")], 302),
        (vec![("accept", "*/*")], 302),
        (vec![("accept", "application/json")], 401),
        (vec![("accept", "text/*")], 401),
        (vec![("accept", "application/json, text/html;q=0")], 401),
        (vec![("accept", "application/json, */*;q=0.5")], 302),
        (vec![("accept", "application/json;q=0.9, TEXT/HTML ; q=0.8")], 302),
        (vec![("accept", "text/html"), ("accept", "text/html")], 302),
        (vec![("x-requested-with", "xmlhttprequest")], 401),
        (vec![("x-requested-with", "com.example.app"), ("accept", "text/html")], 302),
        (vec![("sec-fetch-mode", "navigate"), ("accept", "application/json")], 401),
        (vec![("sec-fetch-mode", "websocket")], 401),
        (vec![("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "empty")], 401),
        (vec![("x-requested-with", "XMLHttpRequest"), ("accept", "text/html")], 401),
        (vec![("sec-fetch-mode", "cors"), ("accept", "*/*")], 401),
        (vec![("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], 401),
        (NAVIGATION.to_vec(), 302),
    ] {
        let mut browser = Browser::new(gate());
        let response = response(browser.request("GET", "/private", &fields));
        assert_eq!(response.status, status, "{fields:?}");
    }
    // What is declared an API is one, whoever asks.
    let mut browser = Browser::new(gate());
    for target in ["/api", "/api/private-route", "/API/private-route", "/outside/x"] {
        let response = response(browser.request("GET", target, &NAVIGATION));
        let is_api = !target.starts_with("/outside");
        assert_eq!(response.status, if is_api { 401 } else { 302 }, "{target}");
        if is_api {
            assert_eq!(code(&response), "not_authenticated");
            assert_eq!(response.headers.get("content-type"), Some("application/json"));
        }
    }
}

/// The configuration has the last word over what a client says of itself.
#[test]
fn the_configuration_says_what_is_for_programs_and_what_for_people() {
    let patterns = |text: &str| [Pattern::new(text, Case::default()).unwrap()];
    let gate = builder_at("https://app.example")
        .api(patterns("/private/data/:path*"))
        .pages(patterns("/private/:path*"))
        .build()
        .unwrap();
    let mut browser = Browser::new(gate);
    for (target, fields, status) in [
        ("/private/data/x", &NAVIGATION[..], 401),
        ("/private/x", &[("accept", "application/json")], 302),
        ("/private/x", &[("x-requested-with", "XMLHttpRequest")], 302),
        ("/api/x", &[("accept", "application/json")], 401),
        ("/api/x", &NAVIGATION, 302),
    ] {
        let response = response(browser.request("GET", target, fields));
        assert_eq!(response.status, status, "{target} {fields:?}");
    }
}

/// H01, H24, H05: the session's token replaces the client's, and our cookies stay here.
#[test]
fn a_guarded_api_request_carries_the_access_token() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    browser.cookies.push(("theirs".to_string(), "1".to_string()));
    let fields = [
        ("authorization", "Bearer attacker"),
        ("connection", "close, Authorization, X-Custom"),
        ("x-custom", "1"),
        ("x-forwarded-for", "203.0.113.9"),
        ("X_Forwarded_For", "203.0.113.9"),
        ("x-middleware-subrequest", "middleware:middleware"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("accept", "application/json"),
    ];
    let forward = forward(browser.request("GET", "/api/private-route?x=1&x=%2F", &fields));
    assert_eq!(forward.destination.as_str(), "http://localhost:5000/api/private-route?x=1&x=%2F");
    let upstream = upstream_fields(&forward, &fields);
    assert_eq!(values(&upstream, "authorization"), [format!("Bearer {ACCESS_TOKEN}")]);
    assert_eq!(values(&upstream, "cookie"), ["theirs=1"]);
    assert_eq!(values(&upstream, "x-forwarded-for"), ["192.0.2.7"]);
    assert_eq!(values(&upstream, "x-forwarded-proto"), ["https"]);
    assert_eq!(values(&upstream, "accept"), ["application/json"]);
    for name in ["x-custom", "te", "upgrade", "connection", "x-middleware-subrequest", "host"] {
        assert!(values(&upstream, name).is_empty(), "{name}");
    }
    assert!(values(&upstream, "X_Forwarded_For").is_empty());
}

/// H03: what other gateways tell of a user, and of the certificate that a client has shown
/// (RFC 9440 §2.4), no client says of itself, signed in or not.
#[test]
fn no_client_says_who_it_is() {
    let names = [
        "Cf-Access-Authenticated-User-Email",
        "Client-Cert",
        "client-cert-chain",
        "Remote-User",
        "ssl-client-subject-dn",
        "X-Amzn-Oidc-Identity",
        "x-client-cert",
        "X-Goog-Authenticated-User-Email",
        "X-MS-CLIENT-PRINCIPAL",
        "x-ms-client-principal-name",
        "X-SSL-Client-Verify",
    ];
    let fields = names.map(|name| (name, "admin"));
    let mut browser = Browser::new(gate());
    let open = forward(browser.request("GET", "/open/x", &fields));
    browser.sign_in();
    let guarded = forward(browser.request("GET", "/api/private-route", &fields));
    let served = serve(browser.request("GET", "/private", &fields)).request;
    for edits in [&open.request, &guarded.request, &served] {
        for name in names {
            assert!(!edits.keeps(name), "{name}");
        }
        assert!(edits.keeps("x-client-certainty") && edits.keeps("x-ms-version"));
    }
}

/// Browsers leave these characters of a query as they are.
#[test]
fn a_query_goes_upstream_byte_for_byte() {
    let mut browser = Browser::new(gate());
    let forward = forward(browser.get("/open/x?q=a^b`c|d{e}\\f&%zz&&=&q"));
    let expected = "http://localhost:6000/open/x?q=a^b`c|d{e}\\f&%zz&&=&q";
    assert_eq!(forward.destination.as_str(), expected);
}

#[test]
fn an_open_request_keeps_the_clients_credentials_and_gets_no_token() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let fields = [("authorization", "Basic abc")];
    let forward = forward(browser.request("GET", "/open/x", &fields));
    let upstream = upstream_fields(&forward, &fields);
    assert_eq!(values(&upstream, "authorization"), ["Basic abc"]);
    assert!(values(&upstream, "cookie").is_empty());
}

/// P01 to P14: what is ambiguous is refused before any rule is asked.
#[test]
fn ambiguous_paths_are_refused() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    for target in [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/..%2fprivate",
        "/public/..%5cprivate",
        "/public\\..\\private",
        "/public/..;/private",
        "//private",
        "/private%00.css",
        "/%c0%ae%c0%ae/private",
        "/private#/public",
        "/%zz",
        "*",
        "private",
        "http://evil.example/private",
        "http://app.example",
        "",
    ] {
        assert_eq!(response(browser.get(target)).status, 400, "{target}");
    }
    assert_eq!(response(browser.get(&format!("/{}", "x".repeat(70_000)))).status, 414);
    assert_eq!(response(browser.request("CONNECT", "app.example:443", &[])).status, 405);
    // P15: the absolute form of a request that is meant for us.
    assert_eq!(serve(browser.get("http://app.example/public")).path, "/public");
    for host in ["app.example?a", "app.example#"] {
        let target = format!("http://{host}/public");
        let answer = response(browser.request("GET", &target, &[("host", host)]));
        assert_eq!(answer.status, 400, "{target}");
    }
}

/// The longest path and the longest query there are make no URL that is too long: what a rule makes
/// of them has its limits before.
#[test]
fn the_longest_target_has_a_destination() {
    use crate::path::{MAX_PATH_LENGTH, MAX_QUERY_LENGTH};
    let path = format!("/open/{}", "p".repeat(MAX_PATH_LENGTH - "/open/".len()));
    let query = "q".repeat(MAX_QUERY_LENGTH);
    let forward = forward(Browser::new(gate()).get(&format!("{path}?{query}")));
    assert_eq!(forward.destination.as_str(), format!("http://localhost:6000{path}?{query}"));
    let longer = answer(Browser::new(gate()).get(&format!("{path}p?{query}")));
    assert_eq!((longer.response.status, longer.reason.code()), (414, "path_too_long"));
}

/// C24: cookies that are too large are refused with a page, which removes those of the gate, before
/// anything else is done with them.
#[test]
fn too_many_cookies_have_a_page_that_removes_ours() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let _ = browser.start_login("/private");
    let own = browser.cookies.clone();
    let limit = 48 * 1024;
    let pad = |browser: &mut Browser, length: usize| {
        browser.cookies = own.clone();
        browser.cookies.push(("theirs".into(), String::new()));
        let missing = length - browser.cookie_field().len();
        browser.cookies.last_mut().unwrap().1 = "x".repeat(missing);
    };
    pad(&mut browser, limit);
    assert!(serve(browser.navigate("/private")).session.is_some());

    pad(&mut browser, limit + 1);
    let page = answer(browser.navigate("/private"));
    assert_eq!((page.response.status, page.reason.code()), (431, "cookies_too_large"));
    assert!(page.response.body.contains("Too many cookies"));
    assert_eq!(page.response.headers.get("cache-control"), Some("no-store"));
    let left: Vec<&str> = browser.cookies.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(left, ["theirs"]);
    // Now there is room again.
    assert_eq!(response(browser.navigate("/private")).status, 302);

    for (target, fields) in [("/api/x", &NAVIGATION[..]), ("/api/auth/me", &[]), ("/", &[])] {
        pad(&mut browser, limit + 1);
        let fields = [fields, &[("accept", "application/json")]].concat();
        let refusal = answer(browser.request("GET", target, &fields));
        assert_eq!(refusal.response.status, 431, "{target}");
        assert_eq!(code(&refusal.response), "cookies_too_large", "{target}");
    }
    // Two hundred logins that somebody planted.
    browser.cookies = (0..200)
        .map(|number| (format!("__Host-portcullis_login_{number:012}"), "x".repeat(1000)))
        .collect();
    for _ in 0..3 {
        assert_eq!(response(browser.navigate("/")).status, 431);
    }
    assert!(serve(browser.navigate("/")).session.is_none());
}

/// RFC 9110 §9.3.8: an upstream that answers `TRACE` shows the browser the access token.
#[test]
fn no_request_asks_for_its_own_echo() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    for method in ["TRACE", "TRACK", "trace", "Track"] {
        for target in ["/api/private-route", "/open/x", "/private", "/"] {
            let response = response(browser.request(method, target, &[]));
            assert_eq!(response.status, 405, "{method} {target}");
            assert!(response.headers.get("allow").is_some());
        }
    }
}

/// H12, P31: a request names its host exactly once.
#[test]
fn a_request_names_its_host_once() {
    let gate = gate();
    for headers in [&[][..], &[("host", "app.example"), ("Host", "app.example")]] {
        let headers = headers.to_vec();
        let head = RequestHead {
            method: "GET",
            target: "/public",
            headers: &headers,
            peer: None,
            secure: true,
        };
        let snapshot = Arc::new(IssuerSnapshot::default());
        let step = with_context(after(0), &mut Counting::default(), &snapshot, |context| {
            gate.begin(&head, context)
        });
        let Step::Done(decision) = step else { panic!("{step:?}") };
        let response = response(decision);
        assert_eq!(response.status, 400);
    }
}

/// P24: the guard is asked again about what a rule made of the path.
#[test]
fn a_rewrite_does_not_lead_around_the_guard() {
    let mut browser = Browser::new(gate());
    let response = response(browser.request("GET", "/hidden", &NAVIGATION));
    assert_eq!((response.status, location(&response)), (302, "/api/auth/login?returnTo=%2Fhidden"));
    browser.sign_in();
    assert_eq!(serve(browser.get("/hidden")).path, "/private/x");
    // `/outside/x` leads to `/api/x`, which is guarded.
    let forward = forward(browser.get("/outside/x"));
    assert_eq!(forward.destination.as_str(), "http://localhost:5000/api/x");
}

/// S08: an upstream gets the access token only where that is meant; nobody gets the client's own.
#[test]
fn an_access_token_goes_only_to_the_upstreams_that_are_to_have_it() {
    let mut browser = Browser::new(gate());
    for target in ["/outside/x", "/alias/x", "/api/theirs/x"] {
        let response = response(browser.request("GET", target, &NAVIGATION));
        assert!(matches!(response.status, 302 | 401), "{target}");
    }
    browser.sign_in();
    let fields = [("authorization", "Bearer of-the-client")];
    for (target, carries_token) in
        [("/api/x", true), ("/alias/x", true), ("/outside/x", false), ("/api/theirs/x", false)]
    {
        let forward = forward(browser.request("GET", target, &fields));
        let seen = upstream_fields(&forward, &fields);
        let expected = format!("Bearer {ACCESS_TOKEN}");
        let expected: &[&str] = if carries_token { &[&expected] } else { &[] };
        assert_eq!(values(&seen, "authorization"), expected, "{target}");
    }
    // Where no token is needed, it does not matter that it has expired.
    browser.clock = 7200;
    assert_eq!(response(browser.get("/api/x")).status, 401);
    forward(browser.get("/api/theirs/x"));
}

/// C27: a broken cookie is no session, is removed, and never opens anything.
#[test]
fn a_broken_session_cookie_is_removed_and_opens_nothing() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let name = browser.cookies[0].0.clone();
    let value = browser.cookies[0].1.clone();
    for broken in ["", "garbage", &value[..value.len() - 1], &value[1..]] {
        browser.cookies = vec![(name.clone(), broken.to_string())];
        assert_eq!(response(browser.get("/api/private-route")).status, 401);
        assert!(browser.cookies.is_empty());
    }
    browser.cookies = vec![(name, "garbage".to_string())];
    assert!(serve(browser.get("/public")).session.is_none());
    assert!(browser.cookies.is_empty());
}

#[test]
fn a_session_whose_access_token_has_expired_still_knows_who_it_is() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    browser.clock = 3600;
    assert_eq!(serve(browser.get("/private")).session.unwrap().subject(), "user");
    assert_eq!(response(browser.get("/api/private-route")).status, 401);
    assert_eq!(browser.session_cookies(), 1, "the session stays");
}

/// L01: a session in use is written again when it matters, and then nobody may store the answer.
#[test]
fn a_session_in_use_is_written_again_when_it_matters() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let none: [(&str, &str); 0] = [];
    let set_cookies = |served: &Serve| {
        let filter = served.response.filter(&none);
        filter.added().filter(|(name, _)| *name == "set-cookie").count()
    };
    browser.clock = 8639;
    assert_eq!(set_cookies(&serve(browser.get("/private"))), 0);
    browser.clock = 8640;
    let prefetch = [("sec-purpose", "prefetch;prerender")];
    assert_eq!(set_cookies(&serve(browser.request("GET", "/private", &prefetch))), 0);
    let served = serve(browser.get("/private"));
    assert_eq!(set_cookies(&served), 1);
    let upstream = [("cache-control", "public, max-age=60"), ("expires", "x"), ("etag", "y")];
    let filter = served.response.filter(&upstream);
    assert!(!filter.keeps("cache-control", b"public") && !filter.keeps("Expires", b"x"));
    assert!(filter.keeps("etag", b"y"));
    assert!(filter.added().any(|field| field == ("cache-control", "no-store")));
    assert_eq!(set_cookies(&serve(browser.get("/private"))), 0);
    // Used every day, and yet over at the absolute limit.
    for day in 1..3 {
        browser.clock = day * 86_000;
        assert!(serve(browser.get("/private")).session.is_some(), "{day}");
    }
    browser.clock = 259_200;
    assert_eq!(response(browser.request("GET", "/private", &NAVIGATION)).status, 302);
}

/// H25, L03: what an upstream may not do to the browser.
#[test]
fn an_upstream_cannot_set_our_cookies_and_answers_for_one_person_are_private() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let forward = forward(browser.get("/api/x"));
    let upstream = [("connection", "x-hop"), ("content-type", "text/plain")];
    let filter = forward.response.filter(&upstream);
    assert!(!filter.keeps("set-cookie", b"__Host-portcullis=x; Path=/"));
    // Browsers trim names (RFC 6265bis §5.6), and send a cookie without a name as its value.
    for name in [
        "__Host-portcullis ",
        "\t__Host-portcullis\t",
        "=__Host-portcullis",
        " = =__Host-portcullis.0",
    ] {
        let field = format!("{name}=x; Path=/; Secure");
        assert!(!filter.keeps("set-cookie", field.as_bytes()), "{field:?}");
    }
    assert!(filter.keeps("set-cookie", b"theirs=__Host-portcullis=x"));
    assert!(filter.keeps("set-cookie", b"=theirs"));
    assert!(!filter.keeps("Set-Cookie", b"__Host-portcullis.0=x"));
    assert!(filter.keeps("set-cookie", b"theirs=x; Path=/"));
    for name in ["connection", "x-hop", "X-Hop", "transfer-encoding", "keep-alive"] {
        assert!(!filter.keeps(name, b"x"), "{name}");
    }
    assert!(filter.added().any(|field| field == ("cache-control", "private, no-store")));
    let with_its_own = [("cache-control", "max-age=60")];
    let filter = forward.response.filter(&with_its_own);
    assert!(filter.keeps("cache-control", b"max-age=60"));
    assert!(filter.added().eq([("cache-control", "private"), ("vary", "cookie")]));
}

/// X08, X09: another site cannot make a browser change anything.
#[test]
fn requests_that_another_site_caused_are_refused() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    for (method, fields, allowed) in [
        ("POST", vec![("sec-fetch-site", "same-origin")], true),
        ("POST", vec![("sec-fetch-site", "none")], true),
        ("POST", vec![("sec-fetch-site", "cross-site")], false),
        ("DELETE", vec![("sec-fetch-site", "same-site")], false),
        ("POST", vec![("origin", "https://app.example")], true),
        ("POST", vec![("origin", "https://evil.example")], false),
        ("POST", vec![("origin", "null")], false),
        ("POST", vec![("origin", "https://app.example"), ("origin", "https://app.example")], false),
        ("POST", vec![], false),
        ("POST", vec![("x-requested-with", "fetch")], true),
        ("GET", vec![("sec-fetch-site", "cross-site")], true),
    ] {
        for target in ["/api/x", "/private/x"] {
            let decision = browser.request(method, target, &fields);
            let passed = matches!(decision, Decision::Forward(_) | Decision::Serve(_));
            assert_eq!(passed, allowed, "{method} {target} {fields:?}");
            if !allowed {
                let response = response(decision);
                assert_eq!((response.status, code(&response)), (403, "cross_site_request"));
            }
        }
    }
    // What needs no session can be sent by anybody.
    let evil = [("origin", "https://evil.example")];
    assert_eq!(forward(browser.request("POST", "/open/x", &evil)).destination.port(), 6000);
}

/// X08: a handler of the application that looks for a session trusts that the user meant the request,
/// also where the route asks for none. The session itself goes on.
#[test]
fn an_application_sees_no_session_where_another_site_caused_a_change() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    for (method, fields, seen) in [
        ("POST", [("sec-fetch-site", "same-origin")], true),
        ("POST", [("origin", "https://app.example")], true),
        ("POST", [("x-requested-with", "fetch")], true),
        ("GET", [("sec-fetch-site", "cross-site")], true),
        ("POST", [("sec-fetch-site", "cross-site")], false),
        ("DELETE", [("sec-fetch-site", "same-site")], false),
        ("POST", [("origin", "https://evil.example")], false),
        ("POST", [("accept", "*/*")], false),
    ] {
        let serve = serve(browser.request(method, "/contact", &fields));
        assert_eq!(serve.session.is_some(), seen, "{method} {fields:?}");
        let none: [(&str, &str); 0] = [];
        assert!(serve.response.filter(&none).added().all(|(name, _)| name != "set-cookie"));
    }
    assert!(serve(browser.get("/contact")).session.is_some());
}

/// X09: a sibling that the configuration names may.
#[test]
fn requests_of_trusted_origins_are_let_through() {
    let origin = crate::http::Origin::parse("https://spa.example").unwrap();
    let policy = CrossSitePolicy::default().with_trusted_origins([origin]);
    let gate = builder_at("https://app.example").cross_site(policy).build().unwrap();
    let mut browser = Browser::new(gate);
    browser.sign_in();
    let fields = [("origin", "https://spa.example"), ("sec-fetch-site", "same-site")];
    assert_eq!(forward(browser.request("POST", "/api/x", &fields)).destination.port(), 5000);
}

#[test]
fn an_upstream_that_fails_is_502_or_504() {
    let mut browser = Browser::new(gate());
    let forward = forward(browser.get("/open/x"));
    for (failure, status) in [
        (UpstreamFailure::Connect, 502),
        (UpstreamFailure::Protocol, 502),
        (UpstreamFailure::Timeout, 504),
    ] {
        assert_eq!(forward.failed(failure).status, status);
    }
}
