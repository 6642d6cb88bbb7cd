use super::*;
use serde_json::{Value, json};

fn ask(question: &Value) -> Value {
    let line = question.to_string();
    let question = Question::parse(line.as_bytes()).unwrap();
    let answer = question.answer().unwrap_or_else(Answer::invalid);
    let line = answer.with_id(question.id.unwrap_or(RawValue::NULL));
    serde_json::to_value(line).unwrap()
}

fn tutorial(url: &str) -> Value {
    json!({
        "id": url,
        "url": url,
        "rules": [
            {"source": "/api/auth/:path", "destination": "/api/auth/:path*"},
            {"source": "/api/:path*", "destination": "http://localhost:5000/api/:path*"},
        ],
        "matcher": ["/private/:path*", "/api/:path*"],
        "files": ["/", "/private"],
        "pages": ["/api/auth/:any"],
    })
}

#[test]
fn the_answer_has_every_member_in_the_order_of_the_format() {
    let line = br#"{"url":"http://h/a/b?c","rules":[{"source":"/a/:x*","destination":"/b/:x*"}]}"#;
    let answer = Question::parse(line).unwrap().answer().unwrap();
    let id = serde_json::from_str::<&RawValue>("1e999").unwrap();
    assert_eq!(
        serde_json::to_string(&answer.with_id(id)).unwrap(),
        r#"{"id":1e999,"kind":"local","destination":"/b/b?c","rule":0,"phase":"afterFiles","#
            .to_owned()
            + r#""params":{"x":["b"]},"guarded":false,"reason":null}"#
    );
}

#[test]
fn explains_the_rules_and_the_matcher_of_the_question() {
    for (url, kind, destination, rule, guarded) in [
        (
            "http://localhost:3000/api/private?x=1",
            "external",
            json!("http://localhost:5000/api/private?x=1"),
            json!(1),
            true,
        ),
        ("/API/Auth/login", "local", json!("/api/auth/login"), json!(0), true),
        ("/private", "local", json!("/private"), Value::Null, true),
        ("http://localhost:3000", "local", json!("/"), Value::Null, false),
        ("/other?x", "none", Value::Null, Value::Null, false),
        ("/api/../x", "refused", Value::Null, Value::Null, false),
        ("http://h#x", "refused", Value::Null, Value::Null, false),
        ("http://h\\x", "refused", Value::Null, Value::Null, false),
        ("api/x", "refused", Value::Null, Value::Null, false),
    ] {
        let answer = ask(&tutorial(url));
        assert_eq!(answer["id"], url);
        assert_eq!(answer["kind"], kind, "{url}");
        assert_eq!(answer["destination"], destination, "{url}");
        assert_eq!(answer["rule"], rule, "{url}");
        assert_eq!(answer["guarded"], guarded, "{url}");
        assert_eq!(answer["reason"].is_string(), kind == "refused", "{url}");
    }
}

#[test]
fn what_is_left_out_is_empty() {
    assert_eq!(ask(&json!({"url": "/x"}))["kind"], "none");
    let answer = ask(&json!({"url": "/x", "rules": null, "matcher": null, "files": null}));
    assert_eq!((&answer["kind"], &answer["guarded"]), (&json!("none"), &json!(false)));
}

#[test]
fn the_host_of_the_url_counts_unless_there_is_a_host_field() {
    let question = |url: &str, headers: Value| {
        let rules = json!([{
            "source": "/", "destination": "/:host",
            "has": [{"type": "host", "value": "(?<host>a|b)\\.test"}],
        }]);
        ask(&json!({"url": url, "headers": headers, "rules": rules}))["destination"].clone()
    };
    assert_eq!(question("http://u@a.test:80/", json!({})), "/a");
    assert_eq!(question("http://a.test/", json!({"Host": "b.test"})), "/b");
    assert_eq!(question("/", json!({})), Value::Null);
}

#[test]
fn fields_may_stand_several_times() {
    let rules = json!([{
        "source": "/", "destination": "/:x",
        "has": [{"type": "header", "key": "x", "value": "(?<x>a), b"}],
    }]);
    let question = json!({"url": "/", "headers": {"X": ["a", "b"]}, "rules": rules});
    assert_eq!(ask(&question)["destination"], "/a");
}

#[test]
fn every_list_and_the_base_path_can_be_given() {
    let question = |url: &str| {
        ask(&json!({
            "url": url,
            "basePath": "/docs",
            "rules": {
                "beforeFiles": [{"source": "/a", "destination": "/b"}],
                "afterFiles": [{"source": "/c", "destination": "http://h/", "basePath": false}],
                "fallback": [{"source": "/:x*", "destination": "http://h/:x*", "locale": false}],
            },
            "matcher": {"source": "/b"},
            "files": ["/b", "/c(x)"],
        }))
    };
    for (url, kind, phase, destination) in [
        ("/docs/a", "local", json!("beforeFiles"), json!("/docs/b")),
        ("/c", "external", json!("afterFiles"), json!("http://h/")),
        ("/docs/c(x)", "local", Value::Null, json!("/docs/c(x)")),
        ("/docs/d", "external", json!("fallback"), json!("http://h/d")),
        ("/docsx", "none", Value::Null, Value::Null),
    ] {
        let answer = question(url);
        assert_eq!((&answer["kind"], &answer["phase"]), (&json!(kind), &phase), "{url}");
        assert_eq!(answer["destination"], destination, "{url}");
    }
    assert_eq!(question("/docs/a")["guarded"], true);
}

#[test]
fn what_can_not_be_used_is_invalid_and_says_why() {
    for (member, value, reason) in [
        ("rules", json!({"before": []}), "unknown field"),
        ("rules", json!([{"destination": "/"}]), "`source` is missing"),
        ("rules", json!([{"source": "/:", "destination": "/"}]), "Missing parameter name at 1"),
        ("rules", json!([{"source": "/", "destination": "/", "to": 1}]), "unknown field `to`"),
        ("rules", json!([{"source": "/", "destination": "/", "basePath": true}]), "`basePath`"),
        ("rules", json!([{"source": "/", "destination": "/", "has": [{"type": "x"}]}]), "`x`"),
        ("matcher", json!("private"), "source must start with /"),
        ("matcher", json!(["/", 7]), "`matcher`"),
        ("matcher", json!({"source": "/", "has": [{"type": "host"}]}), "value is required"),
        ("basePath", json!("docs"), "basePath has to start with a /"),
        ("files", json!("x"), "`files`"),
        ("pages", json!(["/:"]), "`pages`: \"/:\": Missing parameter name at 1"),
        ("headers", json!({"a": 1}), "`headers`"),
        ("method", json!(1), "`method`"),
    ] {
        let mut question = json!({"url": "/x"});
        question[member] = value;
        let answer = ask(&question);
        assert_eq!(answer["kind"], "invalid", "{question}");
        let text = answer["reason"].as_str().unwrap();
        assert!(text.contains(reason), "{question}: {text}");
    }
}
