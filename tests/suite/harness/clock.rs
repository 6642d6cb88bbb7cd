//! Time passes for the contents of a cookie, since it cannot for a process.

use super::{Client, Demo, Provider, Reply, query_of};
use portcullis_core::{
    crypto::RUSTCRYPTO,
    entropy::{Entropy, EntropyError},
    http::{Cookies, Headers},
    session::{HeldCookies, Purpose, SealedCookie, SecretRing},
};
use serde_json::Value;

/// The value of the cookie `name` as it would be had it been written `seconds` earlier. It was
/// sealed with [`Provider::COOKIE_SECRET`].
pub(crate) fn aged(name: &str, value: &str, purpose: Purpose, seconds: u64) -> String {
    let ring = SecretRing::new([Provider::COOKIE_SECRET], RUSTCRYPTO)
        .expect("a good secret")
        .for_client(Provider::CLIENT_ID);
    let cookie = SealedCookie { name, purpose, secure: false };
    let headers = [("cookie", format!("{name}={value}"))];
    let read = cookie.read(Cookies::of(&headers), &ring);
    let opened = read.opened().expect("it opens");
    let content = match purpose {
        Purpose::Session => aged_session(opened, seconds),
        _ => aged_object(opened, seconds).into_bytes(),
    };
    let mut headers = Headers::new();
    let held = HeldCookies::default();
    cookie
        .write(&content, 60, held, &ring, &mut Predictable, &mut headers)
        .expect("it can be sealed again");
    let field = headers.get("set-cookie").expect("a cookie");
    let (_, rest) = field.split_once('=').expect("a value");
    rest.split(';').next().expect("a value").to_owned()
}

/// Comes back from the provider with a login that was started `seconds` ago.
pub(crate) fn come_back_late(provider: &Provider, demo: &Demo, seconds: u64) -> (Client, Reply) {
    let mut client = Client::new();
    let away = client.open(&format!("{}/api/auth/login", demo.frontend));
    let name = client.login_cookie().expect("a login").to_owned();
    let old = aged(&name, &client.cookies[&name], Purpose::Login, seconds);
    client.cookies.insert(name, old);
    let state = query_of(away.location(), "state").expect("a state");
    let page = client.open(&provider.callback(demo, &state));
    (client, page)
}

/// The four moments of a session stand first, behind its version.
fn aged_session(content: &[u8], seconds: u64) -> Vec<u8> {
    let (start, rest) = content.split_at(1 + 4 * 8);
    let moments = start[1..].chunks_exact(8).flat_map(|bytes| {
        let moment = u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        (moment - seconds).to_be_bytes()
    });
    start[..1].iter().copied().chain(moments).chain(rest.iter().copied()).collect()
}

fn aged_object(content: &[u8], seconds: u64) -> String {
    let mut object: Value = serde_json::from_slice(content).expect("the content is JSON");
    let moments = object.as_object_mut().expect("an object").values_mut();
    for moment in moments.filter(|member| member.is_u64()) {
        *moment = (moment.as_u64().expect("a number") - seconds).into();
    }
    object.to_string()
}

/// Bytes that everybody can predict.
struct Predictable;

impl Entropy for Predictable {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}
