//! What a good token must say beside (RFC 6750 §3.1, `insufficient_scope`).

use super::{About, Api, Corpus, Members, Request};

impl Corpus<'_> {
    pub(super) fn requirements(&mut self) {
        let scopes = [
            r#""read:things write:things""#,
            r#""write:things openid read:things""#,
            r#""read:things""#,
            r#""openid""#,
            r#""""#,
            r#"" ""#,
            r#""READ:THINGS WRITE:THINGS""#,
            r#""read:things,write:things""#,
            r#""read:things\twrite:things""#,
            r#""read:things  write:things""#,
            r#""read:thingswrite:things""#,
            r#""read:*""#,
            r#"["read:things","write:things"]"#,
            "null",
            "1",
        ];
        for api in [Api::RequiredScopes, Api::ScopeIncludesAny] {
            self.required(api, "scope", &scopes);
        }
        let lists = [
            r#"["write:things","openid","read:things"]"#,
            r#"["read:things"]"#,
            r#"["READ:THINGS","WRITE:THINGS"]"#,
            "[]",
        ];
        self.required(Api::ScopeLists, "scope", &scopes);
        self.required(Api::ScopeLists, "scope", &lists);
        let orgs = [r#""ours""#, r#""OURS""#, r#""ours ""#, r#"["ours"]"#, "null", "1", "{}"];
        self.required(Api::ClaimEquals, "org", &orgs);
        let roles = [
            r#"["reader","writer"]"#,
            r#"["writer","other","reader"]"#,
            r#""reader writer""#,
            r#"["reader"]"#,
            r#""reader""#,
            r#"["reader writer"]"#,
            r#"[["reader","writer"]]"#,
            r#"{"reader":true,"writer":true}"#,
            "null",
            "[]",
            "1",
        ];
        self.required(Api::ClaimIncludes, "roles", &roles);
        // What is wrong with the token comes before what it lacks.
        for api in [Api::RequiredScopes, Api::ClaimEquals] {
            self.ask(api, About::Requirement, "no token", Request::new("GET"));
            let expired = self.good_claims().set("exp", "1");
            self.with_claims(api, "expired", &expired);
        }
    }

    fn required(&mut self, api: Api, claim: &str, values: &[&str]) {
        for value in values {
            let claims = self.good_claims().set(claim, *value);
            self.with_claims(api, &format!("{claim}: {value}"), &claims);
        }
        let claims = self.good_claims().without(claim);
        self.with_claims(api, &format!("no {claim}"), &claims);
    }

    fn with_claims(&mut self, api: Api, name: &str, claims: &Members) {
        let token = self.sign(&Self::good_header(), claims);
        self.ask(api, About::Requirement, name, Request::new("GET").bearer(&token));
    }
}
