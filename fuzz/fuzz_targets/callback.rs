//! A login from the callback on, driven by hand. The input's lines are the query of the callback,
//! the `Cookie` field, the claims of the ID token, and the answer of the token endpoint: its status
//! and its body.
//!
//! `$STATE`, `$NONCE` and `$LOGIN` stand for what belongs to the login under way, `$ID_TOKEN` for
//! the signed claims.

#![no_main]

use fuzz_support::{
    ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, Counting, HOST, ISSUER, Login, context, gate, get,
    known_issuer, lines, sign,
};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    flow::Step,
    gate::Decision,
    http::{FetchError, Inbound, Query, Response},
    issuer::Availability,
};
use std::sync::LazyLock;

static LOGIN: LazyLock<Login> = LazyLock::new(Login::start);

fuzz_target!(|data: &[u8]| {
    let Some([query, cookies, claims, answer]) = lines::<4>(data) else { return };
    let fill = |text: &str| {
        text.replace("$STATE", &LOGIN.state)
            .replace("$NONCE", &LOGIN.nonce)
            .replace("$LOGIN", &LOGIN.cookie)
    };
    let (query, cookies, claims) = (fill(query), fill(cookies), fill(claims));
    let id_token = sign(br#"{"alg":"RS256","kid":"one"}"#, claims.as_bytes());
    let answer = read_answer(&fill(answer).replace("$ID_TOKEN", &id_token));

    let target = format!("/api/auth/callback?{query}");
    let headers = [("host", HOST), ("cookie", cookies.as_str())];
    let mut entropy = Counting::default();
    let mut context = context(&mut entropy, known_issuer());
    let mut step = gate().begin(&get(&target, &headers), &mut context);
    let mut fetches = 0;
    let response = loop {
        step = match step {
            Step::Done(Decision::Respond(answer)) => break answer.response,
            Step::Fetch(fetch) => {
                fetches += 1;
                assert_eq!(fetch.request().url.as_str(), "https://op.example/token");
                fetch.resume(answer.clone(), &mut context)
            }
            Step::Await(waiting) => waiting.resume(Availability::Missing, &mut context),
            step => panic!("{step:?}"),
        };
        assert!(fetches <= 1);
    };
    if fetches == 1 {
        // No code is redeemed but for the login of this browser.
        assert_eq!(Query::new(&query).unique("state").unwrap().unwrap(), LOGIN.state);
        assert!(cookies.contains(&LOGIN.cookie));
    }
    check(&response, fetches, &claims, &id_token);
});

fn read_answer(text: &str) -> Result<Inbound, FetchError> {
    let (status, body) = text.split_once(' ').ok_or(FetchError::Transport)?;
    let status = status.parse().map_err(|_| FetchError::Timeout)?;
    Ok(Inbound { status, headers: Vec::new(), body: body.into() })
}

fn check(response: &Response, fetches: usize, claims: &str, id_token: &str) {
    let signs_in = response.headers.iter().any(|(name, value)| {
        name == "set-cookie"
            && (value.starts_with("portcullis=") || value.starts_with("portcullis."))
            && !value.contains("Max-Age=0")
    });
    if signs_in {
        assert_eq!((response.status, fetches), (303, 1));
        assert_eq!(response.headers.get("location"), Some("/private"));
        let claims: serde_json::Value = serde_json::from_str(claims).expect("claims are JSON");
        assert_eq!(claims["nonce"], LOGIN.nonce);
        assert_eq!(claims["iss"], ISSUER);
        assert!(claims["aud"] == CLIENT_ID || claims["aud"][0] == CLIENT_ID);
    } else {
        assert!(matches!(response.status, 303 | 400 | 403 | 414 | 500 | 502 | 503));
    }
    for secret in [ACCESS_TOKEN, CLIENT_SECRET, id_token, &LOGIN.nonce] {
        assert!(!response.body.contains(secret));
        assert!(response.headers.iter().all(|(_, value)| !value.contains(secret)));
    }
}
