//! A rewrite rule (source and destination), a request target, and where they follow an expression
//! for a header field and that field: no client moves the destination.

#![no_main]

use fuzz_support::{HOST, lines};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    http::{Url, UrlError},
    path::{CanonicalPath, RequestTarget},
    rewrite::{Condition, RewriteRule, Rewrites, RouteRequest, Served, Target},
};

fuzz_target!(|data: &[u8]| {
    let Some([source, destination, target, value, field]) = lines::<5>(data) else { return };
    let mut rule = RewriteRule::new(source, destination);
    if !value.is_empty() {
        rule = rule.has(Condition::header("x-field").value(value));
    }
    let Ok(rewrites) = Rewrites::builder().after_files([rule]).build() else { return };
    let Ok(target) = RequestTarget::parse(target) else { return };
    let headers = [("host", HOST), ("x-field", field)];
    let request = RouteRequest { path: &target.path, query: target.query, headers: &headers };
    let nothing = |_: &str| Served::Nothing;
    let explanation = rewrites.explain(&request, &nothing);
    let routed = rewrites.route(&request, &nothing);
    assert_eq!(explanation.result, routed);
    let Ok(routed) = routed else { return };
    assert_eq!(routed.rule.is_some(), explanation.applied.len() == 1);

    let is_canonical = |path: &CanonicalPath<'_>| {
        CanonicalPath::parse(path.as_str()).is_ok_and(|again| again == *path)
    };
    match routed.target {
        Target::External(url) => {
            assert!(is_canonical(&url.path));
            match Url::parse(&url.to_string()) {
                Ok(whole) => assert_eq!(whole.authority(), url.authority),
                // The gate refuses a query that cannot be sent.
                Err(error) => assert_eq!(error, UrlError::Character),
            }
            let host_has_place = destination.split("://").nth(1).is_some_and(|rest| {
                rest.split('/').next().is_some_and(|authority| authority.contains(':'))
            });
            assert!(host_has_place || destination.to_ascii_lowercase().contains(&*url.authority));
        }
        Target::Local(local) => {
            assert!(is_canonical(&local.path));
            assert!(destination.starts_with('/'));
        }
        Target::None => assert_eq!(routed.rule, None),
    }
});
