//! What single settings come to.

use std::sync::LazyLock;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::identity_provider;
use portcullis_core::crypto::SigningKey as _;
use portcullis_core::gate::{GateRoute, SignedOutProfile};
use portcullis_core::oidc::{LoginPolicy, LogoutPolicy, ProviderLogout};
use portcullis_core::secret::Secret;
use portcullis_core::session::{KeptClaims, SessionPolicy};

/// A key on P-256 that nothing but these tests has.
static P256_KEY: LazyLock<String> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = STANDARD.encode(pair.to_pkcs8v1().unwrap().as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n")
});

fn gate_with(environment: &[(&str, &str)]) -> GateSettings {
    load(environment).unwrap_or_else(|error| panic!("{error}")).gate
}

fn shown(value: impl fmt::Debug) -> String {
    format!("{value:?}")
}

#[test]
fn no_two_settings_share_a_name_and_each_has_a_neutral_one() {
    let names = table::ALL.iter().flat_map(|about| about.names).copied();
    let mut names: Vec<_> = names.chain(elsewhere::names()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for about in table::ALL {
        let neutral = about.names.iter().filter(|name| name.starts_with("PORTCULLIS_"));
        assert_eq!(neutral.count(), 1, "{about}");
        assert!(about.names.last().unwrap().starts_with("PORTCULLIS_"), "{about}");
    }
}

/// Also the defaults of settings that a start without any of them does not look at.
#[test]
fn every_default_is_a_value_that_is_taken() {
    assert!(load(&[]).is_ok());
    for about in table::ALL {
        if let setting::Initially::Text(text) = about.initially {
            let environment = [(about.name(), text)];
            assert!(load(&environment).is_ok(), "{about}: {:?}", load(&environment));
        }
    }
}

/// Whatever is written where; what is taken makes a gate.
#[test]
fn a_start_that_is_refused_says_which_setting_is_wrong_and_shows_no_value() {
    let junk = [
        "7f3a",
        "/7f3a",
        "/7f3a+",
        "/:7f3a",
        "7f3a,7f3a",
        "7f3a=7f3a&state=7f3a",
        "https://7f3a.example/7f3a?7f3a",
        "http://7f3a.example",
        "-----BEGIN 7f3a",
        "7f3a\u{1}",
        "\u{fc}7f3a",
        "*",
        "0",
        "-1",
        " ",
        ",",
        "99999999999999999999",
        "true",
        "//7f3a",
        "org_",
        "none",
        "a\nb",
    ];
    let mut refused = 0;
    for about in table::ALL {
        for name in about.names {
            for value in junk {
                let with_provider = provider_with(&[(*name, value)]);
                let alone = [(*name, value)];
                let environment =
                    if table::OF_A_PROVIDER.contains(about) { &with_provider[..] } else { &alone };
                let error = match load(environment) {
                    Ok(settings) => {
                        let gate = configured_gate(&settings);
                        assert!(gate.is_ok(), "{name}={value}: {gate:?}");
                        continue;
                    }
                    Err(error) => error,
                };
                let text = error.to_string();
                assert!(text.contains(name), "{name}={value}: {text}");
                assert!(!text.contains("7f3a"), "{name}={value}: {text}");
                assert!(!problems(Err(error)).is_empty(), "{name}={value}");
                refused += 1;
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn a_misspelt_name_stops_the_start_and_names_the_one_that_is_meant() {
    for (name, near) in [
        ("AUTH0_SESION_NAME", "AUTH0_SESSION_NAME"),
        ("AUTH0_ISSUER_BASEURL", "AUTH0_ISSUER_BASE_URL"),
        ("AUTH0_ENABLE_TELEMETRI", "AUTH0_ENABLE_TELEMETRY"),
        ("PORTCULLIS_LOGIN_PARAMETER", "PORTCULLIS_LOGIN_PARAMETERS"),
        ("PORTCULLIS_X", "PORTCULLIS_LOG"),
    ] {
        let expected = [Problem::Unknown { name: name.to_owned(), near }];
        assert_eq!(problems(load(&[(name, "x")])), expected, "{name}");
        let file = format!("{name}=x");
        assert_eq!(problems(load_with(&[], &[], &[(".env", &file)])), expected, "{name}");
        assert!(load(&[(name, "")]).is_ok(), "nothing is given");
    }
    let text = load(&[("AUTH0_SESION_NAME", "hunter2")]).unwrap_err().to_string();
    assert!(text.contains("AUTH0_SESION_NAME is no setting; did you mean AUTH0_SESSION_NAME?"));
    assert!(!text.contains("hunter2"));
}

#[test]
fn a_name_that_is_the_applications_own_is_noted_and_no_more() {
    let settings = load(&[("AUTH0_MANAGEMENT_API_TOKEN", "x"), ("AUTH", "x")]).unwrap();
    let name = "AUTH0_MANAGEMENT_API_TOKEN".to_owned();
    assert_eq!(settings.notes, [Note::Unknown { name }]);
}

#[test]
fn a_setting_of_the_sdk_that_is_not_here_is_no_mistake() {
    for name in ["AUTH0_ENABLE_TELEMETRY", "AUTH0_COOKIE_SAME_SITE", "NEXT_PUBLIC_MFA_VERIFY_ROUTE"]
    {
        let settings = load(&[(name, "x")]).unwrap();
        let [note] = settings.notes.as_slice() else { panic!("{:?}", settings.notes) };
        assert!(note.to_string().starts_with(&format!("{name} has no effect: ")), "{note}");
    }
    assert!(load(&[("AUTH0_ENABLE_TELEMETRY", "")]).unwrap().notes.is_empty());
}

/// The names of version 4 of the SDK, as a project that comes from there has them.
#[test]
fn the_names_of_version_4_are_taken() {
    let environment = [
        ("AUTH0_SECRET", SECRET),
        ("APP_BASE_URL", "http://localhost:3000"),
        ("AUTH0_DOMAIN", "tenant.eu.auth0.com"),
        ("AUTH0_CLIENT_ID", "the-client"),
        ("AUTH0_CLIENT_SECRET", CLIENT_SECRET),
        ("AUTH0_AUDIENCE", "https://api.example.com"),
        ("NEXT_PUBLIC_LOGIN_ROUTE", "/auth/login"),
        ("NEXT_PUBLIC_PROFILE_ROUTE", "/auth/profile"),
    ];
    let settings = load(&environment).unwrap();
    assert_eq!(settings.gate.routes.path(GateRoute::Profile), "/auth/profile");
    assert_eq!(external(settings).issuer, "https://tenant.eu.auth0.com");
}

#[test]
fn names_of_one_setting_agree_where_they_mean_the_same() {
    for (name, value) in [
        ("AUTH0_DOMAIN", "tenant.eu.auth0.com"),
        ("APP_BASE_URL", "http://localhost:3000/"),
        ("NEXT_PUBLIC_AUTH0_BASE_URL", "http://localhost:3000"),
    ] {
        assert!(load(&provider_with(&[(name, value)])).is_ok(), "{name}");
    }
    let differing = provider_with(&[("AUTH0_DOMAIN", "other.eu.auth0.com")]);
    let conflict = Problem::Conflict { first: "AUTH0_ISSUER_BASE_URL", second: "AUTH0_DOMAIN" };
    assert_eq!(problems(load(&differing)), [conflict]);
}

#[test]
fn a_wrong_value_is_told_what_it_must_be() {
    for (name, value, advice) in [
        ("AUTH0_SESSION_ROLLING", "flase", "true or false"),
        ("AUTH0_SESSION_ROLLING_DURATION", "1d", "a number of seconds from 1 to 34560000"),
        ("AUTH0_CLOCK_TOLERANCE", "301", "from 0 to 300"),
        ("AUTH0_HTTP_TIMEOUT", "5s", "a number of milliseconds"),
        ("AUTH0_ID_TOKEN_SIGNING_ALG", "HS256", "ES256, PS256 or RS256"),
        ("AUTH0_CALLBACK", "https://app.example/callback", "a plain path"),
        ("PORTCULLIS_LOGIN_PARAMETERS", "state=7f3a", "parameters as in a query"),
        ("PORTCULLIS_CLIENT_AUTHENTICATION", "client_secret_jwt", "client_secret_basic"),
        ("PORTCULLIS_CORS_ORIGINS", "7f3a.example", "origins such as"),
        ("PORTCULLIS_LOG", "a=b=c", "a level such as debug"),
    ] {
        assert_eq!(
            problems(load(&[(name, value)])),
            [Problem::Invalid { name, fault: Fault::Value }]
        );
        let text = load(&[(name, value)]).unwrap_err().to_string();
        assert!(text.contains(&format!("{name}: it must be ")), "{text}");
        assert!(text.contains(advice), "{text}");
        assert!(!text.contains(value), "{text}");
    }
}

#[test]
fn old_secrets_open_and_the_new_one_seals() {
    let old = "0f9d1c2b3a48576e7d8c9bafae10f2e3";
    let client = external(load(&provider_with(&[("PORTCULLIS_OLD_SECRETS", old)])).unwrap());
    let secrets: Vec<_> = client.secrets.iter().map(Secret::expose).collect();
    assert_eq!(secrets, [SECRET, old]);
    let unused = load(&[("PORTCULLIS_OLD_SECRETS", old)]).unwrap();
    assert!(unused.notes[0].to_string().contains("PORTCULLIS_OLD_SECRETS has no effect"));
}

#[test]
fn the_client_authenticates_as_it_is_told() {
    for (method, expected) in [
        ("client_secret_basic", "SecretBasic"),
        ("client_secret_post", "SecretPost"),
        ("none", "Public"),
    ] {
        let settings = provider_with(&[("PORTCULLIS_CLIENT_AUTHENTICATION", method)]);
        let client = external(load(&settings).unwrap());
        assert!(shown(client.credentials.of_client()).starts_with(expected), "{method}");
    }
    // No secret is needed where none is sent.
    for (name, value) in [
        ("PORTCULLIS_CLIENT_AUTHENTICATION", "none"),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", P256_KEY.as_str()),
    ] {
        let settings = [
            ("AUTH0_CLIENT_SECRET", ""),
            ("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "ES256"),
            (name, value),
        ];
        assert!(load(&provider_with(&settings)).is_ok(), "{name}");
    }
}

#[test]
fn a_key_signs_assertions_with_its_algorithm() {
    let settings = provider_with(&[
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", P256_KEY.as_str()),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "ES256"),
        ("PORTCULLIS_CLIENT_ASSERTION_SIGNING_KEY_ID", "k1"),
    ]);
    let client = external(load(&settings).unwrap());
    let Credentials::PrivateKey(key) = &client.credentials else { panic!("{client:?}") };
    assert_eq!((key.algorithm(), key.key_id()), (SignatureAlgorithm::Es256, Some("k1")));
    let registered = client.credentials.at_provider();
    assert!(matches!(registered, identity_provider::Credentials::PublicKey { algorithm, .. }
            if algorithm == SignatureAlgorithm::Es256));

    let name = "AUTH0_CLIENT_ASSERTION_SIGNING_KEY";
    let wrong = [Problem::Invalid { name, fault: Fault::Key }];
    for key in [P256_KEY.as_str(), "junk", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"]
    {
        // RS256 where nothing else is said.
        assert_eq!(problems(load(&[(name, key)])), wrong, "{key}");
    }
}

#[test]
fn a_method_and_a_key_go_together() {
    let key = ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", P256_KEY.as_str());
    let algorithm = ("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "ES256");
    let method = ("PORTCULLIS_CLIENT_AUTHENTICATION", "client_secret_post");
    let [problem] = &problems(load(&[key, algorithm, method]))[..] else { panic!() };
    assert!(matches!(problem, Problem::Together { .. }), "{problem:?}");

    let method = ("PORTCULLIS_CLIENT_AUTHENTICATION", "private_key_jwt");
    let missing = Problem::Missing(table::ASSERTION_KEY.about);
    assert_eq!(problems(load(&provider_with(&[method]))), [missing]);
    // For the built-in provider one is made up.
    assert!(load(&[method]).is_ok());
}

#[test]
fn the_built_in_provider_signs_in_one_way() {
    for name in ["AUTH0_ID_TOKEN_SIGNING_ALG", "PORTCULLIS_API_SIGNING_ALGS"] {
        let [problem] = &problems(load(&[(name, "ES256")]))[..] else { panic!() };
        assert!(problem.to_string().contains(name), "{problem}");
        let elsewhere = load(&provider_with(&[(name, "ES256")])).unwrap();
        assert_eq!(elsewhere.algorithms().len(), 2);
    }
}

#[test]
fn a_session_that_does_not_roll_ends_with_its_age() {
    let policy = |environment: &[(&str, &str)]| gate_with(environment).session_policy;
    assert_eq!(policy(&[]), SessionPolicy::default());
    let rolling =
        [("AUTH0_SESSION_ROLLING_DURATION", "600"), ("AUTH0_SESSION_ABSOLUTE_DURATION", "7200")];
    assert_eq!(policy(&rolling), SessionPolicy { inactivity: 600, absolute: 7200 });
    let fixed = [rolling[0], rolling[1], ("AUTH0_SESSION_ROLLING", "off")];
    assert_eq!(policy(&fixed), SessionPolicy { inactivity: 7200, absolute: 7200 });
}

#[test]
fn claims_are_kept_by_name_or_left_out_by_name() {
    let kept = |environment: &[(&str, &str)]| gate_with(environment).kept_claims;
    let list = "PORTCULLIS_SESSION_CLAIMS";
    let filter = "AUTH0_IDENTITY_CLAIM_FILTER";
    assert_eq!(kept(&[]), KeptClaims::default());
    assert_eq!(kept(&[(list, "name, email")]), KeptClaims::only(["name", "email"]));
    assert_eq!(kept(&[(list, "standard,urn:roles")]), KeptClaims::default().and(["urn:roles"]));
    assert_eq!(kept(&[(list, "*")]), KeptClaims::all());
    assert_eq!(kept(&[(filter, "aud,iss")]), KeptClaims::all_but(["aud", "iss"]));
    let [problem] = &problems(load(&[(list, "name"), (filter, "iss")]))[..] else { panic!() };
    assert!(matches!(problem, Problem::Together { .. }), "{problem:?}");
}

#[test]
fn routes_are_below_a_path_and_each_can_be_elsewhere() {
    let routes = gate_with(&[
        ("PORTCULLIS_ROUTES", "/auth"),
        ("AUTH0_CALLBACK", "/callback"),
        ("NEXT_PUBLIC_AUTH0_LOGIN", "/sign-in"),
        ("PORTCULLIS_LOGOUT_ROUTE", "/sign-out"),
        ("NEXT_PUBLIC_PROFILE_ROUTE", "/auth/profile"),
    ])
    .routes;
    for (route, path) in [
        (GateRoute::AccessToken, "/auth/access-token"),
        (GateRoute::BackchannelLogout, "/auth/backchannel-logout"),
        (GateRoute::Callback, "/callback"),
        (GateRoute::Login, "/sign-in"),
        (GateRoute::Logout, "/sign-out"),
        (GateRoute::Profile, "/auth/profile"),
    ] {
        assert_eq!(routes.path(route), path);
    }
    let name = "PORTCULLIS_LOGOUT_ROUTE";
    assert_eq!(
        problems(load(&[(name, "/api/auth/login")])),
        [Problem::Invalid { name, fault: Fault::Value }]
    );
}

#[test]
fn a_login_is_started_as_the_settings_say() {
    let policy = LoginPolicy::default()
        .with_query_parameters(["prompt"])
        .and_then(|policy| policy.with_lifetime(600))
        .and_then(|policy| policy.with_default_target("/private"))
        .and_then(|policy| policy.with_parameter("acr_values", "urn:x"))
        .and_then(|policy| policy.with_parameter("organization", "org_a"))
        .unwrap()
        .with_pushed_requests();
    let settings = gate_with(&[
        ("PORTCULLIS_LOGIN_QUERY_PARAMETERS", "prompt"),
        ("PORTCULLIS_LOGIN_LIFETIME", "600"),
        ("PORTCULLIS_LOGIN_TARGET", "/private"),
        ("PORTCULLIS_LOGIN_PARAMETERS", "acr_values=urn:x"),
        ("AUTH0_ORGANIZATION", "org_a"),
        ("AUTH0_PUSHED_AUTHORIZATION_REQUESTS", "true"),
    ]);
    assert_eq!(shown(settings.login), shown(policy));
    assert_eq!(shown(gate_with(&[]).login), shown(LoginPolicy::default()));
}

#[test]
fn signing_out_goes_where_the_settings_say() {
    for (environment, provider) in [
        (&[][..], ProviderLogout::Automatic),
        (&[("AUTH0_LOGOUT", "true")], ProviderLogout::Auth0),
        (&[("AUTH0_LOGOUT", "false")], ProviderLogout::EndSession),
        (&[("AUTH0_IDP_LOGOUT", "false"), ("AUTH0_LOGOUT", "true")], ProviderLogout::Nowhere),
    ] {
        let policy = LogoutPolicy::default().with_provider(provider);
        assert_eq!(shown(gate_with(environment).logout), shown(policy), "{environment:?}");
    }
    let policy = LogoutPolicy::default()
        .with_default_target("/bye")
        .and_then(|policy| policy.with_targets(["https://www.example/"]))
        .unwrap()
        .with_federated();
    let settings = gate_with(&[
        ("AUTH0_POST_LOGOUT_REDIRECT", "/bye"),
        ("PORTCULLIS_LOGOUT_TARGETS", "https://www.example/"),
        ("PORTCULLIS_FEDERATED_LOGOUT", "yes"),
        ("PORTCULLIS_BACKCHANNEL_LOGOUT", "no"),
    ]);
    assert_eq!(shown(settings.logout), shown(policy));
    assert!(!settings.backchannel_logout);
}

#[test]
fn what_is_switched_on_is_on() {
    let off = gate_with(&[]);
    assert!(!off.hands_out_access_tokens && !off.keeps_id_token && off.backchannel_logout);
    let on = gate_with(&[
        ("PORTCULLIS_ACCESS_TOKEN_ENDPOINT", "on"),
        ("AUTH0_SESSION_STORE_ID_TOKEN", "1"),
        ("PORTCULLIS_SIGNED_OUT_PROFILE", "401"),
        ("PORTCULLIS_REFRESH_MARGIN", "0"),
        ("AUTH0_CLOCK_TOLERANCE", "60"),
        ("PORTCULLIS_TRUSTED_ORIGINS", "https://spa.example"),
        ("PORTCULLIS_UNMARKED_REQUESTS", "true"),
    ]);
    assert!(on.hands_out_access_tokens && on.keeps_id_token);
    assert_eq!(on.signed_out_profile, SignedOutProfile::Unauthorized);
    assert_eq!((on.refresh_margin, on.clock_tolerance.seconds()), (0, 60));
    let cross_site = shown(&on.cross_site);
    assert!(cross_site.contains("spa.example") && cross_site.contains("true"), "{cross_site}");
}

#[test]
fn the_cookies_of_the_sdk_are_taken_over_by_their_names() {
    let switch = ("PORTCULLIS_AUTH0_COOKIES", "true");
    let domain = ("AUTH0_COOKIE_DOMAIN", "example.com");
    let names = ("PORTCULLIS_AUTH0_COOKIE_NAMES", "mine,__session");
    let cookies = gate_with(&[switch, domain, names]).auth0_cookies.unwrap();
    assert_eq!(cookies.names, ("mine".to_owned(), "__session".to_owned()));
    assert_eq!(cookies.domain.as_deref(), Some("example.com"));

    let without = load(&[domain]).unwrap();
    assert_eq!(without.gate.auth0_cookies, None);
    assert!(without.notes[0].to_string().starts_with("AUTH0_COOKIE_DOMAIN has no effect"));

    let same = [switch, ("AUTH0_SESSION_NAME", "appSession")];
    let [problem] = &problems(load(&same))[..] else { panic!() };
    assert!(problem.to_string().contains("AUTH0_SESSION_NAME"), "{problem}");
}

#[test]
fn the_api_asks_for_what_the_settings_say() {
    let api = load(&[
        ("PORTCULLIS_API_SCOPES", "read:a write:a"),
        ("PORTCULLIS_API_METADATA", "true"),
        ("PORTCULLIS_API_SIGNING_ALGS", "RS256,ES256"),
        ("PORTCULLIS_CORS_ORIGINS", "https://app.example"),
    ])
    .unwrap()
    .api;
    assert_eq!(api.scopes, ["read:a", "write:a"]);
    assert_eq!(api.algorithms, [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256]);
    assert!(api.has_metadata && api.cors.is_some());
    assert!(load(&[]).unwrap().api.cors.is_none());
}

#[test]
fn an_api_with_metadata_has_a_url_for_its_audience() {
    let metadata = ("PORTCULLIS_API_METADATA", "true");
    assert!(load(&provider_with(&[metadata])).is_ok());
    for audience in ["urn:api", "http://api.example.com/", "https://api.example.com/?a"] {
        let settings = provider_with(&[metadata, ("AUTH0_AUDIENCE", audience)]);
        let [problem] = &problems(load(&settings))[..] else { panic!() };
        assert!(problem.to_string().starts_with("AUTH0_AUDIENCE and PORTCULLIS_API_METADATA: "));
        let without = provider_with(&[("AUTH0_AUDIENCE", audience)]);
        assert!(load(&without).is_ok());
    }
}

#[test]
fn a_private_key_shows_in_no_output() {
    let settings = load(&[
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", P256_KEY.as_str()),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "ES256"),
    ]);
    let body = P256_KEY.lines().nth(1).unwrap();
    assert!(!shown(settings.unwrap()).contains(body));
    let wrong = load(&[("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", P256_KEY.as_str())]).unwrap_err();
    assert!(!shown(&wrong).contains(body) && !wrong.to_string().contains(body));
}
