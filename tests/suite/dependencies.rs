//! The rules for dependencies, checked against what cargo says.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// What the core is made of. None of it does IO, reads a clock or draws randomness.
const OF_THE_CORE: &[&str] = &[
    "aead",
    "aes",
    "aes-gcm",
    "base64",
    "block-buffer",
    "cfg-if",
    "cipher",
    "cmov",
    "const-oid",
    "cpubits",
    "cpufeatures",
    "crypto-bigint",
    "crypto-common",
    "crypto-primes",
    "ctr",
    "ctutils",
    "digest",
    "ghash",
    "hkdf",
    "hmac",
    "hybrid-array",
    "inout",
    "itoa",
    "libc",
    "memchr",
    "num-traits",
    "polyval",
    "portcullis-core",
    "rand_core",
    "rsa",
    "serde",
    "serde_core",
    "serde_json",
    "sha2",
    "signature",
    "subtle",
    "typenum",
    "universal-hash",
    "zeroize",
    "zmij",
];

/// Licences that ask for no more than to be named.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Crates of which two versions would be two implementations of one protocol, or types that do not
/// fit each other.
const ONCE: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "bytes",
    "http",
    "http-body",
    "hyper",
    "jsonwebtoken",
    "rsa",
    "rustls",
    "rustls-webpki",
    "serde",
    "serde_json",
    "tokio",
];

/// What the core may not reach for, whoever offers it.
const BANNED_IN_THE_CORE: &[&str] = &[
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::thread::sleep",
    "std::thread::spawn",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
];

/// The packages that are built for this machine, those of the workspace among them.
static PACKAGES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8(version.stdout).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let metadata = cargo(&["metadata", "--format-version=1", "--filter-platform", host]);
    let mut metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let used: BTreeSet<String> = elements(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| text(&node["id"]).to_owned())
        .collect();
    let Value::Array(mut packages) = metadata["packages"].take() else { panic!("no packages") };
    packages.retain(|package| used.contains(text(&package["id"])));
    packages
});

#[test]
fn the_core_is_made_of_listed_crates_only() {
    let crates = normal_dependencies("portcullis-core");
    let names: BTreeSet<&str> = crates.keys().map(String::as_str).collect();
    assert!(names.contains("serde_json"));
    let foreign: Vec<_> = names.iter().filter(|name| !OF_THE_CORE.contains(name)).collect();
    assert!(foreign.is_empty(), "not listed: {foreign:?}");
}

#[test]
fn the_core_turns_on_no_std() {
    for (name, features) in normal_dependencies("portcullis-core") {
        // The default feature of crates without one of their own is empty.
        assert!(!features.contains("std"), "{name}");
    }
}

#[test]
fn the_smol_binding_takes_nothing_of_tokio_but_its_synchronisation() {
    let crates = normal_dependencies("portcullis-smol");
    let allowed = BTreeSet::from(["default".to_owned(), "sync".to_owned()]);
    assert!(crates["tokio"].is_subset(&allowed), "{:?}", crates["tokio"]);
    for name in ["async-std", "hyper-util", "tokio-rustls", "tokio-util"] {
        assert!(!crates.contains_key(name), "{name}");
    }
}

#[test]
fn async_std_is_for_tests_only() {
    for (package, kind) in dependants("async-std") {
        assert_eq!(kind, "dev", "{package}");
    }
}

#[test]
fn jsonwebtoken_is_for_the_demonstration_and_for_tests_only() {
    let dependants = dependants("jsonwebtoken");
    assert!(!dependants.is_empty());
    for (package, kind) in dependants {
        assert!(kind == "dev" || package == "portcullis-demo", "{package}");
        assert_ne!(package, "portcullis-core");
    }
}

#[test]
fn what_must_be_there_once_is_there_once() {
    for name in ONCE {
        let versions: Vec<&str> = PACKAGES
            .iter()
            .filter(|package| text(&package["name"]) == *name)
            .map(|package| text(&package["version"]))
            .collect();
        assert_eq!(versions.len(), 1, "{name}: {versions:?}");
    }
}

#[test]
fn every_crate_has_a_permissive_licence() {
    for package in PACKAGES.iter() {
        let name = text(&package["name"]);
        let licence = package["license"].as_str().unwrap_or_else(|| panic!("{name} has none"));
        assert!(is_permitted(licence), "{name}: {licence}");
    }
}

#[test]
fn reads_licence_expressions() {
    for (expression, permitted) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("MIT AND (GPL-3.0 OR Apache-2.0)", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0", false),
        ("MIT OR GPL-3.0 AND GPL-2.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 WITH Classpath-exception-2.0", false),
        ("", false),
    ] {
        assert_eq!(is_permitted(expression), permitted, "{expression}");
    }
}

#[test]
fn no_package_of_the_workspace_is_published() {
    for package in PACKAGES.iter().filter(|package| package["source"].is_null()) {
        assert_eq!(elements(&package["publish"]).len(), 0, "{}", package["name"]);
        assert_eq!(text(&package["license"]), "MIT OR Apache-2.0", "{}", package["name"]);
    }
}

#[test]
fn the_core_bans_clocks_sockets_and_locks() {
    let bans = fs::read_to_string(root().join("core/clippy.toml")).expect("core/clippy.toml");
    for path in BANNED_IN_THE_CORE {
        assert!(bans.contains(&format!("path = \"{path}\"")), "{path}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--locked")
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The crates that `package` is built from, itself included, and the features that are on in them
/// when nothing else is built with it.
fn normal_dependencies(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tree =
        cargo(&["tree", "--edges=normal", "--prefix=none", "--format={p}|{f}", "-p", package]);
    let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in tree.lines() {
        let (package, features) = line.split_once('|').expect("a package and its features");
        let name = package.split(' ').next().expect("a name").to_owned();
        let features = features.trim_end_matches(" (*)").split(',');
        crates
            .entry(name)
            .or_default()
            .extend(features.filter(|feature| !feature.is_empty()).map(str::to_owned));
    }
    crates
}

/// The packages of the workspace that depend on `name`, and how.
fn dependants(name: &str) -> Vec<(&'static str, &'static str)> {
    PACKAGES
        .iter()
        .filter(|package| package["source"].is_null())
        .flat_map(|package| {
            elements(&package["dependencies"])
                .iter()
                .filter(|dependency| text(&dependency["name"]) == name)
                .map(|dependency| {
                    (text(&package["name"]), dependency["kind"].as_str().unwrap_or("normal"))
                })
        })
        .collect()
}

/// Whether an SPDX expression can be satisfied by permitted licences alone.
fn is_permitted(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) && rest.is_empty()
}

/// `OR` binds weaker than `AND` (SPDX 2.3, annex D.4).
fn any_of(words: &mut &[&str]) -> bool {
    let mut permitted = all_of(words);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        permitted |= all_of(words);
    }
    permitted
}

fn all_of(words: &mut &[&str]) -> bool {
    let mut permitted = one(words);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        permitted &= one(words);
    }
    permitted
}

fn one(words: &mut &[&str]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let permitted = any_of(words);
            let [")", rest @ ..] = *words else { return false };
            *words = rest;
            permitted
        }
        // An exception only ever permits more.
        [licence, "WITH", _, rest @ ..] | [licence, rest @ ..] => {
            *words = rest;
            LICENCES.contains(licence)
        }
        [] => false,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| panic!("not a list: {value}"), Vec::as_slice)
}
