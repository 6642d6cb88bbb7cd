mod each;

use std::ffi::OsString;

use super::*;
use crate::demo::configured_gate;
use portcullis_core::http::Origin;
use portcullis_core::oidc::ClientCredentials;

const SECRET: &str = "3b0c1f0d9e5a4c7f8b26d1e0a9f4c35d7e61b2f08a4d9c3e5f70b18d2a6c4e9f";
const CLIENT_SECRET: &str = "client-secret-of-the-tenant";

const PROVIDER: [(&str, &str); 6] = [
    ("AUTH0_SECRET", SECRET),
    ("AUTH0_BASE_URL", "http://localhost:3000"),
    ("AUTH0_ISSUER_BASE_URL", "https://tenant.eu.auth0.com/"),
    ("AUTH0_CLIENT_ID", "the-client"),
    ("AUTH0_CLIENT_SECRET", CLIENT_SECRET),
    ("AUTH0_AUDIENCE", "https://api.example.com"),
];

fn load_with(
    arguments: &[&str],
    environment: &[(&str, &str)],
    files: &[(&'static str, &str)],
) -> Result<Settings, LoadError> {
    let arguments = core::iter::once("portcullis").chain(arguments.iter().copied());
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    let files: Vec<_> = files
        .iter()
        .map(|(name, contents)| SettingsFile { name, contents: contents.as_bytes().to_vec() })
        .collect();
    Settings::load(arguments.map(OsString::from), environment, &files)
}

fn load(environment: &[(&str, &str)]) -> Result<Settings, LoadError> {
    load_with(&[], environment, &[])
}

/// The settings of a provider with some of them changed.
fn provider_with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = PROVIDER.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    kept.chain(changes).copied().collect()
}

fn external(settings: Settings) -> ClientSettings {
    match settings.provider {
        Provider::External(client) => client,
        Provider::BuiltIn { .. } => panic!("the built-in provider"),
    }
}

fn problems(result: Result<Settings, LoadError>) -> Vec<Problem> {
    match result {
        Err(LoadError::Settings(problems)) => problems.as_slice().to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_settings_the_built_in_provider_is_used() {
    let settings = load(&[("PATH", "/bin"), ("AUTH0_SECRET", "")]).unwrap();
    assert_eq!(settings.runtime, RuntimeName::Hyper);
    assert_eq!(settings.frontend_address, ListenAddress::parse("localhost:3000").unwrap());
    assert_eq!(settings.api_address, ListenAddress::parse("localhost:5000").unwrap());
    assert_eq!((settings.scope.as_str(), settings.notes.len()), ("openid profile email", 0));
    let Provider::BuiltIn { address, token_lifetime, .. } = settings.provider else {
        panic!("a provider elsewhere");
    };
    assert_eq!(address, ListenAddress::parse("localhost:4000").unwrap());
    assert_eq!(token_lifetime, 3600);
}

#[test]
fn with_all_settings_of_a_provider_it_is_used() {
    let settings = load(&PROVIDER).unwrap();
    assert_eq!(settings.scope, "openid profile email");
    let client = external(settings);
    assert_eq!(client.secrets.len(), 1);
    assert_eq!(client.secrets[0].expose(), SECRET);
    assert_eq!(client.base_url.as_str(), "http://localhost:3000");
    assert_eq!(client.issuer, "https://tenant.eu.auth0.com/");
    assert_eq!(client.client_id, "the-client");
    let ClientCredentials::Secret(secret) = client.credentials.of_client() else { panic!() };
    assert_eq!(secret.expose(), CLIENT_SECRET);
    assert_eq!(client.audience, "https://api.example.com");
}

#[test]
fn every_setting_of_a_provider_has_a_second_name() {
    let environment = [
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_BASE_URL", "http://localhost:3000"),
        ("PORTCULLIS_ISSUER", "https://id.example.com/realms/a"),
        ("PORTCULLIS_CLIENT_ID", "the-client"),
        ("PORTCULLIS_CLIENT_SECRET", CLIENT_SECRET),
        ("PORTCULLIS_AUDIENCE", "https://api.example.com"),
        ("PORTCULLIS_SCOPE", "openid offline_access"),
    ];
    let settings = load(&environment).unwrap();
    assert_eq!(settings.scope, "openid offline_access");
    assert_eq!(external(settings).issuer, "https://id.example.com/realms/a");
}

#[test]
fn refresh_tokens_that_nobody_asked_for_are_kept_on_demand() {
    assert!(!load(&PROVIDER).unwrap().keeps_refresh_tokens);
    let keeping = provider_with(&[("PORTCULLIS_REFRESH_TOKENS", "true")]);
    assert!(load(&keeping).unwrap().keeps_refresh_tokens);
}

#[test]
fn two_names_may_agree_but_not_differ() {
    let agreeing = provider_with(&[("PORTCULLIS_CLIENT_ID", "the-client")]);
    assert!(load(&agreeing).is_ok());
    let differing = provider_with(&[("PORTCULLIS_CLIENT_ID", "another")]);
    let conflict = Problem::Conflict { first: "AUTH0_CLIENT_ID", second: "PORTCULLIS_CLIENT_ID" };
    assert_eq!(problems(load(&differing)), [conflict]);
}

#[test]
fn names_every_setting_of_a_provider_that_is_missing() {
    for (name, value) in PROVIDER {
        let missing = problems(load(&[(name, value)]));
        assert_eq!(missing.len(), 5, "{name}");
        for problem in missing {
            let Problem::Missing(about) = problem else { panic!("{problem:?}") };
            assert_ne!(about.name(), name);
        }
    }
    assert_eq!(
        problems(load(&provider_with(&[("AUTH0_AUDIENCE", "")]))),
        [Problem::Missing(table::AUDIENCE.about)]
    );
}

#[test]
fn says_what_to_write_where_something_is_missing() {
    let text = load(&provider_with(&[("AUTH0_AUDIENCE", "")])).unwrap_err().to_string();
    assert!(text.contains("AUTH0_AUDIENCE (or PORTCULLIS_AUDIENCE) is missing: write"));
    assert!(text.contains("opaque access tokens"));
    assert!(text.contains("leave out all of AUTH0_SECRET, AUTH0_BASE_URL,"));
}

#[test]
fn reports_everything_that_is_wrong_at_once() {
    let environment = [
        ("AUTH0_SECRET", "short"),
        ("AUTH0_BASE_URL", "https://app.example.com/app"),
        ("AUTH0_ISSUER_BASE_URL", "http://tenant.eu.auth0.com"),
        ("AUTH0_CLIENT_ID", "the client"),
        ("AUTH0_SCOPE", "profile"),
        ("PORTCULLIS_FRONTEND_ADDR", "3000"),
        ("PORTCULLIS_IDP_ADDR", "0.0.0.0:4000"),
        ("PORTCULLIS_RUNTIME", "tokio"),
    ];
    let found = problems(load(&environment));
    for name in [
        "AUTH0_SECRET",
        "AUTH0_BASE_URL",
        "AUTH0_ISSUER_BASE_URL",
        "AUTH0_CLIENT_ID",
        "AUTH0_SCOPE",
        "PORTCULLIS_FRONTEND_ADDR",
        "PORTCULLIS_IDP_ADDR",
        "PORTCULLIS_RUNTIME",
    ] {
        assert!(
            found.iter().any(
                |problem| matches!(problem, Problem::Invalid { name: other, .. } if *other == name)
            ),
            "{name}"
        );
    }
    assert!(found.contains(&Problem::Missing(table::CLIENT_SECRET.about)));
    assert!(found.contains(&Problem::Missing(table::AUDIENCE.about)));
    assert_eq!(found.len(), 10);
}

#[test]
fn a_problem_is_named_as_it_was_written() {
    let environment = provider_with(&[("AUTH0_SECRET", ""), ("PORTCULLIS_SECRET", "short")]);
    let fault = Fault::SecretTooShort;
    assert_eq!(
        problems(load(&environment)),
        [Problem::Invalid { name: "PORTCULLIS_SECRET", fault }]
    );
}

#[test]
fn the_environment_wins_over_local_files_which_win_over_shared_ones() {
    let files = [
        (".env.local", "AUTH0_CLIENT_ID=from-local\nAUTH0_AUDIENCE=urn:from-local"),
        (
            ".env",
            "AUTH0_CLIENT_ID=from-shared\nAUTH0_AUDIENCE=urn:from-shared\nAUTH0_SCOPE='openid x'",
        ),
    ];
    let environment: Vec<_> =
        PROVIDER.iter().copied().filter(|(name, _)| *name != "AUTH0_AUDIENCE").collect();
    let settings = load_with(&[], &environment, &files).unwrap();
    assert_eq!(settings.scope, "openid x");
    let client = external(settings);
    assert_eq!(client.client_id, "the-client");
    assert_eq!(client.audience, "urn:from-local");
}

#[test]
fn an_empty_value_in_the_environment_hides_a_file() {
    let files = [(".env", "AUTH0_CLIENT_ID=x")];
    let settings = load_with(&[], &[("AUTH0_CLIENT_ID", "")], &files).unwrap();
    assert!(matches!(settings.provider, Provider::BuiltIn { .. }));
}

#[test]
fn a_fault_in_a_file_names_the_line_but_shows_no_value() {
    let files = [(".env", "OTHER=$x\nAUTH0_CLIENT_SECRET=hunter2$x\nwhat is this")];
    let environment: Vec<_> =
        PROVIDER.iter().copied().filter(|(name, _)| *name != "AUTH0_CLIENT_SECRET").collect();
    let error = load_with(&[], &environment, &files).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains("hunter2"));
    assert_eq!(
        problems(Err(error)),
        [
            Problem::File {
                file: ".env",
                line: 2,
                name: Some("AUTH0_CLIENT_SECRET"),
                fault: FileFault::NeedsQuotes,
            },
            Problem::File { file: ".env", line: 3, name: None, fault: FileFault::NoAssignment },
        ]
    );
}

/// Whose line it is makes no difference where it may have taken in the lines after it: without
/// them, the start could come to the provider that lets anyone in.
#[test]
fn a_line_of_another_program_swallows_no_settings() {
    let provider = PROVIDER.map(|(name, value)| format!("{name}='{value}'")).join("\n");
    let problem = |line, fault| Problem::File { file: ".env", line, name: None, fault };
    for (before, after, problem) in [
        ("OTHER='it", "", problem(1, FileFault::Unclosed)),
        ("OTHER=1\nOTHER='it", "", problem(2, FileFault::Unclosed)),
        ("X=1\nOTHER=\"$it", "", problem(2, FileFault::Unclosed)),
        ("OTHER='it", "LAST='x'", problem(1, FileFault::TextAfterQuotes)),
        ("export OTHER=\"it", "LAST=\"x\"", problem(1, FileFault::TextAfterQuotes)),
    ] {
        let contents = format!("{before}\n{}\n{after}", provider.replace('\'', ""));
        let found = load_with(&[], &[], &[(".env", &contents)]);
        assert_eq!(problems(found), [problem], "{contents}");
    }
    // What stays on its line is its program's own business.
    for other in
        ["OTHER='it' is", "OTHER=it's", "OTHER=\"$it\"", "OTHER='a\nb'", "OTHER=\"a\n\\x\""]
    {
        let contents = format!("{other}\n{provider}");
        let settings = load_with(&[], &[], &[(".env", &contents)]).unwrap();
        assert_eq!(external(settings).client_id, "the-client", "{other}");
    }
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let runtime = |arguments: &[&str], value| {
        load_with(arguments, &[("PORTCULLIS_RUNTIME", value)], &[]).unwrap().runtime
    };
    assert_eq!(runtime(&[], "smol"), RuntimeName::Smol);
    assert_eq!(runtime(&["--runtime", "hyper"], "smol"), RuntimeName::Hyper);
    assert_eq!(runtime(&["--runtime=smol"], ""), RuntimeName::Smol);
    for arguments in [&["--runtime", "tokio"][..], &["--port", "1"], &["x"]] {
        let result = load_with(arguments, &[], &[]);
        assert!(matches!(result, Err(LoadError::CommandLine(_))), "{arguments:?}");
    }
}

#[test]
fn the_help_explains_every_common_setting() {
    let Err(LoadError::CommandLine(help)) = load_with(&["--help"], &[], &[]) else {
        panic!("no help");
    };
    assert_eq!(help.exit_code(), 0);
    let help = help.to_string();
    for name in ["--runtime", ".env.local", "portcullis settings"] {
        assert!(help.contains(name), "{name}");
    }
    for about in table::ALL.iter().filter(|about| about.is_common) {
        for name in about.names {
            assert!(help.contains(name), "{name}");
        }
    }
}

#[test]
fn two_listeners_cannot_have_one_address() {
    let environment =
        [("PORTCULLIS_API_ADDR", "127.0.0.1:3000"), ("PORTCULLIS_IDP_ADDR", "localhost:0")];
    let same =
        Problem::SameAddress { first: "PORTCULLIS_FRONTEND_ADDR", second: "PORTCULLIS_API_ADDR" };
    assert_eq!(problems(load(&environment)), [same]);
    let unused = provider_with(&[("PORTCULLIS_IDP_ADDR", "localhost:3000")]);
    assert!(load(&unused).is_ok());
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_a_problem_and_not_a_crash() {
    use std::os::unix::ffi::OsStringExt as _;

    let not_text = OsString::from_vec(vec![b'a', 0xff]);
    let environment = PROVIDER
        .iter()
        .map(|(name, value)| {
            let value = if *name == "AUTH0_CLIENT_ID" { not_text.clone() } else { value.into() };
            (OsString::from(name), value)
        })
        .chain([(not_text.clone(), not_text.clone())]);
    let file = SettingsFile { name: ".env", contents: vec![0xff] };
    assert_eq!(
        problems(Settings::load([OsString::from("portcullis")], environment, &[file])),
        [Problem::NotUnicode { name: "AUTH0_CLIENT_ID" }, Problem::FileNotUnicode { file: ".env" },]
    );
}

#[test]
fn secrets_show_in_no_output() {
    let settings = load(&PROVIDER).unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains(SECRET) && !shown.contains(CLIENT_SECRET), "{shown}");

    let file = SettingsFile { name: ".env", contents: b"AUTH0_SECRET=x".to_vec() };
    assert_eq!(format!("{file:?}"), "SettingsFile { name: \".env\", .. }");

    let misplaced = provider_with(&[
        ("AUTH0_CLIENT_ID", "hunter2 hunter2"),
        ("AUTH0_ISSUER_BASE_URL", "https://hunter2@x"),
        ("AUTH0_SECRET", "hunter2"),
        ("PORTCULLIS_RUNTIME", "hunter2"),
    ]);
    let error = load(&misplaced).unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn the_built_in_client_is_made_of_the_real_addresses() {
    let origin = |text| Origin::parse(text).unwrap();
    let generate = || {
        let origins = BoundOrigins {
            frontend: origin("http://localhost:41001"),
            api: origin("http://localhost:41002"),
            identity_provider: origin("http://localhost:41003"),
        };
        ClientSettings::generate(origins, Authentication::Secret(SecretPlace::AsOffered)).unwrap()
    };
    let client = generate();
    assert_eq!(client.base_url.as_str(), "http://localhost:41001");
    assert_eq!(client.audience, "http://localhost:41002/api");
    assert_eq!(client.issuer.as_str(), "http://localhost:41003");
    assert!(checks::secret(client.secrets[0].expose()).is_ok());
    let secret_of = |client: &ClientSettings| match client.credentials.of_client() {
        ClientCredentials::Secret(secret) => secret,
        other => panic!("{other:?}"),
    };
    let other = generate();
    assert_ne!(client.secrets, other.secrets);
    assert_ne!(secret_of(&client), secret_of(&other));

    let gate = configured_gate(&load(&[]).unwrap()).unwrap();
    let issuer = origin("http://localhost:41003");
    let configuration = provider_configuration(&client, &gate, &[], issuer, 600);
    assert_eq!(configuration.issuer.as_str(), "http://localhost:41003");
    assert_eq!(configuration.audiences, ["http://localhost:41002/api"]);
    assert_eq!(configuration.clients.len(), 1);
    assert_eq!(configuration.access_token_lifetime, 600);
}
