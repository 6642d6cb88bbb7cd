//! How the three parts of a token are written (RFC 7515 §3.1, §7.1), and signatures that are none.

use super::{About, Algorithm, Corpus, sign};
use crate::{harness::signing_input, next_differential::Random};

/// How many tokens have a byte that is not theirs.
const DAMAGED: usize = 200;
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Corpus<'_> {
    pub(super) fn serialisation(&mut self) {
        self.parts();
        self.base64();
        self.signatures();
        self.damaged();
    }

    fn parts(&mut self) {
        let token = self.good_token();
        let parts: Vec<_> = token.split('.').collect();
        let &[header, claims, signature] = &*parts else { panic!("three parts") };
        let json =
            format!(r#"{{"protected":"{header}","payload":"{claims}","signature":"{signature}"}}"#);
        for (name, token) in [
            ("one part", header.to_owned()),
            ("two parts", format!("{header}.{claims}")),
            ("no signature", format!("{header}.{claims}.")),
            ("no claims", format!("{header}..{signature}")),
            ("no header", format!(".{claims}.{signature}")),
            ("a part too many", format!("{token}.")),
            ("four parts", format!("{token}.{signature}")),
            ("five parts", format!("{token}.{signature}.{signature}")),
            ("a dot before", format!(".{token}")),
            ("the parts in another order", format!("{claims}.{header}.{signature}")),
            ("two dots in a row", format!("{header}..{claims}.{signature}")),
            ("the JSON serialisation", json),
        ] {
            self.token(About::Bytes, name, &token);
        }
        let claims = self.good_claims().and("a", format!("\"{}\"", "a".repeat(6800)));
        let long = self.sign(&Self::good_header(), &claims);
        self.token(About::Length, "9 kB", &long);
    }

    /// Other texts of the same bytes, and characters that are not of the alphabet.
    fn base64(&mut self) {
        // Parts of every length: the number of bits that are left over depends on it.
        for padding in ["", "a", "aa"] {
            let header = Self::good_header().and("pad", format!("\"{padding}\""));
            let claims = self.good_claims().and("pad", format!("\"{padding}\""));
            let input = signing_input(header.text().as_bytes(), claims.text().as_bytes());
            let token = self.sign(&header, &claims);
            let signature = token.rsplit('.').next().expect("a signature").to_owned();
            let (header, claims) = input.split_once('.').expect("two parts");
            for (part, text) in [("header", header), ("claims", claims), ("signature", &signature)]
            {
                let whole = |other: String| {
                    let parts = [("header", header), ("claims", claims), ("signature", &signature)];
                    parts.map(|(name, text)| if name == part { &*other } else { text }.to_owned())
                };
                for (what, other) in [
                    ("padding", format!("{text}{}", &"=="[..(4 - text.len() % 4) % 4 % 3])),
                    ("too much padding", format!("{text}====")),
                    ("bits left over", with_bits_left_over(text)),
                    ("a letter more", format!("{text}A")),
                    ("four letters more", format!("{text}AAAA")),
                    ("a letter less", text[..text.len() - 1].to_owned()),
                    ("the other alphabet", text.replace('-', "+").replace('_', "/")),
                    ("a tilde", format!("{}~{}", &text[..8], &text[8..])),
                ] {
                    let parts = whole(other);
                    let token = parts.join(".");
                    let name = format!("{part} with {what}, {} bytes", text.len());
                    self.token(About::Bytes, format!("{name}, signed before"), &token);
                    if part != "signature" {
                        // The signature is of the text as it is sent (RFC 7515 §5.2).
                        let input = parts[..2].join(".");
                        let token = self.provider.key.sign_input(&input, Algorithm::RS256);
                        self.token(About::Bytes, format!("{name}, signed so"), &token);
                    }
                }
            }
        }
    }

    fn signatures(&mut self) {
        let token = self.good_token();
        let (input, signature) = token.rsplit_once('.').expect("a signature");
        let other = self.sign(&Self::good_header(), &self.good_claims().set("sub", "\"other\""));
        let (other_input, other_signature) = other.rsplit_once('.').expect("a signature");
        let texts = [Self::good_header().text(), self.good_claims().text()];
        let [header, claims] = texts.each_ref().map(String::as_bytes);
        let forged = sign(self.other, header, claims, Algorithm::RS256);
        for (name, token) in [
            ("of another payload", format!("{input}.{other_signature}")),
            ("of this payload, on another", format!("{other_input}.{signature}")),
            ("of zeros", format!("{input}.{}", "A".repeat(342))),
            ("of ones", format!("{input}.{}w", "_".repeat(341))),
            ("of one byte", format!("{input}.AA")),
            ("cut in half", format!("{input}.{}", &signature[..170])),
            ("twice", format!("{input}.{signature}{signature}")),
            ("of another key", forged),
        ] {
            self.token(About::Signature, format!("a signature {name}"), &token);
        }
    }

    /// A good token in which one character is another, missing, or one too many.
    fn damaged(&mut self) {
        let mut random = Random::new(11);
        let good = self.good_token();
        for number in 0..DAMAGED {
            let mut token = good.clone();
            let at = random.below(token.len());
            let from = random.below(ALPHABET.len());
            let letter = &ALPHABET[from..=from];
            match number % 4 {
                0 => token.replace_range(at..=at, ""),
                1 => token.insert_str(at, letter),
                _ => token.replace_range(at..=at, letter),
            }
            if token != good {
                self.token(About::Bytes, format!("damage at {at}, number {number}"), &token);
            }
        }
    }
}

/// The same bytes, with bits set in the last character that belong to no byte.
fn with_bits_left_over(text: &str) -> String {
    let left_over = match text.len() % 4 {
        2 => 4,
        3 => 2,
        _ => return text.to_owned(),
    };
    let (rest, last) = text.split_at(text.len() - 1);
    let value = ALPHABET.find(last).expect("a character of the alphabet");
    let value = value | ((1 << left_over) - 1);
    format!("{rest}{}", &ALPHABET[value..=value])
}
