//! A logout token of any header and claims, with a signature that fits: the header on the first
//! line, the claims below. Without a second line, the body of the request.

#![no_main]

use fuzz_support::{Counting, HOST, context, gate, known_issuer, respond, sign};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{flow::Step, http::RequestHead, session::RevocationOutcome};

fuzz_target!(|data: &[u8]| {
    let body = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => format!("logout_token={}", sign(&data[..end], &data[end + 1..])).into_bytes(),
        None => data.to_vec(),
    };
    let headers = [("host", HOST), ("content-type", "application/x-www-form-urlencoded")];
    let head = RequestHead {
        method: "POST",
        target: "/api/auth/backchannel-logout",
        headers: &headers,
        peer: None,
        secure: false,
    };
    let mut entropy = Counting::default();
    let mut context = context(&mut entropy, known_issuer());
    let Step::Read(read) = gate().begin(&head, &mut context) else { panic!("the body is read") };
    match read.resume(Ok(body), &mut context) {
        Step::Revoke(revoke) => {
            let claims = data.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
            let claims: serde_json::Value = serde_json::from_slice(claims).expect("claims");
            let event = "http://schemas.openid.net/event/backchannel-logout";
            assert!(claims["events"][event].is_object());
            assert!(claims.get("nonce").is_none());
            assert!(claims["jti"].is_string());
            assert!(claims["sub"].is_string() || claims["sid"].is_string());
            assert!(revoke.revocation().token.is_some());
            let step = revoke.resume(RevocationOutcome::Recorded, &mut context);
            assert_eq!(respond(step).map(|response| response.status), Some(200));
        }
        // A key that is not known.
        Step::Await(_) => {}
        step => assert_eq!(respond(step).map(|response| response.status), Some(400)),
    }
});
