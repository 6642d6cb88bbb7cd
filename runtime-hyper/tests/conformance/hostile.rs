//! An issuer that means no good: it stalls, drips, cuts, redirects, lies about its length, fails and
//! rotates. Over real sockets, from the guard down.

use super::{
    Harness,
    protected_api::{api, get, remembering_api},
    provider::{SigningKey, metadata},
    wire::{PATIENCE, Peer, eventually, read_head, read_to_end},
};
use core::{net::SocketAddr, time::Duration};
use portcullis_core::{
    crypto::{
        BadSignature, CryptoProvider, KeyRejected, RUSTCRYPTO, RsaPublicKey, SignatureAlgorithm,
        SignatureVerification, VerifyKey,
    },
    issuer::{IssuerConfig, IssuerMachine, RefreshSettings},
};
use std::{
    io::Write as _,
    net::TcpStream,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

static ONE: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("one"));
static TWO: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("two"));

/// Counts the signatures that are checked.
#[derive(Debug, Default)]
struct Counted(Arc<AtomicUsize>);

#[derive(Debug)]
struct CountedKey(Arc<dyn VerifyKey>, Arc<AtomicUsize>);

impl SignatureVerification for Counted {
    fn rsa_key(
        &self,
        algorithm: SignatureAlgorithm,
        key: &RsaPublicKey<'_>,
    ) -> Result<Arc<dyn VerifyKey>, KeyRejected> {
        let key = RUSTCRYPTO.signatures.rsa_key(algorithm, key)?;
        Ok(Arc::new(CountedKey(key, self.0.clone())))
    }
}

impl VerifyKey for CountedKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.verify(message, signature)
    }
}

/// Short enough to wait for. Where an honest answer takes longer once, the next one does not.
const DEADLINE: Duration = Duration::from_millis(600);

/// What the server does with a request.
#[derive(Clone, Copy, Debug)]
enum Trick {
    /// What it should do.
    None,
    /// It says nothing, and keeps the connection.
    Stall,
    /// It says half of the answer, and keeps the connection.
    StallInBody,
    /// A byte now and then, so that no idle timer ever fires.
    Drip,
    /// It closes the connection before it has said anything.
    Hangup,
    /// It closes the connection in the middle of the body.
    Cut,
    /// It sends the client elsewhere.
    Redirect(SocketAddr),
    /// It announces more than anybody should read.
    AnnounceTooMuch,
    /// It announces less than it sends.
    AnnounceTooLittle,
    /// It announces a length twice, and not the same one.
    AnnounceTwice,
    /// It never stops sending.
    Endless,
    /// Its head never stops.
    EndlessHead,
    /// It fails, with a good document as the body.
    Fail,
    /// It answers with a page for people.
    Page,
    /// It does not speak HTTP.
    Babble,
}

struct State {
    trick: Mutex<Trick>,
    key_set: Mutex<String>,
    key_set_requests: AtomicUsize,
    /// Requests that are being stalled.
    stalled: AtomicUsize,
}

struct Server {
    peer: Peer,
    /// A provider lives as long as its process.
    signatures: &'static Counted,
    state: Arc<State>,
}

impl Server {
    /// A server that plays `trick` and would publish key one.
    fn new(trick: Trick) -> Self {
        let state = Arc::new(State {
            trick: Mutex::new(trick),
            key_set: Mutex::new(ONE.key_set()),
            key_set_requests: AtomicUsize::new(0),
            stalled: AtomicUsize::new(0),
        });
        let shared = state.clone();
        let signatures: &'static Counted = Box::leak(Box::new(Counted::default()));
        Self { peer: Peer::new(move |stream, _| shared.serve(stream)), signatures, state }
    }

    fn play(&self, trick: Trick) {
        *self.state.trick.lock().unwrap() = trick;
    }

    fn publish(&self, key: &SigningKey) {
        *self.state.key_set.lock().unwrap() = key.key_set();
    }

    fn machine(&self, settings: RefreshSettings) -> IssuerMachine {
        let issuer = format!("http://{}", self.peer.address);
        let config = IssuerConfig::new(&issuer).unwrap().with_refresh(settings);
        IssuerMachine::new(config, CryptoProvider { signatures: self.signatures, ..RUSTCRYPTO })
    }

    fn token(&self, key: &SigningKey) -> String {
        key.token(&format!("http://{}", self.peer.address), "the-api", "somebody")
    }

