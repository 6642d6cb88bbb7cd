//! Inputs are text where that is possible, so that people can write seeds and read findings.

use portcullis_core::http::RequestHead;

/// The first `N` lines of an input; the last one takes the rest. Lines that are not there are
/// empty. `None` where the input is no text.
pub fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut rest = core::str::from_utf8(data).ok()?.splitn(N, '\n');
    Some(core::array::from_fn(|_| rest.next().unwrap_or_default()))
}

/// The head of a request: a line with method and target, then a line for each header field.
#[derive(Debug)]
pub struct Head {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// Reads a head. In the values of header fields each of `placeholders` stands for another text.
    /// `None` where the input has no method or target, or has something in these that is no text:
    /// an adapter would have refused it.
    pub fn parse(data: &[u8], placeholders: &[(&str, &str)]) -> Option<Self> {
        let mut lines = data.split(|byte| *byte == b'\n');
        let first = core::str::from_utf8(lines.next()?).ok()?;
        let (method, target) = first.split_once(' ')?;
        let mut headers = Vec::new();
        for line in lines {
            let at = line.iter().position(|byte| *byte == b':')?;
            let name = core::str::from_utf8(&line[..at]).ok()?;
            let mut value = line[at + 1..].trim_ascii().to_vec();
            if let Ok(text) = core::str::from_utf8(&value) {
                let replaced = placeholders
                    .iter()
                    .fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
                value = replaced.into_bytes();
            }
            headers.push((name.to_owned(), value));
        }
        Some(Self { method: method.to_owned(), target: target.to_owned(), headers })
    }

    /// The head as the core takes it.
    pub fn view(&self) -> RequestHead<'_> {
        RequestHead {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            peer: None,
            secure: false,
        }
    }
}
