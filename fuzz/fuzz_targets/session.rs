//! The content of a session cookie that opens, whatever it is.

#![no_main]

use core::time::Duration;
use fuzz_support::{Counting, HOST, context, gate, get, known_issuer, respond, sealed_session};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    flow::Step,
    gate::{Decision, GateFlow, RefreshOutcome},
    http::FetchError,
    session::RevocationOutcome,
};

fuzz_target!(|data: &[u8]| {
    let Some(cookie) = sealed_session(data) else { return };
    let begin = |target: &str| -> Step<GateFlow> {
        let headers = [
            ("host", HOST),
            ("cookie", cookie.as_str()),
            ("accept", "text/html"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        let mut entropy = Counting::default();
        gate().begin(&get(target, &headers), &mut context(&mut entropy, known_issuer()))
    };
    let me = respond(begin("/api/auth/me")).expect("an answer of the gate");
    let is_session = me.status == 200;
    assert!(is_session || me.status == 204);
    assert_eq!(is_session, serde_json::from_str::<serde_json::Value>(&me.body).is_ok());
    assert!(!me.body.contains('<'));

    match begin("/private") {
        Step::Done(Decision::Serve(serve)) => assert!(is_session && serve.session.is_some()),
        Step::Done(Decision::Respond(answer)) => {
            assert!(!is_session && answer.response.status == 302);
        }
        // Its access token is due, and there is a refresh token.
        Step::Refresh(_) => assert!(is_session),
        step => panic!("{step:?}"),
    }
    match begin("/api/private-route") {
        Step::Done(Decision::Forward(forward)) => {
            assert!(is_session);
            let credentials = forward.request.added().get("authorization").expect("a token");
            assert!(credentials.starts_with("Bearer ") && credentials.len() > 7);
        }
        Step::Done(Decision::Respond(answer)) => assert_eq!(answer.response.status, 401),
        // Its access token is due, and there is a refresh token.
        Step::Refresh(_) => assert!(is_session),
        step => panic!("{step:?}"),
    }
    let mut logout = begin("/api/auth/logout");
    // It is recorded that the session is over, and a refresh token is given back, perhaps a newer
    // one.
    for _ in 0..3 {
        let mut entropy = Counting::default();
        let mut context = context(&mut entropy, known_issuer());
        logout = match logout {
            Step::Revoke(revoke) => revoke.resume(RevocationOutcome::Recorded, &mut context),
            Step::Refresh(wait) => {
                let retry_after = Duration::from_secs(1);
                wait.resume(RefreshOutcome::Unavailable { retry_after }, &mut context)
            }
            Step::Fetch(fetch) => fetch.resume(Err(FetchError::Timeout), &mut context),
            step => step,
        };
        assert!(is_session || matches!(logout, Step::Done(_)));
    }
    let logout = respond(logout).expect("an answer of the gate");
    assert_eq!(logout.status, 302);
});
