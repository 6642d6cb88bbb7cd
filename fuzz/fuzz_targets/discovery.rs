//! A discovery document: it is the configured issuer's, and leads nowhere that it may not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    http::{Scheme, Url},
    issuer::ProviderMetadata,
};
use std::sync::LazyLock;

static CONFIGURED: LazyLock<[Url; 2]> = LazyLock::new(|| {
    ["https://op.example/", "http://localhost:4000"]
        .map(|issuer| Url::parse(issuer).expect("a good issuer"))
});

fuzz_target!(|data: &[u8]| {
    for configured in CONFIGURED.iter() {
        let Ok(metadata) = ProviderMetadata::parse(data, configured, 64 * 1024) else { continue };
        let without_slash = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
        assert_eq!(without_slash(metadata.issuer()), without_slash(configured.as_str()));
        let endpoints =
            [metadata.authorization_endpoint(), metadata.token_endpoint(), metadata.jwks_uri()];
        for url in endpoints.into_iter().chain(metadata.end_session_endpoint()) {
            let is_local = configured.is_loopback() && url.is_loopback();
            assert!(url.scheme() == Scheme::Https || is_local, "{url}");
            assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(url));
        }
    }
});
