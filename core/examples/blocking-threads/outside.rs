//! What the core leaves to others: a little HTTP, clocks and randomness.
//!
//! The client is built without TLS here, so that the issuer must be on this machine, such as the
//! demonstration's.

use portcullis_core::{
    entropy::{Entropy, EntropyError},
    http::{FetchError, FetchLimits, Headers, Inbound, Outbound, RequestHead, Response},
    time::{Monotonic, Now, UnixSeconds},
};
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use ureq::Agent;

/// Reads the head of a request, and writes the answer to it.
pub(crate) fn answer(
    mut stream: &TcpStream,
    decide: impl FnOnce(&RequestHead<'_>) -> Response,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let (mut text, mut reader) = (String::new(), BufReader::new(stream).take(16 * 1024));
    while reader.read_line(&mut text)? > 2 {}
    let mut lines = text.lines();
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, _] = words[..] else { return Ok(()) };
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<(&str, &str)> = fields.map(|(name, value)| (name, value.trim())).collect();
    let peer = Some(stream.peer_addr()?.ip());
    let Response { status, headers, body } =
        decide(&RequestHead { method, target, headers: &headers, peer, secure: false });
    let mut head = format!("HTTP/1.1 {status} .\r\nconnection: close\r\n");
    for (name, value) in headers.iter() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len())
}

/// An answer of the application's own.
pub(crate) fn text(text: String) -> Response {
    Response { status: 200, headers: Headers::new(), body: text.into() }
}

/// Sends a request of the core's own, within its limits.
pub(crate) fn send(request: &Outbound) -> Result<Inbound, FetchError> {
    let FetchLimits { deadline, max_body } = request.limits;
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent: Agent = config.timeout_global(Some(deadline)).build().into();
    let mut call = agent.get(request.url.as_str());
    for (name, value) in request.headers.iter() {
        call = call.header(name, value);
    }
    let mut answer = call.call().map_err(|_| FetchError::Transport)?;
    let headers = answer.headers().iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let (status, headers) = (answer.status().as_u16(), headers.collect());
    let body = answer.body_mut().with_config().limit(max_body as u64).read_to_vec();
    Ok(Inbound { status, headers, body: body.map_err(|_| FetchError::TooLarge)? })
}

/// Both clocks.
pub(crate) fn now() -> Now {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { unix: UnixSeconds(unix.as_secs()), monotonic: Monotonic::from_start(START.elapsed()) }
}

/// The random generator of the operating system.
pub(crate) struct Random;

impl Entropy for Random {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let filled = File::open("/dev/urandom").and_then(|mut file| file.read_exact(bytes));
        filled.map_err(|_| EntropyError)
    }
}
