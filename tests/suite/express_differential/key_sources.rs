//! Issuers that are down, answer nonsense, or publish an odd key beside a good one; and tokens with
//! made-up names of keys.

use super::{
    apis::{Api, Peer},
    express::Express,
    ours::Ours,
    wire::{PATIENCE, Request},
};
use crate::harness::{Answer, Provider, SigningKey};
use core::time::Duration;
use serde_json::{Value, json};

/// After this long without an answer, none is taken to come; jwks-rsa itself gives up after 30 s of
/// silence of a connection that is there.
const SILENCE: Duration = Duration::from_secs(10);

/// What an issuer answers where its key set should be, and the status of a good token at ours, at
/// express-jwt and at express-oauth2-jwt-bearer; 0 where none ever comes.
struct Source {
    name: &'static str,
    answer: fn(&SigningKey) -> Answer,
    statuses: [u16; 3],
}

/// Where keys cannot be had, ours is 503: neither the token is at fault (401) nor this server (500).
const SOURCES: [Source; 11] = [
    Source { name: "a good key", answer: |key| set(&[key.jwk()]), statuses: [200, 200, 200] },
    Source {
        name: "a key of a type that nobody knows beside it",
        answer: |key| set(&[json!({"kty": "AKP", "pub": "AAAA"}), key.jwk()]),
        statuses: [200, 200, 200],
    },
    Source {
        name: "an entry that is no key beside it",
        answer: |key| set(&[Value::Null, key.jwk()]),
        statuses: [200, 500, 401],
    },
    Source {
        name: "an error",
        answer: |_| Answer::Http(500, String::new()),
        statuses: [503, 500, 401],
    },
    Source {
        name: "a page that is not found",
        answer: |_| Answer::Http(404, String::new()),
        statuses: [503, 500, 401],
    },
    Source {
        name: "a redirection",
        answer: |_| {
            Answer::Raw("HTTP/1.1 302 Found\r\nlocation: /keys\r\ncontent-length: 0\r\n\r\n")
        },
        statuses: [503, 500, 401],
    },
    Source {
        name: "a page of HTML",
        answer: |_| Answer::Http(200, "<!doctype html>".to_owned()),
        statuses: [503, 500, 401],
    },
    Source {
        name: "an empty object",
        answer: |_| Answer::json(&json!({})),
        statuses: [503, 500, 401],
    },
    Source { name: "no key", answer: |_| set(&[]), statuses: [503, 500, 401] },
    Source {
        name: "half of it",
        answer: |_| Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"keys\":["),
        statuses: [503, 0, 401],
    },
    Source { name: "nothing", answer: |_| Answer::Hangup, statuses: [503, 500, 401] },
];

fn set(keys: &[Value]) -> Answer {
    Answer::json(&json!({"keys": keys}))
}

/// J21 at the API: an outage is told from a bad token.
#[test]
fn an_outage_is_503_where_express_says_500_or_401() {
    let providers: Vec<Provider> = SOURCES.iter().map(|_| Provider::start()).collect();
    for (source, provider) in SOURCES.iter().zip(&providers) {
        provider.answers(Provider::KEY_SET, (source.answer)(&provider.key));
    }
    let apis: Vec<Value> = providers
        .iter()
        .flat_map(|provider| Peer::ALL.map(|peer| Api::Plain.of_express(peer, provider)))
        .collect();
    let test = "an_outage_is_503_where_express_says_500_or_401";
    let Some(express) = Express::start(test, &apis) else { return };
    let mut ours = Ours::new();
    for ((source, provider), theirs) in
        SOURCES.iter().zip(&providers).zip(express.ports.chunks_exact(2))
    {
        let port = ours.start(provider, Api::Plain);
        let good = Request::new("GET").bearer(&provider.key.sign(&provider.access_claims()));
        let ours = good.send(port);
        let [_, jwt, bearer] = source.statuses;
        let theirs = [(jwt, theirs[0]), (bearer, theirs[1])].map(|(expected, port)| {
            let patience = if expected == 0 { SILENCE } else { PATIENCE };
            good.send_within(port, patience).map_or(0, |answer| answer.status)
        });
        let statuses = [ours.status, theirs[0], theirs[1]];
        println!("{:>20?}  {}", statuses, source.name);
        assert_eq!(statuses, source.statuses, "{}", source.name);
        // What the client may do is said, and only then.
        assert_eq!(ours.status == 503, !ours.field("retry-after").is_empty(), "{}", source.name);
        assert!(ours.field("www-authenticate").is_empty(), "{}", source.name);
    }
}

/// J06, J07: whoever makes up names of keys causes one fetch, and shuts nobody out.
#[test]
fn made_up_key_ids_lock_nobody_out() {
    let providers = [Provider::start(), Provider::start(), Provider::start()];
    let [provider, of_express_jwt, of_bearer] = &providers;
    let [first, second] = Peer::ALL;
    let mut limited = Api::Plain.of_express(first, of_express_jwt);
    limited["rateLimit"] = json!(true);
    let apis = [limited, Api::Plain.of_express(second, of_bearer)];
    let Some(express) = Express::start("made_up_key_ids_lock_nobody_out", &apis) else { return };
    let mut ours = Ours::new();
    let ports = [ours.start(provider, Api::Plain), express.ports[0], express.ports[1]];
    let mut answers = Vec::new();
    for (provider, port) in providers.iter().zip(ports) {
        let claims = provider.access_claims();
        let statuses: Vec<u16> = (0..30)
            .map(|number| {
                let header = json!({"alg": "RS256", "kid": format!("made-up-{number}")});
                let token = provider.key.sign_with(&header, &claims);
                Request::new("GET").bearer(&token).send(port).status
            })
            .collect();
        let good = Request::new("GET").bearer(&provider.key.sign(&claims)).send(port).status;
        let fetches = provider.requests(Provider::KEY_SET);
        println!("{good} after 30 made-up names, {fetches} fetches, {statuses:?}");
        answers.push((statuses.last().copied(), good, fetches));
    }
    let (made_up, good, fetches) = answers[0];
    assert_eq!((made_up, good), (Some(401), 200));
    // One for the first token, one for the first unknown name; on a slow machine one more.
    assert!(fetches <= 3, "{fetches} fetches");
    // The limit of jwks-rsa counts the good name too.
    assert_eq!(answers[1], (Some(500), 500, 10));
    assert_eq!(answers[2].1, 200);
}
