//! A browser that is led to the provider and back.

use crate::{provider::Provider, stack::get};
use core::convert::Infallible;
use http::{HeaderValue, Request, Response, header};
use portcullis_hyper::body::Body;
use tower::{Service, ServiceExt as _};

/// Signs `somebody` in, and gives the cookie of the session.
pub(crate) async fn sign_in<S>(provider: &Provider, gate: &S) -> HeaderValue
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    let away = gate.clone().oneshot(get("/api/auth/login", None)).await.unwrap();
    let location = away.headers()[header::LOCATION].to_str().unwrap();
    let parameter = |name: &str| {
        let (_, value) = location.split_once(&format!("{name}=")).unwrap();
        value.split('&').next().unwrap()
    };
    provider.grant("client", parameter("nonce"));
    let state = parameter("state");
    let mut back = get(&format!("/api/auth/callback?code=code&state={state}"), None);
    back.headers_mut().insert(header::COOKIE, cookie(&away));
    let signed_in = gate.clone().oneshot(back).await.unwrap();
    assert_eq!(signed_in.status(), 303, "{signed_in:?}");
    cookie(&signed_in)
}

/// The first cookie that is set to something.
fn cookie(response: &Response<Body>) -> HeaderValue {
    let set = response.headers().get_all(header::SET_COOKIE).into_iter();
    let mut pairs = set.map(|value| value.to_str().unwrap().split(';').next().unwrap());
    pairs.find(|pair| !pair.ends_with('=')).unwrap().parse().unwrap()
}
