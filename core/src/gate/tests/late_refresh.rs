//! Refreshes that are under way, or have just landed, when somebody signs out.

use super::{
    refresh::{
        API, DUE, bearer, given_back, offline_gate, renewed, rotated, sent, session, signed_in,
    },
    *,
};
use crate::{
    flow::AwaitRefresh,
    gate::{RefreshEvent, RefreshFlow},
    issuer::IssuerConfig,
    oidc::RefreshFailure,
    session::{Revocation, RevocationKey, Session},
    time::UnixSeconds,
};

/// A refresh that was sent, and the request that waits for it.
struct UnderWay {
    id: RefreshFlightId,
    step: Step<RefreshFlow>,
    waiting: AwaitRefresh<GateFlow>,
}

fn under_way(browser: &mut Browser) -> UnderWay {
    let Step::Refresh(waiting) = browser.begin("GET", API, &[]) else { panic!("a refresh") };
    let now = after(browser.clock);
    let _ = browser.refreshes.demand(waiting.demand(), now);
    let RefreshFlight { id, refreshing } = browser.refreshes.poll_flight(now).unwrap();
    let step = browser.call(|context| refreshing.begin(context));
    UnderWay { id, step, waiting }
}

/// Lands what is under way, after the provider has answered.
fn land(browser: &mut Browser, id: RefreshFlightId, step: Step<RefreshFlow>) -> RefreshEvent {
    let result: Result<Session, RefreshFailure> = browser.drive(step);
    browser.refreshes.on_landed(id, result, after(browser.clock))
}

/// O20: a refresh that is under way when somebody signs out brings nothing back, and its new token
/// does not stay good at the provider (RFC 7009).
#[test]
fn a_logout_wins_over_a_late_refresh() {
    for answer in [Ok(ok("")), Ok(Inbound { status: 503, ..ok("") }), Err(FetchError::Timeout)] {
        let mut browser = signed_in(DUE);
        let old = browser.cookies.clone();
        browser.refresh_answer = rotated(1);
        let UnderWay { id, step, waiting } = under_way(&mut browser);

        assert_eq!(response(browser.sign_out()).status, 302);
        assert_eq!(browser.session_cookies(), 0);
        assert_eq!(given_back(&browser), ["refresh-0"]);
        browser.token_answer = Some(answer);
        let event = land(&mut browser, id, step);
        assert_eq!(event, RefreshEvent::Refused(RefreshFailure::SignedOut));
        assert_eq!(given_back(&browser), ["refresh-0", "refresh-1"]);
        let answer = response(browser.finish(Step::Refresh(waiting)));
        assert_eq!(answer.status, 401);
        assert_eq!(answer.headers.get("set-cookie"), None, "nothing of a newer session is removed");
        // Nor does the old cookie.
        browser.cookies = old;
        assert_eq!(response(browser.get(API)).status, 401);
        assert_eq!(sent(&browser), ["refresh-0"]);
    }
}

/// O20: while the refresh waits for the key of its ID token, too.
#[test]
fn a_logout_wins_over_a_refresh_that_waits_for_a_key() {
    let mut browser = signed_in(DUE);
    let (issued, expiry) = (NOW + DUE, NOW + DUE + 600);
    let id_token = ProviderKey::two().sign(&format!(
        r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","iat":{issued},"exp":{expiry}}}"#
    ));
    let more = format!(r#","refresh_token":"refresh-1","id_token":"{id_token}""#);
    let answer = renewed(1, &more).unwrap();
    let UnderWay { id, step, .. } = under_way(&mut browser);
    let Step::Fetch(fetch) = step else { panic!("a request") };
    let step = browser.call(|context| fetch.resume(answer, context));
    let Step::Await(_) = &step else { panic!("the key is not known") };

    assert_eq!(response(browser.sign_out()).status, 302);
    let event = land(&mut browser, id, step);
    assert_eq!(event, RefreshEvent::Refused(RefreshFailure::SignedOut));
    assert_eq!(given_back(&browser), ["refresh-0", "refresh-1"]);
}

/// O20: a refresh that has landed before the browser has the new cookie. The logout, which comes
/// with the old one, gives the newest token back.
#[test]
fn a_logout_with_the_old_cookie_gives_the_new_token_back() {
    let mut browser = signed_in(DUE);
    let old = browser.cookies.clone();
    browser.refresh_answer = rotated(1);
    assert_eq!(bearer(browser.get(API)), "Bearer access-1");
    browser.cookies = old;
    assert_eq!(response(browser.sign_out()).status, 302);
    assert_eq!(given_back(&browser), ["refresh-1"]);
}

/// A provider that does not rotate has one token, which is given back once more: it may have been
/// made good again by the refresh.
#[test]
fn a_token_that_was_not_replaced_is_given_back_as_it_is() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = renewed(1, "");
    let UnderWay { id, step, .. } = under_way(&mut browser);
    assert_eq!(response(browser.sign_out()).status, 302);
    let _ = land(&mut browser, id, step);
    assert_eq!(given_back(&browser), ["refresh-0", "refresh-0"]);
}

