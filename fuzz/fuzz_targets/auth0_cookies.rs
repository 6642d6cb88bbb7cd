//! The cookies of the Auth0 SDK: the header on the first line, the content below, sealed as the SDK
//! does and spread over one cookie or several. Without a second line, the cookies themselves.

#![no_main]

use fuzz_support::{Counting, HOST, context, gate, get, known_issuer, respond, sealed_as_auth0};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    flow::Step,
    gate::{Decision, GateFlow},
};

fuzz_target!(|data: &[u8]| {
    let Some((&first, data)) = data.split_first() else { return };
    let cookie = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => {
            let text = sealed_as_auth0(&data[..end], &data[end + 1..]);
            spread(&text, usize::from(first / 2 % 8), first % 2 == 0)
        }
        None => String::from_utf8_lossy(data).into_owned(),
    };
    let me = respond(begin("/api/auth/me", &cookie)).expect("an answer of the gate");
    let is_session = me.status == 200;
    assert!(is_session || me.status == 204);

    let decision = match begin("/private", &cookie) {
        Step::Done(decision) => decision,
        // Its access token is due, and there is a refresh token.
        Step::Refresh(_) => {
            assert!(is_session);
            return;
        }
        step => panic!("{step:?}"),
    };
    let written: Vec<(String, String)> = match &decision {
        Decision::Serve(serve) => {
            assert!(is_session && serve.session.is_some());
            let none: [(&str, &str); 0] = [];
            let filter = serve.response.filter(&none);
            filter.added().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        }
        Decision::Respond(answer) => {
            assert!(!is_session && answer.response.status == 302);
            return;
        }
        Decision::Forward(_) => panic!("no rule leads there"),
    };
    // The session has become one of the gate's own, and says the same.
    let kept: Vec<&str> = written
        .iter()
        .filter(|(name, value)| name == "set-cookie" && !value.contains("Max-Age=0;"))
        .filter_map(|(_, value)| value.split(';').next())
        .collect();
    if !kept.is_empty() {
        assert!(kept.iter().all(|cookie| cookie.starts_with("portcullis")));
        let own = respond(begin("/api/auth/me", &kept.join("; "))).expect("an answer of the gate");
        assert_eq!(own.body, me.body);
    }
});

fn begin(target: &str, cookie: &str) -> Step<GateFlow> {
    let headers = [("host", HOST), ("cookie", cookie), ("accept", "text/html")];
    let mut entropy = Counting::default();
    gate().begin(&get(target, &headers), &mut context(&mut entropy, known_issuer()))
}

/// `text` in one cookie, or in so many.
fn spread(text: &str, count: usize, is_v3: bool) -> String {
    let (name, separator) = if is_v3 { ("appSession", ".") } else { ("__session", "__") };
    if count < 2 {
        return format!("{name}={text}");
    }
    let size = text.len().div_ceil(count);
    let chunks = text
        .as_bytes()
        .chunks(size)
        .enumerate()
        .map(|(at, chunk)| format!("{name}{separator}{at}={}", String::from_utf8_lossy(chunk)));
    chunks.collect::<Vec<_>>().join("; ")
}
