//! Which credentials a request carries.

use super::*;
use crate::http::BodyError;

fn reason(guard: &Guard, request: &Request<'_>) -> RefusalReason {
    refused(verdict(guard, request)).reason
}

#[test]
fn a_good_token_passes_in_any_case_of_the_scheme() {
    let token = token("");
    for credentials in
        [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER   {token} ")]
    {
        let verdict = visit(&Guard::new(policy()), "GET", "/", Some(&credentials));
        let Verdict::Allowed(token) = verdict else { panic!("refused") };
        assert_eq!(token.subject(), Some("user"));
    }
}

/// J29: header, query and form count together; a cookie is no credential here.
#[test]
fn j29_several_credentials_are_refused() {
    let everywhere = builder().token_in_query(true).token_in_form(true).build().unwrap();
    let header_only = Guard::new(policy());
    let good = bearer("");
    let token = token("");
    let target = format!("/?access_token={token}");
    let form = format!("access_token={token}");
    let header = ("authorization", good.as_str());
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let post = Request { method: "POST", ..GET };
    let several = RefusalReason::SeveralCredentials;
    for guard in [&everywhere, &header_only] {
        for fields in [&[header, ("Authorization", good.as_str())][..], &[header, header]] {
            assert_eq!(reason(guard, &Request { fields, ..GET }), several);
        }
        for fields in [&[header, ("cookie", "access_token=x")][..], &[header]] {
            assert_eq!(reason(guard, &Request { target: &target, fields, ..GET }), several);
        }
        let basic = [("authorization", "Basic YTpi")];
        assert_eq!(reason(guard, &Request { target: &target, fields: &basic, ..GET }), several);
        let twice = format!("{target}&access_token=x");
        assert_eq!(reason(guard, &Request { target: &twice, ..GET }), several);
    }
    for request in [
        Request { fields: &[header, kind], form: Some(&form), ..post },
        Request { target: &target, fields: &[kind], form: Some(&form), ..post },
        Request { fields: &[kind], form: Some("access_token=a&%61ccess_token=b"), ..post },
    ] {
        assert_eq!(reason(&everywhere, &request), several);
    }
    let cookie = [header, ("cookie", "access_token=x")];
    let verdict = verdict(&header_only, &Request { fields: &cookie, ..GET });
    assert!(matches!(verdict, Verdict::Allowed(_)));
}

/// J30, rule 32: what the credentials can look like (RFC 6750 §2.1, §3.1).
#[test]
fn j30_credentials_are_parsed_to_the_letter() {
    let guard = Guard::new(policy());
    for field in ["Basic YTpi", "Bearerx", "DPoP abc", "", "\tBearer x", "Bearer\tx"] {
        let request = Request { fields: &[("authorization", field)], ..GET };
        assert_eq!(reason(&guard, &request), RefusalReason::OtherScheme, "{field}");
    }
    for field in [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a,b",
        "Bearer a, Bearer b",
        "Bearer \"a\"",
        "Bearer =",
        "Bearer a=b",
        "Bearer a\tb",
        "Bearer {\"a\":1}",
        "Bearer \u{e9}",
        "bearer \u{0}",
    ] {
        let request = Request { fields: &[("authorization", field)], ..GET };
        assert_eq!(reason(&guard, &request), RefusalReason::Malformed, "{field}");
    }
}

/// J31: only a request without any credentials passes without a token.
#[test]
fn j31_optional_authentication_lets_no_bad_credentials_through() {
    let guard = builder().credentials_required(false).build().unwrap();
    assert!(matches!(visit(&guard, "GET", "/", None), Verdict::Anonymous));
    assert!(matches!(visit(&guard, "GET", "/", Some(&bearer(""))), Verdict::Allowed(_)));
    let of_a_stranger = bearer("").replace("Bearer ", "Bearer x");
    for field in [of_a_stranger.as_str(), "Bearer", "Bearer x.y.z", "Basic YTpi", "DPoP x", ""] {
        let verdict = visit(&guard, "GET", "/", Some(field));
        assert!(matches!(verdict, Verdict::Refused(_)), "{field}");
    }
    for target in ["/?access_token=x", "/?access_token=", "/?a=b&access%5Ftoken=x"] {
        let verdict = visit(&guard, "GET", target, None);
        assert!(matches!(verdict, Verdict::Refused(_)), "{target}");
    }
}

/// J31: a token that names nobody's issuer is refused, also where the keys of one are on their way.
#[test]
fn j31_an_unknown_issuer_is_refused_while_another_is_fetched() {
    use crate::{
        issuer::{IssuerConfig, IssuerIndex},
        jwt::{TokenError, TrustedIssuer},
        test_support::ISSUER,
    };
    let one = IssuerConfig::new(ISSUER).unwrap();
    let two = IssuerConfig::new("https://two.example/").unwrap();
    let guard = Guard::for_issuers([
        TrustedIssuer::new(IssuerIndex(0), &one, policy()),
        TrustedIssuer::new(IssuerIndex(1), &two, policy()),
    ])
    .unwrap()
    .credentials_required(false)
    .build()
    .unwrap();
    let machine = ready_machine(&KEY.jwk_set());
    let ask = |issuer: &str| {
        let field = format!("Bearer {}", KEY.sign(&access_claims("").replace(ISSUER, issuer)));
        begin(&guard, &machine, &Request { fields: &[("authorization", &field)], ..GET })
    };
    let unknown = refused(decided(ask("https://three.example/")));
    assert_eq!(unknown.reason, RefusalReason::Token(TokenError::Issuer));
    let Step::Await(wait) = ask("https://two.example/") else { panic!("must wait") };
    assert_eq!(wait.issuer(), IssuerIndex(1));
    assert!(matches!(decided(ask(ISSUER)), Verdict::Allowed(_)));
}

#[test]
fn a_token_in_the_query_is_taken_only_where_that_is_on() {
    let token = token("");
    let on = builder().token_in_query(true).build().unwrap();
    let off = Guard::new(policy());
    for target in [format!("/?access_token={token}"), format!("/a?b=c&access%5Ftoken={token}&d")] {
        let request = Request { target: &target, ..GET };
        assert!(matches!(verdict(&on, &request), Verdict::Allowed(_)));
        assert_eq!(reason(&off, &request), RefusalReason::MisplacedToken);
        let fields = Vec::new();
        assert!(on.takes_query(&head(&request, &fields)));
        assert!(!off.takes_query(&head(&request, &fields)));
    }
    for target in ["/?access_token=", "/?access_token", "/?access_token=a%20b"] {
        let request = Request { target, ..GET };
        assert_eq!(reason(&on, &request), RefusalReason::Malformed, "{target}");
    }
    let other = Request { target: "/?Access_Token=x&access_token2=y", ..GET };
    assert_eq!(reason(&off, &other), RefusalReason::NoCredentials);
}

/// RFC 6750 §2.2: a form, one that is really one, and no method whose body means nothing.
#[test]
fn a_token_in_a_form_is_taken_only_where_that_is_on() {
    let form = format!("a=b&access_token={}", token(""));
    let on = builder().token_in_form(true).build().unwrap();
    let off = Guard::new(policy());
    let kind = [("content-type", "Application/X-WWW-Form-URLEncoded; charset=utf-8")];
    let post = Request { method: "POST", fields: &kind, form: Some(&form), ..GET };
    assert!(matches!(verdict(&on, &post), Verdict::Allowed(_)));
    assert_eq!(reason(&off, &post), RefusalReason::NoCredentials);
    let asks = |guard: &Guard, request: &Request<'_>| {
        let fields = request.fields.to_vec();
        let machine = ready_machine(&KEY.jwk_set());
        with_context(after(0), &mut Counting::default(), &machine.snapshot(), |context| match guard
            .begin(&head(request, &fields), context)
        {
            Step::Read(read) => Some(read),
            _ => None,
        })
    };
    assert!(asks(&on, &post).is_some());
    assert!(asks(&off, &post).is_none());
    let multipart = [("content-type", "multipart/form-data; boundary=x")];
    let repeated = [kind[0], kind[0]];
    for request in [
        Request { method: "GET", ..post },
        Request { method: "HEAD", ..post },
        Request { fields: &[], ..post },
        Request { fields: &multipart, ..post },
        Request { fields: &repeated, ..post },
    ] {
        assert!(asks(&on, &request).is_none());
        assert_eq!(reason(&on, &request), RefusalReason::NoCredentials);
    }
    assert_eq!(reason(&on, &Request { form: Some("a=b"), ..post }), RefusalReason::NoCredentials);
    // Where no token is looked at, no form is read for one.
    let open = GuardRoute::open("/").unwrap();
    let open = builder().token_in_form(true).route(open).build().unwrap();
    assert!(asks(&open, &post).is_none());
    assert!(matches!(verdict(&open, &post), Verdict::Anonymous));

    for (error, status, code) in [
        (BodyError::Broken, 400, "invalid_request"),
        (BodyError::Timeout, 408, "request_timeout"),
        (BodyError::TooLarge, 413, "content_too_large"),
    ] {
        let read = asks(&on, &post).unwrap();
        let machine = ready_machine(&KEY.jwk_set());
        let step =
            with_context(after(0), &mut Counting::default(), &machine.snapshot(), |context| {
                read.resume(Err(error), context)
            });
        let refusal = refused(decided(step));
        assert_eq!((refusal.reason, refusal.response.status), (RefusalReason::Form(error), status));
        assert!(refusal.response.body.contains(code), "{}", refusal.response.body);
        assert_eq!(refusal.response.headers.get("cache-control"), Some("no-store"));
    }
}

/// J29: a token in the head and one in the form are two, whatever they are.
#[test]
fn j29_a_token_in_the_form_is_one_more() {
    let on = builder().token_in_form(true).token_in_query(true).build().unwrap();
    let (token, bearer) = (token(""), bearer(""));
    let form = format!("access_token={token}");
    let target = format!("/?access_token={token}");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for fields in
        [&[kind, ("authorization", bearer.as_str())][..], &[kind, ("authorization", "Basic eDp5")]]
    {
        let request = Request { method: "POST", fields, form: Some(&form), ..GET };
        assert_eq!(reason(&on, &request), RefusalReason::SeveralCredentials);
    }
    let in_query = Request { method: "POST", target: &target, fields: &[kind], form: Some(&form) };
    assert_eq!(reason(&on, &in_query), RefusalReason::SeveralCredentials);
    assert!(matches!(
        verdict(&on, &Request { form: Some("a=b"), ..in_query }),
        Verdict::Allowed(_)
    ));
    let twice = format!("{form}&{form}");
    let repeated = Request { method: "POST", fields: &[kind], form: Some(&twice), ..GET };
    assert_eq!(reason(&on, &repeated), RefusalReason::SeveralCredentials);
}
