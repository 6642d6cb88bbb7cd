//! What the header of a token says: algorithm, key, type, and what asks for more (RFC 7515 §4).

use super::{About, Algorithm, Corpus, Members, sign};

impl Corpus<'_> {
    pub(super) fn token_header(&mut self) {
        self.algorithms();
        self.key_ids();
        self.types();
        self.extensions();
        self.header_texts();
    }

    fn header(&mut self, about: About, name: impl Into<String>, header: &Members) {
        let token = self.sign(header, &self.good_claims());
        self.token(about, name, &token);
    }

    /// A good header in which the member `name` has each of the values.
    fn header_values(&mut self, about: About, name: &str, values: &[&str]) {
        for value in values {
            let header = Self::good_header().set(name, *value);
            self.header(about, format!("{name}: {value}"), &header);
        }
    }

    fn algorithms(&mut self) {
        self.header_values(
            About::Algorithm,
            "alg",
            &[
                r#""RS384""#,
                r#""RS512""#,
                r#""PS256""#,
                r#""ES256""#,
                r#""EdDSA""#,
                r#""HS256""#,
                r#""none""#,
                r#""None""#,
                r#""NONE""#,
                r#""nOnE""#,
                r#""rs256""#,
                r#""Rs256""#,
                r#""RS256 ""#,
                r#"" RS256""#,
                r#""RS256\u0000""#,
                r#""\u0052S256""#,
                r#""RSA""#,
                r#""RSA-OAEP""#,
                r#""dir""#,
                r#""""#,
                "null",
                "0",
                "true",
                "[]",
                r#"["RS256"]"#,
                r#"["RS256","none"]"#,
                "{}",
            ],
        );
        self.header(About::Algorithm, "no alg", &Self::good_header().without("alg"));
        let claims = self.good_claims().text();
        for (name, algorithm) in [
            ("RS384", Algorithm::RS384),
            ("RS512", Algorithm::RS512),
            ("PS256", Algorithm::PS256),
            ("PS384", Algorithm::PS384),
        ] {
            let header = Self::good_header().set("alg", format!("\"{name}\""));
            let signed = |header: &Members| {
                let key = &self.provider.key;
                sign(key, header.text().as_bytes(), claims.as_bytes(), algorithm)
            };
            let (honest, lying) = (signed(&header), signed(&Self::good_header()));
            self.token(About::Algorithm, format!("signed with {name}"), &honest);
            self.token(About::Signature, format!("signed with {name}, says RS256"), &lying);
        }
        let confused = self.provider.key.sign_with_public_key(&self.provider.access_claims());
        self.token(About::Algorithm, "the public key as a secret", &confused);
    }

    fn key_ids(&mut self) {
        let long = format!("\"{}\"", "k".repeat(2000));
        let values = [
            r#""ONE""#,
            r#""one ""#,
            r#"" one""#,
            r#""on\u0065""#,
            r#""one\u0000""#,
            r#""""#,
            r#""../../dev/null""#,
            r#""/dev/null""#,
            r#""x' UNION SELECT '1';--""#,
            r#""| sleep 10""#,
            r#""https://evil.example/jwks""#,
            r#""__proto__""#,
            "null",
            "1",
            "true",
            r#"["one"]"#,
            r#"{"one":1}"#,
            &long,
        ];
        self.header_values(About::KeyId, "kid", &values);
        self.header(About::KeyId, "no kid", &Self::good_header().without("kid"));
        let claims = self.good_claims();
        let by_other = |header: &Members| {
            let (header, claims) = (header.text(), claims.text());
            sign(self.other, header.as_bytes(), claims.as_bytes(), Algorithm::RS256)
        };
        let two = Self::good_header().set("kid", r#""two""#);
        let none = Self::good_header().without("kid");
        for (about, name, token) in [
            (About::Good, "the second key", by_other(&two)),
            (About::KeyId, "the second key, nameless", by_other(&none)),
            (About::KeyId, "the first key, nameless", self.sign(&none, &claims)),
            (
                About::Signature,
                "the second key under the first name",
                by_other(&Self::good_header()),
            ),
            (About::Signature, "the first key under the second name", self.sign(&two, &claims)),
            (
                About::KeyId,
                "a key for encryption",
                by_other(&Self::good_header().set("kid", r#""sealing""#)),
            ),
            (
                About::KeyId,
                "a key for another algorithm",
                by_other(&Self::good_header().set("kid", r#""other-algorithm""#)),
            ),
            (About::KeyId, "a name twice", by_other(&Self::good_header().set("kid", r#""twice""#))),
        ] {
            self.token(about, name, &token);
        }
    }

    fn types(&mut self) {
        self.header(About::Good, "no typ", &Self::good_header().without("typ"));
        self.header_values(
            About::Good,
            "typ",
            &[r#""jwt""#, r#""Jwt""#, r#""at+jwt""#, r#""AT+JWT""#, r#""application/at+jwt""#],
        );
        self.header_values(
            About::Type,
            "typ",
            &[
                r#""application/jwt""#,
                r#""JOSE""#,
                r#""JOSE+JSON""#,
                r#""dpop+jwt""#,
                r#""logout+jwt""#,
                r#""secevent+jwt""#,
                r#""id_token+jwt""#,
                r#""kb+jwt""#,
                r#""JWE""#,
                r#""""#,
                r#"" ""#,
                r#""at+jwt ""#,
                "null",
                "1",
                r#"["JWT"]"#,
                "{}",
            ],
        );
    }

    fn extensions(&mut self) {
        self.header_values(
            About::Critical,
            "crit",
            &[
                r#"["foo"]"#,
                r#"["exp"]"#,
                r#"["alg"]"#,
                r#"["kid"]"#,
                r#"["b64"]"#,
                "[]",
                "[1]",
                r#"["foo","foo"]"#,
                r#""foo""#,
                "null",
                "true",
                "{}",
                r#"[""]"#,
                "[null]",
            ],
        );
        let unencoded = Self::good_header().and("b64", "false");
        self.header(About::Critical, "b64: false", &unencoded);
        let unencoded = unencoded.and("crit", r#"["b64"]"#);
        self.header(About::Critical, "b64: false, critical", &unencoded);
        self.header_values(About::Critical, "b64", &["true", "null", r#""false""#]);
        let jwk = self.other.jwk().to_string();
        let url = r#""https://evil.example/jwks""#;
        for (name, value) in
            [("jwk", &*jwk), ("jku", url), ("x5u", url), ("x5c", r#"["MIIB"]"#), ("x5t", r#""AA""#)]
        {
            self.header(
                About::ForeignKey,
                format!("{name} beside a good signature"),
                &Self::good_header().set(name, value),
            );
            let header = Self::good_header().set(name, value).text();
            let claims = self.good_claims().text();
            let forged = sign(self.other, header.as_bytes(), claims.as_bytes(), Algorithm::RS256);
            self.token(About::ForeignKey, format!("{name} and its signature"), &forged);
        }
        for (name, value) in [
            ("cty", r#""JWT""#),
            ("cty", r#""jwt""#),
            ("zip", r#""DEF""#),
            ("enc", r#""A256GCM""#),
            ("epk", "{}"),
            ("apu", r#""AA""#),
            ("p2c", "1000000000"),
            ("iv", r#""AA""#),
        ] {
            let header = Self::good_header().set(name, value);
            self.header(About::NestedOrSealed, format!("{name}: {value}"), &header);
        }
        for (name, value) in [("iss", r#""a""#), ("future", "[1,2]")] {
            let header = Self::good_header().set(name, value);
            self.header(About::OtherClaims, format!("{name}: {value}"), &header);
        }
    }

    fn header_texts(&mut self) {
        let claims = self.good_claims().text();
        let good = Self::good_header().text();
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let many: Members = (0..200).fold(Self::good_header(), |members, number| {
            members.and(&format!("m{number}"), number.to_string())
        });
        let texts: [(&str, Vec<u8>); 22] = [
            ("blanks", good.replace(',', " ,\r\n\t").into_bytes()),
            ("blanks around", format!(" \n{good}\t ").into_bytes()),
            ("alg twice, the same", twice(&good, r#""alg":"RS256""#)),
            ("alg twice, none first", good.replacen('{', r#"{"alg":"none","#, 1).into_bytes()),
            ("alg twice, none last", twice(&good, r#""alg":"none""#)),
            ("alg twice, escaped", twice(&good, r#""\u0061lg":"none""#)),
            ("kid twice", twice(&good, r#""kid":"two""#)),
            ("a member of no meaning twice", twice(&good, r#""a":1,"a":2"#)),
            ("a byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
            ("bytes that are no text", twice_bytes(&good, b"\"a\":\"\xff\xfe\"")),
            ("a lone surrogate", twice(&good, r#""a":"\ud800""#)),
            ("nesting of 200", twice(&good, &format!(r#""a":{deep}"#))),
            ("200 members", many.text().into_bytes()),
            ("something after it", format!("{good}x").into_bytes()),
            ("another object after it", format!("{good}{good}").into_bytes()),
            ("an array", format!("[{good}]").into_bytes()),
            ("a text", br#""RS256""#.to_vec()),
            ("null", b"null".to_vec()),
            ("nothing", Vec::new()),
            ("no JSON", b"RS256".to_vec()),
            ("a comma too many", good.replace('}', ",}").into_bytes()),
            ("a comment", format!("{good}// none").into_bytes()),
        ];
        for (name, header) in texts {
            let token = self.sign_text(&header, claims.as_bytes());
            self.token(About::Json, format!("a header with {name}"), &token);
        }
    }
}

/// An object with further members at its end.
pub(super) fn twice(object: &str, members: &str) -> Vec<u8> {
    twice_bytes(object, members.as_bytes())
}

pub(super) fn twice_bytes(object: &str, members: &[u8]) -> Vec<u8> {
    let open = object.strip_suffix('}').expect("an object");
    [open.as_bytes(), b",", members, b"}"].concat()
}
