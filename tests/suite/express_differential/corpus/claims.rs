//! What a token claims (RFC 7519 §4.1, RFC 9068 §2).

use super::{
    About, Corpus, Members,
    token_header::{twice, twice_bytes},
};

/// Values of every type, none of which is a date, a text or a list of texts.
const ODD: [&str; 6] = ["null", "true", "false", "{}", "[]", "[[]]"];

impl Corpus<'_> {
    pub(super) fn claims(&mut self) {
        self.dates();
        self.issuers();
        self.audiences();
        self.others();
        self.claim_texts();
    }

    fn claim(&mut self, about: About, name: impl Into<String>, claims: &Members) {
        let token = self.sign(&Self::good_header(), claims);
        self.token(about, name, &token);
    }

    fn claim_values<V: AsRef<str>>(&mut self, about: About, name: &str, values: &[V]) {
        for value in values {
            let value = value.as_ref();
            let claims = self.good_claims().set(name, value);
            self.claim(about, format!("{name}: {value}"), &claims);
        }
    }

    /// The tolerance of all APIs is a minute; nothing here is nearer than half of it to a limit.
    fn dates(&mut self) {
        let now = self.now;
        let future = now + 3600;
        let of_every_form = |date: u64| {
            [
                format!("{date}.5"),
                format!("{date}.0"),
                format!("{}e1", date / 10),
                format!("{}.0E+1", date / 10),
                format!("{}e-1", date * 10),
                format!("\"{date}\""),
                format!("[{date}]"),
                format!("{date}000"),
                format!("-{date}"),
                format!("{{\"a\":{date}}}"),
            ]
        };
        let numbers = [
            "0",
            "-0",
            "-1",
            "0.5",
            "1e3",
            "1e19",
            "1e308",
            "1e400",
            "-1e400",
            "1e-400",
            "253402300799",
            "253402300800",
            "4294967296",
            "9007199254740993",
            "18446744073709551616",
            "123456789012345678901234567890",
        ];
        for name in ["exp", "nbf", "iat"] {
            for offset in [-86_400, -3600, -90, -30, 30, 90, 3600, 86_400] {
                let at = now.saturating_add_signed(offset);
                let claims = self.good_claims().set(name, at.to_string());
                let about = if name == "iat" { About::Issued } else { About::Dates };
                self.claim(about, format!("{name}: {offset} s from now"), &claims);
            }
            self.claim_values(About::Dates, name, &ODD);
            self.claim_values(About::Dates, name, &numbers);
            let date = if name == "exp" { future } else { now - 30 };
            self.claim_values(About::Dates, name, &of_every_form(date));
            let claims = self.good_claims().without(name);
            let about = if name == "exp" { About::Expiry } else { About::Dates };
            self.claim(about, format!("no {name}"), &claims);
        }
        let inverted = self.good_claims().set("iat", (now + 30).to_string());
        let inverted = inverted.set("exp", (now - 30).to_string());
        self.claim(About::Issued, "issued after it expires, within the tolerance", &inverted);
    }

    fn issuers(&mut self) {
        let issuer = self.provider.issuer().to_owned();
        let upper = issuer.to_uppercase();
        let values = [
            format!("\"{issuer}/\""),
            format!("\"{upper}\""),
            format!("\" {issuer}\""),
            format!("\"{issuer}\\u0000\""),
            format!("\"{issuer}.evil.example\""),
            format!("[\"{issuer}\"]"),
            format!("[\"https://evil.example\",\"{issuer}\"]"),
            r#""https://evil.example""#.to_owned(),
            r#""""#.to_owned(),
            "1".to_owned(),
        ];
        self.claim_values(About::Issuer, "iss", &values);
        self.claim_values(About::Issuer, "iss", &ODD);
        self.claim(About::Issuer, "no iss", &self.good_claims().without("iss"));
    }

    fn audiences(&mut self) {
        let good = crate::harness::Provider::AUDIENCE;
        let accepted = [format!("\"{good}\""), format!("[\"{good}\"]")];
        self.claim_values(About::Good, "aud", &accepted);
        let values = [
            format!("\"{good}/\""),
            format!("\"{}\"", good.to_uppercase()),
            format!("\"{good} https://other.example\""),
            format!("\"{good},https://other.example\""),
            format!("\"{good}.evil.example\""),
            format!("[\"{good}\",1]"),
            format!("[1,\"{good}\"]"),
            format!("[\"{good}\",null]"),
            format!("[[\"{good}\"]]"),
            format!("{{\"0\":\"{good}\"}}"),
            r#""https://other.example""#.to_owned(),
            r#"["https://other.example"]"#.to_owned(),
            r#""""#.to_owned(),
            r#"[""]"#.to_owned(),
            "1".to_owned(),
        ];
        self.claim_values(About::Audience, "aud", &values);
        self.claim_values(About::Audience, "aud", &ODD);
        self.claim(About::Audience, "no aud", &self.good_claims().without("aud"));
    }

    fn others(&mut self) {
        for name in ["nonce", "at_hash", "c_hash"] {
            self.claim_values(About::IdToken, name, &[r#""abc""#, "null"]);
        }
        for name in ["sub", "azp", "client_id", "jti", "scope"] {
            self.claim_values(About::OtherClaims, name, &[r#""""#, r#""a b""#, "1", "[\"a\"]"]);
            self.claim_values(About::OtherClaims, name, &ODD);
            self.claim(About::OtherClaims, format!("no {name}"), &self.good_claims().without(name));
        }
        self.claim_values(About::OtherClaims, "permissions", &[r#""a""#, "[1]", "null", "{}"]);
        for value in [r#"{"jkt":"abc"}"#, r#"{"x5t#S256":"abc"}"#, "{}", "null"] {
            self.claim_values(About::Binding, "cnf", &[value]);
        }
        for value in [r#""text""#, "1.5", "[1,[2,[3]]]", r#"{"a":{"b":null}}"#] {
            self.claim_values(About::OtherClaims, "https://app.example/roles", &[value]);
        }
    }

    fn claim_texts(&mut self) {
        let claims = self.good_claims();
        let good = claims.text();
        let deep = |levels| format!(r#""a":{}1{}"#, "[".repeat(levels), "]".repeat(levels));
        let values: Vec<&str> = claims.0.iter().map(|(_, value)| &**value).collect();
        let texts: [(&str, Vec<u8>); 26] = [
            ("blanks", good.replace(',', " ,\n").into_bytes()),
            ("exp twice, the same", twice(&good, &format!("\"exp\":{}", self.now + 600))),
            ("exp twice, the later last", twice(&good, &format!("\"exp\":{}", self.now + 9000))),
            ("exp twice, long past first", good.replacen('{', "{\"exp\":1,", 1).into_bytes()),
            ("exp twice, escaped", twice(&good, r#""\u0065xp":1"#)),
            ("iss twice", twice(&good, r#""iss":"https://evil.example""#)),
            ("aud twice", twice(&good, r#""aud":"https://other.example""#)),
            ("sub twice", twice(&good, r#""sub":"admin""#)),
            ("a private claim twice", twice(&good, r#""role":"user","role":"admin""#)),
            ("a claim twice, deeper", twice(&good, r#""a":{"b":1,"b":2}"#)),
            ("__proto__", twice(&good, r#""__proto__":{"exp":1}"#)),
            ("a byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
            ("bytes that are no text", twice_bytes(&good, b"\"a\":\"\xff\"")),
            ("an overlong character", twice_bytes(&good, b"\"a\":\"\xc0\xaf\"")),
            ("a lone surrogate", twice(&good, r#""a":"\udfff""#)),
            ("nesting of 20", twice(&good, &deep(20))),
            ("nesting of 500", twice(&good, &deep(500))),
            ("a number beyond all", twice(&good, r#""a":1e999"#)),
            ("something after it", format!("{good} x").into_bytes()),
            ("an array", format!("[{}]", values.join(",")).into_bytes()),
            ("a text", br#""sub""#.to_vec()),
            ("a number", b"1".to_vec()),
            ("null", b"null".to_vec()),
            ("nothing", Vec::new()),
            ("no object at all", b"sub".to_vec()),
            ("an empty object", b"{}".to_vec()),
        ];
        for (name, claims) in texts {
            let token = self.sign_text(Self::good_header().text().as_bytes(), &claims);
            self.token(About::Json, format!("claims with {name}"), &token);
        }
    }
}