/// Where the provider takes no tokens back, there is nothing to send.
#[test]
fn nothing_is_given_back_where_nobody_takes_it() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = rotated(1);
    let UnderWay { id, step, .. } = under_way(&mut browser);
    let Step::Fetch(fetch) = step else { panic!("a request") };
    assert_eq!(response(browser.sign_out()).status, 302);
    browser.token_requests.clear();
    browser.machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let answer = rotated(1).unwrap();
    let step = browser.call(|context| fetch.resume(answer, context));
    let event = land(&mut browser, id, step);
    assert_eq!(event, RefreshEvent::Refused(RefreshFailure::SignedOut));
    assert!(browser.token_requests.is_empty());
}

#[test]
fn nothing_is_sent_for_a_session_that_was_signed_out() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = rotated(1);
    let Step::Refresh(wait) = browser.begin("GET", API, &[]) else { panic!("a refresh") };
    let _ = browser.refreshes.demand(wait.demand(), after(DUE));
    assert_eq!(response(browser.sign_out()).status, 302);
    assert_eq!(response(browser.finish(Step::Refresh(wait))).status, 401);
    assert!(sent(&browser).is_empty());
}

/// O20: a refresh that waits for the documents of the provider while somebody signs out without
/// them. It redeems nothing, and gives the token back once it can.
#[test]
fn a_logout_wins_over_a_refresh_that_waits_for_the_provider() {
    let mut browser = signed_in(DUE);
    browser.refresh_answer = rotated(1);
    let ready = core::mem::replace(
        &mut browser.machine,
        IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO),
    );
    let UnderWay { id, step, .. } = under_way(&mut browser);
    let Step::Await(wait) = step else { panic!("nothing is known of the provider") };
    assert_eq!(location(&response(browser.sign_out())), "/");
    assert!(given_back(&browser).is_empty());

    browser.machine = ready;
    let step = browser.call(|context| wait.resume(Availability::Ready, context));
    let event = land(&mut browser, id, step);
    assert_eq!(event, RefreshEvent::Refused(RefreshFailure::SignedOut));
    assert!(sent(&browser).is_empty());
    assert_eq!(given_back(&browser), ["refresh-0"]);
}

/// A provider's word that a session is over counts as much as signing out here.
#[test]
fn a_session_that_the_provider_ended_gets_no_late_tokens() {
    let mut browser = signed_in(DUE);
    assert!(offline_gate().0.logout_tokens.is_some());
    browser.refresh_answer = rotated(1);
    let UnderWay { id, step, .. } = under_way(&mut browser);
    let session = session(&mut browser).unwrap();
    let (hash, clientele) = (RUSTCRYPTO.hash, browser.gate.clientele(session.issuer()));
    let sessions = RevocationKey::of_subject(hash, clientele, session.subject());
    let revocation = Revocation::new(sessions, UnixSeconds(NOW + 10 * DUE))
        .with_signed_in_until(UnixSeconds(NOW + DUE));
    let now = after(DUE).unix;
    let _ = browser.revocations.as_mut().unwrap().record(&revocation, now);
    let event = land(&mut browser, id, step);
    assert_eq!(event, RefreshEvent::Refused(RefreshFailure::SignedOut));
    assert_eq!(given_back(&browser), ["refresh-1"]);
}