    fn key_set_requests(&self) -> usize {
        self.state.key_set_requests.load(Ordering::SeqCst)
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) {
        let issuer = format!("http://{}", stream.local_addr().unwrap());
        loop {
            let head = read_head(&mut stream);
            let body = match head.split(' ').nth(1) {
                Some("/.well-known/openid-configuration") => metadata(&issuer),
                Some("/keys") => {
                    self.key_set_requests.fetch_add(1, Ordering::SeqCst);
                    self.key_set.lock().unwrap().clone()
                }
                _ => return,
            };
            let trick = *self.trick.lock().unwrap();
            if self.answer(&mut stream, trick, &body).is_err() || !matches!(trick, Trick::None) {
                return;
            }
        }
    }

    fn answer(&self, stream: &mut TcpStream, trick: Trick, body: &str) -> std::io::Result<()> {
        let length = body.len();
        let good = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}");
        let answer = match trick {
            Trick::None => good(&format!("content-length: {length}")),
            Trick::Stall => {
                self.stall(stream);
                return Ok(());
            }
            Trick::StallInBody => {
                let answer = good(&format!("content-length: {length}"));
                stream.write_all(&answer.as_bytes()[..answer.len() - length / 2])?;
                self.stall(stream);
                return Ok(());
            }
            Trick::Drip => {
                for byte in good(&format!("content-length: {length}")).bytes() {
                    stream.write_all(&[byte])?;
                    thread::sleep(Duration::from_millis(50));
                }
                return Ok(());
            }
            Trick::Hangup => String::new(),
            Trick::Cut => good(&format!("content-length: {}", length + 1)),
            Trick::Redirect(elsewhere) => format!(
                "HTTP/1.1 302 Found\r\nlocation: http://{elsewhere}/keys\r\n\
                 content-length: {length}\r\n\r\n{body}"
            ),
            Trick::AnnounceTooMuch => good("content-length: 5000000"),
            Trick::AnnounceTooLittle => good(&format!("content-length: {}", length / 2)),
            Trick::AnnounceTwice => {
                good(&format!("content-length: {length}\r\ncontent-length: {}", length / 2))
            }
            Trick::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
                loop {
                    stream.write_all(b"4\r\n    \r\n")?;
                }
            }
            Trick::EndlessHead => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
                loop {
                    stream.write_all(b"x-more: and more\r\n")?;
                }
            }
            Trick::Fail => format!(
                "HTTP/1.1 500 Internal Server Error\r\ncontent-length: {length}\r\n\r\n{body}"
            ),
            Trick::Page => {
                let page = "<!doctype html><title>Sign in</title>";
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{page}", page.len())
            }
            Trick::Babble => "220 ready\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes())
    }

    /// Keeps the connection until the client gives up.
    fn stall(&self, stream: &mut TcpStream) {
        self.stalled.fetch_add(1, Ordering::SeqCst);
        read_to_end(stream);
        self.stalled.fetch_sub(1, Ordering::SeqCst);
    }
}

fn settings(timeout: Duration) -> RefreshSettings {
    RefreshSettings {
        timeout,
        min_back_off: Duration::from_millis(1),
        max_back_off: Duration::from_millis(20),
        rate_limit: false,
        ..RefreshSettings::default()
    }
}

