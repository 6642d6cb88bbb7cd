//! Access tokens that are refreshed.

use super::*;
use crate::{
    gate::{RefreshEvent, RefreshFlight},
    issuer::IssuerConfig,
    oidc::{IdTokenError, RefreshFailure},
    session::Session,
    time::UnixSeconds,
};
use core::time::Duration;

/// When the access token of a login is to be refreshed, in seconds after it.
pub(super) const DUE: u64 = 3540;
/// When it can no longer be sent.
pub(super) const OVER: u64 = 3595;
pub(super) const API: &str = "/api/private-route";

pub(super) fn offline_gate() -> Gate {
    builder_for(client("https://app.example").with_offline_access()).build().unwrap()
}

/// Somebody who signed in, some seconds ago.
pub(super) fn signed_in(seconds: u64) -> Browser {
    let mut browser = Browser::new(offline_gate());
    browser.sign_in();
    browser.clock = seconds;
    browser.token_requests.clear();
    browser
}

/// The provider's answer to the refresh number `number`, with `more` members that start with a
/// comma.
pub(super) fn renewed(number: u32, more: &str) -> Option<Result<Inbound, FetchError>> {
    Some(Ok(ok(format!(
        r#"{{"access_token":"access-{number}","token_type":"Bearer","expires_in":3600{more}}}"#
    ))))
}

