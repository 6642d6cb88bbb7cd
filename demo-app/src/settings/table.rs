//! Every setting: its names, what it means and what holds without it. What is read, what messages
//! advise, the help of the program, the table of the front page and `docs/settings.md` all come from
//! here.

use portcullis_core::crypto::SignatureAlgorithm;
use portcullis_core::gate::SignedOutProfile;
use portcullis_core::http::Origin;
use portcullis_core::jwt::ClockTolerance;
use portcullis_core::secret::Secret;
use tracing_subscriber::filter::Targets;

use super::checks::{self, IssuerAddress};
use super::client::Method;
use super::command_line::RuntimeName;
use super::listen_address::ListenAddress;
use super::setting::{About, Initially, Setting, settings};
use Initially::{Nothing, Text, Words};

/// What a switch may be set to.
const SWITCH: &str = "true or false";
const PATH: &str = "a plain path such as `/sign-in`, and no other route's";
const NAMES: &str = "names with commas or blanks between them";

settings! {
    "The application at its provider" {
        SECRET: Secret = checks::secret, {
            names: ["AUTH0_SECRET", "PORTCULLIS_SECRET"],
            value: "at least 32 random bytes, for example the output of openssl rand -hex 32",
            initially: Nothing,
            meaning: "Seals the cookies; at least 32 random bytes.",
            common: true,
        }
        BASE_URL: Origin = checks::base_url, {
            names: [
                "AUTH0_BASE_URL", "APP_BASE_URL", "NEXT_PUBLIC_AUTH0_BASE_URL",
                "PORTCULLIS_BASE_URL",
            ],
            value: "where browsers find the front end, for example http://localhost:3000; register \
                    this address followed by /api/auth/callback as a callback URL at the provider",
            initially: Nothing,
            meaning: "Where browsers find the front end. A gate has one such address, and never \
                      takes it from a request.",
            common: true,
        }
        ISSUER: IssuerAddress = checks::issuer, {
            names: ["AUTH0_ISSUER_BASE_URL", "AUTH0_DOMAIN", "PORTCULLIS_ISSUER"],
            value: "the address of your provider, for example https://tenant.eu.auth0.com",
            initially: Nothing,
            meaning: "The provider; `https://` may be left out.",
            common: true,
        }
        CLIENT_ID: String = checks::visible_text, {
            names: ["AUTH0_CLIENT_ID", "PORTCULLIS_CLIENT_ID"],
            value: "the client ID of your application at the provider",
            initially: Nothing,
            meaning: "The application's name at the provider.",
            common: true,
        }
        CLIENT_SECRET: Secret = checks::visible_secret, {
            names: ["AUTH0_CLIENT_SECRET", "PORTCULLIS_CLIENT_SECRET"],
            value: "the client secret of your application at the provider",
            initially: Nothing,
            meaning: "Its secret at the provider; not needed where a key or nothing takes its \
                      place.",
            common: true,
        }
        AUDIENCE: String = checks::visible_text, {
            names: ["AUTH0_AUDIENCE", "PORTCULLIS_AUDIENCE"],
            value: "the identifier of your API as it is registered at the provider, for example \
                    https://api.example.com; without it Auth0 issues opaque access tokens, which \
                    the API cannot verify",
            initially: Nothing,
            meaning: "The API's identifier at the provider.",
            common: true,
        }
        OLD_SECRETS: Vec<Secret> = checks::secrets, {
            names: ["PORTCULLIS_OLD_SECRETS"],
            value: "secrets with commas between them, seven at most",
            initially: Nothing,
            meaning: "What cookies were sealed with before. To change the secret, put the old one \
                      here until the sessions that it sealed are over; each is sealed anew when \
                      it is next written. (An array in the code of version 3 of the SDK.)",
            common: false,
        }
    }

    "How the application talks to its provider" {
        SCOPE: String = checks::scope, {
            names: ["AUTH0_SCOPE", "PORTCULLIS_SCOPE"],
            value: "scopes with blanks between them, and openid one of them",
            initially: Text("openid profile email"),
            meaning: "What is asked for; with `offline_access`, access tokens are refreshed.",
            common: true,
        }
        REFRESH_TOKENS: bool = checks::switch, {
            names: ["PORTCULLIS_REFRESH_TOKENS"],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Keeps refresh tokens that the provider gives without `offline_access`, as \
                      Amazon Cognito and Keycloak do, and Google with \
                      `PORTCULLIS_LOGIN_PARAMETERS=access_type=offline&prompt=consent`.",
            common: false,
        }
        CLIENT_AUTHENTICATION: Method = Method::read, {
            names: ["PORTCULLIS_CLIENT_AUTHENTICATION"],
            value: "client_secret_basic, client_secret_post, private_key_jwt or none",
            initially: Words("`private_key_jwt` where there is a key for it, else as the \
                              provider's metadata say"),
            meaning: "How the application proves to the provider who it is.",
            common: false,
        }
        ASSERTION_KEY: Secret = checks::private_key, {
            names: [
                "AUTH0_CLIENT_ASSERTION_SIGNING_KEY", "PORTCULLIS_CLIENT_ASSERTION_SIGNING_KEY",
            ],
            value: "a private key in PEM, in quotes where it stands in a file",
            initially: Words("made up, with the provider for development"),
            meaning: "Signs what proves who the application is (`private_key_jwt`).",
            common: false,
        }
        ASSERTION_ALGORITHM: SignatureAlgorithm = checks::algorithm, {
            names: [
                "AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "PORTCULLIS_CLIENT_ASSERTION_SIGNING_ALG",
            ],
            value: "EdDSA, ES256, PS256, RS256, RS384 or RS512",
            initially: Text("RS256"),
            meaning: "The algorithm of that key.",
            common: false,
        }
        ASSERTION_KEY_ID: String = checks::visible_text, {
            names: ["PORTCULLIS_CLIENT_ASSERTION_SIGNING_KEY_ID"],
            value: "the key id under which the public key is registered",
            initially: Nothing,
            meaning: "The name of that key at the provider (`kid`), where it has one.",
            common: false,
        }
        ID_TOKEN_ALGORITHM: SignatureAlgorithm = checks::id_token_algorithm, {
            names: ["AUTH0_ID_TOKEN_SIGNING_ALG", "PORTCULLIS_ID_TOKEN_SIGNING_ALG"],
            value: "ES256, PS256 or RS256",
            initially: Text("RS256"),
            meaning: "How the provider signs ID tokens.",
            common: false,
        }
        CLOCK_TOLERANCE: ClockTolerance = checks::clock_tolerance, {
            names: ["AUTH0_CLOCK_TOLERANCE", "PORTCULLIS_CLOCK_TOLERANCE"],
            value: "a number of seconds from 0 to 300",
            initially: Text("30"),
            meaning: "How far the provider's clock may be off, for the gate and for the API. (60 \
                      in version 3 of the SDK.)",
            common: false,
        }
        HTTP_TIMEOUT: u64 = checks::milliseconds, {
            names: ["AUTH0_HTTP_TIMEOUT", "PORTCULLIS_HTTP_TIMEOUT"],
            value: "a number of milliseconds from 100 to 60000",
            initially: Words("5000 for what is published, 10000 for tokens"),
            meaning: "How long an answer of the provider may take, whole. Giving a refresh token \
                      back, which a sign-out waits for, has 3000 at most.",
            common: false,
        }
    }

    "Signing in" {
        ORGANIZATION: String = checks::organization, {
            names: ["AUTH0_ORGANIZATION", "PORTCULLIS_ORGANIZATION"],
            value: "the id (org_…) or the name of an organization",
            initially: Nothing,
            meaning: "The organization that everybody signs in for. ID tokens must name it.",
            common: false,
        }
        PUSHED_REQUESTS: bool = checks::switch, {
            names: [
                "AUTH0_PUSHED_AUTHORIZATION_REQUESTS", "PORTCULLIS_PUSHED_AUTHORIZATION_REQUESTS",
            ],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Brings the request to the provider itself, so that no browser carries it \
                      (RFC 9126). Where the provider insists, it is done without this too.",
            common: false,
        }
        LOGIN_PARAMETERS: Vec<(String, String)> = checks::login_parameters, {
            names: ["PORTCULLIS_LOGIN_PARAMETERS"],
            value: "parameters as in a query, for example prompt=consent&acr_values=urn:x; not \
                    those with settings of their own, those that tie a login to its answer, or \
                    prompt=none, with which nobody could ever sign in",
            initially: Nothing,
            meaning: "What is sent to the provider with every login beside what the protocol \
                      needs. Some providers give refresh tokens with `prompt=consent` alone.",
            common: false,
        }
        LOGIN_QUERY_PARAMETERS: Vec<String> = checks::login_query_parameters, {
            names: ["PORTCULLIS_LOGIN_QUERY_PARAMETERS"],
            value: "names of parameters with commas or blanks between them, but none that ties a \
                    login to its answer or says where tokens are for",
            initially: Text("acr_values connection invitation login_hint max_age organization \
                             prompt screen_hint ui_locales"),
            meaning: "Which parameters the address of a login may hand on, such as \
                      `/api/auth/login?screen_hint=signup`. A parameter that is always sent stays \
                      as it is.",
            common: false,
        }
        LOGIN_LIFETIME: u64 = checks::login_lifetime, {
            names: ["PORTCULLIS_LOGIN_LIFETIME"],
            value: "a number of seconds from 60 to 86400",
            initially: Text("3600"),
            meaning: "How long a person may take at the provider.",
            common: false,
        }
        LOGIN_TARGET: String = checks::login_target, {
            names: ["PORTCULLIS_LOGIN_TARGET"],
            value: "a path of the application",
            initially: Text("/"),
            meaning: "Where a login ends that names no place.",
            common: false,
        }
    }

    "Routes" {
        ROUTES: String = checks::route, {
            names: ["PORTCULLIS_ROUTES"],
            value: "a plain path such as `/auth`, without a final slash",
            initially: Text("/api/auth"),
            meaning: "What the gate's own routes are below. The default is version 3's; version 4 \
                      of the SDK has `/auth`.",
            common: false,
        }
        LOGIN_ROUTE: String = checks::route, {
            names: [
                "NEXT_PUBLIC_LOGIN_ROUTE", "NEXT_PUBLIC_AUTH0_LOGIN", "PORTCULLIS_LOGIN_ROUTE",
            ],
            value: PATH,
            initially: Words("`login` below the routes"),
            meaning: "Starts a login.",
            common: false,
        }
        CALLBACK_ROUTE: String = checks::route, {
            names: ["AUTH0_CALLBACK", "PORTCULLIS_CALLBACK_ROUTE"],
            value: PATH,
            initially: Words("`callback` below the routes"),
            meaning: "Where the provider sends browsers back to. It must be registered there.",
            common: false,
        }
        LOGOUT_ROUTE: String = checks::route, {
            names: ["PORTCULLIS_LOGOUT_ROUTE"],
            value: PATH,
            initially: Words("`logout` below the routes"),
            meaning: "Signs out.",
            common: false,
        }
        PROFILE_ROUTE: String = checks::route, {
            names: [
                "NEXT_PUBLIC_PROFILE_ROUTE", "NEXT_PUBLIC_AUTH0_PROFILE",
                "PORTCULLIS_PROFILE_ROUTE",
            ],
            value: PATH,
            initially: Words("`me` below the routes"),
            meaning: "Says who is signed in. (`profile` in version 4 of the SDK.)",
            common: false,
        }
        SIGNED_OUT_PROFILE: SignedOutProfile = checks::signed_out_profile, {
            names: ["PORTCULLIS_SIGNED_OUT_PROFILE"],
            value: "204 or 401",
            initially: Text("204"),
            meaning: "What that route answers to nobody. (401 in version 4 of the SDK.)",
            common: false,
        }
        ACCESS_TOKEN_ENDPOINT: bool = checks::switch, {
            names: ["PORTCULLIS_ACCESS_TOKEN_ENDPOINT"],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Hands access tokens to scripts of the application. A script that somebody \
                      smuggles into a page can then carry them away. (On in version 4 of the SDK.)",
            common: false,
        }
        ACCESS_TOKEN_ROUTE: String = checks::route, {
            names: ["NEXT_PUBLIC_ACCESS_TOKEN_ROUTE", "PORTCULLIS_ACCESS_TOKEN_ROUTE"],
            value: PATH,
            initially: Words("`access-token` below the routes"),
            meaning: "Where it does so.",
            common: false,
        }
    }

    "Signing out" {
        PROVIDER_LOGOUT: bool = checks::switch, {
            names: ["AUTH0_IDP_LOGOUT", "PORTCULLIS_PROVIDER_LOGOUT"],
            value: SWITCH,
            initially: Text("true"),
            meaning: "Signs out at the provider as well.",
            common: false,
        }
        AUTH0_LOGOUT: bool = checks::switch, {
            names: ["AUTH0_LOGOUT", "PORTCULLIS_AUTH0_LOGOUT"],
            value: SWITCH,
            initially: Words("the end-session endpoint where the provider names one, else \
                              `/v2/logout` below `auth0.com`"),
            meaning: "Signs out there at Auth0's `/v2/logout`, or at the end-session endpoint \
                      alone. (On in version 3 of the SDK.)",
            common: false,
        }
        FEDERATED_LOGOUT: bool = checks::switch, {
            names: ["PORTCULLIS_FEDERATED_LOGOUT"],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Asks Auth0 to sign out of the identity provider behind it as well. Without \
                      this, the parameter `federated` of a logout still does.",
            common: false,
        }
        POST_LOGOUT_REDIRECT: String = checks::logout_target, {
            names: ["AUTH0_POST_LOGOUT_REDIRECT", "PORTCULLIS_POST_LOGOUT_REDIRECT"],
            value: "a path of the application, or an absolute https URL",
            initially: Text("/"),
            meaning: "Where signing out ends that names no place. The provider must know it.",
            common: false,
        }
        LOGOUT_TARGETS: Vec<String> = checks::logout_targets, {
            names: ["PORTCULLIS_LOGOUT_TARGETS"],
            value: "absolute https URLs with commas or blanks between them",
            initially: Nothing,
            meaning: "Where signing out may end beside paths of the application, by the parameter \
                      `returnTo`; compared byte for byte. The provider must know them.",
            common: false,
        }
        BACKCHANNEL_LOGOUT: bool = checks::switch, {
            names: ["PORTCULLIS_BACKCHANNEL_LOGOUT"],
            value: SWITCH,
            initially: Text("true"),
            meaning: "Takes the provider's word that a session is over.",
            common: false,
        }
        BACKCHANNEL_LOGOUT_ROUTE: String = checks::route, {
            names: ["PORTCULLIS_BACKCHANNEL_LOGOUT_ROUTE"],
            value: PATH,
            initially: Words("`backchannel-logout` below the routes"),
            meaning: "Where it does so. It must be registered at the provider.",
            common: false,
        }
    }

    "The session" {
        SESSION_NAME: String = checks::cookie_name, {
            names: ["AUTH0_SESSION_NAME", "PORTCULLIS_SESSION_NAME"],
            value: "1 to 64 letters, digits, - and _",
            initially: Text("portcullis"),
            meaning: "The name of the session cookie, which has `__Host-` before it over https. \
                      (`appSession` and `__session` in the SDK.)",
            common: false,
        }
        ROLLING: bool = checks::switch, {
            names: ["AUTH0_SESSION_ROLLING", "PORTCULLIS_SESSION_ROLLING"],
            value: SWITCH,
            initially: Text("true"),
            meaning: "Ends a session that is not used. Without this, only its age ends it.",
            common: false,
        }
        ROLLING_DURATION: u64 = checks::session_duration, {
            names: ["AUTH0_SESSION_ROLLING_DURATION", "PORTCULLIS_SESSION_ROLLING_DURATION"],
            value: "a number of seconds from 1 to 34560000",
            initially: Text("86400"),
            meaning: "How long a session lasts that is not used.",
            common: false,
        }
        ABSOLUTE_DURATION: u64 = checks::session_duration, {
            names: ["AUTH0_SESSION_ABSOLUTE_DURATION", "PORTCULLIS_SESSION_ABSOLUTE_DURATION"],
            value: "a number of seconds from 1 to 34560000",
            initially: Text("259200"),
            meaning: "How long a session lasts, whatever happens. (604800 in version 3 of the SDK.)",
            common: false,
        }
        STORE_ID_TOKEN: bool = checks::switch, {
            names: ["AUTH0_SESSION_STORE_ID_TOKEN", "PORTCULLIS_SESSION_STORE_ID_TOKEN"],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Keeps the ID token, for providers that insist on it at a logout; it takes \
                      much of the room that cookies have. (On in the SDK.)",
            common: false,
        }
        SESSION_CLAIMS: Vec<String> = checks::claims, {
            names: ["PORTCULLIS_SESSION_CLAIMS"],
            value: "names of claims with commas or blanks between them; `standard` stands for all \
                    standard ones, `*` for every one",
            initially: Text("standard"),
            meaning: "Which claims of the ID token the session keeps. What is about the token \
                      itself is never among them, `sub` always is.",
            common: false,
        }
        CLAIM_FILTER: Vec<String> = checks::claim_filter, {
            names: ["AUTH0_IDENTITY_CLAIM_FILTER", "PORTCULLIS_IDENTITY_CLAIM_FILTER"],
            value: NAMES,
            initially: Nothing,
            meaning: "In place of that: keeps every claim but these.",
            common: false,
        }
        REFRESH_MARGIN: u64 = checks::refresh_margin, {
            names: ["PORTCULLIS_REFRESH_MARGIN"],
            value: "a number of seconds from 0 to 86400",
            initially: Text("60"),
            meaning: "How long before its end an access token is refreshed; a quarter of its \
                      life at most.",
            common: false,
        }
        AUTH0_COOKIES: bool = checks::switch, {
            names: ["PORTCULLIS_AUTH0_COOKIES"],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Takes over sessions that the Auth0 SDK for Next.js has made with the same \
                      secret, in version 3 or 4, and removes its cookies.",
            common: false,
        }
        AUTH0_COOKIE_NAMES: (String, String) = checks::auth0_cookie_names, {
            names: ["PORTCULLIS_AUTH0_COOKIE_NAMES"],
            value: "the SDK's names for its session cookie in version 3 and in version 4, two \
                    different ones with a comma between them",
            initially: Text("appSession,__session"),
            meaning: "What those cookies are called.",
            common: false,
        }
        AUTH0_COOKIE_DOMAIN: String = checks::domain, {
            names: ["AUTH0_COOKIE_DOMAIN", "PORTCULLIS_AUTH0_COOKIE_DOMAIN"],
            value: "the name of a domain",
            initially: Nothing,
            meaning: "The domain that the SDK has set those cookies for, without which no browser \
                      removes them. The gate's own cookies are for one host, always.",
            common: false,
        }
    }

    "Requests of other sites" {
        TRUSTED_ORIGINS: Vec<Origin> = checks::origins, {
            names: ["PORTCULLIS_TRUSTED_ORIGINS"],
            value: "origins such as https://app.example with commas or blanks between them",
            initially: Nothing,
            meaning: "Whose pages may cause requests that change something, beside the \
                      application's own.",
            common: false,
        }
        UNMARKED_REQUESTS: bool = checks::switch, {
            names: ["PORTCULLIS_UNMARKED_REQUESTS"],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Lets such requests through that say nothing of where they come from, as \
                      programs send them. Without this they need the field `X-Requested-With`.",
            common: false,
        }
    }

    "The API of the demonstration" {
        API_SCOPES: Vec<String> = checks::scopes, {
            names: ["PORTCULLIS_API_SCOPES"],
            value: "scopes with commas or blanks between them",
            initially: Nothing,
            meaning: "What an access token must allow.",
            common: false,
        }
        API_ALGORITHMS: Vec<SignatureAlgorithm> = checks::algorithms, {
            names: ["PORTCULLIS_API_SIGNING_ALGS"],
            value: "some of EdDSA, ES256, PS256, RS256, RS384 and RS512, with commas or blanks \
                    between them",
            initially: Text("RS256"),
            meaning: "How access tokens may be signed.",
            common: false,
        }
        API_METADATA: bool = checks::switch, {
            names: ["PORTCULLIS_API_METADATA"],
            value: SWITCH,
            initially: Text("false"),
            meaning: "Says who issues its tokens, at `/.well-known/oauth-protected-resource` \
                      (RFC 9728). The audience must then be a URL.",
            common: false,
        }
        CORS_ORIGINS: Vec<String> = checks::cors_origins, {
            names: ["PORTCULLIS_CORS_ORIGINS"],
            value: "origins such as https://app.example with commas or blanks between them, or `*`",
            initially: Nothing,
            meaning: "Whose pages may call it without the gate (CORS).",
            common: false,
        }
    }

    "The demonstration" {
        FRONTEND_ADDRESS: ListenAddress = ListenAddress::parse, {
            names: ["PORTCULLIS_FRONTEND_ADDR"],
            value: "localhost or an IP address, and a port",
            initially: Text("localhost:3000"),
            meaning: "Where the front end listens.",
            common: true,
        }
        API_ADDRESS: ListenAddress = ListenAddress::parse, {
            names: ["PORTCULLIS_API_ADDR"],
            value: "localhost or an IP address, and a port",
            initially: Text("localhost:5000"),
            meaning: "Where the API listens.",
            common: true,
        }
        PROVIDER_ADDRESS: ListenAddress = checks::loopback_address, {
            names: ["PORTCULLIS_IDP_ADDR"],
            value: "localhost or a loopback address, and a port",
            initially: Text("localhost:4000"),
            meaning: "Where the provider for development listens; loopback only.",
            common: true,
        }
        TOKEN_LIFETIME: u64 = checks::token_lifetime, {
            names: ["PORTCULLIS_IDP_TOKEN_LIFETIME"],
            value: "a number of seconds from 1 to 86400",
            initially: Text("3600"),
            meaning: "How many seconds its access tokens work.",
            common: true,
        }
        RUNTIME: RuntimeName = RuntimeName::parse, {
            names: ["PORTCULLIS_RUNTIME"],
            value: "hyper or smol",
            initially: Text("hyper"),
            meaning: "`hyper` (on tokio) or `smol`; also `--runtime`, which wins.",
            common: true,
        }
        LOG: Targets = checks::log, {
            names: ["PORTCULLIS_LOG"],
            value: "a level such as debug, or parts of the program with levels, such as \
                    portcullis_hyper=trace",
            initially: Text("warn"),
            meaning: "What is logged, such as `debug` or `portcullis_hyper=trace`.",
            common: true,
        }
    }
}

/// The settings that together describe a provider elsewhere.
pub(super) const OF_A_PROVIDER: [&About; 6] = [
    SECRET.about,
    BASE_URL.about,
    ISSUER.about,
    CLIENT_ID.about,
    CLIENT_SECRET.about,
    AUDIENCE.about,
];

/// The setting of this name.
pub(super) fn about(name: &str) -> Option<&'static About> {
    ALL.iter().copied().find(|about| about.names.contains(&name))
}
