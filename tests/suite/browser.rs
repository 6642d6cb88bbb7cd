//! The main job once more, in a real browser; and what people do in browsers beside it.

use crate::harness::{Browser, Client, Demo, Runtime, missing_program, skip};
use core::time::Duration;
use serde_json::{Value, json};
use std::thread;

/// A demonstration with a browser before it.
struct Person {
    demo: Demo,
    browser: Browser,
    runtime: Runtime,
}

/// Whatever `act` does, where there is a browser.
fn with_a_browser(runtime: Runtime, act: impl FnOnce(&Person)) {
    with_a_browser_and(runtime, &[], act);
}

/// The same, in front of a demonstration with these settings.
fn with_a_browser_and(runtime: Runtime, settings: &[(&str, &str)], act: impl FnOnce(&Person)) {
    if let Some(program) = missing_program() {
        let test = format!("a browser test on {}", runtime.name());
        let missing = format!(
            "{program} is not installed (on Debian: apt-get install chromium chromium-driver)"
        );
        return skip(&test, &missing);
    }
    // Both loopback addresses, under the name that people type.
    let addresses = ["PORTCULLIS_FRONTEND_ADDR", "PORTCULLIS_API_ADDR", "PORTCULLIS_IDP_ADDR"]
        .map(|name| (name, "localhost:0"));
    let demo = Demo::start_with(runtime, &[&addresses, settings].concat());
    act(&Person { demo, browser: Browser::open(), runtime });
}

impl Person {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.demo.frontend)
    }

    fn go(&self, path: &str) {
        self.browser.go(&self.at(path));
    }

    /// The sign-in page of the provider is there.
    fn is_asked_to_sign_in(&self) {
        assert_eq!(self.browser.text("button#sign-in"), "Sign in");
        assert!(self.browser.url().starts_with(&format!("{}/authorize?", self.demo.provider)));
    }

    fn sign_in(&self, path: &str) {
        self.go(path);
        self.is_asked_to_sign_in();
        self.browser.click("button#sign-in");
        self.browser.arrives_at(&self.at(path));
    }

    fn call_api(&self) {
        self.browser.click("#call-api");
        let answer: Value = serde_json::from_str(&self.browser.text("#api-result")).expect("JSON");
        assert_eq!(answer, json!({"message": "This is a private route"}));
        self.browser.reads("#api-status", "Status 200 OK");
    }

    fn keep_picture(&self, name: &str) {
        self.browser.keep_picture(&format!("{}-{name}", self.runtime.name()));
    }
}

pub(crate) fn a_person_signs_in_calls_the_api_and_signs_out(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let Person { demo, browser, .. } = person;
        person.go("/");
        assert_eq!(browser.text("h1"), "Home");
        person.keep_picture("1-home");
        person.go("/public");
        assert_eq!(browser.text("h1"), "Public");

        // The private page leads to the provider's page, and that one back.
        person.go("/private");
        person.is_asked_to_sign_in();
        person.keep_picture("2-sign-in");
        browser.click("button#sign-in");
        let user = browser.text("#user");
        assert_eq!(browser.text("h1"), "Private");
        assert_eq!(browser.url(), person.at("/private"));
        assert!(browser.text("#profile").contains(&user));
        person.keep_picture("3-private");
        person.call_api();
        person.keep_picture("4-api");

        // No script can get at a token, nor at the cookie that has it.
        assert_eq!(browser.run("return document.cookie"), "");
        assert_eq!(browser.run("return localStorage.length + sessionStorage.length"), 0);

        browser.go(&format!("{}/api", demo.api));
        assert_eq!(browser.run(STATUS), 401);
        person.keep_picture("5-api-itself");

        person.go("/private");
        browser.click("#sign-out");
        browser.arrives_at(&person.at("/"));
        assert_eq!(browser.text("#sign-in"), "Sign in");
        person.keep_picture("6-signed-out");
        person.go("/private");
        person.is_asked_to_sign_in();
        // Nor does the way back show what was there.
        browser.back();
        browser.back();
        person.is_asked_to_sign_in();
    });
}

