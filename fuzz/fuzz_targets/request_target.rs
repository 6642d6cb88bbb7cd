//! A request target has one reading, and a place to return to is within this application.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    http::Query,
    oidc::ReturnTo,
    path::{CanonicalPath, MAX_PATH_LENGTH, RequestTarget},
};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let target = RequestTarget::parse(text);
    if let Ok(target) = &target {
        check_path(target.path.as_str());
        if let Some(query) = target.query {
            assert!(query.bytes().all(|byte| byte.is_ascii_graphic()));
            let decoded: usize = Query::new(query).pairs().map(|(n, v)| n.len() + v.len()).sum();
            // A byte that is not UTF-8 becomes a replacement character of three.
            assert!(decoded <= query.len() * 3);
        }
    }
    if let Some(place) = ReturnTo::parse(text) {
        check_path(place.path());
        assert!(place.as_str().len() <= ReturnTo::MAX_LENGTH);
        assert!(!place.as_str().contains('#'));
        assert_eq!(ReturnTo::parse(place.as_str()).as_ref(), Some(&place));
        if !text.contains('#') {
            let target = target.expect("what is returned to can be requested");
            assert_eq!(target.path.as_str(), place.path());
        }
    }
});

fn check_path(path: &str) {
    assert!(path.starts_with('/') && path.len() <= MAX_PATH_LENGTH);
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!path.contains("//") && !path.contains(['\\', '?', '#']));
    let mut segments = path.split('/');
    assert!(segments.all(|segment| segment != "." && segment != ".."));
    let upper = path.to_ascii_uppercase();
    assert!(
        ["%2E", "%2F", "%5C", "%00", "%0A", "%0D"].iter().all(|escape| !upper.contains(escape))
    );
    assert_eq!(CanonicalPath::parse(path).expect("it is canonical").as_str(), path);
}
