//! A provider that signs people in, and a browser that is led there and back.

use crate::{
    provider::{SigningKey, metadata},
    stack::get,
    wire::{Peer, read_exactly, read_head},
};
use core::convert::Infallible;
use http::{HeaderValue, Request, Response, header};
use portcullis_core::{
    crypto::RUSTCRYPTO,
    issuer::{IssuerConfig, IssuerMachine},
};
use portcullis_hyper::body::Body;
use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};
use tower::{Service, ServiceExt as _};

pub(crate) struct SignIn {
    peer: Peer,
    /// What the next ID token is for.
    nonce: Arc<Mutex<String>>,
}

impl SignIn {
    pub(crate) fn new() -> Self {
        let nonce = Arc::new(Mutex::new(String::new()));
        let (asked, key) = (nonce.clone(), SigningKey::generate("one"));
        let peer = Peer::new(move |mut stream, _| {
            let issuer = format!("http://{}", stream.local_addr().unwrap());
            loop {
                let head = read_head(&mut stream).to_ascii_lowercase();
                let body = match head.split(' ').nth(1) {
                    Some("/.well-known/openid-configuration") => metadata(&issuer),
                    Some("/keys") => key.key_set(),
                    Some("/token") => {
                        let (_, length) = head.split_once("content-length: ").unwrap();
                        let length = length.split('\r').next().unwrap().parse().unwrap();
                        read_exactly(&mut stream, length);
                        let nonce = asked.lock().unwrap();
                        let members = format!(r#""aud":"client","sub":"user","nonce":"{nonce}""#);
                        let id_token = key.sign(&issuer, &members);
                        format!(
                            r#"{{"access_token":"secret","token_type":"Bearer","expires_in":3600,
                                "id_token":"{id_token}"}}"#
                        )
                    }
                    _ => return,
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                     content-length: {length}\r\n\r\n"
                );
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { peer, nonce }
    }

    pub(crate) fn machine(&self) -> IssuerMachine {
        let issuer = format!("http://{}", self.peer.address);
        IssuerMachine::new(IssuerConfig::new(&issuer).unwrap(), RUSTCRYPTO)
    }

    /// Signs `user` in, and gives the cookie of the session.
    pub(crate) async fn sign_in<S>(&self, gate: &S) -> HeaderValue
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    {
        let away = gate.clone().oneshot(get("/api/auth/login", None)).await.unwrap();
        let location = away.headers()[header::LOCATION].to_str().unwrap();
        let parameter = |name: &str| {
            let (_, value) = location.split_once(&format!("{name}=")).unwrap();
            value.split('&').next().unwrap().to_owned()
        };
        *self.nonce.lock().unwrap() = parameter("nonce");
        let state = parameter("state");
        let mut back = get(&format!("/api/auth/callback?code=code&state={state}"), None);
        back.headers_mut().insert(header::COOKIE, cookie(&away));
        let signed_in = gate.clone().oneshot(back).await.unwrap();
        assert_eq!(signed_in.status(), 303, "{signed_in:?}");
        cookie(&signed_in)
    }
}

/// The first cookie that is set to something.
fn cookie(response: &Response<Body>) -> HeaderValue {
    let set = response.headers().get_all(header::SET_COOKIE).into_iter();
    let mut pairs = set.map(|value| value.to_str().unwrap().split(';').next().unwrap());
    pairs.find(|pair| !pair.ends_with('=')).unwrap().parse().unwrap()
}