pub(crate) fn two_tabs_that_sign_in_at_once_both_come_to_their_targets(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        let first = browser.tab();
        person.go("/private?tab=1");
        person.is_asked_to_sign_in();
        let second = browser.open_tab();
        person.go("/private?tab=2");
        person.is_asked_to_sign_in();

        browser.go_to_tab(&first);
        browser.click("button#sign-in");
        browser.arrives_at(&person.at("/private?tab=1"));
        person.call_api();
        browser.go_to_tab(&second);
        browser.click("button#sign-in");
        browser.arrives_at(&person.at("/private?tab=2"));
        person.call_api();
        browser.go_to_tab(&first);
        person.call_api();
    });
}

pub(crate) fn the_back_button_after_a_sign_in_is_no_dead_end(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        person.go("/public");
        browser.click("#sign-in");
        person.is_asked_to_sign_in();
        browser.click("button#sign-in");
        browser.arrives_at(&person.at("/public"));
        person.go("/private");
        browser.arrives_at(&person.at("/private"));

        // Back to the page before, then to the sign-in page: that one knows the person.
        browser.back();
        browser.arrives_at(&person.at("/public"));
        browser.back();
        browser.arrives_at(&person.at("/public"));
        browser.sees("#user");
        person.go("/private");
        person.call_api();
    });
}

pub(crate) fn a_session_that_ends_behind_an_open_page_can_be_renewed_there(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        person.sign_in("/private?tab=1");
        person.call_api();
        browser.lose_session();

        browser.click("#call-api");
        browser.sees("#api-sign-in");
        assert!(browser.text("#api-sign-in").contains("Your session has ended."));
        browser.sees_no("#api-result");
        browser.sees_no("#profile");
        browser.sees_no("#account");
        person.keep_picture("7-session-ended");

        // The provider still knows the person, and asks nothing.
        browser.click("#api-sign-in a");
        browser.arrives_at(&person.at("/private?tab=1"));
        browser.sees("#profile");
        person.call_api();
    });
}

pub(crate) fn what_another_tab_does_is_seen(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        let first = browser.tab();
        person.sign_in("/private");
        let second = browser.open_tab();
        person.go("/");
        browser.click("#sign-out");
        browser.sees("#sign-in");

        browser.go_to_tab(&first);
        browser.sees("#signed-out");
        browser.sees_no("#account");
        browser.sees_no("#profile");
        person.keep_picture("8-signed-out-elsewhere");
        browser.click("#call-api");
        browser.sees("#api-sign-in");

        // Somebody signs in: the page is whose it was again.
        browser.go_to_tab(&second);
        person.sign_in("/private");
        browser.go_to_tab(&first);
        browser.sees_no("#signed-out");
        browser.sees("#account");
        person.call_api();

        // Somebody else signs in.
        browser.go_to_tab(&second);
        browser.click("#sign-out");
        person.go("/public");
        browser.sees("#sign-in");
        let third = browser.open_tab();
        person.go("/private");
        person.is_asked_to_sign_in();
        browser.write("input#username", "somebody-else");
        browser.click("button#sign-in");
        browser.arrives_at(&person.at("/private"));
        for tab in [first, second] {
            browser.go_to_tab(&tab);
            browser.sees("#changed");
            browser.sees_no("#account");
            browser.click("#changed a");
            browser.sees("#user");
            assert!(browser.text("#user").contains("somebody-else"));
            browser.sees_no("#changed");
        }
        browser.go_to_tab(&third);
        browser.sees("#profile");
        browser.sees_no("#changed");
    });
}

pub(crate) fn a_double_click_signs_in_once(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        person.go("/public");
        browser.click_twice("#sign-in");
        person.is_asked_to_sign_in();
        browser.click_twice("button#sign-in");
        browser.arrives_at(&person.at("/public"));
        browser.sees("#user");
        person.go("/private");
        browser.click_twice("#call-api");
        browser.reads("#api-status", "Status 200 OK");
    });
}

pub(crate) fn a_callback_that_is_opened_again_leads_on(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let Person { demo, browser, .. } = person;
        person.go("/private");
        person.is_asked_to_sign_in();
        // The form is sent by hand, for the address that it leads to.
        let fields = browser.run(FORM);
        let form: Vec<(String, String)> = serde_json::from_value(fields).expect("fields");
        let authorize = format!("{}/authorize", demo.provider);
        let sent = Client::new().submit(&authorize, &demo.provider, &form);
        browser.go(sent.location());
        browser.arrives_at(&person.at("/private"));
        person.call_api();

        person.go("/public");
        browser.go(sent.location());
        browser.arrives_at(&person.at("/private"));

        // Signed out, it is of no use. Its page stays what it is, and leads on.
        browser.click("#sign-out");
        browser.sees("#sign-in");
        browser.go(sent.location());
        assert_eq!(browser.text("h1"), "Sign-in failed");
        person.keep_picture("9-sign-in-failed");
        browser.reload();
        assert_eq!(browser.text("h1"), "Sign-in failed");
        browser.click("main a");
        person.is_asked_to_sign_in();
        browser.click("button#sign-in");
        browser.sees("#user");
    });
}

