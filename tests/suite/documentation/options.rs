//! The page for those who come from Express and Next.js, beside the type definitions of the packages
//! that they come from: it has every option, and none that is not there.

use super::pages::{code_spans, page};
use crate::harness::skip;
use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = "docs/coming-from.md";

/// Where a package says what it takes, and where the page says what became of it.
struct Package {
    name: &'static str,
    /// The heading of its part of the page.
    section: &'static str,
    /// The column of its names, where a table has more than one.
    column: usize,
    /// Below `tests/interop`.
    folder: &'static str,
    files: &'static [File],
}

enum File {
    /// The members of types in a definition of types, and of the types within them.
    Types(&'static str, &'static [&'static str]),
    /// The members of a type, without those of the types within them.
    Methods(&'static str, &'static str),
    /// What stands behind each of these beginnings.
    Behind(&'static str, &'static [&'static str]),
}

use File::{Behind, Methods, Types};

const PACKAGES: [Package; 6] = [
    Package {
        name: "express-jwt",
        section: "express-jwt",
        column: 0,
        folder: "express/node_modules",
        files: &[
            Types("express-jwt/dist/index.d.ts", &["Params"]),
            Types("express-unless/dist/index.d.ts", &["Params", "Path"]),
            Behind("express-unless/dist/index.d.ts", &["export declare function "]),
            Types("@types/jsonwebtoken/index.d.ts", &["VerifyOptions"]),
        ],
    },
    Package {
        name: "jwks-rsa",
        section: "jwks-rsa",
        column: 0,
        folder: "express/node_modules",
        files: &[
            Types("jwks-rsa/index.d.ts", &["OptionsBase", "OptionsWithUri", "ExpressJwtOptions"]),
            Behind("jwks-rsa/index.d.ts", &["\n  function "]),
        ],
    },
    Package {
        name: "express-oauth2-jwt-bearer",
        section: "express-oauth2-jwt-bearer",
        column: 0,
        folder: "express/node_modules/express-oauth2-jwt-bearer",
        files: &[
            Types(
                "dist/index.d.ts",
                &[
                    "AsymmetricIssuerConfig",
                    "AuthOptions",
                    "AuthOptions$1",
                    "DPoPOptions",
                    "JwtVerifierOptions",
                    "MCDOptions",
                    "MtlsOptions",
                    "SymmetricIssuerConfig",
                    "Validators",
                ],
            ),
            Behind("dist/index.d.ts", &["\ndeclare const "]),
        ],
    },
    Package {
        name: "cors",
        section: "cors",
        column: 0,
        folder: "express/node_modules/cors",
        // It comes without definitions of types.
        files: &[Behind("README.md", &["\n* `"]), Behind("lib/index.js", &["options."])],
    },
    Package {
        name: "nextjs-auth0, version 4",
        section: "nextjs-auth0",
        column: 0,
        folder: "auth0/node_modules/auth0-nextjs-4/dist",
        files: &[
            Types("server/auth-client.d.ts", &["Routes"]),
            Types("server/client.d.ts", &["Auth0ClientOptions"]),
            Types(
                "server/session/abstract-session-store.d.ts",
                &["SessionConfiguration", "SessionCookieOptions"],
            ),
            Types("server/transaction-store.d.ts", &["TransactionCookieOptions"]),
            Types(
                "types/authorize.d.ts",
                &["AuthorizationParameters", "StartInteractiveLoginOptions"],
            ),
            Types("types/dpop.d.ts", &["DpopOptions", "RetryConfig"]),
            Types("types/mcd.d.ts", &["DiscoveryCacheOptions"]),
            Methods("server/client.d.ts", "Auth0Client"),
            Behind("client/index.d.ts", &["export { "]),
        ],
    },
    Package {
        name: "nextjs-auth0, version 3",
        section: "nextjs-auth0",
        column: 1,
        folder: "auth0/node_modules/auth0-nextjs-3/dist",
        files: &[
            Types("auth0-session/client/abstract-client.d.ts", &["AuthorizationParameters"]),
            Types(
                "auth0-session/config.d.ts",
                &["BackchannelLogoutOptions", "Config", "CookieConfig", "SessionConfig"],
            ),
            Types("config.d.ts", &["NextConfig"]),
            Types("handlers/auth.d.ts", &["ErrorHandlers"]),
            Types("handlers/callback.d.ts", &["CallbackOptions"]),
            Types("handlers/login.d.ts", &["AuthorizationParams", "LoginOptions"]),
            Types("handlers/logout.d.ts", &["LogoutOptions"]),
            Types("handlers/profile.d.ts", &["ProfileOptions"]),
            Types("session/get-access-token.d.ts", &["AccessTokenRequest"]),
            Methods("shared.d.ts", "Auth0Server"),
            Behind("client/index.d.ts", &["default as "]),
            Behind("client/use-user.d.ts", &["export declare const "]),
        ],
    },
];

#[test]
fn every_option_of_the_packages_has_its_row() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    if let Some(missing) = PACKAGES.iter().find(|package| !folder.join(package.folder).exists()) {
        return skip("documentation::options", &format!("{} is not installed", missing.name));
    }
    let page = page(PAGE);
    let mut differences = Vec::new();
    for package in &PACKAGES {
        let theirs = package.names(&folder);
        let ours = names_on(&page, package.section, package.column);
        assert!(theirs.len().min(ours.len()) >= 8, "{}: {theirs:?}, {ours:?}", package.name);
        let difference = |names: Vec<&String>, what: &str| {
            (!names.is_empty()).then(|| format!("{} {what} {names:?}", package.name))
        };
        differences.extend(difference(theirs.difference(&ours).collect(), "has"));
        differences.extend(difference(ours.difference(&theirs).collect(), "has no"));
    }
    assert!(differences.is_empty(), "{PAGE}:\n{}", differences.join("\n"));
}

impl Package {
    fn names(&self, folder: &Path) -> BTreeSet<String> {
        let text = |file: &str| {
            let path = folder.join(self.folder).join(file);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let mut names = BTreeSet::new();
        for file in self.files {
            match file {
                Types(file, types) => {
                    let text = without_comments(&text(file));
                    for of in *types {
                        names.extend(members(&text, of, usize::MAX));
                    }
                }
                Methods(file, of) => {
                    names.extend(members(&without_comments(&text(file)), of, 1));
                }
                Behind(file, beginnings) => {
                    let text = without_comments(&text(file));
                    for beginning in *beginnings {
                        names.extend(text.split(beginning).skip(1).filter_map(identifier));
                    }
                }
            }
        }
        names
    }
}

/// The members of the type `name`, down to some depth of braces.
fn members(text: &str, name: &str, depth: usize) -> BTreeSet<String> {
    let declaration = ["interface ", "type ", "class "]
        .iter()
        .flat_map(|kind| text.match_indices(*kind).map(|(at, kind)| &text[at + kind.len()..]))
        .find_map(|rest| {
            rest.strip_prefix(name).filter(|rest| !rest.starts_with(is_in_identifier))
        });
    let declaration = declaration.unwrap_or_else(|| panic!("no type {name}"));
    let (_, body) = declaration.split_once('{').expect("a type with members");
    let (mut open, mut names) = (1, BTreeSet::new());
    for line in body.lines() {
        let member = line.trim_start();
        let member = member.strip_prefix("get ").unwrap_or(member);
        if let Some(name) = identifier(member)
            && open <= depth
            && member[name.len()..].trim_start_matches('?').starts_with([':', '(', '<'])
            && name != "constructor"
        {
            names.insert(name);
        }
        for byte in line.bytes() {
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return names;
            }
        }
    }
    panic!("the type {name} has no end");
}

fn is_in_identifier(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|letter| !is_in_identifier(letter)).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest.push_str(part.split_once("*/").map_or("", |(_, behind)| behind));
    }
    rest
}

/// The names in one column of the tables of a section. A table of two columns has its names in the
/// first; `the same` stands for the names of the cell before.
fn names_on(page: &str, section: &str, column: usize) -> BTreeSet<String> {
    let (_, section) = page.split_once(&format!("\n## {section}\n")).expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut names = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let Some((_, cells)) = cells.split_last() else { continue };
        let cell = cells.get(column).or_else(|| cells.first()).copied().unwrap_or_default();
        let before = cells.first().filter(|_| cell.contains("the same"));
        for cell in before.into_iter().copied().chain([cell]) {
            let parts = code_spans(cell).flat_map(|span| span.split('.'));
            names.extend(
                parts.filter(|part| identifier(part).as_deref() == Some(*part)).map(str::to_owned),
            );
        }
    }
    names
}
