//! The protected API's own answers.
//!
//! Who may call it was decided by the guard, before a request comes here.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;

use crate::responses;

/// Answers a request to the API.
#[must_use]
pub fn handle(request: &Request<Bytes>) -> Response<Bytes> {
    let response = match request.uri().path() {
        "/api" => responses::text(
            StatusCode::OK,
            "text/plain; charset=utf-8",
            Bytes::from_static(b"Server Running..."),
        ),
        "/api/private-route" => {
            responses::json(StatusCode::OK, &Message { message: "This is a private route" })
        }
        _ => {
            return refusal(StatusCode::NOT_FOUND, "not_found", "There is no such route.");
        }
    };
    if responses::is_read(request) {
        response
    } else {
        let refusal = refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This route can only be read.",
        );
        responses::with_allow(refusal, "GET, HEAD")
    }
}

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

#[derive(Serialize)]
struct Refusal {
    error: &'static str,
    message: &'static str,
}

fn refusal(status: StatusCode, error: &'static str, message: &'static str) -> Response<Bytes> {
    responses::json(status, &Refusal { error, message })
}

#[cfg(test)]
mod tests {
    use http::{Method, header};

    use super::*;

    fn call(method: Method, path: &str) -> Response<Bytes> {
        handle(&Request::builder().method(method).uri(path).body(Bytes::new()).unwrap())
    }

    #[test]
    fn the_root_says_that_the_server_runs() {
        let response = call(Method::GET, "/api");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(response.body(), "Server Running...");
    }

    #[test]
    fn the_private_route_answers_with_its_message() {
        let response = call(Method::GET, "/api/private-route?x=1");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.body(), r#"{"message":"This is a private route"}"#);
    }

    #[test]
    fn any_other_path_is_a_json_not_found() {
        for path in ["/api/", "/api/private-route/", "/api/other", "/apix", "/"] {
            let response = call(Method::GET, path);
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(body["error"], "not_found");
        }
    }

    #[test]
    fn another_method_is_refused_with_the_allowed_ones() {
        let response = call(Method::DELETE, "/api/private-route");
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, HEAD");
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["error"], "method_not_allowed");
    }
}
