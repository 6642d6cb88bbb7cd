use super::*;
use alloc::{format, string::ToString as _, vec};

fn parameters(policy: &LoginPolicy, query: &str) -> Result<String, LoginError> {
    let parameters = policy.parameters(Query::new(query))?;
    Ok(parameters.write(QueryWriter::form()).finish())
}

/// O27: what the list names and nothing else, once each.
#[test]
fn only_what_the_list_names_gets_from_the_query_to_the_provider() {
    let policy = LoginPolicy::default();
    for (query, sent) in [
        ("", ""),
        ("screen_hint=signup", "screen_hint=signup"),
        (
            "login_hint=una%40example.com&connection=a+b",
            "connection=a%20b&login_hint=una%40example.com",
        ),
        ("organization=org_1&invitation=i", "invitation=i&organization=org_1"),
        (
            "prompt=none&max_age=0&ui_locales=de+en&acr_values=x",
            "acr_values=x&max_age=0&prompt=none&ui_locales=de%20en",
        ),
        // Left out, as if it was not there.
        ("organization=", ""),
        ("returnTo=%2Fx&unknown=1&SCREEN_HINT=signup&screen_hint%20=x", ""),
    ] {
        assert_eq!(parameters(&policy, query).as_deref(), Ok(sent), "{query}");
    }
    let ours: Vec<String> = RESERVED.iter().map(|name| format!("{name}=x")).collect();
    assert_eq!(parameters(&policy, &ours.join("&")).as_deref(), Ok(""));
}

/// O27: one that is listed and cannot be sent stops the login, which would be another one without
/// it.
#[test]
fn a_parameter_that_cannot_be_sent_stops_the_login() {
    let policy = LoginPolicy::default();
    let long = format!("login_hint={}", "x".repeat(513));
    let much: Vec<String> =
        ["acr_values", "connection", "invitation", "login_hint", "organization"]
            .iter()
            .map(|name| format!("{name}={}", "x".repeat(500)))
            .collect();
    for query in [
        "prompt=login&prompt=none",
        "max_age=-1",
        "max_age=1e3",
        "max_age=12345678901",
        "max_age=%2B1",
        "login_hint=a%0d%0ab",
        "login_hint=a%00",
        "login_hint=%ff",
        &long,
        &much.join("&"),
    ] {
        let result = parameters(&policy, query);
        assert_eq!(result, Err(LoginError::Parameter), "{query:.40}");
    }
    assert!(parameters(&policy, &much[..4].join("&")).is_ok());
}

#[test]
fn the_list_can_be_another_one() {
    let policy = LoginPolicy::default().with_query_parameters(["ext-x", "prompt"]).unwrap();
    let sent = parameters(&policy, "prompt=login&ext-x=1&login_hint=una");
    assert_eq!(sent.as_deref(), Ok("ext-x=1&prompt=login"));
    let nothing = policy.with_query_parameters(vec![""; 0]).unwrap();
    assert_eq!(parameters(&nothing, "prompt=login&ext-x=1").as_deref(), Ok(""));
}

#[test]
fn what_is_always_sent_stays_as_it_is() {
    let policy = LoginPolicy::default()
        .with_parameter("organization", "org_1")
        .and_then(|policy| policy.with_parameter("prompt", "login"))
        .and_then(|policy| policy.with_parameter("prompt", "consent"))
        .unwrap();
    let query = "organization=org_evil&prompt=none&screen_hint=signup";
    let sent = parameters(&policy, query);
    assert_eq!(sent.as_deref(), Ok("organization=org_1&prompt=consent&screen_hint=signup"));
    let asked = policy.parameters(Query::new(query)).unwrap().asked();
    let organization = Some("org_1".to_string());
    assert_eq!(asked, Asked { max_age: None, organization, silent: false });
}

#[test]
fn the_answer_is_held_to_what_was_asked() {
    let asked = |query| LoginPolicy::default().parameters(Query::new(query)).unwrap().asked();
    assert_eq!(asked("connection=x"), Asked::default());
    let all = asked("max_age=0060&organization=Acme&prompt=none");
    let organization = Some("Acme".to_string());
    assert_eq!(all, Asked { max_age: Some(60), organization, silent: true });
    assert!(asked("prompt=login+none").silent);
    assert!(!asked("prompt=nonesuch").silent);
}

/// O27: what ties a login to its answer is for nobody to set.
#[test]
fn the_gates_own_parameters_are_for_nobody_to_set() {
    for name in RESERVED {
        let error = LoginPolicyError::Reserved(name.to_string());
        let policy = LoginPolicy::default();
        assert_eq!(policy.clone().with_query_parameters([name]).unwrap_err(), error);
        assert_eq!(policy.with_parameter(name, "x").unwrap_err(), error);
    }
    let resource = LoginPolicy::default().with_query_parameters(["resource"]);
    assert_eq!(resource.unwrap_err(), LoginPolicyError::Reserved("resource".into()));
    assert!(LoginPolicy::default().with_parameter("resource", "https://api.example").is_ok());
}

#[test]
fn refuses_settings_that_cannot_be_meant() {
    let policy = LoginPolicy::default;
    for name in ["", "a b", "a=b", "é", &"x".repeat(65)] {
        let error = LoginPolicyError::Name(name.to_string());
        assert_eq!(policy().with_query_parameters([name]).unwrap_err(), error);
        assert_eq!(policy().with_parameter(name, "x").unwrap_err(), error);
    }
    for (name, value) in
        [("prompt", "none"), ("prompt", "login none"), ("max_age", "soon"), ("x", ""), ("x", "\n")]
    {
        let error = LoginPolicyError::Value(name.to_string());
        assert_eq!(policy().with_parameter(name, value).unwrap_err(), error, "{value}");
    }
    for seconds in [0, 59, 86_401] {
        assert_eq!(policy().with_lifetime(seconds).unwrap_err(), LoginPolicyError::Lifetime);
    }
    assert_eq!(policy().with_lifetime(600).unwrap().lifetime(), 600);
    for target in ["", "home", "//evil.example", "https://evil.example/"] {
        let error = policy().with_default_target(target).unwrap_err();
        assert_eq!(error, LoginPolicyError::DefaultTarget, "{target}");
    }
    assert_eq!(policy().with_default_target("/home").unwrap().default_target().as_str(), "/home");
}
