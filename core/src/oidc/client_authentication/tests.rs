use super::*;
use crate::{
    crypto::SignatureAlgorithm,
    http::Query,
    test_support::{Counting, ISSUER, NOW, NoEntropy, discovery},
};
use alloc::{string::ToString as _, vec::Vec};

/// A key whose signatures are its message's length.
#[derive(Debug)]
struct Measuring;

impl SigningKey for Measuring {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Es256
    }

    fn key_id(&self) -> Option<&str> {
        Some("k1")
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailure> {
        Ok(message.len().to_be_bytes().to_vec())
    }
}

#[derive(Debug)]
struct Broken;

impl SigningKey for Broken {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Es256
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SigningFailure> {
        Err(SigningFailure)
    }
}

fn secret() -> Secret {
    Secret::new("s=%")
}

/// A provider that offers these methods, in JSON; or does not say.
fn metadata(methods: Option<&str>) -> ProviderMetadata {
    let listed = r#""token_endpoint_auth_methods_supported":["client_secret_post"],"#;
    let offered = methods.map_or_else(String::new, |methods| {
        format!(r#""token_endpoint_auth_methods_supported":[{methods}],"#)
    });
    let document = discovery().replace(listed, &offered);
    ProviderMetadata::parse(document.as_bytes(), &Url::parse(ISSUER).unwrap(), 64 * 1024).unwrap()
}

fn request_of(
    credentials: impl Into<ClientCredentials>,
    methods: Option<&str>,
    names_client: bool,
    entropy: &mut dyn Entropy,
) -> Result<Outbound, ClientAuthenticationError> {
    let client = ClientConfig::new("a:b", credentials, "https://app.example").unwrap();
    let metadata = metadata(methods);
    let form = QueryWriter::form().pair("grant_type", "x");
    EndpointForm { endpoint: metadata.token_endpoint(), form, names_client }.authenticated(
        &client,
        &metadata,
        UnixSeconds(NOW),
        entropy,
    )
}

/// The credentials in `Authorization`, then the pairs of the form.
fn sent(
    credentials: impl Into<ClientCredentials>,
    methods: Option<&str>,
    names_client: bool,
) -> (Option<String>, Vec<(String, String)>) {
    let request = request_of(credentials, methods, names_client, &mut Counting::default()).unwrap();
    assert_eq!(request.url.as_str(), "https://op.example/token");
    assert_eq!(request.headers.get("content-type"), Some("application/x-www-form-urlencoded"));
    let pairs = Query::new(&request.body).pairs();
    (
        request.headers.get("authorization").map(String::from),
        pairs.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
    )
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

// a%3Ab:s%3D%25
const BASIC: &str = "Basic YSUzQWI6cyUzRCUyNQ==";
const POST: [(&str, &str); 3] =
    [("grant_type", "x"), ("client_id", "a:b"), ("client_secret", "s=%")];

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
#[test]
fn basic_credentials_are_form_encoded_first() {
    let (authorization, form) = sent(ClientCredentials::SecretBasic(secret()), None, false);
    assert_eq!(authorization.as_deref(), Some(BASIC));
    assert_eq!(form, pairs(&[("grant_type", "x")]));
}

/// OIDF client-secret-basic, and Discovery §3: what is left out means basic.
#[test]
fn a_secret_goes_where_the_provider_takes_it() {
    let post = "\"client_secret_basic\",\"client_secret_post\"";
    assert_eq!(sent(secret(), Some(post), false), (None, pairs(&POST)));
    for methods in [None, Some("\"client_secret_basic\""), Some("\"private_key_jwt\"")] {
        assert_eq!(sent(secret(), methods, false).0.as_deref(), Some(BASIC), "{methods:?}");
    }
}

#[test]
fn a_chosen_method_is_used_whatever_the_metadata_say() {
    let (authorization, form) = sent(ClientCredentials::SecretPost(secret()), None, false);
    assert_eq!((authorization, form), (None, pairs(&POST)));
    let post = Some("\"client_secret_post\"");
    let (authorization, _) = sent(ClientCredentials::SecretBasic(secret()), post, false);
    assert_eq!(authorization.as_deref(), Some(BASIC));
}

#[test]
fn the_client_is_named_beside_basic_where_that_is_asked_for() {
    let (authorization, form) = sent(ClientCredentials::SecretBasic(secret()), None, true);
    assert_eq!(authorization.as_deref(), Some(BASIC));
    assert_eq!(form, pairs(&[("grant_type", "x"), ("client_id", "a:b")]));
}

#[test]
fn a_public_client_sends_its_name_alone() {
    let (authorization, form) = sent(ClientCredentials::Public, None, false);
    assert_eq!(authorization, None);
    assert_eq!(form, pairs(&[("grant_type", "x"), ("client_id", "a:b")]));
}

/// RFC 7523 §3.
#[test]
fn an_assertion_is_for_the_issuer_short_lived_and_unique() {
    let mut entropy = Counting::default();
    let mut assertions: Vec<String> = Vec::new();
    for _ in 0..2 {
        let key = ClientCredentials::PrivateKey(Arc::new(Measuring));
        let request = request_of(key, None, false, &mut entropy).unwrap();
        assert_eq!(request.headers.get("authorization"), None);
        let query = Query::new(&request.body);
        let parameter = |name| query.unique(name).unwrap().unwrap().to_string();
        assert_eq!(parameter("client_id"), "a:b");
        assert_eq!(parameter("client_assertion_type"), ASSERTION_TYPE);
        assertions.push(parameter("client_assertion"));
    }
    let parts: Vec<Vec<Vec<u8>>> = assertions
        .iter()
        .map(|token| token.split('.').map(|part| encoding::decode(part).unwrap()).collect())
        .collect();
    assert_eq!(parts[0][0], br#"{"alg":"ES256","kid":"k1","typ":"JWT"}"#);
    let (signed, _) = assertions[0].rsplit_once('.').unwrap();
    assert_eq!(parts[0][2], signed.len().to_be_bytes());
    let claims = |at: usize| {
        let limits = crate::json::JsonLimits { bytes: 1024, depth: 2, members: 8 };
        Object::parse(&parts[at][1], limits).unwrap()
    };
    let first = claims(0);
    for (name, value) in [("aud", ISSUER), ("iss", "a:b"), ("sub", "a:b")] {
        assert_eq!(first.get(name), Some(&Json::from(value)), "{name}");
    }
    assert_eq!(first.get("iat"), Some(&Json::Unsigned(NOW)));
    assert_eq!(first.get("exp"), Some(&Json::Unsigned(NOW + 60)));
    assert_ne!(first.get("jti"), claims(1).get("jti"));
}

/// O39: without randomness, or with a key that does not sign, nothing is sent.
#[test]
fn an_assertion_that_cannot_be_made_is_not_sent() {
    let key = || ClientCredentials::PrivateKey(Arc::new(Measuring));
    let error = request_of(key(), None, false, &mut NoEntropy).unwrap_err();
    assert_eq!(error, ClientAuthenticationError::Entropy);
    let broken = ClientCredentials::PrivateKey(Arc::new(Broken));
    let error = request_of(broken, None, false, &mut Counting::default()).unwrap_err();
    assert_eq!(error, ClientAuthenticationError::Signing);
}

#[test]
fn credentials_are_not_printed() {
    let client = ClientConfig::new("c", secret(), "https://app.example").unwrap();
    assert!(!format!("{client:?}").contains("s=%"));
}

#[test]
fn an_answer_may_take_as_long_as_the_configuration_says() {
    let client = ClientConfig::new("c", secret(), "https://app.example").unwrap();
    let patient = client.clone().with_timeout(core::time::Duration::from_millis(700));
    for (client, milliseconds) in [(client, 10_000), (patient, 700)] {
        let endpoint = Url::parse("https://op.example/token").unwrap();
        let form =
            EndpointForm { endpoint: &endpoint, form: QueryWriter::form(), names_client: true };
        let request =
            form.authenticated(&client, &metadata(None), UnixSeconds(NOW), &mut NoEntropy).unwrap();
        assert_eq!(request.limits.deadline.as_millis(), milliseconds);
        assert_eq!(request.limits.max_body, MAX_ANSWER);
    }
}
