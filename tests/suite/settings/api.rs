//! How the API of the demonstration is guarded.

use super::{ROUTE, with};
use crate::harness::{Client, Demo, Provider, Runtime};
use serde_json::json;

pub(crate) fn pages_of_other_origins_call_the_api_where_they_may(runtime: Runtime) {
    let origin = "https://app.example";
    let preflight = |demo: &Demo, origin| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization"),
        ];
        Client::new().send("OPTIONS", &format!("{}{ROUTE}", demo.api), &headers, "")
    };
    let demo = Demo::start_with(runtime, &[("PORTCULLIS_CORS_ORIGINS", origin)]);
    let answer = preflight(&demo, origin);
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert_eq!(answer.header("access-control-allow-headers"), "authorization");
    assert_eq!(preflight(&demo, "https://evil.example").header("access-control-allow-origin"), "");
    // A page may read why it was refused.
    let refusal = Client::new().get(&format!("{}{ROUTE}", demo.api), &[("origin", origin)]);
    assert_eq!(refusal.status, 401, "{refusal:?}");
    assert_eq!(refusal.header("access-control-allow-origin"), origin);

    let demo = Demo::start_with(runtime, &[("PORTCULLIS_CORS_ORIGINS", "*")]);
    assert_eq!(preflight(&demo, origin).header("access-control-allow-origin"), "*");

    let demo = Demo::start(runtime);
    let answer = preflight(&demo, origin);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (401, ""));
}

pub(crate) fn the_api_asks_for_the_scopes_of_the_settings(runtime: Runtime) {
    let needed = ("PORTCULLIS_API_SCOPES", "read:messages, list:messages");
    for (scope, status) in [
        ("openid", 403),
        ("openid read:messages", 403),
        ("openid list:messages read:messages", 200),
    ] {
        let demo = Demo::start_with(runtime, &[needed, ("AUTH0_SCOPE", scope)]);
        let mut client = Client::new();
        client.sign_in(&demo, "/private");
        let answer = client.call(&format!("{}{ROUTE}", demo.frontend));
        assert_eq!(answer.status, status, "{scope}: {answer:?}");
        if status == 403 {
            assert_eq!(answer.json()["error"], "insufficient_scope");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.contains("read:messages"), "{challenge}");
        }
    }
}

pub(crate) fn the_api_says_who_issues_its_tokens(runtime: Runtime) {
    let metadata = ("PORTCULLIS_API_METADATA", "true");
    let demo = Demo::start_with(runtime, &[metadata, ("PORTCULLIS_API_SCOPES", "read:messages")]);
    let url = format!("{}/.well-known/oauth-protected-resource/api", demo.api);
    let document = Client::new().call(&url).json();
    assert_eq!(document["resource"], format!("{}/api", demo.api));
    assert_eq!(document["authorization_servers"], json!([demo.provider]));
    assert_eq!(document["scopes_supported"], json!(["read:messages"]));
    let refusal = Client::new().call(&format!("{}{ROUTE}", demo.api));
    assert!(refusal.header("www-authenticate").contains(&url), "{refusal:?}");
    assert_eq!(Client::new().call(&format!("{}/.well-known/x", demo.api)).status, 401);

    // With a provider elsewhere, the audience says where the API is.
    let provider = Provider::start();
    let demo = Demo::start_with(runtime, &with(&provider, &[metadata]));
    let url = format!("{}/.well-known/oauth-protected-resource", demo.api);
    let document = Client::new().call(&url).json();
    assert_eq!(document["resource"], Provider::AUDIENCE);
    assert_eq!(document["authorization_servers"], json!([provider.issuer()]));

    let demo = Demo::start(runtime);
    let url = format!("{}/.well-known/oauth-protected-resource/api", demo.api);
    assert_eq!(Client::new().call(&url).status, 401);
}
