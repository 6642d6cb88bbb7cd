//! The main job once more, in a real browser.

use crate::harness::{Browser, Demo, Runtime, missing_program, skip};
use serde_json::{Value, json};

pub(crate) fn a_person_signs_in_calls_the_api_and_signs_out(runtime: Runtime) {
    if let Some(program) = missing_program() {
        let test = format!("the browser test on {}", runtime.name());
        let missing = format!(
            "{program} is not installed (on Debian: apt-get install chromium chromium-driver)"
        );
        return skip(&test, &missing);
    }
    // Both loopback addresses, under the name that people type.
    let demo = Demo::start_with(
        runtime,
        &[
            ("PORTCULLIS_FRONTEND_ADDR", "localhost:0"),
            ("PORTCULLIS_API_ADDR", "localhost:0"),
            ("PORTCULLIS_IDP_ADDR", "localhost:0"),
        ],
    );
    let browser = Browser::open();
    let picture = |name: &str| browser.keep_picture(&format!("{}-{name}", runtime.name()));

    browser.go(&demo.frontend);
    assert_eq!(browser.text("h1"), "Home");
    picture("1-home");
    browser.go(&format!("{}/public", demo.frontend));
    assert_eq!(browser.text("h1"), "Public");

    // The private page leads to the provider's page, and that one back.
    browser.go(&format!("{}/private", demo.frontend));
    assert_eq!(browser.text("button#sign-in"), "Sign in");
    assert!(browser.url().starts_with(&format!("{}/authorize?", demo.provider)));
    picture("2-sign-in");
    browser.click("button#sign-in");
    let user = browser.text("#user");
    assert_eq!(browser.text("h1"), "Private");
    assert_eq!(browser.url(), format!("{}/private", demo.frontend));
    assert!(browser.text("#profile").contains(&user));
    picture("3-private");

    browser.click("#call-api");
    let answer: Value = serde_json::from_str(&browser.text("#api-result")).expect("JSON");
    assert_eq!(answer, json!({"message": "This is a private route"}));
    assert_eq!(browser.text("#api-status"), "Status 200 OK");
    picture("4-api");

    // No script can get at a token, nor at the cookie that has it.
    assert_eq!(browser.run("return document.cookie"), "");
    assert_eq!(browser.run("return localStorage.length + sessionStorage.length"), 0);

    browser.go(&format!("{}/api", demo.api));
    assert_eq!(browser.run(STATUS), 401);
    picture("5-api-itself");

    browser.go(&format!("{}/private", demo.frontend));
    browser.click("#sign-out");
    assert_eq!(browser.text("#sign-in"), "Sign in");
    assert_eq!(browser.url(), format!("{}/", demo.frontend));
    picture("6-signed-out");
    browser.go(&format!("{}/private", demo.frontend));
    assert_eq!(browser.text("button#sign-in"), "Sign in");
    assert!(browser.url().starts_with(&format!("{}/authorize?", demo.provider)));
}

/// The status of the page that is shown.
const STATUS: &str = "return performance.getEntriesByType('navigation')[0].responseStatus";