fn status(address: SocketAddr, token: &str) -> u16 {
    let answer = get(address, Some(token));
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// Whatever the issuer does: who has no key set yet is unavailable, never stuck; a key that is known
/// goes on working; a key that is not known is unknown, never an outage; and once the issuer behaves
/// again, its newest key set is in use.
fn outlives<H: Harness>(trick: Trick) {
    let server = Server::new(trick);
    let (_handle, address) = api::<H>(server.machine(settings(DEADLINE)));
    let [one, two] = [server.token(&ONE), server.token(&TWO)];
    assert_eq!(status(address, &one), 503, "{trick:?}");
    server.play(Trick::None);
    eventually("the API works", || status(address, &one) == 200);

    server.publish(&TWO);
    server.play(trick);
    for _ in 0..2 {
        assert_eq!(status(address, &two), 401, "{trick:?}");
        assert_eq!(status(address, &one), 200, "{trick:?}");
    }
    server.play(Trick::None);
    eventually("the new key is in use", || status(address, &two) == 200);
    assert_eq!(status(address, &one), 401, "{trick:?}");
    eventually("nothing is left hanging", || server.state.stalled.load(Ordering::SeqCst) == 0);
}

/// J09: an outage is no answer at all, half of one, or one that takes for ever.
pub(crate) fn outlives_a_server_that_stalls<H: Harness>() {
    outlives::<H>(Trick::Stall);
    outlives::<H>(Trick::StallInBody);
}

pub(crate) fn outlives_a_server_that_drips<H: Harness>() {
    outlives::<H>(Trick::Drip);
}

pub(crate) fn outlives_a_server_that_cuts<H: Harness>() {
    outlives::<H>(Trick::Hangup);
    outlives::<H>(Trick::Cut);
}

/// J10: nobody is followed, wherever he leads.
pub(crate) fn outlives_a_server_that_redirects<H: Harness>() {
    let elsewhere = Server::new(Trick::None);
    outlives::<H>(Trick::Redirect(elsewhere.peer.address));
    assert_eq!(elsewhere.peer.connections(), 0);
}

pub(crate) fn outlives_a_server_that_lies_about_its_length<H: Harness>() {
    outlives::<H>(Trick::AnnounceTooMuch);
    outlives::<H>(Trick::AnnounceTooLittle);
    outlives::<H>(Trick::AnnounceTwice);
}

pub(crate) fn outlives_a_server_that_never_stops<H: Harness>() {
    outlives::<H>(Trick::Endless);
    outlives::<H>(Trick::EndlessHead);
}

pub(crate) fn outlives_a_server_that_fails<H: Harness>() {
    outlives::<H>(Trick::Fail);
    outlives::<H>(Trick::Page);
    outlives::<H>(Trick::Babble);
}

/// J08: honest rotations, one right after the other.
pub(crate) fn follows_rotations<H: Harness>() {
    let server = Server::new(Trick::None);
    let settings = RefreshSettings { cool_down: Duration::ZERO, ..settings(PATIENCE) };
    let (_handle, address) = api::<H>(server.machine(settings));
    for (new, old) in [(&ONE, &TWO), (&TWO, &ONE), (&ONE, &TWO)] {
        server.publish(new);
        let [new, old] = [server.token(new), server.token(old)];
        eventually("the new key is in use", || status(address, &new) == 200);
        assert_eq!(status(address, &old), 401);
    }
}

/// A key that is in the set answers while a fetch for another one hangs.
pub(crate) fn a_known_key_does_not_wait_for_a_fetch<H: Harness>() {
    let server = Server::new(Trick::None);
    // Nobody can wait for that long.
    let (_handle, address) = api::<H>(server.machine(settings(10 * PATIENCE)));
    let [one, two] = [server.token(&ONE), server.token(&TWO)];
    assert_eq!(status(address, &one), 200);
    server.play(Trick::Stall);
    let (settled, result) = mpsc::channel();
    thread::spawn(move || settled.send(status(address, &two)));
    eventually("the fetch hangs", || server.state.stalled.load(Ordering::SeqCst) == 1);
    for _ in 0..20 {
        assert_eq!(status(address, &one), 200);
    }
    assert!(result.try_recv().is_err(), "the other request waits");
}

/// J06: whoever makes up key ids causes one fetch, and locks nobody out.
pub(crate) fn a_flood_of_unknown_keys_causes_one_fetch<H: Harness>() {
    let server = Server::new(Trick::None);
    let (_handle, address) = api::<H>(server.machine(settings(PATIENCE)));
    let one = server.token(&ONE);
    assert_eq!(status(address, &one), 200);
    assert_eq!(server.key_set_requests(), 1);
    thread::scope(|scope| {
        for number in 0..4 {
            let (server, one) = (&server, &one);
            scope.spawn(move || {
                for flood in 0..25 {
                    let made_up = ONE.renamed(&format!("made-up-{number}-{flood}"));
                    assert_eq!(status(address, &server.token(&made_up)), 401);
                    assert_eq!(status(address, one), 200);
                }
            });
        }
    });
    assert_eq!(server.key_set_requests(), 2);
}

/// J28: a token is verified once, and is gone with its key, although it was remembered.
pub(crate) fn a_remembered_token_goes_with_its_key<H: Harness>() {
    let server = Server::new(Trick::None);
    let (_handle, address) = remembering_api::<H>(server.machine(settings(PATIENCE)));
    let [one, two] = [server.token(&ONE), server.token(&TWO)];
    assert_eq!(status(address, &one), 200);
    server.publish(&TWO);
    for _ in 0..20 {
        assert_eq!(status(address, &one), 200);
    }
    assert_eq!(server.signatures.0.load(Ordering::SeqCst), 1);
    assert_eq!(status(address, &two), 200);
    assert_eq!(status(address, &one), 401);
}
