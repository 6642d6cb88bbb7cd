//! Cookies that the real Auth0 SDK for Next.js wrote, in its versions 3 and 4, before a gate that
//! takes its sessions over.

use crate::harness::skip;
use portcullis_core::{
    crypto::RUSTCRYPTO,
    entropy::{Entropy, EntropyError},
    flow::{Context, Step},
    gate::{Decision, Gate},
    http::RequestHead,
    issuer::IssuerSnapshot,
    oidc::ClientConfig,
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{Auth0Cookies, RevocationList, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const SECRET: &str = "an AUTH0_SECRET of more than 32 bytes";

pub(crate) type Pairs = Vec<(String, String)>;

/// What the SDK of this version writes with this secret, or `None` where it is not installed.
pub(crate) fn sdk_cookies(
    test: &str,
    version: u8,
    secret: &str,
    kind: &str,
    content: &Value,
) -> Option<Pairs> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/auth0");
    if !folder.join(format!("node_modules/auth0-nextjs-{version}")).is_dir() {
        skip(test, "its packages are not installed: run `npm install` in tests/interop/auth0");
        return None;
    }
    let order = json!({"version": version, "kind": kind, "secret": secret, "content": content});
    let mut sdk = Command::new("node");
    let Ok(sealed) = sdk.arg("seal.mjs").arg(order.to_string()).current_dir(folder).output() else {
        skip(test, "there is no `node`");
        return None;
    };
    assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
    Some(serde_json::from_slice(&sealed.stdout).expect("pairs"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

/// Enough for a test: nothing is kept secret.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}

fn gate() -> Gate {
    let client = ClientConfig::new("client", Secret::new("secret"), "https://app.example").unwrap();
    let ring = SecretRing::new([SECRET], RUSTCRYPTO).unwrap();
    let rule = RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*");
    Gate::builder(client, ring, RUSTCRYPTO)
        .auth0_cookies(Auth0Cookies::new([SECRET], RUSTCRYPTO).unwrap())
        .rewrites(Rewrites::builder().after_files([rule]).build().unwrap())
        .protect(Matcher::new(["/api/:path*"]).unwrap())
        .build()
        .unwrap()
}

/// What the gate decides about a request to the API with these cookies.
fn decide(cookies: &Pairs) -> Decision {
    let pairs: Vec<String> =
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = [("host", "app.example".to_owned()), ("cookie", pairs.join("; "))];
    let head = RequestHead {
        method: "GET",
        target: "/api/x",
        headers: &headers,
        peer: None,
        secure: true,
    };
    let issuers = Arc::new(IssuerSnapshot::default());
    let mut context = Context {
        now: Now {
            unix: UnixSeconds(now()),
            monotonic: Monotonic::from_start(Duration::from_secs(1)),
        },
        entropy: &mut Fixed,
        issuers: &issuers,
        revocations: &RevocationList::default(),
    };
    match gate().begin(&head, &mut context) {
        Step::Done(decision) => decision,
        step => panic!("not decided: {step:?}"),
    }
}

/// The access token that goes to the API, and what the browser is told to keep and to remove.
fn taken_over(cookies: &Pairs) -> (String, Pairs, Vec<String>) {
    let Decision::Forward(forward) = decide(cookies) else { panic!("not let through") };
    let bearer = forward.request.added().get("authorization").expect("a token").to_owned();
    let none: [(&str, &str); 0] = [];
    let (mut kept, mut removed) = (Pairs::new(), vec![]);
    for (_, cookie) in forward.response.filter(&none).added().filter(|(n, _)| *n == "set-cookie") {
        let (name, value) = cookie.split_once('=').expect("a cookie");
        if cookie.contains("Max-Age=0;") {
            removed.push(name.to_owned());
        } else {
            let value = value.split(';').next().unwrap_or_default();
            kept.push((name.to_owned(), value.to_owned()));
        }
    }
    (bearer, kept, removed)
}

/// What the SDK of this version keeps of a session.
pub(crate) fn content(version: u8, access_token: &str) -> Value {
    let user = json!({"sub": "auth0|1", "name": "Example User", "sid": "s"});
    let expires_at = now() + 3600;
    if version == 3 {
        json!({"user": user, "accessToken": access_token, "accessTokenExpiresAt": expires_at,
               "idToken": "a.b.c", "refreshToken": "r", "token_type": "Bearer"})
    } else {
        json!({"user": user, "internal": {"sid": "s", "createdAt": now()},
               "tokenSet": {"accessToken": access_token, "expiresAt": expires_at, "idToken": "a.b.c",
                            "refreshToken": "r", "scope": "openid", "token_type": "Bearer"}})
    }
}

#[test]
fn sessions_of_the_real_sdk_are_taken_over() {
    let test = "sessions_of_the_real_sdk_are_taken_over";
    for version in [3, 4] {
        // In one cookie, and in several.
        for (length, several) in [(40, false), (6000, true)] {
            let access_token = "t".repeat(length);
            let content = content(version, &access_token);
            let Some(cookies) = sdk_cookies(test, version, SECRET, "session", &content) else {
                return;
            };
            assert_eq!(cookies.len() > 1, several, "version {version}");

            let (bearer, kept, mut removed) = taken_over(&cookies);
            assert_eq!(bearer, format!("Bearer {access_token}"));
            assert!(kept.iter().all(|(name, _)| name.starts_with("__Host-portcullis")));
            let mut held: Vec<_> = cookies.iter().map(|(name, _)| name.clone()).collect();
            held.sort();
            removed.sort();
            assert_eq!(removed, held, "version {version}");
            // From now on it is one of the gate's own.
            let (own, _, _) = taken_over(&kept);
            assert_eq!(own, bearer);
            // A piece of it is none.
            if several {
                let rest = cookies[1..].to_vec();
                assert!(matches!(decide(&rest), Decision::Respond(_)));
            }
        }
    }
}

/// C14
#[test]
fn a_login_of_the_real_sdk_is_no_session() {
    let test = "a_login_of_the_real_sdk_is_no_session";
    let login = json!({"state": "s", "nonce": "n", "codeVerifier": "v", "responseType": "code",
                       "returnTo": "/", "maxAge": 3600});
    for version in [3, 4] {
        let Some(cookies) = sdk_cookies(test, version, SECRET, "login", &login) else { return };
        assert_eq!(cookies.len(), 1);
        let value = &cookies[0].1;
        // Version 4 puts the moment before the text.
        let text = value.split_once(':').map_or(value.as_str(), |(_, text)| text);
        for value in [value, text] {
            for name in [&cookies[0].0, "appSession", "__session"] {
                let cookies = vec![(name.to_owned(), value.to_owned())];
                assert!(matches!(decide(&cookies), Decision::Respond(_)), "{name}");
            }
        }
    }
}