pub(crate) fn another_site_does_not_sign_a_person_out(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let Person { demo, browser, .. } = person;
        person.sign_in("/private");
        // A link on a page of another origin: the provider's own will do.
        browser.go(&format!("{}/", demo.provider));
        browser.run(&format!("location.href = '{}'", person.at("/api/auth/logout")));
        browser.reads("h1", "Sign out");
        person.keep_picture("14-sign-out");
        browser.click("main a");
        browser.arrives_at(&person.at("/"));
        browser.sees("#user");
        browser.run(&format!("location.href = '{}'", person.at("/private")));
        person.call_api();

        browser.go(&format!("{}/", demo.provider));
        browser.run(&format!("location.href = '{}'", person.at("/api/auth/logout")));
        browser.click("main button");
        browser.arrives_at(&person.at("/"));
        browser.sees("#sign-in");
    });
}

pub(crate) fn a_token_that_ends_behind_an_open_page_can_be_renewed_there(runtime: Runtime) {
    let lifetime = [("PORTCULLIS_IDP_TOKEN_LIFETIME", "2")];
    with_a_browser_and(runtime, &lifetime, |person| {
        let browser = &person.browser;
        person.sign_in("/private");
        thread::sleep(Duration::from_secs(3));
        browser.click("#call-api");
        browser.sees("#api-sign-in");
        browser.click("#api-sign-in a");
        browser.arrives_at(&person.at("/private"));
    });
}

pub(crate) fn the_private_page_is_usable_with_the_keyboard(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        person.sign_in("/private");
        browser.press(TAB);
        assert_eq!(browser.run(FOCUS), "Skip to content");
        browser.press(ENTER);
        browser.press(TAB);
        assert_eq!(browser.run(FOCUS), "Call API");
        browser.press(ENTER);
        browser.reads("#api-status", "Status 200 OK");
        // The focus stays, and what is said is said aloud.
        assert_eq!(browser.run(FOCUS), "Call API");
        browser.sees("[role=status] #api-result");
    });
}

pub(crate) fn pages_fit_a_phone(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        browser.become_a_phone();
        for path in ["/", "/public"] {
            person.go(path);
            assert_eq!(browser.run(OVERFLOW), 0, "{path}");
        }
        person.keep_picture("10-phone-public");
        person.go("/private");
        person.is_asked_to_sign_in();
        assert_eq!(browser.run(OVERFLOW), 0);
        person.keep_picture("11-phone-sign-in");
        browser.click("button#sign-in");
        browser.arrives_at(&person.at("/private"));
        person.call_api();
        assert_eq!(browser.run(OVERFLOW), 0);
        person.keep_picture("12-phone-private");
    });
}

pub(crate) fn pages_work_without_scripts(runtime: Runtime) {
    with_a_browser(runtime, |person| {
        let browser = &person.browser;
        browser.turn_scripts_off();
        person.sign_in("/private");
        person.keep_picture("13-without-scripts");
        browser.click("noscript a");
        browser.arrives_at(&person.at("/api/private-route"));
        assert!(browser.text("body").contains("This is a private route"));
        browser.back();
        browser.click("#sign-out");
        browser.sees("#sign-in");
        person.go("/private");
        person.is_asked_to_sign_in();
    });
}

/// Keys as WebDriver names them (§17.4.2).
const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';

/// The status of the page that is shown.
const STATUS: &str = "return performance.getEntriesByType('navigation')[0].responseStatus";

/// What has the focus.
const FOCUS: &str = "return document.activeElement.textContent";

/// By how much the page is wider than the window.
const OVERFLOW: &str =
    "return document.documentElement.scrollWidth - document.documentElement.clientWidth";

/// The fields of the form.
const FORM: &str = "return [...new FormData(document.forms[0])]";
