//! Requests byte for byte as a test means them, and the part of the answers that is compared.

use core::{fmt, time::Duration};
use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
};

/// Far longer than any answer takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A request. What stands in it is sent as it is.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn new(method: &'static str) -> Self {
        Self { method, target: "/".to_owned(), headers: Vec::new(), body: String::new() }
    }

    pub(super) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }

    pub(super) fn target(self, target: String) -> Self {
        Self { target, ..self }
    }

    /// With a form as its body.
    pub(super) fn form(self, body: String) -> Self {
        let typed = self.with("Content-Type", "application/x-www-form-urlencoded");
        Self { body, ..typed }
    }

    /// The values of all fields of that name.
    pub(super) fn all(&self, name: &str) -> Vec<&[u8]> {
        let fields = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| &**value).collect()
    }

    /// The first value of a field as text, which is empty where there is none.
    pub(super) fn field(&self, name: &str) -> String {
        let value = self.all(name).first().copied().unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    }

    /// Sends it over a connection of its own.
    pub(super) fn send(&self, port: u16) -> Answer {
        self.send_within(port, PATIENCE).unwrap_or_else(|| panic!("no answer to {self:?}"))
    }

    /// The answer, if one comes before nothing came for so long.
    pub(super) fn send_within(&self, port: u16, patience: Duration) -> Option<Answer> {
        self.exchange(port, patience).ok()
    }

    fn exchange(&self, port: u16, patience: Duration) -> io::Result<Answer> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(&self.bytes())?;
        let mut lines = BufReader::new(stream).split(b'\n');
        let mut next = || -> io::Result<String> {
            match lines.next() {
                Some(line) => {
                    let line = line?;
                    Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned())
                }
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        };
        let status = next()?.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        while let Some((name, value)) = next()?.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Answer { status, headers })
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, target, headers, body } = self;
        let mut bytes =
            format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
                .into_bytes();
        for (name, value) in headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if !body.is_empty() {
            bytes.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        [&bytes, b"\r\n".as_slice(), body.as_bytes()].concat()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.bytes()))
    }
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// All values of a field as one, which is empty where there are none (RFC 9110 §5.3).
    pub(super) fn field(&self, name: &str) -> String {
        let fields = self.headers.iter().filter(|(other, _)| other == name);
        fields.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
    }
}