pub(super) fn rotated(number: u32) -> Option<Result<Inbound, FetchError>> {
    renewed(number, &format!(r#","refresh_token":"refresh-{number}""#))
}

pub(super) fn refused(error: &str) -> Option<Result<Inbound, FetchError>> {
    let body = format!(r#"{{"error":"{error}"}}"#);
    Some(Ok(Inbound { status: 400, ..ok(body) }))
}

pub(super) fn bearer(decision: Decision) -> String {
    let forward = forward(decision);
    forward.request.added().get("authorization").unwrap().to_string()
}

/// The refresh tokens that the provider was asked to redeem.
pub(super) fn sent(browser: &Browser) -> Vec<String> {
    let parameter = |request: &Outbound, name| {
        Query::new(&request.body).unique(name).unwrap().map(|value| value.to_string())
    };
    let refreshes =
        |request: &&Outbound| parameter(request, "grant_type").as_deref() == Some("refresh_token");
    let requests = browser.token_requests.iter().filter(refreshes);
    requests.filter_map(|request| parameter(request, "refresh_token")).collect()
}

/// The tokens that the provider was given back.
pub(super) fn given_back(browser: &Browser) -> Vec<String> {
    let revocations = browser
        .token_requests
        .iter()
        .filter(|request| request.url.as_str() == "https://op.example/revoke");
    revocations
        .map(|request| {
            let form = Query::new(&request.body);
            let parameter = |name| form.unique(name).unwrap().map(|value| value.to_string());
            assert_eq!(parameter("token_type_hint").as_deref(), Some("refresh_token"));
            assert_eq!(parameter("client_secret").as_deref(), Some("client secret"));
            parameter("token").unwrap()
        })
        .collect()
}

pub(super) fn session(browser: &mut Browser) -> Option<Session> {
    let headers = [("cookie", browser.cookie_field())];
    let gate = browser.gate.clone();
    browser.call(|context| gate.find_session(Cookies::of(&headers), context).session)
}

/// Cognito, Google and Keycloak give refresh tokens without `offline_access`, and the first two
/// refuse the scope.
#[test]
fn asks_for_a_refresh_token_where_it_is_told_to() {
    let unasked = client("https://app.example").with_refresh_tokens();
    for (gate, scope, kept) in [
        (gate(), "openid profile email", None),
        (builder_for(unasked).build().unwrap(), "openid profile email", Some("refresh-0")),
        (offline_gate(), "openid profile email offline_access", Some("refresh-0")),
    ] {
        let mut browser = Browser::new(gate);
        let response = response(browser.get("/api/auth/login"));
        let query = location(&response).split_once('?').unwrap().1;
        assert_eq!(Query::new(query).unique("scope").unwrap().unwrap(), scope);
        let login = browser.start_login("/private");
        let id_token = id_token(&login, "");
        let body = tokens(&id_token)
            .replace(r#""token_type""#, r#""refresh_token":"refresh-0","token_type""#);
        browser.token_answer = Some(Ok(ok(body)));
        assert_eq!(browser.come_back(&login).status, 303);
        let session = session(&mut browser).unwrap();
        let refresh_token = session.tokens.refresh_token.as_ref().map(Secret::expose);
        assert_eq!(refresh_token, kept);
    }
}

#[test]
fn a_due_access_token_is_refreshed_before_the_request_goes_on() {
    let mut browser = signed_in(DUE - 1);
    browser.refresh_answer = rotated(1);
    assert_eq!(bearer(browser.get(API)), format!("Bearer {ACCESS_TOKEN}"));
    assert!(browser.token_requests.is_empty());
    browser.clock = DUE;
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    assert_eq!(sent(&browser), ["refresh-0"]);
    let request = &browser.token_requests[0];
    let form = |name| Query::new(&request.body).unique(name).unwrap().map(|v| v.to_string());
    assert_eq!(form("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(form("client_id").as_deref(), Some(CLIENT_ID));
    assert_eq!(form("scope"), None);

    // The new cookie has the new tokens, and the sign-in is as long ago as it was.
    let session = session(&mut browser).unwrap();
    assert_eq!(session.tokens.refresh_token.as_ref().map(Secret::expose), Some("refresh-1"));
    assert_eq!((session.tokens.generation, session.signed_in_at().0), (1, NOW));
    assert_eq!(session.used_at.0, NOW + DUE);
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    browser.refresh_answer = rotated(2);
    browser.clock = 2 * DUE;
    assert_eq!(bearer(browser.get(API)), "Bearer access-2");
    assert_eq!(sent(&browser), ["refresh-0", "refresh-1"]);
}

/// RFC 6749 §6: without rotation the refresh token stays.
#[test]
fn a_page_is_handed_an_access_token_that_can_be_sent() {
    let mut browser = signed_in(0);
    browser.refresh_answer = rotated(1);
    let mut token = |clock, path| {
        browser.clock = clock;
        let session = serve(browser.get(path)).session.unwrap();
        session.access_token(UnixSeconds(NOW + clock)).map(|token| token.expose().to_string())
    };
    assert_eq!(token(0, "/private").as_deref(), Some(ACCESS_TOKEN));
    // A page that is open to everybody waits for no refresh.
    assert_eq!(token(OVER - 1, "/").as_deref(), Some(ACCESS_TOKEN));
    assert_eq!(token(OVER, "/"), None);
    assert_eq!(token(OVER, "/private").as_deref(), Some("access-1"));
    assert_eq!(token(OVER, "/").as_deref(), Some("access-1"));
}

#[test]
fn a_refresh_token_that_is_not_replaced_is_kept() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = renewed(1, "");
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    browser.clock = 2 * DUE;
    browser.refresh_answer = renewed(2, "");
    assert_eq!(bearer(browser.get(API)), "Bearer access-2");
    assert_eq!(sent(&browser), ["refresh-0", "refresh-0"]);
}

/// O17: fifty requests of a page that was left open: one refresh, one outcome.
#[test]
fn concurrent_requests_share_one_refresh() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = rotated(1);
    let waiting: Vec<_> = (0..50).map(|_| browser.begin("GET", API, &[])).collect();
    let waiting: Vec<_> = waiting
        .into_iter()
        .map(|step| {
            let Step::Refresh(wait) = step else { panic!("{step:?}") };
            let progress = browser.refreshes.demand(wait.demand(), after(DUE));
            assert!(matches!(progress, RefreshProgress::Pending { .. }));
            wait
        })
        .collect();
    browser.carry_out_refreshes();
    for wait in waiting {
        let decision = browser.finish(Step::Refresh(wait));
        let none: [(&str, &str); 0] = [];
        let Decision::Forward(forward) = decision else { panic!("{decision:?}") };
        assert_eq!(forward.request.added().get("authorization"), Some("Bearer access-1"));
        let added = owned(forward.response.filter(&none).added());
        let named = |name: &str| added.iter().filter(|(known, _)| known == name).count();
        assert_eq!((named("set-cookie"), named("cache-control")), (1, 1));
    }
    assert_eq!(sent(&browser), ["refresh-0"]);
}

/// O18: requests that were sent before the browser had the new cookie.
#[test]
fn the_old_cookie_gets_the_new_tokens_for_a_while() {
    let mut browser = signed_in(DUE);
    let old = browser.cookies.clone();
    browser.refresh_answer = rotated(1);
    browser.get(API);
    let memory = RefreshLimits::default().memory.as_secs();
    for seconds in [0, 1, memory - 1] {
        browser.clock = DUE + seconds;
        browser.cookies = old.clone();
        assert_eq!(bearer(browser.get(API)), "Bearer access-1");
        assert_eq!(session(&mut browser).unwrap().tokens.generation, 1);
    }
    assert_eq!(sent(&browser).len(), 1);
    // After that nobody knows any more.
    browser.clock = DUE + memory;
    browser.cookies = old;
    browser.refresh_answer = refused("invalid_grant");
    assert_eq!(response(browser.get(API)).status, 401);
    assert_eq!(sent(&browser), ["refresh-0", "refresh-0"]);
}

/// O18: however old.
#[test]
fn a_cookie_that_is_some_refreshes_old_gets_the_newest_tokens() {
    let mut browser = signed_in(DUE);
    let old = browser.cookies.clone();
    let short = |number| {
        let body = format!(
            r#"{{"access_token":"access-{number}","refresh_token":"refresh-{number}",
            "token_type":"Bearer","expires_in":20}}"#
        );
        Some(Ok(ok(body)))
    };
    browser.refresh_answer = short(1);
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    browser.clock = DUE + 14;
    assert_eq!(bearer(browser.get(API)), "Bearer access-1", "a short life is not due at once");
    for number in 2..=5 {
        browser.clock += 15;
        browser.refresh_answer = short(number);
        assert_eq!(bearer(browser.get(API)), format!("Bearer access-{number}"));
    }
    browser.cookies = old.clone();
    assert_eq!(bearer(browser.get(API)), "Bearer access-5");
    assert_eq!(session(&mut browser).unwrap().tokens.generation, 5);
    // And where the newest tokens are due as well, they are refreshed.
    browser.cookies = old;
    browser.clock = DUE + 89;
    browser.refresh_answer = short(6);
    assert_eq!(bearer(browser.get(API)), "Bearer access-6");
    assert_eq!(sent(&browser).len(), 6);
}

#[test]
fn tokens_that_never_live_are_an_outage_and_no_circle() {
    let mut browser = signed_in(OVER);
    let body = r#"{"access_token":"a","token_type":"Bearer","expires_in":0}"#;
    browser.refresh_answer = Some(Ok(ok(body)));
    let answer = response(browser.get(API));
    assert_eq!((answer.status, code(&answer)), (503, "tokens_unavailable"));
    assert!(sent(&browser).len() <= 2);
}

/// O19: the provider's word that there are no more tokens is one.
#[test]
fn a_refused_refresh_ends_the_session() {
    for error in ["invalid_grant", "unauthorized_client"] {
        let mut browser = signed_in(DUE);
        browser.refresh_answer = refused(error);
        let answer = response(browser.get(API));
        assert_eq!((answer.status, code(&answer)), (401, "not_authenticated"));
        assert_eq!(answer.headers.get("cache-control"), Some("no-store"));
        assert_eq!(browser.session_cookies(), 0);
        assert!(sent(&browser).len() == 1, "the token is not tried again");
    }
    // A person is led to the sign-in, and the refused token is not tried once more meanwhile.
    let mut browser = signed_in(DUE);
    let old = browser.cookies.clone();
    browser.refresh_answer = refused("invalid_grant");
    for _ in 0..2 {
        browser.cookies = old.clone();
        let answer = response(browser.get("/private/a"));
        let expected = (302, "/api/auth/login?returnTo=%2Fprivate%2Fa");
        assert_eq!((answer.status, location(&answer)), expected);
        assert_eq!(browser.session_cookies(), 0);
    }
    assert_eq!(sent(&browser).len(), 1);
}

/// O19: an outage is no reason to sign anybody out, and none to send a request that will be refused.
#[test]
fn during_an_outage_the_old_token_is_used_while_it_is_valid() {
    let outages = [
        Some(Err(FetchError::Timeout)),
        Some(Err(FetchError::Transport)),
        Some(Ok(Inbound { status: 503, ..ok("") })),
        Some(Ok(Inbound { status: 403, ..ok("<html>blocked</html>") })),
        Some(Ok(ok("<html>"))),
        refused("temporarily_unavailable"),
        Some(Ok(Inbound { status: 401, ..ok(r#"{"error":"invalid_client"}"#) })),
        Some(Ok(Inbound { status: 401, ..ok(r#"{"error":"unauthorized_client"}"#) })),
    ];
    for (at, outage) in outages.into_iter().enumerate() {
        let mut browser = signed_in(DUE);
        browser.refresh_answer = outage;
        assert_eq!(bearer(browser.get(API)), format!("Bearer {ACCESS_TOKEN}"), "{at}");
        assert_eq!(session(&mut browser).unwrap().used_at.0, NOW, "nothing is written");
        browser.clock = OVER;
        let answer = response(browser.get(API));
        assert_eq!((answer.status, code(&answer)), (503, "tokens_unavailable"), "{at}");
        assert!(answer.headers.get("retry-after").is_some());
        assert!(session(&mut browser).is_some());
        // Pages go on, for they need no token.
        assert!(serve(browser.get("/private")).session.is_some());
        // And when it is over, so is the trouble.
        browser.clock = OVER + 60;
        browser.refresh_answer = rotated(1);
        assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    }
}

#[test]
fn a_person_gets_a_page_where_there_is_no_token() {
    let mut browser = signed_in(OVER);
    browser.refresh_answer = Some(Err(FetchError::Timeout));
    let answer = response(browser.navigate("/alias/x"));
    assert_eq!((answer.status, code(&answer)), (503, "tokens_unavailable"));
    assert!(answer.body.contains("/api/auth/login?returnTo=%2Falias%2Fx"), "{}", answer.body);
    assert!(answer.headers.get("retry-after").is_some());
}

#[test]
fn failures_are_followed_by_pauses_that_grow() {
    let mut browser = signed_in(OVER);
    browser.refresh_answer = Some(Err(FetchError::Timeout));
    let mut pauses = Vec::new();
    for _ in 0..10 {
        assert_eq!(response(browser.get(API)).status, 503);
        let tried = sent(&browser).len();
        let start = browser.clock;
        while sent(&browser).len() == tried {
            browser.clock += 1;
            assert_eq!(response(browser.get(API)).status, 503);
            assert!(browser.clock - start <= 60);
        }
        pauses.push(browser.clock - start);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
}

/// O16: what a refreshed ID token must be, if there is one (OpenID Connect Core 1.0 §12.2). Where it
/// is not, the session is over, and the new refresh token does not stay good (RFC 7009).
#[test]
fn a_refreshed_id_token_is_checked() {
    let claims = |issuer: &str, audience: &str, subject: &str, more: &str| {
        let expiry = NOW + DUE + 600;
        let issued = NOW + DUE;
        format!(
            r#"{{"iss":"{issuer}","aud":"{audience}","sub":"{subject}","iat":{issued},
            "exp":{expiry}{more}}}"#
        )
    };
    let good = claims(ISSUER, CLIENT_ID, "user", r#","name":"Una B","email":"una@example.com""#);
    let with = |id_token: &str| {
        renewed(1, &format!(r#","refresh_token":"refresh-1","id_token":"{id_token}""#))
    };
    let mut browser = signed_in(DUE);
    browser.refresh_answer = with(&KEY.sign(&good));
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    let renewed = session(&mut browser).unwrap();
    assert_eq!(renewed.user().text("name"), Ok(Some("Una B")));
    assert_eq!(renewed.user().text("email"), Ok(Some("una@example.com")));
    assert_eq!(renewed.provider_session.as_deref(), Some("s1"));

    let wrong = [
        KEY.sign(&claims(ISSUER, CLIENT_ID, "somebody-else", "")),
        KEY.sign(&claims("https://evil.example/", CLIENT_ID, "user", "")),
        KEY.sign(&claims(ISSUER, "another-client", "user", "")),
        KEY.sign(&claims(ISSUER, CLIENT_ID, "user", r#","azp":"another-client""#)),
        KEY.sign(&claims(ISSUER, CLIENT_ID, "user", r#","at_hash":"AAAAAAAAAAAAAAAAAAAAAA""#)),
        ProviderKey::two().sign(&good),
        format!("{}x", KEY.sign(&good)),
        String::from("x"),
    ];
    for (at, id_token) in wrong.into_iter().enumerate() {
        let mut browser = signed_in(DUE);
        browser.refresh_answer = with(&id_token);
        let answer = response(browser.get(API));
        assert_eq!((answer.status, code(&answer)), (401, "not_authenticated"), "{at}");
        assert_eq!(browser.session_cookies(), 0, "{at}");
        assert_eq!(given_back(&browser), ["refresh-1"], "{at}");
    }
}

/// Somebody who signed in for one organization does not end up in another one.
#[test]
fn a_refresh_does_not_change_the_organization() {
    for (organization, is_fine) in
        [(r#","org_id":"one""#, true), (r#","org_id":"two""#, false), ("", true)]
    {
        let mut browser = Browser::new(offline_gate());
        browser.id_token = |login| id_token(login, r#","org_id":"one""#);
        browser.sign_in();
        browser.clock = DUE;
        let (issued, expiry) = (NOW + DUE, NOW + DUE + 600);
        let claims = format!(
            r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","iat":{issued},"exp":{expiry}{organization}}}"#
        );
        browser.refresh_answer = renewed(1, &format!(r#","id_token":"{}""#, KEY.sign(&claims)));
        let decision = browser.get(API);
        assert_eq!(matches!(decision, Decision::Forward(_)), is_fine, "{organization}");
    }
}

/// The old refresh token may be used up, so the new one is kept although nobody can check the ID
/// token beside it.
#[test]
fn an_id_token_that_nobody_can_check_counts_as_none() {
    let expiry = NOW + DUE + 600;
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","name":"Una B","iat":{NOW},"exp":{expiry}}}"#
    );
    let mut browser = signed_in(DUE);
    // It knows the metadata, and the key set is not to be had.
    let mut machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let _ = machine.demand(&crate::issuer::Need::Metadata, after(DUE));
    let flight = machine.poll_flight(after(DUE)).unwrap();
    let entropy = &mut browser.entropy;
    let metadata = Ok(ok(crate::test_support::discovery()));
    let _ = machine.on_answer(flight.id, metadata, after(DUE), entropy);
    browser.machine = machine;
    browser.key_set_answer = Err(FetchError::Timeout);
    let more = format!(r#","refresh_token":"refresh-1","id_token":"{}""#, KEY.sign(&claims));
    browser.refresh_answer = renewed(1, &more);
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    let session = session(&mut browser).unwrap();
    assert_eq!(session.user().text("name"), Ok(Some("Una")));
    assert_eq!(session.tokens.refresh_token.as_ref().map(Secret::expose), Some("refresh-1"));
}

/// O20, O37: a flight that never lands is given up after a while, and keeps nobody waiting.
#[test]
fn a_flight_that_is_lost_is_made_up_for() {
    let mut browser = signed_in(OVER);
    browser.refresh_answer = rotated(1);
    let Step::Refresh(wait) = browser.begin("GET", API, &[]) else { panic!("a refresh") };
    let _ = browser.refreshes.demand(wait.demand(), after(OVER));
    let lost = browser.refreshes.poll_flight(after(OVER)).unwrap();
    let limit = RefreshLimits::default().flight.as_secs();
    let progress = browser.refreshes.demand(wait.demand(), after(OVER + limit));
    let RefreshProgress::Settled(RefreshOutcome::Unavailable { retry_after }) = progress else {
        panic!("{progress:?}")
    };
    assert_eq!(retry_after, Duration::from_secs(1));
    browser.clock = OVER + limit + 1;
    assert_eq!(bearer(browser.finish(Step::Refresh(wait))), "Bearer access-1");
    assert_eq!(sent(&browser).len(), 1);

    // What the lost one brings after all is void now.
    let late = browser.refreshes.on_landed(lost.id, Err(RefreshFailure::Refused), after(OVER + 99));
    assert_eq!(late, RefreshEvent::Dropped);
}

/// O17: a provider that is slow is not sent the same refresh token twice.
#[test]
fn a_flight_has_the_time_that_its_fetches_have() {
    let timeout = Duration::from_secs(60);
    let client = client("https://app.example").with_offline_access().with_timeout(timeout);
    let mut browser = Browser::new(builder_for(client).build().unwrap());
    browser.refreshes = Refreshes::new(RefreshLimits::default().with_timeout(timeout));
    browser.sign_in();
    browser.clock = DUE;
    browser.token_requests.clear();
    let Step::Refresh(wait) = browser.begin("GET", API, &[]) else { panic!("a refresh") };
    let _ = browser.refreshes.demand(wait.demand(), after(DUE));
    let RefreshFlight { id, refreshing } = browser.refreshes.poll_flight(after(DUE)).unwrap();
    let step = browser.call(|context| refreshing.begin(context));
    let Step::Fetch(fetch) = &step else { panic!("a request") };
    assert_eq!(fetch.request().limits.deadline, timeout);

    browser.clock = DUE + 59;
    let progress = browser.refreshes.demand(wait.demand(), after(DUE + 59));
    assert!(matches!(progress, RefreshProgress::Pending { .. }), "{progress:?}");
    browser.refresh_answer = rotated(1);
    let result = browser.drive(step);
    let event = browser.refreshes.on_landed(id, result, after(DUE + 59));
    assert_eq!(event, RefreshEvent::Renewed);
    assert_eq!(bearer(browser.finish(Step::Refresh(wait))), "Bearer access-1");
    assert_eq!(sent(&browser), ["refresh-0"]);

    let short = RefreshLimits::default().with_timeout(Duration::from_secs(1));
    assert_eq!(short, RefreshLimits::default());
}

/// A refresh token that the provider has replaced must not get lost with a slow task.
#[test]
fn new_tokens_count_however_late_they_are() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = rotated(1);
    let Step::Refresh(wait) = browser.begin("GET", API, &[]) else { panic!("a refresh") };
    let _ = browser.refreshes.demand(wait.demand(), after(DUE));
    let RefreshFlight { id, refreshing } = browser.refreshes.poll_flight(after(DUE)).unwrap();
    let step = browser.call(|context| refreshing.begin(context));
    let result = browser.drive(step);
    browser.clock = DUE + 300;
    assert_eq!(browser.refreshes.on_landed(id, result, after(DUE + 300)), RefreshEvent::Renewed);
    assert_eq!(bearer(browser.finish(Step::Refresh(wait))), "Bearer access-1");
    assert_eq!(sent(&browser).len(), 1);
}

/// O36: two people whose tokens are refreshed in the same moment get their own, and no session gets
/// what another one's flight brings, even where a provider gives both the same refresh token.
#[test]
fn two_sessions_never_share_a_refresh() {
    let mut table = Refreshes::new(RefreshLimits::default());
    let people: Vec<_> = (0..2)
        .map(|person| {
            let mut browser = Browser::new(offline_gate());
            browser.entropy = Counting::from(1000 * (person + 1));
            browser.sign_in();
            browser.clock = DUE;
            browser.refresh_answer = rotated(u32::try_from(person).unwrap() + 1);
            let Step::Refresh(wait) = browser.begin("GET", API, &[]) else { panic!("a refresh") };
            assert!(matches!(
                table.demand(wait.demand(), after(DUE)),
                RefreshProgress::Pending { .. }
            ));
            (browser, wait)
        })
        .collect();
    let flights = [table.poll_flight(after(DUE)).unwrap(), table.poll_flight(after(DUE)).unwrap()];
    assert!(table.poll_flight(after(DUE)).is_none());
    // They land in the other order.
    let mut people: Vec<_> = people.into_iter().rev().collect();
    for (flight, (browser, _)) in flights.into_iter().rev().zip(&mut people) {
        let step = browser.call(|context| flight.refreshing.begin(context));
        let result = browser.drive(step);
        assert_eq!(table.on_landed(flight.id, result, after(DUE)), RefreshEvent::Renewed);
        assert_eq!(sent(browser), ["refresh-0"]);
    }
    for (number, (mut browser, wait)) in [2, 1].into_iter().zip(people) {
        let RefreshProgress::Settled(outcome) = table.demand(wait.demand(), after(DUE)) else {
            panic!("it has landed")
        };
        let step = browser.call(|context| wait.resume(outcome, context));
        assert_eq!(bearer(browser.finish(step)), format!("Bearer access-{number}"));
    }
}

#[test]
fn a_full_table_begins_no_further_refresh() {
    let mut browser = signed_in(DUE);
    let limits = RefreshLimits { sessions: 1, ..RefreshLimits::default() };
    browser.refreshes = Refreshes::new(limits);
    browser.refresh_answer = rotated(1);
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    let first = browser.cookies.clone();

    // Somebody else.
    browser.cookies.clear();
    browser.clock = 0;
    browser.token_answer = None;
    browser.sign_in();
    browser.token_requests.clear();
    browser.clock = DUE;
    assert_eq!(bearer(browser.get(API)), format!("Bearer {ACCESS_TOKEN}"));
    browser.clock = OVER;
    let answer = response(browser.get(API));
    assert_eq!((answer.status, code(&answer)), (503, "tokens_unavailable"));
    assert!(browser.token_requests.is_empty());
    // There is room again once the first outcome is old.
    browser.clock = DUE + limits.memory.as_secs();
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    browser.cookies = first;
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
}

#[test]
fn flights_wait_for_their_turn_but_not_for_ever() {
    let limits = RefreshLimits { flights: 1, ..RefreshLimits::default() };
    let mut table = Refreshes::new(limits);
    let waiting: Vec<_> = (0..2)
        .map(|at| {
            let mut browser = Browser::new(offline_gate());
            browser.entropy = Counting::from(1000 * at);
            browser.sign_in();
            browser.clock = OVER;
            let Step::Refresh(wait) = browser.begin("GET", API, &[]) else { panic!("a refresh") };
            wait
        })
        .collect();
    for wait in &waiting {
        assert!(matches!(
            table.demand(wait.demand(), after(OVER)),
            RefreshProgress::Pending { .. }
        ));
    }
    let first = table.poll_flight(after(OVER)).unwrap();
    assert_eq!(first.id.session(), waiting[0].demand().session());
    assert!(table.poll_flight(after(OVER)).is_none());
    let failed = table.on_landed(first.id, Err(RefreshFailure::Lost), after(OVER + 29));
    assert_eq!(failed, RefreshEvent::Failed(RefreshFailure::Lost));
    let second = table.poll_flight(after(OVER + 29)).unwrap();
    assert_eq!(second.id.session(), waiting[1].demand().session());

    // The first one again, while the only place is taken.
    let progress = table.demand(waiting[0].demand(), after(OVER + 31));
    assert!(matches!(progress, RefreshProgress::Pending { .. }));
    assert!(table.poll_flight(after(OVER + 31)).is_none());
    let progress = table.demand(waiting[0].demand(), after(OVER + 61));
    assert!(matches!(progress, RefreshProgress::Settled(RefreshOutcome::Unavailable { .. })));
}

/// A browser that only looks ahead is no reason for a refresh, nor for a cookie.
#[test]
fn a_prefetch_refreshes_only_without_a_usable_token() {
    let prefetch = [("sec-purpose", "prefetch")];
    let mut browser = signed_in(DUE);
    browser.refresh_answer = rotated(1);
    let before = browser.cookies.clone();
    assert_eq!(bearer(browser.request("GET", API, &prefetch)), format!("Bearer {ACCESS_TOKEN}"));
    assert!(serve(browser.request("GET", "/private", &prefetch)).session.is_some());
    browser.clock = OVER;
    assert!(serve(browser.request("GET", "/private", &prefetch)).session.is_some());
    assert_eq!(browser.cookies, before);
    assert!(browser.token_requests.is_empty());
    // The new refresh token must reach the browser; it has been used no more than before.
    assert_eq!(bearer(browser.request("GET", API, &prefetch)), "Bearer access-1");
    let session = session(&mut browser).unwrap();
    assert_eq!((session.tokens.generation, session.used_at.0), (1, NOW));
}

/// A page that needs no session waits for nobody, and its answer does not bring the old refresh
/// token back.
#[test]
fn an_open_page_neither_refreshes_nor_rolls_while_a_refresh_is_near() {
    let day = SessionPolicy::default().inactivity;
    let mut browser = Browser::new(offline_gate());
    let login = browser.start_login("/private");
    let body = tokens(&id_token(&login, ""))
        .replace(r#""expires_in":3600"#, r#""refresh_token":"refresh-0","expires_in":9000"#);
    browser.token_answer = Some(Ok(ok(body)));
    assert_eq!(browser.come_back(&login).status, 303);
    browser.token_requests.clear();
    // Far from a refresh it rolls.
    browser.clock = day / 10;
    assert!(serve(browser.get("/")).session.is_some());
    assert_eq!(session(&mut browser).unwrap().used_at.0, NOW + day / 10);
    browser.clock = 9000 + day / 10;
    assert!(serve(browser.get("/")).session.is_some());
    assert_eq!(session(&mut browser).unwrap().used_at.0, NOW + day / 10);
    assert!(browser.token_requests.is_empty());
}

#[test]
fn a_refresh_does_not_prolong_the_life_of_a_session() {
    let absolute = SessionPolicy::default().absolute;
    let mut browser = signed_in(0);
    let mut number = 0;
    while browser.clock + DUE < absolute {
        browser.clock += DUE;
        number += 1;
        browser.refresh_answer = rotated(number);
        assert_eq!(bearer(browser.get(API)), format!("Bearer access-{number}"));
    }
    browser.clock = absolute;
    assert_eq!(response(browser.get(API)).status, 401);
    assert_eq!(sent(&browser).len(), usize::try_from(number).unwrap());
}

#[test]
fn another_site_causes_no_refresh() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = rotated(1);
    let response = response(browser.request("POST", API, &[("sec-fetch-site", "cross-site")]));
    assert_eq!(response.status, 403);
    assert!(browser.token_requests.is_empty());
}

#[test]
fn failures_say_whether_the_session_is_over() {
    for (failure, is_fatal) in [
        (RefreshFailure::Refused, true),
        (RefreshFailure::IdToken(IdTokenError::Subject), true),
        (RefreshFailure::Client, false),
        (RefreshFailure::Lost, false),
        (RefreshFailure::Unavailable, false),
    ] {
        assert_eq!(failure.is_fatal(), is_fatal, "{failure}");
    }
}
